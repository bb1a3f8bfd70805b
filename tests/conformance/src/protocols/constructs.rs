//! Counts the constructs that protocols are made of.

use super::names;
use crate::values::has_string;
use serde_json::Value;
use std::collections::BTreeMap;

type Construct = (&'static str, fn(&Value) -> bool);

const CONSTRUCTS: &[Construct] = &[
    ("a protocol called by one letter", |spec| {
        spec["protocol"]["name"]
            .as_str()
            .is_some_and(|name| name.chars().count() == 1)
    }),
    ("`dialect: json-schema`", |spec| !spec["dialect"].is_null()),
    ("a flat envelope", |spec| {
        spec["envelope"].get("content").is_some_and(Value::is_null)
    }),
    ("an envelope of one end", |spec| {
        !spec["envelope"]["client"].is_null() || !spec["envelope"]["server"].is_null()
    }),
    ("integer ids", |spec| {
        spec["envelope"]["id"]["type"] == "integer"
    }),
    ("answers in order", |spec| {
        spec["envelope"]["correlate"] == "order"
    }),
    ("answers by a field of their own", |spec| {
        !spec["envelope"]["correlate"]["reply"].is_null()
    }),
    ("an outcome", |spec| !spec["envelope"]["outcome"].is_null()),
    ("a time as a number", |spec| {
        spec["envelope"]["timestamp"]["as"]
            .as_str()
            .is_some_and(|form| form.starts_with("unix"))
    }),
    ("an error with data", |spec| {
        any(&spec["errors"], |one| !one["data"].is_null())
    }),
    ("an error with a number", |spec| {
        any(&spec["errors"], |one| !one["code"].is_null())
    }),
    ("a channel with a parameter", |spec| {
        any(&spec["channels"], |one| !one["params"].is_null())
    }),
    ("a channel with a message that joins", |spec| {
        any(&spec["channels"], |one| !one["join"].is_null())
    }),
    ("a message in a channel", |spec| {
        any(&spec["messages"], |one| !one["channel"].is_null())
    }),
    ("a message of both ends", |spec| {
        any(&spec["messages"], |one| one["from"] == "both")
    }),
    ("a message with unlike payloads", |spec| {
        any(&spec["messages"], |one| {
            !one["client"].is_null() || !one["server"].is_null()
        })
    }),
    ("a message with an envelope of its own", |spec| {
        any(&spec["messages"], |one| !one["envelope"].is_null())
    }),
    ("a message without a payload", |spec| {
        any(&spec["messages"], |one| one["payload"].is_null())
    }),
    ("a reply", |spec| {
        any(&spec["messages"], |one| one["reply"].is_string())
    }),
    ("a stream", |spec| {
        any(&spec["messages"], |one| !one["reply"]["stream"].is_null())
    }),
    ("a stream with an end and an acknowledgement", |spec| {
        any(&spec["messages"], |one| !one["reply"]["end"].is_null())
    }),
    ("a stream that is cancelled", |spec| {
        any(&spec["messages"], |one| !one["reply"]["cancel"].is_null())
    }),
    ("a request with errors", |spec| {
        any(&spec["messages"], |one| !one["errors"].is_null())
    }),
    ("a message for the hello", |spec| {
        !spec["session"]["auth"].is_null()
    }),
    ("a role that is off", |spec| {
        any(&spec["session"]["roles"], |one| one == "off")
    }),
    ("a role with a tag", |spec| {
        any(&spec["session"]["roles"], |one| !one["tag"].is_null())
    }),
    ("a role of the author's", |spec| {
        any(&spec["session"]["roles"], |one| !one["message"].is_null())
    }),
    ("a server that speaks first", |spec| {
        spec["session"]["phases"]["first"] == "server"
    }),
    ("borrowed strings", |spec| {
        !spec["generate"]["rust"]["borrow"].is_null()
    }),
    ("derived traits", |spec| {
        !spec["generate"]["rust"]["derive"].is_null()
    }),
    ("both sides in TypeScript", |spec| {
        spec["generate"]["typescript"]["sides"] == "both"
    }),
    ("a name of code as a name", |spec| {
        let parts = ["types", "errors", "channels", "messages"].map(|part| &spec[part]);
        let names = parts
            .iter()
            .filter_map(|part| part.as_object())
            .flat_map(|all| all.keys());
        names
            .into_iter()
            .any(|name| names::AWKWARD.contains(&name.as_str()))
    }),
    ("values that are numbers and signs", |spec| {
        has_string(spec, &|text| text == "+1") && has_string(spec, &|text| text == "-1")
    }),
    ("values outside of ASCII", |spec| {
        has_string(spec, &|text| text == "注文")
    }),
    ("a description with code", |spec| {
        has_string(spec, &|text| text.starts_with("```"))
    }),
    ("base64", |spec| has_string(spec, &|text| text == "base64")),
    ("a default", |spec| spec.to_string().contains("\"default\"")),
    ("a type of several types", |spec| {
        spec.to_string().contains("\"allOf\":[{\"$ref\":\"#/types/")
    }),
    ("fields beside a union with a tag", |spec| {
        any(&spec["types"], |one| is_beside_a_tag(spec, one))
            || any(&spec["messages"], |one| {
                is_beside_a_tag(spec, &one["payload"])
            })
    }),
];

/// Counts the constructs of a spec.
pub(super) fn count(spec: &Value, counts: &mut BTreeMap<&'static str, usize>) {
    for (name, is) in CONSTRUCTS {
        *counts.entry(name).or_default() += usize::from(is(spec));
    }
}

/// Whether a schema is an object and a type that is a union with a tag.
fn is_beside_a_tag(spec: &Value, schema: &Value) -> bool {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let mut types = parts.filter_map(|part| part["$ref"].as_str()?.strip_prefix("#/types/"));
    types.any(|name| {
        let union = &spec["types"][name];
        [&union["anyOf"], &union["oneOf"]]
            .iter()
            .any(|branches| !branches[0]["properties"]["kind"]["const"].is_null())
    })
}

fn any(table: &Value, asked: impl Fn(&Value) -> bool) -> bool {
    table.as_object().is_some_and(|all| all.values().any(asked))
}
