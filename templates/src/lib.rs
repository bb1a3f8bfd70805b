//! The text around what varies: the layout of generated TypeScript, as templates without logic, and the TypeScript
//! runtime that is copied beside it.
//!
//! A template gets strings that are code already. Nothing is escaped here: `codegen` does that where it makes them.

mod runtime;
pub mod typescript;

pub use runtime::runtime;
