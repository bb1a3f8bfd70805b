//! Schemas whose parts describe the same child, with values that a server accepts and values that it refuses.

use serde_json::{Value, json};

/// A schema, values that a server accepts, and values that it refuses.
pub type SharedFields = (Value, Vec<Value>, Vec<Value>);

/// The schemas.
pub fn shared_fields() -> Vec<SharedFields> {
    let text = || json!({ "type": "string" });
    let with = |name: &str| json!({ "type": "object", "properties": { (name): text() } });
    let links = |name: &str| json!({ "type": "object", "properties": { "links": with(name) } });
    let both = json!([links("self"), links("collection")]);
    let good = || {
        vec![
            json!({}),
            json!({ "links": {} }),
            json!({ "links": { "self": "/a" } }),
            json!({ "links": { "collection": "/b", "self": "/a" } }),
        ]
    };
    let bad = || {
        vec![
            json!({ "links": { "self": 1 } }),
            json!({ "links": { "other": "/c" } }),
            json!({ "links": { "self": "/a", "collection": "/b", "other": "/c" } }),
            json!({ "links": 1 }),
            json!({ "links": {}, "more": 1 }),
        ]
    };
    let deep = |name: &str| json!({ "type": "object", "properties": { "a": { "type": "object", "properties": { "b": with(name) } } } });
    let listed = |name: &str| json!({ "type": "object", "properties": { "all": { "type": "array", "items": with(name) } } });
    let mapped = |name: &str| json!({ "type": "object", "properties": { "all": { "type": "object", "additionalProperties": with(name) } } });
    vec![
        (json!({ "allOf": both }), good(), bad()),
        // Beside `properties`, and through `$ref`.
        (
            json!({ "type": "object", "properties": { "links": with("self") }, "allOf": [links("collection")] }),
            good(),
            bad(),
        ),
        (
            json!({ "$defs": { "Self": links("self"), "Coll": links("collection") }, "allOf": [{ "$ref": "#/$defs/Self" }, { "$ref": "#/$defs/Coll" }] }),
            good(),
            bad(),
        ),
        (
            json!({ "$defs": { "Self": links("self") }, "$ref": "#/$defs/Self", "properties": { "links": with("collection") } }),
            good(),
            bad(),
        ),
        (
            json!({ "$defs": { "L": with("self"), "M": with("collection") }, "allOf": [
                { "type": "object", "properties": { "links": { "$ref": "#/$defs/L" } } },
                { "allOf": [{ "type": "object", "properties": { "links": { "$ref": "#/$defs/M" } } }] }
            ] }),
            good(),
            bad(),
        ),
        // It refuses unknown fields itself.
        (
            json!({ "allOf": both, "unevaluatedProperties": false }),
            good(),
            bad(),
        ),
        (
            json!({ "type": "object", "properties": { "links": with("self") }, "additionalProperties": false, "allOf": [links("collection")] }),
            good(),
            bad(),
        ),
        // In a payload's property, and in a list.
        (
            json!({ "type": "object", "properties": { "x": { "allOf": both } } }),
            good().into_iter().map(|one| json!({ "x": one })).collect(),
            bad().into_iter().map(|one| json!({ "x": one })).collect(),
        ),
        (
            json!({ "type": "array", "items": { "allOf": both } }),
            good().into_iter().map(|one| json!([one])).collect(),
            bad().into_iter().map(|one| json!([one])).collect(),
        ),
        (
            json!({ "allOf": [deep("x"), deep("y")] }),
            vec![
                json!({ "a": { "b": { "x": "1", "y": "2" } } }),
                json!({ "a": {} }),
            ],
            vec![
                json!({ "a": { "b": { "z": "1" } } }),
                json!({ "a": { "c": 1 } }),
                json!({ "a": { "b": { "x": 1 } } }),
            ],
        ),
        (
            json!({ "allOf": [listed("x"), listed("y")] }),
            vec![json!({ "all": [{ "x": "1", "y": "2" }, {}] })],
            vec![
                json!({ "all": [{ "z": "1" }] }),
                json!({ "all": [{ "y": 1 }] }),
            ],
        ),
        (
            json!({ "allOf": [mapped("x"), mapped("y")] }),
            vec![json!({ "all": { "k": { "x": "1", "y": "2" } } })],
            vec![
                json!({ "all": { "k": { "z": "1" } } }),
                json!({ "all": { "k": 1 } }),
            ],
        ),
        // Three of them, one of which accepts anything.
        (
            json!({ "allOf": [links("self"), links("collection"), { "type": "object", "properties": { "links": { "type": "object" } } }] }),
            good(),
            bad(),
        ),
        // One accepts any other fields.
        (
            json!({ "allOf": [links("self"), { "type": "object", "properties": { "links": { "type": "object", "properties": { "b": text() }, "additionalProperties": true } } }] }),
            vec![json!({ "links": { "self": "a", "b": "b", "c": 1 } })],
            vec![json!({ "links": { "b": 1 } })],
        ),
        // What applies only to some values.
        (
            json!({
                "type": "object",
                "required": ["t"],
                "properties": { "t": { "enum": ["a", "b"] }, "links": with("self") },
                "if": { "properties": { "t": { "const": "a" } } },
                "then": { "properties": { "links": with("collection") } }
            }),
            vec![
                json!({ "t": "a", "links": { "self": "1", "collection": "2" } }),
                json!({ "t": "b", "links": { "self": "1" } }),
            ],
            vec![
                json!({ "t": "a", "links": { "collection": 2 } }),
                json!({ "t": "a", "links": { "other": "2" } }),
                json!({ "t": "b", "links": { "other": "2" } }),
            ],
        ),
        (
            json!({
                "type": "object",
                "properties": { "links": with("self") },
                "oneOf": [
                    { "required": ["k"], "properties": { "k": { "const": 1 }, "links": { "properties": { "x": deep("y") } } } },
                    { "required": ["k"], "properties": { "k": { "const": 2 } } }
                ]
            }),
            vec![
                json!({ "k": 1, "links": { "self": "1", "x": { "a": { "b": { "y": "1" } } } } }),
                json!({ "k": 2, "links": { "self": "1" } }),
            ],
            vec![
                json!({ "k": 1, "links": { "self": "1", "x": { "a": { "b": { "z": "1" } } } } }),
                json!({ "k": 1, "links": { "z": "1" } }),
                json!({ "k": 2, "links": { "z": "1" } }),
            ],
        ),
        // Recursive schemas.
        (
            json!({
                "$defs": {
                    "Base": { "type": "object", "properties": { "next": { "$ref": "#/$defs/Base" }, "v": text() } },
                    "Node": { "allOf": [{ "$ref": "#/$defs/Base" }, { "type": "object", "properties": { "next": { "$ref": "#/$defs/Node" }, "w": text() } }] }
                },
                "$ref": "#/$defs/Node"
            }),
            vec![
                json!({ "v": "1", "w": "2", "next": { "v": "1", "w": "2", "next": { "w": "3" } } }),
            ],
            vec![
                json!({ "next": { "x": 1 } }),
                json!({ "next": { "next": { "w": 1 } } }),
            ],
        ),
    ]
}
