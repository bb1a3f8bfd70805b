//! Reading a value that is already in memory.

use super::{Items, Kind, Members, Next, Num, Stop, Syntax, Text, checked::Judge};
use crate::Integer;
use serde_json::{Value, map};
use std::slice;

/// A pull parser over a JSON value.
#[derive(Debug)]
pub struct ValueReader<'de> {
    here: &'de Value,
    /// The name that was read last.
    name: &'de str,
    /// The validation of the value, if it was accepted by the schema of a `checked` place.
    judge: Option<&'de Judge>,
}

impl<'de> ValueReader<'de> {
    /// Creates a reader of a value.
    pub const fn new(value: &'de Value) -> Self {
        Self {
            here: value,
            name: "",
            judge: None,
        }
    }

    /// Creates a reader of a value that was accepted.
    pub(super) const fn accepted(value: &'de Value, judge: &'de Judge) -> Self {
        let mut reader = Self::new(value);
        reader.judge = Some(judge);
        reader
    }
}

/// The value is of another kind than requested. A caller that peeks first never sees this.
pub(super) const UNEXPECTED: Syntax = Syntax {
    offset: 0,
    message: "expected another kind of value",
};

impl<'de> ValueReader<'de> {
    pub(super) fn peek(&self) -> Result<Kind, Stop> {
        Ok(match self.here {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        })
    }

    pub(super) fn null(&self) -> Result<(), Stop> {
        self.here.as_null().ok_or(Stop)
    }

    pub(super) fn boolean(&self) -> Result<bool, Stop> {
        self.here.as_bool().ok_or(Stop)
    }

    pub(super) fn number(&self) -> Result<Num, Stop> {
        let int = self.here.as_i64().map(Num::Int);
        int.or_else(|| self.here.as_f64().map(Num::Float))
            .ok_or(Stop)
    }

    pub(super) fn string(&self) -> Result<Text<'de, '_>, Stop> {
        self.here.as_str().map(Text::Borrowed).ok_or(Stop)
    }

    pub(super) fn enter_object(&self) -> Result<Members<'de>, Stop> {
        let object = self.here.as_object().ok_or(Stop)?;
        Ok(Members::Value(object.iter(), self.here))
    }

    pub(super) fn next_key(
        &mut self,
        members: &mut map::Iter<'de>,
        object: &'de Value,
        fields: &[&'static str],
    ) -> Next {
        let Some((name, value)) = members.next() else {
            self.here = object;
            return Next::End;
        };
        self.here = value;
        self.name = name;
        let known = fields.iter().position(|field| *field == name);
        known.map_or(Next::Unknown, Next::Field)
    }

    pub(super) const fn last_name(&self) -> &'de str {
        self.name
    }

    pub(super) fn enter_array(&self) -> Result<Items<'de>, Stop> {
        let array = self.here.as_array().ok_or(Stop)?;
        Ok(Items::Value(array.iter(), self.here))
    }

    pub(super) fn next_item(
        &mut self,
        items: &mut slice::Iter<'de, Value>,
        array: &'de Value,
    ) -> bool {
        let next = items.next();
        self.here = next.unwrap_or(array);
        next.is_some()
    }

    /// Returns the exact value of the number, if a double may not have it.
    pub(super) fn large_integer(&self) -> Option<Integer> {
        let kept = self.judge.and_then(|judge| judge.large_integer(self.here));
        kept.or_else(|| self.here.as_u64().map(Integer::from))
    }

    pub(super) const fn judge(&self) -> Option<&'de Judge> {
        self.judge
    }

    pub(super) const fn here(&self) -> &'de Value {
        self.here
    }

    pub(super) const fn go(&mut self, place: &'de Value) {
        self.here = place;
    }
}
