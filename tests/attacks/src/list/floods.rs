//! Sending without end what costs the server more than the sender.

use super::{SLOW, all_closed, each, nothing_more};
use crate::{
    attack::{Act, Attack, Fate, Flood},
    frame::{self, FIN, PING},
    server::{LIMITS, Setup},
};
use std::time::Duration;

const LASTS: Duration = Duration::from_millis(1500);

const WATCH: &str = r#"{"type":"ticks.watch","payload":{"fast":false},"id":"1"}"#;

fn one(name: &'static str, line: &'static str, what: &'static str, flood: Flood) -> Attack {
    Attack {
        name,
        line,
        what,
        setup: Setup::NO_RATE,
        lasts: LASTS,
        act: Act::Flood(flood),
        more: 0,
        check: nothing_more,
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "ping-frames",
            "A1",
            "no hello, pings of 125 bytes without end, never reading",
            Flood {
                hello: false,
                piece: |_, out| frame::frame(out, FIN | PING, &[b'x'; 125]),
                ..Flood::PLAIN
            },
        ),
        one(
            "ping-frames-in-session",
            "A1",
            "the same behind a hello",
            Flood {
                piece: |_, out| frame::frame(out, FIN | PING, &[b'x'; 125]),
                ..Flood::PLAIN
            },
        ),
        one(
            "pings",
            "A2",
            "the session's own pings, never reading",
            Flood {
                piece: |_, out| frame::text(out, r#"{"type":"ping"}"#),
                ..Flood::PLAIN
            },
        ),
        one(
            "invalid",
            "A2",
            "payloads with many mistakes, a ping between every four, never reading",
            Flood {
                piece: |n, out| {
                    let many = r#"{"type":"echo","payload":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1},"id":"1"}"#;
                    let text = if n % 5 == 4 {
                        r#"{"type":"ping"}"#
                    } else {
                        many
                    };
                    frame::text(out, text);
                },
                ..Flood::PLAIN
            },
        ),
        one(
            "id-reused",
            "A2",
            "a stream with the id of an open one, again and again, never reading",
            Flood {
                first: &[WATCH],
                piece: |_, out| frame::text(out, WATCH),
                ..Flood::PLAIN
            },
        ),
        one(
            "unknown-type",
            "A2",
            "messages that nobody knows, a ping between every four, never reading",
            Flood {
                piece: |n, out| {
                    let text = if n % 5 == 4 {
                        r#"{"type":"ping"}"#
                    } else {
                        r#"{"type":"x","id":"1"}"#
                    };
                    frame::text(out, text);
                },
                ..Flood::PLAIN
            },
        ),
        one(
            "syntax",
            "A2",
            "what is no JSON, a ping between every four, never reading",
            Flood {
                piece: |n, out| {
                    frame::text(
                        out,
                        if n % 5 == 4 {
                            r#"{"type":"ping"}"#
                        } else {
                            "{"
                        },
                    )
                },
                ..Flood::PLAIN
            },
        ),
        Attack {
            setup: Setup::LOW_RATE,
            check: |fates| all_closed(fates, &[4429, 4408]),
            ..one(
                "rate",
                "A4",
                "good messages as fast as it goes, against the rate of the protocol, reading",
                Flood {
                    reads: true,
                    piece: |n, out| {
                        frame::text(
                            out,
                            &format!(r#"{{"type":"echo","payload":{{"text":"x"}},"id":"{n}"}}"#),
                        )
                    },
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            check: |fates| all_closed(fates, &[4429, 4408]),
            ..one(
                "pings-read",
                "A4",
                "the session's own pings, reading",
                Flood {
                    reads: true,
                    piece: |_, out| frame::text(out, r#"{"type":"ping"}"#),
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            check: |fates| all_closed(fates, &[4429, 4408]),
            ..one(
                "ping-frames-read",
                "A4",
                "ping frames, reading",
                Flood {
                    reads: true,
                    piece: |_, out| frame::frame(out, FIN | PING, b"x"),
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            lasts: SLOW,
            check: |fates| all_closed(fates, &[4008]),
            ..one(
                "never-reads",
                "A3",
                "good messages as fast as they are taken, never reading",
                Flood {
                    piece: |n, out| {
                        let text = "x".repeat(1000);
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"echo","payload":{{"text":"{text}"}},"id":"{n}"}}"#
                            ),
                        );
                    },
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            lasts: SLOW,
            check: |fates| all_closed(fates, &[4008]),
            ..one(
                "stream-never-read",
                "A3",
                "a stream without end and pongs without end, never reading",
                Flood {
                    first: &[r#"{"type":"ticks.watch","payload":{"fast":true},"id":"1"}"#],
                    piece: |_, out| frame::text(out, r#"{"type":"pong"}"#),
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            setup: Setup::LOW_RATE,
            check: |fates| {
                each(fates, |fate| {
                    more_than(fate, "room.joined", LIMITS.channels.into())
                })
            },
            ..one(
                "joins",
                "A4",
                "joins ever new rooms, reading",
                Flood {
                    reads: true,
                    piece: |n, out| {
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"room.join","payload":{{"room":"room-{n}"}},"id":"{n}"}}"#
                            ),
                        )
                    },
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            setup: Setup::LOW_RATE,
            check: |fates| {
                each(fates, |fate| {
                    more_than(fate, "join", LIMITS.channels.into())
                })
            },
            ..one(
                "joins-by-key",
                "A4",
                "joins ever new channels by their key, reading",
                Flood {
                    reads: true,
                    piece: |n, out| {
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"join","payload":{{"channel":"topic:{n}"}},"id":"{n}"}}"#
                            ),
                        )
                    },
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            setup: Setup::LOW_RATE,
            ..one(
                "joins-long-keys",
                "A8",
                "joins rooms with names of 10,000 characters, reading",
                Flood {
                    reads: true,
                    piece: |n, out| {
                        let name = "k".repeat(10_000);
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"join","payload":{{"channel":"topic:{name}{n}"}},"id":"{n}"}}"#
                            ),
                        );
                    },
                    ..Flood::PLAIN
                },
            )
        },
        one(
            "long-ids",
            "A8",
            "requests with ids of 10,000 characters, never reading",
            Flood {
                piece: |n, out| {
                    let id = "i".repeat(10_000);
                    frame::text(
                        out,
                        &format!(r#"{{"type":"echo","payload":{{"text":"x"}},"id":"{id}{n}"}}"#),
                    );
                },
                ..Flood::PLAIN
            },
        ),
        Attack {
            setup: Setup::LOW_RATE,
            check: |fates| {
                each(fates, |fate| {
                    more_than(fate, "ticks.watching", LIMITS.streams.into())
                })
            },
            ..one(
                "streams",
                "A4",
                "opens ever new streams, reading",
                Flood {
                    reads: true,
                    piece: |n, out| {
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"ticks.watch","payload":{{"fast":false}},"id":"{n}"}}"#
                            ),
                        )
                    },
                    ..Flood::PLAIN
                },
            )
        },
        Attack {
            setup: Setup::LOW_RATE,
            ..one(
                "says-to-itself",
                "A2",
                "publishes 10 messages at a time to a room that it is in, never reading",
                Flood {
                    first: &[r#"{"type":"room.join","payload":{"room":"own"},"id":"0"}"#],
                    piece: |_, out| {
                        frame::text(
                            out,
                            r#"{"type":"room.say","payload":{"room":"own","count":10,"bytes":1000}}"#,
                        )
                    },
                    ..Flood::PLAIN
                },
            )
        },
    ]
}

fn more_than(fate: &Fate, name: &str, allowed: u64) -> Option<String> {
    let count = fate.count(name);
    (count > allowed).then(|| format!("{count} of `{name}`, not {allowed}"))
}
