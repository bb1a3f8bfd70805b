//! What the generator, the macro and the runtime of Handfast have to agree on: the keys of channels ([`key`]) and the
//! Rust names that are derived from others.
//!
//! This crate has no dependencies, so that a procedural macro can use it.

mod case;
pub mod key;

pub use case::{handler_trait, pascal, rust_ident, segment, snake};
