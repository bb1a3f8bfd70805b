//! ECMA-262 patterns, run in linear time.
//!
//! A pattern means what JavaScript's `new RegExp(pattern, 'u')` makes of it, unanchored. It is translated to the
//! `regex` crate's language, which never backtracks. Look-ahead at the beginning of the text (`^(?!…)`) is matched as a
//! pattern of its own. What has no translation (other look-around, back-references, `\B`, `[^]`) is an error, and never a
//! pattern that means something else.

mod explain;
mod formula;

pub use explain::{Explained, explain};
pub use formula::Formula;

use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The memory limit of a compiled pattern, in bytes: nested repetition counts multiply.
const SIZE_LIMIT: usize = 4 << 20;

/// How many compiled patterns the process caches. Beyond that, each validator compiles its own.
const CACHE_LIMIT: usize = 4096;

static CACHE: LazyLock<Mutex<BTreeMap<String, Matcher>>> = LazyLock::new(Mutex::default);

/// A compiled pattern. A clone shares what was compiled.
#[derive(Clone, Debug)]
pub struct Matcher(Formula<Regex>);

impl Matcher {
    /// Whether the pattern matches a text, or a part of it. It takes time linear in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.holds(&|regex| regex.is_match(text))
    }
}

/// A pattern that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// It is not an ECMA-262 regular expression.
    Invalid,
    /// It is valid, but has no equivalent that runs in linear time.
    Unsupported,
    /// It is valid, but would take too much memory.
    TooLarge,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "not an ECMA-262 regular expression",
            Self::Unsupported => "not possible in linear time",
            Self::TooLarge => "too large when compiled",
        })
    }
}

impl std::error::Error for PatternError {}

/// Splits an ECMA-262 pattern into patterns without look-ahead: the pattern itself if it contains none.
///
/// # Errors
/// [`PatternError::Invalid`], and [`PatternError::Unsupported`] for look-ahead that is not at the beginning of the text.
pub fn split(pattern: &str) -> Result<Formula<String>, PatternError> {
    if crate::format::check("regex", pattern) != Some(true) {
        return Err(PatternError::Invalid);
    }
    formula::split(pattern).map_err(|_| PatternError::Unsupported)
}

/// Translates one of the patterns that [`split`] returns to the language of the `regex` crate.
///
/// # Errors
/// [`PatternError::Unsupported`].
pub fn translate(pattern: &str) -> Result<String, PatternError> {
    // A part of a pattern may refer to a group of another part.
    if crate::format::check("regex", pattern) != Some(true) {
        return Err(PatternError::Unsupported);
    }
    let ecma = spell_out(pattern)?;
    jsonschema_regex::to_rust_regex(&ecma)
        .map(std::borrow::Cow::into_owned)
        .map_err(|()| PatternError::Unsupported)
}

/// Compiles an ECMA-262 pattern, or takes it from the cache.
///
/// # Errors
/// When it is not a pattern, cannot run in linear time, or is too large.
pub fn compile(pattern: &str) -> Result<Matcher, PatternError> {
    let cached = CACHE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(pattern)
        .cloned();
    if let Some(matcher) = cached {
        return Ok(matcher);
    }
    let parts = split(pattern)?;
    let matcher = Matcher(parts.try_map(&mut |part| compile_part(part))?);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() < CACHE_LIMIT {
        cache.insert(pattern.to_owned(), matcher.clone());
    }
    Ok(matcher)
}

fn compile_part(part: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(&translate(part)?)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
            _ => PatternError::Unsupported,
        })
}

/// Expands what the two languages spell alike but interpret differently: `.` excludes four line terminators in
/// ECMA-262 and one in Rust, and `\b` knows ASCII letters only.
fn spell_out(pattern: &str) -> Result<String, PatternError> {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('b') if !in_class => out.push_str(r"(?-u:\b)"),
                Some('B') if !in_class => return Err(PatternError::Unsupported),
                // With the flag `u`, a surrogate pair is one character, and a lone surrogate matches no text.
                Some('u') => match surrogate(&beginning(chars.as_str())) {
                    Some(Some(whole)) => {
                        chars.nth(9);
                        out.push_str(&format!(r"\u{{{:x}}}", u32::from(whole)));
                    }
                    Some(None) => return Err(PatternError::Unsupported),
                    None => out.push_str(r"\u"),
                },
                Some(next) => out.extend(['\\', next]),
                None => return Err(PatternError::Invalid),
            },
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '.' if !in_class => out.push_str(r"[^\n\r\u2028\u2029]"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// The code unit after `\u`, if it may be a surrogate, and the rest of the pattern.
fn beginning(rest: &str) -> Vec<char> {
    ['\\', 'u']
        .into_iter()
        .chain(rest.chars().take(10))
        .collect()
}

/// What a surrogate escape stands for: the character if the other half follows, otherwise nothing. `None` if it is
/// not a surrogate.
fn surrogate(escape: &[char]) -> Option<Option<char>> {
    let half = |at: usize| {
        let digits = escape.get(at + 2..at + 6)?;
        let is_escape = escape[at..at + 2] == ['\\', 'u'];
        let mut digits = digits.iter().map(|c| c.to_digit(16));
        let number = digits.try_fold(0, |n, digit| Some(n * 16 + digit?));
        number.filter(|n| is_escape && (0xd800..0xe000).contains(n))
    };
    let first = half(0)?;
    let second = half(6).filter(|second| first < 0xdc00 && *second >= 0xdc00);
    Some(
        second.and_then(|second| {
            char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_languages_read_differently_is_translated() -> Result<(), PatternError> {
        for (pattern, text, matches) in [
            (r"^\d$", "٣", false),
            (r"^\w$", "é", false),
            (r"\bé", "aé", true),
            ("^.$", "\u{2028}", false),
            ("^.$", "\u{1F600}", true),
            (r"^\s$", "\u{feff}", true),
            ("^[.]$", "a", false),
            ("a$", "a\n", false),
            (r"^\cJ$", "\n", true),
            ("^[a&&b]$", "&", true),
            (r"^\uD83D\uDE00$", "\u{1F600}", true),
            (r"^[\uD83D\uDE00-\u{1F64F}]$", "\u{1F601}", true),
            (r"^[^\uD83D\uDE00]$", "\u{1F600}", false),
            (r"^\u00e9$", "é", true),
            ("^(?!a)b", "b", true),
            ("^(?!a)(?=.*c)[abc]+$", "bcb", true),
            ("^(?!a)(?=.*c)[abc]+$", "bb", false),
            ("^(?!a)(?=.*c)[abc]+$", "ac", false),
            ("^(?:(?!a).*|b)$", "ab", false),
            ("^(?!^lucene\\.|mongodb\\.).*", "a.lucene.", true),
            ("^(?!^lucene\\.|mongodb\\.).*", "mongodb.", false),
        ] {
            assert_eq!(
                compile(pattern)?.is_match(text),
                matches,
                "{pattern} on {text:?}"
            );
        }
        Ok(())
    }

    #[test]
    fn what_has_no_translation_is_refused() {
        for (pattern, error) in [
            ("(", PatternError::Invalid),
            ("(?i)a", PatternError::Invalid),
            (r"\z", PatternError::Invalid),
            ("a{,2}", PatternError::Invalid),
            ("(?=a)", PatternError::Unsupported),
            ("^a(?=b)", PatternError::Unsupported),
            ("^(?=(a))\\1", PatternError::Unsupported),
            ("^(?!(a){100000})b", PatternError::TooLarge),
            (r"(a)\1", PatternError::Unsupported),
            (r"\B", PatternError::Unsupported),
            ("((a{1000}){1000}){1000}", PatternError::TooLarge),
        ] {
            assert_eq!(compile(pattern).err(), Some(error), "{pattern}");
        }
    }
}
