//! Values that cost a lot, were it not for bounds.

use crate::{
    oracle::Oracle,
    unions::{Event, Mode, Place, Scalars, TEXT, Tree},
};
use handfast::{
    Integer, Payload, Side, Validate,
    codec::{Encoding, Source},
    from_source, from_str, protocol,
};
use handfast_schema::Dialect;
use serde_json::{Value, json};
use std::fmt::Debug;

fn nested(depth: usize, innermost: &str) -> Value {
    let mut value = json!({ innermost: 1 });
    for i in 0..depth {
        value = match i % 3 {
            0 => json!({ "a": 1, "of": value }),
            1 => json!({ "b": 1, "of": value }),
            _ => json!({ "c": "x", "a": "y", "of": value }),
        };
    }
    value
}

/// Every level is a union of three branches that overlap. Were the branches tried without verdicts, the sun would burn out first.
#[test]
fn deep_unions_cost_what_their_size_is() {
    let oracle = Oracle::new(TEXT);
    for depth in [1, 20, 60] {
        oracle.keeps::<Tree>("Tree", &nested(depth, "a"));
        oracle.keeps::<Tree>("Tree", &nested(depth, "z"));
    }
    for depth in [1, 20, 60] {
        for innermost in ["x", ""] {
            let value = (0..depth).fold(
                json!({ "name": innermost }),
                |inner, _| json!({ "name": "a", "of": inner }),
            );
            oracle.keeps::<Place>("Place", &value);
        }
        for innermost in [json!({ "version": 2 }), json!({ "version": 4 })] {
            let value = (0..depth).fold(innermost, |inner, _| json!({ "version": 3, "b": inner }));
            oracle.keeps::<Event>("Event", &value);
        }
        for innermost in [json!("auto"), json!("other")] {
            let value = (0..depth).fold(innermost, |inner, _| json!([inner]));
            oracle.keeps::<Mode>("Mode", &value);
        }
    }
}

/// In every level a name is repeated, or names are counted. Were the last value read a second time because of it, that would double the cost with
/// every level.
#[test]
fn deep_repetitions_cost_what_their_size_is() {
    #[protocol(min_properties = 1)]
    #[derive(Clone, Debug, PartialEq)]
    struct Node {
        n: Option<i64>,
        of: Option<Box<Self>>,
    }
    for (before, valid) in [
        (r#"{"n":1,"n":2,"of":"#, true),
        (r#"{"n":"x","n":2,"of":"#, true),
        (r#"{"of":{},"of":"#, true),
        (r#"{"of":7,"of":"#, true),
        (r#"{"x":1,"y":2,"of":"#, true),
        (r#"{"n":1,"n":"x","of":"#, false),
        (r#"{"x":1,"y":2,"n":"x","of":"#, false),
    ] {
        let text = format!(r#"{}{{"n":1}}{}"#, before.repeat(60), "}".repeat(60));
        assert_eq!(
            from_str::<Node>(&text, Side::Client).is_ok(),
            valid,
            "{before}"
        );
        for encoding in [Encoding::MsgPack, Encoding::Cbor] {
            let bytes = Source::Json(text.as_str().into()).transcode(encoding);
            let bytes = bytes.expect("it is encoded").into();
            let source = encoding.source(&bytes).expect("it is binary");
            assert_eq!(
                from_source::<Node>(source, Side::Client).is_ok(),
                valid,
                "{before}"
            );
        }
    }
}

/// The violations of a value whose name is repeated do not count, however many they are; those beside them do.
#[test]
fn what_a_repeated_name_drops_is_not_reported() {
    #[protocol(closed)]
    #[derive(Clone, Debug, PartialEq)]
    struct Both {
        a: Vec<String>,
        b: Vec<String>,
        c: String,
    }
    let many = format!("[{}]", vec!["1"; 5000].join(","));
    let read = |text: &str| from_str::<Both>(&text.replace('@', &many), Side::Server);
    let paths = |text| -> Vec<String> {
        let error = read(text).expect_err("it is not valid");
        let all = error.violations.iter();
        all.map(|one| format!("{} {}", one.path, one.keyword))
            .collect()
    };
    let both = read(r#"{"a":@,"b":["x"],"c":"y","a":["z"]}"#).expect("it is valid");
    assert_eq!((both.a.len(), &*both.b[0], &*both.c), (1, "x", "y"));
    assert_eq!(paths(r#"{"a":@,"b":[1],"c":"y","a":["z"]}"#), ["/b/0 type"]);
    assert_eq!(paths(r#"{"a":@,"b":[],"c":1,"a":@,"a":[]}"#), ["/c type"]);
    assert_eq!(
        paths(r#"{"a":@,"x":1,"b":[],"x":2,"c":"y","a":[]}"#),
        ["/x additionalProperties"]
    );
    assert_eq!(paths(r#"{"b":@,"a":[],"c":"y","b":1}"#), ["/b type"]);
    assert_eq!(paths(r#"{"a":@,"b":@,"c":"y","a":[]}"#).len(), 101);
}

/// A text that is nested too deeply is malformed, wherever the limit is met.
#[test]
fn the_limit_of_depth_holds_in_unions() {
    fn malformed<T: Payload + Debug>(text: &str) {
        let error = from_str::<T>(text, Side::Server).expect_err("it is too deep");
        assert_eq!(error.to_string(), "nested too deeply");
    }
    let levels =
        |before: &str, after: &str| format!("{}1{}", before.repeat(300), after.repeat(300));
    malformed::<Mode>(&levels("[", "]"));
    malformed::<Tree>(&levels(r#"{"a":1,"of":"#, "}"));
    malformed::<Place>(&levels(r#"{"name":"a","of":"#, "}"));
    malformed::<Scalars>(&levels(r#"[{"a":"#, "}]"));
}

#[test]
fn huge_lists_have_bounded_violations() {
    let oracle = Oracle::new(TEXT);
    for value in [
        json!(vec![1; 20_000]),
        json!(vec!["ab"; 20_000]),
        json!(vec![json!({}); 5_000]),
    ] {
        oracle.keeps::<Scalars>("Scalars", &value);
        oracle.keeps::<Mode>("Mode", &value);
    }
}

/// Every cut of a message, and every byte of it replaced, is read or refused like the text of it, and never panics.
#[test]
fn mutilated_messages_are_refused() {
    let value = json!({ "a": 1, "of": { "b": 18_446_744_073_709_551_615_u64, "of": { "c": "x", "of": "ab" } } });
    let text = value.to_string();
    for end in 0..text.len() {
        assert!(from_str::<Tree>(&text[..end], Side::Client).is_err());
    }
    for encoding in [Encoding::MsgPack, Encoding::Cbor] {
        let bytes = Source::Json(text.as_str().into()).transcode(encoding);
        let bytes = bytes.expect("it is encoded");
        for at in 0..bytes.len() {
            for byte in [0, 0x7F, 0x81, 0xC1, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = byte;
                let changed = changed.into();
                let source = encoding.source(&changed).expect("it is binary");
                drop(from_source::<Tree>(source, Side::Client));
                drop(from_source::<Place>(source, Side::Server));
            }
        }
    }
}

/// The types of an accepted value have no opinion of their own on unknown members, rules and bounds.
#[test]
fn what_is_accepted_is_not_judged_again() {
    const TEXT: &str = r##"{ "Loose": { "type": "object", "properties": { "in": { "type": "object" }, "n": { "type": "integer" } } } }"##;
    #[protocol(closed, min_properties = 5)]
    #[derive(Clone, Debug, PartialEq)]
    struct Inner {
        #[protocol(min_length = 100, pattern = "^z", format = "uuid")]
        text: Option<String>,
        #[protocol(maximum = 1)]
        n: Option<i64>,
        #[protocol(min_items = 3, unique_items, contains(schema = "false"))]
        list: Option<Vec<i64>>,
        #[protocol(checked, schema = "false")]
        judged: Option<bool>,
    }
    #[protocol(
        checked,
        json_schema = r##"{ "type": "object", "properties": { "in": { "type": "object" }, "n": { "type": "integer" } } }"##
    )]
    #[derive(Clone, Debug, PartialEq)]
    struct Loose {
        #[protocol(name = "in")]
        inner: Option<Inner>,
        n: Option<Integer>,
    }
    let oracle = Oracle::of(Dialect::JsonSchema, TEXT);
    let value = json!({ "in": { "text": "a", "n": 9_007_199_254_740_993_i64, "list": [1, 1], "judged": true, "more": 1 }, "more": 2 });
    let read = oracle
        .agrees::<Loose>("Loose", &value)
        .expect("it is valid");
    let inner = read.inner.as_ref().expect("it is there");
    assert_eq!(
        (inner.n, inner.list.as_deref()),
        (Some(9_007_199_254_740_993), Some(&[1, 1][..]))
    );
    assert_eq!(read.validate(), Ok(()));
    oracle.agrees::<Loose>("Loose", &json!({ "in": 3, "n": 1e300 }));
}
