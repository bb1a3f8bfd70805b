//! How long a client waits before it tries again.

use crate::{descriptor::SessionDescriptor, random};
use std::time::Duration;

/// The least that is waited, unless `backoff.max` is less: a server that refuses at once must not be asked without a pause.
const FLOOR: Duration = Duration::from_millis(100);

/// How many times `backoff.min` the bound is at the least where the server said that it is asked too much.
const BUSY: u32 = 8;

/// Random waits below a bound that doubles, and never below a floor: half of `backoff.min`, 100 ms at the least.
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

    /// Begins anew.
    pub(crate) fn reset(&mut self) {
        self.bound = self.min;
        self.tried = 0;
    }

    /// A session ended. Only one that lasted `backoff.max` counts as a success: a server that takes everybody and closes at
    /// once would be asked again at once, by all its clients.
    pub(crate) fn ended(&mut self, lasted: Duration) {
        if lasted >= self.max {
            self.reset();
        }
    }

    /// The server is asked too much.
    pub(crate) fn slow_down(&mut self) {
        self.bound = self.bound.max(self.min.saturating_mul(BUSY)).min(self.max);
    }

    /// How long to wait before the next attempt; none where there were enough.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        if self.attempts.is_some_and(|most| self.tried >= most) {
            return None;
        }
        self.tried = self.tried.saturating_add(1);
        Some(self.wait())
    }

    /// How long to wait, whatever the attempts.
    pub(crate) fn wait(&mut self) -> Duration {
        let floor = (self.min / 2).max(FLOOR).min(self.max);
        let bound = self.bound.max(floor);
        self.bound = bound.saturating_mul(2).min(self.max);
        let part = random::number() as f64 / u64::MAX as f64;
        floor + (bound - floor).mul_f64(part)
    }
}
