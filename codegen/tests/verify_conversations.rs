//! Conversations: how `verify` judges a message by those before it.

use handfast_codegen::verify::{Report, verify};
use handfast_spec::{Severity, load_str};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;

type Result = std::result::Result<(), Box<dyn Error>>;

/// A session without a hello, so that captures contain only what matters.
const QUIET: &str = "
session: { roles: { hello: off } }
";

/// The report of `verify` on a capture: `c` and `s` mark the sender of each message.
fn said(spec: &str, capture: &[(char, Value)]) -> std::result::Result<Report, Box<dyn Error>> {
    let spec = format!("handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{spec}");
    let loaded = load_str("protocol.yaml", spec.as_bytes(), &BTreeMap::new());
    let errors: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .cloned()
        .collect();
    let words = handfast_spec::render(&errors, &loaded.sources, false);
    let protocol = loaded.protocol.filter(|_| errors.is_empty()).ok_or(words)?;
    let lines = capture.iter().map(|(from, message)| {
        let from = if *from == 'c' { "client" } else { "server" };
        format!("{}\n", json!({ "from": from, "message": message }))
    });
    Ok(verify(&protocol, lines.collect::<String>().as_bytes()))
}

/// Asserts the report of a capture, without its last line.
#[track_caller]
fn assert_said(spec: &str, capture: &[(char, Value)], expected: &str) -> Result {
    let report = said(spec, capture)?.render();
    let lines: Vec<&str> = report.lines().map(str::trim_end).collect();
    let expected: Vec<&str> = expected
        .trim_matches('\n')
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    assert_eq!(lines[..lines.len() - 1].join("\n"), expected.join("\n"));
    Ok(())
}

const STREAMS: &str = "
messages:
  watch: { from: client, reply: { ack: watching, stream: tick, end: stop, cancel: stop } }
  watching: { from: server }
  tick: { from: server }
  stop: { from: both }
";

#[test]
fn a_stream_is_cancelled_by_a_message_with_the_tag_of_its_end() -> Result {
    assert_said(
        &format!("{STREAMS}{QUIET}"),
        &[
            ('c', json!({ "type": "watch", "id": "1" })),
            ('s', json!({ "type": "watching", "id": "1" })),
            ('s', json!({ "type": "tick", "id": "1" })),
            ('c', json!({ "type": "stop", "id": "1" })),
            ('s', json!({ "type": "tick", "id": "1" })),
            ('c', json!({ "type": "watch", "id": "2" })),
            ('s', json!({ "type": "stop", "id": "2" })),
            ('c', json!({ "type": "stop", "id": "2" })),
            ('s', json!({ "type": "tick", "id": "2" })),
            ('c', json!({ "type": "stop", "id": "3" })),
            ('c', json!({ "type": "watch", "id": "4" })),
        ],
        "
     1 → watch id=1
     2 ← watching id=1 answers watch of line 1
     3 ← tick id=1 answers watch of line 1
     4 → stop id=1 cancels watch of line 1
     5 ← tick id=1 answers watch of line 1
     6 → watch id=2
     7 ← stop id=2 answers watch of line 6
     8 → stop id=2 cancels watch of line 6
     9 ← tick id=2
         REPLY no request with the id \"2\" is pending
    10 → stop id=3
         REPLY there is no stream with the id \"3\" to cancel
    11 → watch id=4
    `watch` of line 11 was not answered
",
    )
}

#[test]
fn an_outcome_holds_whatever_the_tag() -> Result {
    assert_said(
        &format!(
            "
envelope: {{ outcome: {{ field: ok, success: true, failure: false }} }}
messages:
  ask: {{ from: client, reply: answer }}
  answer: {{ from: server, payload: {{ type: object, required: [a], properties: {{ a: {{ type: string }} }} }} }}
{QUIET}"
        ),
        &[
            ('c', json!({ "type": "ask", "id": "1" })),
            ('s', json!({ "type": "answer", "id": "1", "ok": false, "payload": { "why": "no" } })),
            ('c', json!({ "type": "ask", "id": "2" })),
            ('s', json!({ "type": "answer", "id": "2", "ok": 1, "payload": { "a": "b" } })),
            ('c', json!({ "type": "ask", "id": "3" })),
            ('s', json!({ "type": "error", "id": "3", "ok": true, "payload": { "code": "INTERNAL", "message": "" } })),
            ('c', json!({ "type": "ask", "id": "4" })),
            ('s', json!({ "type": "answer", "id": "4", "ok": true, "payload": {} })),
        ],
        "
    1 → ask id=1
    2 ← answer id=1 answers ask of line 1
    3 → ask id=2
    4 ← answer id=2 answers ask of line 3
        ENVELOPE /ok must be one of true, false [enum: [true,false]]
    5 → ask id=3
    6 ← error id=3 answers ask of line 5
        ENVELOPE /ok must be false [enum: [false]]
    7 → ask id=4
    8 ← answer id=4 answers ask of line 7
        INVALID /payload must have the property \"a\" [required: \"a\"]
",
    )
}

const ROOMS: &str = "
channels:
  room: { key: 'room:{id}', params: { id: { type: string, maxLength: 3 } }, join: enter }
  all: { key: all }
messages:
  enter: { from: client, reply: entered, payload: { type: object, required: [id], properties: { id: { type: string } } } }
  entered: { from: server }
  said: { from: server, channel: room }
  typing: { from: server, channel: room, volatile: true }
  news: { from: server, channel: all }
";

#[test]
fn keys_and_numbers_of_channels() -> Result {
    let said = |key: &str, seq: u64| json!({ "type": "said", "channel": key, "seq": seq });
    assert_said(
        &format!("{ROOMS}{QUIET}"),
        &[
            (
                'c',
                json!({ "type": "enter", "id": "1", "payload": { "id": "abc" } }),
            ),
            (
                's',
                json!({ "type": "entered", "id": "1", "channel": "room:abc", "seq": 4, "epoch": "e" }),
            ),
            ('s', said("room:abc", 5)),
            ('s', said("room:abc", 7)),
            ('s', said("room:abc", 7)),
            ('s', said("room:abcd", 1)),
            ('s', said("all", 1)),
            ('s', json!({ "type": "said", "channel": "room:abc" })),
            (
                's',
                json!({ "type": "typing", "channel": "room:abc", "seq": 8 }),
            ),
            ('s', json!({ "type": "typing", "channel": "room:abc" })),
            (
                's',
                json!({ "type": "said", "channel": "room:abc", "seq": 1, "epoch": "f" }),
            ),
            (
                's',
                json!({ "type": "gap", "payload": { "channel": "room:abc", "from": 2, "to": 6 } }),
            ),
            ('s', said("room:abc", 7)),
            (
                'c',
                json!({ "type": "enter", "id": "2", "payload": { "id": "x" } }),
            ),
            (
                's',
                json!({ "type": "entered", "id": "2", "channel": "room:y" }),
            ),
            (
                'c',
                json!({ "type": "join", "id": "3", "payload": { "channel": "all" } }),
            ),
            (
                's',
                json!({ "type": "join", "id": "3", "payload": { "channel": "all" }, "channel": "all", "seq": 0, "epoch": "e" }),
            ),
            ('s', json!({ "type": "news", "channel": "all", "seq": 1 })),
            (
                'c',
                json!({ "type": "join", "id": "4", "payload": { "channel": "nowhere" } }),
            ),
            (
                's',
                json!({ "type": "error", "id": "4", "payload": { "code": "INVALID", "message": "" } }),
            ),
            (
                'c',
                json!({ "type": "join", "id": "5", "payload": { "channel": "all" }, "seq": 1, "epoch": "e" }),
            ),
            (
                's',
                json!({ "type": "join", "id": "5", "payload": { "channel": "all" }, "channel": "all", "seq": 1, "epoch": "e" }),
            ),
            (
                's',
                json!({ "type": "gap", "payload": { "channel": "all", "from": 2, "to": 3, "reason": "evicted" } }),
            ),
            (
                's',
                json!({ "type": "skip", "payload": { "channel": "all", "seq": 4 } }),
            ),
            ('s', json!({ "type": "news", "channel": "all", "seq": 5 })),
            (
                's',
                json!({ "type": "skip", "payload": { "channel": "all", "seq": 7 } }),
            ),
            (
                's',
                json!({ "type": "skip", "payload": { "channel": "nowhere", "seq": 8 } }),
            ),
        ],
        "
     1 → enter id=1
     2 ← entered id=1 channel=room:abc seq=4 answers enter of line 1
     3 ← said channel=room:abc seq=5
     4 ← said channel=room:abc seq=7
         CHANNEL /seq the previous number in `room` is 5, and the next must be one more
     5 ← said channel=room:abc seq=7
         CHANNEL /seq the previous number in `room` is 7, and the next must be one more
     6 ← said channel=room:abcd seq=1
         CHANNEL /channel `room:abcd` is not a key of the channel `room`: `room:{id}`
     7 ← said channel=all seq=1
         CHANNEL /channel `all` is not a key of the channel `room`: `room:{id}`
     8 ← said channel=room:abc
         ENVELOPE must have the property \"seq\" [required: \"seq\"]
     9 ← typing channel=room:abc seq=8
         CHANNEL /seq `typing` is volatile, but has a sequence number
    10 ← typing channel=room:abc
    11 ← said channel=room:abc seq=1
    12 ← gap
    13 ← said channel=room:abc seq=7
    14 → enter id=2
    15 ← entered id=2 channel=room:y answers enter of line 14
         ENVELOPE must have the property \"seq\" [required: \"seq\"]
         ENVELOPE must have the property \"epoch\" [required: \"epoch\"]
         CHANNEL /channel the join of `room:x` is answered with the key \"room:y\"
    16 → join id=3
    17 ← join id=3 channel=all seq=0 answers join of line 16
    18 ← news channel=all seq=1
    19 → join id=4
         CHANNEL /payload/channel `nowhere` is not the key of a channel that this message joins or leaves
    20 ← error id=4 answers join of line 19
    21 → join id=5 seq=1
    22 ← join id=5 channel=all seq=1 answers join of line 21
    23 ← gap
    24 ← skip
    25 ← news channel=all seq=5
    26 ← skip
         CHANNEL /payload/seq the previous number in `all` is 5, and the next must be one more
    27 ← skip
         CHANNEL `nowhere` is not the key of a channel
",
    )
}

#[test]
fn what_comes_before_ready() -> Result {
    let hello = (
        'c',
        json!({ "type": "hello", "payload": { "version": "1.0.0" } }),
    );
    let ready = (
        's',
        json!({ "type": "ready", "payload": { "version": "1.0.0", "session": "s" } }),
    );
    let ask = ('c', json!({ "type": "ask", "id": "1" }));
    let answer = ('s', json!({ "type": "answer", "id": "1" }));
    let spec = "
messages:
  ask: { from: client, reply: answer }
  answer: { from: server }
";
    // After the hello a client may send at once; ids start anew with another connection.
    let good = [
        hello.clone(),
        ask.clone(),
        ready.clone(),
        answer.clone(),
        ask.clone(),
        hello.clone(),
        ready.clone(),
        ask.clone(),
        answer.clone(),
    ];
    assert_said(
        spec,
        &good,
        "
    1 → hello
    2 → ask id=1
    3 ← ready
    4 ← answer id=1 answers ask of line 2
    5 → ask id=1
    6 → hello
    7 ← ready
    8 → ask id=1
    9 ← answer id=1 answers ask of line 8
    `ask` of line 5 was not answered
",
    )?;
    // A message that comes too early is reported once: the capture may begin in the middle of a session.
    assert_said(
        spec,
        &[ask.clone(), answer.clone(), hello, ask, answer],
        "
    1 → ask id=1
        SESSION the hello must come first
    2 ← answer id=1 answers ask of line 1
    3 → hello
    4 → ask id=1
    5 ← answer id=1 answers ask of line 4
        SESSION the session is not ready
",
    )?;
    assert_said(
        spec,
        &[ready],
        "
    1 ← ready
        SESSION the hello it answers is missing
",
    )
}

#[test]
fn answers_come_in_the_order_of_the_requests() -> Result {
    let spec = format!(
        "
envelope: {{ id: off, correlate: order }}
messages:
  ask: {{ from: client, reply: answer }}
  other: {{ from: client, reply: another }}
  answer: {{ from: server }}
  another: {{ from: server }}
{QUIET}"
    );
    let of = |ty: &str| json!({ "type": ty });
    assert_said(
        &spec,
        &[
            ('c', of("ask")),
            ('c', of("other")),
            ('s', of("another")),
            ('s', of("answer")),
            ('s', of("another")),
        ],
        "
    1 → ask
    2 → other
    3 ← another
        REPLY no request is pending
    4 ← answer answers ask of line 1
    5 ← another answers other of line 2
",
    )
}

#[test]
fn an_error_has_the_id_of_what_it_refuses() -> Result {
    let error = |id: &str, code: &str| {
        (
            's',
            json!({ "type": "error", "id": id, "payload": { "code": code, "message": "" } }),
        )
    };
    let tick = ('s', json!({ "type": "tick", "id": "1" }));
    assert_said(
        &format!("{STREAMS}{QUIET}"),
        &[
            ('c', json!({ "type": "nobody", "id": "7" })),
            error("7", "UNKNOWN_TYPE"),
            (
                'c',
                json!({ "type": "ping", "id": "8", "payload": { "z": 1 } }),
            ),
            error("8", "INVALID"),
            ('c', json!({ "type": "watch", "id": "1" })),
            ('c', json!({ "type": "watch", "id": "1" })),
            error("1", "ID_REUSED"),
            tick,
            error("9", "INTERNAL"),
        ],
        "
    1 → ? id=7
        UNKNOWN_TYPE /type no message that the client sends has the type \"nobody\"
    2 ← error id=7 answers ? of line 1
    3 → ping id=8
        INVALID /payload/z is not a known property
    4 ← error id=8 answers ping of line 3
    5 → watch id=1
    6 → watch id=1
        REPLY the id \"1\" is still in use by `watch` of line 5
    7 ← error id=1 answers watch of line 6
    8 ← tick id=1 answers watch of line 5
    9 ← error id=9
        REPLY no request with the id \"9\" is pending
    `watch` of line 5 was not answered
",
    )
}

#[test]
fn what_a_client_sends_to_a_channel_says_which() -> Result {
    let spec = format!(
        "
channels: {{ room: {{ key: 'room:{{r}}', params: {{ r: {{ type: string }} }} }} }}
messages:
  say: {{ from: client, channel: room, payload: {{ type: object, properties: {{ r: {{ type: string }} }} }} }}
{QUIET}"
    );
    assert_said(
        &spec,
        &[
            ('c', json!({ "type": "say", "channel": "room:a" })),
            ('c', json!({ "type": "say", "payload": { "r": "a" } })),
            ('c', json!({ "type": "say" })),
            (
                'c',
                json!({ "type": "say", "channel": "room:a", "payload": { "r": "b" } }),
            ),
        ],
        "
    1 → say channel=room:a
    2 → say
    3 → say
        CHANNEL neither a key nor parameters identify the `room`
    4 → say channel=room:a
        CHANNEL /channel the parameters are those of `room:b`, but the key is \"room:a\"
",
    )
}

#[test]
fn a_flat_session_joins_and_numbers_are_numbers() -> Result {
    let spec = format!(
        "
envelope: {{ content: null, id: {{ type: integer }} }}
channels: {{ all: {{ key: all }} }}
messages:
  news: {{ from: server, channel: all }}
  ask: {{ from: client, reply: answer }}
  answer: {{ from: server }}
{QUIET}"
    );
    let news = |seq: Value| ('s', json!({ "type": "news", "channel": "all", "seq": seq }));
    assert_said(
        &spec,
        &[
            ('c', json!({ "type": "join", "id": 1, "channel": "all" })),
            (
                's',
                json!({ "type": "join", "id": 1.0, "channel": "all", "seq": 1, "epoch": "e" }),
            ),
            news(json!(2.0)),
            news(json!(3)),
            news(json!(-1)),
        ],
        "
    1 → join id=1 channel=all
    2 ← join id=1.0 channel=all seq=1 answers join of line 1
    3 ← news channel=all seq=2.0
    4 ← news channel=all seq=3
    5 ← news channel=all seq=-1
        ENVELOPE /seq must be at least 0 [minimum: 0]
",
    )
}

#[test]
fn an_empty_capture_is_not_clean() -> Result {
    let report = said(STREAMS, &[])?;
    assert!(!report.is_clean());
    assert_eq!(report.render(), "the capture has no messages\n");
    Ok(())
}

#[test]
fn a_client_authenticates_again_under_the_tag_of_its_auth_message() -> Result {
    let spec = "
errors: { LOCKED: {} }
messages:
  login: { from: client, payload: { type: object, required: [user], properties: { user: { type: string } } }, errors: [LOCKED] }
session: { auth: login }
";
    let hello =
        json!({ "type": "hello", "payload": { "version": "1.0.0", "auth": { "user": "ada" } } });
    let ready = json!({ "type": "ready", "payload": { "version": "1.0.0", "session": "s", "expires": 60_000 } });
    let login = |id| json!({ "type": "login", "payload": { "user": "ada" }, "id": id });
    let answer = |id| json!({ "type": "login", "payload": { "expires": 60_000 }, "id": id });
    let refused =
        json!({ "type": "error", "payload": { "code": "LOCKED", "message": "no" }, "id": "2" });
    let good = [
        ('c', hello.clone()),
        ('s', ready.clone()),
        ('c', login("1")),
        ('s', answer("1")),
        ('c', login("2")),
        ('s', refused),
    ];
    assert_said(
        spec,
        &good,
        "
    1 → hello
    2 ← ready
    3 → login id=1
    4 ← auth id=1 answers login of line 3
    5 → login id=2
    6 ← error id=2 answers login of line 5",
    )?;
    let unasked = [('c', hello), ('s', ready), ('s', answer("7"))];
    let report = said(spec, &unasked)?.render();
    assert!(
        report.contains("no request with the id \"7\" is pending"),
        "{report}"
    );
    Ok(())
}

/// A parameter may be empty where its schema allows it, and ends where the text behind it first occurs if another follows.
#[test]
fn parameters_of_keys_are_those_of_the_spec() -> Result {
    let spec = format!(
        "
channels:
  room: {{ key: 'room:{{a}}:{{b}}', params: {{ a: {{ type: string }}, b: {{ type: string, pattern: '^[^:]+$' }} }} }}
  end: {{ key: 'end:{{a}}:x', params: {{ a: {{ type: string }} }} }}
messages:
  said: {{ from: server, channel: room }}
{QUIET}"
    );
    let keys = ["room::x", "room:x:", "room:x:y:z", "end::x", "end:x:x:x"];
    let joins = keys.map(|key| {
        (
            'c',
            json!({ "type": "join", "id": key, "payload": { "channel": key } }),
        )
    });
    assert_said(
        &spec,
        &joins,
        "
    1 → join id=room::x
    2 → join id=room:x:
        CHANNEL /payload/channel `room:x:` is not the key of a channel that this message joins or leaves
    3 → join id=room:x:y:z
        CHANNEL /payload/channel `room:x:y:z` is not the key of a channel that this message joins or leaves
    4 → join id=end::x
    5 → join id=end:x:x:x
    `join` of line 1 was not answered
    `join` of line 2 was not answered
    `join` of line 3 was not answered
    `join` of line 4 was not answered
    `join` of line 5 was not answered
",
    )
}
