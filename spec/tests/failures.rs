//! The errors of requests, and the messages for them.

use handfast_spec::load_str;
use std::collections::BTreeMap;

fn codes(head: &str, reply: &str, roles: &str) -> Vec<&'static str> {
    let text = format!(
        "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{head}errors: {{ FULL: {{}} }}\nmessages:\n  ask: {{ from: client, errors: [FULL]{reply} }}\n  answer: {{ from: server }}\n{roles}"
    );
    let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
    let codes = loaded.diagnostics.iter().map(|one| one.code);
    codes.filter(|code| !code.starts_with('G')).collect()
}

#[test]
fn declared_errors_have_something_to_carry_them() {
    let off = "session: { roles: { error: off } }\n";
    let outcome = "envelope: { outcome: { field: ok, success: true, failure: false } }\n";
    for reply in [", reply: answer", ", reply: { stream: answer }"] {
        for head in ["", outcome] {
            assert_eq!(codes(head, reply, off), ["P036"], "{head}{reply}");
            assert_eq!(codes(head, reply, ""), Vec::<&str>::new(), "{head}{reply}");
        }
    }
}
