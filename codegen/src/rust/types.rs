//! Structs, enums and newtypes.

use super::{
    RustContext,
    attribute::{self, attribute, text},
    choices, constraints,
    derives::{CLOSED_LITERALS, FLOAT, LITERALS, SCALAR, TEXT, plain},
    docs,
    errors::errors,
    rules::{self, rules},
    size,
};
use crate::names;
use crate::shape::{
    Branch, Check, Decl, DeclId, DeclKind, IntegerType, Item, LiteralVariant, PayloadShape,
    RestField, Section, StructField, Use,
};
use handfast_schema::{Annotations, SchemaId, Type};
use serde_json::Value;

pub(super) fn types(cx: &RustContext<'_>, items: &mut Vec<String>) {
    let section = |section: Section, items: &mut Vec<String>| {
        for (i, decl) in cx.shapes.decls.iter().enumerate() {
            if decl.section == section && !cx.shapes.is_implied(DeclId(i)) {
                items.push(declared(cx, DeclId(i), decl));
            }
        }
    };
    section(Section::Types, items);
    section(Section::Errors, items);
    errors(cx, items);
    section(Section::Payloads, items);
    section(Section::Channels, items);
    for message in &cx.shapes.messages {
        let model = &cx.protocol.messages[message.id.0];
        let mut done: Option<&str> = None;
        for payload in message.client.iter().chain(&message.server) {
            if payload.decl.is_none() && done != Some(&payload.rust) {
                let mut item = String::new();
                docs::outer(&mut item, "", &docs::of_message(model));
                attribute(
                    &mut item,
                    "",
                    "protocol",
                    &arguments_of_type(cx, Vec::new()),
                );
                item.push_str(plain(cx));
                item.push_str(&format!("pub struct {} {{}}\n", payload.rust));
                items.push(item);
                done = Some(&payload.rust);
            }
        }
    }
}

/// The arguments of a type that is part of messages.
fn arguments_of_type(cx: &RustContext<'_>, mut arguments: Vec<String>) -> Vec<String> {
    if cx.options.deserialize {
        arguments.push("deserialize".to_owned());
    }
    cx.arguments(arguments)
}

fn declared(cx: &RustContext<'_>, id: DeclId, decl: &Decl) -> String {
    let mut out = String::new();
    let schema = &cx.protocol.schemas[decl.schema];
    docs::outer(&mut out, "", &documentation(cx, id, decl));
    match &decl.kind {
        DeclKind::Struct {
            fields,
            rest,
            closed,
        } => {
            // What takes the rest takes every field.
            let closed = closed.filter(|closed| !closed || rest.is_none());
            let mut args: Vec<String> = closed
                .map(|closed| if closed { "closed" } else { "open" }.to_owned())
                .into_iter()
                .collect();
            if decl.check.is_type() {
                rules::of_struct(schema, &mut args);
                // Violations of several schemas come in their order, not in that of the fields.
                if !schema.all_of.is_empty() {
                    args.push(rules::schema(cx, decl.schema, &decl.rust));
                }
            }
            args.extend(checked(cx, decl));
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(plain(cx));
            structure(cx, &mut out, decl, fields, rest.as_ref());
        }
        DeclKind::Literals { values, open } => {
            let mut args = Vec::new();
            let are_strings = values.iter().all(|one| one.value.is_string());
            match schema.types {
                _ if !decl.check.is_type() => {}
                None if are_strings => args.push("untyped".to_owned()),
                Some(types) if !are_strings => {
                    let names: Vec<&str> = types.iter().map(Type::name).collect();
                    args.push(format!("types({})", names.join(", ")));
                }
                _ => {}
            }
            if decl.check.is_type() && schema.constant.is_some() {
                args.push("constant".to_owned());
            }
            args.extend(checked(cx, decl));
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(if *open { LITERALS } else { CLOSED_LITERALS });
            literals(&mut out, &decl.rust, values, *open);
        }
        DeclKind::Choice(variants) => {
            let mut args = vec!["untagged".to_owned()];
            if decl.check.is_type() {
                args.push(rules::entry(cx, decl.schema, &decl.rust));
            }
            if let Check::Branches { exclusive } = decl.check {
                args.push(if exclusive { "one_of" } else { "any_of" }.to_owned());
            }
            args.extend(checked(cx, decl));
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(plain(cx));
            choices::choice(cx, &mut out, decl, variants);
        }
        DeclKind::Union { tag, branches } => {
            attribute(
                &mut out,
                "",
                "protocol",
                &arguments_of_type(cx, vec![format!("tag = {}", text(tag))]),
            );
            out.push_str(plain(cx));
            union(cx, &mut out, &decl.rust, branches);
        }
        DeclKind::Tuple {
            items,
            required,
            rest,
        } => {
            let mut args: Vec<String> = checked(cx, decl).collect();
            if items.len() + usize::from(rest.is_some()) == 1 {
                args.push("tuple".to_owned());
            }
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(plain(cx));
            tuple_struct(cx, &mut out, decl, (items, *required, rest.as_ref()));
        }
        DeclKind::Alias(ty) => {
            let mut args: Vec<String> = if decl.check.is_type() {
                rules(cx, decl.schema, ty, &decl.rust)
            } else {
                checked(cx, decl).chain(rules::kinds(ty)).collect()
            };
            let checked = args.iter().any(|arg| arg != rules::NULL_APART)
                && !matches!(ty, Use::Json(_) | Use::Implied(..));
            if cx.objects.contains(&id) {
                args.push("object".to_owned());
            }
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(match ty {
                Use::Text | Use::AnyInteger => TEXT,
                Use::Boolean | Use::Integer(_) => SCALAR,
                Use::Number => FLOAT,
                _ => plain(cx),
            });
            // A value with rules can only be created by validating it.
            let vis = if checked { "" } else { "pub " };
            let ty = format!("{vis}{}", cx.ty(ty));
            let line = format!("pub struct {}({ty});\n", decl.rust);
            out.push_str(&match line.trim_end().chars().count() <= LINE {
                true => line,
                false => format!("pub struct {}(\n    {ty},\n);\n", decl.rust),
            });
        }
    }
    out
}

/// The rules of a type that its schema checks, or the schema of what it is part of.
fn checked(cx: &RustContext<'_>, decl: &Decl) -> impl Iterator<Item = String> {
    let rules = match decl.check {
        Check::Schema(_) => {
            let entry = rules::entry(cx, decl.schema, &decl.rust);
            vec![entry, rules::CHECKED.to_owned()]
        }
        Check::Type | Check::Branches { .. } | Check::Outside(_) => Vec::new(),
    };
    rules.into_iter()
}

/// The rules of a part of a type. Where a schema checks the type as a whole, they are part of that.
pub(super) fn rules_of(
    cx: &RustContext<'_>,
    decl: &Decl,
    (schema, ty): (Option<SchemaId>, &Use),
    place: &str,
) -> Vec<String> {
    match schema.filter(|_| decl.check.is_type()) {
        Some(schema) => rules(cx, schema, ty, place),
        None => rules::kinds(ty),
    }
}

/// The documentation of a type: its description, and the constraints that its Rust type does not show.
fn documentation(cx: &RustContext<'_>, id: DeclId, decl: &Decl) -> String {
    let schema = &cx.protocol.schemas[decl.schema];
    let mut words = described(decl)
        .map(str::to_owned)
        .or_else(|| place_of(cx, id))
        .unwrap_or_default();
    match &decl.kind {
        DeclKind::Alias(Use::Json(reason)) => {
            words.push_str(&docs::kept_as_json(*reason));
        }
        DeclKind::Alias(ty) => {
            constraints::append(&mut words, &constraints::sentences(cx, decl.schema, ty));
        }
        DeclKind::Struct { .. } => {
            constraints::append(&mut words, &constraints::of_struct(schema));
        }
        DeclKind::Tuple { items, .. } => {
            constraints::append(&mut words, &constraints::of_tuple(cx, items));
        }
        _ => {}
    }
    if let Check::Branches { exclusive } = decl.check {
        words.push_str(docs::tried(exclusive));
    }
    if let Some(reason) = decl.check.reason() {
        words.push_str(&docs::checked_beside(reason));
    }
    words
}

/// The description of a type, unless it only repeats the name.
pub(super) fn described(decl: &Decl) -> Option<&str> {
    let description = decl.description.as_deref()?;
    (!decl.rust.ends_with(&names::pascal(description))).then_some(description)
}

/// Where a type without a description belongs: to an error or to a message.
fn place_of(cx: &RustContext<'_>, id: DeclId) -> Option<String> {
    let error = cx.shapes.errors.iter().position(|data| *data == Some(id));
    if let Some(error) = error {
        let name = &cx.protocol.errors[error].name.text;
        return Some(format!("The data of the error `{name}`."));
    }
    let channel = cx.shapes.infos.iter().position(|info| *info == Some(id));
    if let Some(channel) = channel {
        let name = &cx.protocol.channels[channel].name.text;
        return Some(format!("What the members of `{name}` learn of each other."));
    }
    let of = |payload: &Option<PayloadShape>| {
        payload.as_ref().and_then(|payload| payload.decl) == Some(id)
    };
    let message = cx
        .shapes
        .messages
        .iter()
        .find(|message| of(&message.client) || of(&message.server))?;
    let name = &cx.protocol.messages[message.id.0].name.text;
    Some(format!("The payload of `{name}`."))
}

fn structure(
    cx: &RustContext<'_>,
    out: &mut String,
    decl: &Decl,
    fields: &[StructField],
    rest: Option<&RestField>,
) {
    let name = &decl.rust;
    let fields: Vec<&StructField> = fields.iter().filter(|field| !field.discriminant).collect();
    if fields.is_empty() && rest.is_none() {
        out.push_str(&format!("pub struct {name} {{}}\n"));
        return;
    }
    out.push_str(&format!("pub struct {name} {{\n"));
    for field in fields {
        let schema = field
            .schema
            .map(|id| (id, &cx.protocol.schemas[id].annotations));
        let no_annotations = Annotations::default();
        let annotations = schema.map_or(&no_annotations, |(_, annotations)| annotations);
        let mut words = annotations
            .description
            .clone()
            .or_else(|| annotations.title.clone())
            .unwrap_or_default();
        if let Some((id, _)) = schema {
            constraints::append(&mut words, &constraints::sentences(cx, id, &field.ty));
        }
        if let Some(default) = &annotations.default {
            words.push_str(&format!(
                "\n\nDefaults to `{}`.",
                default.to_string().replace('`', "'")
            ));
        }
        match &field.ty {
            Use::Json(reason) => words.push_str(&docs::kept_as_json(*reason)),
            Use::Beside(_, reason) => words.push_str(&docs::checked_beside(*reason)),
            _ => {}
        }
        if annotations.deprecated {
            words.push_str("\n\nDeprecated.");
        }
        docs::outer(out, "    ", &words);
        let mut args = Vec::new();
        if field.rust.trim_start_matches("r#") != field.name {
            args.push(format!("name = {}", text(&field.name)));
        }
        let place = format!("{name}.{}", field.name);
        let id = schema.map(|(id, _)| id);
        args.extend(rules_of(cx, decl, (id, &field.ty), &place));
        args.extend(default(field, annotations.default.as_ref()));
        if !args.is_empty() {
            attribute(out, "    ", "protocol", &args);
        }
        let ty = cx.part(decl, &field.ty);
        let ty = if field.required {
            ty
        } else {
            format!("Option<{ty}>")
        };
        out.push_str(&format!("    pub {}: {ty},\n", field.rust));
    }
    if let Some(rest) = rest {
        let ty = cx.map(&cx.part(decl, &rest.ty));
        docs::outer(out, "    ", "The fields that are not declared.");
        let mut args = vec!["rest".to_owned()];
        let values = rules_of(cx, decl, (rest.schema, &rest.ty), &format!("{name}.rest"));
        if !values.is_empty() {
            args.push(format!("values({})", values.join(", ")));
        }
        attribute(out, "    ", "protocol", &args);
        out.push_str(&format!("    pub {}: {ty},\n", rest.rust));
    }
    out.push_str("}\n");
}

/// The argument for an accessor of the default, if that is a literal.
fn default(field: &StructField, default: Option<&Value>) -> Option<String> {
    if field.required {
        return None;
    }
    let literal = match (default?, &field.ty) {
        (Value::String(default), Use::Text) => text(default),
        (Value::Number(n), Use::Integer(IntegerType::I64)) => n.as_i64()?.to_string(),
        (Value::Number(n), Use::Integer(IntegerType::U64)) => n.as_u64()?.to_string(),
        (Value::Number(n), Use::Integer(IntegerType::U32)) => {
            u32::try_from(n.as_u64()?).ok()?.to_string()
        }
        (Value::Number(n), Use::Number) => format!("{:?}", n.as_f64()?),
        (Value::Bool(default), Use::Boolean) => default.to_string(),
        _ => return None,
    };
    Some(format!("default = {literal}"))
}

fn literals(out: &mut String, name: &str, values: &[LiteralVariant], open: bool) {
    out.push_str(&format!("pub enum {name} {{\n"));
    for literal in values {
        docs::outer(
            out,
            "    ",
            literal.description.as_deref().unwrap_or_default(),
        );
        let value = match &literal.value {
            Value::String(value) => format!("name = {}", text(value)),
            value => format!("value = {}", rules::constant(value)),
        };
        attribute(out, "    ", "protocol", &[value]);
        out.push_str(&format!("    {},\n", literal.rust));
    }
    if open {
        docs::outer(
            out,
            "    ",
            "An unknown value, such as one added by a later version.",
        );
        attribute(out, "    ", "protocol", &["other".to_owned()]);
        out.push_str("    Other(String),\n");
    }
    out.push_str("}\n");
}

fn union(cx: &RustContext<'_>, out: &mut String, name: &str, branches: &[Branch]) {
    out.push_str(&format!("pub enum {name} {{\n"));
    for branch in branches {
        let decl = &cx.shapes.decls[branch.decl.0];
        docs::outer(out, "    ", described(decl).unwrap_or_default());
        let mut args = vec![format!("name = {}", text(&branch.value))];
        if branch.tagged {
            args.push("tagged".to_owned());
        }
        attribute(out, "    ", "protocol", &args);
        out.push_str(&format!(
            "    {}({}),\n",
            branch.rust,
            size::boxed_if_large(cx, Some(branch.decl), &decl.rust)
        ));
    }
    out.push_str("}\n");
}

/// The longest line that `rustfmt` leaves as it is.
const LINE: usize = 100;

/// The most that `rustfmt` writes as several values on one line.
const SHORT: usize = 60;

/// The items of a tuple: those that are declared, how many of them are certainly there, and what follows.
type Items<'i> = (&'i [Item], usize, Option<&'i Item>);

fn tuple_struct(cx: &RustContext<'_>, out: &mut String, decl: &Decl, of: Items<'_>) {
    let name = &decl.rust;
    let (items, required, rest) = of;
    let rules =
        |i: usize, item: &Item| rules_of(cx, decl, (item.schema, &item.ty), &format!("{name}.{i}"));
    let mut argued: Vec<(Vec<String>, String)> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let mut args = rules(i, item);
        let mut ty = cx.part(decl, &item.ty);
        if i >= required {
            args.insert(0, "optional".to_owned());
            ty = format!("Option<{ty}>");
        }
        argued.push((args, ty));
    }
    if let Some(item) = rest {
        let ty = format!("Vec<{}>", cx.part(decl, &item.ty));
        let mut args = vec!["rest".to_owned()];
        let items = rules(items.len(), item);
        if !items.is_empty() {
            args.push(format!("items({})", items.join(", ")));
        }
        argued.push((args, ty));
    }
    let flat: Vec<String> = argued
        .iter()
        .map(|(args, ty)| match args.as_slice() {
            [] => format!("pub {ty}"),
            args => format!("{} pub {ty}", attribute::flat("protocol", args)),
        })
        .collect();
    let content = flat.join(", ");
    let line = format!("pub struct {name}({content});");
    // Several values are on one line if they are as short as the arguments of a call.
    let is_short = flat.len() < 2 || content.chars().count() <= SHORT;
    if is_short && line.chars().count() <= LINE {
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push_str(&format!("pub struct {name}(\n"));
    for ((args, ty), flat) in argued.iter().zip(&flat) {
        let fits = flat.chars().count() + "    ,".len() <= LINE;
        if args.is_empty() || fits {
            out.push_str(&format!("    {flat},\n"));
        } else {
            let mut attribute_text = String::new();
            attribute(&mut attribute_text, "    ", "protocol", args);
            // After an attribute on a line of its own, `rustfmt` 1.8 writes two blanks here, and wants them.
            let blanks = if attribute_text.lines().count() == 1 {
                "  "
            } else {
                " "
            };
            out.push_str(&format!("{attribute_text}    pub{blanks}{ty},\n"));
        }
    }
    out.push_str(");\n");
}
