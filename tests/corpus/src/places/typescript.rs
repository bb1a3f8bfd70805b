//! Counts the places of the types in TypeScript, by their text: properties, and whether `unknown` is part of their types. Places of
//! which the schema says nothing count as well, so this is an upper bound.

use super::Places;

/// Counts the places of generated TypeScript.
pub(crate) fn count(text: &str) -> Places {
    let mut places = Places::default();
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix("readonly ") else {
            continue;
        };
        let Some((name, ty)) = rest.split_once(": ").filter(|_| rest.ends_with(';')) else {
            continue;
        };
        let is_unknown = ty
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "unknown");
        places.add(name, is_unknown.then_some("`unknown`"));
    }
    places
}
