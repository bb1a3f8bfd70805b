//! Single items of MessagePack and CBOR: what they stand for, and which are malformed.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use bytes::Bytes;
use handfast::{
    DecodeErrorKind, NoPendingReplies, Side,
    codec::{Encoding, Source},
    decode, from_source, protocol,
};
use serde_json::json;

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    #[message("stop")]
    Stop,
    #[message("go")]
    Go { to: i64 },
}

fn read(encoding: Encoding, bytes: &Bytes) -> Result<Message, DecodeErrorKind> {
    let source = encoding.source(bytes).expect("it is UTF-8 if it is text");
    match decode(source, Side::Client, 16, &NoPendingReplies) {
        Ok(envelope) => Ok(envelope.message),
        Err(rejected) => Err(rejected.kind),
    }
}

fn is_malformed(read: &Result<Message, DecodeErrorKind>) -> bool {
    matches!(read, Err(DecodeErrorKind::Syntax { .. }))
}

fn as_json(encoding: Encoding, bytes: &Bytes) -> Option<String> {
    let source = encoding.source(bytes).expect("it is UTF-8 if it is text");
    let text = source.transcode(Encoding::Json).ok()?;
    Some(String::from_utf8(text).expect("JSON is UTF-8"))
}

fn hex(text: &str) -> Bytes {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).expect("hexadecimal digits")
    });
    pairs.collect::<Vec<u8>>().into()
}

/// What single items stand for, after the examples of RFC 8949, appendix A, and of the specification of MessagePack.
#[test]
fn items_stand_for_json() {
    use Encoding::{Cbor, MsgPack};
    const MALFORMED: &str = "";
    for (encoding, bytes, json) in [
        (MsgPack, "00", "0"),
        (MsgPack, "7f", "127"),
        (MsgPack, "e0", "-32"),
        (MsgPack, "cc 01", "1"),
        (MsgPack, "cd ffff", "65535"),
        (MsgPack, "ce ffffffff", "4294967295"),
        (MsgPack, "cf ffffffffffffffff", "1.8446744073709552e19"),
        (MsgPack, "d0 80", "-128"),
        (MsgPack, "d1 8000", "-32768"),
        (MsgPack, "d2 80000000", "-2147483648"),
        (MsgPack, "d3 8000000000000000", "-9223372036854775808"),
        (MsgPack, "ca 3fc00000", "1.5"),
        (MsgPack, "cb 3ff0000000000000", "1.0"),
        (MsgPack, "cb 7ff8000000000000", MALFORMED),
        (MsgPack, "ca 7f800000", MALFORMED),
        (MsgPack, "cb fff0000000000000", MALFORMED),
        (MsgPack, "c0", "null"),
        (MsgPack, "c1", MALFORMED),
        (MsgPack, "c2", "false"),
        (MsgPack, "c3", "true"),
        (MsgPack, "a1 61", r#""a""#),
        (MsgPack, "d9 01 61", r#""a""#),
        (MsgPack, "db 00000001 61", r#""a""#),
        (MsgPack, "a1 ff", MALFORMED),
        (MsgPack, "a3 eda080", MALFORMED),
        (MsgPack, "a2 c080", MALFORMED),
        (MsgPack, "a1 00", r#""\u0000""#),
        (MsgPack, "c4 02 fbff", r#""+/8=""#),
        (MsgPack, "c5 0000", r#""""#),
        (MsgPack, "c6 ffffffff 00", MALFORMED),
        (MsgPack, "db ffffffff 00", MALFORMED),
        (MsgPack, "dd ffffffff c0", MALFORMED),
        (MsgPack, "df ffffffff c0", MALFORMED),
        (MsgPack, "dc 0001 c0", "[null]"),
        (MsgPack, "de 0001 a1 61 01", r#"{"a":1}"#),
        (MsgPack, "81 01 01", MALFORMED),
        (MsgPack, "81 c4 01 61 01", MALFORMED),
        (MsgPack, "82 a161 01 a161 02", r#"{"a":1,"a":2}"#),
        (MsgPack, "d4 ff 00", MALFORMED),
        (MsgPack, "d6 ff 00000000", MALFORMED),
        (MsgPack, "c7 00 01", MALFORMED),
        (MsgPack, "00 00", MALFORMED),
        (MsgPack, "", MALFORMED),
        (Cbor, "17", "23"),
        (Cbor, "18 18", "24"),
        (Cbor, "18 01", "1"),
        (Cbor, "1b ffffffffffffffff", "1.8446744073709552e19"),
        (Cbor, "20", "-1"),
        (Cbor, "38 63", "-100"),
        (Cbor, "3b 7fffffffffffffff", "-9223372036854775808"),
        (Cbor, "3b ffffffffffffffff", "-1.8446744073709552e19"),
        (Cbor, "f9 0000", "0.0"),
        (Cbor, "f9 8000", "-0.0"),
        (Cbor, "f9 3c00", "1.0"),
        (Cbor, "f9 3e00", "1.5"),
        (Cbor, "f9 7bff", "65504.0"),
        (Cbor, "f9 0001", "5.960464477539063e-8"),
        (Cbor, "f9 0400", "0.00006103515625"),
        (Cbor, "f9 c400", "-4.0"),
        (Cbor, "fa 47c35000", "100000.0"),
        (Cbor, "fb 3ff199999999999a", "1.1"),
        (Cbor, "f9 7c00", MALFORMED),
        (Cbor, "f9 7e00", MALFORMED),
        (Cbor, "fa ff800000", MALFORMED),
        (Cbor, "fb 7ff8000000000000", MALFORMED),
        (Cbor, "f4", "false"),
        (Cbor, "f5", "true"),
        (Cbor, "f6", "null"),
        (Cbor, "f7", MALFORMED),
        (Cbor, "f0", MALFORMED),
        (Cbor, "f8 18", MALFORMED),
        (Cbor, "f8 ff", MALFORMED),
        (Cbor, "fc", MALFORMED),
        (Cbor, "ff", MALFORMED),
        (Cbor, "1c", MALFORMED),
        (Cbor, "1f", MALFORMED),
        (Cbor, "3f", MALFORMED),
        (Cbor, "df", MALFORMED),
        (
            Cbor,
            "c0 74 323031332d30332d32315432303a30343a30305a",
            MALFORMED,
        ),
        (Cbor, "c2 49 010000000000000000", MALFORMED),
        (Cbor, "d9d9f7 00", MALFORMED),
        (Cbor, "44 01020304", r#""AQIDBA==""#),
        (Cbor, "62 c3bc", r#""ü""#),
        (Cbor, "61 ff", MALFORMED),
        (Cbor, "80", "[]"),
        (Cbor, "82 01 02", "[1,2]"),
        (Cbor, "a1 6161 01", r#"{"a":1}"#),
        (Cbor, "a1 01 02", MALFORMED),
        (Cbor, "a1 4161 02", MALFORMED),
        (Cbor, "a1 7f 6161 6162 ff 02", r#"{"ab":2}"#),
        (Cbor, "5f 42 0102 43 030405 ff", r#""AQIDBAU=""#),
        (Cbor, "7f 65 7374726561 64 6d696e67 ff", r#""streaming""#),
        (Cbor, "7f ff", r#""""#),
        (Cbor, "7f 61c3 61bc ff", MALFORMED),
        (Cbor, "7f 4161 ff", MALFORMED),
        (Cbor, "7f 7f 6161 ff ff", MALFORMED),
        (Cbor, "5f 6161 ff", MALFORMED),
        (Cbor, "7f 6161", MALFORMED),
        (Cbor, "9f 01 82 02 03 9f 04 05 ff ff", "[1,[2,3],[4,5]]"),
        (Cbor, "9f 01", MALFORMED),
        (Cbor, "bf 6161 01 6162 9f ff ff", r#"{"a":1,"b":[]}"#),
        (Cbor, "bf 6161 ff", MALFORMED),
        (Cbor, "82 01 ff", MALFORMED),
        (Cbor, "9b ffffffffffffffff 00", MALFORMED),
        (Cbor, "bb fffffffffffffffe 00", MALFORMED),
        (Cbor, "7b ffffffffffffffff 00", MALFORMED),
        (Cbor, "00 00", MALFORMED),
    ] {
        let item = hex(bytes);
        let found = as_json(encoding, &item).unwrap_or_default();
        // Numbers are the same if they are as doubles.
        let number = |text: &str| serde_json::from_str::<f64>(text).ok();
        assert!(
            found == json || number(&found).is_some() && number(&found) == number(json),
            "{encoding:?} {bytes}: {found} instead of {json}"
        );
        // As an unknown member of a message, which a client skips, it is well-formed or not by the same rules.
        let mut whole = hex(match encoding {
            MsgPack => "82 a474797065 a473746f70 a178",
            _ => "a2 6474797065 6473746f70 6178",
        })
        .to_vec();
        whole.extend(&item);
        let read = read(encoding, &whole.into());
        assert_eq!(
            read.is_ok(),
            json != MALFORMED,
            "{encoding:?} {bytes} {read:?}"
        );
        assert_eq!(is_malformed(&read), json == MALFORMED);
    }
}

#[test]
fn depth_is_limited() {
    for (encoding, array, indefinite) in [
        (Encoding::MsgPack, 0x91, false),
        (Encoding::Cbor, 0x81, false),
        (Encoding::Cbor, 0x9F, true),
    ] {
        let of = |depth: usize| {
            let mut bytes = match encoding {
                Encoding::MsgPack => b"\x82\xA4type\xA4stop\xA1x".to_vec(),
                _ => b"\xA2\x64type\x64stop\x61x".to_vec(),
            };
            bytes.extend(vec![array; depth]);
            match indefinite {
                true => bytes.extend(vec![0xFF; depth]),
                false => bytes.push(0xC0 + 0x36 * u8::from(encoding == Encoding::Cbor)),
            }
            read(encoding, &bytes.into())
        };
        assert_eq!(of(15), Ok(Message::Stop));
        assert!(is_malformed(&of(16)));
        assert!(is_malformed(&of(1_000_000)));
    }
}

/// An array that does not say how long it is reserves nothing: each of many could have all that is left of the message.
#[test]
fn arrays_reserve_no_more_than_arrives() {
    #[protocol]
    #[derive(Debug)]
    struct Lists {
        lists: Vec<Vec<f64>>,
    }
    let reserved = |bytes: &[u8]| {
        let bytes = Bytes::copy_from_slice(bytes);
        let lists = from_source::<Lists>(Source::Cbor(&bytes), Side::Server);
        let lists = lists.expect("it is valid").lists;
        assert_eq!(lists.len(), 10_000);
        lists.iter().map(Vec::capacity).sum::<usize>()
    };
    let of = |item: &[u8]| [b"\xA1\x65lists\x9F", &*item.repeat(10_000), b"\xFF"].concat();
    assert_eq!(reserved(&of(b"\x80")), 0);
    assert_eq!(reserved(&of(b"\x9F\xFF")), 0);
    assert!(reserved(&of(b"\x9F\x01\xFF")) <= 40_000);
    assert!(reserved(&of(b"\x82\x01\x02")) <= 40_000);
}

#[test]
fn the_last_of_repeated_names_counts() {
    for (encoding, bytes) in [
        (
            Encoding::MsgPack,
            &b"\x84\xA4type\xA4stop\xA7payload\x01\xA7payload\x82\xA2to\xC0\xA2to\x07\xA4type\xA2go"
                [..],
        ),
        (
            Encoding::Cbor,
            b"\xA4\x64type\x64stop\x67payload\x01\x67payload\xA2\x62to\xF6\x62to\x07\x64type\x62go",
        ),
    ] {
        let bytes = Bytes::from_static(bytes);
        assert_eq!(read(encoding, &bytes), Ok(Message::Go { to: 7 }));
    }
}

#[test]
fn floats_are_short_if_that_is_exact() {
    for (x, msgpack) in [
        (json!(1.0), &[0x01][..]),
        (json!(-33.0), &[0xD0, 0xDF]),
        (json!(0.5), &[0xCA, 0x3F, 0, 0, 0]),
        (
            json!(0.1),
            &[0xCB, 0x3F, 0xB9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A],
        ),
        (json!(-0.0), &[0xCA, 0x80, 0, 0, 0]),
        (
            json!(9007199254740991.0),
            &[0xCF, 0, 0x1F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ),
        (json!(9007199254740992.0), &[0xCA, 0x5A, 0, 0, 0]),
    ] {
        let text = x.to_string();
        let bytes = Source::Json(text.as_str().into()).transcode(Encoding::MsgPack);
        assert_eq!(bytes.expect("it is transcoded"), msgpack, "{text}");
    }
}
