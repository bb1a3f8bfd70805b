//! The keys of the language, as the JSON Schema of its files has them, and which of them a spec uses.

use serde_json::Value;
use std::collections::BTreeSet;

/// A key: the definition that has it, such as `channel`, and its name.
pub(super) type Key = (String, String);

/// What no random spec has: it needs files beside the spec, or another package.
const NOT_MADE: [(&str, &str); 3] = [
    ("spec", "remotes"),
    ("generate", "outside"),
    ("generate-rust", "crate"),
];

/// Every key that a random spec may have, by the JSON Schema of the language.
pub(super) fn all(language: &Value) -> BTreeSet<Key> {
    let definitions = language["$defs"].as_object().into_iter().flatten();
    definitions
        .filter(|(name, _)| *name != "schema")
        .flat_map(|(name, definition)| {
            let keys = definition["properties"].as_object().into_iter().flatten();
            keys.map(|(key, _)| (name.clone(), key.clone()))
        })
        .filter(|(name, key)| !NOT_MADE.contains(&(name, key)))
        .collect()
}

/// Adds the keys that `value` uses, where `schema` describes it. `within` is the definition that it belongs to.
pub(super) fn used(
    language: &Value,
    schema: &Value,
    within: &str,
    value: &Value,
    keys: &mut BTreeSet<Key>,
) {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix("#/$defs/"))
    {
        if name != "schema" {
            used(language, &language["$defs"][name], name, value, keys);
        }
        return;
    }
    for part in schema["anyOf"].as_array().into_iter().flatten() {
        used(language, part, within, value, keys);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        if let Some(property) = schema["properties"].get(key) {
            keys.insert((within.to_owned(), key.clone()));
            used(language, property, within, inner, keys);
        } else if schema["additionalProperties"].is_object() {
            used(
                language,
                &schema["additionalProperties"],
                within,
                inner,
                keys,
            );
        }
    }
}
