//! The types as tools know them that take validators of any make: the interface of Standard Schema.

use super::{Cx, names::lower_first, text};
use crate::{json_schema, shape::DeclId};
use handfast_schema::{Mode, SchemaId};
use handfast_templates::typescript::{Constant, lay_out};
use serde_json::Value;
use std::collections::BTreeSet;

/// A constant for each payload and each type that the author named. What is not imported falls away, so none of it burdens a check.
pub(super) fn schemas(cx: &mut Cx<'_>) -> Vec<String> {
    let mut items = Vec::new();
    let named: BTreeSet<SchemaId> = cx.protocol.types.iter().map(|ty| ty.schema).collect();
    for i in 0..cx.shapes.decls.len() {
        let schema = cx.shapes.decls[i].schema;
        let is_known = cx.payload_of.contains_key(&DeclId(i)) || named.contains(&schema);
        if cx.is_inlined(DeclId(i)) || !is_known {
            continue;
        }
        let (ty, check) = (cx.names.types[i].clone(), cx.names.checks[i].clone());
        let name = cx
            .names
            .take_value(&format!("{}Schema", lower_first(ty.trim_end_matches('$'))));
        // What a client sends is held to what a server takes, and so is its schema.
        let (direction, side) = match cx.by_server[schema.0 as usize] {
            true => ("sent", Mode::Server),
            false => ("received", Mode::Client),
        };
        let document = json_schema::document(cx.protocol, schema, side);
        let mut value = format!("/*@__PURE__*/ hf.standard({check}, '{direction}', () => (");
        laid_out(&document, 0, &mut value);
        value.push_str("))");
        items.push(lay_out(&Constant {
            doc: text::doc(
                "",
                &format!("{{@link {ty}}}, for tools that take a Standard Schema."),
                &[],
            ),
            exported: true,
            name: &name,
            ty: &format!("hf.Standard<{ty}>"),
            value,
        }));
    }
    items
}

/// A value as an expression, with one member on a line where one line is too short for all.
fn laid_out(value: &Value, indent: usize, out: &mut String) {
    if least(value, text::WIDTH) <= text::WIDTH {
        let line = text::value(value);
        if indent + line.chars().count() + 2 <= text::WIDTH {
            return out.push_str(&line);
        }
    }
    let (ends, members): (_, Vec<(String, &Value)>) = match value {
        Value::Object(members) => {
            let key = |name: &String| format!("{}: ", text::key(name));
            let members = members.iter().map(|(name, one)| (key(name), one));
            (['{', '}'], members.collect())
        }
        Value::Array(items) => {
            let items = items.iter().map(|one| (String::new(), one));
            (['[', ']'], items.collect())
        }
        scalar => return out.push_str(&text::value(scalar)),
    };
    out.push(ends[0]);
    out.push('\n');
    for (key, one) in members {
        out.push_str(&" ".repeat(indent + 2));
        out.push_str(&key);
        laid_out(one, indent + 2, out);
        out.push_str(",\n");
    }
    out.push_str(&" ".repeat(indent));
    out.push(ends[1]);
}

/// How wide a value is on one line at the least; counting ends where it is more than `most`.
fn least(value: &Value, most: usize) -> usize {
    let mut width = 2;
    let mut add = |more: usize| {
        width += more;
        width <= most
    };
    match value {
        Value::String(text) => width + text.chars().count(),
        Value::Array(items) => {
            let _ = items.iter().all(|one| add(least(one, most)));
            width
        }
        Value::Object(members) => {
            let _ = members
                .iter()
                .all(|(name, one)| add(name.chars().count() + least(one, most)));
            width
        }
        _ => 1,
    }
}
