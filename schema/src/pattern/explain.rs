//! Explains why a pattern is refused: where, why, and what to write instead.

mod unsupported;

use super::PatternError;
use crate::format::regex::{is_script, wrong};
use std::ops::Range;

/// What is wrong with a pattern, for its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The part of the pattern it is about, in bytes.
    pub at: Range<usize>,
    /// What is wrong there.
    pub why: String,
    /// What to write instead.
    pub help: String,
}

/// Explains the error of a pattern.
pub fn explain(pattern: &str, error: &PatternError) -> Explained {
    let chars: Vec<char> = pattern.chars().collect();
    let (at, why, help) = match error {
        PatternError::Invalid => invalid(&chars, wrong(pattern).unwrap_or(0..chars.len())),
        PatternError::Unsupported => unsupported::unsupported(pattern, &chars),
        PatternError::TooLarge => large(&chars),
    };
    let byte = |at: usize| {
        chars[..at.min(chars.len())]
            .iter()
            .map(|c| c.len_utf8())
            .sum()
    };
    Explained {
        at: byte(at.start)..byte(at.end),
        why,
        help,
    }
}

type Found = (Range<usize>, String, String);

fn found(at: Range<usize>, why: impl Into<String>, help: impl Into<String>) -> Found {
    (at, why.into(), help.into())
}

/// The names of POSIX classes, and their equivalents.
const POSIX: [(&str, &str); 13] = [
    ("alpha", "[A-Za-z]"),
    ("digit", "[0-9]"),
    ("alnum", "[A-Za-z0-9]"),
    ("upper", "[A-Z]"),
    ("lower", "[a-z]"),
    ("space", "\\s"),
    ("blank", "[ \\t]"),
    ("punct", "[!-\\/:-@\\[-`\\{-~]"),
    ("xdigit", "[0-9A-Fa-f]"),
    ("word", "\\w"),
    ("graph", "[!-~]"),
    ("print", "[ -~]"),
    ("cntrl", "[\\x00-\\x1f\\x7f]"),
];

/// What ECMA-262 does not take.
fn invalid(chars: &[char], at: Range<usize>) -> Found {
    let text: String = chars.iter().collect();
    let posix = POSIX.iter().find_map(|(name, meant)| {
        let written = format!("[:{name}:]");
        let byte = text.find(&written)?;
        let start = text[..byte].chars().count();
        Some((start..start + written.len(), meant))
    });
    if let Some((at, meant)) = posix {
        let why = "this is a class of POSIX, which ECMA-262 does not have";
        return found(at, why, format!("write `{meant}`"));
    }
    let here: String = chars[at.clone()].iter().collect();
    let rest: String = chars[at.start..].iter().collect();
    let mut behind = here.chars();
    match behind.next() {
        Some('\\') => escape(at, &here, &rest),
        Some('(') => group(at, &rest),
        Some(')') => found(
            at,
            "there is no open group here",
            "write `\\)` for a parenthesis",
        ),
        Some('[') => found(
            at,
            "this class is not closed",
            "write `]` after its last character, or `\\[` for a bracket",
        ),
        Some(c @ (']' | '}')) => found(
            at,
            format!("`{c}` closes no bracket"),
            format!("write `\\{c}` for a bracket"),
        ),
        Some(c @ ('*' | '+' | '?' | '{')) => quantifier(chars, at, c),
        _ => found(
            at,
            "this range is out of order, or does not go from one character to another",
            "write the smaller character first, and `\\-` for a hyphen next to a set such as `\\d`",
        ),
    }
}

fn quantifier(chars: &[char], at: Range<usize>, c: char) -> Found {
    let before = at.start.checked_sub(1).map(|before| chars[before]);
    let rest: String = chars[at.start..].iter().collect();
    if c == '{' && rest.starts_with("{,") {
        return found(
            at,
            "a count must begin with a number",
            "write `{0,` for zero or more",
        );
    }
    if c == '{' && at.len() > 1 && before.is_some_and(|c| !"(|^*+?".contains(c)) {
        return found(
            at,
            "this is not a count, or its numbers are out of order",
            "a count is `{2}`, `{2,}` or `{2,5}`; write `\\{` for a brace",
        );
    }
    let help = format!("write `\\{c}` for the character itself");
    match before {
        Some(before @ ('*' | '+' | '?' | '}')) => found(
            at,
            format!("`{before}` already repeats, and ECMA-262 has no possessive quantifiers"),
            "repeat once; it accepts the same texts",
        ),
        _ => found(at, "there is nothing here to repeat", help),
    }
}

/// What follows a backslash.
fn escape(at: Range<usize>, here: &str, rest: &str) -> Found {
    let Some(c) = rest.chars().nth(1) else {
        return found(
            at,
            "the pattern ends with a backslash",
            "write `\\\\` for a backslash",
        );
    };
    match c {
        'p' | 'P' => property(at, c, rest),
        'u' => found(
            at,
            "these digits do not name a character",
            "write four hexadecimal digits (`\\u00e9`), or any number of digits in braces (`\\u{1F600}`)",
        ),
        'x' => found(
            at,
            "`\\x` must be followed by two hexadecimal digits",
            "write `\\x41`, or `\\u{1F600}` for longer numbers",
        ),
        'c' => found(
            at,
            "`\\c` must be followed by a letter",
            "write `\\cJ` for control-J",
        ),
        'k' => found(
            up_to('>', at, rest),
            "no group has this name",
            "write `(?<name>…)` for the group, or `k` for the letter; references to groups are not supported in any case",
        ),
        '0'..='9' => found(
            at,
            "there is no group with this number, and ECMA-262 has no octal escapes",
            "write `\\x07` for a character by its code",
        ),
        'A' => found(at, "`\\A` is not an ECMA-262 escape", "write `^`"),
        'z' | 'Z' => found(
            at,
            format!("`\\{c}` is not an ECMA-262 escape"),
            "write `$`",
        ),
        'h' => found(at, "`\\h` is not an ECMA-262 escape", "write `[ \\t]`"),
        'R' => found(
            at,
            "`\\R` is not an ECMA-262 escape",
            "write `(?:\\r\\n|[\\n\\r])`",
        ),
        'a' => found(at, "`\\a` is not an ECMA-262 escape", "write `\\x07`"),
        'e' => found(at, "`\\e` is not an ECMA-262 escape", "write `\\x1b`"),
        'Q' | 'E' => found(
            at,
            format!("`\\{c}` is not an ECMA-262 escape"),
            "write a backslash only before characters that have a special meaning",
        ),
        c if here.chars().count() > 1 => found(
            at,
            format!(
                "`{c}` has no special meaning here, and with the flag `u` no other character can be escaped"
            ),
            match c {
                '-' => "write `-`; `\\-` is only for classes".to_owned(),
                c => format!("write `{c}`"),
            },
        ),
        _ => found(
            at,
            "this is not an ECMA-262 escape",
            "write `\\\\` for a backslash",
        ),
    }
}

/// A part of the pattern up to the first `end`; `at` if there is none.
fn up_to(end: char, at: Range<usize>, rest: &str) -> Range<usize> {
    let length = rest
        .chars()
        .position(|c| c == end)
        .map_or(at.len(), |i| i + 1);
    at.start..at.start + length
}

/// An invalid `\p` or `\P`.
fn property(at: Range<usize>, c: char, rest: &str) -> Found {
    if rest.chars().nth(2) != Some('{') {
        let name: String = rest.chars().skip(2).take(1).collect();
        return found(
            at,
            "the name of a Unicode property must be in braces",
            format!("write `\\{c}{{{name}}}`"),
        );
    }
    let name: String = rest.chars().skip(3).take_while(|c| *c != '}').collect();
    let bare = name
        .strip_prefix("Is")
        .or_else(|| name.strip_prefix("In"))
        .unwrap_or(&name);
    let help = if is_script(bare) {
        format!("write `\\{c}{{Script={bare}}}`")
    } else {
        "write a general category (`\\p{L}`), a script (`\\p{Script=Greek}`) or a binary property (`\\p{Alphabetic}`)".to_owned()
    };
    found(
        up_to('}', at, rest),
        format!("ECMA-262 has no Unicode property `{name}`"),
        help,
    )
}

/// What follows `(`.
fn group(at: Range<usize>, rest: &str) -> Found {
    let inside = rest.strip_prefix("(?").unwrap_or_default();
    let until = |end: char| {
        let length = rest
            .chars()
            .position(|c| c == end)
            .map_or(at.len(), |i| i + 1);
        at.start..at.start + length
    };
    let flags: String = inside
        .chars()
        .take_while(|c| c.is_ascii_alphabetic() || *c == '-')
        .collect();
    match inside.chars().next() {
        None => found(
            at,
            "this group is not closed",
            "write `)` where it ends, or `\\(` for a parenthesis",
        ),
        Some('P') if inside.starts_with("P<") => found(
            at.start..at.start + 4,
            "ECMA-262 writes named groups without `P`",
            "write `(?<name>…)`",
        ),
        Some('>') => found(
            at.start..at.start + 3,
            "ECMA-262 has no atomic groups",
            "write `(?:…)`; it may accept other texts",
        ),
        Some('#') => found(
            until(')'),
            "ECMA-262 has no comments",
            "remove it, and put it into the `description`",
        ),
        Some('|') => found(
            at.start..at.start + 3,
            "ECMA-262 has no branch-reset groups",
            "write `(?:…)`",
        ),
        Some('<') => found(
            until('>'),
            "the name of a group must be a unique identifier",
            "choose another name, or `(?:…)`",
        ),
        Some(_) if inside[flags.len()..].starts_with([')', ':']) && !flags.is_empty() => {
            let help = match flags.contains('i') {
                true => "write both cases in a class: `[Aa]`",
                false => "remove them, and spell out what they would change",
            };
            found(
                until(if inside[flags.len()..].starts_with(')') {
                    ')'
                } else {
                    ':'
                }),
                "a pattern cannot set flags",
                help,
            )
        }
        Some(_) => found(
            at,
            "this group is not closed, or of a kind that ECMA-262 does not have",
            "write `(?:…)` for a group, or `\\(` for a parenthesis",
        ),
    }
}

/// Each position outside of escapes, and whether it is inside a class.
fn places(chars: &[char]) -> impl Iterator<Item = (usize, bool)> {
    let (mut in_class, mut skipped) = (false, false);
    chars.iter().enumerate().filter_map(move |(i, c)| {
        if std::mem::replace(&mut skipped, false) {
            return None;
        }
        let place = Some((i, in_class));
        match c {
            '\\' => skipped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        place
    })
}

/// What takes too much memory: usually the largest count.
fn large(chars: &[char]) -> Found {
    let mut largest = (0_u64, 0..chars.len());
    for (i, in_class) in places(chars) {
        if in_class || chars[i] != '{' {
            continue;
        }
        let count: String = chars[i + 1..].iter().take_while(|c| **c != '}').collect();
        let most = count.split(',').filter_map(|n| n.parse::<u64>().ok()).max();
        if let Some(most) = most.filter(|most| *most > largest.0) {
            largest = (most, i..i + count.chars().count() + 2);
        }
    }
    let why = match largest.0 {
        0 => "it takes more than 4 MB of memory".to_owned(),
        n => format!("repeated {n} times, it takes more than 4 MB of memory"),
    };
    found(
        largest.1,
        why,
        "remove the count and limit the text with `maxLength`; or write smaller counts",
    )
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::*;

    #[test]
    fn every_refusal_says_where_why_and_what_to_write() {
        let mut otherwise = Vec::new();
        for (pattern, at, why, help) in [
            ("^[a-z$", "[", "not closed", "`]`"),
            (r"^a\-b$", r"\-", "no special meaning", "write `-`"),
            (r"^a\@b$", r"\@", "no special meaning", "write `@`"),
            (r"\é", r"\é", "no special meaning", "write `é`"),
            ("(?i)abc", "(?i)", "flags", "[Aa]"),
            ("(?i:abc)", "(?i:", "flags", "[Aa]"),
            ("(?s)a.b", "(?s)", "flags", "remove"),
            ("^[[:alpha:]]+$", "[:alpha:]", "POSIX", "[A-Za-z]"),
            ("^[[:digit:]_]+$", "[:digit:]", "POSIX", "[0-9]"),
            (
                r"\p{IsGreek}",
                r"\p{IsGreek}",
                "IsGreek",
                r"\p{Script=Greek}",
            ),
            (r"\P{Greek}", r"\P{Greek}", "Greek", r"\P{Script=Greek}"),
            (r"\p{Letters}", r"\p{Letters}", "Letters", r"\p{L}"),
            (r"\pL", r"\p", "braces", r"\p{L}"),
            (r"\Aabc\z", r"\A", "not an ECMA-262 escape", "write `^`"),
            (r"abc\Z", r"\Z", "not an ECMA-262 escape", "write `$`"),
            (r"a\", r"\", "end", r"\\"),
            (r"(a)\2", r"\2", "no group", r"\x07"),
            (r"\k<n>a", r"\k<n>", "no group", "(?<name>"),
            (r"\x4g", r"\x4g", "two", r"\x41"),
            (r"\u12", r"\u12", "digits", r"\u{1F600}"),
            ("(?P<n>a)", "(?P<", "without `P`", "(?<name>"),
            ("(?>a)", "(?>", "atomic", "(?:"),
            ("(?#note)a", "(?#note)", "comments", "description"),
            ("(?<1>a)", "(?<1>", "identifier", "name"),
            ("(a", "(", "not closed", r"\("),
            ("a)", ")", "no open group", r"\)"),
            ("a]", "]", "closes no bracket", r"\]"),
            ("a}", "}", "closes no bracket", r"\}"),
            ("*a", "*", "nothing here to repeat", r"\*"),
            ("a**", "*", "already repeats", "once"),
            ("a++", "+", "possessive", "once"),
            ("a{,2}", "{", "must begin with a number", "{0,"),
            ("a{3,2}", "{3,2", "out of order", "{2,5}"),
            ("[b-a]", "b-a", "out of order", "smaller"),
            (r"[\d-z]", r"\d-z", "", ""),
            ("^x(?!y)[a-z]+$", "(?!", "not at the beginning", "not: {"),
            ("^é+(?=a)b", "(?=", "not at the beginning", "allOf"),
            ("(?!a)b", "(?!", "anywhere", "^(?!.*"),
            ("(?=a)b", "(?=", "anywhere", "^(?="),
            ("^(?!a)b(?!c)", "(?!", "not at the beginning", "not: {"),
            ("^(?=a)(?<!b)c", "(?<!", "look-behind", "handler"),
            (r"^(?=(a))\1", r"\1", "back-reference", "handler"),
            ("(?<=a)b", "(?<=", "look-behind", "handler"),
            (r"(a)\1", r"\1", "back-reference", "handler"),
            (r"a\B", r"\B", r"\B", "both sides"),
            ("a[^]b", "[^]", "everything", r"[\s\S]"),
            (r"\uD83D", r"\uD83D", "lone surrogate", "whole"),
            (
                "^[a-z]{1,100000}\\.[a-z]{2,100}$",
                "{1,100000}",
                "100000 times",
                "maxLength",
            ),
        ] {
            let Err(error) = compile(pattern) else {
                unreachable!("{pattern} is refused");
            };
            let explained = explain(pattern, &error);
            let says = &pattern[explained.at.clone()] == at
                && explained.why.contains(why)
                && explained.help.contains(help)
                && !explained.why.is_empty()
                && !explained.help.is_empty();
            if !says {
                otherwise.push(format!("{pattern}: {explained:?}"));
            }
        }
        assert_eq!(otherwise, [""; 0]);
    }
}
