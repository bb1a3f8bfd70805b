//! Code from a protocol.

pub mod json_schema;
pub mod verify;
