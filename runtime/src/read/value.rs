//! A value that is in memory already, read as if it came from a text.

use super::{Key, Kind, Num, Reader, Syntax, Text, sealed::Sealed};
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
const UNEXPECTED: Syntax = Syntax {
    offset: 0,
    message: "expected another kind of value",
};

impl Sealed for ValueReader<'_> {}

impl<'de> Reader<'de> for ValueReader<'de> {
    type Place = &'de Value;
    type Members = (map::Iter<'de>, &'de Value);
    type Items = (slice::Iter<'de, Value>, &'de Value);

    fn peek(&mut self) -> Result<Kind, Syntax> {
        Ok(match self.here {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        })
    }

    fn null(&mut self) -> Result<(), Syntax> {
        self.here.as_null().ok_or(UNEXPECTED)
    }

    fn boolean(&mut self) -> Result<bool, Syntax> {
        self.here.as_bool().ok_or(UNEXPECTED)
    }

    fn number(&mut self) -> Result<Num, Syntax> {
        let int = self.here.as_i64().map(Num::Int);
        int.or_else(|| self.here.as_f64().map(Num::Float))
            .ok_or(UNEXPECTED)
    }

    fn string(&mut self) -> Result<Text<'de, '_>, Syntax> {
        self.here.as_str().map(Text::Borrowed).ok_or(UNEXPECTED)
    }

    fn enter_object(&mut self) -> Result<Self::Members, Syntax> {
        let object = self.here.as_object().ok_or(UNEXPECTED)?;
        Ok((object.iter(), self.here))
    }

    fn next_key(
        &mut self,
        (members, object): &mut Self::Members,
        fields: &[&'static str],
        _: usize,
    ) -> Result<Option<Key<'de>>, Syntax> {
        let Some((name, value)) = members.next() else {
            self.here = object;
            return Ok(None);
        };
        self.here = value;
        let known = fields.iter().position(|field| *field == name);
        Ok(Some(
            known.map_or(Key::Unknown(Cow::Borrowed(name)), Key::Known),
        ))
    }

    fn enter_array(&mut self) -> Result<Self::Items, Syntax> {
        let array = self.here.as_array().ok_or(UNEXPECTED)?;
        Ok((array.iter(), self.here))
    }

    fn next_item(&mut self, (items, array): &mut Self::Items) -> Result<bool, Syntax> {
        let next = items.next();
        self.here = next.unwrap_or(array);
        Ok(next.is_some())
    }

    fn skip(&mut self) -> Result<(), Syntax> {
        Ok(())
    }

    fn place(&self) -> &'de Value {
        self.here
    }

    fn go(&mut self, place: &'de Value) {
        self.here = place;
    }

    fn value(&mut self) -> Result<Value, Syntax> {
        Ok(self.here.clone())
    }
}
