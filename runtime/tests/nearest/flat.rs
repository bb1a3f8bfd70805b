//! Payloads whose members lie among those of the envelope: the judge, guards and the rest do not see the envelope's.

use crate::shapes::Rest;
use handfast::{
    Definitions, NoPendingReplies, Side,
    codec::{Encoding, Source},
    decode, protocol,
};

static DEFINITIONS: Definitions = Definitions::new(
    r##"{
"Numbered": { "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"], "additionalProperties": false },
"Named": { "type": "object", "properties": { "b": { "type": "string" } }, "required": ["b"], "additionalProperties": false },
"Either": { "oneOf": [{ "$ref": "#/$defs/Numbered" }, { "$ref": "#/$defs/Named" }] },
"One": { "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": { "type": "integer", "not": { "const": 0 } } }
}"##,
);

#[protocol(closed)]
#[derive(Clone, Debug, PartialEq)]
pub struct Numbered {
    pub a: i64,
}

#[protocol(closed)]
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub b: String,
}

#[protocol(untagged, schema = DEFINITIONS["Either"])]
#[derive(Clone, Debug, PartialEq)]
pub enum Either {
    #[protocol(kinds(object), has("a"), lacks("i"))]
    Numbered(Numbered),
    #[protocol(kinds(object), has("b"))]
    Named(Named),
}

#[protocol(checked, schema = DEFINITIONS["One"])]
#[derive(Clone, Debug, PartialEq)]
pub struct One {
    #[protocol(rest)]
    pub all: std::collections::BTreeMap<String, i64>,
}

#[protocol(server, envelope(tag = "t", content = none, id(name = "i", integer, required), channel = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum Flat {
    #[message(1)]
    Either(Either),
    #[message(2)]
    One(One),
    #[message(3)]
    Rest(Rest),
}

fn of(source: Source<'_>) -> Result<Flat, Vec<String>> {
    match decode::<Flat>(source, Side::Server, 16, &NoPendingReplies) {
        Ok(envelope) => Ok(envelope.message),
        Err(error) => {
            let violations = error.kind.violations().iter();
            Err(violations.map(ToString::to_string).collect())
        }
    }
}

fn read(text: &str) -> Result<Flat, Vec<String>> {
    let found = of(Source::Json(text.into()));
    for encoding in [Encoding::MsgPack, Encoding::Cbor] {
        let bytes = Source::Json(text.into()).transcode(encoding);
        let bytes = bytes.expect("it is encoded").into();
        let source = encoding.source(&bytes).expect("it is binary");
        assert_eq!(of(source), found, "{encoding:?}: {text}");
    }
    found
}

#[test]
fn the_envelope_is_no_part_of_the_payload() {
    let numbered = Flat::Either(Either::Numbered(Numbered { a: 1 }));
    assert_eq!(read(r#"{ "t": 1, "i": 3, "a": 1 }"#), Ok(numbered));
    let named = Flat::Either(Either::Named(Named { b: "x".to_owned() }));
    assert_eq!(read(r#"{ "b": "x", "t": 1, "i": 3 }"#), Ok(named));
    let refused = Err(vec!["must fit one of the alternatives".to_owned()]);
    assert_eq!(read(r#"{ "t": 1, "i": 3, "a": 1, "c": 2 }"#), refused);
    assert_eq!(read(r#"{ "t": 1, "i": 3 }"#), refused);

    let one = read(r#"{ "t": 2, "i": 3, "x": 1 }"#);
    let all = [("x".to_owned(), 1)].into();
    assert_eq!(one, Ok(Flat::One(One { all })));
    let refused = ["/x must not be what the schema excludes"].map(str::to_owned);
    assert_eq!(read(r#"{ "t": 2, "x": 0, "i": 3 }"#), Err(refused.to_vec()));
    let refused = ["must have at least 1 property"].map(str::to_owned);
    assert_eq!(read(r#"{ "t": 2, "i": 3 }"#), Err(refused.to_vec()));

    let rest = read(r#"{ "t": 3, "x": 4, "i": 3, "name": "a" }"#);
    let Ok(Flat::Rest(rest)) = rest else {
        panic!("{rest:?}");
    };
    assert_eq!(rest.rest, [("x".to_owned(), 4)].into());
    let refused = ["must have at least 2 properties"].map(str::to_owned);
    assert_eq!(
        read(r#"{ "t": 3, "i": 3, "name": "a" }"#),
        Err(refused.to_vec())
    );
}
