//! Reading a mutated spec always ends in a protocol or in diagnostics, which can be rendered.

use handfast_spec::{Severity, load_str, render, render_json};
use handfast_testing::random::Rng;
use std::collections::BTreeMap;
use std::path::Path;

/// Snippets that are inserted into the text.
const PIECES: [&str; 26] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    ",",
    "\n",
    "\r\n",
    "\t",
    "#",
    "&a ",
    "*a",
    "!t ",
    "---\n",
    "'",
    "\"",
    "null",
    ".inf",
    "-1",
    "1e999",
    "\u{feff}",
    "é\u{0}",
    "$ref: '#/types/X'",
    "<<: *a",
    "off",
];

fn check(seed: u64, bytes: &[u8]) {
    let loaded = load_str("protocol.yaml", bytes, &BTreeMap::new());
    let errors = loaded
        .diagnostics
        .iter()
        .any(|one| one.severity == Severity::Error);
    assert_eq!(
        loaded.protocol.is_none(),
        errors,
        "seed {seed}: a protocol, or errors"
    );
    let plain = render(&loaded.diagnostics, &loaded.sources, false);
    assert_eq!(
        plain.is_empty(),
        loaded.diagnostics.is_empty(),
        "seed {seed}"
    );
    render(&loaded.diagnostics, &loaded.sources, true);
    render_json(&loaded.diagnostics, &loaded.sources);
}

#[test]
fn no_mutation_is_fatal() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol.yaml");
    let original = std::fs::read(path).expect("the reference protocol");
    for seed in 0..500 {
        let mut numbers = Rng::new(seed);
        let mut bytes = original.clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(bytes.len());
            match numbers.below(6) {
                0 => bytes.truncate(at),
                1 => {
                    let end = (at + numbers.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 => {
                    let piece = PIECES[numbers.below(PIECES.len())];
                    bytes.splice(at..at, piece.bytes());
                }
                3 => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = u8::try_from(numbers.below(256)).unwrap_or(0);
                    }
                }
                4 => {
                    // A line moves elsewhere, with its indentation.
                    let line = bytes.split(|byte| *byte == b'\n').nth(numbers.below(300));
                    let line = line.map(<[u8]>::to_vec).unwrap_or_default();
                    bytes.splice(at..at, [&b"\n"[..], &line, b"\n"].concat());
                }
                _ => {
                    // Two words are swapped, which leaves valid YAML with another meaning.
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let words: Vec<&str> = text.split(' ').filter(|word| word.len() > 3).collect();
                    let one = words
                        .get(numbers.below(words.len()))
                        .copied()
                        .unwrap_or("x");
                    let other = words
                        .get(numbers.below(words.len()))
                        .copied()
                        .unwrap_or("y");
                    bytes = text.replacen(one, other, 1 + numbers.below(3)).into_bytes();
                }
            }
        }
        check(seed, &bytes);
    }
}

#[test]
fn no_truncation_is_fatal() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol.yaml");
    let original = std::fs::read(path).expect("the reference protocol");
    for (seed, at) in (0..original.len()).step_by(97).enumerate() {
        check(seed as u64, &original[..at]);
    }
}
