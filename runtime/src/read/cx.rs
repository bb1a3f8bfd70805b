//! What is found wrong while reading.

use crate::descriptor::EnvelopeLayout;
use handfast_schema::{
    MAX_VIOLATIONS, Pointer, SharedDetail, Side, Type, TypeSet, Violation, ViolationDetail,
    Violations, details, listed,
};
use serde_json::Value;
use smallvec::SmallVec;
use std::cmp::Ordering;

/// The state of one reading: who receives, and what has been found wrong so far.
#[derive(Debug)]
pub struct ReadContext {
    side: Side,
    found: Vec<Found>,
    /// What the next object passes over.
    pub(crate) beside: Beside,
}

/// The names in an object that are somebody else's: they are known, and no fields of the type that reads itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    /// The discriminant of the union it is a branch of.
    pub(crate) discriminant: Option<&'static str>,
    /// The envelope it lies flat in.
    pub(crate) envelope: Option<&'static EnvelopeLayout>,
}

impl Beside {
    /// Whether there are none.
    pub(crate) const fn is_none(&self) -> bool {
        self.discriminant.is_none() && self.envelope.is_none()
    }

    /// Takes the fields of the envelope out of an object that lies flat among them.
    pub(crate) fn leave_envelope(&self, value: &mut Value) {
        if let (Some(envelope), Value::Object(members)) = (self.envelope, value) {
            members.retain(|name, _| !envelope.has(name));
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.discriminant == Some(name) || self.envelope.is_some_and(|e| e.has(name))
    }
}

/// How much had been found wrong at some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

#[derive(Debug)]
struct Found {
    path: Path,
    /// The rest of the path, of what an interpreter found; it has an order of its own.
    below: Option<Box<Pointer>>,
    told: SharedDetail,
}

/// The steps of a path, from the innermost out. Most paths have no more than these.
type Path = SmallVec<[Segment; 3]>;

/// A step of a path.
#[derive(Clone, Debug)]
pub enum Segment {
    /// A declared property: its place in the declaration, and its name.
    Field(u32, &'static str),
    /// A property that is not declared, or belongs to a map.
    Key(Box<str>),
    /// An item.
    Index(usize),
}

impl Segment {
    /// A declared property.
    pub(crate) fn field(place: usize, name: &'static str) -> Self {
        // No struct has so many fields.
        Self::Field(u32::try_from(place).unwrap_or(u32::MAX), name)
    }

    /// The order of the report: declared properties, unknown ones by code point, items.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Field(a, _), Self::Field(b, _)) => a.cmp(b),
            (Self::Index(a), Self::Index(b)) => a.cmp(b),
            (Self::Key(a), Self::Key(b)) => a.cmp(b),
            (Self::Field(..), _) | (_, Self::Index(_)) => Ordering::Less,
            (_, Self::Field(..)) | (Self::Index(_), _) => Ordering::Greater,
        }
    }
}

/// At one place, violations are told in this order.
const KEYWORDS: [&str; 25] = [
    "type",
    "const",
    "enum",
    "multipleOf",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "contentEncoding",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "required",
    "dependentRequired",
    "anyOf",
    "oneOf",
];

impl ReadContext {
    /// A reading for one end.
    pub const fn new(side: Side) -> Self {
        Self {
            side,
            found: Vec::new(),
            beside: Beside {
                discriminant: None,
                envelope: None,
            },
        }
    }

    /// Who receives.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Whether unknown fields are refused, and not dropped.
    pub const fn refuses_unknown(&self) -> bool {
        matches!(self.side, Side::Server)
    }

    /// How much has been found wrong.
    pub const fn mark(&self) -> Mark {
        Mark(self.found.len())
    }

    /// Whether nothing more has been found wrong since.
    pub fn clean_since(&self, mark: Mark) -> bool {
        self.mark() == mark
    }

    /// Whether nothing has been found wrong.
    pub(super) const fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Forgets what was found since.
    pub fn forget_since(&mut self, mark: Mark) {
        self.found.truncate(mark.0);
    }

    /// Notes a violation at the value being read.
    #[cold]
    pub fn violation(&mut self, told: ViolationDetail) {
        self.push(told.into());
    }

    /// Notes one of the violations that are told often ([`super::told`]).
    #[cold]
    pub(super) fn known(&mut self, told: &'static ViolationDetail) {
        self.push(told.into());
    }

    fn push(&mut self, told: SharedDetail) {
        if self.found.is_empty() {
            // There is seldom one mistake alone.
            self.found.reserve(8);
        }
        append(&mut self.found, || Found {
            path: Path::new(),
            below: None,
            told,
        });
    }

    /// Puts a step in front of the path of all that was found since.
    pub fn within(&mut self, mark: Mark, segment: impl FnOnce() -> Segment) {
        if self.found.len() > mark.0 {
            self.prefix(mark, segment());
        }
    }

    /// The same for a part of a value, of which all that is found begins at `whole`: no more is kept of it than twice what the
    /// report may come to list.
    #[inline]
    pub(crate) fn part(&mut self, whole: Mark, mark: Mark, segment: impl FnOnce() -> Segment) {
        if self.found.len() > mark.0 {
            self.prefix(mark, segment());
            if self.found.len() - whole.0 >= 2 * MAX_VIOLATIONS {
                self.bound(whole);
            }
        }
    }

    #[cold]
    fn prefix(&mut self, mark: Mark, segment: Segment) {
        let Some((last, others)) = self.found[mark.0..].split_last_mut() else {
            return;
        };
        for found in others {
            found.path.push(segment.clone());
        }
        last.path.push(segment);
    }

    /// Leaves of what was found in a value what the report may come to list, the first in its order; but seldom, since that takes
    /// sorting.
    #[cold]
    fn bound(&mut self, whole: Mark) {
        self.found[whole.0..].sort_by(Found::order);
        self.found.truncate(whole.0 + MAX_VIOLATIONS);
    }

    /// Says of a value of the wrong type, found since, that null would have been right too.
    pub(super) fn or_null(&mut self, mark: Mark) {
        for found in &mut self.found[mark.0..] {
            if found.path.is_empty()
                && found.told.keyword == "type"
                && let Some(Value::String(ty)) = &found.told.allowed
                && let Some(ty) = Type::from_name(ty)
            {
                let types = details::types(TypeSet::NONE.with(Type::Null).with(ty));
                found.told = types.into();
            }
        }
    }

    /// Takes over what another reading found.
    pub(super) fn adopt(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Takes over what an interpreter found in the value being read, in its order.
    pub(super) fn adopt_ordered(&mut self, violations: Violations) {
        self.found.extend(violations.into_iter().map(|violation| {
            let (path, told) = violation.into_parts();
            Found {
                path: Path::new(),
                below: Some(Box::new(path)),
                told,
            }
        }));
    }

    /// All that was found wrong, in the order of the report, as [`listed`] cuts it.
    pub fn finish(self) -> Violations {
        listed(self.all(None))
    }

    /// The first [`MAX_VIOLATIONS`] of what was found wrong, in the order of the report; `place` is the name of the field that was read.
    pub(crate) fn all(self, place: Option<&str>) -> Violations {
        let mut found = self.found;
        found.sort_by(Found::order);
        found.truncate(MAX_VIOLATIONS);
        let mut start = Pointer::root();
        if let Some(place) = place {
            start.push_key(place);
        }
        let mut violations = Violations::with_capacity(found.len());
        // What types find, they find once; interpreters ask several schemas.
        let mut interpreted = false;
        for Found { path, below, told } in found {
            append(&mut violations, || Violation::new(start.clone(), told));
            let Some(violation) = violations.last_mut() else {
                continue;
            };
            for segment in path.iter().rev() {
                match segment {
                    Segment::Field(_, name) => violation.path.push_key(name),
                    Segment::Key(key) => violation.path.push_key(key),
                    Segment::Index(index) => violation.path.push_index(*index),
                }
            }
            if let Some(below) = below {
                violation.path.push(&below);
                interpreted = true;
            }
        }
        if interpreted {
            handfast_schema::remove_duplicates(&mut violations);
        }
        violations
    }
}

/// Puts an item behind, and makes it where it stays: to move what was just written piece by piece takes longer than to write it.
fn append<T>(list: &mut Vec<T>, make: impl FnOnce() -> T) {
    list.extend(std::iter::once_with(make));
}

impl Found {
    /// The order of the report. A place's own violations come behind those of what lies in it, so a path sorts after all it is
    /// a prefix of. What is wrong with the name of a property is told before what is wrong with the property.
    fn order(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.path.iter().rev(), other.path.iter().rev());
        loop {
            match (left.next(), right.next()) {
                (Some(l), Some(r)) => match l.order(r) {
                    Ordering::Equal => {}
                    other => return other,
                },
                (Some(_), None) if other.is_name() => return Ordering::Greater,
                (None, Some(_)) if self.is_name() => return Ordering::Less,
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (None, None) if self.below.is_some() || other.below.is_some() => {
                    return Ordering::Equal;
                }
                (None, None) => {
                    let rank = |one: &Self| (!one.is_name(), rank(one.told.keyword));
                    return rank(self).cmp(&rank(other));
                }
            }
        }
    }

    fn is_name(&self) -> bool {
        self.told.keyword == "propertyNames" && self.below.is_none()
    }
}

fn rank(keyword: &str) -> usize {
    KEYWORDS
        .iter()
        .position(|k| *k == keyword)
        .unwrap_or(KEYWORDS.len())
}

#[cfg(test)]
mod tests {
    use super::{Found, MAX_VIOLATIONS, ReadContext};
    use crate::{
        Payload, Side,
        read::{Reader, Rules},
    };
    use std::collections::BTreeMap;

    fn found<T: Payload>(text: &str) -> Vec<Found> {
        let mut cx = ReadContext::new(Side::Server);
        let mut reader = Reader::json(text, 9);
        let rules: Rules = &[];
        assert_eq!(
            T::read(&mut reader, &mut cx, rules).map(|read| read.is_some()),
            Ok(false)
        );
        cx.found
    }

    /// However much is wrong with a message, not much more is kept than may be listed.
    #[test]
    fn what_is_kept_is_bounded() {
        let list = format!("[{}]", vec!["1"; 20_000].join(","));
        let lists = format!("[{}]", [list.as_str(); 3].join(","));
        let map: Vec<String> = (0..5000).map(|n| format!("\"n{n}\":1")).collect();
        for found in [
            found::<Vec<String>>(&list),
            found::<Vec<Vec<String>>>(&lists),
            found::<BTreeMap<String, String>>(&format!("{{{}}}", map.join(","))),
        ] {
            assert!((MAX_VIOLATIONS..2 * MAX_VIOLATIONS).contains(&found.len()));
            assert!(found.capacity() < 8 * MAX_VIOLATIONS);
        }
    }
}
