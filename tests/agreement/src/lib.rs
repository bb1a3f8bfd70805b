//! The Rust that is generated from the schemas of the vectors and from random ones, to be asked what the interpreter is asked.

#![deny(warnings)]

use handfast::{Payload, Side, Violations, from_str};

/// What the build script generated.
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

include!(concat!(env!("OUT_DIR"), "/reads.rs"));

/// What keeps a text from being a value of a type, as an end that receives it says.
pub type Read = fn(&str, Side) -> Violations;

/// Reads a text as a type, from itself.
pub fn read<T: Payload>(text: &str, side: Side) -> Violations {
    match from_str::<T>(text, side) {
        Ok(_) => Violations::new(),
        Err(invalid) => invalid.violations,
    }
}
