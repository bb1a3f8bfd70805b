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

/// Whether a key fits a pattern. A hole takes at least one character, and as few as the text behind it allows. Takes time
/// in proportion to the length of the key for each part of the pattern; a text that is no pattern matches nothing.
pub fn matches(pattern: &str, key: &str) -> bool {
    let mut rest = key;
    let mut after_hole = false;
    let mut parts = parts(pattern).peekable();
    while let Some(part) = parts.next() {
        match part {
            Err(_) => return false,
            Ok(Part::Param(_)) => {
                let mut chars = rest.chars();
                if chars.next().is_none() {
                    return false;
                }
                rest = chars.as_str();
                after_hole = true;
            }
            Ok(Part::Text(text)) if !after_hole => match rest.strip_prefix(&*text) {
                Some(behind) => rest = behind,
                None => return false,
            },
            Ok(Part::Text(text)) if parts.peek().is_none() => return rest.ends_with(&*text),
            Ok(Part::Text(text)) => {
                let Some((_, behind)) = rest.split_once(&*text) else {
                    return false;
                };
                rest = behind;
                after_hole = false;
            }
        }
    }
    after_hole || rest.is_empty()
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
        assert!(!matches("{a}{b}", "x"));
        assert!(!matches("a:{b}:c", "a:c"));
        assert!(!matches("a:{b}:c", "a::c"));
        assert!(!matches("lobby", "lobby2"));
        assert!(!matches("room:{id}", "room:"));
        assert!(!matches("room:{id}", "rooms:a"));
        assert!(!matches("a:{b}:c", "a:b:d"));
        assert!(!matches("a{", "a{"));
    }
}
