//! Reading: one pass that checks as it goes and reports every violation.
//!
//! A [`Reader`] is a pull reader over one encoding. A type reads itself from it ([`crate::Payload`]); what it finds
//! wrong goes into a [`ReadContext`], and reading goes on behind it. Paths are built on the way out, so that a message with
//! nothing wrong pays nothing for them.

mod cx;
mod digits;
mod fields;
mod json;
mod number;
mod object;
mod pattern;
mod rules;
mod scalar;
mod schema;
mod sequence;
mod told;
mod union;
mod value;

pub use cx::{Mark, ReadContext, Segment};
pub use fields::*;
pub use json::JsonReader;
pub use number::Num;
pub use object::{ObjectReader, map};
pub use pattern::Pattern;
pub use rules::{Contains, Limit, Rule, Rules};
pub use scalar::{Literals, literal, open_literal, string};
pub use schema::{Definitions, SchemaText};
pub use sequence::{ArrayReader, TupleReader};
pub use union::{UnionBranches, union};
pub use value::ValueReader;

use crate::codec::Body;
use bytestring::ByteString;
use std::{borrow::Cow, ops::Deref};

/// A value; or none, where it or what was read before it broke a rule that is now in the [`ReadContext`]; or the end of all reading.
pub type ReadResult<T> = Result<Option<T>, Stop>;

/// The text is not what its encoding asks for, and nothing can be read of it any more. The reader says what was wrong
/// ([`Reader::stopped`]): a word more to carry out of every value would slow down all that are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// What was wrong where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// The byte at which reading stopped.
    pub offset: usize,
    /// What was wrong there.
    pub message: &'static str,
}

/// What stands next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the six kinds of JSON value, and bytes")]
pub enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// A string, borrowed from the input where it stands there as it is.
#[derive(Debug)]
pub enum Text<'de, 'a> {
    /// From the input.
    Borrowed(&'de str),
    /// Unescaped; gone with the next read.
    Scratch(&'a str),
}

impl<'de> Text<'de, '_> {
    /// The text, copied where it does not stand in the input.
    pub fn into_cow(self) -> Cow<'de, str> {
        match self {
            Self::Borrowed(text) => Cow::Borrowed(text),
            Self::Scratch(text) => Cow::Owned(text.to_owned()),
        }
    }
}

impl Deref for Text<'_, '_> {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Scratch(text) => text,
        }
    }
}

/// What comes next in an object.
#[derive(Clone, Copy, Debug)]
pub enum Next {
    /// A field: its place in the table. Its value is read next.
    Field(usize),
    /// Another member, whose name is [`Reader::name`]. Its value is read next.
    Unknown,
    /// Nothing: the object was left.
    End,
    /// The text is not what its encoding asks for.
    Stop,
}

/// A pull reader: over a text, or over a value in memory. It is one type for all of them, so that what a type's reading
/// compiles to is there once.
#[derive(Debug)]
pub enum Reader<'de> {
    /// JSON text.
    Json(JsonReader<'de>),
    /// A JSON value.
    Value(ValueReader<'de>),
}

/// A place to come back to.
#[derive(Clone, Copy, Debug)]
pub enum Place<'de> {
    /// In a text: so many bytes in.
    Offset(usize),
    /// In a value.
    Value(&'de serde_json::Value),
}

/// An object that is being read.
#[derive(Debug)]
pub enum Members<'de> {
    /// In a text.
    Json {
        /// Whether nothing of it was read yet.
        first: bool,
    },
    /// In a value: the members that are left, and the object.
    Value(serde_json::map::Iter<'de>, &'de serde_json::Value),
}

/// An array that is being read.
#[derive(Debug)]
pub enum Items<'de> {
    /// In a text.
    Json {
        /// Whether nothing of it was read yet.
        first: bool,
    },
    /// In a value: the items that are left, and the array.
    Value(
        std::slice::Iter<'de, serde_json::Value>,
        &'de serde_json::Value,
    ),
}

macro_rules! either {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match $self {
            Self::Json(reader) => reader.$method($($argument),*),
            Self::Value(reader) => reader.$method($($argument),*),
        }
    };
}

impl<'de> Reader<'de> {
    /// A reader of a text that nests no deeper than `depth` arrays and objects.
    pub const fn json(text: &'de str, depth: u32) -> Self {
        Self::Json(JsonReader::new(text, depth))
    }

    /// A reader of a text whose strings may be shared.
    pub const fn body(body: Body<'de>, depth: u32) -> Self {
        Self::Json(JsonReader::of(body, depth))
    }

    /// A reader of a value.
    pub const fn value_of(value: &'de serde_json::Value) -> Self {
        Self::Value(ValueReader::new(value))
    }

    /// What stands next. Nothing is consumed.
    #[inline]
    pub fn peek(&mut self) -> Result<Kind, Stop> {
        either!(self.peek())
    }

    /// Reads a null.
    pub fn null(&mut self) -> Result<(), Stop> {
        either!(self.null())
    }

    /// Reads a boolean.
    pub fn boolean(&mut self) -> Result<bool, Stop> {
        either!(self.boolean())
    }

    /// Reads a number.
    #[inline]
    pub fn number(&mut self) -> Result<Num, Stop> {
        either!(self.number())
    }

    /// Reads a string.
    #[inline]
    pub fn string(&mut self) -> Result<Text<'de, '_>, Stop> {
        either!(self.string())
    }

    /// A string that was read, without a copy where the text it stands in can be shared.
    pub(super) fn share(&self, text: &'de str) -> ByteString {
        match self {
            Self::Json(reader) => reader.share(text),
            Self::Value(_) => text.into(),
        }
    }

    /// Goes into an object.
    pub fn enter_object(&mut self) -> Result<Members<'de>, Stop> {
        either!(self.enter_object())
    }

    /// Reads the next name, or leaves the object. It is looked for among `fields`, first at the place `guess`.
    #[inline]
    pub fn next_key(
        &mut self,
        members: &mut Members<'de>,
        fields: &[&'static str],
        guess: usize,
    ) -> Next {
        match (self, members) {
            (Self::Json(reader), Members::Json { first }) => reader.next_key(first, fields, guess),
            (Self::Value(reader), Members::Value(members, object)) => {
                reader.next_key(members, object, fields)
            }
            _ => Next::Stop,
        }
    }

    /// The name that was read last.
    pub fn name(&self) -> Cow<'de, str> {
        match self {
            Self::Json(reader) => reader.last_name(),
            Self::Value(reader) => Cow::Borrowed(reader.last_name()),
        }
    }

    /// Stops here.
    pub const fn stop(&mut self, message: &'static str) -> Stop {
        match self {
            Self::Json(reader) => reader.syntax(message),
            Self::Value(_) => Stop,
        }
    }

    /// What was wrong where reading stopped.
    pub const fn stopped(&self) -> Syntax {
        match self {
            Self::Json(reader) => reader.stopped(),
            Self::Value(_) => value::UNEXPECTED,
        }
    }

    /// Goes into an array.
    pub fn enter_array(&mut self) -> Result<Items<'de>, Stop> {
        either!(self.enter_array())
    }

    /// Whether an item follows; where none does, the array is left.
    #[inline]
    pub fn next_item(&mut self, items: &mut Items<'de>) -> Result<bool, Stop> {
        match (self, items) {
            (Self::Json(reader), Items::Json { first }) => reader.next_item(first),
            (Self::Value(reader), Items::Value(items, array)) => Ok(reader.next_item(items, array)),
            _ => Err(Stop),
        }
    }

    /// Passes over a value, whatever it is.
    pub fn skip(&mut self) -> Result<(), Stop> {
        match self {
            Self::Json(reader) => reader.skip(),
            Self::Value(_) => Ok(()),
        }
    }

    /// Where the reader is.
    pub const fn place(&self) -> Place<'de> {
        match self {
            Self::Json(reader) => Place::Offset(reader.offset()),
            Self::Value(reader) => Place::Value(reader.here()),
        }
    }

    /// Goes back, or forward, to a place.
    pub fn go(&mut self, place: Place<'de>) {
        match (self, place) {
            (Self::Json(reader), Place::Offset(offset)) => reader.go(offset),
            (Self::Value(reader), Place::Value(value)) => reader.go(value),
            _ => {}
        }
    }

    /// How many bytes of a text were read.
    pub const fn offset(&self) -> usize {
        match self {
            Self::Json(reader) => reader.offset(),
            Self::Value(_) => 0,
        }
    }

    /// Reads any value.
    pub fn value(&mut self) -> Result<serde_json::Value, Stop> {
        match self {
            Self::Json(reader) => reader.value(),
            Self::Value(reader) => Ok(reader.here().clone()),
        }
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// Where something does.
    pub fn end(&mut self) -> Result<(), Stop> {
        match self {
            Self::Json(reader) => reader.end(),
            Self::Value(_) => Ok(()),
        }
    }
}
