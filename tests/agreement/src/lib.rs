//! The Rust generated from the schemas of the vectors and from random ones, for comparison with the interpreter.

#![deny(warnings)]

use handfast::{Payload, Side, Violations, from_str};

/// The output of the build script.
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

include!(concat!(env!("OUT_DIR"), "/reads.rs"));

/// The violations of a text as a type, for the receiving side.
pub type Read = fn(&str, Side) -> Violations;

/// Reads a text as a type.
pub fn read<T: Payload>(text: &str, side: Side) -> Violations {
    match from_str::<T>(text, side) {
        Ok(_) => Violations::new(),
        Err(invalid) => invalid.violations,
    }
}
