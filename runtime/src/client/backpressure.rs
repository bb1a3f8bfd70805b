//! What a client does for readers of the application that are behind: for a moment, it reads nothing more.

use super::core::Core;
use crate::calls::Inbox;
use std::{pin::Pin, sync::Arc, task::Context, time::Duration};
use tokio::time::{Instant, Sleep};

/// The readers that a connection waits for.
#[derive(Default)]
pub(super) struct Backpressure {
    /// The queue of each, and since when.
    readers: Vec<(Arc<Inbox>, Instant)>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Backpressure {
    /// Whether the connection is to read nothing now. The task is woken when that is over.
    pub(super) fn holds(&mut self, core: &Core, cx: &mut Context<'_>) -> bool {
        let behind = core.take_behind();
        if behind.is_empty() && self.readers.is_empty() {
            return false;
        }
        let now = Instant::now();
        for inbox in behind {
            if !self
                .readers
                .iter()
                .any(|(other, _)| Arc::ptr_eq(other, &inbox))
            {
                self.readers.push((inbox, now));
            }
        }
        // The reader may wait for the same reply.
        let awaits_reply = core.awaits_reply();
        let mut longest = None::<Duration>;
        self.readers.retain(|(inbox, since)| {
            let waited = now - *since;
            let left = inbox.wait_for_reader(cx, waited);
            let waits = left.is_some() && !awaits_reply;
            if waits {
                longest = longest.max(left);
            } else {
                inbox.waited(waited);
            }
            waits
        });
        let Some(longest) = longest else {
            self.timer = None;
            return false;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
        timer.as_mut().reset(now + longest);
        if timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        true
    }
}
