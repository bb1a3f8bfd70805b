//! x
mod api;
fn main() {}
