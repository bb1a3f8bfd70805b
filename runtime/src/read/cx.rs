//! What is found wrong while reading.

use crate::table::EnvelopeTable;
use handfast_schema::{Mode, Pointer, Told, Type, TypeSet, Violation, Violations, listed, words};
use serde_json::Value;
use std::cmp::Ordering;

/// The state of one reading: who receives, and what has been found wrong so far.
#[derive(Debug)]
pub struct Cx {
    mode: Mode,
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
    pub(crate) envelope: Option<&'static EnvelopeTable>,
}

impl Beside {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.discriminant == Some(name) || self.envelope.is_some_and(|e| e.has(name))
    }
}

/// How much had been found wrong at some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(usize);

#[derive(Debug)]
struct Found {
    /// From the innermost out.
    path: Vec<Segment>,
    /// The rest of the path, of what an interpreter found; it has an order of its own.
    below: Option<Pointer>,
    told: Told,
}

/// A step of a path. The order is that of the report: declared properties, unknown ones by code point, items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A declared property: its place in the declaration, and its name.
    Field(usize, &'static str),
    /// A property that is not declared, or belongs to a map.
    Key(String),
    /// An item.
    Index(usize),
}

/// At one place, violations are told in this order.
const KEYWORDS: [&str; 21] = [
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
    "minProperties",
    "maxProperties",
    "required",
    "anyOf",
    "oneOf",
];

impl Cx {
    /// A reading for one end.
    pub const fn new(mode: Mode) -> Self {
        Self {
            mode,
            found: Vec::new(),
            beside: Beside {
                discriminant: None,
                envelope: None,
            },
        }
    }

    /// Who receives.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether unknown fields are refused, and not dropped.
    pub const fn refuses_unknown(&self) -> bool {
        matches!(self.mode, Mode::Server)
    }

    /// How much has been found wrong.
    pub const fn mark(&self) -> Mark {
        Mark(self.found.len())
    }

    /// Whether nothing more has been found wrong since.
    pub fn clean_since(&self, mark: Mark) -> bool {
        self.mark() == mark
    }

    /// Forgets what was found since.
    pub fn forget_since(&mut self, mark: Mark) {
        self.found.truncate(mark.0);
    }

    /// Notes a violation at the value being read.
    #[cold]
    pub fn violation(&mut self, told: Told) {
        self.found.push(Found {
            path: Vec::new(),
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

    #[cold]
    fn prefix(&mut self, mark: Mark, segment: Segment) {
        for found in &mut self.found[mark.0..] {
            found.path.push(segment.clone());
        }
    }

    /// Says of a value of the wrong type, found since, that null would have been right too.
    pub(super) fn or_null(&mut self, mark: Mark) {
        for found in &mut self.found[mark.0..] {
            if found.path.is_empty()
                && found.told.keyword == "type"
                && let Some(Value::String(ty)) = &found.told.allowed
                && let Some(ty) = Type::from_name(ty)
            {
                found.told = words::types(TypeSet::NONE.with(Type::Null).with(ty));
            }
        }
    }

    /// Takes over what another reading found.
    pub(super) fn adopt(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Takes over what an interpreter found in the value being read, in its order.
    pub(super) fn adopt_ordered(&mut self, violations: Violations) {
        self.found
            .extend(violations.into_iter().map(|violation| Found {
                path: Vec::new(),
                below: Some(violation.path),
                told: Told {
                    keyword: violation.keyword,
                    message: violation.message,
                    allowed: violation.allowed,
                },
            }));
    }

    /// All that was found wrong, in the order of the report, as [`listed`] cuts it.
    pub fn finish(self) -> Violations {
        listed(self.all())
    }

    /// All that was found wrong, in the order of the report.
    pub(crate) fn all(mut self) -> Violations {
        // A place's own violations come behind those of what lies in it, so a path sorts after all it is a prefix of.
        self.found.sort_by(|a, b| {
            let mut left = a.path.iter().rev();
            let mut right = b.path.iter().rev();
            loop {
                match (left.next(), right.next()) {
                    (Some(l), Some(r)) if l == r => {}
                    (Some(l), Some(r)) => return l.cmp(r),
                    (Some(_), None) => return Ordering::Less,
                    (None, Some(_)) => return Ordering::Greater,
                    (None, None) if a.below.is_some() || b.below.is_some() => {
                        return Ordering::Equal;
                    }
                    (None, None) => return rank(a.told.keyword).cmp(&rank(b.told.keyword)),
                }
            }
        });
        let mut violations: Violations = self
            .found
            .into_iter()
            .map(|found| {
                let mut path = found.below.unwrap_or_default();
                for segment in &found.path {
                    match segment {
                        Segment::Field(_, name) => path.prepend_key(name),
                        Segment::Key(key) => path.prepend_key(key),
                        Segment::Index(index) => path.prepend_index(*index),
                    }
                }
                Violation::new(path, found.told)
            })
            .collect();
        handfast_schema::tell_once(&mut violations);
        violations
    }
}

fn rank(keyword: &str) -> usize {
    KEYWORDS
        .iter()
        .position(|k| *k == keyword)
        .unwrap_or(KEYWORDS.len())
}
