//! What arrived for somebody who has not looked yet: bounded, and honest about what did not fit.

use super::{Gap, delivery::Delivery, error::Failure};
use crate::Rejected;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// A queue with one reader. What does not fit becomes a gap.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Entry>,
    ended: bool,
    reader: Option<Waker>,
}

/// What arrived.
#[derive(Debug)]
pub(crate) enum Entry {
    Message(Delivery),
    Rejected(Box<Rejected>),
    Gap(Gap),
    /// The last message of a stream, or why it has none.
    End(Result<Delivery, Failure>),
}

impl Inbox {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity: capacity.max(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry. Where there is no room, it is a gap of one, joined to the gap before it. `volatile` messages leave no
    /// gap.
    pub(crate) fn push(&self, entry: Entry, volatile: bool) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        if state.queue.len() < self.capacity {
            state.queue.push_back(entry);
        } else if !volatile {
            let missed = match &entry {
                Entry::Message(delivery) => {
                    let seq = delivery.envelope.seq;
                    Gap { from: seq, to: seq }
                }
                Entry::Gap(gap) => *gap,
                Entry::Rejected(_) | Entry::End(_) => Gap {
                    from: None,
                    to: None,
                },
            };
            match state.queue.back_mut() {
                Some(Entry::Gap(gap)) => gap.to = missed.to,
                _ => state.queue.push_back(Entry::Gap(missed)),
            }
        }
        state.wake();
    }

    /// Nothing comes after this.
    pub(crate) fn end(&self, last: Option<Entry>) {
        let mut state = self.lock();
        if !state.ended {
            state.ended = true;
            state.queue.extend(last);
            state.wake();
        }
    }

    /// The next entry; none at the end.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Entry>> {
        let mut state = self.lock();
        match state.queue.pop_front() {
            Some(entry) => Poll::Ready(Some(entry)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(crate) async fn next(&self) -> Option<Entry> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
