//! Generated TypeScript checks as the interpreter does: every violation, in order.

#[path = "../../../schema/tests/branches/mod.rs"]
mod branches;
mod combined;
mod formats;
#[path = "../../../schema/tests/large/mod.rs"]
mod large;
mod linear;
#[path = "../../../schema/tests/overlaps/mod.rs"]
mod overlaps;
#[path = "../../../schema/tests/random/mod.rs"]
mod random;
mod schemas;
#[path = "../workshop/mod.rs"]
mod workshop;
