//! The language through its public door.

use handfast_spec::{Loaded, load_str, render};
use std::collections::BTreeMap;
use std::path::Path;

/// The reference protocol. A comma ends a plain scalar inside `{ }`, so that a description with one has to be quoted.
fn reference() -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol.yaml"));
    let text = std::fs::read_to_string(path).expect("the reference protocol");
    text.replace(
        "description: Proof, where the server asks for one.,",
        "description: 'Proof, where the server asks for one.',",
    )
}

fn read(text: &str) -> Loaded {
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

fn shown(loaded: &Loaded) -> String {
    render(&loaded.diagnostics, &loaded.sources, false)
}

#[test]
fn the_reference_protocol_loads_without_a_word() {
    let loaded = read(&reference());
    assert_eq!(shown(&loaded), "");
    let protocol = loaded.protocol.expect("a protocol without diagnostics");
    assert_eq!(protocol.messages.len(), 21);
    assert_eq!(protocol.types.len(), 8);
}
