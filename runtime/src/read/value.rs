//! A value that is in memory already, read as if it came from a text.

use super::{Field, Key, Kind, Num, Reader, Syntax, Text, VisitItem, VisitMember, sealed::Sealed};
use serde_json::Value;

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

    fn members(
        &mut self,
        fields: &[Field],
        visit: &mut VisitMember<'_, Self>,
    ) -> Result<(), Syntax> {
        let object = self.here;
        for (name, value) in object.as_object().ok_or(UNEXPECTED)? {
            self.here = value;
            match fields.iter().position(|field| field.name == name) {
                Some(field) => visit(self, Key::Known(field))?,
                None => visit(self, Key::Unknown(name))?,
            }
        }
        self.here = object;
        Ok(())
    }

    fn items(&mut self, visit: &mut VisitItem<'_, Self>) -> Result<(), Syntax> {
        let array = self.here;
        for (index, item) in array.as_array().ok_or(UNEXPECTED)?.iter().enumerate() {
            self.here = item;
            visit(self, index)?;
        }
        self.here = array;
        Ok(())
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
