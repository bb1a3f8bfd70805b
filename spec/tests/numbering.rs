//! Sessions that resume by the numbers of the server's messages: what keeps them from it, and what the hash covers.

use handfast_spec::{Loaded, Severity, load_str};
use std::collections::BTreeMap;

/// A protocol whose session is numbered.
const DESK: &str = "
handfast: 1
protocol: { name: demo, version: 1.0.0 }
channels: { room: { key: lobby } }
messages:
  welcome: { from: server, payload: { type: object, properties: { session: { type: string } } } }
  said: { from: server, channel: room }
  again: { from: client, payload: { type: object, required: [last], properties: { last: { type: integer }, session: { type: string } } } }
session:
  resume: { seq: seq }
  roles:
    ready: { message: welcome, fields: { session: /session } }
    resume: { message: again, fields: { seq: /last, session: /session } }
";

fn load(text: &str) -> Loaded {
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

/// The errors of a spec.
fn errors(text: &str) -> Vec<String> {
    let loaded = load(text);
    let all = loaded.diagnostics.iter();
    all.filter(|one| one.severity == Severity::Error)
        .map(|one| format!("{}: {}", one.code, one.message))
        .collect()
}

#[test]
fn what_keeps_a_session_from_resuming_is_an_error() {
    let none: [&str; 0] = [];
    assert_eq!(errors(DESK), none);
    for (from, to, expected) in [
        (
            "seq: seq }",
            "for: 1m, seq: n }",
            "the envelope of the server's messages has no number `n`",
        ),
        (
            "from: server, channel: room }",
            "from: server, channel: room, envelope: { seq: off } }",
            "the envelope of `said` has no number `seq`, and all messages of the server are numbered",
        ),
        (
            "key: lobby",
            "key: lobby, history: { size: 5 }",
            "`room` cannot have a history: its messages are numbered in the session, not in the channel",
        ),
        (
            "resume: { message: again, fields: { seq: /last, session: /session } }",
            "resume: off",
            "no message of the client asks for what it missed: the role `resume` is off",
        ),
        (
            "{ seq: /last, session: /session }",
            "{ session: /session }",
            "the message in the role `resume` does not say which number the client received last",
        ),
        (
            "ready: { message: welcome, fields: { session: /session } }",
            "ready: { message: welcome }",
            "the message in the role `resume` names a session, but the role `ready` does not say which that is",
        ),
        (
            "{ seq: /last, session: /session }",
            "{ seq: /last }",
            "nothing says which session a client resumes: no message names it, and without `session.auth` no principal is known",
        ),
        (
            "  roles:\n",
            "  roles:\n    gap: off\n    error: off\n",
            "a client does not learn that its session does not resume: the roles `gap` and `error` are off",
        ),
        (
            "resume: { seq: seq }",
            "resume: 1m",
            "a message in the role `resume` asks for the messages after a number, but the server's have none",
        ),
    ] {
        let text = DESK.replacen(from, to, 1);
        assert_ne!(text, DESK, "{from}");
        let found = errors(&text);
        let expected = format!("P049: {expected}");
        assert!(found.contains(&expected), "{to}: {found:?}");
    }
}

/// A message that has no number needs no field for it.
#[test]
fn messages_of_the_handshake_have_no_number() {
    let text = DESK.replacen(
        "welcome: { from: server,",
        "welcome: { from: server, envelope: { seq: off },",
        1,
    );
    let none: [&str; 0] = [];
    assert_eq!(errors(&text), none);
}

#[test]
fn the_hash_covers_that_messages_are_numbered() {
    let hash = |text: &str| {
        let loaded = load(text);
        loaded.protocol.expect("it is valid").hash
    };
    let own = "\nhandfast: 1\nprotocol: { name: demo, version: 1.0.0 }\nmessages:\n  a: { from: server }\nsession:\n  roles: { skip: off, received: off }\n";
    let numbered = format!("{own}  resume: {{ seq: seq }}\n");
    assert_ne!(hash(own), hash(&numbered));
    assert_eq!(
        hash(&numbered),
        hash(&numbered.replace("{ seq: seq }", "{ for: 7m, seq: seq }"))
    );
}
