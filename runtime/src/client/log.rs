//! Rate limiting and truncation of log lines that the peer can cause.

use std::{
    fmt::Display,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many lines are written in one [`PERIOD`].
const MAX_LINES: u64 = 10;
const PERIOD: Duration = Duration::from_secs(10);

/// How many characters of peer-controlled text a line shows.
const MAX_TEXT: usize = 256;

/// Allows ten lines in ten seconds.
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    lines: u64,
}

impl LogLimit {
    /// Returns `Some` if a line may be written, with the number of lines that were suppressed before it.
    pub(crate) fn allow(&self) -> Option<u64> {
        let now = Instant::now();
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut suppressed = 0;
        if window
            .since
            .is_none_or(|since| now.duration_since(since) >= PERIOD)
        {
            suppressed = window.lines.saturating_sub(MAX_LINES);
            *window = Window {
                since: Some(now),
                lines: 0,
            };
        }
        window.lines += 1;
        (window.lines <= MAX_LINES).then_some(suppressed)
    }
}

/// Truncates a text for a log line. Record it with `Debug`, which escapes line breaks.
pub(crate) fn truncate(text: &impl Display) -> String {
    let text = text.to_string();
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
