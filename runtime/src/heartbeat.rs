//! The heartbeat: sends a ping after an idle interval, and times out if nothing arrives after it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// How late a timer may fire. If it fires later, this process was suspended or starved, and bytes of the peer may be unread: the peer
/// gets another chance.
const LATE: Duration = Duration::from_millis(50);

/// The heartbeat of one connection.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    last_activity: Instant,
    /// When a ping was sent, if nothing arrived since.
    pinged: Option<Instant>,
    /// The deadline was extended once because the timer fired late.
    extended: bool,
    /// A ping was requested, regardless of the interval.
    ping_requested: bool,
    sleep: Pin<Box<Sleep>>,
}

/// What the connection has to do for its heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeartbeatAction {
    /// Send a ping.
    Ping,
    /// Close the connection: nothing arrived within the timeout.
    TimedOut,
}

impl Heartbeat {
    pub(crate) fn new(interval: Duration, timeout: Duration) -> Self {
        let last_activity = Instant::now();
        let sleep = Box::pin(tokio::time::sleep_until(last_activity + interval));
        Self {
            interval,
            timeout,
            last_activity,
            pinged: None,
            extended: false,
            ping_requested: false,
            sleep,
        }
    }

    /// Records that something arrived.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.last_activity = now;
        self.pinged = None;
        self.extended = false;
    }

    /// Requests a ping at the next poll, regardless of the interval.
    #[cfg(feature = "client")]
    pub(crate) fn ping_now(&mut self) {
        if self.pinged.is_none() {
            self.ping_requested = true;
            self.sleep.as_mut().reset(Instant::now());
        }
    }

    fn due(&self) -> Instant {
        match self.pinged {
            Some(pinged) => pinged + self.timeout,
            None if self.ping_requested => self.last_activity,
            None => self.last_activity + self.interval,
        }
    }

    /// Ready if there is something to do. Activity does not reset the timer: the deadline is computed again when the timer fires.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<HeartbeatAction> {
        loop {
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            let beat = match self.pinged {
                _ if now < self.due() => None,
                Some(_) if now - self.due() > LATE && !self.extended => {
                    self.extended = true;
                    self.pinged = Some(now);
                    Some(HeartbeatAction::Ping)
                }
                Some(_) => return Poll::Ready(HeartbeatAction::TimedOut),
                None => {
                    self.ping_requested = false;
                    self.pinged = Some(now);
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
    async fn activity_restarts_the_interval() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT);
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
        assert_eq!(start.elapsed(), INTERVAL);
        // A pong arrives; from then on the whole interval passes again.
        tokio::time::advance(TIMEOUT / 2).await;
        heartbeat.hear(Instant::now());
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::Ping);
        assert_eq!(start.elapsed(), INTERVAL * 2 + TIMEOUT / 2);
        assert_eq!(beat(&mut heartbeat).await, HeartbeatAction::TimedOut);
        assert_eq!(start.elapsed(), INTERVAL * 2 + TIMEOUT * 3 / 2);
    }
    #[tokio::test(start_paused = true)]
    async fn a_late_timer_extends_the_deadline_once() {
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
