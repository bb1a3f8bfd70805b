//! Exponential backoff with jitter.

use crate::{descriptor::SessionDescriptor, random};
use std::time::Duration;

/// The shortest delay, unless `backoff.max` is shorter: without it, a server that refuses at once would be retried in a tight loop.
const FLOOR: Duration = Duration::from_millis(100);

/// The least bound after the server reported overload, as a multiple of `backoff.min`.
const BUSY: u32 = 8;

/// Random delays between a floor and a bound that doubles. The floor is half of `backoff.min`, and at least 100 ms.
#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    attempts: Option<u32>,
    bound: Duration,
    /// Attempts since the last success.
    tried: u32,
}

impl Backoff {
    pub(crate) fn new(session: &SessionDescriptor) -> Self {
        let (min, max) = session.backoff;
        Self {
            min,
            max,
            attempts: session.attempts,
            bound: min,
            tried: 0,
        }
    }

    /// Starts over with the shortest bound.
    pub(crate) fn reset(&mut self) {
        self.bound = self.min;
        self.tried = 0;
    }

    /// Records that a session ended. Only one that lasted `backoff.max` counts as a success: otherwise all clients of a server
    /// that accepts and closes at once would reconnect without a delay.
    pub(crate) fn ended(&mut self, lasted: Duration) {
        if lasted >= self.max {
            self.reset();
        }
    }

    /// Raises the bound because the server is overloaded.
    pub(crate) fn slow_down(&mut self) {
        self.bound = self.bound.max(self.min.saturating_mul(BUSY)).min(self.max);
    }

    /// Returns the delay before the next attempt, or `None` if `backoff.attempts` is used up.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        if self.attempts.is_some_and(|max| self.tried >= max) {
            return None;
        }
        self.tried = self.tried.saturating_add(1);
        Some(self.wait())
    }

    /// Returns the next delay, regardless of the number of attempts.
    pub(crate) fn wait(&mut self) -> Duration {
        let floor = (self.min / 2).max(FLOOR).min(self.max);
        let bound = self.bound.max(floor);
        self.bound = bound.saturating_mul(2).min(self.max);
        let part = random::number() as f64 / u64::MAX as f64;
        floor + (bound - floor).mul_f64(part)
    }
}
