//! Generated TypeScript checks as the interpreter does: every violation, in order.

mod combined;
mod formats;
#[path = "../../../schema/tests/large/mod.rs"]
mod large;
mod linear;
#[path = "../../../schema/tests/random/mod.rs"]
mod random;
mod schemas;
#[path = "../workshop/mod.rs"]
mod workshop;
