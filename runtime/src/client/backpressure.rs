//! What a client does for readers of the application that are behind: for a moment, it reads nothing more.

use super::core::Core;
use crate::calls::{Inbox, PATIENCE};
use std::{pin::Pin, sync::Arc, task::Context, time::Duration};
use tokio::time::{Instant, Sleep};

/// How long a reader may hold up the connection while somebody waits for a reply: that may be the reader itself.
const BRIEFLY: Duration = Duration::from_millis(50);

/// For how long the connection goes on reading, at least, once it has not read for [`PATIENCE`]: others are to be heard, the heartbeat among them.
const BETWEEN: Duration = PATIENCE;

/// The readers that a connection waits for.
pub(super) struct Backpressure {
    /// The queue of each, and since when.
    readers: Vec<(Arc<Inbox>, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
    /// How long the connection may still wait, as of a time. As much as passes without waiting is added.
    left: (Duration, Instant),
    /// Until when it does not wait.
    until: Instant,
}

impl Default for Backpressure {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            readers: Vec::new(),
            timer: None,
            left: (PATIENCE, now),
            until: now,
        }
    }
}

impl Backpressure {
    /// Whether the connection is to read nothing now. The task is woken when that is over.
    pub(super) fn holds(&mut self, core: &Core, cx: &mut Context<'_>) -> bool {
        let behind = core.take_behind();
        if behind.is_empty() && self.readers.is_empty() {
            return false;
        }
        let now = Instant::now();
        let (left, since) = self.left;
        let passed = now - since;
        let left = match self.readers.is_empty() {
            true => PATIENCE.min(left + passed),
            false => left.saturating_sub(passed),
        };
        self.left = (left, now);
        if left.is_zero() {
            self.until = now + BETWEEN;
        }
        for inbox in behind {
            let mut known = self.readers.iter();
            if known.all(|(other, _)| !Arc::ptr_eq(other, &inbox)) {
                self.readers.push((inbox, now));
            }
        }
        let patience = match (now < self.until, core.awaits_reply()) {
            (true, _) => Duration::ZERO,
            (false, true) => BRIEFLY,
            (false, false) => PATIENCE,
        };
        let mut longest = None::<Duration>;
        self.readers.retain(|(inbox, since)| {
            let waited = now - *since;
            let waits = inbox.wait_for_reader(cx, waited, patience);
            longest = longest.max(waits);
            if waits.is_none() {
                inbox.waited(waited);
            }
            waits.is_some()
        });
        let Some(longest) = longest else {
            self.timer = None;
            return false;
        };
        let due = now + longest.min(left);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        timer.as_mut().reset(due);
        if timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        true
    }
}
