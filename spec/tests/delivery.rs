//! `volatileKey` and `concurrent`: where they mean something, and that the wire is the same with them.

use handfast_spec::{Loaded, Severity, load_str};
use std::collections::BTreeMap;

fn load(rest: &str) -> Loaded {
    let text = format!("handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{rest}");
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

/// The diagnostics of a spec, but for notes.
fn reported(rest: &str) -> Vec<String> {
    let loaded = load(rest);
    let all = loaded.diagnostics.iter();
    all.filter(|one| one.severity != Severity::Note)
        .map(|one| format!("{}: {}", one.code, one.message))
        .collect()
}

#[test]
fn what_has_no_effect_is_warned_of() {
    for (messages, expected) in [
        (
            "a: { from: client, volatile: true, channel: c, volatileKey: x, payload: { type: object, required: [x], properties: { x: { type: string } } } }",
            "P028: `volatileKey` has no effect on `a`: the server does not send it",
        ),
        (
            "a: { from: server, concurrent: true }",
            "P028: `concurrent` has no effect on `a`: the server does not handle it: the client does not send it",
        ),
        (
            "{ a: { from: client, concurrent: true, reply: { stream: b } }, b: { from: server } }",
            "P028: `concurrent` has no effect on `a`: streams run beside other messages anyway",
        ),
        (
            "{ a: { from: client, reply: { stream: b, cancel: d } }, b: { from: server }, d: { from: client, concurrent: true } }",
            "P028: `concurrent` has no effect on `d`: no handler handles it",
        ),
    ] {
        let messages = match messages.strip_prefix('{') {
            Some(_) => format!("messages: {messages}"),
            None => format!("messages:\n  {messages}"),
        };
        assert_eq!(
            reported(&format!("channels: {{ c: {{ key: c }} }}\n{messages}\n"))
                .into_iter()
                .filter(|one| !one.starts_with("P021"))
                .collect::<Vec<_>>(),
            [expected]
        );
    }
}

/// It is not kept for a client that resumes, and not sent to one that has no connection.
#[test]
fn a_volatile_message_needs_no_channel() {
    let rest = "messages:\n  a: { from: both, volatile: true }\n";
    assert!(reported(rest).is_empty(), "{:?}", reported(rest));
}

/// A volatile message without a channel can be dropped, and so replaced.
#[test]
fn a_volatile_message_without_a_channel_may_have_a_key() {
    let payload =
        "payload: { type: object, required: [x], properties: { x: { $ref: '#/types/X' } } }";
    let rest = format!(
        "types: {{ X: {{ type: integer }} }}\nmessages:\n  a: {{ from: both, volatile: true, volatileKey: x, {payload} }}\n"
    );
    assert!(reported(&rest).is_empty(), "{:?}", reported(&rest));
}

#[test]
fn requests_in_order_are_not_concurrent_but_messages_without_a_reply_may_be() {
    let by_order = |reply: &str| {
        let rest = format!(
            "envelope: {{ id: off, correlate: order }}\nmessages:\n  a: {{ from: client, concurrent: true{reply} }}\n  b: {{ from: server }}\n"
        );
        reported(&rest)
    };
    assert_eq!(
        by_order(", reply: b"),
        ["P043: `a` cannot be concurrent: its reply is matched by order"]
    );
    assert!(by_order("").is_empty());
}

#[test]
fn the_wire_is_the_same() {
    let hash = |key: &str, concurrent: &str| {
        let rest = format!(
            "channels: {{ c: {{ key: c }} }}\nmessages:\n  a: {{ from: server, volatile: true, channel: c{key}, payload: {{ type: object, required: [x], properties: {{ x: {{ type: string }} }} }} }}\n  b: {{ from: client{concurrent} }}\n"
        );
        load(&rest).protocol.expect("a protocol").hash
    };
    let plain = hash("", "");
    assert_eq!(hash(", volatileKey: x", ""), plain);
    assert_eq!(hash("", ", concurrent: true"), plain);
}
