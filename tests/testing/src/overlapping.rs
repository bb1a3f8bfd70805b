//! Random unions of objects and lists that share properties, so that a value may fit several branches, with values for them.

use crate::random::Rng;
use serde_json::{Map, Value, json};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A schema, and values to check.
pub fn overlapping(rng: &mut Rng) -> (Value, Vec<Value>) {
    let mut schema = union(rng, 2);
    // A branch that contains the union again.
    if rng.one_in(3) {
        let again = json!({ "type": "object", "properties": { "a": { "$ref": "#/$defs/Again" } }, "required": ["a"] });
        let list = json!({ "type": "array", "items": { "$ref": "#/$defs/Again" } });
        let keyword = keyword(rng);
        let branches = json!([again, list, object(rng, 0)]);
        schema = json!({ "$defs": { "Again": { (keyword): branches } }, "$ref": "#/$defs/Again" });
    } else if rng.one_in(4) {
        // All of several unions.
        schema = json!({ "allOf": [schema, union(rng, 1)] });
    } else if rng.one_in(3) {
        schema["type"] = json!("object");
        schema["unevaluatedProperties"] = match rng.below(3) {
            0 => json!(false),
            1 => part(rng, 0),
            _ => json!({ "type": "string" }),
        };
        if rng.one_in(2) {
            schema["properties"] = json!({ "d": { "type": "integer" } });
        }
    }
    (schema, (0..40).map(|_| value(rng, 3)).collect())
}

fn keyword(rng: &mut Rng) -> &'static str {
    match rng.one_in(2) {
        true => "anyOf",
        false => "oneOf",
    }
}

fn union(rng: &mut Rng, depth: u32) -> Value {
    let count = 2 + rng.below(2);
    let branches: Vec<Value> = (0..count).map(|_| object(rng, depth)).collect();
    json!({ (keyword(rng)): branches })
}

fn object(rng: &mut Rng, depth: u32) -> Value {
    let mut properties = Map::new();
    for _ in 0..=rng.below(2) {
        properties.insert((*rng.pick(&NAMES)).to_owned(), part(rng, depth));
    }
    let required: Vec<&String> = properties.keys().filter(|_| rng.one_in(2)).collect();
    let mut schema = json!({ "type": "object", "required": required });
    schema["properties"] = Value::Object(properties);
    if rng.one_in(4) {
        schema["additionalProperties"] = json!(rng.one_in(2));
    }
    schema
}

fn part(rng: &mut Rng, depth: u32) -> Value {
    match rng.below(if depth == 0 { 4 } else { 6 }) {
        0 => json!({ "type": "integer", "minimum": 0, "maximum": 9 }),
        1 => json!({ "type": "string", "maxLength": 1 }),
        2 => json!({ "type": ["string", "null"] }),
        3 => json!({ "type": "array", "items": { "type": "integer", "minimum": 1, "maximum": 9 } }),
        4 => object(rng, depth - 1),
        _ => union(rng, depth - 1),
    }
}

/// A value of the kinds that the schemas speak of.
fn value(rng: &mut Rng, depth: u32) -> Value {
    match rng.below(if depth == 0 { 4 } else { 12 }) {
        0 => json!(rng.below(11)),
        1 => json!(rng.pick(&["", "x", "xy"])),
        2 => Value::Null,
        3 => (0..rng.below(3)).map(|_| json!(rng.below(3))).collect(),
        4 => (0..rng.below(3)).map(|_| value(rng, depth - 1)).collect(),
        _ => {
            let fields =
                (0..rng.below(3)).map(|_| ((*rng.pick(&NAMES)).to_owned(), value(rng, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}
