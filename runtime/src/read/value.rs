//! A value that is in memory already, read as if it came from a text.

use super::{Items, Key, Kind, Members, Num, Syntax, Text};
use serde_json::{Value, map};
use std::{borrow::Cow, slice};

/// A pull reader over a JSON value.
#[derive(Debug)]
pub struct ValueReader<'de> {
    here: &'de Value,
}

impl<'de> ValueReader<'de> {
    /// A reader of a value.
    pub const fn new(value: &'de Value) -> Self {
        Self { here: value }
    }
}

/// What stands here is not what was asked for, which a caller that peeks first never meets.
pub(super) const UNEXPECTED: Syntax = Syntax {
    offset: 0,
    message: "expected another kind of value",
};

impl<'de> ValueReader<'de> {
    pub(super) fn peek(&self) -> Result<Kind, Syntax> {
        Ok(match self.here {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        })
    }

    pub(super) fn null(&self) -> Result<(), Syntax> {
        self.here.as_null().ok_or(UNEXPECTED)
    }

    pub(super) fn boolean(&self) -> Result<bool, Syntax> {
        self.here.as_bool().ok_or(UNEXPECTED)
    }

    pub(super) fn number(&self) -> Result<Num, Syntax> {
        let int = self.here.as_i64().map(Num::Int);
        int.or_else(|| self.here.as_f64().map(Num::Float))
            .ok_or(UNEXPECTED)
    }

    pub(super) fn string(&self) -> Result<Text<'de, '_>, Syntax> {
        self.here.as_str().map(Text::Borrowed).ok_or(UNEXPECTED)
    }

    pub(super) fn enter_object(&self) -> Result<Members<'de>, Syntax> {
        let object = self.here.as_object().ok_or(UNEXPECTED)?;
        Ok(Members::Value(object.iter(), self.here))
    }

    pub(super) fn next_key(
        &mut self,
        members: &mut map::Iter<'de>,
        object: &'de Value,
        fields: &[&'static str],
    ) -> Option<Key<'de>> {
        let Some((name, value)) = members.next() else {
            self.here = object;
            return None;
        };
        self.here = value;
        let known = fields.iter().position(|field| *field == name);
        Some(known.map_or(Key::Unknown(Cow::Borrowed(name)), Key::Known))
    }

    pub(super) fn enter_array(&self) -> Result<Items<'de>, Syntax> {
        let array = self.here.as_array().ok_or(UNEXPECTED)?;
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

    pub(super) const fn here(&self) -> &'de Value {
        self.here
    }

    pub(super) const fn go(&mut self, place: &'de Value) {
        self.here = place;
    }
}
