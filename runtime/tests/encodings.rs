//! MessagePack and CBOR: each message gets the verdict of the JSON text that it stands for, whatever its bytes are.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use bytes::Bytes;
use handfast::{
    ByteString, DecodeError, DecodeErrorKind, Definitions, Envelope, NoPendingReplies, Nullable,
    Side, ValidatedJson,
    codec::{Encoding, Source},
    decode, encode, protocol,
};
use handfast_testing::random::{Rng, instance};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const BINARY: [Encoding; 2] = [Encoding::MsgPack, Encoding::Cbor];

static DEFINITIONS: Definitions = Definitions::new(
    r##"{ "Any": { "anyOf": [{ "type": "integer", "maximum": 9 }, { "type": "array", "items": { "$ref": "#/$defs/Any" } }, { "type": "string", "maxLength": 6 }] } }"##,
);

#[protocol(schema = DEFINITIONS["Any"])]
#[derive(Clone, Debug, PartialEq)]
pub struct Any(ValidatedJson);

#[protocol(tag = "kind")]
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    #[protocol(name = "circle")]
    Circle {
        #[protocol(exclusive_minimum = 0)]
        radius: f64,
    },
    #[protocol(name = "none")]
    Nothing,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub enum Level {
    #[protocol(name = "low")]
    Low,
    #[protocol(name = "high")]
    High,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    pub flag: bool,
    #[protocol(minimum = -100, maximum = 70_000)]
    pub n: i64,
    #[protocol(maximum = 1000)]
    pub x: f64,
    #[protocol(min_length = 1, max_length = 40, pattern = "^[a-z =A-Z0-9+/]*$")]
    pub text: String,
    pub shared: ByteString,
    #[protocol(max_length = 8)]
    pub bytes: handfast::Bytes,
    pub topic: Nullable<String>,
    #[protocol(max_items = 20, items(minimum = -4, maximum = 4))]
    pub floats: Vec<f64>,
    #[protocol(unique_items)]
    pub ints: Option<Vec<i64>>,
    pub map: BTreeMap<String, i64>,
    pub shapes: Vec<Shape>,
    pub level: Option<Level>,
    pub any: Any,
    pub big: handfast::StringInteger<u64>,
    #[protocol(name = "a name with more than thirty-one bytes")]
    pub long: Option<i64>,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    #[message("every")]
    Every(Box<Every>),
    #[message("stop")]
    Stop,
}

/// The same, with the payload's members among those of the envelope.
#[protocol(server, envelope(tag = "t", content = none, id(name = "n", integer, required), channel = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum Flat {
    #[message(1)]
    Every(Box<Every>),
}

fn every() -> Value {
    json!({
        "flag": true, "n": 300, "x": 0.1, "text": "hello", "shared": "worlds", "bytes": "AAEC", "topic": null,
        "floats": [0, 1, -1.5, 0.25, 2.9000000000001, -4], "ints": [1, -33, 70000, 9007199254740991_i64],
        "map": { "a": 1, "b": 2 }, "shapes": [{ "kind": "circle", "radius": 2.5 }, { "kind": "none" }], "level": "low",
        "any": [1, ["two"], 3], "big": "18446744073709551615", "a name with more than thirty-one bytes": 1,
    })
}

fn message() -> Value {
    json!({ "type": "every", "id": "7", "payload": every() })
}

/// What is found of a message: it, or what is left of it.
type Verdict = Result<String, String>;

fn verdict<M: handfast::MessageSet + std::fmt::Debug>(source: Source<'_>, side: Side) -> Verdict {
    let read: Result<Envelope<M>, Box<DecodeError>> = decode(source, side, 16, &NoPendingReplies);
    match read {
        Ok(envelope) => Ok(format!("{envelope:?}")),
        Err(rejected) => Err(match rejected.kind {
            DecodeErrorKind::Syntax { .. } => "SYNTAX".to_owned(),
            kind => {
                // The payload is JSON text that means the same, but need not have the same letters.
                let payload = rejected
                    .payload
                    .map(|text| serde_json::from_str::<Value>(&text).expect("the payload is JSON"));
                let payload = payload.map(plain);
                format!(
                    "{kind:?} {:?} {:?} {:?} {payload:?}",
                    rejected.id, rejected.tag, rejected.channel
                )
            }
        }),
    }
}

/// The value with every number as a double, and with its members by name.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(n) => n.as_f64().unwrap_or_default().into(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (name, plain(value)));
            let sorted: BTreeMap<_, _> = members.collect();
            Value::Object(sorted.into_iter().collect())
        }
        other => other,
    }
}

fn verdicts(source: Source<'_>) -> Vec<Verdict> {
    vec![
        verdict::<Message>(source, Side::Server),
        verdict::<Message>(source, Side::Client),
        verdict::<Flat>(source, Side::Server),
        verdict::<Flat>(source, Side::Client),
    ]
}

fn source(encoding: Encoding, bytes: &Bytes) -> Source<'_> {
    encoding.source(bytes).expect("it is UTF-8 if it is text")
}

/// How others encode a value.
fn foreign(encoding: Encoding, value: &Value) -> Bytes {
    let mut bytes = Vec::new();
    match encoding {
        Encoding::MsgPack => bytes = rmp_serde::to_vec(value).expect("it is encoded"),
        _ => ciborium::into_writer(value, &mut bytes).expect("it is encoded"),
    }
    bytes.into()
}

/// How others decode bytes. A byte string is a text in base64.
fn foreign_value(encoding: Encoding, bytes: &[u8]) -> Value {
    match encoding {
        Encoding::MsgPack => {
            let mut rest = bytes;
            let value = rmpv::decode::read_value(&mut rest).expect("it is MessagePack");
            assert!(rest.is_empty(), "something follows");
            of_msgpack(value)
        }
        _ => of_cbor(ciborium::from_reader(bytes).expect("it is CBOR")),
    }
}

fn of_msgpack(value: rmpv::Value) -> Value {
    use rmpv::Value as V;
    match value {
        V::Nil => Value::Null,
        V::Boolean(b) => b.into(),
        V::Integer(n) => n.as_i64().map_or_else(|| n.as_u64().into(), Value::from),
        V::F32(x) => f64::from(x).into(),
        V::F64(x) => x.into(),
        V::String(text) => text.as_str().expect("it is UTF-8").into(),
        V::Binary(bytes) => handfast::Bytes(bytes).to_base64().into(),
        V::Array(items) => items.into_iter().map(of_msgpack).collect(),
        V::Map(members) => members
            .into_iter()
            .map(|(name, value)| (name.as_str().expect("a name").to_owned(), of_msgpack(value)))
            .collect(),
        V::Ext(..) => panic!("an extension"),
    }
}

fn of_cbor(value: ciborium::Value) -> Value {
    use ciborium::Value as V;
    match value {
        V::Null => Value::Null,
        V::Bool(b) => b.into(),
        V::Integer(n) => {
            let n = i128::from(n);
            i64::try_from(n).map_or_else(|_| u64::try_from(n).expect("64 bits").into(), Value::from)
        }
        V::Float(x) => x.into(),
        V::Text(text) => text.into(),
        V::Bytes(bytes) => handfast::Bytes(bytes).to_base64().into(),
        V::Array(items) => items.into_iter().map(of_cbor).collect(),
        V::Map(members) => members
            .into_iter()
            .map(|(name, value)| (name.into_text().expect("a name"), of_cbor(value)))
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// Replaces, removes or adds something at a random place.
fn mutate(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && !rng.one_in(12) => {
            let at = rng.below(members.len());
            let name = members.keys().nth(at).cloned().expect("it is there");
            match rng.below(12) {
                0 => {
                    members.shift_remove(&name);
                }
                1 => {
                    members.insert("extra".to_owned(), instance(rng, 2));
                }
                _ => mutate(rng, &mut members[&name]),
            }
        }
        Value::Array(items) if !items.is_empty() && !rng.one_in(8) => {
            let at = rng.below(items.len());
            mutate(rng, &mut items[at]);
        }
        other => {
            *other = match rng.below(6) {
                0 => json!(rng.pick(&[
                    0,
                    23,
                    24,
                    31,
                    32,
                    127,
                    128,
                    -1,
                    -24,
                    -25,
                    -32,
                    -33,
                    -128,
                    -129,
                    255,
                    256,
                    65535,
                    65536,
                    -32769,
                    4294967295_i64,
                    4294967296,
                    i64::MAX,
                    i64::MIN,
                ])),
                1 => json!(rng.pick(&[u64::MAX, 1 << 63])),
                2 => {
                    json!(rng.pick(&[0.5, -0.0, 1e300, 5e-324, 16777217.0, 0.1, 1.0, 1e19, -1e19]))
                }
                3 => json!("x".repeat(rng.below(300))),
                4 => json!(vec![1; rng.below(40)]),
                _ => instance(rng, 3),
            }
        }
    }
}

/// A message, or one with every kind of member.
fn either(rng: &mut Rng) -> Value {
    if !rng.one_in(2) {
        return message();
    }
    let mut value = json!({ "t": 1, "n": 3 });
    let members = every();
    value
        .as_object_mut()
        .expect("an object")
        .extend(members.as_object().expect("an object").clone());
    value
}

#[test]
fn the_verdict_is_that_of_json() {
    let mut counts = [0, 0];
    for seed in 1..=1_500 {
        let rng = &mut Rng::new(seed);
        let mut value = either(rng);
        for _ in 0..rng.below(4) {
            mutate(rng, &mut value);
        }
        let text = value.to_string();
        let expected = verdicts(Source::Json(text.as_str().into()));
        for encoding in BINARY {
            let ours = Source::Json(text.as_str().into()).transcode(encoding);
            let ours = Bytes::from(ours.expect("it is transcoded"));
            let theirs = foreign(encoding, &value);
            for (of, bytes) in [("ours", ours), ("theirs", theirs)] {
                assert_eq!(
                    verdicts(source(encoding, &bytes)),
                    expected,
                    "seed {seed}, {encoding:?}, {of}, {text}"
                );
            }
        }
        counts[usize::from(expected.iter().any(Result::is_ok))] += 1;
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

#[test]
fn others_read_what_is_written() {
    for seed in 1..=1_500 {
        let rng = &mut Rng::new(seed);
        let mut value = message();
        for _ in 0..rng.below(4) {
            mutate(rng, &mut value);
        }
        let text = value.to_string();
        for encoding in BINARY {
            let bytes = Source::Json(text.as_str().into()).transcode(encoding);
            let bytes = Bytes::from(bytes.expect("it is transcoded"));
            let read = foreign_value(encoding, &bytes);
            assert_eq!(
                plain(read),
                plain(value.clone()),
                "seed {seed}, {encoding:?}"
            );
            let back = source(encoding, &bytes).transcode(Encoding::Json);
            let back: Value =
                serde_json::from_slice(&back.expect("it is transcoded")).expect("it is JSON");
            assert_eq!(
                plain(back),
                plain(value.clone()),
                "seed {seed}, {encoding:?}"
            );
        }
    }
    for encoding in BINARY {
        let envelope = Message::decode(&message().to_string()).expect("it is valid");
        let bytes = encode(&envelope, encoding).expect("it is encoded");
        assert_eq!(plain(foreign_value(encoding, &bytes)), plain(message()));
        let bytes = Bytes::from(bytes);
        let read = decode(
            source(encoding, &bytes),
            Side::Server,
            16,
            &NoPendingReplies,
        );
        assert_eq!(read.expect("it is read"), envelope);
    }
}

#[test]
fn bytes_are_bytes() {
    let envelope = Message::decode(&message().to_string()).expect("it is valid");
    for (encoding, expected) in [
        (Encoding::MsgPack, &b"\xA5bytes\xC4\x03\0\x01\x02"[..]),
        (Encoding::Cbor, &b"\x65bytes\x43\0\x01\x02"[..]),
    ] {
        let bytes = encode(&envelope, encoding).expect("it is encoded");
        assert!(
            bytes.windows(expected.len()).any(|part| part == expected),
            "{bytes:x?}"
        );
    }
    // A byte string is its base64 text, wherever it is; and so are a field's bounds, which count that text.
    let text = message().to_string();
    for (place, bytes, base64) in [
        ("bytes", &b"\xFF\xFE\xFD\xFC"[..], "//79/A=="),
        ("bytes", &b"1234567"[..], "MTIzNDU2Nw=="),
        ("bytes", b"", ""),
        ("text", b"\0", "AA=="),
        ("shared", b"\xFF", "/w=="),
        ("topic", b"\xFF", "/w=="),
        ("level", b"\xFF", "/w=="),
        ("any", b"\xFF", "/w=="),
        ("any", b"1234567", "MTIzNDU2Nw=="),
        ("big", b"\x12", "Eg=="),
        ("n", b"\x12", "Eg=="),
        ("flag", b"\x12", "Eg=="),
    ] {
        let mut value: Value = serde_json::from_str(&text).expect("it is JSON");
        value["payload"][place] = base64.into();
        let expected = verdicts(Source::Json(value.to_string().as_str().into()));
        value["payload"][place] = "the place of the bytes".into();
        for encoding in BINARY {
            let written = Source::Json(value.to_string().as_str().into()).transcode(encoding);
            let written = written.expect("it is transcoded");
            let (head, binary) = match encoding {
                Encoding::MsgPack => (0xB6, vec![0xC4, bytes.len() as u8]),
                _ => (0x76, vec![0x40 | bytes.len() as u8]),
            };
            let mut place = vec![head];
            place.extend(b"the place of the bytes");
            let at = written
                .windows(23)
                .position(|part| part == place)
                .expect("it is there");
            let message = [&written[..at], &binary, bytes, &written[at + 23..]].concat();
            assert_eq!(
                verdicts(source(encoding, &message.into())),
                expected,
                "{value} {encoding:?}"
            );
        }
    }
}

/// The text of a value in which some names are repeated; the last of each has its value.
fn with_repetitions(rng: &mut Rng, value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut written = Vec::new();
            for (name, value) in members {
                let name = Value::from(name.as_str());
                if rng.one_in(3) {
                    let dropped = instance(rng, 2);
                    let dropped = with_repetitions(rng, &dropped);
                    let at = rng.below(written.len() + 1);
                    written.insert(at, format!("{name}:{dropped}"));
                }
                let value = with_repetitions(rng, value);
                written.push(format!("{name}:{value}"));
            }
            format!("{{{}}}", written.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .map(|item| with_repetitions(rng, item))
                .collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn of_repeated_names_the_last_counts() {
    let mut counts = [0, 0];
    for seed in 1..=3_000 {
        let rng = &mut Rng::new(seed);
        let mut value = either(rng);
        for _ in 0..rng.below(3) {
            mutate(rng, &mut value);
        }
        let expected = verdicts(Source::Json(value.to_string().as_str().into()));
        let text = with_repetitions(rng, &value);
        assert_eq!(
            verdicts(Source::Json(text.as_str().into())),
            expected,
            "seed {seed}, {text}"
        );
        for encoding in BINARY {
            let bytes = Source::Json(text.as_str().into()).transcode(encoding);
            let bytes = Bytes::from(bytes.expect("it is transcoded"));
            assert_eq!(
                verdicts(source(encoding, &bytes)),
                expected,
                "seed {seed}, {encoding:?}, {text}"
            );
        }
        counts[usize::from(expected.iter().any(Result::is_ok))] += 1;
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

/// Bytes that are cut, changed, put in or left out are either malformed, or mean some JSON text and are judged like it.
#[test]
fn hostile_bytes_are_judged_as_the_text_that_they_stand_for() {
    let mut counts = BTreeMap::new();
    for encoding in BINARY {
        let good = Source::Json(message().to_string().as_str().into()).transcode(encoding);
        let good = good.expect("it is transcoded");
        for end in 0..good.len() {
            let cut = Bytes::copy_from_slice(&good[..end]);
            for verdict in verdicts(source(encoding, &cut)) {
                assert_eq!(verdict, Err("SYNTAX".to_owned()), "{end} bytes");
            }
        }
        for seed in 1..=8_000 {
            let rng = &mut Rng::new(seed);
            let mut bytes = good.clone();
            for _ in 0..=rng.below(3) {
                let at = rng.below(bytes.len());
                let any = rng.below(256) as u8;
                let byte = *rng.pick(&[
                    any, 0x00, 0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC4, 0xC7, 0xCA, 0xCB,
                    0xCF, 0xD3, 0xD4, 0xD9, 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xF4, 0xF6, 0xF7, 0xF9,
                    0xFB, 0xFF, 0x5F, 0x7F, 0x9F, 0xBF, 0x3B, 0x1B,
                ]);
                match rng.below(4) {
                    0 => bytes.insert(at, byte),
                    1 => {
                        bytes.remove(at);
                    }
                    _ => bytes[at] = byte,
                }
            }
            let bytes = Bytes::from(bytes);
            let found = verdicts(source(encoding, &bytes));
            let expected = match source(encoding, &bytes).transcode(Encoding::Json) {
                Ok(text) => {
                    let text = String::from_utf8(text).expect("JSON is UTF-8");
                    verdicts(Source::Json(text.as_str().into()))
                }
                Err(_) => vec![Err("SYNTAX".to_owned()); 4],
            };
            assert_eq!(found, expected, "seed {seed}, {encoding:?}, {bytes:x?}");
            let kind = match &found[0] {
                Ok(_) => "read",
                Err(syntax) if syntax == "SYNTAX" => "malformed",
                Err(_) => "refused",
            };
            *counts.entry(kind).or_insert(0) += 1;
        }
    }
    assert!(
        counts.len() == 3 && counts.values().all(|count| *count > 300),
        "{counts:?}"
    );
}

#[test]
fn depth_is_that_of_json() {
    let text = message().to_string();
    let is_read = |source: Source<'_>, depth: u32| {
        decode::<Message>(source, Side::Server, depth, &NoPendingReplies).is_ok()
    };
    for depth in 0..6 {
        let json = is_read(Source::Json(text.as_str().into()), depth);
        assert_eq!(json, depth >= 4, "{depth}");
        for encoding in BINARY {
            let bytes = Source::Json(text.as_str().into()).transcode(encoding);
            let bytes = Bytes::from(bytes.expect("it is transcoded"));
            assert_eq!(
                is_read(source(encoding, &bytes), depth),
                json,
                "{depth} {encoding:?}"
            );
        }
    }
}
