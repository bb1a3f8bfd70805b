//! Integers of any size, enums of constants, the rest of objects and of tuples, schemas without a type.

use crate::oracle::Oracle;
use handfast::{
    Definitions, Implied, Integer, Side, Validate, ValidatedJson, codec::Encoding, from_source,
    from_str, from_value, protocol,
};
use handfast_schema::Dialect;
use serde_json::json;
use std::collections::BTreeMap;

const TEXT: &str = r##"{
"Integers": { "type": "object", "properties": { "any": { "type": "integer" }, "some": { "type": "array", "items": { "type": "integer", "minimum": -5, "multipleOf": 5 } }, "checked": { "type": "integer", "not": { "const": 7 } } }, "required": ["any"] },
"Level": { "enum": [3, "three", true, null, 1.5, -1] },
"Number": { "type": "integer", "enum": [1, 2, 3] },
"Only": { "const": 7 },
"Mixed": { "type": ["integer", "null"], "enum": [1, null] },
"Rest": { "type": "object", "properties": { "name": { "type": "string" }, "n": { "type": "integer" } }, "required": ["name"], "additionalProperties": { "type": "integer", "minimum": 3 }, "minProperties": 2, "maxProperties": 4 },
"Inner": { "type": "object", "properties": { "a": { "$ref": "#/$defs/Rest" } }, "additionalProperties": { "$ref": "#/$defs/Inner" } },
"Names": { "type": "object", "additionalProperties": { "type": "boolean" }, "propertyNames": { "pattern": "^x-" } },
"Tail": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }], "items": false, "minItems": 1 },
"Open": { "type": "array", "prefixItems": [{ "type": "string" }], "items": { "type": "integer", "maximum": 5 }, "minItems": 1 },
"One": { "type": "array", "prefixItems": [{ "type": "string" }], "items": false, "minItems": 1 },
"All": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "boolean" }], "items": { "type": "integer" }, "minItems": 1 },
"Implied": { "type": "object", "properties": { "text": { "minLength": 2 }, "number": { "minimum": 3 }, "object": { "properties": { "a": { "type": "integer" } }, "required": ["a"] }, "list": { "items": { "maxLength": 1 } } } },
"Counted": { "type": "object", "properties": { "a": { "type": "integer" } }, "maxProperties": 2, "additionalProperties": true }
}"##;

static DEFINITIONS: Definitions = Definitions::new(TEXT);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Integers {
    pub any: Integer,
    #[protocol(items(minimum = -5, multiple_of = 5))]
    pub some: Option<Vec<Integer>>,
    #[protocol(checked, json_schema = DEFINITIONS["Integers/properties/checked"])]
    pub checked: Option<Integer>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    #[protocol(value = 3)]
    N3,
    #[protocol(name = "three")]
    Three,
    #[protocol(value = true)]
    On,
    #[protocol(value = null)]
    Nothing,
    #[protocol(value = 1.5)]
    Half,
    #[protocol(value = -1)]
    Below,
}

#[protocol(types(integer))]
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    #[protocol(value = 1)]
    One,
    #[protocol(value = 2)]
    Two,
    #[protocol(value = 3)]
    Three,
}

#[protocol(constant, deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub enum Only {
    #[protocol(value = 7)]
    Seven,
}

#[protocol(types(integer, null))]
#[derive(Clone, Debug, PartialEq)]
pub enum Mixed {
    #[protocol(value = 1)]
    One,
    #[protocol(value = null)]
    Nothing,
}

#[protocol(min_properties = 2, max_properties = 4)]
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    pub name: String,
    #[protocol(rest, values(minimum = 3))]
    pub rest: BTreeMap<String, i64>,
    pub n: Option<i64>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Inner {
    pub a: Option<Rest>,
    #[protocol(rest)]
    pub rest: BTreeMap<String, Inner>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    #[protocol(rest, names(pattern = "^x-"))]
    pub all: BTreeMap<String, bool>,
}

#[protocol(min_items = 1)]
#[derive(Clone, Debug, PartialEq)]
pub struct Tail(pub String, #[protocol(optional)] pub Option<i64>);

#[protocol(min_items = 1)]
#[derive(Clone, Debug, PartialEq)]
pub struct Open(
    pub String,
    #[protocol(rest, items(maximum = 5))] pub Vec<i64>,
);

#[protocol(tuple)]
#[derive(Clone, Debug, PartialEq)]
pub struct One(pub String);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct All(
    pub String,
    #[protocol(optional)] pub Option<bool>,
    #[protocol(rest)] pub Vec<i64>,
);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct HasA {
    pub a: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Implicit {
    #[protocol(implied(string), min_length = 2)]
    pub text: Option<Implied<String>>,
    #[protocol(implied(number), minimum = 3)]
    pub number: Option<Implied<f64>>,
    #[protocol(implied(object))]
    pub object: Option<Implied<HasA>>,
    #[protocol(implied(array), items(implied(string), max_length = 1))]
    pub list: Option<Implied<Vec<Implied<String>>>>,
}

#[protocol(open, max_properties = 2)]
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub a: Option<i64>,
}

#[test]
fn integers_of_any_size() {
    let oracle = Oracle::of(Dialect::JsonSchema, TEXT);
    for value in [
        json!({ "any": 3, "some": [5, -5, 0, 1e300, 10.0] }),
        json!({ "any": 1e300, "some": [-10, 3, 1.5, "5", 1e19] }),
        json!({ "any": u64::MAX, "checked": u64::MAX }),
        json!({ "any": i64::MIN, "checked": 7.0 }),
        json!({ "any": 1.5 }),
        json!({ "any": null }),
    ] {
        oracle.keeps::<Integers>("Integers", &value);
    }
    let digits = "123456789012345678901234567890";
    let text =
        format!(r#"{{ "any": 1, "any": {digits}, "some": [0, {digits}], "checked": {digits} }}"#);
    let read = from_str::<Integers>(&text, Side::Server).expect("it is valid");
    let large: Integer = digits.parse().expect("it is an integer");
    assert_eq!((&read.any, read.checked.as_ref()), (&large, Some(&large)));
    assert_eq!(read.validate(), Ok(()));
    let written = serde_json::to_string(&read).expect("it is encoded");
    assert_eq!(
        written,
        format!(r#"{{"any":{digits},"some":[0,{digits}],"checked":{digits}}}"#)
    );
    for encoding in [Encoding::MsgPack, Encoding::Cbor] {
        let text = r#"{ "any": 18446744073709551615, "checked": 18446744073709551615 }"#;
        let value: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
        let mut bytes = Vec::new();
        match encoding {
            Encoding::MsgPack => bytes = rmp_serde::to_vec(&value).expect("it is encoded"),
            _ => ciborium::into_writer(&value, &mut bytes).expect("it is encoded"),
        }
        let bytes = bytes.into();
        let source = encoding.source(&bytes).expect("it is binary");
        let read = from_source::<Integers>(source, Side::Server).expect("it is valid");
        let expected = Integer::from(u64::MAX);
        assert_eq!(
            (&read.any, read.checked.as_ref()),
            (&expected, Some(&expected)),
            "{encoding:?}"
        );
        assert_eq!(from_value::<Integers>(&value, &[], Side::Server), Ok(read));
    }
}

/// The digits survive in the copy that a schema judges, wherever the number is and however often names are repeated.
#[test]
fn digits_survive_the_judge() {
    #[protocol(
        checked,
        json_schema = r#"{ "type": "object", "not": { "required": ["x"] } }"#
    )]
    #[derive(Clone, Debug, PartialEq)]
    struct Judged {
        a: Vec<Integer>,
        b: BTreeMap<String, Vec<Integer>>,
        tree: Option<Box<Self>>,
    }
    let text = r#"{
        "a": [9007199254740993.0, 1, 18446744073709551617], "b": { "y": [100000000000000000001, 2], "z": [3] },
        "b": { "z": [1, 100000000000000000002], "y": [4], "\u007a": [100000000000000000003e0, 5, -100000000000000000003] },
        "tree": { "a": [100000000000000000004], "b": {}, "a": [7, 100000000000000000005] }, "unknown": [100000000000000000006]
    }"#;
    let read = from_str::<Judged>(text, Side::Client).expect("it is valid");
    let texts = |all: &[Integer]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        texts(&read.a),
        ["9007199254740993", "1", "18446744073709551617"]
    );
    assert_eq!(texts(&read.b["y"]), ["4"]);
    assert_eq!(
        texts(&read.b["z"]),
        ["100000000000000000003", "5", "-100000000000000000003"]
    );
    let tree = read.tree.expect("it is there");
    assert_eq!(texts(&tree.a), ["7", "100000000000000000005"]);
}

#[test]
fn enums_of_constants() {
    let oracle = Oracle::new(TEXT);
    for value in [
        json!(3),
        json!(3.0),
        json!("three"),
        json!(true),
        json!(null),
        json!(1.5),
        json!(-1),
        json!(1),
        json!(2),
        json!(7),
        json!(false),
        json!("3"),
        json!([]),
        json!({}),
        json!(4),
    ] {
        oracle.keeps::<Level>("Level", &value);
        oracle.keeps::<Number>("Number", &value);
        oracle.keeps::<Only>("Only", &value);
        oracle.keeps::<Mixed>("Mixed", &value);
    }
    assert_eq!((Number::Two.as_i64(), Only::Seven.as_i64()), (2, 7));
    assert_eq!(serde_json::from_str::<Only>("7.0").ok(), Some(Only::Seven));
    assert!(serde_json::from_str::<Only>("8").is_err());
}

#[test]
fn the_rest_of_an_object() {
    let oracle = Oracle::new(TEXT);
    let values = [
        json!({ "name": "a", "n": 1, "x": 3, "y": 4 }),
        json!({ "name": "a", "n": 1 }),
        json!({ "z": 2, "a": "b", "name": 3, "n": "x", "more": 1 }),
        json!({ "name": "a" }),
        json!({ "name": "a", "b": 3, "c": 4, "d": 5, "e": 6 }),
        json!([]),
    ];
    for value in &values {
        oracle.keeps::<Rest>("Rest", value);
        oracle.keeps::<Inner>(
            "Inner",
            &json!({ "a": value, "b": { "c": {}, "a": value } }),
        );
    }
    oracle.agrees_at_random::<Rest>("Rest", &values[..2], true);
    for value in [
        json!({}),
        json!({ "x-a": true }),
        json!({ "x-b": 1, "a": false, "x-a": true }),
    ] {
        oracle.keeps::<Names>("Names", &value);
    }
    let read = from_str::<Rest>(
        r#"{ "x": 1, "name": 3, "x": 4, "name": "a", "y": 2, "y": 5 }"#,
        Side::Server,
    );
    let rest = BTreeMap::from([("x".to_owned(), 4), ("y".to_owned(), 5)]);
    let name = "a".to_owned();
    assert_eq!(
        read,
        Ok(Rest {
            name,
            rest,
            n: None
        })
    );
    let clash = Rest {
        name: "a".to_owned(),
        rest: BTreeMap::from([("name".to_owned(), 4)]),
        n: None,
    };
    assert_eq!(
        clash.validate().map_err(|error| error.to_string()),
        Err("cannot be encoded as JSON: the rest of an object has the name of a field".to_owned())
    );
}

#[test]
fn repeated_names_count_once() {
    let read = |text| from_str::<Counted>(text, Side::Server);
    assert!(read(r#"{ "x": 1, "x": 2, "a": 3 }"#).is_ok());
    assert!(read(r#"{ "x": 1, "y": 2, "a": 3 }"#).is_err());
    assert!(read(r#"{ "a": 1, "a": 2, "a": 3 }"#).is_ok());
}

#[test]
fn tuples_with_a_tail() {
    let oracle = Oracle::new(TEXT);
    for value in [
        json!(["a"]),
        json!(["a", 1]),
        json!(["a", 6]),
        json!(["a", 1, 2]),
        json!(["a", true, 2, 3]),
        json!([]),
        json!([1]),
        json!(["a", "b", null]),
        json!({}),
    ] {
        oracle.keeps::<Tail>("Tail", &value);
        oracle.keeps::<Open>("Open", &value);
        oracle.keeps::<One>("One", &value);
        oracle.keeps::<All>("All", &value);
    }
    let hole = All("a".to_owned(), None, vec![1]);
    assert!(hole.validate().is_err());
}

#[test]
fn schemas_without_a_type() {
    let oracle = Oracle::new(TEXT);
    let value = json!({ "text": "ab", "number": 3, "object": { "a": 1 }, "list": ["a", 3] });
    for value in [
        value.clone(),
        json!({ "text": "a", "number": 2, "object": { "b": 1 }, "list": ["ab"] }),
        json!({ "text": 3, "number": "3", "object": [], "list": { "x": 1 } }),
        json!({ "text": null, "number": null, "object": null, "list": null }),
    ] {
        oracle.keeps::<Implicit>("Implied", &value);
    }
    oracle.agrees_at_random::<Implicit>("Implied", &[value], true);
    let other = Implied::<i64>::Other(ValidatedJson(json!("x")));
    assert_eq!((other.as_ref(), other.clone().into_option()), (None, None));
    assert_eq!(Implied::from(3).into_option(), Some(3));
}
