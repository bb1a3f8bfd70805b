//! Rust, TypeScript and JSON Schema from a Handfast protocol.
//!
//! This is the library behind `cargo run -p codegen`. An application has a member called `codegen` of its own, whose `main`
//! is one line: `handfast_codegen::cli::main()`.
//!
//! `load` (in `handfast-spec`) gives a model; [`shape`] finds the types that it needs; [`rust`], [`typescript`] and
//! [`json_schema`] turn both into text, as plain functions; [`mod@write`] puts the text on disk. The command line is
//! a thin layer over [`Generator`], which a `build.rs` or a `codegen` member of another workspace can use as well.

#[cfg(feature = "cli")]
pub mod cli;
mod coverage;
mod generate;
mod header;
#[cfg(feature = "cli")]
mod import;
pub mod json_schema;
pub mod names;
mod output;
mod output_paths;
pub mod rust;
pub mod shape;
pub mod typescript;
pub mod verify;
pub mod write;

pub use generate::{Generated, Generator, outputs};
pub use output::{GenerateError, Output};
