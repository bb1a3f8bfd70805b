//! Write timeout: detects a peer that does not read.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// Detects that a pending write makes no progress.
#[derive(Debug)]
pub(crate) struct Stall {
    timeout: Duration,
    watched: Option<Box<Watched>>,
}

#[derive(Debug)]
struct Watched {
    written: u64,
    /// When `written` last changed.
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

    /// Takes the number of bytes written so far while a write is pending, and `None` otherwise. Ready when the peer has read nothing for
    /// the timeout.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, written: Option<u64>) -> Poll<()> {
        let Some(written) = written else {
            self.watched = None;
            return Poll::Pending;
        };
        let timeout = self.timeout;
        let watched = self.watched.get_or_insert_with(|| {
            Box::new(Watched {
                written,
                since: Instant::now(),
                sleep: Box::pin(tokio::time::sleep(timeout)),
            })
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
            // The timer is not reset at each write: it is checked when it fires.
            watched.sleep.as_mut().reset(end);
        }
    }
}
