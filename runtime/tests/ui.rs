//! One mistake gives one error, at the place where it was made. Some of the mistakes are made with a server.

#![cfg(all(feature = "server", feature = "client"))]

#[test]
fn one_mistake_is_one_error() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
