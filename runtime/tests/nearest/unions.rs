//! Unions without a tag.

use crate::oracle::Oracle;
use handfast::{
    Definitions, Nullable, Side, Validate, ValidatedJson, from_str, from_value, protocol,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const TEXT: &str = r##"{
"Scalars": { "anyOf": [{ "type": "string", "minLength": 2 }, { "type": "integer", "maximum": 10 }, { "type": "boolean" }, { "type": "array", "items": { "type": "string" } }] },
"Point": { "type": "object", "properties": { "x": { "type": "number" }, "y": { "type": "number" } }, "required": ["x", "y"] },
"Named": { "type": "object", "properties": { "name": { "type": "string", "minLength": 1 }, "of": { "$ref": "#/$defs/Place" } }, "required": ["name"] },
"Place": { "oneOf": [{ "type": "string" }, { "allOf": [{ "$ref": "#/$defs/Point" }, { "not": { "required": ["name"] } }] }, { "allOf": [{ "$ref": "#/$defs/Named" }, { "not": { "required": ["x"] } }] }] },
"Event": { "oneOf": [
  { "type": "object", "properties": { "version": { "const": 1 }, "on": { "const": true }, "a": { "type": "integer" } }, "required": ["version", "on", "a"] },
  { "type": "object", "properties": { "version": { "enum": [2, 3] }, "b": { "$ref": "#/$defs/Event" } }, "required": ["version"] },
  { "type": "object", "properties": { "version": { "const": null }, "kind": { "type": "string" } }, "required": ["version", "kind"] }
] },
"Mode": { "anyOf": [{ "const": "auto" }, { "const": null }, { "const": true }, { "const": 1.5 }, { "type": "integer", "minimum": 3 }, { "type": "array", "items": { "$ref": "#/$defs/Mode" } }] },
"Number": { "anyOf": [{ "type": "integer", "maximum": 5 }, { "type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 0.75 }] },
"Tree": { "anyOf": [
  { "type": "object", "properties": { "a": { "type": "integer" }, "of": { "$ref": "#/$defs/Tree" } }, "required": ["a"] },
  { "type": "object", "properties": { "b": { "type": "integer" }, "of": { "$ref": "#/$defs/Tree" } }, "required": ["b"] },
  { "type": "object", "properties": { "c": { "type": "string" }, "a": { "type": "string" }, "of": { "$ref": "#/$defs/Tree" } }, "required": ["c"] },
  { "type": "string", "pattern": "^a" },
  { "type": "string", "pattern": "b$" },
  { "type": "integer" }
] },
"Outer": { "type": "object", "properties": { "kind": { "type": "string" }, "in": { "$ref": "#/$defs/Place" }, "list": { "type": "array", "items": { "$ref": "#/$defs/Scalars" } }, "map": { "type": "object", "additionalProperties": { "$ref": "#/$defs/Event" } }, "maybe": { "anyOf": [{ "$ref": "#/$defs/Scalars" }, { "type": "null" }] } }, "dependentRequired": { "kind": ["in"] } }
}"##;

static DEFINITIONS: Definitions = Definitions::new(TEXT);

#[protocol(untagged, schema = DEFINITIONS["Scalars"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Scalars {
    #[protocol(kinds(string), min_length = 2)]
    Text(String),
    #[protocol(kinds(integer), maximum = 10)]
    Number(i64),
    #[protocol(kinds(boolean))]
    Flag(bool),
    #[protocol(kinds(array))]
    List(Vec<String>),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    #[protocol(min_length = 1)]
    pub name: String,
    pub of: Option<Box<Place>>,
}

#[protocol(untagged, schema = DEFINITIONS["Place"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    #[protocol(kinds(string))]
    Text(String),
    #[protocol(kinds(object), has("x"), lacks("name"))]
    Point(Point),
    #[protocol(kinds(object), has("name"), lacks("x"))]
    Named(Box<Named>),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct First {
    pub version: ValidatedJson,
    pub on: bool,
    pub a: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Later {
    pub version: i64,
    pub b: Option<Box<Event>>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Never {
    pub version: Nullable<String>,
    pub kind: String,
}

#[protocol(untagged, schema = DEFINITIONS["Event"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    #[protocol(kinds(object), value("version" = 1), value("on" = true), has("a"))]
    First(First),
    #[protocol(kinds(object), value("version" = 2 | 3))]
    Later(Later),
    #[protocol(kinds(object), value("version" = null))]
    Never(Never),
}

#[protocol(untagged, schema = DEFINITIONS["Mode"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    #[protocol(value = "auto")]
    Auto,
    #[protocol(value = null)]
    Nothing,
    #[protocol(value = true)]
    On,
    #[protocol(value = 1.5)]
    Half,
    #[protocol(kinds(integer), minimum = 3)]
    Number(i64),
    #[protocol(kinds(array))]
    List(Vec<Mode>),
}

#[protocol(untagged, schema = DEFINITIONS["Number"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    #[protocol(kinds(integer), maximum = 5)]
    Whole(i64),
    #[protocol(kinds(number), exclusive_minimum = 0.5, exclusive_maximum = 0.75)]
    Part(f64),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct A {
    pub a: i64,
    pub of: Option<Box<Tree>>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct B {
    pub b: i64,
    pub of: Option<Box<Tree>>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct C {
    pub c: String,
    pub a: Option<String>,
    pub of: Option<Box<Tree>>,
}

#[protocol(untagged, checked, schema = DEFINITIONS["Tree"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    #[protocol(kinds(object), branch = DEFINITIONS["Tree/anyOf/0"])]
    A(A),
    #[protocol(kinds(object), branch = DEFINITIONS["Tree/anyOf/1"])]
    B(B),
    #[protocol(kinds(object), branch = DEFINITIONS["Tree/anyOf/2"])]
    C(C),
    #[protocol(kinds(string), branch = DEFINITIONS["Tree/anyOf/3"])]
    Begins(String),
    #[protocol(kinds(string))]
    Ends(String),
    Number(i64),
}

#[protocol(schema = DEFINITIONS["Outer"], dependent_required(beside("kind", "in")))]
#[derive(Clone, Debug, PartialEq)]
pub struct Outer {
    pub kind: Option<String>,
    #[protocol(name = "in")]
    pub within: Option<Place>,
    pub list: Option<Vec<Scalars>>,
    pub map: Option<BTreeMap<String, Event>>,
    #[protocol(null_apart)]
    pub maybe: Option<Nullable<Scalars>>,
}

#[test]
fn the_kind_of_the_value_selects_the_branch() {
    let oracle = Oracle::new(TEXT);
    for value in [
        json!("ab"),
        json!("a"),
        json!(3),
        json!(11),
        json!(1.5),
        json!(1.0),
        json!(true),
        json!(["a"]),
        json!([1]),
        json!(null),
        json!({}),
    ] {
        oracle.keeps::<Scalars>("Scalars", &value);
        oracle.keeps::<Mode>("Mode", &value);
        oracle.keeps::<Number>("Number", &value);
    }
    for value in [
        json!("auto"),
        json!("other"),
        json!(false),
        json!(2),
        json!([["auto", null, true, [1.5, 4]]]),
        json!([["auto", 2]]),
        json!(0.6),
        json!(0.5),
        json!(6),
    ] {
        oracle.keeps::<Mode>("Mode", &value);
        oracle.keeps::<Number>("Number", &value);
    }
    assert_eq!(
        from_value(&json!(4.0), &[], Side::Server),
        Ok(Number::Whole(4))
    );
    assert_eq!(
        from_value(&json!("auto"), &[], Side::Client),
        Ok(Mode::Auto)
    );
    oracle.agrees_at_random::<Scalars>("Scalars", &[json!("ab"), json!(["a", "b"])], true);
    oracle.agrees_at_random::<Mode>("Mode", &[json!(["auto", [3, null]])], true);
}

#[test]
fn members_select_the_branch() {
    let oracle = Oracle::new(TEXT);
    let places = [
        json!({ "x": 1, "y": 2 }),
        json!({ "name": "a", "of": { "name": "b", "of": "c" } }),
        json!({ "name": "a", "of": { "name": "b", "of": { "name": "" } } }),
        json!({ "name": "a", "x": 1, "y": 2 }),
        json!({ "x": 1 }),
        json!({ "y": 1 }),
        json!({ "x": 1, "y": 2, "z": 3 }),
        json!({ "name": "a", "of": 3 }),
    ];
    for value in &places {
        oracle.keeps::<Place>("Place", value);
    }
    oracle.agrees_at_random::<Place>("Place", &places[..3], true);
    let events = [
        json!({ "version": 1, "on": true, "a": 3 }),
        json!({ "version": 2, "b": { "version": 3.0 } }),
        json!({ "version": null, "kind": "x" }),
        json!({ "version": 1, "on": false, "a": 3 }),
        json!({ "version": 2, "b": { "version": 3, "b": { "version": 4 } } }),
        json!({ "version": [1], "kind": "x" }),
        json!({ "version": "1" }),
        json!({}),
        json!(1),
    ];
    for value in &events {
        oracle.keeps::<Event>("Event", value);
    }
    oracle.agrees_at_random::<Event>("Event", &events[..3], true);
}

#[test]
fn the_schema_selects_the_branch_where_branches_overlap() {
    let oracle = Oracle::new(TEXT);
    let trees = [
        json!({ "a": 1, "of": { "b": 2, "of": { "c": "x", "a": "y", "of": "ab" } } }),
        json!({ "c": "x", "a": "y" }),
        json!({ "b": 1, "of": 3 }),
        json!("cb"),
        json!({ "a": "x" }),
        json!({ "a": 1, "b": 2 }),
        json!({ "c": "x", "a": 1 }),
        json!("c"),
        json!({ "a": 1, "of": { "b": 2, "of": { "c": 3 } } }),
        json!(null),
    ];
    for value in &trees {
        oracle.keeps::<Tree>("Tree", value);
    }
    oracle.agrees_at_random::<Tree>("Tree", &trees[..4], true);
    let read = |value: Value| from_value::<Tree>(&value, &[], Side::Client);
    // A client drops what is unknown, so two branches fit: the first counts.
    assert!(matches!(read(json!({ "a": 1, "b": 2 })), Ok(Tree::A(_))));
    assert!(matches!(read(json!({ "a": "1", "b": 2 })), Ok(Tree::B(_))));
    assert!(matches!(
        read(json!({ "a": "1", "c": "2" })),
        Ok(Tree::C(_))
    ));
    assert_eq!(read(json!("ab")), Ok(Tree::Begins("ab".to_owned())));
    assert_eq!(read(json!("cb")), Ok(Tree::Ends("cb".to_owned())));
    assert_eq!(read(json!(3)), Ok(Tree::Number(3)));
}

#[test]
fn unions_nest_in_what_has_a_schema() {
    let oracle = Oracle::new(TEXT);
    let outer = json!({
        "kind": "a", "in": { "name": "a", "of": { "x": 1, "y": 1 } }, "list": ["ab", 3, true, ["a"]],
        "map": { "a": { "version": 1, "on": true, "a": 1 }, "b": { "version": 2 } }, "maybe": "ab"
    });
    for value in [
        outer.clone(),
        json!({ "kind": "a" }),
        json!({ "in": { "name": "", "of": { "x": 1 } }, "list": ["a", 3.5, null], "map": { "b": {}, "a": { "version": 3, "x": 1 } }, "maybe": [3], "z": 1 }),
        json!({ "maybe": null }),
        json!({ "maybe": {} }),
    ] {
        oracle.keeps::<Outer>("Outer", &value);
    }
    oracle.agrees_at_random::<Outer>("Outer", &[outer], true);
}

#[test]
fn syntax_errors_and_repeated_names() {
    let read = |text| from_str::<Place>(text, Side::Server).map_err(|error| error.to_string());
    for text in [
        r#"{ "x": 1, "y": 2"#,
        r#"{ "name": "", "of": { "name": 1, "of": ] } }"#,
        r#"{ "x": "a", "y": tru }"#,
        "[",
    ] {
        let found = read(text).expect_err("it is malformed");
        assert!(
            found.starts_with("expected") || found.contains("ends"),
            "{text}: {found}"
        );
    }
    assert_eq!(
        read(r#"{ "x": 1, "x": 2, "y": 3 }"#),
        Ok(Place::Point(Point { x: 2.0, y: 3.0 }))
    );
    let read = |text| from_str::<Event>(text, Side::Server);
    assert!(matches!(
        read(r#"{ "version": 1, "kind": "x", "version": null }"#),
        Ok(Event::Never(_))
    ));
    assert!(read(r#"{ "version": null, "kind": "x", "version": 1 }"#).is_err());
}

#[test]
fn a_union_is_written_as_its_content() {
    let written = |value: &Tree| serde_json::to_value(value).expect("it is encoded");
    let of = Some(Box::new(Tree::B(B { b: 2, of: None })));
    let tree = Tree::A(A { a: 1, of });
    assert_eq!(written(&tree), json!({ "a": 1, "of": { "b": 2 } }));
    assert_eq!(tree.validate(), Ok(()));
    let error = Tree::Begins("x".to_owned())
        .validate()
        .expect_err("it does not begin so");
    assert_eq!(
        error.to_string(),
        "must fit at least one of the alternatives"
    );
    assert_eq!(
        serde_json::to_value([Mode::Auto, Mode::Nothing, Mode::On, Mode::Half]).ok(),
        Some(json!(["auto", null, true, 1.5]))
    );
    assert_eq!(
        Scalars::Number(11)
            .validate()
            .map_err(|error| error.to_string()),
        Err("must fit at least one of the alternatives".to_owned())
    );
}

/// A union of objects can be a variant of a tagged one.
#[test]
fn a_union_of_objects_lies_flat_in_a_tagged_one() {
    #[protocol(untagged, deserialize)]
    #[derive(Clone, Debug, PartialEq)]
    enum Part {
        #[protocol(kinds(object), has("x"))]
        Point(Point),
        #[protocol(kinds(object), lacks("x"))]
        Rest(BTreeMap<String, i64>),
    }
    #[protocol(tag = "kind", deserialize)]
    #[derive(Clone, Debug, PartialEq)]
    enum Whole {
        #[protocol(name = "part")]
        Part(Part),
        #[protocol(name = "none")]
        Nothing,
    }
    for text in [
        r#"{"kind":"part","x":1.0,"y":2.0}"#,
        r#"{"kind":"part","a":1,"b":2}"#,
        r#"{"kind":"none"}"#,
    ] {
        let whole = from_str::<Whole>(text, Side::Server).expect("it is valid");
        assert_eq!(serde_json::to_string(&whole).ok().as_deref(), Some(text));
        assert_eq!(serde_json::from_str::<Whole>(text).ok(), Some(whole));
    }
    let clash = Whole::Part(Part::Rest([("kind".to_owned(), 1)].into()));
    let error = clash.validate().expect_err("the tag is written twice");
    assert!(error.to_string().contains("the name of a field"), "{error}");
    let part = serde_json::from_str::<Part>(r#"{"a":1}"#).expect("it is valid");
    assert_eq!(part, Part::Rest(BTreeMap::from([("a".to_owned(), 1)])));
}
