//! Liveness: pings after an idle interval, and gives the peer up if nothing arrives after that.

use std::time::Duration;

/// How late a timer may fire. If it fires later, this process was suspended or starved, and bytes of the peer may be unread: the peer
/// gets another chance.
const LATE: Duration = Duration::from_millis(50);

/// The heartbeat of one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    interval: Duration,
    timeout: Duration,
    last_activity: Duration,
    /// When a ping was sent, if nothing arrived since.
    pinged: Option<Duration>,
    /// The deadline was extended once because the timer fired late.
    extended: bool,
    /// A ping was requested, regardless of the interval.
    ping_requested: bool,
    /// The peer was given up.
    silent: bool,
}

/// What the connection has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Send a ping.
    Ping,
    /// Close the connection: nothing arrived within the timeout.
    Silent,
}

impl Liveness {
    pub(crate) fn new(interval: Duration, timeout: Duration, now: Duration) -> Self {
        Self {
            interval,
            timeout,
            last_activity: now,
            pinged: None,
            extended: false,
            ping_requested: false,
            silent: false,
        }
    }

    /// Records that something arrived.
    pub(crate) fn hear(&mut self, now: Duration) {
        self.last_activity = now;
        self.pinged = None;
        self.extended = false;
    }

    /// Requests a ping, regardless of the interval.
    #[cfg(any(feature = "client", test))]
    pub(crate) fn ping_now(&mut self) {
        self.ping_requested |= self.pinged.is_none();
    }

    /// When there is something to do, unless something arrives.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        (!self.silent).then(|| self.due())
    }

    fn due(&self) -> Duration {
        match self.pinged {
            Some(pinged) => pinged + self.timeout,
            None if self.ping_requested => self.last_activity,
            None => self.last_activity + self.interval,
        }
    }

    /// Returns what to do now.
    pub(crate) fn beat(&mut self, now: Duration) -> Option<Beat> {
        let due = self.due();
        if self.silent || now < due {
            return None;
        }
        if self.pinged.is_some() {
            if now - due <= LATE || self.extended {
                self.silent = true;
                return Some(Beat::Silent);
            }
            self.extended = true;
        }
        self.ping_requested = false;
        self.pinged = Some(now);
        Some(Beat::Ping)
    }
}
