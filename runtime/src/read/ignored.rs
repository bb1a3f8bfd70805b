//! The members of an object that its reader ignores.

use super::UnionBranches;
use crate::descriptor::EnvelopeLayout;
use serde_json::Value;

/// The members of an object that are known but not fields of the type being read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IgnoredMembers {
    /// The unions that the type is a branch of, from the outermost on.
    unions: [Option<&'static UnionBranches>; MOST_UNIONS],
    /// For which of them the type has the discriminant as a field of its own, one bit each.
    own: u8,
    /// The envelope, if the payload is flattened into it.
    pub(crate) envelope: Option<&'static EnvelopeLayout>,
}

/// How many unions can be the branch of one another.
const MOST_UNIONS: usize = 4;

impl IgnoredMembers {
    /// There are no such members.
    pub(super) const NONE: Self = Self {
        unions: [None; MOST_UNIONS],
        own: 0,
        envelope: None,
    };

    /// Whether there are no such members.
    pub(crate) const fn is_none(&self) -> bool {
        self.unions[0].is_none() && self.envelope.is_none()
    }

    /// Adds the discriminant of a union. Returns whether that is possible: it is not if a union around it has the same discriminant, which
    /// would have two values, or if there are too many.
    pub(super) fn add(&mut self, union: &'static UnionBranches, is_own: bool) -> bool {
        for (i, place) in self.unions.iter_mut().enumerate() {
            match place {
                Some(around) if self.own & 1 << i == 0 && around.tag == union.tag => return false,
                Some(_) => {}
                None => {
                    *place = Some(union);
                    self.own |= u8::from(is_own) << i;
                    return true;
                }
            }
        }
        false
    }

    /// The members without those of the envelope.
    pub(super) const fn of_unions(&self) -> Self {
        Self {
            envelope: None,
            ..*self
        }
    }

    /// Removes the envelope's fields from a payload that is flattened into it.
    pub(crate) fn remove_envelope(&self, value: &mut Value) {
        if let (Some(envelope), Value::Object(members)) = (self.envelope, value) {
            members.retain(|name, _| !envelope.has(name));
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        let is_tag = |union: &&UnionBranches| union.tag == name;
        self.unions.iter().flatten().any(is_tag) || self.has_in_envelope(name)
    }

    /// Whether a member is the envelope's, and so no part of the payload.
    pub(crate) fn has_in_envelope(&self, name: &str) -> bool {
        self.envelope.is_some_and(|envelope| envelope.has(name))
    }
}
