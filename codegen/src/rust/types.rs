//! Structs, enums and newtypes.

use super::{
    RustContext,
    attribute::{self, attribute, text},
    constraints,
    derives::{CLOSED_LITERALS, COMPARED, LITERALS, TEXT, plain},
    docs,
    errors::errors,
    rules::{self, rules},
    size,
};
use crate::names;
use crate::shape::{
    Branch, Decl, DeclId, DeclKind, IntegerType, Item, PayloadShape, Section, StructField, Use,
};
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
        DeclKind::Struct { fields, closed } => {
            let mut args: Vec<String> = closed
                .map(|closed| if closed { "closed" } else { "open" }.to_owned())
                .into_iter()
                .collect();
            rules::of_struct(schema, &mut args);
            // Violations of several schemas come in their order, not in that of the fields.
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
                Use::Boolean | Use::Integer(_) | Use::Number => COMPARED,
                _ => plain(cx),
            });
            // A value with rules can only be created by validating it.
            let vis = if checked { "" } else { "pub " };
            out.push_str(&format!("pub struct {}({vis}{});\n", decl.rust, cx.ty(ty)));
        }
    }
    out
}

/// The documentation of a type: its description, and the constraints that its Rust type does not show.
fn documentation(cx: &RustContext<'_>, id: DeclId, decl: &Decl) -> String {
    let schema = &cx.protocol.schemas[decl.schema];
    let mut words = described(decl)
        .map(str::to_owned)
        .or_else(|| place_of(cx, id))
        .unwrap_or_default();
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
    words
}

/// The description of a type, unless it only repeats the name.
fn described(decl: &Decl) -> Option<&str> {
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

fn structure(cx: &RustContext<'_>, out: &mut String, decl: &Decl, fields: &[StructField]) {
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
                "\n\nDefaults to `{}`.",
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

fn literals(out: &mut String, name: &str, values: &[(String, String)], open: bool) {
    out.push_str(&format!("pub enum {name} {{\n"));
    for (value, variant) in values {
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

fn tuple_struct(cx: &RustContext<'_>, out: &mut String, decl: &Decl, items: &[Item]) {
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
