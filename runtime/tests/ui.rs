//! One mistake gives one error, at the place where it was made.

#[test]
fn one_mistake_is_one_error() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
