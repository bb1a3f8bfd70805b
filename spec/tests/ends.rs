//! What one of the two ends would not keep is refused by `check`, or reported as given up.

use handfast_spec::{Loaded, Severity, load_str};
use std::collections::BTreeMap;

fn load(rest: &str) -> Loaded {
    let text = format!("handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{rest}");
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

fn reported(rest: &str, counts: impl Fn(&str, Severity) -> bool) -> Vec<String> {
    let loaded = load(rest);
    let all = loaded.diagnostics.iter();
    all.filter(|one| counts(one.code, one.severity))
        .map(|one| format!("{}: {}", one.code, one.message))
        .collect()
}

/// The diagnostics of a spec, but for notes.
fn problems(rest: &str) -> Vec<String> {
    reported(rest, |_, severity| severity != Severity::Note)
}

fn notes(rest: &str, code: &str) -> Vec<String> {
    reported(rest, |one, _| one == code)
}

const NONE: [&str; 0] = [];

const ASKING: &str = "messages: { ask: { from: client, reply: answer }, answer: { from: server } }\n";

#[test]
fn a_refusal_may_say_whether_it_is_for_now() {
    let rest = "messages:
  denied: { from: server, payload: { type: object, properties: { code: { type: string }, again: { type: boolean }, data: {}, wrong: {} } } }
session: { roles: { refuse: { message: denied, fields: { code: /code, retryable: /again, data: /data, violations: /wrong } } } }
";
    assert_eq!(problems(rest), NONE);
}

#[test]
fn replies_are_matched_in_the_same_way_in_both_directions() {
    let differs = "P020: `correlate` differs between the ends, and replies are matched in one way";
    for end in ["client", "server"] {
        let rest = format!("envelope: {{ id: off, {end}: {{ correlate: order }} }}\n{ASKING}");
        let found = problems(&rest);
        assert!(found.contains(&differs.to_owned()), "{found:?}");
    }
    assert_eq!(
        problems(&format!("envelope: {{ id: off, correlate: order }}\n{ASKING}")),
        NONE
    );
    let rest = "messages: { ask: { from: client, reply: answer, envelope: { id: off, correlate: order } }, answer: { from: server } }\n";
    assert_eq!(
        problems(rest),
        [
            "P020: `answer` cannot be matched to its request: `ask` has no id",
            "P020: `correlate` of `ask` differs from that of the envelope, and replies are matched in one way",
        ]
    );
    let rest = "envelope: { id: off, server: { correlate: order } }\nmessages: { ask: { from: client, reply: answer, concurrent: true }, answer: { from: server } }\n";
    let found = problems(rest);
    let concurrent = "P043: `ask` cannot be concurrent: its reply is matched by order";
    assert!(found.contains(&concurrent.to_owned()), "{found:?}");
}

#[test]
fn the_id_of_a_reply_has_the_type_of_that_of_its_request() {
    let rest = format!("envelope: {{ client: {{ id: {{ type: integer }} }} }}\n{ASKING}");
    assert_eq!(
        problems(&rest),
        ["P020: `answer` cannot be matched to its request: the id of `ask` is an integer, and its own a string"]
    );
}

const LOGIN: &str = "  login: { from: client, payload: { type: object, properties: { key: { type: string } } } }
  hi: { from: client, payload: { type: object, properties: { key: { type: string } } } }
  news: { from: server }
";

fn session(session: &str) -> String {
    format!("messages:\n{LOGIN}session: {{ {session} }}\n")
}
