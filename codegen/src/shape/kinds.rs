//! Sets of kinds of JSON values.

use handfast_schema::{Type, TypeSet};
use serde_json::Value;

/// A set of kinds of values. Numbers are two: those without a fractional part, and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    /// `null`
    pub const NULL: Self = Self(1);
    /// `true` and `false`
    pub const BOOLEAN: Self = Self(1 << 1);
    /// Numbers without a fractional part.
    pub const INTEGER: Self = Self(1 << 2);
    /// All numbers.
    pub const NUMBER: Self = Self(1 << 2 | 1 << 3);
    /// Strings.
    pub const STRING: Self = Self(1 << 4);
    /// Arrays.
    pub const ARRAY: Self = Self(1 << 5);
    /// Objects.
    pub const OBJECT: Self = Self(1 << 6);
    /// All values.
    pub const ALL: Self = Self(0x7f);

    /// The six kinds that the first token of a value distinguishes, in the order of variants.
    pub(super) const EACH: [Self; 6] = [
        Self::NULL,
        Self::BOOLEAN,
        Self::NUMBER,
        Self::STRING,
        Self::ARRAY,
        Self::OBJECT,
    ];

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn less(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of the other set is in this one.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there is exactly one of the kinds that the first token of a value distinguishes.
    pub(super) fn is_single(self) -> bool {
        Self::EACH
            .into_iter()
            .filter(|one| self.meets(*one))
            .count()
            == 1
    }

    /// The names of the kinds that the first token of a value distinguishes.
    pub fn names(self) -> Vec<&'static str> {
        let named = [
            (Self::NULL, "null"),
            (Self::BOOLEAN, "boolean"),
            (Self::NUMBER, "number"),
            (Self::STRING, "string"),
            (Self::ARRAY, "array"),
            (Self::OBJECT, "object"),
        ];
        named
            .into_iter()
            .filter(|(kind, _)| self.meets(*kind))
            .map(|(_, name)| name)
            .collect()
    }

    pub(super) fn of_types(types: TypeSet) -> Self {
        types.iter().fold(Self::NONE, |all, ty| {
            all.or(match ty {
                Type::Null => Self::NULL,
                Type::Boolean => Self::BOOLEAN,
                Type::Integer => Self::INTEGER,
                Type::Number => Self::NUMBER,
                Type::String => Self::STRING,
                Type::Array => Self::ARRAY,
                Type::Object => Self::OBJECT,
            })
        })
    }

    /// The types of the kinds.
    pub(super) fn types(self) -> TypeSet {
        let number = if self.contains(Self::NUMBER) {
            Type::Number
        } else {
            Type::Integer
        };
        let named = [
            (Self::NULL, Type::Null),
            (Self::BOOLEAN, Type::Boolean),
            (Self::NUMBER, number),
            (Self::STRING, Type::String),
            (Self::ARRAY, Type::Array),
            (Self::OBJECT, Type::Object),
        ];
        named
            .into_iter()
            .filter(|(kind, _)| self.meets(*kind))
            .fold(TypeSet::NONE, |all, (_, ty)| all.with(ty))
    }

    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(n) if n.as_f64().is_some_and(|n| n.fract() == 0.0) => Self::INTEGER,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }
}
