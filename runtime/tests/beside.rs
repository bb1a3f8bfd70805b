//! Objects that are no structs, where they share their members with a discriminant or with an envelope.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{Validate, ValidatedJson, codec::Encoding, protocol};
use serde_json::json;
use std::collections::BTreeMap;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {
    pub x: Option<String>,
}

#[protocol(
    schema = r#"{"type":"object","required":["t"],"properties":{"t":{"const":"odd"}},"additionalProperties":{"type":"integer"}}"#
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Odd(pub ValidatedJson);

#[protocol(tag = "t")]
#[derive(Clone, Debug, PartialEq)]
pub enum Either {
    #[protocol(name = "plain")]
    Plain(Plain),
    #[protocol(name = "odd", tagged)]
    Odd(Odd),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Counts(pub BTreeMap<String, i64>);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Both {
    pub either: Either,
    pub plain: Plain,
}

#[protocol(server, envelope(content = none, id(name = "n", integer, required), channel = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum Flat {
    #[message("either")]
    Either(Either),
    #[message("counts")]
    Counts(Counts),
    #[message("both")]
    Both(Both),
}

#[test]
fn a_branch_may_be_checked_json() {
    let text = r#"{"type":"either","t":"odd","a":1,"n":7}"#;
    let envelope = Flat::decode(text).expect("it is read");
    assert_eq!(
        envelope.message,
        Flat::Either(Either::Odd(Odd(ValidatedJson(
            json!({ "t": "odd", "a": 1 })
        ))))
    );
    let written = Flat::encode(&envelope).expect("it is written");
    assert_eq!(Flat::decode(&written).expect("it is read"), envelope);

    let text = r#"{"type":"either","t":"odd","a":"1","n":7}"#;
    let refused = Flat::decode(text).expect_err("a member is no integer");
    assert_eq!(
        refused.kind.violations()[0].to_string(),
        "/a must be an integer"
    );
}

/// What somebody made of it says by itself which branch it is.
#[test]
fn a_branch_of_another_tag_is_that_branch() {
    let wrong = Either::Odd(Odd(ValidatedJson(json!({ "t": "plain", "x": 1 }))));
    assert_eq!(
        wrong.validate().expect_err("refused").to_string(),
        "/x must be a string"
    );
    let none = Either::Odd(Odd(ValidatedJson(json!(1))));
    assert_eq!(
        none.validate().expect_err("refused").to_string(),
        "must have the property \"t\""
    );
}

#[test]
fn a_map_may_lie_flat() {
    let text = r#"{"type":"counts","a":1,"n":7}"#;
    let envelope = Flat::decode(text).expect("it is read");
    let counts = BTreeMap::from([("a".to_owned(), 1)]);
    assert_eq!(envelope.message, Flat::Counts(Counts(counts)));
}

/// A member with the name of a field of the envelope would be read as that.
#[test]
fn a_member_that_names_a_field_of_the_envelope_is_not_written() {
    for encoding in [Encoding::Json, Encoding::MsgPack, Encoding::Cbor] {
        let encoded = |name: &str| {
            let counts = BTreeMap::from([("a".to_owned(), 1), (name.to_owned(), 2)]);
            let text = r#"{"type":"counts","n":7}"#;
            let mut envelope = Flat::decode(text).expect("it is read");
            envelope.message = Flat::Counts(Counts(counts));
            handfast::encode(&envelope, encoding)
        };
        assert!(encoded("b").is_ok());
        // `channel` is off.
        assert!(encoded("channel").is_ok());
        for name in ["type", "n", "v", "seq", "epoch", "timestamp"] {
            let refused = encoded(name).expect_err(name);
            let why = std::error::Error::source(&refused).expect("it says why");
            let expected = format!("`{name}` is a field of the envelope");
            assert_eq!(why.to_string(), expected);
        }
    }
}

/// The discriminant of one object is an unknown property of the next.
#[test]
fn what_lies_beside_ends_with_the_object() {
    for text in [
        r#"{"either":{"t":"odd"},"plain":{"t":1}}"#,
        r#"{"either":{"t":"plain"},"plain":{"t":1}}"#,
    ] {
        let refused = handfast::from_str::<Both>(text, handfast::Side::Server).expect_err(text);
        assert_eq!(refused.to_string(), "/plain/t is not a known property");
    }
}
