//! The types as tools know them that take validators of any make: the interface of Standard Schema.

use super::{context::Context, names::lower_first, text};
use crate::{
    json_schema::{
        self,
        write::{Place, Writer},
    },
    shape::DeclId,
};
use handfast_schema::{SchemaId, Side};
use handfast_templates::typescript::{Constant, lay_out};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a reader should know of the file.
pub(super) const NOTE: &str = "\
The types of the protocol, for tools that take a Standard Schema (https://standardschema.dev) or JSON Schema.
A program that has no such tool need not import this file.";

/// The documents of one side, and the constants of their definitions.
struct ReceiverTypes<'p> {
    writer: Writer<'p>,
    constants: BTreeMap<Place, String>,
    /// The beginning of the names of the constants, and the location of the definitions in a document.
    sent: &'static str,
    under: &'static str,
}

/// A type that gets a constant.
struct Known {
    decl: DeclId,
    name: String,
    /// By which side it is held, and how it is written on that.
    side: usize,
    value: Value,
    uses: BTreeSet<Place>,
}

/// A constant for each payload and each type that the author named, and one for each definition that those refer to. What is
/// not imported falls away, so none of it burdens a validator.
pub(super) fn schemas(cx: &mut Context<'_>) -> Vec<String> {
    let mut sides = [
        (Side::Server, "sent", "server"),
        (Side::Client, "received", "client"),
    ]
    .map(|(side, sent, under)| ReceiverTypes {
        writer: json_schema::documents(cx.protocol, Some(side)),
        constants: BTreeMap::new(),
        sent,
        under,
    });
    let known = known(cx, &mut sides);
    name_definitions(cx, &mut sides);
    let mut items: Vec<String> = sides.iter().flat_map(definitions).collect();
    for known in &known {
        items.push(standard_schema(cx, &mut sides[known.side], known));
    }
    items
}

/// Names the constants of all definitions that the documents refer to.
fn name_definitions(cx: &mut Context<'_>, sides: &mut [ReceiverTypes<'_>; 2]) {
    for side in sides {
        side.writer.finish();
        for (group, written) in &side.writer.written {
            for name in written.keys() {
                let ending = match *group {
                    "parts" => "Part",
                    "tests" => "Test",
                    _ => "",
                };
                let stem = text::identifier(&crate::names::pascal(name));
                let stem = format!("{}{stem}{ending}", side.sent);
                let constant = cx.names.take_value(&stem);
                let place = (*group, name.clone());
                side.constants.insert(place, constant);
            }
        }
    }
}

/// The constants of the definitions of a side.
fn definitions(side: &ReceiverTypes<'_>) -> Vec<String> {
    let constants = side.constants.iter();
    let items = constants.map(|(place, constant)| {
        let value = side.writer.written.get(place.0);
        let value = value.and_then(|written| written.get(&place.1));
        let uses = side.writer.uses.get(place);
        let (value, uses) = (value.unwrap_or(&Value::Null), uses.cloned());
        lay_out(&Constant {
            doc: String::new(),
            exported: false,
            name: constant,
            ty: "hf.SchemaDefinition",
            value: definition(side, value, &uses.unwrap_or_default(), Some(place)),
        })
    });
    items.collect()
}

/// The constant of a type.
fn standard_schema(cx: &Context<'_>, side: &mut ReceiverTypes<'_>, known: &Known) -> String {
    let place = side.writer.place(cx.shapes.decls[known.decl.0].schema);
    let ty = cx.names.exported(&cx.names.types[known.decl.0]);
    let validator = &cx.names.validators[known.decl.0];
    let schema = match side.constants.get(&place) {
        Some(constant) => constant.clone(),
        None => definition(side, &known.value, &known.uses, None),
    };
    lay_out(&Constant {
        doc: text::doc(
            "",
            &format!("{{@link api.{ty}}} as a Standard Schema."),
            &[],
        ),
        exported: true,
        name: &known.name,
        ty: &format!("hf.StandardSchema<api.{ty}>"),
        value: format!(
            "/*@__PURE__*/ hf.standardSchema(api.{validator}, '{}', {schema})",
            side.sent
        ),
    })
}

/// Every type that gets a constant, in the order of the declarations.
fn known(cx: &mut Context<'_>, sides: &mut [ReceiverTypes<'_>; 2]) -> Vec<Known> {
    let named: BTreeSet<SchemaId> = cx.protocol.types.iter().map(|ty| ty.schema).collect();
    let mut all = Vec::new();
    for i in 0..cx.shapes.decls.len() {
        let schema = cx.shapes.decls[i].schema;
        let decl = DeclId(i);
        let is_known = cx.payload_of.contains_key(&decl) || named.contains(&schema);
        if cx.is_inlined(decl) || !is_known {
            continue;
        }
        let stem = lower_first(cx.names.types[i].trim_end_matches('$'));
        // Messages of the client are held to what a server accepts, and so are their schemas.
        let side = usize::from(!cx.sent_by_client[schema.0 as usize]);
        let (value, uses) = sides[side].writer.root(schema);
        all.push(Known {
            decl,
            name: cx.names.take_value(&format!("{stem}Schema")),
            side,
            value,
            uses,
        });
    }
    all
}

/// A schema as a function that the runtime makes a document from: what it says, what it refers to, and where it stands where
/// others refer to it.
fn definition(
    side: &ReceiverTypes<'_>,
    value: &Value,
    uses: &BTreeSet<Place>,
    place: Option<&Place>,
) -> String {
    let mut out = "() => [".to_owned();
    // What else the line has: the name of the constant and its type.
    let beside = place.map_or(0, |place| side.constants[place].len() + 40 + place.1.len());
    laid_out(value, 0, beside, &mut out);
    let uses: Vec<&str> = uses
        .iter()
        .filter_map(|used| side.constants.get(used).map(String::as_str))
        .collect();
    if !uses.is_empty() || place.is_some() {
        out.push_str(&format!(", [{}]", uses.join(", ")));
    }
    if let Some((group, name)) = place {
        let parts = [side.under, *group, name].map(text::string);
        out.push_str(&format!(", {}", parts.join(", ")));
    }
    out.push(']');
    out
}

/// A value as an expression, with one member per line if one line is too short. `beside` is what else the line has.
fn laid_out(value: &Value, indent: usize, beside: usize, out: &mut String) {
    if least(value, text::WIDTH) <= text::WIDTH {
        let line = text::value(value);
        if indent + beside + line.chars().count() + 2 <= text::WIDTH {
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
        laid_out(one, indent + 2, key.chars().count(), out);
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
