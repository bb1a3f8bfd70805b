//! Patterns: validated where they are written.

use super::Lowering;
use crate::diagnostic::Diagnostic;
use handfast_schema::Span;
use handfast_schema::pattern::{PatternError, compile, explain};

/// Whether a pattern is valid ECMA-262 and can be run in linear time; reports it otherwise. The interpreter
/// compiles patterns with the same function, so the two agree.
pub(super) fn check(lowering: &mut Lowering<'_>, pattern: &str, at: Span) -> bool {
    if lowering.good_patterns.contains(pattern) {
        return true;
    }
    let error = match compile(pattern) {
        Ok(_) => {
            lowering.good_patterns.insert(pattern.to_owned());
            return true;
        }
        Err(error) => error,
    };
    let (code, message) = match error {
        PatternError::Invalid => ("S007", "this is not an ECMA-262 regular expression"),
        PatternError::TooLarge => ("S008", "this pattern is too large to be run"),
        _ => ("S008", "this pattern cannot be run in linear time"),
    };
    let explained = explain(pattern, &error);
    let problem = match lowering.sources.part(at, pattern, &explained.at) {
        Some(part) => Diagnostic::error(code, part, message).at(explained.why),
        None => {
            let part = pattern.get(explained.at).unwrap_or(pattern);
            Diagnostic::error(code, at, message).at(format!("`{part}`: {}", explained.why))
        }
    };
    lowering.out.push(problem.help(explained.help));
    false
}
