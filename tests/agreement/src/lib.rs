//! The Rust generated from the schemas of the vectors and from random ones, for comparison with the interpreter.

#![deny(warnings)]

use handfast::{Payload, Side, Violations, codec::Source, from_source};

/// Types of Handfast's dialect.
pub mod handfast_dialect {
    /// The output of the build script.
    pub mod api {
        include!(concat!(env!("OUT_DIR"), "/handfast/api.rs"));
    }

    include!(concat!(env!("OUT_DIR"), "/handfast/reads.rs"));
}

/// Types of standard JSON Schema.
pub mod json_schema {
    /// The output of the build script.
    pub mod api {
        include!(concat!(env!("OUT_DIR"), "/json-schema/api.rs"));
    }

    include!(concat!(env!("OUT_DIR"), "/json-schema/reads.rs"));
}

/// The violations of a value as a type, for the receiving side.
pub type Read = fn(Source<'_>, Side) -> Violations;

/// Reads a value as a type.
pub fn read<T: Payload>(source: Source<'_>, side: Side) -> Violations {
    match from_source::<T>(source, side) {
        Ok(_) => Violations::new(),
        Err(invalid) => invalid.violations,
    }
}
