//! The Rust generated from the schemas of the vectors and from random ones, for comparison with the interpreter.

#![deny(warnings)]

use handfast::{Payload, Side, Violations, codec::Source, from_source};
use serde::Serialize;

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

/// What is written of a value that was read as a type by the receiving side, as JSON, or its violations.
pub type Read = fn(Source<'_>, Side) -> Result<String, Violations>;

/// Reads a value as a type, and writes it.
///
/// # Errors
/// If it is not valid.
pub fn read<T: Payload + Serialize>(source: Source<'_>, side: Side) -> Result<String, Violations> {
    match from_source::<T>(source, side) {
        Ok(value) => Ok(serde_json::to_string(&value).unwrap_or_else(|error| error.to_string())),
        Err(invalid) => Err(invalid.violations),
    }
}
