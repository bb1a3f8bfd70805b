//! Reading: one pass that validates while it decodes and reports every violation.
//!
//! A [`Reader`] is a pull parser for one encoding. A type reads itself from it ([`crate::Payload`]); violations are collected in a
//! [`ReadContext`], and reading continues after them. Paths are built on the way out, so that valid messages do not pay for them.

mod attempts;
mod binary;
mod checked;
mod constant;
mod context;
mod detail_cache;
mod digits;
mod fields;
mod ignored;
mod integer;
mod json;
pub mod kinds;
mod number;
mod object;
mod pattern;
mod rules;
mod scalar;
mod schema;
mod sequence;
mod shared_text;
mod transcode;
mod union;
mod untagged;
mod value;

pub use attempts::Attempts;
pub use binary::{BinaryFormat, BinaryReader};
pub(crate) use checked::read_any;
pub use checked::read_checked;
pub use constant::{Constant, Constants, constant};
pub(crate) use context::RefusedNames;
pub use context::{Mark, ReadContext, Segment};
pub use fields::*;
pub use json::JsonReader;
pub use number::Num;
pub use object::{ObjectReader, RestMembers, RestSlot, map};
pub use pattern::Pattern;
pub use rules::{Contains, Limit, Rule, Rules};
pub(crate) use scalar::text;
pub use scalar::{Literals, literal, open_literal, string};
pub use schema::{Definitions, SchemaText};
pub use sequence::{ArrayReader, TupleReader, TupleWidth};
pub(crate) use transcode::Transcoded;
pub use union::{UnionBranches, union};
pub use untagged::{Guard, Untagged, UntaggedBranch, untagged};
pub use value::ValueReader;

use crate::codec::Body;
use bytes::Bytes;
use bytestring::ByteString;
use std::{borrow::Cow, ops::Deref};

/// A value; `None` if the value, or one read before it, has violations, which are in the [`ReadContext`]; or an error if reading cannot
/// continue.
pub type ReadResult<T> = Result<Option<T>, Stop>;

/// The input is malformed and reading cannot continue. The reader holds the reason ([`Reader::stopped`]): returning it from every value
/// would slow down reading valid messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Why and where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// The byte at which reading stopped.
    pub offset: usize,
    /// The syntax error.
    pub message: &'static str,
}

/// The kind of the next value.
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

/// A string, borrowed from the input if it has no escapes.
#[derive(Debug)]
pub enum Text<'de, 'a> {
    /// Part of the input.
    Borrowed(&'de str),
    /// Unescaped; overwritten by the next read.
    Scratch(&'a str),
}

impl<'de> Text<'de, '_> {
    /// Returns the text, copied unless it is borrowed from the input.
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
    /// A declared field: its index. Its value is read next.
    Field(usize),
    /// An undeclared member, whose name is [`Reader::name`]. Its value is read next.
    Unknown,
    /// The end of the object, which the reader has left.
    End,
    /// The input is malformed.
    Stop,
}

/// A pull parser over a text, a binary message or a value in memory. It is one enum, not a trait, so that the code that reads a type is compiled once.
#[derive(Debug)]
pub enum Reader<'de> {
    /// JSON text.
    Json(JsonReader<'de>),
    /// MessagePack or CBOR.
    Binary(BinaryReader<'de>),
    /// A JSON value.
    Value(ValueReader<'de>),
}

/// A position to return to.
#[derive(Clone, Copy, Debug)]
pub enum Place<'de> {
    /// A byte offset in a text or a binary message.
    Offset(usize),
    /// In a value.
    Value(&'de serde_json::Value),
}

/// The state of reading an object.
#[derive(Debug)]
pub enum Members<'de> {
    /// In a text.
    Json {
        /// Whether nothing of it has been read yet.
        first: bool,
    },
    /// In a binary message: the number of remaining members.
    Counted(usize),
    /// In a value: the remaining members, and the object.
    Value(serde_json::map::Iter<'de>, &'de serde_json::Value),
}

/// The state of reading an array.
#[derive(Debug)]
pub enum Items<'de> {
    /// In a text.
    Json {
        /// Whether nothing of it has been read yet.
        first: bool,
    },
    /// In a binary message: the number of remaining items.
    Counted(usize),
    /// In a value: the remaining items, and the array.
    Value(
        std::slice::Iter<'de, serde_json::Value>,
        &'de serde_json::Value,
    ),
}

macro_rules! either {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match $self {
            Self::Json(reader) => reader.$method($($argument),*),
            Self::Binary(reader) => reader.$method($($argument),*),
            Self::Value(reader) => reader.$method($($argument),*),
        }
    };
}

impl<'de> Reader<'de> {
    /// Creates a reader of a text with at most `depth` nested arrays and objects.
    pub const fn json(text: &'de str, depth: u32) -> Self {
        Self::Json(JsonReader::new(text, depth))
    }

    /// Creates a reader of a text whose strings can be shared without a copy.
    pub const fn body(body: Body<'de>, depth: u32) -> Self {
        Self::Json(JsonReader::of(body, depth))
    }

    /// Creates a reader of a binary message with at most `depth` nested arrays and maps.
    pub const fn binary(format: BinaryFormat, bytes: &'de [u8], depth: u32) -> Self {
        Self::Binary(BinaryReader::new(format, bytes, depth))
    }

    /// Creates a reader of a binary message whose strings can be shared without a copy.
    pub fn shared(format: BinaryFormat, bytes: &'de Bytes, depth: u32) -> Self {
        Self::Binary(BinaryReader::shared(format, bytes, depth))
    }

    /// Creates a reader of a value.
    pub const fn value_of(value: &'de serde_json::Value) -> Self {
        Self::Value(ValueReader::new(value))
    }

    /// Returns the kind of the next value without consuming it.
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

    /// Returns whether a number was read since the last call that a double may not have exactly. A value in memory has what it has.
    pub(super) const fn take_inexact(&mut self) -> bool {
        match self {
            Self::Json(reader) => reader.take_inexact(),
            Self::Binary(reader) => reader.take_inexact(),
            Self::Value(_) => false,
        }
    }

    /// Reads a string.
    #[inline]
    pub fn string(&mut self) -> Result<Text<'de, '_>, Stop> {
        either!(self.string())
    }

    /// Reads a string. Returns `None`, and reads nothing, if the value is not a string.
    #[inline]
    pub(crate) fn any_string(&mut self) -> Result<Option<Text<'de, '_>>, Stop> {
        if let Self::Json(reader) = self
            && let Some(text) = reader.quick_text()
        {
            return Ok(Some(Text::Borrowed(text)));
        }
        match self.peek()? {
            Kind::String => self.string().map(Some),
            _ => Ok(None),
        }
    }

    /// Reads a byte string as bytes, if the next value is one. Otherwise reads nothing: [`Reader::string`] returns base64.
    pub(super) fn byte_string(&mut self) -> Result<Option<Cow<'de, [u8]>>, Stop> {
        match self {
            Self::Binary(reader) => reader.byte_string(),
            Self::Json(_) | Self::Value(_) => Ok(None),
        }
    }

    /// Returns a string that was read, without a copy if the text can be shared.
    pub(super) fn share(&mut self, text: &'de str) -> ByteString {
        match self {
            Self::Json(reader) => reader.share(text),
            Self::Binary(reader) => reader.share(text),
            Self::Value(_) => text.into(),
        }
    }

    /// Enters an object.
    #[inline]
    pub fn enter_object(&mut self) -> Result<Members<'de>, Stop> {
        either!(self.enter_object())
    }

    /// Reads the next name, or leaves the object. The name is looked up in `fields`, first at the index `guess`.
    #[inline]
    pub fn next_key(
        &mut self,
        members: &mut Members<'de>,
        fields: &[&'static str],
        guess: usize,
    ) -> Next {
        match (self, members) {
            (Self::Json(reader), Members::Json { first }) => reader.next_key(first, fields, guess),
            (Self::Binary(reader), Members::Counted(left)) => reader.next_key(left, fields, guess),
            (Self::Value(reader), Members::Value(members, object)) => {
                reader.next_key(members, object, fields)
            }
            _ => Next::Stop,
        }
    }

    /// As [`Self::next_key`], for names that all appear verbatim in JSON text: without white space around it, a name is found for less.
    #[inline]
    pub(crate) fn next_plain_key(
        &mut self,
        members: &mut Members<'de>,
        names: &[&'static str],
        guess: usize,
    ) -> Next {
        if let (Self::Json(reader), Members::Json { first }) = (&mut *self, &mut *members)
            && let Some(place) = reader.quick_place(first, names, guess)
        {
            return Next::Field(place);
        }
        self.next_key(members, names, guess)
    }

    /// Returns the name that was read last.
    pub fn name(&self) -> Cow<'de, str> {
        match self {
            Self::Json(reader) => reader.last_name(),
            Self::Binary(reader) => reader.last_name(),
            Self::Value(reader) => Cow::Borrowed(reader.last_name()),
        }
    }

    /// Stops reading because of a syntax error.
    pub const fn stop(&mut self, message: &'static str) -> Stop {
        match self {
            Self::Json(reader) => reader.syntax(message),
            Self::Binary(reader) => reader.syntax(message),
            Self::Value(_) => Stop,
        }
    }

    /// Why and where reading stopped.
    pub const fn stopped(&self) -> Syntax {
        match self {
            Self::Json(reader) => reader.stopped(),
            Self::Binary(reader) => reader.stopped(),
            Self::Value(_) => value::UNEXPECTED,
        }
    }

    /// Enters an array.
    #[inline]
    pub fn enter_array(&mut self) -> Result<Items<'de>, Stop> {
        either!(self.enter_array())
    }

    /// Returns whether an item follows. If not, the array is left.
    #[inline]
    pub fn next_item(&mut self, items: &mut Items<'de>) -> Result<bool, Stop> {
        match (self, items) {
            (Self::Json(reader), Items::Json { first }) => reader.next_item(first),
            (Self::Binary(reader), Items::Counted(left)) => Ok(reader.next_item(left)),
            (Self::Value(reader), Items::Value(items, array)) => Ok(reader.next_item(items, array)),
            _ => Err(Stop),
        }
    }

    /// Skips a value of any kind.
    pub fn skip(&mut self) -> Result<(), Stop> {
        match self {
            Self::Json(reader) => reader.skip(),
            Self::Binary(reader) => reader.skip(),
            Self::Value(_) => Ok(()),
        }
    }

    /// Returns the current position.
    pub const fn place(&self) -> Place<'de> {
        match self {
            Self::Json(reader) => Place::Offset(reader.offset()),
            Self::Binary(reader) => Place::Offset(reader.offset()),
            Self::Value(reader) => Place::Value(reader.here()),
        }
    }

    /// Moves to a position.
    pub fn go(&mut self, place: Place<'de>) {
        match (self, place) {
            (Self::Json(reader), Place::Offset(offset)) => reader.go(offset),
            (Self::Binary(reader), Place::Offset(offset)) => reader.go(offset),
            (Self::Value(reader), Place::Value(value)) => reader.go(value),
            _ => {}
        }
    }

    /// Returns the number of bytes read from a text or a binary message.
    pub const fn offset(&self) -> usize {
        match self {
            Self::Json(reader) => reader.offset(),
            Self::Binary(reader) => reader.offset(),
            Self::Value(_) => 0,
        }
    }

    /// Reads a value of any kind.
    pub fn value(&mut self) -> Result<serde_json::Value, Stop> {
        match self {
            Self::Json(reader) => reader.value(),
            Self::Binary(reader) => reader.value(),
            Self::Value(reader) => Ok(reader.here().clone()),
        }
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// If something does.
    pub fn end(&mut self) -> Result<(), Stop> {
        match self {
            Self::Json(reader) => reader.end(),
            Self::Binary(reader) => reader.end(),
            Self::Value(_) => Ok(()),
        }
    }
}
