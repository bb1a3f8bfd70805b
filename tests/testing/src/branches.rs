//! Unions with a discriminant, one of whose branches has more than the fields of a struct.

use serde_json::{Map, Value, json};

/// What a branch may have beside its discriminant and a string `x`.
fn more() -> Vec<Value> {
    vec![
        json!({ "additionalProperties": { "type": "string" } }),
        json!({ "additionalProperties": false }),
        json!({ "not": { "required": ["y"] } }),
        json!({ "if": { "required": ["x"] }, "then": { "required": ["y"] } }),
        json!({ "patternProperties": { "^y": { "type": "integer" } } }),
        json!({ "propertyNames": { "maxLength": 1 } }),
        json!({ "dependentRequired": { "x": ["y"] } }),
        json!({ "dependentSchemas": { "x": { "required": ["y"] } } }),
        json!({ "unevaluatedProperties": false }),
        json!({ "unevaluatedProperties": { "type": "integer" } }),
        json!({ "anyOf": [{ "required": ["x"] }, { "required": ["y"] }] }),
        json!({ "oneOf": [{ "required": ["x"] }, { "required": ["y"] }] }),
        json!({ "allOf": [{ "type": "object", "properties": { "y": { "type": "integer" } } }] }),
        json!({ "allOf": [{ "additionalProperties": true, "properties": { "x": { "minLength": 2 } } }] }),
        json!({ "required": ["t", "y"] }),
        json!({ "minProperties": 2 }),
        json!({ "maxProperties": 2 }),
        json!({ "enum": [{ "t": "b" }, { "t": "b", "x": "1" }] }),
        json!({ "const": { "t": "b", "x": "1" } }),
    ]
}

/// A schema, and values to check.
pub fn branches() -> Vec<(Value, Vec<Value>)> {
    let plain = json!({
        "type": "object",
        "required": ["t"],
        "properties": { "t": { "const": "a" }, "x": { "type": "string" } }
    });
    let odd = |more: &Value| {
        let mut branch = json!({
            "type": "object",
            "required": ["t"],
            "properties": { "t": { "const": "b" }, "x": { "type": "string" } }
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            branch[name] = value.clone();
        }
        branch
    };
    let mut all: Vec<(Value, Vec<Value>)> = Vec::new();
    for (i, more) in more().iter().enumerate() {
        let keyword = if i % 2 == 0 { "oneOf" } else { "anyOf" };
        let union = json!({ (keyword): [plain, odd(more)] });
        all.push((union.clone(), values()));
        // A branch is read in the same way as a type by itself.
        let list = json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": { "u": union, "then": { "type": "object", "properties": { "x": {} } } }
            }
        });
        let lists = values()
            .into_iter()
            .map(|value| json!([{ "u": value, "then": { "t": 1 } }]));
        all.push((list, lists.collect()));
    }
    let odd: Vec<Value> = more()
        .iter()
        .enumerate()
        .map(|(i, more)| {
            let mut branch = odd(more);
            branch["properties"]["t"] = json!({ "const": format!("b{i}") });
            branch
        })
        .collect();
    all.push((json!({ "oneOf": odd }), values()));
    all
}

fn values() -> Vec<Value> {
    let mut values = vec![json!(1), json!([]), json!({})];
    for tag in [json!("a"), json!("b"), json!("b0"), json!("c"), json!(1)] {
        for beside in [
            json!({}),
            json!({ "x": "1" }),
            json!({ "x": 1 }),
            json!({ "y": 2 }),
            json!({ "y": "2" }),
            json!({ "x": "1", "y": 2 }),
            json!({ "x": "12", "y": "2", "zz": "3" }),
            json!({ "zz": 3 }),
        ] {
            let mut value = Map::from_iter([("t".to_owned(), tag.clone())]);
            if let Value::Object(beside) = beside {
                value.extend(beside);
            }
            values.push(Value::Object(value));
        }
    }
    values
}
