//! Protocols in which every part has each letter, and each name that generated code or the macro uses, as its name:
//! the test is that this compiles.

#![deny(warnings)]
#![recursion_limit = "256"]

mod by_hand;

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

/// Letters of other scripts, values that differ in signs, and fields that differ in a `_`.
pub mod letters {
    include!(concat!(env!("OUT_DIR"), "/letters.rs"));
}

/// The names that are refused: the part of the protocol, the name, and the code.
pub const REFUSED: &str = include_str!(concat!(env!("OUT_DIR"), "/refused.txt"));
