//! Protocols in which every part has each letter, and each name that generated code or the macro uses, as its name:
//! the test is that this compiles, as `cargo clippy --all-targets` does.

#![deny(warnings)]
#![allow(dead_code, reason = "the types are here to compile")]
#![recursion_limit = "256"]

mod by_hand;

include!(concat!(env!("OUT_DIR"), "/modules.rs"));

fn main() {}
