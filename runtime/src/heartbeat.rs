//! The heartbeat: an end that heard nothing for a while asks, and gives up where nothing answers.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// How much later than asked for a timer may fire. One that is later says that this process did not run: what the other end
/// sent meanwhile may not be read yet.
const LATE: Duration = Duration::from_millis(50);

/// Watches for signs of life.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    heard: Instant,
    /// When it was asked whether anybody is there, since the last sign of life.
    asked: Option<Instant>,
    /// The answer was waited for once more, because the timer was late.
    late: bool,
    /// It should be asked, whenever something was heard last.
    wanted: bool,
    sleep: Pin<Box<Sleep>>,
}

/// What the heartbeat wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeartbeatAction {
    /// Send a ping.
    Ping,
    /// The other end did not answer in time.
    TimedOut,
}

impl Heartbeat {
    pub(crate) fn new(interval: Duration, timeout: Duration) -> Self {
        let heard = Instant::now();
        let sleep = Box::pin(tokio::time::sleep_until(heard + interval));
        Self {
            interval,
            timeout,
            heard,
            asked: None,
            late: false,
            wanted: false,
            sleep,
        }
    }

    /// A sign of life.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
        self.late = false;
    }

    /// Asks at the next turn, whenever something was heard last.
    #[cfg(feature = "client")]
    pub(crate) fn ask_now(&mut self) {
        if self.asked.is_none() {
            self.wanted = true;
            self.sleep.as_mut().reset(Instant::now());
        }
    }

    fn due(&self) -> Instant {
        match self.asked {
            Some(asked) => asked + self.timeout,
            None if self.wanted => self.heard,
            None => self.heard + self.interval,
        }
    }

    /// Ready when there is something to do. The timer is not moved at each sign of life: it looks again when it is over.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HeartbeatAction> {
        loop {
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            let beat = match self.asked {
                _ if now < self.due() => None,
                Some(_) if now - self.due() > LATE && !self.late => {
                    self.late = true;
                    self.asked = Some(now);
                    Some(HeartbeatAction::Ping)
                }
                Some(_) => return Poll::Ready(HeartbeatAction::TimedOut),
                None => {
                    self.wanted = false;
                    self.asked = Some(now);
                    Some(HeartbeatAction::Ping)
                }
            };
            let due = self.due();
            self.sleep.as_mut().reset(due);
            if let Some(beat) = beat {
                return Poll::Ready(beat);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(25);
    const TIMEOUT: Duration = Duration::from_secs(10);

    async fn beat(heartbeat: &mut Heartbeat) -> HeartbeatAction {
        std::future::poll_fn(|cx| heartbeat.poll(cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_of_life_begins_anew() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT);
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
        assert_eq!(start.elapsed(), INTERVAL);
        // The answer comes; from then on the whole interval passes again.
        tokio::time::advance(TIMEOUT / 2).await;
        heartbeat.hear(Instant::now());
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
        assert_eq!(start.elapsed(), INTERVAL * 2 + TIMEOUT / 2);
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::TimedOut);
        assert_eq!(start.elapsed(), INTERVAL * 2 + TIMEOUT * 3 / 2);
    }
    #[tokio::test(start_paused = true)]
    async fn a_timer_that_fires_late_waits_once_more() {
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT);
        for _ in 0..2 {
            assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
            tokio::time::advance(TIMEOUT * 2).await;
            assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
            heartbeat.hear(Instant::now());
        }
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
        tokio::time::advance(TIMEOUT * 2).await;
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
        tokio::time::advance(TIMEOUT * 2).await;
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::TimedOut);
    }
}
