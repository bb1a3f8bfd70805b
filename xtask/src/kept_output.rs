//! What a command printed, for the summary at the end: of a long log, that is what people see first.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Mutex, PoisonError};

/// How many of its last lines are kept.
const LAST: usize = 20;

/// How many of the lines before those are kept, that say what failed.
const FAILURES: usize = 40;

/// How many lines behind such a line say more about it.
const DETAILS: usize = 4;

/// What a line that says so has, as cargo, Node and the programs of the tests print it.
const SIGNS: [&str; 5] = ["FAILED", "not ok ", "panicked at", "error: ", "error["];

/// The lines of a command that are kept.
#[derive(Default)]
pub(crate) struct KeptOutput(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    failures: Vec<String>,
    /// How many of the next lines belong to a failure.
    details: usize,
    /// The line before [`last`](Self::last), if it is not kept: it may say whose the next failure is.
    before: Option<String>,
    last: VecDeque<String>,
}

impl KeptOutput {
    /// Prints the lines of a command as they come, and keeps some.
    pub(crate) fn copy(&self, from: impl Read, mut to: impl Write) {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        // A command whose output cannot be read any more has ended, and one that nobody reads goes on.
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let _ = to.write_all(&line).and_then(|()| to.flush());
            self.keep(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }

    fn keep(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.last.push_back(line.to_owned());
        if lines.last.len() <= LAST {
            return;
        }
        let Some(earlier) = lines.last.pop_front() else {
            return;
        };
        if SIGNS.iter().any(|sign| earlier.contains(sign)) {
            let before = lines.before.take();
            lines.failures.extend(before);
            lines.details = DETAILS + 1;
        }
        if lines.details == 0 || lines.failures.len() >= FAILURES {
            lines.before = Some(earlier);
            return;
        }
        lines.details -= 1;
        lines.failures.push(earlier);
    }

    /// The kept lines: those that say what failed, and the last.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.failures.iter().chain(&lines.last).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{DETAILS, KeptOutput, LAST};

    #[test]
    fn failures_and_the_last_lines_are_kept() {
        let output: String = (0..100)
            .map(|n| match n {
                7 => "    FAILED: too slow\n".to_owned(),
                n => format!("line {n}\n"),
            })
            .collect();
        let kept = KeptOutput::default();
        let mut printed = Vec::new();
        kept.copy(output.as_bytes(), &mut printed);
        assert_eq!(String::from_utf8_lossy(&printed), output);
        let lines = kept.lines();
        let around = ["line 6", "    FAILED: too slow", "line 8", "line 9"];
        assert_eq!(lines[..4], around);
        assert_eq!(lines.len(), DETAILS + 2 + LAST);
        assert_eq!(lines.last().map(String::as_str), Some("line 99"));
    }
}
