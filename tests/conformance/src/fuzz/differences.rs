//! Where the other judges are known to differ, by rule, and why.

use serde_json::Value;

/// A rule.
pub(super) struct Known {
    /// Who differs.
    pub(super) judge: &'static str,
    /// Why, and who is right.
    pub(super) why: &'static str,
    /// Whether it may be what makes the difference.
    pub(super) applies: fn(&Value, &Value) -> bool,
}

pub(super) const ALL: &[Known] = &[];
