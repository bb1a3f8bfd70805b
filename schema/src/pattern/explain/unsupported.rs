//! Explains what has no equivalent in linear time.

use super::{Found, found, places};
use crate::pattern::formula::{Refused, Why, split};
use crate::pattern::surrogate;
use std::ops::Range;

/// What has no equivalent in linear time.
pub(super) fn unsupported(pattern: &str, chars: &[char]) -> Found {
    // Only look-ahead that cannot be split off is refused.
    let refused = split(pattern)
        .err()
        .map(|Refused { at, why }| (pattern[..at].chars().count(), why));
    let starts = |i: usize, text: &str| {
        let mut here = chars[i..].iter();
        text.chars().all(|c| here.next() == Some(&c))
    };
    for (i, in_class) in places(chars) {
        let at = |length: usize| i..(i + length).min(chars.len());
        let next = chars.get(i + 1).copied();
        if let Some((_, why)) = refused.filter(|(refused, _)| *refused == i) {
            return look_ahead(at(3), starts(i, "(?!"), why);
        }
        if !in_class && (starts(i, "(?<=") || starts(i, "(?<!")) {
            return found(
                at(4),
                "look-behind",
                "make the preceding text part of the pattern, or check it in the handler",
            );
        }
        if !in_class
            && chars[i] == '\\'
            && next.is_some_and(|c| c == 'k' || ('1'..='9').contains(&c))
        {
            return found(
                at(2),
                "a back-reference",
                "repeat the pattern of the group, or check it in the handler",
            );
        }
        if !in_class && starts(i, "\\B") {
            return found(at(2), "`\\B`", "write the characters on both sides");
        }
        if starts(i, "[^]") {
            return found(
                at(3),
                "a class that contains everything",
                "write `[\\s\\S]`",
            );
        }
        if starts(i, "[]") {
            return found(at(2), "an empty class", "remove what can never match");
        }
        if starts(i, "\\u") && surrogate(&chars[i..]).is_some() {
            return found(
                at(6),
                "a lone surrogate, which no text contains",
                "write the whole character: `\\u{1F600}`",
            );
        }
    }
    let help = "rewrite it, or check it in the handler";
    found(
        0..chars.len(),
        "it has no equivalent that runs in linear time",
        help,
    )
}

/// Look-ahead that is not at the beginning of the text.
fn look_ahead(at: Range<usize>, negative: bool, why: Why) -> Found {
    let (open, keyword) = match negative {
        true => (
            "(?!",
            "put the excluded pattern under `not: { pattern: … }`",
        ),
        false => ("(?=", "write both patterns under `allOf`"),
    };
    match why {
        Why::Anywhere => found(
            at,
            "look-ahead that may be anywhere in the text",
            format!(
                "write `^{open}` if it is about the beginning of the text, and `^{open}.*` if it is about all of it"
            ),
        ),
        Why::Behind => found(
            at,
            "look-ahead that is not at the beginning of the text",
            format!(
                "if what is before it has a fixed length, write `^{open}ab)a` for `^a{open}b)`; else {keyword}"
            ),
        ),
        Why::TooMany => found(
            at,
            "more look-ahead than one pattern may contain, or groups that nest too deep around it",
            format!("{keyword}, or write several patterns under `anyOf`"),
        ),
    }
}
