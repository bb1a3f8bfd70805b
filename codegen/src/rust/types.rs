//! Structs, enums and newtypes.

use super::{
    Cx,
    attribute::{self, attribute, text},
    constraints, docs,
    rules::{self, rules},
    size,
};
use crate::shape::{Branch, Decl, DeclId, DeclKind, Item, Section, StructField, Use};
use handfast_spec::model::ErrorId;
use serde_json::Value;

pub(super) const COMPARED: &str = "#[derive(Clone, Debug, PartialEq)]\n";
const PLAIN: &str = "#[derive(Clone, Debug)]\n";
const TEXT: &str = "#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n";
const LITERALS: &str = "#[derive(Clone, Debug, PartialEq, Eq, Hash)]\n";
const CLOSED_LITERALS: &str = "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n";

pub(super) fn types(cx: &Cx<'_>, items: &mut Vec<String>) {
    let section = |section: Section, items: &mut Vec<String>| {
        for (i, decl) in cx.shapes.decls.iter().enumerate() {
            if decl.section == section && !cx.shapes.is_implied(DeclId(i)) {
                items.push(declared(cx, decl));
            }
        }
    };
    section(Section::Types, items);
    section(Section::Errors, items);
    let excluded = super::messages::errors_by_set(cx);
    for (name, description, errors) in &excluded {
        items.push(error_enum(cx, name, description, errors));
    }
    section(Section::Payloads, items);
    for message in &cx.shapes.messages {
        let model = &cx.protocol.messages[message.id.0];
        let mut done: Option<&str> = None;
        for payload in message.client.iter().chain(&message.server) {
            if payload.decl.is_none() && done != Some(&payload.rust) {
                let mut item = String::new();
                docs::outer(
                    &mut item,
                    "",
                    &super::messages::documentation(model, model.description.as_deref()),
                );
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

/// The arguments of a type that lies in messages.
fn arguments_of_type(cx: &Cx<'_>, mut arguments: Vec<String>) -> Vec<String> {
    if cx.options.deserialize {
        arguments.push("deserialize".to_owned());
    }
    self::arguments(cx, arguments)
}

/// What is derived for a type that holds others: to compare it costs a program time to compile, and few do.
pub(super) fn plain(cx: &Cx<'_>) -> &'static str {
    if cx.options.partial_eq {
        COMPARED
    } else {
        PLAIN
    }
}

fn arguments(cx: &Cx<'_>, mut arguments: Vec<String>) -> Vec<String> {
    arguments.extend(cx.krate());
    arguments
}

fn declared(cx: &Cx<'_>, decl: &Decl) -> String {
    let mut out = String::new();
    let schema = &cx.protocol.schemas[decl.schema];
    let description = decl
        .description
        .clone()
        .unwrap_or_else(|| format!("`{}`", decl.rust));
    let mut words = description;
    match &decl.kind {
        DeclKind::Alias(Use::Checked { reason }) => {
            words.push_str(&format!("\n\nKept as checked JSON: {reason}."));
        }
        DeclKind::Alias(ty) => {
            constraints::append(&mut words, &constraints::sentences(cx, decl.schema, ty));
        }
        DeclKind::Struct { .. } => {
            constraints::append(&mut words, &constraints::of_struct(schema));
        }
        DeclKind::Tuple(items) => {
            constraints::append(&mut words, &constraints::of_tuple(cx, items));
        }
        _ => {}
    }
    docs::outer(&mut out, "", &words);
    match &decl.kind {
        DeclKind::Struct { fields, closed } => {
            let mut args: Vec<String> = closed
                .map(|closed| if closed { "closed" } else { "open" }.to_owned())
                .into_iter()
                .collect();
            rules::of_struct(schema, &mut args);
            // What several schemas say together is told in their order, and not in that of the fields.
            if !schema.all_of.is_empty() {
                args.push(rules::schema(cx, decl.schema, &decl.rust));
            }
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(plain(cx));
            structure(cx, &mut out, decl, fields);
        }
        DeclKind::Literals { values, open } => {
            let mut args = Vec::new();
            if schema.types.is_none() {
                args.push("untyped".to_owned());
            }
            if schema.constant.is_some() {
                args.push("constant".to_owned());
            }
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(if *open { LITERALS } else { CLOSED_LITERALS });
            literals(&mut out, &decl.rust, values, *open);
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
        DeclKind::Tuple(tuple) => {
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, Vec::new()));
            out.push_str(plain(cx));
            tuple_struct(cx, &mut out, decl, tuple);
        }
        DeclKind::Alias(ty) => {
            let args = rules(cx, decl.schema, ty, &decl.rust);
            let checked = args.iter().any(|arg| arg != rules::NULL_APART)
                && !matches!(ty, Use::Checked { .. });
            attribute(&mut out, "", "protocol", &arguments_of_type(cx, args));
            out.push_str(match ty {
                Use::Text => TEXT,
                Use::Boolean | Use::Integer | Use::Number => COMPARED,
                _ => plain(cx),
            });
            // What has to keep a rule is only made by checking it.
            let vis = if checked { "" } else { "pub " };
            out.push_str(&format!("pub struct {}({vis}{});\n", decl.rust, cx.ty(ty)));
        }
    }
    out
}

fn structure(cx: &Cx<'_>, out: &mut String, decl: &Decl, fields: &[StructField]) {
    let name = &decl.rust;
    let fields: Vec<&StructField> = fields.iter().filter(|field| !field.discriminant).collect();
    if fields.is_empty() {
        out.push_str(&format!("pub struct {name} {{}}\n"));
        return;
    }
    out.push_str(&format!("pub struct {name} {{\n"));
    for field in fields {
        let annotations = &cx.protocol.schemas[field.schema].annotations;
        let mut words = annotations
            .description
            .clone()
            .or_else(|| annotations.title.clone())
            .unwrap_or_default();
        let sentences = constraints::sentences(cx, field.schema, &field.ty);
        constraints::append(&mut words, &sentences);
        if let Some(default) = &annotations.default {
            words.push_str(&format!(
                "\n\nWhere it is absent, `{}` is meant.",
                default.to_string().replace('`', "'")
            ));
        }
        if let Use::Checked { reason } = &field.ty {
            words.push_str(&format!("\n\nKept as checked JSON: {reason}."));
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
        args.extend(rules(cx, field.schema, &field.ty, &place));
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
    out.push_str("}\n");
}

/// A default that a literal can say yields an accessor.
fn default(field: &StructField, default: Option<&Value>) -> Option<String> {
    if field.required {
        return None;
    }
    let literal = match (default?, &field.ty) {
        (Value::String(default), Use::Text) => text(default),
        (Value::Number(n), Use::Integer) => n.as_i64()?.to_string(),
        (Value::Number(n), Use::Number) => format!("{:?}", n.as_f64()?),
        (Value::Bool(default), Use::Boolean) => default.to_string(),
        _ => return None,
    };
    Some(format!("default = {literal}"))
}

fn literals(out: &mut String, name: &str, values: &[(String, String)], open: bool) {
    out.push_str(&format!("pub enum {name} {{\n"));
    for (value, variant) in values {
        docs::outer(out, "    ", &format!("`{}`", value.replace('`', "'")));
        attribute(
            out,
            "    ",
            "protocol",
            &[format!("name = {}", text(value))],
        );
        out.push_str(&format!("    {variant},\n"));
    }
    if open {
        docs::outer(
            out,
            "    ",
            "A value that was not known when this was generated.",
        );
        attribute(out, "    ", "protocol", &["other".to_owned()]);
        out.push_str("    Other(String),\n");
    }
    out.push_str("}\n");
}

fn union(cx: &Cx<'_>, out: &mut String, name: &str, branches: &[Branch]) {
    out.push_str(&format!("pub enum {name} {{\n"));
    for branch in branches {
        let decl = &cx.shapes.decls[branch.decl.0];
        let words = decl
            .description
            .clone()
            .unwrap_or_else(|| format!("`{}`", branch.value.replace('`', "'")));
        docs::outer(out, "    ", &words);
        let mut args = vec![format!("name = {}", text(&branch.value))];
        if branch.tagged {
            args.push("tagged".to_owned());
        }
        attribute(out, "    ", "protocol", &args);
        out.push_str(&format!(
            "    {}({}),\n",
            branch.rust,
            boxed_if_large(cx, Some(branch.decl), &decl.rust)
        ));
    }
    out.push_str("}\n");
}

/// The type of a variant: in a box where it is large.
pub(super) fn boxed_if_large(cx: &Cx<'_>, decl: Option<DeclId>, name: &str) -> String {
    if decl.is_some_and(|decl| size::size(cx, decl) > size::LARGEST_VARIANT) {
        format!("Box<{name}>")
    } else {
        name.to_owned()
    }
}

fn tuple_struct(cx: &Cx<'_>, out: &mut String, decl: &Decl, items: &[Item]) {
    let name = &decl.rust;
    let argued: Vec<(Vec<String>, String)> = items
        .iter()
        .enumerate()
        .map(|(i, item)| {
            let args = rules(cx, item.schema, &item.ty, &format!("{name}.{i}"));
            (args, cx.part(decl, &item.ty))
        })
        .collect();
    let flat: Vec<String> = argued
        .iter()
        .map(|(args, ty)| match args.as_slice() {
            [] => format!("pub {ty}"),
            args => format!("{} pub {ty}", attribute::flat("protocol", args)),
        })
        .collect();
    let line = format!("pub struct {name}({});", flat.join(", "));
    if line.chars().count() <= 100 {
        out.push_str(&line);
        out.push('\n');
        return;
    }
    out.push_str(&format!("pub struct {name}(\n"));
    for (args, ty) in argued {
        if !args.is_empty() {
            attribute(out, "    ", "protocol", &args);
        }
        out.push_str(&format!("    pub {ty},\n"));
    }
    out.push_str(");\n");
}

fn error_enum(cx: &Cx<'_>, name: &str, description: &str, errors: &[ErrorId]) -> String {
    let mut out = String::new();
    docs::outer(&mut out, "", description);
    attribute(
        &mut out,
        "",
        "protocol",
        &arguments(cx, vec!["errors".to_owned()]),
    );
    let bare = |id: &ErrorId| cx.shapes.errors[id.0].is_none();
    out.push_str(if errors.iter().all(bare) {
        COMPARED
    } else {
        plain(cx)
    });
    out.push_str(&format!("pub enum {name} {{\n"));
    for id in errors {
        let error = &cx.protocol.errors[id.0];
        let words = error
            .description
            .clone()
            .unwrap_or_else(|| format!("`{}`", error.name.text));
        docs::outer(&mut out, "    ", &words);
        let mut args = vec![super::messages::scalar(&error.code)];
        if let Some(description) = &error.description {
            args.push(format!("message = {}", text(description)));
        }
        if error.retryable {
            args.push("retryable".to_owned());
        }
        attribute(&mut out, "    ", "error", &args);
        let given = error.names.rust.as_ref().unwrap_or(&error.name);
        let variant = crate::names::rust_ident(&crate::names::pascal(&given.text));
        match cx.shapes.errors[id.0] {
            Some(data) => out.push_str(&format!(
                "    {variant}({}),\n",
                boxed_if_large(cx, Some(data), &cx.shapes.decls[data.0].rust)
            )),
            None => out.push_str(&format!("    {variant},\n")),
        }
    }
    out.push_str("}\n");
    out
}
