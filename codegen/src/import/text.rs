//! The text of the spec.

use super::{From, contents::Draft, remotes::Remotes};
use std::fmt::Write;

/// What becomes a message.
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// Its name if another one has that.
    pub(super) longer: String,
    /// The number of its file.
    pub(super) input: usize,
    /// The path of its file.
    pub(super) path: String,
    /// The tokens of the JSON Pointer to the schema.
    pub(super) pointer: Vec<String>,
}

/// Words that YAML does not read as strings.
const WORDS: [&str; 4] = ["null", "true", "false", "~"];

/// A string in YAML, quoted if it has to be.
fn yaml(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    match is_plain {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

/// Percent-encodes what a path or a fragment of an address may not contain.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'/' => out.push('/'),
            _ if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) => {
                out.push(char::from(byte))
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The spec as YAML.
pub(super) fn text(
    protocol: &str,
    draft: Option<Draft>,
    from: From,
    remotes: &Remotes,
    entries: &[Entry],
    names: &[String],
) -> String {
    let from = match from {
        From::Client => "client",
        From::Server => "server",
        From::Both => "both",
    };
    let dialect = match draft {
        None => "json-schema".to_owned(),
        Some(draft) => format!("{{ name: json-schema, draft: {draft} }}"),
    };
    let mut out = format!(
        "# A start, written by `codegen import`. What only you know: who sends each message (`from`), what answers it (`reply`), and which\n\
         # belong to a channel.\n\
         handfast: 1\n\
         protocol: {{ name: {}, version: 0.1.0 }}\n\
         dialect: {dialect}\n",
        yaml(protocol)
    );
    let remotes_text: String = remotes
        .iter()
        .map(|(address, path)| format!("  {}: {}\n", yaml(address), yaml(&format!("./{path}"))))
        .collect();
    if !remotes_text.is_empty() {
        out.extend(["remotes:\n", &remotes_text]);
    }
    out.push_str("messages:\n");
    for (entry, name) in entries.iter().zip(names) {
        // A file that others refer to by its address is read under that only.
        let known = remotes.iter().find(|(_, path)| **path == entry.path);
        let file = match known {
            Some((address, _)) => address.clone(),
            None => format!("./{}", encoded(&entry.path)),
        };
        let pointer: String = entry
            .pointer
            .iter()
            .map(|token| format!("/{}", encoded(&token.replace('~', "~0").replace('/', "~1"))))
            .collect();
        let fragment = if pointer.is_empty() { "" } else { "#" };
        let target = yaml(&format!("{file}{fragment}{pointer}"));
        let _ = writeln!(
            out,
            "  {}: {{ from: {from}, payload: {{ $ref: {target} }} }}",
            yaml(name)
        );
    }
    out.push_str("generate:\n  rust: { out: api.rs }\n  typescript: { out: api.ts }\n");
    out
}
