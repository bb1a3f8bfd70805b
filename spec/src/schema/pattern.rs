//! Patterns: validated where they are written.

use super::Lowering;
use crate::diagnostic::Diagnostic;
use handfast_schema::Span;
use handfast_schema::pattern::{PatternError, compile, explain};
use std::ops::Range;

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
    let source = lowering
        .sources
        .get(at.source)
        .map(|file| file.text.as_str());
    let written = source.and_then(|text| text.get(at.start as usize..at.end as usize));
    let place = written.and_then(|written| inside(written, pattern, &explained.at));
    let problem = match place {
        Some(place) => {
            let start = at.start + u32::try_from(place.start).unwrap_or(0);
            let end = at.start + u32::try_from(place.end).unwrap_or(0);
            let at = Span { start, end, ..at };
            Diagnostic::error(code, at, message).at(explained.why)
        }
        None => {
            let part = pattern.get(explained.at).unwrap_or(pattern);
            Diagnostic::error(code, at, message).at(format!("`{part}`: {}", explained.why))
        }
    };
    lowering.out.push(problem.help(explained.help));
    false
}

/// The source location of a part of a text, quotes and escapes included; `None` for a folded scalar.
fn inside(written: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let has_escapes = written.starts_with('"');
    if let Some(from) = written.find(text).filter(|_| !has_escapes) {
        return Some(from + part.start..from + part.end);
    }
    let mut at = usize::from(has_escapes);
    let (mut start, mut end) = (at, None);
    for (place, c) in text.char_indices() {
        if place == part.start {
            start = at;
        }
        if place == part.end {
            end = Some(at);
        }
        let rest = written.get(at..)?;
        let escaped = rest.strip_prefix('\\').filter(|_| has_escapes);
        at += match escaped.and_then(|rest| rest.chars().next()) {
            Some('u') if u32::from(c) > 0xffff => 12,
            Some('u') => 6,
            Some('x') => 4,
            Some('U') => 10,
            Some(escaped) => 1 + escaped.len_utf8(),
            None if rest.starts_with(c) => c.len_utf8(),
            None => return None,
        };
    }
    Some(start..end.unwrap_or(at))
}
