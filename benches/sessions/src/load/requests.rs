//! What is sent, encoded beforehand.

use super::frames;
use crate::contender::Dialect;

/// What makes messages of about 200 bytes.
const SAID: &str = r#"{"roomId":"lobby","from":"ada","text":"The quick brown fox jumps over the lazy dog, and the dog sleeps on in the sun; it is warm.","sentAt":1764140000000}"#;

/// How many requests have ids of their own. A server may remember the last ids of a connection.
const IDS: usize = 1024;

/// The request to join the room.
pub(super) fn join(dialect: Dialect) -> String {
    let room = r#"{"roomId":"lobby"}"#;
    match dialect {
        Dialect::SocketIo => format!(r#"420["room.join",{room}]"#),
        Dialect::Plain | Dialect::Handfast { .. } => {
            format!(r#"{{"type":"room.join","payload":{room},"id":"join"}}"#)
        }
    }
}

/// The message that is published.
pub(super) fn say(dialect: Dialect) -> Vec<u8> {
    let text = match dialect {
        Dialect::SocketIo => format!(r#"42["room.say",{SAID}]"#),
        Dialect::Plain | Dialect::Handfast { .. } => {
            format!(r#"{{"type":"room.say","payload":{SAID}}}"#)
        }
    };
    let mut frame = Vec::new();
    frames::write(&mut frame, &text, 7);
    frame
}

/// Frames of equal length with different ids, one behind the other.
#[derive(Debug)]
pub(super) struct Requests {
    bytes: Vec<u8>,
    length: usize,
    /// How a reply begins.
    pub(super) reply: &'static [u8],
}

impl Requests {
    pub(super) fn new(dialect: Dialect) -> Self {
        let mut bytes = Vec::new();
        for id in 1000..1000 + IDS {
            let text = match dialect {
                Dialect::SocketIo => format!(r#"42{id}["chat.send",{SAID}]"#),
                Dialect::Plain | Dialect::Handfast { .. } => {
                    format!(r#"{{"type":"chat.send","payload":{SAID},"id":"{id}"}}"#)
                }
            };
            frames::write(&mut bytes, &text, id);
        }
        Self {
            length: bytes.len() / IDS,
            bytes,
            reply: match dialect {
                Dialect::SocketIo => b"43",
                Dialect::Plain | Dialect::Handfast { .. } => br#"{"type":"chat.sent""#,
            },
        }
    }

    /// Appends so many requests from a place of the ring on.
    pub(super) fn append(&self, out: &mut Vec<u8>, first: usize, mut count: usize) {
        let mut at = first % IDS;
        while count > 0 {
            let here = count.min(IDS - at);
            out.extend_from_slice(&self.bytes[at * self.length..(at + here) * self.length]);
            (at, count) = (0, count - here);
        }
    }
}
