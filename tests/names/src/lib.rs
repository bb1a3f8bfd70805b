//! What can be run of the protocols with every name. That all of them compile is the target `compiles`.

#![deny(warnings)]

/// Letters of other scripts, values that differ in signs, and fields that differ in a `_`.
pub mod letters {
    include!(concat!(env!("OUT_DIR"), "/letters.rs"));
}

/// The names that are refused: the part of the protocol, the name, and the code.
pub const REFUSED: &str = include_str!(concat!(env!("OUT_DIR"), "/refused.txt"));
