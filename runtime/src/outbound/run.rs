//! Messages that follow one another in the queues of many sessions.
//!
//! What is published by one after the other, before any member of the channel writes, is one item of each member's queue: only the first message is
//! queued, and the others are appended to it once for all members. Whoever takes the item, or queues something behind it, closes the run, so that
//! the order of each queue is that of the calls.

use super::state::cost;
use crate::encoded::EncodedMessage;
use std::sync::{Arc, OnceLock};

/// How many messages a run has at most.
const LONGEST: u16 = 16;

/// How much a run may count as, in bytes. As long as it is open, a queue counts its first message only; one that has not this much room closes it.
pub(super) const LARGEST: usize = 8 * 1024;

/// A run from one of its messages on. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Run(Arc<Link>);

#[derive(Debug)]
struct Link {
    message: EncodedMessage,
    /// What follows; nothing ever does if it is `None`.
    next: OnceLock<Option<Run>>,
}

/// The end of a run that more may be appended to.
#[derive(Debug)]
pub(crate) struct RunEnd {
    last: Run,
    length: u16,
    cost: usize,
}

impl Run {
    fn new(message: EncodedMessage) -> Self {
        let next = OnceLock::new();
        Self(Arc::new(Link { message, next }))
    }

    /// Closes the run, and returns how many messages it has, and what they count as.
    pub(super) fn close(&self) -> (u16, u32) {
        let (mut run, mut length, mut bytes) = (self, 1, self.cost());
        while let Some(next) = run.0.next.get_or_init(|| None) {
            (run, length, bytes) = (next, length + 1, bytes + next.cost());
        }
        (length, bytes)
    }

    /// What its first message counts as.
    pub(super) fn cost(&self) -> u32 {
        cost(&self.0.message) as u32 // no message has so many bytes that they do not fit
    }

    /// What follows so far.
    pub(super) fn next(&self) -> Option<&Self> {
        self.0.next.get()?.as_ref()
    }

    /// Its first messages.
    pub(super) fn messages(&self, length: u16) -> impl Iterator<Item = &EncodedMessage> {
        let runs = std::iter::successors(Some(self), |run| run.next());
        runs.take(usize::from(length)).map(|run| &run.0.message)
    }
}

impl RunEnd {
    /// Begins a run with a message.
    pub(crate) fn begin(message: EncodedMessage) -> (Run, Self) {
        let cost = cost(&message);
        let run = Run::new(message);
        let last = run.clone();
        let end = Self {
            last,
            length: 1,
            cost,
        };
        (run, end)
    }

    /// Appends a message, unless the run is closed or would be too long.
    pub(crate) fn append(&mut self, message: &EncodedMessage) -> bool {
        let cost = self.cost + cost(message);
        if self.length == LONGEST || cost > LARGEST {
            return false;
        }
        let next = Run::new(message.clone());
        if self.last.0.next.set(Some(next.clone())).is_err() {
            return false;
        }
        *self = Self {
            last: next,
            length: self.length + 1,
            cost,
        };
        true
    }
}
