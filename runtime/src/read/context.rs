//! The context of a read: the receiving side, and the violations found so far.

use super::ignored::IgnoredMembers;
use handfast_schema::{
    MAX_VIOLATIONS, Pointer, SharedDetail, Side, Type, TypeSet, Violation, ViolationDetail,
    Violations, details, listed,
};
use serde_json::Value;
use smallvec::SmallVec;
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

/// The state of one read: the receiving side, and the violations found so far.
#[derive(Debug)]
pub struct ReadContext {
    side: Side,
    found: Vec<RelativeViolation>,
    /// The members that the next object must ignore.
    pub(crate) ignored: IgnoredMembers,
    /// Whether the value was accepted by the schema of a `checked` place around it, so that nothing is judged again.
    pub(super) accepted: bool,
    /// Whether the violations are those of a value around this one, whose schema words them.
    pub(super) quiet: bool,
    /// Whether the value is part of a branch that is being tried ([`super::attempts`]).
    pub(super) attempting: bool,
}

/// A position in the list of violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

/// Violations that were removed from a context.
#[derive(Debug, Default)]
pub(super) struct FoundApart(Vec<RelativeViolation>);

/// The undeclared names of an object that are refused, each once. Keeps as many as the report can list: the first ones in its order.
#[derive(Debug, Default)]
pub(crate) struct RefusedNames(Option<BTreeSet<Box<str>>>);

impl RefusedNames {
    #[cold]
    pub(crate) fn add(&mut self, name: &str) {
        let names = self.0.get_or_insert_default();
        let is_full = names.len() == MAX_VIOLATIONS;
        if is_full && names.last().is_some_and(|last| **last <= *name) || names.contains(name) {
            return;
        }
        if is_full {
            names.pop_last();
        }
        names.insert(name.into());
    }

    /// Reports them, in an object whose violations start at `object`.
    #[inline]
    pub(crate) fn report(&mut self, object: Mark, cx: &mut ReadContext) {
        if let Some(names) = self.0.take() {
            Self::report_each(names, object, cx);
        }
    }

    #[cold]
    fn report_each(names: BTreeSet<Box<str>>, object: Mark, cx: &mut ReadContext) {
        for name in names {
            let mark = cx.mark();
            cx.violation(details::unknown_property("additionalProperties"));
            cx.part(object, mark, || Segment::Key(name));
        }
    }
}

#[derive(Debug)]
struct RelativeViolation {
    path: Path,
    /// The rest of the path, for violations found by the schema validator, which have an order of their own.
    below: Option<Box<Pointer>>,
    detail: SharedDetail,
}

/// The segments of a path, from the innermost to the outermost. Most paths have at most three.
type Path = SmallVec<[Segment; 3]>;

/// A segment of a path.
#[derive(Clone, Debug)]
pub enum Segment {
    /// A declared property: its index in the declaration, and its name.
    Field(u32, &'static str),
    /// An undeclared property, or the key of a map.
    Key(Box<str>),
    /// An item of an array.
    Index(usize),
}

impl Segment {
    /// Returns the segment of a declared property.
    pub(crate) fn field(place: usize, name: &'static str) -> Self {
        // No struct has so many fields.
        Self::Field(u32::try_from(place).unwrap_or(u32::MAX), name)
    }

    /// The order of the report: declared properties, undeclared ones by code point, items.
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

/// The order in which violations of the same value are reported.
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
    /// Creates a context for a receiving side.
    pub const fn new(side: Side) -> Self {
        Self {
            side,
            found: Vec::new(),
            ignored: IgnoredMembers::NONE,
            accepted: false,
            quiet: false,
            attempting: false,
        }
    }

    /// Creates a context without violations for a part of the value being read.
    pub(super) const fn of_part(&self) -> Self {
        let mut part = Self::new(self.side);
        part.accepted = self.accepted;
        part.quiet = self.quiet;
        part.attempting = self.attempting;
        part
    }

    /// Returns the receiving side.
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Whether unknown fields are violations, unless the type says otherwise. Otherwise they are ignored.
    pub const fn refuses_unknown(&self) -> bool {
        matches!(self.side, Side::Server) && !self.accepted
    }

    /// Returns the current position in the list of violations.
    pub const fn mark(&self) -> Mark {
        Mark(self.found.len())
    }

    /// Whether there are no violations after a mark.
    pub fn clean_since(&self, mark: Mark) -> bool {
        self.mark() == mark
    }

    /// Whether there are no violations.
    pub(super) const fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// Discards the violations after a mark.
    pub fn forget_since(&mut self, mark: Mark) {
        self.found.truncate(mark.0);
    }

    /// Reports a violation of the value being read.
    #[cold]
    pub fn violation(&mut self, detail: ViolationDetail) {
        self.push(detail.into());
    }

    /// Reports a cached violation ([`super::detail_cache`]).
    #[cold]
    pub(super) fn cached_violation(&mut self, detail: &'static ViolationDetail) {
        self.push(detail.into());
    }

    fn push(&mut self, detail: SharedDetail) {
        if self.found.is_empty() {
            // Violations seldom come alone.
            self.found = Vec::with_capacity(8);
        }
        append(&mut self.found, || RelativeViolation {
            path: Path::new(),
            below: None,
            detail,
        });
    }

    /// Prepends a segment to the paths of all violations after a mark.
    pub fn within(&mut self, mark: Mark, segment: impl FnOnce() -> Segment) {
        if self.found.len() > mark.0 {
            self.prefix(mark, segment());
        }
    }

    /// As [`Self::within`], for a part of a value whose violations start at `whole`. Keeps at most twice as many of them as the report can
    /// list.
    #[inline]
    pub(crate) fn part(&mut self, whole: Mark, mark: Mark, segment: impl FnOnce() -> Segment) {
        if self.found.len() > mark.0 {
            self.prefix(mark, segment());
            if self.found.len() - whole.0 >= 2 * MAX_VIOLATIONS {
                self.bound(whole);
            }
        }
    }

    /// As [`Self::within`], for a field of an object. Keeps at most twice as many of its violations as the report can list, and all those of
    /// other fields: if its name is repeated, its violations do not count.
    #[inline]
    pub(super) fn field(&mut self, mark: Mark, segment: impl FnOnce() -> Segment) {
        self.part(mark, mark, segment);
    }

    /// Removes the violations after a mark.
    pub(super) fn take_since(&mut self, mark: Mark) -> FoundApart {
        FoundApart(self.found.split_off(mark.0))
    }

    /// Removes the violations of an object that are in its fields. They are returned by the index of the field.
    #[cold]
    pub(super) fn take_fields(&mut self, object: Mark) -> BTreeMap<usize, FoundApart> {
        let mut fields: BTreeMap<usize, FoundApart> = BTreeMap::new();
        for found in self.found.split_off(object.0) {
            match found.path.last() {
                Some(Segment::Field(field, _)) => {
                    fields.entry(*field as usize).or_default().0.push(found);
                }
                _ => self.found.push(found),
            }
        }
        fields
    }

    /// Appends violations that were removed.
    pub(super) fn put_back(&mut self, apart: FoundApart) {
        self.found.extend(apart.0);
    }

    /// Discards the violations of an object that are in a field: its name is repeated.
    #[cold]
    pub(crate) fn forget_field(&mut self, object: Mark, field: usize) {
        let mut fields = self.take_fields(object);
        fields.remove(&field);
        fields.into_values().for_each(|found| self.put_back(found));
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

    /// Keeps the violations of a value that the report can list: the first ones in its order. Called rarely, because it sorts.
    #[cold]
    fn bound(&mut self, whole: Mark) {
        self.found[whole.0..].sort_by(RelativeViolation::order);
        self.found.truncate(whole.0 + MAX_VIOLATIONS);
    }

    /// Adds `null` to the expected type of the value if its type is a violation after a mark.
    pub(super) fn or_null(&mut self, mark: Mark) {
        for found in &mut self.found[mark.0..] {
            if found.path.is_empty()
                && found.below.is_none()
                && found.detail.keyword == "type"
                && let Some(Value::String(ty)) = &found.detail.allowed
                && let Some(ty) = Type::from_name(ty)
            {
                let types = details::types(TypeSet::NONE.with(Type::Null).with(ty));
                found.detail = types.into();
            }
        }
    }

    /// Appends the violations of another context.
    pub(super) fn adopt(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Appends the violations that the schema validator found in the value being read, in their order.
    pub(super) fn adopt_ordered(&mut self, violations: Violations) {
        self.found.extend(violations.into_iter().map(|violation| {
            let (path, detail) = violation.into_parts();
            RelativeViolation {
                path: Path::new(),
                below: Some(Box::new(path)),
                detail,
            }
        }));
    }

    /// Returns all violations in the order of the report, cut by [`listed`].
    pub fn finish(self) -> Violations {
        listed(self.all(None))
    }

    /// Returns the first [`MAX_VIOLATIONS`] violations in the order of the report. `place` is the name of the field that was read.
    pub(crate) fn all(self, place: Option<&str>) -> Violations {
        let mut found = self.found;
        found.sort_by(RelativeViolation::order);
        found.truncate(MAX_VIOLATIONS);
        let mut start = Pointer::root();
        if let Some(place) = place {
            start.push_key(place);
        }
        let mut violations = Violations::with_capacity(found.len());
        // Typed reading reports each violation once; the schema validator may check several schemas.
        let mut interpreted = false;
        for RelativeViolation {
            path,
            below,
            detail,
        } in found
        {
            append(&mut violations, || Violation::new(start.clone(), detail));
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

/// Appends an item, constructed in place: moving it afterwards would cost more than creating it.
fn append<T>(list: &mut Vec<T>, make: impl FnOnce() -> T) {
    list.extend(std::iter::once_with(make));
}

impl RelativeViolation {
    /// The order of the report. The violations of a value follow those of its parts, so a path sorts after every path that it is a prefix
    /// of. Violations of a property's name precede those of its value.
    fn order(&self, other: &Self) -> Ordering {
        // Most are in different fields.
        if let (Some(Segment::Field(left, _)), Some(Segment::Field(right, _))) =
            (self.path.last(), other.path.last())
            && left != right
        {
            return left.cmp(right);
        }
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
                    let rank = |one: &Self| (!one.is_name(), rank(one.detail.keyword));
                    return rank(self).cmp(&rank(other));
                }
            }
        }
    }

    fn is_name(&self) -> bool {
        self.detail.keyword == "propertyNames" && self.below.is_none()
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
    use super::{MAX_VIOLATIONS, ReadContext, RelativeViolation};
    use crate::{
        Payload, Side,
        read::{Reader, Rules},
    };
    use std::collections::BTreeMap;

    fn found<T: Payload>(text: &str) -> Vec<RelativeViolation> {
        let mut cx = ReadContext::new(Side::Server);
        let mut reader = Reader::json(text, 9);
        let rules: Rules = &[];
        assert_eq!(
            T::read(&mut reader, &mut cx, rules).map(|read| read.is_some()),
            Ok(false)
        );
        cx.found
    }

    /// However many violations a message has, not many more are kept than can be listed.
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
