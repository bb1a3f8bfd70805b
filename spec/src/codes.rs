//! Codes.
/// Codes.
pub const CODES: &[(&str, &str)] = &[];
/// Explain.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(c, _)| *c == code).map(|(_, p)| *p)
}
