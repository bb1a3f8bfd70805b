//! What arrived for somebody who has not looked yet: bounded, and honest about what did not fit.

use super::{Gap, delivery::Delivery, error::Failure};
use crate::DecodeError;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// How many items of a stream wait, and how many bytes of them, before the stream fails.
const STREAM: (usize, usize) = (1024, 1024 * 1024);

/// A queue with one reader, bounded in entries and in bytes as they came.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    capacity: usize,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Each with its bytes.
    queue: VecDeque<(Entry, usize)>,
    bytes: usize,
    ended: bool,
    reader: Option<Waker>,
}

/// What arrived.
#[derive(Debug)]
pub(crate) enum Entry {
    Message(Delivery),
    DecodeError(Box<DecodeError>),
    Gap(Gap),
    /// More items of a stream waited than are kept.
    Slow,
    /// The last message of a stream, or why it has none.
    End(Result<Delivery, Failure>),
}

impl Inbox {
    /// For `capacity` messages, one at the least, of `limit` bytes together. One message always fits.
    pub(crate) fn new(capacity: usize, limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity: capacity.max(1),
            limit,
        }
    }

    /// For the items of a stream.
    pub(crate) fn of_stream() -> Self {
        let (items, bytes) = STREAM;
        Self::new(items, bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, state: &State, bytes: usize) -> bool {
        state.queue.is_empty()
            || (state.queue.len() < self.capacity && state.bytes + bytes <= self.limit)
    }

    /// Adds an entry that arrived as so many bytes. Where there is no room, it is a gap of one, joined to the gap before it.
    /// `volatile` messages leave no gap.
    pub(crate) fn push(&self, entry: Entry, bytes: usize, volatile: bool) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        if let Entry::Gap(gap) = &entry
            && let Some((Entry::Gap(last), _)) = state.queue.back()
            && last == gap
            && *gap == Gap::UNBOUNDED
        {
            return;
        }
        if self.has_room(&state, bytes) {
            state.add(entry, bytes);
        } else if !volatile {
            let missed = match &entry {
                Entry::Message(delivery) => {
                    let seq = delivery.envelope.seq;
                    Gap { from: seq, to: seq }
                }
                Entry::Gap(gap) => *gap,
                Entry::DecodeError(_) | Entry::Slow | Entry::End(_) => Gap::UNBOUNDED,
            };
            match state.queue.back_mut() {
                Some((Entry::Gap(gap), _)) => gap.to = missed.to,
                _ => state.add(Entry::Gap(missed), 0),
            }
        }
        state.wake();
    }

    /// Adds an item of a stream. Where there is no room, the stream is over, and this is false.
    pub(crate) fn push_item(&self, delivery: Delivery, bytes: usize) -> bool {
        let mut state = self.lock();
        let fits = self.has_room(&state, bytes);
        if fits && !state.ended {
            state.add(Entry::Message(delivery), bytes);
            state.wake();
        }
        drop(state);
        if !fits {
            self.end(Some(Entry::Slow));
        }
        fits
    }

    /// Nothing comes after this.
    pub(crate) fn end(&self, last: Option<Entry>) {
        let mut state = self.lock();
        if !state.ended {
            state.ended = true;
            if let Some(last) = last {
                state.add(last, 0);
            }
            state.wake();
        }
    }

    /// The next entry; none at the end.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Entry>> {
        let mut state = self.lock();
        match state.queue.pop_front() {
            Some((entry, bytes)) => {
                state.bytes -= bytes;
                Poll::Ready(Some(entry))
            }
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
    fn add(&mut self, entry: Entry, bytes: usize) {
        self.bytes += bytes;
        self.queue.push_back((entry, bytes));
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
