//! The limits of aliases.

use handfast_spec::{load_str, render};
use std::collections::BTreeMap;

/// The diagnostics of a spec with these lines after its head.
fn said(lines: &str) -> String {
    let text = format!(
        "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\nmessages: {{ news: {{ from: server }} }}\n{lines}"
    );
    let loaded = load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new());
    render(&loaded.diagnostics, &loaded.sources, false)
}

const TOO_MUCH: &str =
    "error[Y008]: the aliases of this file expand to more than 8388608 bytes of text";

/// A text, and a number of aliases of it.
fn texts(bytes: usize, aliases: usize) -> String {
    let text = "x".repeat(bytes);
    format!(
        "types: {{}}\nx:\n  - &a {text}\n{}",
        "  - *a\n".repeat(aliases)
    )
}

#[test]
fn long_texts_are_counted_in_bytes() {
    assert!(!said(&texts(1 << 20, 8)).contains("Y008"));
    assert!(said(&texts(1 << 20, 9)).contains(TOO_MUCH));
    assert!(said(&texts(1 << 20, 90_000)).contains(TOO_MUCH));
    assert!(!said(&texts(80, 90_000)).contains("Y008"));
}

#[test]
fn keys_and_what_lies_inside_count() {
    let key = "k".repeat(1000);
    let long = format!("x:\n  - &a {{ {key}: 1, b: [ {key} ] }}\n");
    assert!(!said(&format!("{long}{}", "  - *a\n".repeat(4000))).contains("Y008"));
    assert!(said(&format!("{long}{}", "  - *a\n".repeat(4200))).contains(TOO_MUCH));
    // Each doubles the previous one.
    let mut doubled = format!("x:\n  - &a0 {key}\n");
    for i in 1..15 {
        doubled.push_str(&format!("  - &a{i} [*a{0}, *a{0}]\n", i - 1));
    }
    assert!(said(&doubled).contains(TOO_MUCH));
}
