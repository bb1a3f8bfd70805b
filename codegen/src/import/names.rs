//! Names of messages, from files, titles and definitions.

use super::text::Entry;
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest name that is made of a text. A name may have 128 characters; the rest is for what tells two apart.
const MAX_LENGTH: usize = 100;

/// File names that say nothing of the schema in the file.
const GENERIC: [&str; 4] = ["schema", "index", "openapi", "asyncapi"];

/// A text as the name of a message: what cannot be in one becomes a hyphen.
pub(super) fn message_name(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain = |c: char| {
        if word(c) || c == '.' || c == ':' {
            c
        } else {
            '-'
        }
    };
    let text: String = text.chars().map(plain).collect();
    let mut out = String::new();
    let mut separator = None;
    for c in text.chars() {
        if !word(c) {
            separator = separator.or(Some(c));
            continue;
        }
        if out.is_empty() && c.is_ascii_digit() {
            out.push('_');
        } else if let Some(separator) = separator.filter(|_| !out.is_empty()) {
            out.push(separator);
        }
        separator = None;
        out.push(c);
    }
    out.truncate(MAX_LENGTH);
    out.truncate(out.trim_end_matches(['.', ':', '-']).len());
    match out.is_empty() {
        true => "message".to_owned(),
        false => out,
    }
}

/// The name that a file gives: its own, without what it ends with; that of a file called `schema.json` is its title or its folder.
pub(super) fn stem(path: &str, root: &Value) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let mut stem = file;
    for end in [".json", ".yaml", ".yml", ".jsonc"] {
        stem = stem.strip_suffix(end).unwrap_or(stem);
    }
    for end in [".schema", "-schema", "_schema"] {
        stem = stem.strip_suffix(end).unwrap_or(stem);
    }
    let title = root.get("title").and_then(Value::as_str);
    let folder = folder
        .rsplit('/')
        .next()
        .filter(|folder| !folder.is_empty());
    match GENERIC.contains(&stem) {
        true => message_name(title.or(folder).unwrap_or(stem)),
        false => message_name(stem),
    }
}

/// A name with that of its folder in front, for two files of the same name.
pub(super) fn with_folder(path: &str, stem: &str) -> String {
    let folder = path.rsplit('/').nth(1).map(message_name);
    folder.map_or_else(
        || stem.to_owned(),
        |folder| message_name(&format!("{folder}.{stem}")),
    )
}

/// The name of each entry. Names that differ only in what code drops are the same; those in `reserved` are not given.
pub(super) fn assign(entries: &[Entry], reserved: &BTreeSet<String>) -> Vec<String> {
    let key = |name: &str| -> String {
        let kept = name.chars().filter(char::is_ascii_alphanumeric);
        kept.map(|c| c.to_ascii_lowercase()).collect()
    };
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut names = Vec::new();
    for entry in entries {
        let message = format!("{}-message", entry.name);
        let plain = [entry.name.clone(), entry.longer.clone(), message];
        let numbered = (2..).map(|n| format!("{}-{n}", entry.name));
        let free = |name: &String| !reserved.contains(name) && !taken.contains(&key(name));
        let name = plain
            .into_iter()
            .chain(numbered)
            .find(free)
            .unwrap_or_default();
        taken.insert(key(&name));
        names.push(name);
    }
    names
}
