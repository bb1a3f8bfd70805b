//! `dialect: json-schema`: schemas mean what JSON Schema says, and nothing else.

use handfast_schema::{Side, validate};
use handfast_spec::{Loaded, load_str, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A protocol with one payload, and some files beside it.
fn read(head: &Value, payload: &Value, files: &[(&str, Value)]) -> Loaded {
    let mut spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "messages": { "news": { "from": "client", "payload": payload } },
    });
    for (key, value) in head.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    let files: BTreeMap<String, Vec<u8>> = files
        .iter()
        .map(|(name, file)| ((*name).to_owned(), file.to_string().into_bytes()))
        .collect();
    load_str("protocol.json", spec.to_string().as_bytes(), &files)
}

/// Whether a server accepts each of the instances.
fn takes(loaded: &Loaded, instances: &[Value]) -> Vec<bool> {
    let shown = render(&loaded.diagnostics, &loaded.sources, false);
    let protocol = loaded.protocol.as_ref().expect(&shown);
    let payload = protocol.messages[0]
        .client
        .as_ref()
        .and_then(|one| one.payload);
    let payload = payload.expect("there is a payload");
    let judge = |one: &Value| validate(&protocol.schemas, payload, one, Some(Side::Server));
    instances.iter().map(|one| judge(one).is_empty()).collect()
}

fn plain() -> Value {
    json!({ "dialect": "json-schema" })
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn the_two_defaults_are_off() {
    let payload = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let instances = [json!({ "n": 1, "more": 2 }), json!({ "n": 1e300 })];
    assert_eq!(
        takes(&read(&plain(), &payload, &[]), &instances),
        [true, true]
    );
    let ours = read(&json!({ "dialect": "handfast" }), &payload, &[]);
    assert_eq!(takes(&ours, &instances), [false, false]);
    let hash = |loaded: &Loaded| loaded.protocol.as_ref().map(|one| one.hash.clone());
    assert_ne!(hash(&ours), hash(&read(&plain(), &payload, &[])));
    assert_eq!(hash(&ours), hash(&read(&json!({}), &payload, &[])));
}

#[test]
fn integers_may_have_the_bounds_of_a_double() {
    let payload = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let instances = [
        json!({ "n": 1, "more": 2 }),
        json!({ "n": 9_007_199_254_740_991_u64 }),
        json!({ "n": 9_007_199_254_740_992_u64 }),
    ];
    let head =
        |integers: &str| json!({ "dialect": { "name": "json-schema", "integers": integers } });
    let (any, safe) = (
        read(&head("any"), &payload, &[]),
        read(&head("safe"), &payload, &[]),
    );
    assert_eq!(takes(&any, &instances), [true, true, true]);
    assert_eq!(takes(&safe, &instances), [true, true, false]);
    let hash = |loaded: &Loaded| loaded.protocol.as_ref().map(|one| one.hash.clone());
    assert_eq!(hash(&any), hash(&read(&plain(), &payload, &[])));
    assert_ne!(hash(&any), hash(&safe));
    let idle = json!({ "dialect": { "name": "handfast", "integers": "safe" } });
    assert_eq!(codes(&read(&idle, &payload, &[])), ["P028"]);
}

#[test]
fn unknown_keywords_are_ignored_and_may_be_referred_to() {
    let payload = json!({
        "minimun": 5,
        "open": true,
        "enum": ["a", 3],
        "shape": { "type": "integer" },
        "$ref": "#/shape",
    });
    let instances = [json!(3), json!("a"), json!("b")];
    assert_eq!(
        takes(&read(&plain(), &payload, &[]), &instances),
        [true, false, false]
    );
}

#[test]
fn formats_are_asserted_where_somebody_says_so() {
    let payload = json!({ "format": "ipv4" });
    let instances = [json!("127.0.0.1"), json!("nowhere")];
    let annotated = read(&plain(), &payload, &[]);
    assert_eq!(takes(&annotated, &instances), [true, true]);
    let head = json!({ "dialect": { "name": "json-schema", "formats": "assert" } });
    assert_eq!(
        takes(&read(&head, &payload, &[]), &instances),
        [true, false]
    );
    // An unknown format and our own ones stay annotations.
    for format in ["colour", "int64"] {
        let loaded = read(&head, &json!({ "format": format }), &[]);
        assert_eq!(takes(&loaded, &[json!("x")]), [true], "{format}");
    }
    let encoded = read(&head, &json!({ "contentEncoding": "base64" }), &[]);
    assert_eq!(takes(&encoded, &[json!("%")]), [true]);
}

#[test]
fn addresses_lead_into_the_document_and_to_remotes_and_nowhere_else() {
    let payload = json!({
        "$id": "https://example.com/a/root",
        "prefixItems": [
            { "$ref": "other#here" },
            { "$ref": "../remote" },
            { "$ref": "urn:example:n" },
            { "$ref": "https://example.com/remote#/$defs/deep" },
        ],
        "$defs": {
            "other": { "$id": "other", "$defs": { "x": { "$anchor": "here", "type": "string" } } },
            "urn": { "$id": "urn:example:n", "type": "null" },
        },
    });
    let head = json!({
        "dialect": "json-schema",
        "remotes": { "https://example.com/remote#": "schemas/remote.json" },
    });
    let remote = json!({
        "$ref": "a/root#/$defs/urn",
        "$defs": { "deep": { "type": "boolean" } },
    });
    let files = [("schemas/remote.json", remote)];
    let loaded = read(&head, &payload, &files);
    let good = json!(["", null, null, true]);
    let bad = [
        json!([1]),
        json!(["", 1]),
        json!(["", null, 1]),
        json!(["", null, null, 1]),
    ];
    assert_eq!(takes(&loaded, &[good]), [true]);
    assert_eq!(takes(&loaded, &bad), [false; 4]);

    let fetched = read(&plain(), &json!({ "$ref": "https://example.com/x" }), &[]);
    assert_eq!(codes(&fetched), ["S004"]);
    let lost = read(&plain(), &json!({ "$ref": "#/nowhere" }), &[]);
    assert_eq!(codes(&lost), ["S003"]);
    let head = json!({
        "dialect": "json-schema",
        "remotes": { "https://example.com/x": "../x.json" },
    });
    let outside = read(&head, &json!({ "$ref": "https://example.com/x" }), &[]);
    assert_eq!(codes(&outside), ["S005"]);
    let head = json!({ "dialect": "json-schema", "remotes": { "x.json": "x.json" } });
    assert_eq!(codes(&read(&head, &json!(true), &[])), ["S030"]);
}

#[test]
fn types_of_the_protocol_and_files_beside_it_are_reached_as_well() {
    let mut head = plain();
    head["types"] = json!({ "Word": { "type": "string" } });
    let payload = json!({ "items": { "anyOf": [
        { "$ref": "#/types/Word" }, { "$ref": "./beside.json" }, { "$ref": "#/$defs/no" },
    ] }, "$defs": { "no": { "type": "boolean" } } });
    let files = [("beside.json", json!({ "type": "null" }))];
    let loaded = read(&head, &payload, &files);
    let instances = [json!(["a", null, true]), json!([1])];
    assert_eq!(takes(&loaded, &instances), [true, false]);
}

#[test]
fn a_meta_schema_says_which_vocabularies_count() {
    let vocabulary = |name: &str| format!("https://json-schema.org/draft/2020-12/vocab/{name}");
    let meta = |vocabularies: &[(&str, bool)]| {
        let named: serde_json::Map<String, Value> = vocabularies
            .iter()
            .map(|(name, required)| (vocabulary(name), json!(required)))
            .collect();
        json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$vocabulary": named })
    };
    let head = json!({
        "dialect": "json-schema",
        "remotes": { "https://example.com/meta": "meta.json" },
    });
    let payload = json!({
        "$schema": "https://example.com/meta",
        "properties": { "n": { "minimum": 10 }, "no": false, "ip": { "format": "ipv4" } },
        "$defs": { "inner": {
            "$id": "inner", "$schema": "https://json-schema.org/draft/2020-12/schema", "minimum": 10,
        } },
        "additionalProperties": { "$ref": "inner" },
    });
    let instances = [
        json!({ "n": 1 }),
        json!({ "no": 1 }),
        json!({ "ip": "x" }),
        json!({ "more": 1 }),
    ];
    for (vocabularies, expected) in [
        (
            vec![("core", true), ("applicator", true)],
            [true, false, true, false],
        ),
        (
            vec![("core", true), ("validation", true)],
            [true, true, true, true],
        ),
        (
            vec![
                ("applicator", true),
                ("validation", true),
                ("format-assertion", false),
            ],
            [false, false, false, false],
        ),
        (
            vec![("core", true), ("applicator", true), ("colours", false)],
            [true, false, true, false],
        ),
    ] {
        let files = [("meta.json", meta(&vocabularies))];
        let loaded = read(&head, &payload, &files);
        assert_eq!(takes(&loaded, &instances), expected, "{vocabularies:?}");
    }
    let files = [("meta.json", meta(&[("colours", true)]))];
    assert_eq!(codes(&read(&head, &payload, &files)), ["S002"]);
    assert_eq!(codes(&read(&plain(), &payload, &[])), ["S002"]);
}

#[test]
fn what_has_no_effect_is_warned_of() {
    let head = json!({
        "dialect": { "name": "handfast", "formats": "assert" },
        "remotes": { "https://example.com/x": "x.json" },
    });
    assert_eq!(codes(&read(&head, &json!({}), &[])), ["P028", "P028"]);
    // A schema that matches nothing is not an error in a schema that may be someone else's.
    let loaded = read(
        &plain(),
        &json!({ "minimum": 2, "maximum": 1, "enum": [1, 1] }),
        &[],
    );
    assert_eq!(takes(&loaded, &[json!(1)]), [false]);
    assert_eq!(codes(&loaded), ["S010", "S009"]);
}

#[test]
fn dependencies_of_older_drafts_are_read() {
    let payload = json!({ "dependencies": { "a": ["b"], "c": { "required": ["d"] } } });
    let instances = [
        json!({ "a": 1 }),
        json!({ "a": 1, "b": 1 }),
        json!({ "c": 1 }),
    ];
    assert_eq!(
        takes(&read(&plain(), &payload, &[]), &instances),
        [false, true, false]
    );
}

/// Branches of which a client accepts two where a server accepts one.
#[test]
fn branches_that_overlap_for_a_client_are_reported() {
    let codes = |branches: &str, from: &str| -> Vec<&'static str> {
        let text = format!(
            "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\nmessages:\n  news: {{ from: {from}, payload: {{ oneOf: [{branches}] }} }}\n"
        );
        let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
        loaded.diagnostics.iter().map(|one| one.code).collect()
    };
    let branch = |fields: &str| format!("{{ type: object, {fields} }}");
    let some = branch("properties: { some: { type: number } }");
    let another = branch("properties: { another: { type: number } }");
    let overlap = format!("{some}, {another}");
    assert_eq!(codes(&overlap, "server"), ["S024"]);
    assert_eq!(codes(&overlap, "both"), ["S024"]);
    for inside in [
        format!("{some}, {{ allOf: [{another}] }}"),
        format!("{some}, {{ anyOf: [{another}, {{ type: string }}] }}"),
        format!(
            "{some}, {{ type: object, allOf: [{another}], properties: {{ more: {{ type: string }} }} }}"
        ),
    ] {
        assert_eq!(codes(&inside, "server"), ["S024"], "{inside}");
    }
    // A server can distinguish them.
    assert_eq!(codes(&overlap, "client"), Vec::<&str>::new());
    let more = "required: [a], properties: { a: { type: string }, b: { type: string } }";
    let less = "required: [a], properties: { a: { type: string } }";
    assert_eq!(
        codes(&format!("{}, {}", branch(less), branch(more)), "server"),
        ["S024"]
    );
    for apart in [
        // Each requires a field that the other lacks.
        [
            "required: [some], properties: { some: { type: number } }",
            "required: [another], properties: { another: { type: number } }",
        ],
        // A field of both differs.
        [
            "required: [v], properties: { v: { type: string }, x: { type: number } }",
            "required: [v], properties: { v: { type: number }, y: { type: number } }",
        ],
        [
            "required: [v], properties: { v: { const: 1 }, x: { type: number } }",
            "required: [v], properties: { v: { const: 2 }, y: { type: number } }",
        ],
        // Closed on both sides.
        [
            "properties: { some: { type: number } }, additionalProperties: false",
            "properties: { another: { type: number } }, additionalProperties: false",
        ],
    ] {
        let branches = apart.map(branch).join(", ");
        assert_eq!(codes(&branches, "server"), Vec::<&str>::new(), "{branches}");
    }
}

#[test]
fn annotations_of_the_wrong_kind_are_passed_over() {
    let payload = json!({
        "type": "object",
        "deprecated": "since 2",
        "examples": "a",
        "description": null,
        "properties": { "a": { "title": 1, "readOnly": "no", "type": "string" } }
    });
    let plain = read(&plain(), &payload, &[]);
    assert_eq!(codes(&plain), ["S002"; 5]);
    assert_eq!(
        takes(&plain, &[json!({ "a": "x" }), json!({ "a": 1 })]),
        [true, false]
    );
    let ours = read(&json!({}), &payload, &[]);
    assert!(ours.protocol.is_none());
    // Assertions are not annotations.
    assert!(
        read(
            &json!({ "dialect": "json-schema" }),
            &json!({ "minLength": "1" }),
            &[]
        )
        .protocol
        .is_none()
    );
}

#[test]
fn what_was_meant_is_said() {
    let reported = |payload: Value| {
        let loaded = read(&json!({}), &payload, &[]);
        render(&loaded.diagnostics, &loaded.sources, false)
    };
    for (word, expected) in [
        ("uuid", "`{ type: string, format: uuid }`"),
        ("date", "`{ type: string, format: date }`"),
        ("email", "`{ type: string, format: email }`"),
        ("datetime", "`{ type: string, format: date-time }`"),
        ("DateTime", "`{ type: string, format: date-time }`"),
        ("int", "did you mean `integer`?"),
        ("int64", "`{ type: string, format: int64 }`"),
        ("float", "did you mean `number`?"),
        ("str", "did you mean `string`?"),
        ("bool", "did you mean `boolean`?"),
        ("map", "`{ type: object, additionalProperties: … }`"),
        ("list", "did you mean `array`?"),
        ("bytes", "contentEncoding: base64"),
        ("String", "did you mean `string`?"),
    ] {
        let text = reported(json!({ "type": word }));
        assert!(
            text.contains("error[S002]") && text.contains(expected),
            "{text}"
        );
    }
    assert!(reported(json!({ "title": "string" })).contains("note[S025]"));
    assert!(reported(json!({ "type": "object", "description": "integer" })).contains("note[S025]"));
    assert_eq!(
        reported(json!({ "type": "string", "default": "string" })),
        ""
    );
    assert_eq!(
        reported(
            json!({ "type": "object", "description": "A string.", "properties": { "a": true } })
        ),
        ""
    );
}

/// A branch may require what is declared around it; what nothing declares is still an error.
#[test]
fn what_is_declared_around_a_branch_is_known() {
    let around = |required: &str| {
        let payload = json!({
            "type": "object",
            "properties": { "a": { "type": "string" }, "c": { "type": "string" } },
            "anyOf": [
                { "required": [required], "properties": { "b": { "type": "string" } } },
                { "allOf": [{ "required": ["c"], "properties": { "d": { "type": "string" } } }] }
            ]
        });
        read(&json!({}), &payload, &[])
    };
    assert_eq!(codes(&around("a")), Vec::<&str>::new());
    assert_eq!(codes(&around("x")), ["S012"]);
}

/// What a `then` or a dependent schema declares is known as well, and a schema that only tests a value refuses no field.
#[test]
fn what_a_condition_declares_and_what_a_test_requires_is_no_mistake() {
    let with = |keywords: Value| {
        let mut payload =
            json!({ "type": "object", "properties": { "a": { "type": "string" }, "all": true } });
        for (key, value) in keywords.as_object().into_iter().flatten() {
            payload[key] = value.clone();
        }
        read(&json!({}), &payload, &[])
    };
    let test = || json!({ "properties": { "a": { "const": "x" } }, "required": ["b"] });
    for known in [
        json!({ "required": ["b"], "if": { "required": ["a"] }, "then": { "properties": { "b": { "type": "string" } } }, "else": { "properties": { "b": { "type": "null" } } } }),
        json!({ "required": ["a", "b"], "dependentSchemas": { "a": { "properties": { "b": { "type": "string" } } } } }),
        json!({ "not": test() }),
        json!({ "not": { "anyOf": [test(), { "properties": { "all": { "type": "array", "items": test() } } }] } }),
        json!({ "if": test(), "then": { "required": ["a"] } }),
        json!({ "properties": { "all": { "type": "array", "items": {}, "contains": test() } } }),
    ] {
        assert_eq!(codes(&with(known.clone())), Vec::<&str>::new(), "{known}");
    }
    assert_eq!(codes(&with(json!({ "required": ["b"] }))), ["S012"]);
    // Beside the test, the type that it refers to describes a value.
    let referred = json!({ "$defs": { "T": test() }, "not": { "$ref": "#/$defs/T" } });
    assert_eq!(codes(&with(referred)), ["S012"]);
}

/// A count may be larger than any value is long.
#[test]
fn counts_have_no_limit() {
    for count in ["1e16", "9007199254740993", "18446744073709551616", "1e300"] {
        let count: Value = serde_json::from_str(count).expect("a number");
        let payload = json!({ "type": "string", "maxLength": count });
        let loaded = read(&json!({}), &payload, &[]);
        assert_eq!(codes(&loaded), Vec::<&str>::new(), "{count}");
    }
    for count in [json!(-1), json!(1.5), json!(-1e300)] {
        let payload = json!({ "type": "string", "maxLength": count });
        assert_eq!(codes(&read(&json!({}), &payload, &[])), ["S002"], "{count}");
    }
}
