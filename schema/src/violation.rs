//! Violations: what is wrong with an instance, and where.

use crate::{Pointer, details::ViolationDetail};
use std::{collections::BTreeSet, fmt, ops::Deref};

/// One violation of a schema. Of the instance it contains only the property names in its path. The detail is
/// available by dereference: `violation.keyword`, `violation.message`, `violation.allowed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The location in the instance.
    pub path: Pointer,
    detail: SharedDetail,
}

impl Violation {
    /// A violation at a location.
    pub fn new(path: Pointer, detail: impl Into<SharedDetail>) -> Self {
        Self {
            path,
            detail: detail.into(),
        }
    }

    /// The location, and the detail.
    pub fn into_parts(self) -> (Pointer, SharedDetail) {
        (self.path, self.detail)
    }
}

impl Deref for Violation {
    type Target = ViolationDetail;
    fn deref(&self) -> &ViolationDetail {
        &self.detail
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

/// The detail of a violation, owned or static.
#[derive(Clone)]
pub enum SharedDetail {
    /// Created for this violation.
    Owned(Box<ViolationDetail>),
    /// Created once and shared.
    Static(&'static ViolationDetail),
}

impl Deref for SharedDetail {
    type Target = ViolationDetail;
    fn deref(&self) -> &ViolationDetail {
        match self {
            Self::Owned(detail) => detail,
            Self::Static(detail) => detail,
        }
    }
}

impl From<ViolationDetail> for SharedDetail {
    fn from(detail: ViolationDetail) -> Self {
        Self::Owned(Box::new(detail))
    }
}

impl From<&'static ViolationDetail> for SharedDetail {
    fn from(detail: &'static ViolationDetail) -> Self {
        Self::Static(detail)
    }
}

impl From<SharedDetail> for ViolationDetail {
    fn from(detail: SharedDetail) -> Self {
        match detail {
            SharedDetail::Owned(detail) => *detail,
            SharedDetail::Static(detail) => detail.clone(),
        }
    }
}

impl PartialEq for SharedDetail {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for SharedDetail {}

impl fmt::Debug for SharedDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Every violation of one instance, in order.
pub type Violations = Vec<Violation>;

/// Keeps the first of those with the same path, keyword and message: several schemas may apply the same assertion to
/// a value.
pub fn remove_duplicates(violations: &mut Violations) {
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

/// How many violations are collected at most. A schema that reaches a value by many paths would report the same
/// violations again for each.
pub const MAX_VIOLATIONS: usize = 1000;

/// How many violations are listed at most.
const LISTED: usize = 100;

/// The maximum lengths of a path and of a message, in code points.
const PATH: usize = 256;
const WORDS: usize = 1000;

/// Shortens a list of violations for display: the first 100, then one with the keyword `violations` that says how
/// many more there are. Paths are cut to 256 code points and messages to 1,000, with an ellipsis. A shortened message
/// drops its `allowed`.
pub fn listed(mut violations: Violations) -> Violations {
    let more = violations.len().min(MAX_VIOLATIONS).saturating_sub(LISTED);
    let all = violations.len() < MAX_VIOLATIONS;
    violations.truncate(LISTED);
    for violation in &mut violations {
        // A text never has more code points than bytes.
        if violation.path.len() > PATH
            && let Some(cut) = cut(violation.path.as_str(), PATH)
        {
            violation.path = cut.into();
        }
        if violation.message.len() > WORDS
            && let Some(cut) = cut(&violation.message, WORDS)
        {
            violation.detail = ViolationDetail::new(violation.keyword, cut).into();
        }
    }
    if more > 0 {
        let least = if all { "" } else { "at least " };
        let words = format!("and {least}{more} more");
        violations.push(Violation::new(
            Pointer::root(),
            ViolationDetail::new("violations", words),
        ));
    }
    violations
}

/// The beginning of a text that is longer than this many code points.
fn cut(text: &str, most: usize) -> Option<String> {
    let (end, _) = text.char_indices().nth(most)?;
    Some(format!("{}…", &text[..end]))
}
