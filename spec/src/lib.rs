//! The protocol language: YAML or JSON read into a tree with spans, resolved and checked into a [`model`] of plain data.
//!
//! The stages are the modules: [`yaml`] reads text into a tree, `parse` checks it against the table of the
//! `language`, `schema` lowers its schemas, `resolve` builds the [`model`], `check` validates that, and `hash`
//! computes the hash of its meaning on the wire.

mod check;
mod codes;
pub mod diagnostic;
mod format;
mod hash;
mod language;
mod load;
pub mod model;
mod parse;
mod render;
mod resolve;
mod schema;
mod source;
mod tree;
pub mod yaml;

pub use codes::{CODES, explain};
pub use diagnostic::{Diagnostic, Label, MAX_SHOWN, Severity};
pub use format::format_schema;
pub use load::{Loaded, document, load, load_str};
pub use render::{render, render_json};
pub use schema::resolve_address;
pub use source::{MAX_FILE_BYTES, MAX_FILES, Source, Sources};
