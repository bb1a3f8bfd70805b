//! The binary encodings: what is small on the wire and could be large once it is read, lengths that lie, and the choice of an encoding.

use super::{all_closed, nothing_more};
use crate::{
    attack::{Act, Attack, Fate, Flood},
    frame::{self, BINARY, FIN},
    server::{LIMITS, Setup},
};
use handfast::codec::Encoding;
use std::{sync::LazyLock, time::Duration};

const LASTS: Duration = Duration::from_millis(1500);

/// Longer than a server waits for the hello (1 s) of a hundred peers that keep it busy.
const HELLO: Duration = Duration::from_secs(5);

const PLAIN: Flood = Flood {
    encoding: Encoding::MsgPack,
    reads: true,
    ..Flood::PLAIN
};

/// How many bytes a message has besides what grows in it, at most.
const REST: usize = 64;

/// As many levels as a message may have inside of the payload's field.
const LEVELS: usize = LIMITS.depth as usize - 4;

fn one(name: &'static str, what: &'static str, flood: Flood) -> Attack {
    Attack {
        name,
        line: "A12",
        what,
        setup: Setup {
            is_busy: true,
            ..Setup::NO_RATE
        },
        lasts: LASTS,
        act: Act::Flood(flood),
        more: 0,
        check: nothing_more,
    }
}

/// A bomb that is a good message: some have to be answered.
fn good(name: &'static str, what: &'static str, encoding: Encoding, piece: Piece) -> Attack {
    Attack {
        check: |fates| answered(fates, "kept"),
        ..one(
            name,
            what,
            Flood {
                encoding,
                piece,
                ..PLAIN
            },
        )
    }
}

type Piece = fn(u64, &mut Vec<u8>);

pub(crate) fn all() -> Vec<Attack> {
    vec![
        good(
            "bomb-arrays",
            "thousands of empty arrays of numbers, none of which says that it is empty",
            Encoding::Cbor,
            |_, out| {
                static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
                    cbor("lists", &[b"\x9F", &*filled(b"\x9F\xFF"), b"\xFF"].concat())
                });
                frame::frame(out, FIN | BINARY, &BOMB);
            },
        ),
        good(
            "bomb-repetitions",
            "objects in each other, each of which has the name of the next one twice",
            Encoding::MsgPack,
            |_, out| {
                static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
                    let before = r#"{"inner":{},"inner":"#.repeat(LEVELS);
                    let tree = format!("{before}{{}}{}", "}".repeat(LEVELS));
                    msgpack("tree", &frame::encoded(Encoding::MsgPack, &tree))
                });
                frame::frame(out, FIN | BINARY, &BOMB);
            },
        ),
        Attack {
            check: |fates| all_closed(fates, &[1008]),
            ..one(
                "lengths-that-lie",
                "strings, bytes, arrays and maps of 2³²−1, with nothing in them",
                Flood {
                    piece: |n, out| {
                        let heads = [0xDB, 0xC6, 0xDD, 0xDF];
                        let head = heads[n as usize % heads.len()];
                        let value = [head, 0xFF, 0xFF, 0xFF, 0xFF];
                        frame::frame(out, FIN | BINARY, &msgpack("any", &value));
                    },
                    ..PLAIN
                },
            )
        },
        Attack {
            check: |fates| all_closed(fates, &[1008]),
            ..one(
                "nested-without-end",
                "arrays in each other, as many as fit, without an end",
                Flood {
                    encoding: Encoding::Cbor,
                    piece: |_, out| {
                        static BOMB: LazyLock<Vec<u8>> =
                            LazyLock::new(|| cbor("any", &filled(b"\x9F")));
                        frame::frame(out, FIN | BINARY, &BOMB);
                    },
                    ..PLAIN
                },
            )
        },
        Attack {
            check: |fates| all_closed(fates, &[4408, 4429]),
            lasts: HELLO,
            ..one(
                "negotiates",
                "asks for another encoding again and again, and says no hello",
                Flood {
                    encoding: Encoding::Json,
                    hello: false,
                    piece: |n, out| {
                        let ask = |name| {
                            format!(r#"{{"type":"negotiate","payload":{{"encoding":"{name}"}}}}"#)
                        };
                        match n % 2 {
                            0 if n == 0 => frame::message(out, Encoding::Json, &ask("cbor")),
                            0 => frame::message(out, Encoding::MsgPack, &ask("cbor")),
                            _ => frame::message(out, Encoding::Cbor, &ask("msgpack")),
                        }
                    },
                    ..PLAIN
                },
            )
        },
    ]
}

fn answered(fates: &[Fate], name: &str) -> Result<(), String> {
    match fates.iter().any(|fate| fate.count(name) > 0) {
        true => Ok(()),
        false => Err(format!("nothing was answered by `{name}`")),
    }
}

/// As much of something as fits into a message.
fn filled(item: &[u8]) -> Vec<u8> {
    item.repeat((LIMITS.message - REST) / item.len())
}

/// A request in MessagePack whose payload has a field, with its value as bytes.
fn msgpack(field: &str, value: &[u8]) -> Vec<u8> {
    with(Encoding::MsgPack, field, value)
}

/// The same in CBOR.
fn cbor(field: &str, value: &[u8]) -> Vec<u8> {
    with(Encoding::Cbor, field, value)
}

fn with(encoding: Encoding, field: &str, value: &[u8]) -> Vec<u8> {
    let around = format!(r#"{{"type":"keep","id":"1","payload":{{"{field}":null}}}}"#);
    let mut bytes = frame::encoded(encoding, &around);
    // The null is the last byte.
    bytes.pop();
    bytes.extend_from_slice(value);
    bytes
}
