//! The pattern of a channel's keys, such as `room:{roomId}`: text with a hole for each parameter. `{{` and `}}` are
//! literal braces.

use std::borrow::Cow;
use std::fmt;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Literal text, never empty, with its braces unescaped.
    Text(Cow<'a, str>),
    /// A hole, and the name of the parameter that fills it. The name may be empty.
    Param(&'a str),
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError {
    /// The byte of the brace that has no counterpart.
    pub at: usize,
    /// Which brace it is.
    pub kind: KeyErrorKind,
}

/// Which brace has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyErrorKind {
    /// A `{` without its `}`.
    Unclosed,
    /// A `}` without its `{`.
    Unopened,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            KeyErrorKind::Unclosed => {
                f.write_str("`{` has no closing brace; a literal one is `{{`")
            }
            KeyErrorKind::Unopened => {
                f.write_str("`}` has no opening brace; a literal one is `}}`")
            }
        }
    }
}

impl std::error::Error for KeyError {}

/// The parts of a pattern, in order. The iterator ends after an error.
pub fn parts(pattern: &str) -> Parts<'_> {
    Parts { pattern, at: 0 }
}

/// The parts of a pattern; see [`parts`].
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    pattern: &'a str,
    at: usize,
}

impl<'a> Parts<'a> {
    fn fail(&mut self, at: usize, kind: KeyErrorKind) -> Option<Result<Part<'a>, KeyError>> {
        self.at = self.pattern.len();
        Some(Err(KeyError { at, kind }))
    }

    /// The hole whose `{` is at the current byte.
    fn hole(&mut self) -> Option<Result<Part<'a>, KeyError>> {
        let from = self.at + 1;
        let Some((name, _)) = self.pattern[from..]
            .split_once('}')
            .filter(|(name, _)| !name.contains('{'))
        else {
            return self.fail(self.at, KeyErrorKind::Unclosed);
        };
        self.at = from + name.len() + 1;
        Some(Ok(Part::Param(name)))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, KeyError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = Cow::Borrowed("");
        while let Some(len) = self.pattern[self.at..].find(['{', '}']) {
            let brace = self.at + len;
            let is_escaped = {
                let bytes = self.pattern.as_bytes();
                bytes.get(brace + 1) == bytes.get(brace)
            };
            if is_escaped {
                text += &self.pattern[self.at..=brace];
                self.at = brace + 2;
                continue;
            }
            if self.pattern.as_bytes()[brace] == b'}' {
                return self.fail(brace, KeyErrorKind::Unopened);
            }
            text += &self.pattern[self.at..brace];
            self.at = brace;
            if text.is_empty() {
                return self.hole();
            }
            return Some(Ok(Part::Text(text)));
        }
        text += &self.pattern[self.at..];
        self.at = self.pattern.len();
        (!text.is_empty()).then_some(Ok(Part::Text(text)))
    }
}

/// Text as a part of a pattern: the inverse of what [`parts`] does to a literal brace.
pub fn escape(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// Whether a key fits a pattern: whether it has [`params`].
pub fn matches(pattern: &str, key: &str) -> bool {
    params(pattern, key).is_some()
}

/// The texts in a key that fill the holes of a pattern, in its order; `None` if the key does not fit it. A hole takes any number of characters, none too, and
/// as few as the text behind it allows: each but the last [is delimited](is_delimited). Takes time in proportion to the length of the key for each part of the
/// pattern; a text that is no pattern matches nothing.
pub fn params<'k>(pattern: &str, key: &'k str) -> Option<Vec<&'k str>> {
    let mut params = Vec::new();
    let mut rest = key;
    // Whether a hole is before the next part. What it takes ends where that begins.
    let mut after_hole = false;
    let mut parts = parts(pattern).peekable();
    while let Some(part) = parts.next() {
        match part.ok()? {
            Part::Param(_) => {
                if after_hole {
                    params.push("");
                }
                after_hole = true;
            }
            Part::Text(text) if !after_hole => rest = rest.strip_prefix(&*text)?,
            Part::Text(text) => {
                let (param, behind) = match parts.peek() {
                    None => (rest.strip_suffix(&*text)?, ""),
                    Some(_) => rest.split_once(&*text)?,
                };
                params.push(param);
                rest = behind;
                after_hole = false;
            }
        }
    }
    if after_hole {
        params.push(rest);
        rest = "";
    }
    rest.is_empty().then_some(params)
}

/// Whether a parameter ends where the text behind it first occurs in the key, so that the key says where. A key is taken apart in one way only if that holds
/// of each parameter that another follows.
pub fn is_delimited(value: &str, text: &str) -> bool {
    let ends = [value, text].concat();
    ends.find(text) == Some(value.len())
}

/// A key that two patterns have in common, if there is one. Takes time in proportion to the product of their lengths, and less if they begin or end
/// with different texts. A text that is no pattern has nothing in common with another.
pub fn common(a: &str, b: &str) -> Option<String> {
    // A shorter key is easier to read where parameters have a character. Those of typed keys may also be empty.
    [1, 0].into_iter().find_map(|least| {
        let (a, b) = (steps(a, least)?, steps(b, least)?);
        begin_alike(&a, &b).then(|| intersection(&a, &b))?
    })
}

/// What a key has in one place, by a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Char(char),
    /// Any character.
    One,
    /// Any number of any characters.
    Any,
}

impl Step {
    /// The character that two steps agree on.
    fn agreed(self, other: Self) -> Option<char> {
        match (self, other) {
            (Self::Char(a), Self::Char(b)) => (a == b).then_some(a),
            (Self::Char(a), _) | (_, Self::Char(a)) => Some(a),
            _ => Some('x'),
        }
    }
}

/// The steps of a pattern whose holes take so many characters at least.
fn steps(pattern: &str, least: usize) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in parts(pattern) {
        match part.ok()? {
            Part::Text(text) => steps.extend(text.chars().map(Step::Char)),
            Part::Param(_) => {
                steps.extend(std::iter::repeat_n(Step::One, least));
                steps.push(Step::Any);
            }
        }
    }
    Some(steps)
}

/// Whether the texts before the first holes, and those behind the last ones, do not exclude a common key.
fn begin_alike(a: &[Step], b: &[Step]) -> bool {
    let alike = |(a, b): (&Step, &Step)| match (a, b) {
        (Step::Char(a), Step::Char(b)) => Some(a == b),
        _ => None,
    };
    let differ = |result: Option<Option<bool>>| result == Some(Some(false));
    let ends = a.iter().rev().zip(b.iter().rev()).map(alike);
    let starts = a.iter().zip(b).map(alike);
    !differ(starts.clone().find(|alike| *alike != Some(true)))
        && !differ(ends.clone().find(|alike| *alike != Some(true)))
}

/// A key that takes both through all of their steps.
fn intersection(a: &[Step], b: &[Step]) -> Option<String> {
    let width = b.len() + 1;
    // Whether what remains behind these places has a key, from the end.
    let mut rest = vec![false; (a.len() + 1) * width];
    for i in (0..=a.len()).rev() {
        for j in (0..=b.len()).rev() {
            rest[i * width + j] = (i == a.len() && j == b.len())
                || moves(a, b, i, j).any(|(_, i, j)| rest[i * width + j]);
        }
    }
    let (mut key, mut i, mut j) = (String::new(), 0, 0);
    while i < a.len() || j < b.len() {
        let (char, to_i, to_j) = moves(a, b, i, j).find(|(_, i, j)| rest[i * width + j])?;
        key.extend(char);
        (i, j) = (to_i, to_j);
    }
    Some(key)
}

/// The places behind one step of either pattern, or of both, with the character that the key has there. None is before another of the same.
fn moves(
    a: &[Step],
    b: &[Step],
    i: usize,
    j: usize,
) -> impl Iterator<Item = (Option<char>, usize, usize)> {
    let (at_a, at_b) = (a.get(i).copied(), b.get(j).copied());
    let skip_a = (at_a == Some(Step::Any)).then_some((None, i + 1, j));
    let skip_b = (at_b == Some(Step::Any)).then_some((None, i, j + 1));
    let both = at_a.zip(at_b).and_then(|(one, other)| {
        let char = Some(one.agreed(other)?);
        match (one, other) {
            // Skipping one of them leads there, too.
            (Step::Any, Step::Any) => None,
            (Step::Any, _) => Some((char, i, j + 1)),
            (_, Step::Any) => Some((char, i + 1, j)),
            _ => Some((char, i + 1, j + 1)),
        }
    });
    [skip_a, skip_b, both].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Part<'_>, KeyError> {
        Ok(Part::Text(text.into()))
    }

    #[test]
    fn patterns_are_text_and_holes() {
        let parse = |pattern| parts(pattern).collect::<Vec<_>>();
        assert_eq!(parse(""), []);
        assert_eq!(parse("lobby"), [text("lobby")]);
        assert_eq!(parse("room:{id}"), [text("room:"), Ok(Part::Param("id"))]);
        assert_eq!(
            parse("{a}{b}:ü"),
            [Ok(Part::Param("a")), Ok(Part::Param("b")), text(":ü")]
        );
        assert_eq!(
            parse("{{{a}}}"),
            [text("{"), Ok(Part::Param("a")), text("}")]
        );
        assert_eq!(parse("{{lobby}}"), [text("{lobby}")]);
        assert_eq!(parse("{}"), [Ok(Part::Param(""))]);
    }

    #[test]
    fn errors_have_the_position_of_the_brace() {
        let fail = |pattern| parts(pattern).find_map(Result::err);
        let unclosed = |at| {
            Some(KeyError {
                at,
                kind: KeyErrorKind::Unclosed,
            })
        };
        let unopened = |at| {
            Some(KeyError {
                at,
                kind: KeyErrorKind::Unopened,
            })
        };
        assert_eq!(fail("ü{a"), unclosed(2));
        assert_eq!(fail("a{"), unclosed(1));
        assert_eq!(fail("{a{b}"), unclosed(0));
        assert_eq!(fail("a}b"), unopened(1));
        assert_eq!(fail("{a}}"), unopened(3));
        assert_eq!(parts("a}b{c}").count(), 1);
        assert_eq!(fail("}}{{"), None);
    }

    #[test]
    fn escaped_text_is_literal() {
        for literal in ["{", "}", "{{}", "a{b}c", "}{"] {
            let pattern = escape(literal);
            let parts: Vec<_> = parts(&pattern).collect();
            assert_eq!(parts, [text(literal)]);
            assert!(matches(&pattern, literal));
        }
    }

    #[test]
    fn keys_match_their_pattern() {
        assert!(matches("lobby", "lobby"));
        assert!(matches("room:{id}", "room:a:b"));
        assert!(matches("{a}:{b}", "x:y"));
        assert!(matches("a:{b}:c", "a:ü:c"));
        assert!(matches("a:{b}:c", "a::c:c"));
        assert!(matches("{a}{b}", "xy"));
        assert!(matches("{a}{b}:x", "xyz:x"));
        assert!(matches("{{lobby}}", "{lobby}"));
        assert!(matches("{{{id}}}:x", "{7}:x"));
        assert!(!matches("{{lobby}}", "{{lobby}}"));
        assert!(!matches("a:{b}:c", "a:c"));
        assert!(!matches("lobby", "lobby2"));
        assert!(!matches("room:{id}", "rooms:a"));
        assert!(!matches("a:{b}:c", "a:b:d"));
        assert!(!matches("a{", "a{"));
    }

    #[test]
    fn parameters_may_be_empty() {
        assert!(matches("room:{id}", "room:"));
        assert!(matches("a:{b}:c", "a::c"));
        assert!(matches("{a}:{b}", ":"));
        assert!(matches("{a}", ""));
        assert!(matches("{a}{b}", "x"));
        assert!(!matches("room:{id}", "room"));
        assert!(!matches("{a}:{b}", ""));
    }

    #[test]
    fn keys_have_the_texts_that_fill_the_holes() {
        let params = |pattern, key| super::params(pattern, key);
        assert_eq!(params("lobby", "lobby"), Some(vec![]));
        assert_eq!(params("room:{id}", "room:a:b"), Some(vec!["a:b"]));
        assert_eq!(params("room:{id}", "room:"), Some(vec![""]));
        assert_eq!(params("{a}:{b}", "x:y:z"), Some(vec!["x", "y:z"]));
        assert_eq!(params("{a}::{b}", ":::"), Some(vec!["", ":"]));
        assert_eq!(params("a{b}:c", "a:c:c"), Some(vec![":c"]));
        assert_eq!(params("{{{a}}}", "{ü}"), Some(vec!["ü"]));
        assert_eq!(params("{a}-{b}.", "x-y.z."), Some(vec!["x", "y.z"]));
        assert_eq!(params("a:{b}:c", "a:c"), None);
        assert_eq!(params("{a}:{b}", "x"), None);
        assert_eq!(params("lobby", "lobby2"), None);
        assert_eq!(params("lobby", ""), None);
        assert_eq!(params("{", "{"), None);
    }

    #[test]
    fn parameters_end_where_the_text_behind_them_first_occurs() {
        assert!(is_delimited("x", ":"));
        assert!(is_delimited("", ":"));
        assert!(is_delimited("x:", "::y"));
        assert!(!is_delimited("x:y", ":"));
        assert!(!is_delimited(":", ":"));
        // `x:` and `::` are `x:::`, in which `::` is first behind `x`.
        assert!(!is_delimited("x:", "::"));
        assert!(!is_delimited("xab", "abab"));
    }

    /// Every key that can be made of delimited parameters is taken apart in one way.
    #[test]
    fn delimited_parameters_have_keys_of_their_own() {
        let mut texts = vec![String::new()];
        for i in 0.. {
            if texts[i].len() == 4 {
                break;
            }
            texts.extend(["a", ":"].map(|char| format!("{}{char}", texts[i])));
        }
        for text in [":", "::", "a:", ":a:", "a"] {
            let mut keys = std::collections::BTreeMap::new();
            for a in texts.iter().filter(|a| is_delimited(a, text)) {
                for b in &texts {
                    let key = format!("{a}{text}{b}");
                    let pattern = format!("{{a}}{text}{{b}}");
                    assert_eq!(params(&pattern, &key), Some(vec![&**a, &**b]));
                    let before = keys.insert(key, (a, b));
                    assert_eq!(before, None, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn patterns_with_a_common_key_have_an_example() {
        let common = |a, b| {
            let key = super::common(a, b);
            assert_eq!(super::common(b, a).is_some(), key.is_some(), "{a} {b}");
            key
        };
        assert_eq!(common("lobby", "lobby").as_deref(), Some("lobby"));
        assert_eq!(common("a", "{x}").as_deref(), Some("a"));
        assert_eq!(
            common("room:{id}", "room:{a}:{b}").as_deref(),
            Some("room:x:x")
        );
        assert_eq!(
            common("user:{id}", "user:{id}:typing").as_deref(),
            Some("user:x:typing")
        );
        assert_eq!(common("{a}:x", "y:{b}").as_deref(), Some("y:x"));
        assert_eq!(common("{a}b{c}d", "a{b}cd").as_deref(), Some("abcd"));
        // Where parameters are empty.
        assert_eq!(common("room:", "room:{id}").as_deref(), Some("room:"));
        assert_eq!(common("{{a}}", "{{{a}}}").as_deref(), Some("{a}"));
        assert_eq!(common("lobby", "hall"), None);
        assert_eq!(common("room:{id}", "rooms:{id}"), None);
        assert_eq!(common("room:{id}:a", "room:{id}:b"), None);
        assert_eq!(common("a:{b}:c", "a:c"), None);
        assert_eq!(common("c1:{id}", "c10:{id}"), None);
        assert_eq!(common("{", "{"), None);
    }

    /// By trying every short key.
    #[test]
    fn patterns_without_an_example_have_no_common_key() {
        let parts = ["a", ":", "{x}"];
        let mut patterns = vec![String::new()];
        for _ in 0..3 {
            let longer = patterns.iter();
            let longer = longer.flat_map(|p| parts.map(|part| format!("{p}{part}")));
            patterns = longer.chain([String::new()]).collect();
        }
        let mut keys = vec![String::new()];
        for i in 0.. {
            if keys[i].len() == 5 {
                break;
            }
            keys.extend(["a", ":"].map(|char| format!("{}{char}", keys[i])));
        }
        for a in &patterns {
            for b in &patterns {
                let both = keys.iter().any(|key| matches(a, key) && matches(b, key));
                assert!(!both || common(a, b).is_some(), "{a} {b}");
            }
        }
    }
}
