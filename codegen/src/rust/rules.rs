//! The constraints of a value, as arguments of `#[protocol]`.

use super::{
    RustContext,
    attribute::{self, text},
};
use crate::shape::Use;
use handfast_schema::{
    Number, Schema, SchemaId, Type, format,
    openness::Purpose,
    union::{self, Distinction},
};
use serde_json::Value;

/// Says that the schema decides which values are valid, and the type only contains them.
pub(super) const CHECKED: &str = "checked";

/// Says that null is a branch of its own; it changes which violations are reported, not which values are valid.
pub(super) const NULL_APART: &str = "null_apart";

/// The arguments for a schema that is used with a type. `place` is its name in the table of schemas, if it has no
/// name of its own.
pub(super) fn rules(cx: &RustContext<'_>, id: SchemaId, ty: &Use, place: &str) -> Vec<String> {
    let schemas = &cx.protocol.schemas;
    let written = id;
    let id = union::resolve(schemas, id);
    let schema = &schemas[id];
    let mut out = Vec::new();
    match ty {
        Use::Named(_) | Use::Boxed(_) | Use::TextInteger { .. } | Use::Boolean | Use::Null => {}
        Use::Nullable(inner) => {
            let branches = if schema.one_of.is_empty() {
                &schema.any_of
            } else {
                &schema.one_of
            };
            let union = union::union(schemas, branches).map(|union| union.distinction);
            // Null is one of the types of a schema without branches.
            if !branches.is_empty() {
                out.push(NULL_APART.to_owned());
            }
            let other = match union {
                Some(Distinction::Null(other)) => other,
                _ => written,
            };
            out.extend(rules(cx, other, inner, place));
        }
        Use::Text | Use::Foreign(_) => {
            string(schema, &mut out);
            let encoding = schema.content_encoding.as_deref();
            let encoding = encoding.filter(|name| format::ENCODINGS.contains(name));
            out.extend(encoding.map(|name| format!("content_encoding = {}", text(name))));
        }
        Use::Bytes => string(schema, &mut out),
        Use::Integer(_) | Use::AnyInteger | Use::Number => number(schema, &mut out),
        Use::Implied(inner, kinds) => {
            let kinds = kinds.names().join(", ");
            out.push(format!("implied({kinds})"));
            out.extend(rules(cx, written, inner, place));
        }
        Use::List(inner) => {
            count(&mut out, "min_items", schema.min_items);
            count(&mut out, "max_items", schema.max_items);
            if schema.unique_items {
                out.push("unique_items".to_owned());
            }
            if let Some(items) = schema.items {
                nested(cx, "items", items, inner, place, &mut out);
            }
            if let Some(id) = schema.contains {
                let mut args = vec![self::schema(cx, id, place)];
                count(&mut args, "min", schema.min_contains);
                count(&mut args, "max", schema.max_contains);
                out.push(format!("contains({})", args.join(", ")));
            }
        }
        Use::Map(inner) => {
            counts_of_properties(schema, &mut out);
            if let Some(values) = schema.additional_properties {
                nested(cx, "values", values, inner, place, &mut out);
            }
            if let Some(names) = schema.property_names {
                let args = self::names(cx, names, place);
                if !args.is_empty() {
                    out.push(format!("names({})", args.join(", ")));
                }
            }
        }
        Use::Json(_) => {
            if schema.boolean != Some(true) {
                out.push(self::schema(cx, written, place));
            }
        }
        Use::Beside(inner, _) => {
            out.push(match has_own_types(cx, inner) {
                true => entry(cx, written, place),
                false => self::schema(cx, written, place),
            });
            out.push(CHECKED.to_owned());
            out.extend(kinds(inner));
        }
    }
    out
}

/// What a type needs where its schema, or one around it, checks the values: the kinds that are meant by `Implied`.
pub(super) fn kinds(ty: &Use) -> Vec<String> {
    let nested = |name: &str, inner: &Use| {
        let kinds = kinds(inner);
        let nested = (!kinds.is_empty()).then(|| format!("{name}({})", kinds.join(", ")));
        nested.into_iter().collect()
    };
    match ty {
        Use::Implied(inner, of) => {
            let mut out = vec![format!("implied({})", of.names().join(", "))];
            out.extend(kinds(inner));
            out
        }
        Use::List(inner) => nested("items", inner),
        Use::Map(inner) => nested("values", inner),
        Use::Nullable(inner) | Use::Beside(inner, _) => kinds(inner),
        _ => Vec::new(),
    }
}

/// Whether a type is made of types that are used here alone, so that they need a table of schemas anyway.
fn has_own_types(cx: &RustContext<'_>, ty: &Use) -> bool {
    match ty {
        Use::Named(id) | Use::Boxed(id) => cx.shapes.decls[id.0].rust_only,
        Use::List(inner)
        | Use::Map(inner)
        | Use::Nullable(inner)
        | Use::Implied(inner, _)
        | Use::Beside(inner, _) => has_own_types(cx, inner),
        _ => false,
    }
}

/// The name of the rule that is a schema, in the dialect of the protocol.
fn key(cx: &RustContext<'_>) -> &'static str {
    if cx.protocol.schemas.has_defaults() {
        "schema"
    } else {
        "json_schema"
    }
}

/// The place of a schema in the table of the file, as a rule.
pub(super) fn entry(cx: &RustContext<'_>, id: SchemaId, place: &str) -> String {
    format!("{} = {}", key(cx), address(cx, id, place))
}

/// The place of a schema in the table of the file.
pub(super) fn address(cx: &RustContext<'_>, id: SchemaId, place: &str) -> String {
    let mut definitions = cx.definitions.borrow_mut();
    let (root, way) = cx
        .addresses
        .of_schema(id, &|id| definitions.has_name(id), &|id| {
            cx.entries.contains(&id)
        });
    if let Some(decl) = cx.type_of.get(&root) {
        definitions.call(root, &cx.shapes.decls[decl.0].rust);
    } else {
        definitions.call(root, place);
    }
    definitions.refer(root, Purpose::Whole);
    let (_, name) = definitions.place(root);
    format!("DEFINITIONS[{}]", text(&format!("{name}{way}")))
}

/// A schema in full; if it has references, or is referred to itself, it goes to the table of the file.
pub(super) fn schema(cx: &RustContext<'_>, id: SchemaId, place: &str) -> String {
    let schemas = &cx.protocol.schemas;
    let key = key(cx);
    let mut definitions = cx.definitions.borrow_mut();
    let target = union::resolve(schemas, id);
    let (json, uses) = definitions.root(target);
    if target == id && uses.is_empty() {
        return format!("{key} = {}", text(&json.to_string()));
    }
    definitions.call(target, place);
    definitions.refer(target, Purpose::Whole);
    let (_, name) = definitions.place(target);
    format!("{key} = DEFINITIONS[{}]", text(&name))
}

/// The table of the schemas that attributes refer to; `None` if there are none.
pub(super) fn definitions(cx: &RustContext<'_>) -> Option<String> {
    let mut definitions = cx.definitions.borrow_mut();
    definitions.finish();
    let written = definitions.written.values().flatten();
    let rows: Vec<String> = written
        .map(|(name, json)| format!("{}: {json}", Value::from(name.as_str())))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let json = attribute::raw_json(&format!("{{\n{}\n}}", rows.join(",\n")));
    let ty = format!("{}::Definitions", cx.options.krate);
    let line = format!("static DEFINITIONS: {ty} = {ty}::new(");
    let (line, indent) = match line.chars().count() <= attribute::LINE {
        true => (line, ""),
        false => (line.replacen(" = ", " =\n    ", 1), "    "),
    };
    Some(format!(
        "/// The schemas that others refer to, by their names.\n{line}\n{indent}    {json},\n{indent});\n"
    ))
}

fn nested(
    cx: &RustContext<'_>,
    name: &str,
    id: SchemaId,
    ty: &Use,
    place: &str,
    out: &mut Vec<String>,
) {
    let inner = rules(cx, id, ty, &format!("{place}.{name}"));
    if !inner.is_empty() {
        out.push(format!("{name}({})", inner.join(", ")));
    }
}

/// The constraints on the names of a map: as rules of strings if that is possible, otherwise as a schema.
fn names(cx: &RustContext<'_>, id: SchemaId, place: &str) -> Vec<String> {
    let schemas = &cx.protocol.schemas;
    let schema = &schemas[union::resolve(schemas, id)];
    if schema.boolean == Some(true) {
        return Vec::new();
    }
    let only_rules = *schema
        == Schema {
            span: schema.span,
            annotations: schema.annotations.clone(),
            resource: schema.resource,
            types: schema.types.filter(|types| types.contains(Type::String)),
            min_length: schema.min_length,
            max_length: schema.max_length,
            pattern: schema.pattern.clone(),
            format: schema.format.clone(),
            content_encoding: schema.content_encoding.clone(),
            ..Schema::default()
        };
    if !only_rules {
        return vec![self::schema(cx, id, place)];
    }
    let mut out = Vec::new();
    string(schema, &mut out);
    let encoding = schema.content_encoding.as_deref();
    out.extend(encoding.map(|name| format!("content_encoding = {}", text(name))));
    out
}

/// A scalar as a literal.
pub(super) fn constant(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        Value::Number(n) => literal(n),
        other => other.to_string(),
    }
}

fn string(schema: &Schema, out: &mut Vec<String>) {
    count(out, "min_length", schema.min_length);
    count(out, "max_length", schema.max_length);
    if let Some(pattern) = &schema.pattern {
        out.push(format!("pattern = {}", text(pattern)));
    }
    if let Some(format) = &schema.format {
        out.push(format!("format = {}", text(format)));
    }
}

fn number(schema: &Schema, out: &mut Vec<String>) {
    for (name, limit) in [
        ("minimum", &schema.minimum),
        ("exclusive_minimum", &schema.exclusive_minimum),
        ("maximum", &schema.maximum),
        ("exclusive_maximum", &schema.exclusive_maximum),
        ("multiple_of", &schema.multiple_of),
    ] {
        if let Some(limit) = limit {
            out.push(format!("{name} = {}", literal(limit)));
        }
    }
}

/// The counts of properties of an object.
fn counts_of_properties(schema: &Schema, out: &mut Vec<String>) {
    count(out, "min_properties", schema.min_properties);
    count(out, "max_properties", schema.max_properties);
}

/// The constraints of a struct as a whole.
pub(super) fn of_struct(schema: &Schema, out: &mut Vec<String>) {
    counts_of_properties(schema, out);
    let beside = |(because, names): &(String, Vec<String>)| {
        let names: Vec<String> = [because]
            .into_iter()
            .chain(names)
            .map(|one| text(one))
            .collect();
        (names.len() > 1).then(|| format!("beside({})", names.join(", ")))
    };
    let dependent: Vec<String> = schema
        .dependent_required
        .iter()
        .filter_map(beside)
        .collect();
    if !dependent.is_empty() {
        out.push(format!("dependent_required({})", dependent.join(", ")));
    }
}

fn count(out: &mut Vec<String>, name: &str, n: Option<u64>) {
    if let Some(n) = n {
        out.push(format!("{name} = {n}"));
    }
}

/// A number as a literal: as an integer if it fits 64 bits, otherwise as a double.
pub(super) fn literal(n: &Number) -> String {
    match (n.as_i64(), n.as_f64()) {
        (Some(n), _) => n.to_string(),
        (None, x) => format!("{:?}", x.unwrap_or_default()),
    }
}
