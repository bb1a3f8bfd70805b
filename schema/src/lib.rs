//! JSON Schema 2020-12 as plain data: a node tree, an interpreter that reports every violation, the words those
//! violations are told in, and a canonical hash.
//!
//! This crate is a leaf. It reads no YAML, touches no file and knows nothing of protocols: `spec` builds the tree,
//! `codegen` renders it, and the runtime shares its words.

pub mod format;
mod from_json;
mod interpret;
pub mod number;
mod overlap;
pub mod pattern;
mod pointer;
pub mod position;
mod tree;
mod unfold;
pub mod union;
mod violation;
pub mod words;

pub use from_json::FromJsonError;
pub use interpret::{MAX_DEPTH, Validator, validate};
pub use overlap::TooManyOverlaps;
pub use pointer::Pointer;
pub use tree::{
    Annotations, Dialect, DynamicRef, Number, Schema, SchemaId, Schemas, Side, Span, Type, TypeSet,
};
pub use unfold::TooManySchemas;
pub use violation::{MAX_VIOLATIONS, Telling, Violation, Violations, listed, tell_once};
pub use words::Told;
