//! What is wrong with an instance, and where.

use crate::words::Told;
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt::{self, Write as _},
};

/// A JSON Pointer (RFC 6901) to a place in an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(String);

impl Pointer {
    /// The pointer to the whole instance.
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// The same, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Puts a property name behind, escaped.
    pub fn push_key(&mut self, key: &str) {
        self.0.push('/');
        if !key.contains(['~', '/']) {
            self.0.push_str(key);
            return;
        }
        for c in key.chars() {
            match c {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                c => self.0.push(c),
            }
        }
    }

    /// Puts an index behind.
    pub fn push_index(&mut self, index: usize) {
        // Writing to a string does not fail.
        let _ = write!(self.0, "/{index}");
    }

    /// Puts another pointer behind: what it points at lies within what this one does.
    pub fn push(&mut self, inner: &Self) {
        self.0.push_str(&inner.0);
    }

    /// Puts a property name in front, escaped: paths are built on the way out.
    pub fn prepend_key(&mut self, key: &str) {
        let mut path = Self::root();
        path.push_key(key);
        path.push(self);
        *self = path;
    }

    /// Puts an index in front.
    pub fn prepend_index(&mut self, index: usize) {
        self.0.insert_str(0, &format!("/{index}"));
    }

    /// The pointer as text; the empty text is the whole instance.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Pointer {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// One thing wrong with an instance. It never holds any of the instance but the names in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where in the instance.
    pub path: Pointer,
    /// The keyword of the schema that refused it: `minLength`, `required`, `type`.
    pub keyword: &'static str,
    /// What the schema allows, in words made from the schema alone: `must be at most 2000 characters long`.
    pub message: Cow<'static, str>,
    /// What the schema allows: the keyword's value, such as 2000, or the name of the property that is missing. None
    /// where the keyword's value is a schema.
    pub allowed: Option<Value>,
}

impl Violation {
    /// A violation at a place.
    pub fn new(path: Pointer, told: Told) -> Self {
        let Told {
            keyword,
            message,
            allowed,
        } = told;
        Self {
            path,
            keyword,
            message,
            allowed,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.as_str().is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} {}", self.path, self.message)
        }
    }
}

/// Every violation of one instance, in order.
pub type Violations = Vec<Violation>;

/// Leaves one of those that say the same of the same place, the first: several schemas may ask the same of a value.
pub fn tell_once(violations: &mut Violations) {
    if violations.len() < 2 {
        return;
    }
    let mut seen = BTreeSet::new();
    let first: Vec<bool> = violations
        .iter()
        .map(|one| seen.insert((one.path.as_str(), one.keyword, &*one.message)))
        .collect();
    let mut first = first.into_iter();
    violations.retain(|_| first.next().unwrap_or(true));
}

/// How many violations are collected at the most. A schema that meets a value on many ways would tell what is wrong with it
/// again for each.
pub const MAX_VIOLATIONS: usize = 1000;

/// How many violations are listed at the most.
const LISTED: usize = 100;

/// The most code points of a path, and of words.
const PATH: usize = 256;
const WORDS: usize = 1000;

/// Violations as they are shown: the first 100, and one of keyword `violations` that tells how many more there are;
/// paths of 256 code points at the most and words of 1,000, with an ellipsis where they were cut. What is allowed is left out
/// where the words were.
pub fn listed(mut violations: Violations) -> Violations {
    let more = violations.len().min(MAX_VIOLATIONS).saturating_sub(LISTED);
    let all = violations.len() < MAX_VIOLATIONS;
    violations.truncate(LISTED);
    for violation in &mut violations {
        if let Some(cut) = cut(&violation.path.0, PATH) {
            violation.path = Pointer(cut);
        }
        if let Some(cut) = cut(&violation.message, WORDS) {
            violation.message = cut.into();
            violation.allowed = None;
        }
    }
    if more > 0 {
        let least = if all { "" } else { "at least " };
        let words = format!("and {least}{more} more");
        violations.push(Violation::new(
            Pointer::root(),
            Told::new("violations", words),
        ));
    }
    violations
}

/// The beginning of a text that is longer than this many code points.
fn cut(text: &str, most: usize) -> Option<String> {
    // No text has more code points than bytes.
    if text.len() <= most {
        return None;
    }
    let (end, _) = text.char_indices().nth(most)?;
    Some(format!("{}…", &text[..end]))
}
