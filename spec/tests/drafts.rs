//! The drafts of JSON Schema: each means what it says, and they may refer to each other.

use handfast_schema::{Side, validate};
use handfast_spec::{Loaded, load_str, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DRAFT_04: &str = "http://json-schema.org/draft-04/schema#";
const DRAFT_06: &str = "http://json-schema.org/draft-06/schema#";
const DRAFT_07: &str = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019: &str = "https://json-schema.org/draft/2019-09/schema";
const DRAFT_2020: &str = "https://json-schema.org/draft/2020-12/schema";

/// A protocol with one payload under a dialect, and some files beside it.
fn read(dialect: Value, payload: &Value, files: &[(&str, Value)]) -> Loaded {
    let mut spec = json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "dialect": dialect,
        "messages": { "news": { "from": "client", "payload": payload } },
    });
    if dialect != json!("handfast") && !files.is_empty() {
        let remotes = files.iter();
        let remotes = remotes.map(|(name, _)| (format!("https://example.com/{name}"), json!(name)));
        spec["remotes"] = Value::Object(remotes.collect());
    }
    let files: BTreeMap<String, Vec<u8>> = files
        .iter()
        .map(|(name, file)| ((*name).to_owned(), file.to_string().into_bytes()))
        .collect();
    load_str("protocol.json", spec.to_string().as_bytes(), &files)
}

fn rendered(loaded: &Loaded) -> String {
    render(&loaded.diagnostics, &loaded.sources, false)
}

/// Whether a server accepts an instance.
fn takes(loaded: &Loaded, instance: &Value) -> bool {
    let protocol = loaded.protocol.as_ref();
    let protocol = protocol.unwrap_or_else(|| panic!("{}", rendered(loaded)));
    let payload = protocol.messages[0]
        .client
        .as_ref()
        .and_then(|one| one.payload)
        .expect("there is a payload");
    validate(&protocol.schemas, payload, instance, Some(Side::Server)).is_empty()
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.diagnostics.iter().map(|one| one.code).collect()
}

/// A schema with a `$schema`.
fn of(draft: &str, mut schema: Value) -> Value {
    schema["$schema"] = json!(draft);
    schema
}

/// In each draft, whether the instance is valid: 04, 06, 07, 2019-09, 2020-12.
fn in_each(schema: &Value, instance: &Value) -> [bool; 5] {
    [DRAFT_04, DRAFT_06, DRAFT_07, DRAFT_2019, DRAFT_2020].map(|draft| {
        let loaded = read(json!("json-schema"), &of(draft, schema.clone()), &[]);
        takes(&loaded, instance)
    })
}

#[test]
fn a_keyword_means_what_its_draft_says() {
    let (yes, no) = (true, false);
    for (schema, instance, expected) in [
        (json!({ "const": 1 }), json!(2), [yes, no, no, no, no]),
        (
            json!({ "contains": false }),
            json!([1]),
            [yes, no, no, no, no],
        ),
        (
            json!({ "propertyNames": { "maxLength": 1 } }),
            json!({ "ab": 1 }),
            [yes, no, no, no, no],
        ),
        (
            json!({ "if": true, "then": false }),
            json!(1),
            [yes, yes, no, no, no],
        ),
        (
            json!({ "contains": { "const": 1 }, "minContains": 0 }),
            json!([2]),
            [yes, no, no, yes, yes],
        ),
        (
            json!({ "dependentRequired": { "a": ["b"] } }),
            json!({ "a": 1 }),
            [yes, yes, yes, no, no],
        ),
        (
            json!({ "dependencies": { "a": ["b"], "c": { "required": ["d"] } } }),
            json!({ "c": 1 }),
            [no; 5],
        ),
        (
            json!({ "properties": { "a": {} }, "unevaluatedProperties": false }),
            json!({ "b": 1 }),
            [yes, yes, yes, no, no],
        ),
        (
            json!({ "prefixItems": [false] }),
            json!([1]),
            [yes, yes, yes, yes, no],
        ),
        (
            json!({ "$ref": "#/$defs/any", "maxLength": 1, "$defs": { "any": {} } }),
            json!("ab"),
            [yes, yes, yes, no, no],
        ),
        (
            json!({ "allOf": [{ "$ref": "#/definitions/one" }], "definitions": { "one": { "enum": [1] } } }),
            json!(2),
            [no; 5],
        ),
        (json!({ "additionalItems": false }), json!([1]), [yes; 5]),
    ] {
        assert_eq!(in_each(&schema, &instance), expected, "{schema}");
    }
}

#[test]
fn items_may_be_a_list_until_2019() {
    let schema = json!({ "items": [{ "type": "string" }], "additionalItems": { "type": "null" } });
    for draft in [DRAFT_04, DRAFT_06, DRAFT_07, DRAFT_2019] {
        let loaded = read(json!("json-schema"), &of(draft, schema.clone()), &[]);
        assert!(takes(&loaded, &json!(["a", null])), "{draft}");
        assert!(!takes(&loaded, &json!(["a", 1])), "{draft}");
        assert!(!takes(&loaded, &json!([1])), "{draft}");
        assert!(takes(&loaded, &json!([])), "{draft}");
    }
    let loaded = read(json!("json-schema"), &of(DRAFT_2020, schema), &[]);
    assert_eq!(codes(&loaded), ["S002"]);
}

#[test]
fn bounds_of_draft_04_are_made_exclusive_by_flags() {
    let schema = json!({
        "minimum": 1, "exclusiveMinimum": true, "maximum": 3, "exclusiveMaximum": false,
    });
    let loaded = read(json!("json-schema"), &of(DRAFT_04, schema.clone()), &[]);
    let instances = [json!(1), json!(2), json!(3)];
    assert_eq!(
        instances.map(|one| takes(&loaded, &one)),
        [false, true, true]
    );
    let later = read(json!("json-schema"), &of(DRAFT_06, schema), &[]);
    assert_eq!(codes(&later), ["S002", "S002"]);
    assert!(rendered(&later).contains("`exclusiveMinimum` is a number, but this is a boolean"));
}

#[test]
fn ids_name_resources_and_anchors() {
    for (draft, key) in [(DRAFT_04, "id"), (DRAFT_06, "$id"), (DRAFT_07, "$id")] {
        let schema = json!({
            key: "https://example.com/root.json",
            "properties": {
                "a": { "$ref": "#here" },
                "b": { "$ref": "inner.json" },
                "c": { "$ref": "inner.json#there" },
                "d": { "$ref": "https://example.com/other.json#further" },
            },
            "definitions": {
                "here": { key: "#here", "type": "string" },
                "inner": {
                    key: "inner.json", "type": "null",
                    "definitions": { "there": { key: "#there", "type": "boolean" } },
                },
                "other": { key: "other.json#further", "type": "array" },
                // People write where a schema is; it names nothing.
                "pointer": { key: "#/definitions/pointer" },
                "again": { "items": { key: "#/definitions/pointer" } },
            },
        });
        let loaded = read(json!("json-schema"), &of(draft, schema), &[]);
        assert_eq!(codes(&loaded), Vec::<&str>::new(), "{draft}");
        assert!(takes(
            &loaded,
            &json!({ "a": "", "b": null, "c": true, "d": [] })
        ));
        for wrong in ["a", "b", "c", "d"] {
            assert!(!takes(&loaded, &json!({ wrong: 1 })), "{draft} {wrong}");
        }
    }
    // The keyword of another draft is any unknown keyword.
    let schema = json!({ "$id": "https://example.com/a", "$ref": "#/$id/x" });
    let loaded = read(json!("json-schema"), &of(DRAFT_04, schema), &[]);
    assert_eq!(codes(&loaded), ["S003"]);
}

#[test]
fn anchors_of_2019_may_have_colons() {
    let schema = json!({ "$ref": "#a:b", "$defs": { "a": { "$anchor": "a:b", "type": "null" } } });
    let loaded = read(json!("json-schema"), &of(DRAFT_2019, schema.clone()), &[]);
    assert!(takes(&loaded, &json!(null)) && !takes(&loaded, &json!(1)));
    let later = read(json!("json-schema"), &of(DRAFT_2020, schema), &[]);
    assert_eq!(codes(&later), ["S015"]);
}

/// The interpreter remembers verdicts unless a reference needs to know the way to it; without, this takes time
/// exponential in the depth.
#[test]
fn an_anchor_that_nothing_needs_costs_nothing() {
    let branch = |name: &str| json!({ "properties": { "a": { "$ref": "#" } }, "required": [name] });
    for (draft, anchor, value) in [
        (DRAFT_2019, "$recursiveAnchor", json!(true)),
        (DRAFT_2020, "$dynamicAnchor", json!("meta")),
    ] {
        let schema = json!({
            anchor: value,
            "anyOf": [branch("x"), branch("y"), { "not": branch("z") }, { "type": "null" }],
        });
        let loaded = read(json!("json-schema"), &of(draft, schema), &[]);
        let deep = (0..60).fold(json!(null), |inner, _| json!({ "a": inner, "z": 1 }));
        takes(&loaded, &deep);
    }
}

#[test]
fn a_recursive_reference_leads_to_the_outermost_resource() {
    let tree = json!({
        "$schema": DRAFT_2019,
        "$id": "https://example.com/tree",
        "$recursiveAnchor": true,
        "properties": { "children": { "items": { "$recursiveRef": "#" } } },
    });
    let closed = json!({
        "$schema": DRAFT_2019,
        "$id": "https://example.com/closed",
        "$recursiveAnchor": true,
        "$ref": "tree.json",
        "unevaluatedProperties": false,
    });
    let files = [("tree.json", tree)];
    let deep = json!({ "children": [{ "more": 1 }] });
    let loaded = read(json!("json-schema"), &closed, &files);
    assert!(!takes(&loaded, &deep));
    let mut open = closed;
    open["$recursiveAnchor"] = json!(false);
    assert!(takes(&read(json!("json-schema"), &open, &files), &deep));
}

#[test]
fn a_resource_of_one_draft_refers_to_one_of_another() {
    // An instance that only draft 04 accepts, and one that only draft 2020-12 does.
    let list = |draft: &str| of(draft, json!({ "items": [{ "type": "string" }] }));
    let tuple = of(
        DRAFT_2020,
        json!({ "prefixItems": [{ "type": "null" }], "$ref": "list.json" }),
    );
    let payload = of(
        DRAFT_07,
        json!({
            "properties": {
                "beside": { "$ref": "./tuple.json" },
                "remote": { "$ref": "https://example.com/tuple.json" },
                "inner": { "$ref": "https://example.com/inner" },
                "strange": { "$ref": "https://example.com/old" },
            },
            "definitions": {
                "inner": { "$id": "https://example.com/inner", "$schema": DRAFT_2020, "prefixItems": [false] },
                "old": { "id": "https://example.com/old", "$schema": DRAFT_04, "const": 1, "minimum": 5, "exclusiveMinimum": true },
            },
        }),
    );
    let files = [("tuple.json", tuple), ("list.json", list(DRAFT_04))];
    let loaded = read(json!("json-schema"), &payload, &files);
    for (key, good, bad) in [
        ("beside", json!([]), json!([null])),
        ("remote", json!([]), json!(["a"])),
        ("inner", json!([]), json!([1])),
        ("strange", json!(6), json!(5)),
    ] {
        assert!(takes(&loaded, &json!({ key: good })), "{key}");
        assert!(!takes(&loaded, &json!({ key: bad })), "{key}");
    }
}

#[test]
fn without_a_schema_keyword_the_setting_holds() {
    let payload = json!({ "items": [{ "type": "string" }], "additionalItems": false });
    for draft in [json!(4), json!(5), json!(6), json!(7), json!("2019-09")] {
        let dialect = json!({ "name": "json-schema", "draft": draft });
        let loaded = read(dialect, &payload, &[]);
        assert!(!takes(&loaded, &json!(["a", "b"])), "{draft}");
    }
    let codes_of = |draft: Value| {
        let dialect = json!({ "name": "json-schema", "draft": draft });
        let loaded = read(dialect, &payload, &[]);
        loaded
            .diagnostics
            .iter()
            .map(|one| one.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes_of(json!("2020-12")), ["S002"]);
    assert_eq!(codes_of(json!("2020-13"))[0], "P004");
    assert_eq!(codes_of(json!(8))[0], "P027");
    // `$schema` counts more, and one that names no draft does not.
    let dialect = json!({ "name": "json-schema", "draft": 7 });
    let named = of(DRAFT_2020, json!({ "prefixItems": [false] }));
    assert!(!takes(&read(dialect.clone(), &named, &[]), &json!([1])));
    let latest = of("http://json-schema.org/schema#", payload.clone());
    assert!(!takes(&read(dialect, &latest, &[]), &json!(["a", "b"])));
    let idle = read(json!({ "name": "handfast", "draft": 7 }), &json!({}), &[]);
    assert_eq!(codes(&idle), ["P028"]);
}

#[test]
fn addresses_of_drafts_are_read_in_every_spelling() {
    for address in [
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/hyper-schema#",
    ] {
        let schema = of(address, json!({ "items": [false] }));
        let loaded = read(json!("json-schema"), &schema, &[]);
        assert!(!takes(&loaded, &json!([1])), "{address}");
    }
    for (address, help) in [
        (
            "http://json-schema.org/draft-03/schema#",
            "supported are draft 04",
        ),
        ("https://example.com/meta", "under `remotes`"),
    ] {
        let loaded = read(json!("json-schema"), &of(address, json!({})), &[]);
        assert_eq!(codes(&loaded), ["S002"]);
        assert!(rendered(&loaded).contains(help), "{}", rendered(&loaded));
    }
}

#[test]
fn a_meta_schema_of_ones_own_is_in_the_draft_that_it_names() {
    let payload = of(
        "https://example.com/meta.json",
        json!({ "items": [false], "const": 1 }),
    );
    let meta = |draft: &str| [("meta.json", json!({ "$schema": draft }))];
    for (draft, expected) in [(DRAFT_04, [false, true]), (DRAFT_07, [false, false])] {
        let loaded = read(json!("json-schema"), &payload, &meta(draft));
        let found = [json!([1]), json!([])].map(|one| takes(&loaded, &one));
        assert_eq!(found, expected, "{draft}");
    }
    let loaded = read(json!("json-schema"), &payload, &meta(DRAFT_2020));
    assert_eq!(codes(&loaded), ["S002"]);
}

#[test]
fn meta_schemas_are_known() {
    for address in [DRAFT_04, DRAFT_06, DRAFT_07, DRAFT_2019, DRAFT_2020] {
        let loaded = read(json!("json-schema"), &json!({ "$ref": address }), &[]);
        assert!(takes(&loaded, &json!({ "minLength": 1 })), "{address}");
        assert!(
            !takes(
                &loaded,
                &json!({ "properties": { "a": { "minLength": -1 } } })
            ),
            "{address}"
        );
    }
    let part = json!({ "$ref": format!("{DRAFT_07}/definitions/nonNegativeInteger") });
    let loaded = read(json!("json-schema"), &part, &[]);
    assert!(takes(&loaded, &json!(1)) && !takes(&loaded, &json!(-1)));
    // One of the same address in the spec counts more.
    let head = of(
        DRAFT_07,
        json!({
            "properties": { "a": { "$ref": DRAFT_07 } },
            "definitions": { "own": { "$id": DRAFT_07, "type": "null" } },
        }),
    );
    let loaded = read(json!("json-schema"), &head, &[]);
    assert!(takes(&loaded, &json!({ "a": null })) && !takes(&loaded, &json!({ "a": {} })));
}

#[test]
fn what_a_reference_makes_idle_is_said() {
    let schema = json!({
        "$ref": "#/definitions/a", "description": "It is.", "maxLength": 1, "unknown": 1,
        "definitions": { "a": { "type": "string" } },
    });
    let loaded = read(json!("json-schema"), &of(DRAFT_07, schema), &[]);
    assert_eq!(codes(&loaded), ["S020"]);
    assert!(rendered(&loaded).contains("`maxLength` has no effect beside `$ref` in draft 07"));
    let protocol = loaded.protocol.expect("a protocol");
    let payload = protocol.messages[0]
        .client
        .as_ref()
        .and_then(|one| one.payload);
    let notes = &protocol.schemas[payload.expect("a payload")].annotations;
    assert_eq!(notes.description.as_deref(), Some("It is."));

    let inside = json!({ "properties": { "a": { "$schema": DRAFT_04, "minimum": 1 } } });
    let loaded = read(json!("json-schema"), &of(DRAFT_07, inside), &[]);
    assert_eq!(codes(&loaded), ["S020"]);
}

#[test]
fn names_given_twice_mean_the_first() {
    let schema = json!({
        "definitions": {
            "a": { "$id": "#x", "type": "string" }, "b": { "$id": "#x", "type": "null" },
            "c": { "$id": "y.json", "type": "string" }, "d": { "$id": "y.json", "type": "null" },
        },
        "properties": { "x": { "$ref": "#x" }, "y": { "$ref": "y.json" } },
    });
    let loaded = read(json!("json-schema"), &of(DRAFT_07, schema.clone()), &[]);
    assert_eq!(codes(&loaded), ["S015", "S015"]);
    assert!(takes(&loaded, &json!({ "x": "", "y": "" })));
    assert!(!takes(&loaded, &json!({ "x": null })) && !takes(&loaded, &json!({ "y": null })));
    let ours = read(json!("handfast"), &of(DRAFT_07, schema), &[]);
    assert!(ours.protocol.is_none());
}

#[test]
fn the_own_dialect_reads_older_drafts_and_keeps_its_defaults() {
    let file = of(
        DRAFT_07,
        json!({
            "type": "object",
            "properties": { "n": { "type": "integer" }, "t": { "$ref": "#/definitions/t" } },
            "definitions": { "t": { "items": [{ "type": "string", "format": "ipv4" }], "additionalItems": false } },
        }),
    );
    let files = [("file.json", file)];
    let payload = json!({ "$ref": "./file.json" });
    let loaded = read(json!("handfast"), &payload, &files);
    assert!(takes(&loaded, &json!({ "n": 1, "t": ["127.0.0.1"] })));
    for wrong in [
        json!({ "n": 1e300 }),
        json!({ "more": 1 }),
        json!({ "t": ["here"] }),
        json!({ "t": ["127.0.0.1", 1] }),
    ] {
        assert!(!takes(&loaded, &wrong), "{wrong}");
    }
    // Keywords are checked against those of the draft.
    for (schema, words) in [
        (
            json!({ "minLenght": 1 }),
            "draft 07 has no keyword `minLenght`",
        ),
        (json!({ "minLenght": 1 }), "did you mean `minLength`?"),
        (json!({ "prefixItems": [] }), "draft 2020-12 has it"),
        (
            json!({ "markdownDescription": "a" }),
            "a comment belongs in `description`",
        ),
    ] {
        let loaded = read(json!("handfast"), &of(DRAFT_07, schema), &[]);
        assert_eq!(codes(&loaded), ["S001"]);
        assert!(rendered(&loaded).contains(words), "{}", rendered(&loaded));
    }
    let inline = read(json!("handfast"), &json!({ "definitions": {} }), &[]);
    assert!(rendered(&inline).contains("draft 2020-12 writes `$defs`"));
}

#[test]
fn formats_are_those_of_the_draft() {
    let asserted = |draft: &str, format: &str| {
        let dialect = json!({ "name": "json-schema", "formats": "assert" });
        let loaded = read(dialect, &of(draft, json!({ "format": format })), &[]);
        !takes(&loaded, &json!("\u{0}"))
    };
    for (format, since) in [("ipv4", 0), ("uri-reference", 1), ("date", 2), ("uuid", 3)] {
        let drafts = [DRAFT_04, DRAFT_06, DRAFT_07, DRAFT_2019, DRAFT_2020];
        for (at, draft) in drafts.iter().enumerate() {
            assert_eq!(asserted(draft, format), at >= since, "{draft} {format}");
        }
    }
}

#[test]
fn annotations_of_later_drafts_and_of_editors_pass() {
    let schema = json!({
        "type": "object",
        "markdownDescription": 1, "x-intellij": {}, "defaultSnippets": [], "tsType": "A", "enumDescriptions": ["a"],
        "errorMessage": "no", "doNotSuggest": true, "deprecationMessage": "old", "allowComments": true,
        "properties": { "a": { "deprecated": "since 2", "examples": "one", "readOnly": "no" }, "b": { "deprecated": true } },
    });
    let loaded = read(json!("json-schema"), &of(DRAFT_04, schema), &[]);
    assert_eq!(codes(&loaded), Vec::<&str>::new());
    let protocol = loaded.protocol.expect("a protocol");
    let deprecated = protocol
        .schemas
        .iter()
        .filter(|(_, one)| one.annotations.deprecated);
    assert_eq!(deprecated.count(), 1);
}
