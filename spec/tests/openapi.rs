//! OpenAPI 3.0: its Schema Object, and its documents as files.

use handfast_schema::{Side, validate};
use handfast_spec::{Loaded, load_str, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A protocol with one payload of a dialect, and an OpenAPI document beside it with these components.
fn read(dialect: &Value, version: &str, payload: &Value, components: &Value) -> Loaded {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "dialect": dialect,
        "messages": { "news": { "from": "client", "payload": payload } },
    });
    let document = json!({
        "openapi": version,
        "info": { "title": "Pets", "version": "1.0.0" },
        "paths": { "/pets": { "get": { "responses": { "200": { "description": "All.", "content": {
            "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } } }
        } } } } } },
        "components": { "schemas": components },
    });
    let files = BTreeMap::from([("pets.json".to_owned(), document.to_string().into_bytes())]);
    load_str("protocol.json", spec.to_string().as_bytes(), &files)
}

fn rendered(loaded: &Loaded) -> String {
    render(&loaded.diagnostics, &loaded.sources, false)
}

fn takes(loaded: &Loaded, instance: &Value) -> bool {
    let protocol = loaded.protocol.as_ref();
    let protocol = protocol.unwrap_or_else(|| panic!("{}", rendered(loaded)));
    let payload = protocol.messages[0]
        .client
        .as_ref()
        .and_then(|one| one.payload);
    let payload = payload.expect("there is a payload");
    validate(&protocol.schemas, payload, instance, Some(Side::Server)).is_empty()
}

/// A payload that is a Schema Object itself.
fn inline(schema: &Value) -> Loaded {
    let dialect = json!({ "name": "json-schema", "draft": "openapi-3.0" });
    read(&dialect, "3.0.3", schema, &json!({}))
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn null_is_allowed_where_it_says_so() {
    let string = json!({ "type": "string", "nullable": true });
    for (schema, nullable) in [
        (string.clone(), true),
        (json!({ "type": "string", "nullable": false }), false),
        (
            json!({ "type": "string", "nullable": true, "enum": ["a", null] }),
            true,
        ),
        (
            json!({ "type": "object", "nullable": true, "properties": { "a": {} } }),
            true,
        ),
        (
            json!({ "nullable": true, "allOf": [{ "type": "string" }] }),
            true,
        ),
        (
            json!({ "nullable": true, "oneOf": [{ "type": "string" }, { "type": "integer" }] }),
            true,
        ),
        (
            json!({ "nullable": true, "anyOf": [{ "type": "string" }], "minLength": 1 }),
            true,
        ),
        (json!({ "allOf": [{ "type": "string" }] }), false),
    ] {
        let loaded = inline(&schema);
        assert_eq!(codes(&loaded), Vec::<&str>::new(), "{schema}");
        assert_eq!(takes(&loaded, &json!(null)), nullable, "{schema}");
        assert!(!takes(&loaded, &json!([])), "{schema}");
    }
    let listed = inline(&json!({ "type": "string", "nullable": true, "enum": ["a"] }));
    assert_eq!(codes(&listed), ["S020"]);
    assert!(!takes(&listed, &json!(null)));
}

#[test]
fn keywords_are_those_of_the_schema_object() {
    for (schema, good, bad) in [
        (
            json!({ "type": "number", "minimum": 1, "exclusiveMinimum": true }),
            json!(2),
            Some(json!(1)),
        ),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            json!(["a"]),
            Some(json!([1])),
        ),
        (
            json!({ "const": 1, "if": true, "then": false, "patternProperties": { "a": false } }),
            json!({ "a": 1 }),
            None,
        ),
        (
            json!({ "example": 1, "xml": { "name": "a" }, "externalDocs": {}, "deprecated": true }),
            json!(1),
            None,
        ),
        (
            json!({ "type": "integer", "format": "int64" }),
            json!(1),
            Some(json!(1.5)),
        ),
        (
            json!({ "type": "string", "format": "byte" }),
            json!("%"),
            None,
        ),
    ] {
        let loaded = inline(&schema);
        assert_eq!(
            codes(&loaded),
            Vec::<&str>::new(),
            "{schema}: {}",
            rendered(&loaded)
        );
        assert!(takes(&loaded, &good), "{schema}");
        if let Some(bad) = bad {
            assert!(!takes(&loaded, &bad), "{schema}");
        }
    }
    assert_eq!(
        codes(&inline(&json!({ "discriminator": "kind", "oneOf": [{}] }))),
        ["S002"]
    );
}

/// Pets, of which the property does not say itself which values it has.
fn pets(mapping: &Value) -> Value {
    let mut discriminator = json!({ "propertyName": "kind" });
    if !mapping.is_null() {
        discriminator["mapping"] = mapping.clone();
    }
    let pet = |field: &str| {
        json!({ "type": "object", "required": ["kind"], "properties": {
            "kind": { "type": "string", "description": "What it is." }, field: { "type": "integer" } } })
    };
    json!({
        "Pet": {
            "oneOf": [{ "$ref": "#/components/schemas/Cat" }, { "$ref": "#/components/schemas/Dog" }],
            "discriminator": discriminator,
        },
        "Base": { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string" } } },
        "Cat": pet("lives"),
        "Dog": { "allOf": [{ "$ref": "#/components/schemas/Base" }, { "properties": { "tricks": { "type": "integer" } } }] },
    })
}

#[test]
fn a_discriminator_selects_the_branch() {
    let plain = json!({ "name": "json-schema", "draft": "openapi-3.0" });
    for pointer in [
        "/components/schemas/Pet",
        "/paths/~1pets/get/responses/200/content/application~1json/schema/items",
    ] {
        let payload = json!({ "$ref": format!("./pets.json#{pointer}") });
        for (mapping, cat, dog) in [
            (json!(null), "Cat", "Dog"),
            (
                json!({ "cat": "#/components/schemas/Cat", "hound": "Dog" }),
                "cat",
                "hound",
            ),
            (
                json!({ "hound": "#/components/schemas/Dog" }),
                "Cat",
                "hound",
            ),
        ] {
            let loaded = read(&plain, "3.0.3", &payload, &pets(&mapping));
            assert!(
                takes(&loaded, &json!({ "kind": cat, "lives": 9 })),
                "{mapping}"
            );
            assert!(
                takes(&loaded, &json!({ "kind": dog, "tricks": 9 })),
                "{mapping}"
            );
            for wrong in [
                json!({ "kind": cat, "lives": "9" }),
                json!({ "kind": dog, "tricks": "9" }),
                json!({ "kind": "bird" }),
                json!({ "lives": 9 }),
            ] {
                assert!(!takes(&loaded, &wrong), "{mapping} {wrong}");
            }
        }
    }
    let two = json!({ "cat": "Cat", "tiger": "Cat" });
    let payload = json!({ "$ref": "./pets.json#/components/schemas/Pet" });
    let loaded = read(&plain, "3.0.3", &payload, &pets(&two));
    assert!(
        takes(&loaded, &json!({ "kind": "tiger" })) && !takes(&loaded, &json!({ "kind": "Cat" }))
    );
    let lost = json!({ "cow": "#/components/schemas/Cow" });
    assert_eq!(
        codes(&read(&plain, "3.0.3", &payload, &pets(&lost))),
        ["S003"]
    );
}

#[test]
fn a_document_is_of_its_version_under_any_setting() {
    let schemas = json!({ "Pet": { "type": "object", "properties": { "name": { "type": "string", "nullable": true } } } });
    let payload = json!({ "$ref": "./pets.json#/components/schemas/Pet" });
    let null = json!({ "name": null });
    for dialect in [
        json!("json-schema"),
        json!("handfast"),
        json!({ "name": "json-schema", "draft": 7 }),
    ] {
        let loaded = read(&dialect, "3.0.0", &payload, &schemas);
        assert!(takes(&loaded, &null), "{dialect}");
        // The two defaults are those of the dialect.
        assert_eq!(
            takes(&loaded, &json!({ "more": 1 })),
            dialect != json!("handfast")
        );
    }
    let bytes = json!({ "Pet": { "type": "string", "format": "byte" } });
    let ours = read(&json!("handfast"), "3.0.0", &payload, &bytes);
    assert_eq!(codes(&ours), Vec::<&str>::new());
    assert!(takes(&ours, &json!("YQ==")) && !takes(&ours, &json!("%")));
    // In 3.1 it is any unknown keyword.
    assert!(!takes(
        &read(&json!("json-schema"), "3.1.0", &payload, &schemas),
        &null
    ));
    let ours = read(&json!("handfast"), "3.1.0", &payload, &schemas);
    assert!(codes(&ours).contains(&"S001"), "{}", rendered(&ours));
}

#[test]
fn formats_of_numbers_are_bounds_in_the_own_dialect() {
    let ours = |schema: &Value| {
        let loaded = read(&json!("handfast"), "3.1.0", schema, &json!({}));
        assert!(
            !codes(&loaded).contains(&"S014"),
            "{schema}: {}",
            rendered(&loaded)
        );
        loaded
    };
    for (format, low, high) in [
        ("int8", -128_i64, 127_i64),
        ("int16", -32_768, 32_767),
        ("int32", -2_147_483_648, 2_147_483_647),
        ("uint8", 0, 255),
        ("uint16", 0, 65_535),
        ("uint32", 0, 4_294_967_295),
    ] {
        let loaded = ours(&json!({ "type": "integer", "format": format }));
        assert_eq!(codes(&loaded), Vec::<&str>::new(), "{format}");
        assert!(
            takes(&loaded, &json!(low)) && takes(&loaded, &json!(high)),
            "{format}"
        );
        assert!(
            !takes(&loaded, &json!(low - 1)) && !takes(&loaded, &json!(high + 1)),
            "{format}"
        );
    }
    let narrow = ours(
        &json!({ "type": ["integer", "null"], "format": "int32", "minimum": 5, "exclusiveMaximum": 10 }),
    );
    let found = [json!(4), json!(5), json!(10), json!(null)].map(|one| takes(&narrow, &one));
    assert_eq!(found, [false, true, false, true]);
    let wide =
        ours(&json!({ "type": "integer", "format": "uint8", "minimum": -5, "maximum": 1000 }));
    let found = [json!(-5), json!(0), json!(256)].map(|one| takes(&wide, &one));
    assert_eq!(found, [false, true, false]);
    assert_eq!(
        codes(&ours(&json!({ "type": "number", "format": "double" }))),
        ["G006"]
    );
    // To the letter they are annotations.
    for schema in [
        json!({ "type": "integer", "format": "int32" }),
        json!({ "type": "number", "format": "float" }),
    ] {
        let loaded = read(&json!("json-schema"), "3.1.0", &schema, &json!({}));
        assert_eq!(codes(&loaded), Vec::<&str>::new(), "{schema}");
        assert!(takes(&loaded, &json!(3_000_000_000_u64)));
    }
    // Of strings they are not, and those of 64 bits are.
    let string = read(
        &json!("handfast"),
        "3.1.0",
        &json!({ "type": "string", "format": "int32" }),
        &json!({}),
    );
    assert_eq!(codes(&string), ["S014"]);
    let wide = read(
        &json!("handfast"),
        "3.1.0",
        &json!({ "type": "integer", "format": "int64" }),
        &json!({}),
    );
    assert_eq!(codes(&wide), ["S011"]);
}
