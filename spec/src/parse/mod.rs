//! Checks the form of a document: known keys, kinds of values, the small grammars.

pub(crate) mod form;
pub(crate) mod grammar;
