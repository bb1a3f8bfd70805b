//! What is found wrong while reading.

use crate::table::Layout;
use handfast_schema::{Mode, Pointer, Told, Type, TypeSet, Violation, Violations, listed, words};
use serde_json::Value;
use std::{borrow::Cow, cmp::Ordering};

/// The state of one reading: who receives, and what has been found wrong so far.
#[derive(Debug)]
pub struct Cx {
    mode: Mode,
    found: Vec<Found>,
    /// The steps of all paths.
    steps: Vec<PathStep>,
    /// What the next object passes over.
    pub(crate) beside: Beside,
}

/// The names in an object that are somebody else's: they are known, and no fields of the type that reads itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside {
    /// The discriminant of the union it is a branch of.
    pub(crate) discriminant: Option<&'static str>,
    /// The envelope it lies flat in.
    pub(crate) envelope: Option<&'static Layout>,
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
    /// The outermost step of its path, by its place among all steps.
    path: Option<u32>,
    /// The rest of the path, of what an interpreter found; it has an order of its own.
    below: Option<Box<Pointer>>,
    told: Words,
}

/// A step of a path, and the place of the next one further in.
#[derive(Debug)]
struct PathStep {
    segment: Segment,
    inner: Option<u32>,
}

/// What is told: made for the occasion, or once for all.
#[derive(Debug)]
enum Words {
    Own(Box<Told>),
    Known(&'static Told),
}

impl Words {
    fn told(&self) -> &Told {
        match self {
            Self::Own(told) => told,
            Self::Known(told) => told,
        }
    }

    fn at(self, path: Pointer) -> Violation {
        match self {
            Self::Own(told) => Violation::new(path, *told),
            Self::Known(told) => Violation {
                path,
                keyword: told.keyword,
                message: Cow::Borrowed(&told.message),
                allowed: told.allowed.clone(),
            },
        }
    }
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

impl Segment {
    /// About how long it is in a path.
    const fn len(&self) -> usize {
        match self {
            Self::Field(_, name) => name.len() + 1,
            Self::Key(name) => name.len() + 1,
            Self::Index(_) => 4,
        }
    }
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
            steps: Vec::new(),
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
        self.push(Words::Own(Box::new(told)));
    }

    /// Notes one of the violations that are told often ([`super::told`]).
    #[cold]
    pub(super) fn known(&mut self, told: &'static Told) {
        self.push(Words::Known(told));
    }

    fn push(&mut self, told: Words) {
        if self.found.is_empty() {
            // There is seldom one mistake alone.
            self.found.reserve(8);
            self.steps.reserve(16);
        }
        self.found.push(Found {
            path: None,
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
            let place = u32::try_from(self.steps.len()).ok();
            self.steps.push(PathStep {
                segment: segment.clone(),
                inner: found.path,
            });
            found.path = place;
        }
    }

    /// Says of a value of the wrong type, found since, that null would have been right too.
    pub(super) fn or_null(&mut self, mark: Mark) {
        for found in &mut self.found[mark.0..] {
            let told = found.told.told();
            if found.path.is_none()
                && told.keyword == "type"
                && let Some(Value::String(ty)) = &told.allowed
                && let Some(ty) = Type::from_name(ty)
            {
                let types = words::types(TypeSet::NONE.with(Type::Null).with(ty));
                found.told = Words::Own(Box::new(types));
            }
        }
    }

    /// Takes over what another reading found.
    pub(super) fn adopt(&mut self, other: Self) {
        let offset = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        let moved = |place: Option<u32>| place.map(|place| place.saturating_add(offset));
        self.steps
            .extend(other.steps.into_iter().map(|step| PathStep {
                inner: moved(step.inner),
                ..step
            }));
        self.found
            .extend(other.found.into_iter().map(|found| Found {
                path: moved(found.path),
                ..found
            }));
    }

    /// Takes over what an interpreter found in the value being read, in its order.
    pub(super) fn adopt_ordered(&mut self, violations: Violations) {
        self.found
            .extend(violations.into_iter().map(|violation| Found {
                path: None,
                below: Some(Box::new(violation.path)),
                told: Words::Own(Box::new(Told {
                    keyword: violation.keyword,
                    message: violation.message,
                    allowed: violation.allowed,
                })),
            }));
    }

    /// All that was found wrong, in the order of the report, as [`listed`] cuts it.
    pub fn finish(self) -> Violations {
        listed(self.all())
    }

    /// All that was found wrong, in the order of the report.
    pub(crate) fn all(self) -> Violations {
        let Self {
            mut found, steps, ..
        } = self;
        // A place's own violations come behind those of what lies in it, so a path sorts after all it is a prefix of.
        found.sort_by(|a, b| {
            let mut left = way(&steps, a.path);
            let mut right = way(&steps, b.path);
            loop {
                match (left.next(), right.next()) {
                    (Some(l), Some(r)) if l == r => {}
                    (Some(l), Some(r)) => return l.cmp(r),
                    (Some(_), None) => return Ordering::Less,
                    (None, Some(_)) => return Ordering::Greater,
                    (None, None) if a.below.is_some() || b.below.is_some() => {
                        return Ordering::Equal;
                    }
                    (None, None) => {
                        let rank = |found: &Found| rank(found.told.told().keyword);
                        return rank(a).cmp(&rank(b));
                    }
                }
            }
        });
        // What types find stands in order, and once; interpreters ask several schemas.
        let interpreted = found.iter().any(|found| found.below.is_some());
        let mut violations: Violations = found
            .into_iter()
            .map(|found| {
                let length = way(&steps, found.path).map(Segment::len).sum();
                let mut path = Pointer::with_capacity(length);
                for segment in way(&steps, found.path) {
                    match segment {
                        Segment::Field(_, name) => path.push_key(name),
                        Segment::Key(key) => path.push_key(key),
                        Segment::Index(index) => path.push_index(*index),
                    }
                }
                if let Some(below) = found.below {
                    path.push(&below);
                }
                found.told.at(path)
            })
            .collect();
        if interpreted {
            handfast_schema::tell_once(&mut violations);
        } else {
            violations.dedup();
        }
        violations
    }
}

/// The steps of a path, from the outermost in.
fn way(steps: &[PathStep], path: Option<u32>) -> impl Iterator<Item = &Segment> {
    let step = |place: Option<u32>| steps.get(place? as usize);
    std::iter::successors(step(path), move |last| step(last.inner)).map(|step| &step.segment)
}

fn rank(keyword: &str) -> usize {
    KEYWORDS
        .iter()
        .position(|k| *k == keyword)
        .unwrap_or(KEYWORDS.len())
}
