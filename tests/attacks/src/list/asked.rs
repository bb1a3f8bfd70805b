//! Clients that the server asks: they never answer, answer twice, answer what was never asked, or stream without end. And credentials that are
//! renewed without end.

use super::{SLOW, all_closed, nothing_more};
use crate::{
    attack::{Act, Attack, Flood},
    frame,
    server::Setup,
};
use std::time::Duration;

const LASTS: Duration = Duration::from_millis(1500);

/// How much of a stream of a client waits for the application, in bytes: a mebibyte and a thousand items with what each has besides its text.
const STREAM: usize = (1 << 20) + 1024 * 512;

const ASK: &str = r#"{"type":"ask","payload":{"stream":false}}"#;

const ASK_STREAM: &str = r#"{"type":"ask","payload":{"stream":true}}"#;

const PLAIN: Flood = Flood {
    first: &[ASK],
    awaits: r#""type":"confirm""#,
    ..Flood::PLAIN
};

fn one(name: &'static str, what: &'static str, flood: Flood) -> Attack {
    Attack {
        name,
        line: "A10",
        what,
        setup: Setup::NO_RATE,
        lasts: LASTS,
        act: Act::Flood(flood),
        more: 0,
        check: nothing_more,
    }
}

/// An answer to a question of the server.
fn answer(out: &mut Vec<u8>, id: u64) {
    frame::text(
        out,
        &format!(r#"{{"type":"confirmed","payload":{{"yes":true}},"id":"{id}"}}"#),
    );
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "never-answers",
            "is asked without end, and only sends pongs, reading",
            Flood {
                reads: true,
                piece: |n, out| {
                    // As much as it may.
                    if n == 0 {
                        frame::text(out, r#"{"type":"pong"}"#);
                    } else {
                        frame::text(out, r#"{"type":"echo","payload":{"text":"x"},"id":"1"}"#);
                    }
                },
                ..PLAIN
            },
        ),
        Attack {
            lasts: SLOW,
            check: |fates| all_closed(fates, &[4008]),
            ..one(
                "never-answers-or-reads",
                "is asked without end, answers nothing and reads nothing, while it goes on sending",
                Flood {
                    piece: |_, out| frame::text(out, r#"{"type":"pong"}"#),
                    ..PLAIN
                },
            )
        },
        one(
            "answers-guessed",
            "answers questions before they are asked, and again, reading",
            Flood {
                reads: true,
                piece: |n, out| answer(out, n % 1000),
                ..PLAIN
            },
        ),
        one(
            "answers-twice",
            "answers the first question again and again, never reading",
            Flood {
                piece: |_, out| answer(out, 1),
                ..PLAIN
            },
        ),
        one(
            "answers-nothing-asked",
            "answers what was never asked, and a question that was between every four, never reading",
            Flood {
                piece: |n, out| match n % 5 {
                    4 => answer(out, 1),
                    _ => answer(out, 1_000_000 + n),
                },
                ..PLAIN
            },
        ),
        one(
            "answers-invalid",
            "invalid answers, and a valid one between every four, never reading",
            Flood {
                piece: |n, out| match n % 5 {
                    4 => answer(out, 1),
                    _ => {
                        let many = r#"{"type":"confirmed","payload":{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1},"id":"1"}"#;
                        frame::text(out, many);
                    }
                },
                ..PLAIN
            },
        ),
        one(
            "fails-questions",
            "reports that questions have failed, with 10,000 bytes each, never reading",
            Flood {
                piece: |n, out| {
                    let words = "w".repeat(10_000);
                    let id = n % 100;
                    frame::text(
                        out,
                        &format!(
                            r#"{{"type":"error","payload":{{"code":"X","message":"{words}"}},"id":"{id}"}}"#
                        ),
                    );
                },
                ..PLAIN
            },
        ),
        Attack {
            more: crate::attack::PEERS * STREAM,
            ..one(
                "streams-to-the-server",
                "a stream without end, to a server that reads slowly",
                Flood {
                    reads: true,
                    first: &[ASK_STREAM],
                    awaits: r#""type":"measure""#,
                    piece: |_, out| {
                        let text = "x".repeat(500);
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"sample","payload":{{"text":"{text}"}},"id":"1"}}"#
                            ),
                        );
                    },
                    ..PLAIN
                },
            )
        },
        one(
            "renews",
            "new credentials without end, never reading",
            Flood {
                first: &[],
                awaits: "",
                piece: |n, out| {
                    frame::text(
                        out,
                        &format!(r#"{{"type":"login","payload":{{"name":""}},"id":"{n}"}}"#),
                    );
                },
                ..PLAIN
            },
        ),
        Attack {
            setup: Setup::LOW_RATE,
            ..one(
                "renews-badly",
                "credentials that are refused, and those of another principal, reading",
                Flood {
                    reads: true,
                    first: &[],
                    awaits: "",
                    piece: |n, out| {
                        let name = if n % 2 == 0 { "bad" } else { "another" };
                        frame::text(
                            out,
                            &format!(
                                r#"{{"type":"login","payload":{{"name":"{name}"}},"id":"{n}"}}"#
                            ),
                        );
                    },
                    ..PLAIN
                },
            )
        },
    ]
}
