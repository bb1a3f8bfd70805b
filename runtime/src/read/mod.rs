//! Reading: one pass that checks as it goes and reports every violation.
//!
//! A [`Reader`] is a pull reader over one encoding. A type reads itself from it ([`crate::Payload`]); what it finds
//! wrong goes into a [`Cx`], and reading goes on behind it. Paths are built on the way out, so that a message with
//! nothing wrong pays nothing for them.

mod cx;
mod json;
mod number;
mod object;
mod rules;
mod scalar;
mod sequence;
mod union;
mod value;

pub use cx::{Cx, Mark, Segment};
pub use json::JsonReader;
pub use number::Num;
pub use object::{ObjectReader, ObjectTable, map};
pub use rules::{Limit, Pattern, Rule, Rules};
pub use scalar::{Literals, literal, open_literal, string};
pub use sequence::{ArrayReader, TupleReader};
pub use union::{UnionBranches, union};
pub use value::ValueReader;

use std::{borrow::Cow, fmt, ops::Deref};

/// A value; or none, where it broke a rule that is now in the [`Cx`]; or the end of all reading.
pub type Step<T> = Result<Option<T>, Syntax>;

/// The text is not what its encoding asks for.
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

impl Deref for Text<'_, '_> {
    type Target = str;
    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Scratch(text) => text,
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// What a member of an object is called.
#[derive(Debug)]
pub enum Key<'de> {
    /// The field at a place of the table.
    Known(usize),
    /// None of them.
    Unknown(Cow<'de, str>),
}

/// A pull reader over one encoding.
pub trait Reader<'de>: sealed::Sealed + Sized + fmt::Debug {
    /// A place to come back to.
    type Place: Copy + fmt::Debug;
    /// An object that is being read.
    type Members: fmt::Debug;
    /// An array that is being read.
    type Items: fmt::Debug;

    /// What stands next. Nothing is consumed.
    fn peek(&mut self) -> Result<Kind, Syntax>;
    /// Reads a null.
    fn null(&mut self) -> Result<(), Syntax>;
    /// Reads a boolean.
    fn boolean(&mut self) -> Result<bool, Syntax>;
    /// Reads a number.
    fn number(&mut self) -> Result<Num, Syntax>;
    /// Reads a string.
    fn string(&mut self) -> Result<Text<'de, '_>, Syntax>;
    /// Goes into an object.
    fn enter_object(&mut self) -> Result<Self::Members, Syntax>;
    /// Reads the next name, or leaves the object. It is looked for among `fields`, first at the place `guess`.
    fn next_key(
        &mut self,
        members: &mut Self::Members,
        fields: &[&'static str],
        guess: usize,
    ) -> Result<Option<Key<'de>>, Syntax>;
    /// Goes into an array.
    fn enter_array(&mut self) -> Result<Self::Items, Syntax>;
    /// Whether an item follows; where none does, the array is left.
    fn next_item(&mut self, items: &mut Self::Items) -> Result<bool, Syntax>;
    /// Passes over a value, whatever it is.
    fn skip(&mut self) -> Result<(), Syntax>;
    /// Where the reader is.
    fn place(&self) -> Self::Place;
    /// Goes back, or forward, to a place.
    fn go(&mut self, place: Self::Place);
    /// Reads any value.
    fn value(&mut self) -> Result<serde_json::Value, Syntax>;
}
