//! The protocol language: YAML or JSON read into a tree with spans, resolved and checked into a [`model`] of plain data.

pub mod diagnostic;
pub mod model;
