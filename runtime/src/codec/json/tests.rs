use super::*;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Everything<'a> {
    text: &'a str,
    numbers: (u8, i16, u32, i64, u64, i128, f32, f64, f64),
    none: Option<u8>,
    some: Option<char>,
    unit: (),
    empty: Unit,
    newtype: Newtype,
    variants: [Variant; 4],
    floats: BTreeMap<i8, f64>,
    flags: BTreeMap<bool, Vec<u8>>,
    keys: BTreeMap<Newtype, Variant>,
    nested: BTreeMap<&'a str, BTreeMap<String, bool>>,
    value: serde_json::Value,
    raw: &'a RawValue,
}

#[derive(Serialize)]
struct Unit;

#[derive(Clone, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Newtype(String);

#[derive(Clone, Serialize)]
enum Variant {
    Unit,
    Newtype(Option<bool>),
    Tuple(u8, String),
    Struct { a: u8, b: Option<Box<Variant>> },
}

fn written(value: &dyn erased_serde::Serialize) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    erased_serde::serialize(value, Serializer::new(&mut out))?;
    Ok(String::from_utf8(out).expect("JSON is UTF-8"))
}

#[test]
fn everything_is_written_as_by_serde_json() -> Result<(), Box<dyn std::error::Error>> {
    let raw: Box<RawValue> = serde_json::from_str(r#"{ "a" : [1.0, "\u00e9"] }"#)?;
    let inner = Variant::Tuple(1, "x\ny".into());
    for text in [
        "",
        "short",
        "a longer text, of more than sixteen bytes",
        "ünïcödé \u{7f}\u{2028}",
    ] {
        let value = Everything {
            text,
            numbers: (
                255,
                -1,
                7,
                i64::MIN,
                u64::MAX,
                i128::MIN,
                0.1,
                1e300,
                f64::NAN,
            ),
            none: None,
            some: Some('"'),
            unit: (),
            empty: Unit,
            newtype: Newtype("\\".into()),
            variants: [
                Variant::Unit,
                Variant::Newtype(None),
                inner.clone(),
                Variant::Struct {
                    a: 1,
                    b: Some(Box::new(inner.clone())),
                },
            ],
            floats: [(-1, 1.0), (2, -0.0)].into(),
            flags: [(true, vec![]), (false, vec![1, 2])].into(),
            keys: [(Newtype("a\"b".into()), Variant::Unit)].into(),
            nested: [
                ("x", [(text.to_owned(), true), ("z".into(), false)].into()),
                ("y", [].into()),
            ]
            .into(),
            value: serde_json::json!({"a": [null, 1, -2.5, {"b": "c"}], "d": {}}),
            raw: &raw,
        };
        assert_eq!(written(&value)?, serde_json::to_string(&value)?);
    }
    Ok(())
}

/// Each byte that needs an escape, at each place of a text around the size of a chunk.
#[test]
fn every_escape_is_found_wherever_it_is() -> Result<(), Box<dyn std::error::Error>> {
    for special in ('\0'..='\u{a0}').chain(['€', '\u{10ffff}']) {
        for before in 0..40 {
            for after in [0, 1, 15, 16, 17] {
                let text = format!("{}{special}{}", "x".repeat(before), "y".repeat(after));
                assert_eq!(written(&text)?, serde_json::to_string(&text)?);
            }
        }
    }
    Ok(())
}

#[test]
fn keys_that_are_no_text_fail_as_in_serde_json() {
    let unit: BTreeMap<(), u8> = [((), 1)].into();
    let list: BTreeMap<Vec<u8>, u8> = [(vec![1], 1)].into();
    let none: BTreeMap<Option<u8>, u8> = [(None, 1)].into();
    let values: [&dyn erased_serde::Serialize; 3] = [&unit, &list, &none];
    for value in values {
        let ours = written(value).map_err(|error| error.to_string());
        let theirs = serde_json::to_string(value).map_err(|error| error.to_string());
        assert_eq!(ours, theirs);
        assert!(ours.is_err());
    }
}
