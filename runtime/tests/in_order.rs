//! An object whose fields stand in the schema's order without white space is read by a shorter way, and so is an envelope without white space:
//! what it says is the same.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{DecodeErrorKind, Envelope, protocol};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    #[protocol(exclusive_minimum = 0)]
    pub price: f64,
    #[protocol(minimum = 0, maximum = 10, multiple_of = 0.5)]
    pub quantity: f64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Book {
    #[protocol(min_length = 3)]
    pub symbol: String,
    pub note: Option<String>,
    #[protocol(max_items = 3)]
    pub levels: Vec<Level>,
    pub place: Option<i64>,
    pub at: Option<u8>,
    pub offsets: Option<Vec<i64>>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Odd {
    #[protocol(name = "a\"b")]
    pub quoted: i64,
    #[protocol(name = "a\\b")]
    pub slashed: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub next: Option<Box<Node>>,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    #[message("book")]
    Book(Book),
    #[message("node")]
    Node(Node),
    #[message("odd")]
    Odd(Odd),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    #[message("book")]
    Book(Book),
}

#[protocol(name = "order", version = "1.0.0", client = Sent, server = Answered)]
#[derive(Clone, Copy, Debug)]
pub struct Order;

/// What is read of a book, or what is wrong with it; of a text that is not JSON nothing but that.
fn read(book: &str) -> Result<Sent, Vec<String>> {
    let text = format!(r#"{{"type":"book","payload":{book}}}"#);
    Sent::decode(&text)
        .map(|envelope| envelope.message)
        .map_err(|rejected| match &rejected.kind {
            DecodeErrorKind::Syntax { .. } => vec!["not JSON".to_owned()],
            reason => reason.violations().iter().map(|v| v.to_string()).collect(),
        })
}

/// What is read of a message, or the kind of what is wrong with it, and each violation.
fn read_whole(text: &str) -> Result<Envelope<Sent>, Vec<String>> {
    Sent::decode(text).map_err(|rejected| {
        let kind = match &rejected.kind {
            DecodeErrorKind::Syntax { message, .. } => (*message).to_owned(),
            kind => format!("{:?}", std::mem::discriminant(kind)),
        };
        let violations = rejected.kind.violations().iter().map(|v| v.to_string());
        [kind, format!("{:?} {:?}", rejected.id, rejected.tag)]
            .into_iter()
            .chain(violations)
            .collect()
    })
}

/// The same text with white space at one of the places where it may stand, for each of them.
fn spaced(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        if !in_string && matches!(c, '{' | '}' | '[' | ']' | ',' | ':') {
            for place in [at, at + 1] {
                texts.push(format!("{} \n{}", &text[..place], &text[place..]));
            }
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    texts
}

const BOOKS: [&str; 28] = [
    r#"{"symbol":"ABC","levels":[]}"#,
    r#"{"symbol":"ABC","note":"é\n","levels":[{"price":1.5,"quantity":2}],"place":-3,"at":7,"offsets":[1,-2,1e2]}"#,
    r#"{"symbol":"ABC","levels":[{"price":1.5,"quantity":2},{"price":123456789012345678,"quantity":0}],"at":255}"#,
    r#"{"symbol":"ABC","levels":[{"price":0,"quantity":2},{"price":1,"quantity":2.25},{"quantity":11,"price":2},{"price":4}]}"#,
    r#"{"symbol":"A","note":1,"levels":[{"price":"1","quantity":2}],"place":1.5,"at":256}"#,
    r#"{"symbol":"ABC","levels":[],"place":9007199254740991,"offsets":[9007199254740992,-9007199254740992]}"#,
    r#"{"levels":[],"symbol":"ABC"}"#,
    r#"{"note":"x"}"#,
    r#"{}"#,
    r#"[]"#,
    r#"{"symbol":"ABC","levels":[],"other":{"a":[1]}}"#,
    r#"{"symbol":"A","other":1,"levels":[],"another":2}"#,
    r#"{"symbol":"A","symbol":"ABC","levels":[{"price":0,"quantity":1,"price":1}]}"#,
    r#"{"symbol":"ABC","levels":[{"price":0,"quantity":1,"price":1}],"symbol":"A"}"#,
    r#"{"symbol":"ABC","note":"\u0061","levels":[],"note":2}"#,
    r#"{"symb\u006fl":"ABC","levels":[]}"#,
    r#"{"symbol":"ABC","levels":[],"place":1,}"#,
    r#"{"symbol":"ABC","levels":[],"place":1"#,
    r#"{"symbol":"ABC","levels":[{"price":1,"quantity":1]}"#,
    r#"{"symbol":"ABC""levels":[]}"#,
    r#"{"symbol""ABC","levels":[]}"#,
    r#"{"symbol":"ABC","levels":[{"price":01,"quantity":1}]}"#,
    r#"{"symbol":"ABC","levels":[{"price":1.,"quantity":1}]}"#,
    r#"{"symbol":"ABC","levels":[{"price":1e400,"quantity":1}]}"#,
    r#",{"symbol":"ABC","levels":[]}"#,
    r#","symbol":"ABC","levels":[]}"#,
    r#"{"symbol":"ABC"{"levels":[]}"#,
    r#"{,"symbol":"ABC","levels":[]}"#,
];

#[test]
fn white_space_changes_nothing() {
    for book in BOOKS {
        let plain = read(book);
        for spaced in spaced(book) {
            assert_eq!(read(&spaced), plain, "{spaced}");
        }
    }
    let right = BOOKS.iter().filter(|book| read(book).is_ok()).count();
    assert_eq!(right, 6);
}

#[test]
fn the_order_of_fields_changes_nothing() {
    for members in [
        [
            r#""symbol":"ABC""#,
            r#""note":"x""#,
            r#""levels":[{"price":1,"quantity":2}]"#,
            r#""at":3"#,
        ],
        [
            r#""symbol":"A""#,
            r#""other":1"#,
            r#""levels":[{"price":1,"quantity":-2}]"#,
            r#""at":-3"#,
        ],
    ] {
        let plain = read(&format!("{{{}}}", members.join(",")));
        for i in 0..256 {
            let order = [i / 64, i / 16 % 4, i / 4 % 4, i % 4];
            if (0..4).all(|n| order.contains(&n)) {
                let text = format!("{{{}}}", order.map(|n| members[n]).join(","));
                assert_eq!(read(&text), plain, "{text}");
            }
        }
    }
}

/// What the members of an envelope are.
const MEMBERS: [&str; 9] = [
    r#""type":"odd""#,
    r#""type":"no\u0064e""#,
    r#""type":7"#,
    r#""\u0074ype":"node""#,
    r#""id":"c-1""#,
    r#""id":"\n""#,
    r#""id":null"#,
    r#""payload":{}"#,
    r#""other":"x""#,
];

/// Every envelope of up to four of these members, with repetitions.
fn envelopes() -> Vec<String> {
    let mut lists = vec![String::new()];
    let mut all = vec!["{}".to_owned()];
    for _ in 0..4 {
        lists = lists
            .iter()
            .flat_map(|list| {
                let comma = if list.is_empty() { "" } else { "," };
                MEMBERS.map(|member| format!("{list}{comma}{member}"))
            })
            .collect();
        all.extend(lists.iter().map(|list| format!("{{{list}}}")));
    }
    all
}

#[test]
fn white_space_in_an_envelope_changes_nothing() {
    let mut right = 0;
    for envelope in envelopes() {
        let plain = read_whole(&envelope);
        right += usize::from(plain.is_ok());
        // White space around each name, so that nothing is read by the shorter way.
        let slow = envelope.replace(",\"", ", \"").replacen("{\"", "{ \"", 1);
        assert_eq!(read_whole(&slow.replace(':', " : ")), plain, "{envelope}");
    }
    assert_eq!(right, 1576);
    for broken in [
        r#"{"type":"node""id":"1","payload":{}}"#,
        r#"{"type":"node","id":"1","payload":{},}"#,
        r#"{,"type":"node","id":"1","payload":{}}"#,
        r#"{"type":"node",,"id":"1","payload":{}}"#,
        r#"{"type""node","id":"1","payload":{}}"#,
        r#"{"type":"node","id":"1,"payload":{}}"#,
        r#"{"type":"node","id":"1","payload":{}"#,
        r#"{"type":"node","id":"1","payload""#,
        "{\"type\":\"node\",\"id\":\"1\n\",\"payload\":{}}",
    ] {
        let plain = read_whole(broken);
        assert!(plain.is_err(), "{broken}");
        for spaced in spaced(broken) {
            assert_eq!(read_whole(&spaced), plain, "{spaced}");
        }
    }
}

#[test]
fn an_object_nests_as_deep_as_it_may() {
    let nested = |levels: usize| {
        let nodes = format!("{}{{}}{}", r#"{"next":"#.repeat(levels), "}".repeat(levels));
        Sent::decode(&format!(r#"{{"type":"node","payload":{nodes}}}"#))
    };
    // The message and the innermost are two of 64.
    let deep = nested(62).map(|envelope| envelope.message);
    assert!(matches!(deep, Ok(Sent::Node(_))), "{deep:?}");
    // One more at the end, which is empty, and one more of those with a field.
    for levels in [63, 64] {
        let deeper = nested(levels).expect_err("it is too deep");
        let message = "nested too deeply";
        assert!(
            matches!(deeper.kind, DecodeErrorKind::Syntax { message: said, .. } if said == message),
            "{deeper:?}"
        );
    }
}

/// A name is what its text says, and not the text.
#[test]
fn names_with_escapes_are_read_as_json() {
    let read = |payload: &str| {
        let text = format!(r#"{{"type":"odd","payload":{payload}}}"#);
        Sent::decode(&text).map(|envelope| envelope.message)
    };
    let odd = Sent::Odd(Odd {
        quoted: 1,
        slashed: 2,
    });
    assert_eq!(read(r#"{"a\"b":1,"a\\b":2}"#).ok(), Some(odd));
    let bare = read(r#"{"a"b":1,"a\\b":2}"#).expect_err("it is not JSON");
    assert!(
        matches!(bare.kind, DecodeErrorKind::Syntax { .. }),
        "{bare:?}"
    );
    let bell = read(r#"{"a\"b":1,"a\b":2}"#).expect_err("it is another name");
    assert!(matches!(bell.kind, DecodeErrorKind::Invalid(_)), "{bell:?}");
}
