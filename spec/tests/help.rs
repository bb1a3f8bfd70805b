//! What a help suggests is accepted.

use handfast_spec::{Severity, load_str, render};
use std::collections::BTreeMap;

/// The diagnostics of a spec: their codes, and the rendered text.
fn reported(rest: &str) -> (Vec<&'static str>, String) {
    let text = format!("handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{rest}");
    let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
    let all: Vec<_> = loaded
        .diagnostics
        .into_iter()
        .filter(|one| one.severity != Severity::Note)
        .collect();
    let codes = all.iter().map(|one| one.code).collect();
    (codes, render(&all, &loaded.sources, false))
}

/// A spec with an error, its code, a part of the help, and the spec after following it.
const FIXES: &[(&str, &str, &str, &str)] = &[
    (
        "messages:\n  a: { from: server, tag: n, payload: { type: object, required: [x], properties: { x: { const: '1' } } } }\n  b: { from: server, tag: n, payload: { type: object, required: [x], properties: { x: { const: '2' } } } }\n",
        "P014",
        "make them one message whose payload is a `oneOf`",
        "messages:\n  a:\n    from: server\n    tag: n\n    payload: { oneOf: [{ type: object, required: [x], properties: { x: { const: '1' } } }, { type: object, required: [x], properties: { x: { const: '2' } } }] }\n",
    ),
    (
        "errors: { A: { code: 1 }, B: { code: 1 } }\nmessages:\n  a: { from: client, errors: [A, B], reply: b }\n  b: { from: server }\n",
        "P014",
        "another `code`",
        "errors: { A: { code: 1 }, B: { code: 2 } }\nmessages:\n  a: { from: client, errors: [A, B], reply: b }\n  b: { from: server }\n",
    ),
    (
        "messages:\n  ping: { from: client }\n",
        "P018",
        "`session: { roles: { ping: { tag: session.ping } } }`, or `off`",
        "messages:\n  ping: { from: client }\nsession: { roles: { ping: { tag: session.ping } } }\n",
    ),
    (
        "messages:\n  ping: { from: client }\n",
        "P018",
        "or `off`",
        "messages:\n  ping: { from: client }\nsession: { roles: { ping: off } }\n",
    ),
    (
        "messages:\n  a: { from: server }\nsession: { roles: { join: { tag: x }, leave: { tag: x } } }\n",
        "P018",
        "`session: { roles: { leave: { tag: session.leave } } }`",
        "messages:\n  a: { from: server }\nsession: { roles: { join: { tag: x }, leave: { tag: session.leave } } }\n",
    ),
    (
        "messages:\n  login: { from: client }\n  a: { from: server, tag: login }\nsession: { auth: login }\n",
        "P018",
        "`session: { roles: { auth: { tag: session.auth } } }`",
        "messages:\n  login: { from: client }\n  a: { from: server, tag: login }\nsession: { auth: login, roles: { auth: { tag: session.auth } } }\n",
    ),
    (
        "envelope: { tag: t, content: t }\nmessages:\n  a: { from: server }\n",
        "P024",
        "`content: null`",
        "envelope: { tag: t, content: null }\nmessages:\n  a: { from: server }\n",
    ),
    (
        "envelope: { id: ref, channel: ref }\nmessages:\n  a: { from: server }\n",
        "P024",
        "`channel: off`",
        "envelope: { id: ref, channel: off }\nmessages:\n  a: { from: server }\n",
    ),
    (
        "envelope: { outcome: { field: id, success: 1, failure: 2 } }\nmessages:\n  a: { from: server }\n",
        "P024",
        "`outcome: { field: … }`",
        "envelope: { outcome: { field: ok, success: 1, failure: 2 } }\nmessages:\n  a: { from: server }\n",
    ),
    (
        "messages:\n  hi: { from: client, payload: { type: object, properties: { v: { type: string } } } }\nsession: { roles: { hello: { message: hi, fields: { auth: v } } } }\n",
        "P030",
        "`''` is the whole payload",
        "messages:\n  hi: { from: client, payload: { type: object, properties: { v: { type: string } } } }\nsession: { roles: { hello: { message: hi, fields: { auth: '' } } } }\n",
    ),
    (
        "messages:\n  a: { from: server, tag: null }\n",
        "P035",
        "make it the reply to a request (`reply: …`)",
        "messages:\n  q: { from: client, reply: a }\n  a: { from: server, tag: null }\n",
    ),
    (
        "errors: { A: {} }\nmessages:\n  q: { from: client, reply: a, errors: [A] }\n  a: { from: server }\nsession: { roles: { error: off } }\n",
        "P036",
        "leave the role `error` on",
        "errors: { A: {} }\nmessages:\n  q: { from: client, reply: a, errors: [A] }\n  a: { from: server }\n",
    ),
    (
        "messages:\n  a: { from: server, volatile: true, volatileKey: x, payload: { type: object, required: [x], properties: { x: { type: object } } } }\n",
        "P042",
        "name another field",
        "messages:\n  a: { from: server, volatile: true, volatileKey: x, payload: { type: object, required: [x], properties: { x: { type: [string, 'null'] } } } }\n",
    ),
    (
        "messages:\n  a: { from: server, volatile: true, volatileKey: y, payload: { type: object, required: [x], properties: { x: { enum: [a, 1] } } } }\n",
        "P042",
        "name a field of the payload",
        "messages:\n  a: { from: server, volatile: true, volatileKey: x, payload: { type: object, required: [x], properties: { x: { enum: [a, 1] } } } }\n",
    ),
    (
        "messages:\n  a: { from: server, volatileKey: x, payload: { type: object, required: [x], properties: { x: { const: a } } } }\n",
        "P042",
        "add `volatile: true`",
        "messages:\n  a: { from: server, volatile: true, volatileKey: x, payload: { type: object, required: [x], properties: { x: { const: a } } } }\n",
    ),
    (
        "channels: { c: { key: c, join: a } }\nmessages:\n  a: { from: client, reply: b, concurrent: true }\n  b: { from: server }\n  n: { from: server, channel: c }\n",
        "P043",
        "delete `concurrent`",
        "channels: { c: { key: c, join: a } }\nmessages:\n  a: { from: client, reply: b }\n  b: { from: server }\n  n: { from: server, channel: c }\n",
    ),
];

#[test]
fn what_a_help_suggests_is_accepted() {
    for (bad, code, help, good) in FIXES {
        let (codes, text) = reported(bad);
        assert_eq!(codes, [*code], "{text}");
        assert!(text.contains(help), "{help}\n{text}");
        let (codes, text) = reported(good);
        assert_eq!(codes, Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn a_pointer_where_a_name_stands_is_warned_of() {
    for envelope in [
        "id: /meta/id",
        "id: { name: /meta/id }",
        "outcome: { field: /meta/ok, success: 1, failure: 2 }",
        "correlate: { request: id, reply: /meta/reply }",
        "timestamp: /at",
    ] {
        let rest = format!("envelope: {{ {envelope} }}\nmessages:\n  a: {{ from: server }}\n");
        let (codes, text) = reported(&rest);
        assert_eq!(codes, ["P009"], "{text}");
        assert!(
            text.contains("warning[P009]") && text.contains("not as a JSON Pointer"),
            "{text}"
        );
    }
}

#[test]
fn all_roles_are_turned_off_at_once() {
    let roles = [
        "hello",
        "ready",
        "refuse",
        "auth",
        "resume",
        "gap",
        "join",
        "leave",
        "ping",
        "pong",
        "negotiate",
        "error",
        "received",
        "skip",
    ];
    let each: Vec<String> = roles.iter().map(|role| format!("{role}: off")).collect();
    let hash = |roles: &str| {
        let text = format!(
            "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\nmessages: {{ a: {{ from: server }} }}\nsession: {{ roles: {roles} }}\n"
        );
        let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
        let given_up = loaded.diagnostics.iter().filter(|one| one.code == "G001");
        (
            loaded.protocol.map(|protocol| protocol.hash),
            given_up.count(),
        )
    };
    let all = hash("off");
    assert!(all.0.is_some());
    assert_eq!(all, hash(&format!("{{ {} }}", each.join(", "))));
    assert_eq!(all.1, roles.len());
    // A role that is younger than the hash does not change it, unless it is not as it is by default.
    let (as_ever, off, tagged) = (
        hash("{ gap: off }").0,
        hash("{ gap: off, skip: off }").0,
        hash("{ gap: off, skip: { tag: skipped } }").0,
    );
    assert_eq!(as_ever, hash("{ gap: off, skip: { tag: skip } }").0);
    assert_ne!(as_ever, off);
    assert_ne!(as_ever, tagged);
    assert_ne!(off, tagged);
    // Where the server's tags leave it no place it is off, and may be said to be.
    for tag in ["1", "skip"] {
        let hash = |roles: &str| {
            let text = format!(
                "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\nmessages: {{ a: {{ from: server, tag: {tag} }} }}\nsession: {{ roles: {{ ready: off, refuse: off, gap: off, join: off, leave: off, ping: off, pong: off, negotiate: off, error: off{roles} }} }}\n"
            );
            let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
            let all = loaded.diagnostics.iter();
            let severe = all.filter(|one| one.severity == Severity::Error);
            assert_eq!(severe.map(|one| &one.message).next(), None);
            loaded.protocol.expect("a protocol").hash
        };
        assert_eq!(hash(""), hash(", skip: off"));
        assert_ne!(hash(""), hash(", skip: { tag: 7 }"));
    }
}
