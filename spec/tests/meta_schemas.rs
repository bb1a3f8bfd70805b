//! The meta-schemas that are made from the table of keywords accept what the published ones do.

use handfast_schema::{SchemaId, Schemas, Validator};
use handfast_spec::{load_str, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Every keyword of any draft, and some that none has.
const KEYWORDS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "discriminator",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "id",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "open",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "rust",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// The schemas that one keyword makes with values of every kind, in places of every depth.
fn schemas() -> Vec<Value> {
    let values = json!([
        null, true, false, 0, 1, 2, -1, 1.5, "", "a", "_a.b", "#a", "a#", "array", [], ["a"], ["a", "a"], ["string", "null"],
        ["string", "string"], [1], [true], [{}], [{ "minLength": -1 }], {}, { "a": {} }, { "a": true }, { "a": 1 },
        { "a": ["b"] }, { "a": ["b", "b"] }, { "a": [] }, { "a": { "minLength": -1 } }, { "minLength": -1 },
        { "https://example.com/a": true }, { "not": { "type": "nothing" } },
    ]);
    let mut all = vec![
        json!(true),
        json!(false),
        json!(1),
        json!({}),
        json!({ "minimum": 1, "exclusiveMinimum": true }),
    ];
    for keyword in KEYWORDS {
        for value in values.as_array().expect("a list") {
            all.push(json!({ (*keyword): value }));
        }
    }
    all
}

/// The schemas of a spec whose payload is a schema itself.
fn of(address: &str) -> (Schemas, SchemaId) {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "dialect": { "name": "json-schema" },
        "messages": { "news": { "from": "client", "payload": { "$ref": address } } },
    });
    let loaded = load_str(
        "protocol.json",
        spec.to_string().as_bytes(),
        &BTreeMap::new(),
    );
    let shown = render(&loaded.diagnostics, &loaded.sources, false);
    assert_eq!(shown, "", "{address}");
    let protocol = loaded.protocol.expect("a protocol");
    let payload = protocol.messages[0]
        .client
        .as_ref()
        .and_then(|one| one.payload);
    (protocol.schemas, payload.expect("a payload"))
}

/// How many of the schemas are valid and how many are not, by our meta-schema and by the published one.
fn compared(address: &str, published_at: &str, draft: jsonschema::Draft) -> [usize; 2] {
    let (schemas, root) = of(address);
    let validator = Validator::new(&schemas);
    let oracle = jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(false)
        .build(&json!({ "$ref": published_at }))
        .expect("a validator");
    let mut counts = [0, 0];
    for schema in self::schemas() {
        let valid = validator.is_valid(root, &schema, None);
        assert_eq!(valid, oracle.is_valid(&schema), "{address} {schema}");
        counts[usize::from(!valid)] += 1;
    }
    counts
}

#[test]
fn they_accept_what_the_published_ones_accept() {
    use jsonschema::Draft::{Draft4, Draft6, Draft7, Draft201909, Draft202012};
    let old = "http://json-schema.org/";
    let new = "https://json-schema.org/draft/";
    for (address, published_at, draft) in [
        (
            format!("{old}draft-04/schema#"),
            format!("{old}draft-04/schema#"),
            Draft4,
        ),
        (
            "https://json-schema.org/draft-06/schema".into(),
            format!("{old}draft-06/schema#"),
            Draft6,
        ),
        (
            format!("{old}draft-07/schema#"),
            format!("{old}draft-07/schema#"),
            Draft7,
        ),
        (
            format!("{new}2019-09/schema"),
            format!("{new}2019-09/schema"),
            Draft201909,
        ),
        (
            format!("{new}2020-12/schema#"),
            format!("{new}2020-12/schema"),
            Draft202012,
        ),
    ] {
        let [good, bad] = compared(&address, &published_at, draft);
        assert!(
            good > 500 && bad > 500,
            "{address}: {good} good and {bad} bad"
        );
    }
    for (draft, folder, names) in [
        (
            Draft201909,
            "2019-09",
            "core applicator validation meta-data format content",
        ),
        (
            Draft202012,
            "2020-12",
            "core applicator unevaluated validation meta-data format-annotation format-assertion content",
        ),
    ] {
        for name in names.split(' ') {
            let address = format!("{new}{folder}/meta/{name}");
            let [good, bad] = compared(&address, &address, draft);
            assert!(
                good > 500 && bad > 10,
                "{address}: {good} good and {bad} bad"
            );
        }
    }
}
