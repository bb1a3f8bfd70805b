//! A peer that does not read: noticed where nothing of what waits is written for too long.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Watches what is being written.
#[derive(Debug)]
pub(crate) struct Stall {
    timeout: Duration,
    watched: Option<Watched>,
}

#[derive(Debug)]
struct Watched {
    written: u64,
    /// When that last grew.
    since: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Stall {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            watched: None,
        }
    }

    /// Takes how much was written so far where something waits, and nothing where nothing does. Ready when the other end has taken
    /// nothing for too long.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, written: Option<u64>) -> Poll<()> {
        let Some(written) = written else {
            self.watched = None;
            return Poll::Pending;
        };
        let timeout = self.timeout;
        let watched = self.watched.get_or_insert_with(|| Watched {
            written,
            since: Instant::now(),
            sleep: Box::pin(tokio::time::sleep(timeout)),
        });
        if watched.written != written {
            (watched.written, watched.since) = (written, Instant::now());
        }
        loop {
            ready!(watched.sleep.as_mut().poll(cx));
            let end = watched.since + timeout;
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            // The timer is not moved at each write: it looks again when it is over.
            watched.sleep.as_mut().reset(end);
        }
    }
}
