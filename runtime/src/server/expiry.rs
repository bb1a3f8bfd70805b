//! The end of a session's authentication.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};
use tokio::time::{Instant, Sleep};

/// How often the system's time is looked at: it may have been set, or gone on while the machine was suspended.
const CHECK: Duration = Duration::from_secs(300);

/// The largest number of milliseconds that is announced: the largest integer that a double represents exactly.
const MAX_ANNOUNCED: u64 = (1 << 53) - 1;

/// Waits until the system's time has reached a point.
pub(crate) struct Expiry {
    at: SystemTime,
    sleep: Pin<Box<Sleep>>,
}

impl Expiry {
    pub(crate) fn new(at: SystemTime) -> Self {
        Self {
            at,
            sleep: Box::pin(tokio::time::sleep(left(at).min(CHECK))),
        }
    }

    /// Ready once the time has come.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let left = left(self.at);
            if left.is_zero() {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(Instant::now() + left.min(CHECK));
        }
    }
}

fn left(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::now()).unwrap_or_default()
}

/// Returns the milliseconds until a point in time, as they are announced to a client.
pub(crate) fn announced(at: SystemTime) -> u64 {
    let left = u64::try_from(left(at).as_millis()).unwrap_or(MAX_ANNOUNCED);
    left.min(MAX_ANNOUNCED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn any_time_can_be_waited_for() {
        let mut past = Expiry::new(SystemTime::UNIX_EPOCH);
        std::future::poll_fn(|cx| past.poll(cx)).await;
        assert_eq!(announced(SystemTime::UNIX_EPOCH), 0);

        // The last second that the system's time can represent, whatever the platform.
        let mut step = Duration::from_secs(u64::MAX);
        let mut last = SystemTime::UNIX_EPOCH;
        while !step.is_zero() {
            match last.checked_add(step) {
                Some(later) => last = later,
                None => step /= 2,
            }
        }
        assert_eq!(announced(last), MAX_ANNOUNCED);
        let mut far = Expiry::new(last);
        let waited = std::future::poll_fn(|cx| far.poll(cx));
        tokio::time::timeout(10 * CHECK, waited)
            .await
            .expect_err("the time has not come");
    }
}
