//! `checked` places.

use crate::oracle::Oracle;
use handfast::{Definitions, Nullable, Side, ValidatedJson, from_str, protocol};
use serde_json::json;
use std::collections::BTreeMap;

const TEXT: &str = r##"{
"Task": { "type": "object", "properties": { "title": { "type": "string" }, "status": { "type": "string" }, "of": { "$ref": "#/$defs/Done" } }, "required": ["title", "status"] },
"Done": { "allOf": [{ "$ref": "#/$defs/Task" }, { "properties": { "status": { "const": "done" } } }] },
"Places": {
  "type": "object",
  "properties": {
    "even": { "type": "integer", "not": { "multipleOf": 3 } },
    "items": { "type": "array", "items": { "type": "string", "not": { "const": "no" } } },
    "values": { "type": "object", "additionalProperties": { "type": "integer", "not": { "const": 0 } } },
    "maybe": { "type": ["string", "null"], "not": { "const": "x" } },
    "list": { "type": "array", "items": { "type": "array", "items": { "$ref": "#/$defs/Done" } }, "maxItems": 3 },
    "tuple": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer", "not": { "const": 1 } }], "items": false, "minItems": 2 },
    "shape": { "$ref": "#/$defs/Shape" },
    "level": { "type": "string", "enum": ["low", "high"], "not": { "const": "high" } }
  },
  "additionalProperties": false
},
"Shape": { "oneOf": [
  { "type": "object", "properties": { "kind": { "const": "circle" }, "radius": { "type": "number", "not": { "const": 3 } } }, "required": ["kind", "radius"] },
  { "type": "object", "properties": { "kind": { "const": "map" } }, "required": ["kind"], "additionalProperties": { "type": "integer" } }
], "not": { "required": ["forbidden"] } },
"Conditional": { "type": "object", "properties": { "a": { "type": "integer" }, "b": { "type": "integer" } }, "if": { "required": ["a"] }, "then": { "required": ["b"] } },
"Wrong": { "type": "object", "properties": { "n": { "type": ["integer", "string"] } } },
"a~b": { "type": "object", "properties": { "c/d": { "type": "integer", "not": { "const": 4 } } } }
}"##;

static DEFINITIONS: Definitions = Definitions::new(TEXT);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub title: String,
    pub status: String,
    pub of: Option<Box<Done>>,
}

#[protocol(checked, schema = DEFINITIONS["Done"])]
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub title: String,
    pub status: String,
    pub of: Option<Box<Done>>,
}

#[protocol(checked, schema = DEFINITIONS["Places/properties/tuple"])]
#[derive(Clone, Debug, PartialEq)]
pub struct Pair(pub String, pub i64);

#[protocol(tag = "kind", checked, schema = DEFINITIONS["Shape"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    #[protocol(name = "circle")]
    Circle {
        #[protocol(minimum = 1000)]
        radius: f64,
    },
    #[protocol(name = "map")]
    Map(Numbers),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers(pub ValidatedJson);

#[protocol(checked, schema = DEFINITIONS["Places/properties/level"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    #[protocol(name = "low")]
    Low,
    #[protocol(name = "high")]
    High,
}

#[protocol(closed)]
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    #[protocol(checked, schema = DEFINITIONS["Places/properties/even"])]
    pub even: Option<i64>,
    #[protocol(items(checked, schema = DEFINITIONS["Places/properties/items/items"]))]
    pub items: Option<Vec<String>>,
    #[protocol(values(checked, schema = r#"{ "type": "integer", "not": { "const": 0 } }"#))]
    pub values: Option<BTreeMap<String, i64>>,
    #[protocol(checked, schema = DEFINITIONS["Places/properties/maybe"])]
    pub maybe: Option<Nullable<String>>,
    #[protocol(max_items = 3)]
    pub list: Option<Vec<Vec<Done>>>,
    pub tuple: Option<Pair>,
    pub shape: Option<Shape>,
    pub level: Option<Level>,
}

#[protocol(checked, schema = DEFINITIONS["Conditional"])]
#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    pub a: Option<i64>,
    pub b: Option<i64>,
}

#[protocol(checked, schema = DEFINITIONS["Wrong"])]
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    pub n: Option<i64>,
}

#[protocol(checked, schema = DEFINITIONS["a~0b/properties/c~1d"])]
#[derive(Clone, Debug, PartialEq)]
pub struct Odd(pub i64);

#[test]
fn the_schema_judges_and_the_type_is_read() {
    let oracle = Oracle::new(TEXT);
    for value in [
        json!({ "title": "a", "status": "done" }),
        json!({ "title": "a", "status": "open" }),
        json!({ "title": "a", "status": "done", "extra": 1 }),
        json!({ "title": 1, "extra": 1 }),
        json!({ "title": "a", "status": "done", "of": { "title": "b", "status": "open", "more": [] } }),
        json!([1]),
    ] {
        oracle.keeps::<Done>("Done", &value);
        oracle.keeps::<Task>("Task", &value);
    }
    for value in [
        json!({ "a": 1 }),
        json!({ "a": 1, "b": 2 }),
        json!({ "b": 2 }),
        json!({ "a": "x", "c": 2 }),
    ] {
        oracle.keeps::<Conditional>("Conditional", &value);
    }
    for value in [json!(3), json!(4), json!("4")] {
        oracle.keeps::<Odd>("a~0b/properties/c~1d", &value);
    }
}

#[test]
fn every_kind_of_place_can_be_checked() {
    let oracle = Oracle::new(TEXT);
    for value in [
        json!({}),
        json!({ "even": 4, "items": ["a"], "values": { "a": 1 }, "maybe": null, "tuple": ["a", 2], "level": "low" }),
        json!({ "even": 3, "items": ["a", "no", 3], "values": { "b": 0, "a": "0" }, "maybe": "x", "tuple": ["a", 1], "level": "high" }),
        json!({ "even": "4", "items": 3, "values": [], "maybe": 3, "tuple": ["a"], "level": 3, "unknown": 1 }),
        json!({ "tuple": ["a", 1, 3], "shape": { "kind": "circle", "radius": 2 } }),
        json!({ "shape": { "kind": "circle", "radius": 3, "x": 1 } }),
        json!({ "shape": { "kind": "map", "a": 3, "b": "c" } }),
        json!({ "shape": { "kind": "other" }, "list": [[{ "title": "a", "status": "done" }], [], 3, [{ "title": "a", "status": "open" }]] }),
        json!({ "shape": { "forbidden": 1 }, "list": [] }),
    ] {
        oracle.keeps::<Places>("Places", &value);
    }
    let value = json!({
        "even": 4, "items": ["a"], "values": { "a": 1 }, "maybe": "y", "tuple": ["a", 2], "level": "low",
        "shape": { "kind": "circle", "radius": 2 }, "list": [[{ "title": "a", "status": "done" }]]
    });
    oracle.agrees_at_random::<Places>("Places", &[value], false);
}

/// The mistake of a generator is a violation, not a panic and not a loss.
#[test]
fn an_accepted_value_without_a_type_is_a_violation() {
    let read = |text| from_str::<Wrong>(text, Side::Server).map_err(|error| error.to_string());
    assert_eq!(read(r#"{ "n": 3 }"#), Ok(Wrong { n: Some(3) }));
    assert_eq!(read(r#"{ "n": "3" }"#), Err("has no type here".to_owned()));
    assert_eq!(
        read(r#"{ "n": [] }"#),
        Err("/n must be an integer or a string".to_owned())
    );
    assert_eq!(
        read(r#"{ "n": 1, "n": ] }"#),
        Err("expected a value".to_owned())
    );
}

#[test]
fn the_last_of_two_names_counts() {
    let read = |text| from_str::<Places>(text, Side::Server).map_err(|error| error.to_string());
    let ok = read(
        r#"{ "even": 3, "items": ["no"], "values": { "a": 0, "a": 1 }, "even": 4, "items": [] }"#,
    )
    .expect("it is valid");
    assert_eq!((ok.even, ok.items), (Some(4), Some(Vec::new())));
    let done = from_str::<Done>(
        r#"{ "title": 1, "title": "a", "status": "open", "status": "done" }"#,
        Side::Server,
    );
    assert_eq!(done.map(|done| done.status), Ok("done".to_owned()));
}
