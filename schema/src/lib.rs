//! JSON Schema 2020-12 as plain data: a node tree, an interpreter that reports every violation, and the text of those
//! violations.
//!
//! This crate is a leaf. It reads no YAML, touches no file and knows nothing of protocols: `spec` builds the tree,
//! `codegen` renders it, and the runtime produces the same violations.

pub mod details;
mod dynamic_refs;
pub mod format;
mod from_json;
mod interpret;
mod merge;
pub mod number;
pub mod openness;
pub mod pattern;
mod pointer;
mod tree;
pub mod union;
mod violation;

pub use details::ViolationDetail;
pub use dynamic_refs::TooManySchemas;
pub use from_json::FromJsonError;
pub use interpret::{Judgement, MAX_DEPTH, Validator, validate};
pub use merge::TooManyMerges;
pub use pointer::Pointer;
pub use tree::{
    Annotations, Dialect, DynamicRef, Number, Schema, SchemaId, Schemas, Side, Span, Type, TypeSet,
};
pub use violation::{
    MAX_VIOLATIONS, SharedDetail, Violation, Violations, listed, remove_duplicates,
};
