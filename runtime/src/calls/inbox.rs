//! The bounded inbound queue of a subscription, stream or notification reader. Messages that do not fit are reported as a gap.

#[cfg(feature = "client")]
use super::RefreshError;
use super::{delivery::Delivery, error::Failure};
#[cfg(feature = "client")]
use crate::system::{MemberNotice, PresenceKind, RemoteError};
use crate::{DecodeError, GapReason};
#[cfg(feature = "client")]
use std::time::Duration;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Messages of a channel that were missed: they were published while the connection was lost and are not in the channel's history, or
/// did not fit into the subscription's queue.
///
/// A gap without bounds says that messages may be missing, but not which: the rejoin is late or temporarily refused, or the
/// server's sequence numbers contradict each other. Reload the state of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "client"),
    expect(unreachable_pub, reason = "only a client has channels")
)]
pub struct Gap {
    /// The sequence number of the first missed message, if known.
    pub from: Option<u64>,
    /// The sequence number of the last missed message, if known.
    pub to: Option<u64>,
    /// Why they are lost, if the server reports it.
    pub reason: Option<GapReason>,
}

#[cfg(feature = "client")]
impl Gap {
    /// It is unknown which messages were missed.
    pub(crate) const UNBOUNDED: Self = Self {
        from: None,
        to: None,
        reason: None,
    };
}

/// How many items, and how many bytes of them, a stream queues before it fails.
const STREAM_LIMITS: (usize, usize) = (1024, 1024 * 1024);

/// How long a reader that is behind may hold up the connection, until it has caught up.
#[cfg(feature = "client")]
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// A queue with one reader, bounded in entries and in encoded bytes.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    capacity: usize,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    /// Entries with their encoded size.
    queue: VecDeque<(Entry, usize)>,
    bytes: usize,
    ended: bool,
    reader: Option<Waker>,
    #[cfg(feature = "client")]
    held_up: HeldUp,
}

/// How a queue holds up the connection that fills it.
#[cfg(feature = "client")]
#[derive(Debug, Default)]
struct HeldUp {
    /// For how long since the queue was empty.
    time: Duration,
    /// The connection, while it waits for the reader.
    connection: Option<Waker>,
}

/// An entry of the queue.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "client"),
    expect(dead_code, reason = "only a client has channels")
)]
pub(crate) enum Entry {
    Message(Delivery),
    DecodeError(Box<DecodeError>),
    Gap(Gap),
    /// The client is in the channel again. Only a join of the protocol has a reply.
    #[cfg(feature = "client")]
    Joined(Option<Delivery>),
    /// The server has added the client to a channel.
    #[cfg(feature = "client")]
    Added(String),
    /// The server has removed the client from the channel.
    #[cfg(feature = "client")]
    Removed,
    /// Something happened to a member of the channel; without a member, all of them are listed.
    #[cfg(feature = "client")]
    Presence(PresenceKind, Option<MemberNotice>),
    /// The client could not authenticate again.
    #[cfg(feature = "client")]
    RefreshFailed(RefreshError),
    /// The server reports an error that belongs to no request.
    #[cfg(feature = "client")]
    Error(Box<RemoteError>),
    /// The queue of a stream overflowed.
    Slow,
    /// The end message of a stream, or why it failed.
    End(Result<Delivery, Failure>),
}

impl Inbox {
    /// Creates a queue of `capacity` messages (at least one) and `limit` bytes. One message of any size always fits.
    pub(crate) fn new(capacity: usize, limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity: capacity.max(1),
            limit,
        }
    }

    /// Creates the queue of a stream.
    pub(crate) fn of_stream() -> Self {
        let (items, bytes) = STREAM_LIMITS;
        Self::new(items, bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, state: &State, bytes: usize) -> bool {
        state.queue.is_empty()
            || (state.queue.len() < self.capacity && state.bytes + bytes <= self.limit)
    }

    /// Whether more than half of the queue is in use, and its connection may still wait for the reader.
    #[cfg(feature = "client")]
    pub(crate) fn is_behind(&self) -> bool {
        let state = self.lock();
        self.is_half_full(&state) && state.held_up.time < PATIENCE
    }

    #[cfg(feature = "client")]
    fn is_half_full(&self, state: &State) -> bool {
        let is_half_full = state.queue.len() > self.capacity / 2 || state.bytes > self.limit / 2;
        is_half_full && !state.ended
    }

    /// Returns how much longer a connection that has waited for this reader waits for it, `patience` in all, unless the reader has caught up. It
    /// is woken when the reader has.
    #[cfg(feature = "client")]
    pub(crate) fn wait_for_reader(
        &self,
        cx: &Context<'_>,
        waited: Duration,
        patience: Duration,
    ) -> Option<Duration> {
        let mut state = self.lock();
        let left = patience.saturating_sub(state.held_up.time + waited);
        let waits = self.is_half_full(&state) && !left.is_zero();
        state.held_up.connection = waits.then(|| cx.waker().clone());
        waits.then_some(left)
    }

    /// Records that a connection has waited for the reader.
    #[cfg(feature = "client")]
    pub(crate) fn waited(&self, time: Duration) {
        let held_up = &mut self.lock().held_up;
        held_up.connection = None;
        held_up.time += time;
    }

    /// Adds an entry of so many encoded bytes. If there is no room, a gap is recorded instead and merged with a gap before it.
    /// A dropped `volatile` message leaves no gap.
    #[cfg(feature = "client")]
    pub(crate) fn push(&self, entry: Entry, bytes: usize, volatile: bool) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        if let Entry::Gap(gap) = &entry
            && let Some((Entry::Gap(last), _)) = state.queue.back()
            && last == gap
            && gap.from.or(gap.to).is_none()
        {
            return;
        }
        if self.has_room(&state, bytes) {
            state.add(entry, bytes);
        } else if !volatile {
            let missed = match &entry {
                Entry::Message(delivery) => {
                    let seq = delivery.envelope.seq;
                    Gap {
                        from: seq,
                        to: seq,
                        reason: None,
                    }
                }
                Entry::Gap(gap) => *gap,
                Entry::DecodeError(_)
                | Entry::Presence(..)
                | Entry::Joined(_)
                | Entry::Added(_)
                | Entry::Removed
                | Entry::RefreshFailed(_)
                | Entry::Error(_)
                | Entry::Slow
                | Entry::End(_) => Gap::UNBOUNDED,
            };
            match state.queue.back_mut() {
                Some((Entry::Gap(gap), _)) => gap.to = missed.to,
                _ => state.add(Entry::Gap(missed), 0),
            }
        }
        state.wake();
    }

    /// Adds an item of a stream. If there is no room, ends the stream and returns false.
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

    /// Whether the queue has ended.
    #[cfg(feature = "client")]
    pub(crate) fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// Ends the queue, after a last entry.
    pub(crate) fn end(&self, last: Option<Entry>) {
        let mut state = self.lock();
        if !state.ended {
            state.ended = true;
            if let Some(last) = last {
                state.add(last, 0);
            }
            state.wake();
            #[cfg(feature = "client")]
            state.let_go();
        }
    }

    /// Returns the next entry, or `None` at the end.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Entry>> {
        let mut state = self.lock();
        match state.queue.pop_front() {
            Some((entry, bytes)) => {
                state.bytes -= bytes;
                #[cfg(feature = "client")]
                {
                    if state.queue.is_empty() {
                        state.held_up.time = Duration::ZERO;
                    }
                    if !self.is_half_full(&state) {
                        state.let_go();
                    }
                }
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

    /// Wakes the connection that waits for the reader.
    #[cfg(feature = "client")]
    fn let_go(&mut self) {
        if let Some(connection) = self.held_up.connection.take() {
            connection.wake();
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
