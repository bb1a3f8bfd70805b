//! Every keyword around every kind of schema, including trivial ones: the output must compile under the strictest
//! options, and agree with the interpreter.

use crate::typescript_project::{
    Result, case, compile_with_both, differences, generate, load, spec, violations,
};
use handfast_schema::Side;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The inner schemas.
fn inner() -> Vec<Value> {
    vec![
        json!(true),
        json!(false),
        json!({}),
        json!({ "description": "Anything." }),
        json!({ "$ref": "#/types/Any" }),
        json!({ "type": "object" }),
        json!({ "type": "string", "pattern": "^a+b$" }),
        json!({ "type": "integer" }),
        json!({ "enum": ["a", 1] }),
        json!({ "type": "string", "enum": [] }),
        json!({ "enum": [] }),
        json!({ "const": { "a": 1 } }),
    ]
}

/// The schemas around them.
fn around(inner: &Value) -> Vec<Value> {
    vec![
        json!({ "properties": { "a": inner } }),
        json!({ "properties": { "a": { "type": "string" } }, "additionalProperties": inner }),
        json!({ "additionalProperties": inner }),
        json!({ "properties": { "a": { "type": "string" } }, "patternProperties": { "^b": inner } }),
        json!({ "propertyNames": inner }),
        json!({ "properties": { "a": { "type": "string" } }, "unevaluatedProperties": inner }),
        json!({ "dependentSchemas": { "a": inner } }),
        json!({ "items": inner }),
        json!({ "prefixItems": [{ "type": "string" }, inner], "items": inner }),
        json!({ "contains": inner }),
        json!({ "contains": inner, "minContains": 0, "maxContains": 1 }),
        json!({ "prefixItems": [inner], "unevaluatedItems": inner }),
        json!({ "allOf": [inner, { "properties": { "a": inner } }] }),
        json!({ "anyOf": [inner, { "type": "boolean" }] }),
        json!({ "oneOf": [inner, { "type": "null" }] }),
        json!({ "not": inner }),
        json!({ "if": inner, "then": { "minProperties": 1 }, "else": inner }),
        json!({ "allOf": [{ "properties": { "a": inner } }], "unevaluatedProperties": inner }),
    ]
}

fn instances() -> Vec<Value> {
    vec![
        json!(null),
        json!(1),
        json!("aab"),
        json!([]),
        json!(["a", 1, "a"]),
        json!([{ "a": 1 }]),
        json!({}),
        json!({ "a": "a" }),
        json!({ "a": 1, "b": { "a": 1 } }),
        json!({ "bb": "ab", "a": null }),
    ]
}

#[test]
fn whatever_stands_in_a_keyword_compiles_and_means_the_same() -> Result<()> {
    for dialect in ["handfast", "json-schema"] {
        let mut messages = Map::new();
        for inner in inner() {
            // A schema that matches nothing is an error if it is the author's own.
            if dialect == "handfast" && inner["enum"] == json!([]) {
                continue;
            }
            for whole in around(&inner) {
                for ty in [json!(null), json!("object"), json!("array")] {
                    let mut whole = whole.clone();
                    if ty != json!(null) {
                        whole["type"] = ty;
                    }
                    let i = messages.len();
                    let payload = json!({ "type": "object", "properties": { "v": whole }, "required": ["v"] });
                    let from = if i.is_multiple_of(3) {
                        "server"
                    } else {
                        "client"
                    };
                    messages.insert(format!("m{i}"), json!({ "from": from, "payload": payload }));
                }
            }
        }
        let mut spec = spec(Value::Object(messages));
        spec["dialect"] = json!(dialect);
        spec["types"] = json!({ "Any": { "description": "Whatever there is." } });
        spec["generate"]["typescript"]["sides"] = json!("both");
        let protocol = match load(&spec, &BTreeMap::new()) {
            Ok(protocol) => protocol,
            Err(error) => return Err(format!("{dialect}: {error}").into()),
        };
        let folder = generate(&protocol, &format!("combined-{dialect}"))?;
        compile_with_both(&folder)?;
        let mut cases = Vec::new();
        for (i, message) in protocol.messages.iter().enumerate() {
            let (sent, side) = match (&message.client, &message.server) {
                (Some(sent), _) => (sent, Side::Server),
                (_, Some(sent)) => (sent, Side::Client),
                _ => continue,
            };
            let id = sent.payload.ok_or("a payload")?;
            for instance in instances() {
                let value = json!({ "v": instance });
                let expected = violations(&protocol, id, &value, side);
                cases.push(case(&format!("validateM{i}"), side, &value, expected));
            }
        }
        assert_eq!(differences(&folder, &cases)?, "", "{dialect}");
    }
    Ok(())
}
