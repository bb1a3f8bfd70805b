//! Why a pattern is refused: where, what is wrong there, and what to write instead.

use super::PatternError;
use crate::format::regex::{is_script, wrong};
use std::ops::Range;

/// What is wrong with a pattern, for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The part of the pattern, in bytes.
    pub at: Range<usize>,
    /// What is wrong there.
    pub why: String,
    /// What to write instead.
    pub help: String,
}

/// Explains why a pattern was refused with an error.
pub fn explain(pattern: &str, error: &PatternError) -> Explained {
    let chars: Vec<char> = pattern.chars().collect();
    let (at, why, help) = match error {
        PatternError::Invalid => invalid(&chars, wrong(pattern).unwrap_or(0..chars.len())),
        PatternError::Unsupported => unsupported(&chars),
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

/// The names of POSIX classes, and what they are.
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
        let why = "this is a class of POSIX, which ECMA-262 has not";
        return found(at, why, format!("write `{meant}`"));
    }
    let here: String = chars[at.clone()].iter().collect();
    let rest: String = chars[at.start..].iter().collect();
    let mut behind = here.chars();
    match behind.next() {
        Some('\\') => escape(at, &here, &rest),
        Some('(') => group(at, &rest),
        Some(')') => found(at, "no group is open here", "write `\\)` for a parenthesis"),
        Some('[') => found(
            at,
            "this class is not closed",
            "write `]` behind its last character, or `\\[` for a bracket",
        ),
        Some(c @ (']' | '}')) => found(
            at,
            format!("`{c}` has no bracket that it closes"),
            format!("write `\\{c}` for a bracket"),
        ),
        Some(c @ ('*' | '+' | '?' | '{')) => quantifier(chars, at, c),
        _ => found(
            at,
            "this range is out of order, or does not go from one character to another",
            "write the smaller character first, and `\\-` for a hyphen beside a set such as `\\d`",
        ),
    }
}

fn quantifier(chars: &[char], at: Range<usize>, c: char) -> Found {
    let before = at.start.checked_sub(1).map(|before| chars[before]);
    let rest: String = chars[at.start..].iter().collect();
    if c == '{' && rest.starts_with("{,") {
        return found(
            at,
            "a count begins with a number",
            "write `{0,` for none at least",
        );
    }
    if c == '{' && at.len() > 1 && before.is_some_and(|c| !"(|^*+?".contains(c)) {
        return found(
            at,
            "this is no count, or its numbers are out of order",
            "a count is `{2}`, `{2,}` or `{2,5}`; write `\\{` for a brace",
        );
    }
    let help = format!("write `\\{c}` for the character itself");
    match before {
        Some(before @ ('*' | '+' | '?' | '}')) => found(
            at,
            format!("`{before}` repeats already, and ECMA-262 has no possessive quantifiers"),
            "repeat once; the verdict is the same",
        ),
        _ => found(at, "there is nothing here to repeat", help),
    }
}

/// What follows a backslash.
fn escape(at: Range<usize>, here: &str, rest: &str) -> Found {
    let Some(c) = rest.chars().nth(1) else {
        return found(
            at,
            "a backslash stands at the end",
            "write `\\\\` for a backslash",
        );
    };
    let whole = |end: char| {
        let length = rest
            .chars()
            .position(|c| c == end)
            .map_or(at.len(), |i| i + 1);
        at.start..at.start + length
    };
    match c {
        'p' | 'P' if rest.chars().nth(2) == Some('{') => {
            let name = rest
                .chars()
                .skip(3)
                .take_while(|c| *c != '}')
                .collect::<String>();
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
                whole('}'),
                format!("ECMA-262 has no property `{name}` of Unicode"),
                help,
            )
        }
        'p' | 'P' => {
            let name: String = rest.chars().skip(2).take(1).collect();
            found(
                at,
                "a property of Unicode stands in braces",
                format!("write `\\{c}{{{name}}}`"),
            )
        }
        'u' => found(
            at,
            "the digits here name no character",
            "write four hexadecimal digits (`\\u00e9`), or as many as there are in braces (`\\u{1F600}`)",
        ),
        'x' => found(
            at,
            "`\\x` is followed by two hexadecimal digits",
            "write `\\x41`, or `\\u{1F600}` for longer numbers",
        ),
        'c' => found(
            at,
            "`\\c` is followed by a letter",
            "write `\\cJ` for control-J",
        ),
        'k' => found(
            whole('>'),
            "no group has this name",
            "write `(?<name>…)` for the group, or `k` for the letter; references to groups are refused anyway",
        ),
        '0'..='9' => found(
            at,
            "there is no group of this number, and ECMA-262 has no octal escapes",
            "write `\\x07` for a character by its number",
        ),
        'A' => found(at, "`\\A` is no escape of ECMA-262", "write `^`"),
        'z' | 'Z' => found(at, format!("`\\{c}` is no escape of ECMA-262"), "write `$`"),
        'h' => found(at, "`\\h` is no escape of ECMA-262", "write `[ \\t]`"),
        'R' => found(
            at,
            "`\\R` is no escape of ECMA-262",
            "write `(?:\\r\\n|[\\n\\r])`",
        ),
        'a' => found(at, "`\\a` is no escape of ECMA-262", "write `\\x07`"),
        'e' => found(at, "`\\e` is no escape of ECMA-262", "write `\\x1b`"),
        'Q' | 'E' => found(
            at,
            format!("`\\{c}` is no escape of ECMA-262"),
            "write a backslash before each character that has a meaning",
        ),
        c if here.chars().count() > 1 => found(
            at,
            format!(
                "`{c}` has no meaning that a backslash would take from it, and the flag `u` lets nothing else be escaped"
            ),
            match c {
                '-' => "write `-`; `\\-` is for classes".to_owned(),
                c => format!("write `{c}`"),
            },
        ),
        _ => found(
            at,
            "this is no escape of ECMA-262",
            "write `\\\\` for a backslash",
        ),
    }
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
            "ECMA-262 names groups without `P`",
            "write `(?<name>…)`",
        ),
        Some('>') => found(
            at.start..at.start + 3,
            "ECMA-262 has no atomic groups",
            "write `(?:…)`; the verdict may be another",
        ),
        Some('#') => found(
            until(')'),
            "ECMA-262 has no comments",
            "leave it out, and say it in the `description`",
        ),
        Some('|') => found(
            at.start..at.start + 3,
            "ECMA-262 has no groups that share their numbers",
            "write `(?:…)`",
        ),
        Some('<') => found(
            until('>'),
            "a group is called by an identifier that no other has",
            "write another name, or `(?:…)`",
        ),
        Some(_) if inside[flags.len()..].starts_with([')', ':']) && !flags.is_empty() => {
            let help = match flags.contains('i') {
                true => "write both cases in a class: `[Aa]`",
                false => "leave them away, and write what they would change",
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
            "this group is not closed, or of no kind that ECMA-262 has",
            "write `(?:…)` for a group, or `\\(` for a parenthesis",
        ),
    }
}

/// Each place outside of escapes, with whether it is in a class.
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

/// What has no equal in linear time.
fn unsupported(chars: &[char]) -> Found {
    let starts = |i: usize, text: &str| {
        let mut here = chars[i..].iter();
        text.chars().all(|c| here.next() == Some(&c))
    };
    for (i, in_class) in places(chars) {
        let at = |length: usize| i..(i + length).min(chars.len());
        let next = chars.get(i + 1).copied();
        if !in_class && starts(i, "(?=") {
            return found(
                at(3),
                "look-ahead",
                "write both patterns under `allOf`, or check it in the handler",
            );
        }
        if !in_class && starts(i, "(?!") {
            return found(
                at(3),
                "look-ahead",
                "write what may not be as `not: { pattern: … }` beside, or check it in the handler",
            );
        }
        if !in_class && (starts(i, "(?<=") || starts(i, "(?<!")) {
            return found(
                at(4),
                "look-behind",
                "write what stands before as a part of the pattern, or check it in the handler",
            );
        }
        if !in_class
            && chars[i] == '\\'
            && next.is_some_and(|c| c == 'k' || ('1'..='9').contains(&c))
        {
            return found(
                at(2),
                "a reference back to what a group matched",
                "write what it may be again, or check it in the handler",
            );
        }
        if !in_class && starts(i, "\\B") {
            return found(at(2), "`\\B`", "say which characters stand on both sides");
        }
        if starts(i, "[^]") {
            return found(at(3), "a class of everything", "write `[\\s\\S]`");
        }
        if starts(i, "[]") {
            return found(
                at(2),
                "a class of nothing",
                "leave out what can never match",
            );
        }
        if starts(i, "\\u") && super::surrogate(&chars[i..]).is_some() {
            return found(
                at(6),
                "half of a character, which no text has",
                "write the whole character: `\\u{1F600}`",
            );
        }
    }
    let help = "say it in another way, or check it in the handler";
    found(
        0..chars.len(),
        "it has no equal that runs in linear time",
        help,
    )
}

/// What takes too much memory: the largest count is meant.
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
        0 => "it takes more memory than 4 MB".to_owned(),
        n => format!("repeated {n} times, it takes more memory than 4 MB"),
    };
    found(
        largest.1,
        why,
        "leave the count away, and bound the text by `maxLength`; or write smaller counts",
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
            (r"^a\-b$", r"\-", "backslash", "write `-`"),
            (r"^a\@b$", r"\@", "backslash", "write `@`"),
            (r"\é", r"\é", "backslash", "write `é`"),
            ("(?i)abc", "(?i)", "flags", "[Aa]"),
            ("(?i:abc)", "(?i:", "flags", "[Aa]"),
            ("(?s)a.b", "(?s)", "flags", "leave"),
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
            (r"\Aabc\z", r"\A", "no escape", "write `^`"),
            (r"abc\Z", r"\Z", "no escape", "write `$`"),
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
            ("a)", ")", "no group is open", r"\)"),
            ("a]", "]", "no bracket", r"\]"),
            ("a}", "}", "no bracket", r"\}"),
            ("*a", "*", "nothing here to repeat", r"\*"),
            ("a**", "*", "repeats already", "once"),
            ("a++", "+", "possessive", "once"),
            ("a{,2}", "{", "begins with a number", "{0,"),
            ("a{3,2}", "{3,2", "out of order", "{2,5}"),
            ("[b-a]", "b-a", "out of order", "smaller"),
            (r"[\d-z]", r"\d-z", "", ""),
            ("^(?!x)[a-z]+$", "(?!", "look-ahead", "not: {"),
            ("(?=a)b", "(?=", "look-ahead", "allOf"),
            ("(?<=a)b", "(?<=", "look-behind", "handler"),
            (r"(a)\1", r"\1", "reference back", "handler"),
            (r"a\B", r"\B", r"\B", "both sides"),
            ("a[^]b", "[^]", "everything", r"[\s\S]"),
            (r"\uD83D", r"\uD83D", "half", "whole"),
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
            let told = explain(pattern, &error);
            let says = &pattern[told.at.clone()] == at
                && told.why.contains(why)
                && told.help.contains(help)
                && !told.why.is_empty()
                && !told.help.is_empty();
            if !says {
                otherwise.push(format!("{pattern}: {told:?}"));
            }
        }
        assert_eq!(otherwise, [""; 0]);
    }
}
