//! What `#[protocol]` reads and writes, and what it says of what it refuses.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    ByteString, DecodeError, DecodeErrorKind, Envelope, Id, Nullable, Validate, protocol,
};

/// The name of a room.
#[protocol(pattern = "^[a-z0-9-]{1,64}$")]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomId(String);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSend {
    #[protocol(name = "roomId")]
    pub room_id: RoomId,
    #[protocol(min_length = 1, max_length = 5)]
    pub text: String,
    #[protocol(max_items = 2)]
    pub attachments: Option<Vec<Attachment>>,
    pub topic: Option<Nullable<String>>,
    pub level: Option<Level>,
    pub n: Option<i64>,
}

#[protocol(tag = "kind")]
#[derive(Clone, Debug, PartialEq)]
pub enum Attachment {
    #[protocol(name = "image")]
    Image(Image),
    #[protocol(name = "note")]
    Note { text: String },
    #[protocol(name = "none")]
    Nothing,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    #[protocol(minimum = 1, maximum = 10)]
    pub width: i64,
    pub scale: Option<f64>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Level(pub String, #[protocol(exclusive_minimum = 0)] pub f64);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    #[protocol(name = "online")]
    Online,
    #[protocol(name = "away")]
    Away,
    #[protocol(other)]
    Other(String),
}

#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub status: Status,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("chat.send", timeout_ms = 5000)]
    ChatSend(ChatSend),
    #[message("stop")]
    Stop,
    #[message("move")]
    Move { x: i64, y: Option<i64> },
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("member")]
    Member(Member),
}

#[protocol(server, envelope(tag = "t", content = none, id(name = "n", integer, required), channel = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum Flat {
    #[message(1)]
    Member(Box<Member>),
    #[message(2)]
    Attached(Attachment),
}

#[protocol(name = "reading", version = "1.0.0", client = ClientMessage, server = ServerMessage)]
#[derive(Clone, Copy, Debug)]
pub struct Reading;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Wide {
    pub signed: handfast::StringInteger<i64>,
    pub unsigned: Option<handfast::StringInteger<u64>>,
}

fn told(rejected: &DecodeError) -> Vec<String> {
    rejected
        .kind
        .violations()
        .iter()
        .map(|v| format!("{} [{}] {}", v.path, v.keyword, v.message))
        .collect()
}

fn refused(text: &str) -> Vec<String> {
    told(&ClientMessage::decode(text).expect_err("it is refused"))
}

#[test]
fn a_message_reads_and_writes() {
    let text = r#"{"type":"chat.send","payload":{"roomId":"lobby","text":"hi","attachments":[{"kind":"image","width":3},{"text":"x","kind":"note"}],"topic":null,"level":["a",0.5],"n":1.0},"id":"7"}"#;
    let envelope = ClientMessage::decode(text).expect("it is read");
    assert_eq!(envelope.id, Some(Id::Text("7".into())));
    let ClientMessage::ChatSend(send) = &envelope.message else {
        panic!("another message")
    };
    assert_eq!(send.room_id.as_str(), "lobby");
    assert_eq!(send.topic, Some(Nullable::Null));
    assert_eq!(send.n, Some(1));
    assert_eq!(
        send.attachments.as_deref(),
        Some(
            &[
                Attachment::Image(Image {
                    width: 3,
                    scale: None
                }),
                Attachment::Note { text: "x".into() }
            ][..]
        )
    );
    let written = ClientMessage::encode(&envelope).expect("it is written");
    assert_eq!(
        written,
        r#"{"type":"chat.send","payload":{"roomId":"lobby","text":"hi","attachments":[{"kind":"image","width":3},{"kind":"note","text":"x"}],"topic":null,"level":["a",0.5],"n":1},"id":"7"}"#
    );
    assert_eq!(
        ClientMessage::decode(&written).expect("it is read again"),
        envelope
    );
}

#[test]
fn every_violation_is_told_in_order() {
    assert_eq!(
        refused(
            r#"{"type":"chat.send","payload":{"zeta":1,"text":"too long","alpha":2,"roomId":"No","attachments":[{"kind":"image"},{"kind":"x"},{"kind":"image","width":11,"scale":"1"}],"n":1.5,"topic":3,"level":["a"]}}"#
        ),
        [
            "/payload/roomId [pattern] must match the pattern ^[a-z0-9-]{1,64}$",
            "/payload/text [maxLength] must be at most 5 characters long",
            "/payload/attachments/0 [required] must have the property \"width\"",
            "/payload/attachments/1/kind [enum] must be one of \"image\", \"note\", \"none\"",
            "/payload/attachments/2/width [maximum] must be at most 10",
            "/payload/attachments/2/scale [type] must be a number",
            "/payload/attachments [maxItems] must have at most 2 items",
            "/payload/topic [type] must be null or a string",
            "/payload/level [minItems] must have at least 2 items",
            "/payload/n [type] must be an integer",
            "/payload/alpha [additionalProperties] is not a known property",
            "/payload/zeta [additionalProperties] is not a known property",
        ]
    );
}

#[test]
fn the_tag_may_come_late_and_the_last_of_two_names_counts() {
    let late = ClientMessage::decode(
        r#"{"payload":{"text":"hi","roomId":"a"},"id":"1","type":"chat.send"}"#,
    );
    assert!(late.is_ok(), "{late:?}");
    let twice = ClientMessage::decode(
        r#"{"type":"stop","type":"chat.send","payload":{"roomId":"NO","text":"","n":5,"roomId":"a","text":"hi"}}"#,
    )
    .expect("the last counts");
    let ClientMessage::ChatSend(send) = twice.message else {
        panic!("another message")
    };
    assert_eq!(
        (send.room_id.as_str(), send.text.as_str(), send.n),
        ("a", "hi", Some(5))
    );
    assert_eq!(
        refused(r#"{"type":"chat.send","payload":{"roomId":"a","text":"hi","text":""}}"#),
        ["/payload/text [minLength] must be at least 1 character long"]
    );
}

#[test]
fn what_is_wrong_is_kept_apart_and_the_envelope_survives() {
    let unknown = ClientMessage::decode(r#"{"type":"nope","id":"4","payload":{"a":[1]}}"#)
        .expect_err("unknown");
    assert_eq!(unknown.kind, DecodeErrorKind::UnknownType);
    assert_eq!(unknown.id, Some(Id::Text("4".into())));
    assert_eq!(unknown.payload.as_deref(), Some(r#"{"a":[1]}"#));
    assert_eq!(unknown.to_string(), "no message has the type `nope`");

    let bad = ClientMessage::decode(r#"{"type":"chat.send","id":4,"payload":{}}"#)
        .expect_err("bad envelope");
    assert!(matches!(bad.kind, DecodeErrorKind::Envelope(_)));
    assert_eq!(told(&bad)[0], "/id [type] must be a string");

    let invalid =
        ClientMessage::decode(r#"{"type":"chat.send","id":"4"}"#).expect_err("no payload");
    assert!(matches!(invalid.kind, DecodeErrorKind::Invalid(_)));
    assert_eq!(
        told(&invalid),
        [" [required] must have the property \"payload\""]
    );

    assert_eq!(
        refused(r#"{"payload":{}}"#),
        [" [required] must have the property \"type\""]
    );
    let list = ClientMessage::decode(" [1]").expect_err("it is no object");
    assert_eq!(list.to_string(), "not a message: not an object at byte 1");
    for text in [
        "",
        "[]",
        "null",
        "\"stop\"",
        "{",
        r#"{"type":"stop"} x"#,
        r#"{"type":"st"#,
        r#"{"type":"\ud800"}"#,
        "{\"a\":01}",
        "{'a':1}",
        "{\"a\":1,}",
    ] {
        let syntax = ClientMessage::decode(text).expect_err(text);
        assert!(
            matches!(syntax.kind, DecodeErrorKind::Syntax { .. }),
            "{text}: {syntax:?}"
        );
    }
}

#[test]
fn a_server_refuses_unknown_fields_and_a_client_drops_them() {
    assert_eq!(
        refused(r#"{"type":"stop","payload":{"x":1},"extra":2}"#),
        [
            "/extra [additionalProperties] is not a known property",
            "/payload/x [additionalProperties] is not a known property"
        ]
    );
    let dropped =
        ServerMessage::decode(r#"{"type":"member","payload":{"status":"asleep","x":1},"extra":2}"#)
            .expect("it is read");
    assert_eq!(
        dropped.message,
        ServerMessage::Member(Member {
            status: Status::Other("asleep".into())
        })
    );
}

#[test]
fn variants_may_hold_nothing_or_fields() {
    let stop = ClientMessage::decode(r#"{"type":"stop"}"#).expect("it is read");
    assert_eq!(stop.message, ClientMessage::Stop);
    assert_eq!(
        ClientMessage::encode(&stop).expect("it is written"),
        r#"{"type":"stop"}"#
    );
    let go = ClientMessage::decode(r#"{"type":"move","payload":{"x":-0}}"#).expect("it is read");
    assert_eq!(go.message, ClientMessage::Move { x: 0, y: None });
    assert_eq!(
        ClientMessage::encode(&go).expect("it is written"),
        r#"{"type":"move","payload":{"x":0}}"#
    );
}

#[test]
fn a_payload_may_lie_flat() {
    let text = r#"{"t":1,"status":"away","n":3}"#;
    let envelope: Envelope<Flat> = Flat::decode(text).expect("it is read");
    assert_eq!(envelope.id, Some(Id::Integer(3)));
    assert_eq!(
        envelope.message,
        Flat::Member(Box::new(Member {
            status: Status::Away
        }))
    );
    assert_eq!(Flat::encode(&envelope).expect("it is written"), text);
    let union = Flat::decode(r#"{"n":1,"kind":"note","text":"x","t":2}"#).expect("it is read");
    assert_eq!(
        union.message,
        Flat::Attached(Attachment::Note { text: "x".into() })
    );
    let missing = Flat::decode(r#"{"t":1,"status":"away"}"#).expect_err("no id");
    assert_eq!(told(&missing), [" [required] must have the property \"n\""]);
}

#[test]
fn constrained_values_are_only_made_by_checking() {
    assert!(RoomId::try_from("lobby").is_ok());
    let refused = RoomId::try_from("No!").expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "must match the pattern ^[a-z0-9-]{1,64}$"
    );
    let send = ChatSend {
        room_id: "a".parse().expect("a room"),
        text: String::new(),
        attachments: None,
        topic: None,
        level: None,
        n: None,
    };
    assert_eq!(
        send.validate().expect_err("refused").to_string(),
        "/text must be at least 1 character long"
    );
    let read: Member = serde_json::from_str(r#"{"status":"away"}"#).expect("serde reads it");
    assert_eq!(read.status, Status::Away);
}

#[test]
fn numbers_are_those_of_json() {
    for (n, ok) in [
        ("9007199254740991", true),
        ("9007199254740992", false),
        ("-9007199254740991", true),
        ("-9007199254740992", false),
        ("1e3", true),
        ("1e400", false),
        ("1e-400", true),
        ("-0.0", true),
    ] {
        let text =
            format!(r#"{{"type":"chat.send","payload":{{"roomId":"a","text":"x","n":{n}}}}}"#);
        assert_eq!(ClientMessage::decode(&text).is_ok(), ok, "{n}");
    }
}

#[test]
fn wide_integers_are_carried_as_text() {
    let text = r#"{"signed":"-9223372036854775808","unsigned":"18446744073709551615"}"#;
    let wide: Wide = handfast::from_str(text, handfast::Side::Server).expect("it is read");
    assert_eq!(
        (wide.signed.0, wide.unsigned),
        (i64::MIN, Some(u64::MAX.into()))
    );
    assert_eq!(serde_json::to_string(&wide).expect("it is written"), text);
    for bad in [
        r#"{"signed":"9223372036854775808"}"#,
        r#"{"signed":"+1"}"#,
        r#"{"signed":"01"}"#,
    ] {
        let refused = handfast::from_str::<Wide>(bad, handfast::Side::Server).expect_err(bad);
        assert_eq!(refused.to_string(), "/signed must be a valid int64");
    }
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    #[protocol(max_length = 20)]
    pub text: ByteString,
    pub lines: Option<Vec<ByteString>>,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum Notes {
    #[message("note")]
    Note(Note),
}

/// Whether a string lies in the bytes of a text.
fn lies_in(part: &str, text: &str) -> bool {
    text.as_bytes().as_ptr_range().contains(&part.as_ptr())
}

#[test]
fn strings_share_the_text_they_are_read_from() {
    let text = ByteString::from(
        r#"{"type":"note","payload":{"text":"plain","lines":["a","b\u0063d","e"]}}"#,
    );
    let Notes::Note(shared) = Notes::decode_shared(&text).expect("it is right").message;
    let lines = shared.lines.as_deref().expect("there are some");
    assert_eq!(
        (&*shared.text, lines),
        ("plain", &["a", "bcd", "e"].map(ByteString::from)[..])
    );
    assert!(lies_in(&shared.text, &text));
    // An escape has to be resolved, which makes another text of it.
    assert_eq!(
        [0, 1, 2].map(|i| lies_in(&lines[i], &text)),
        [true, false, true]
    );
    // Nothing can be shared with a text that is only lent.
    let Notes::Note(copied) = Notes::decode(&text).expect("it is right").message;
    assert_eq!(copied, shared);
    assert!(!lies_in(&copied.text, &text));
    // The rules are the same, and it outlives the text that was read.
    let long =
        ByteString::from(r#"{"type":"note","payload":{"text":"a text of more than twenty"}}"#);
    let refused = Notes::decode_shared(&long).expect_err("it is too long");
    assert!(
        matches!(&refused.kind, DecodeErrorKind::Invalid(_)),
        "{refused:?}"
    );
    drop(text);
    assert_eq!(&*shared.text, "plain");
}
