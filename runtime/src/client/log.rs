//! Log lines that the other end can cause: few, and short, however much it sends.

use std::{
    fmt::Display,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many lines of a kind are written in one [`PERIOD`].
const LINES: u64 = 10;
const PERIOD: Duration = Duration::from_secs(10);

/// How many characters of the other end's a line shows.
const SHOWN: usize = 256;

/// Lets ten lines through in ten seconds.
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    lines: u64,
}

impl LogLimit {
    /// Whether a line may be written; with it, how many were left out before it.
    pub(crate) fn pass(&self) -> Option<u64> {
        let now = Instant::now();
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left_out = 0;
        if window
            .since
            .is_none_or(|since| now.duration_since(since) >= PERIOD)
        {
            left_out = window.lines.saturating_sub(LINES);
            *window = Window {
                since: Some(now),
                lines: 0,
            };
        }
        window.lines += 1;
        (window.lines <= LINES).then_some(left_out)
    }
}

/// The beginning of a text, for a log line. Written with `?`, so that it cannot begin a line of its own.
pub(crate) fn cut(text: &impl Display) -> String {
    let text = text.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
