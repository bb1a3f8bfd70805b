//! The outbound queue of one session: FIFO, and bounded in bytes. It outlives a connection that is lost.
//!
//! Three parts are written in this order: control messages, which are not counted; after a resumption, the messages that the peer has
//! not received; and the queue.

#[cfg(feature = "server")]
mod answers;
mod counted;
#[cfg(any(feature = "server", test))]
mod push;
#[cfg(feature = "server")]
mod requests;
#[cfg(feature = "server")]
mod run;
mod state;

#[cfg(feature = "server")]
use crate::metrics::{self, DropReason};
use crate::{encoded::EncodedMessage, transport::CloseFrame};
#[cfg(feature = "server")]
use std::task::{Context, Poll};
use std::{
    collections::{HashMap, VecDeque},
    ops::{Deref, DerefMut},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::Waker,
};

#[cfg(feature = "server")]
use answers::Answers;
#[cfg(feature = "server")]
pub(crate) use answers::Repetition;
#[cfg(feature = "server")]
use foldhash::quality::RandomState;
#[cfg(feature = "server")]
pub(crate) use run::{Run, RunEnd};
use state::{Item, Next, Packet, State};

/// How many bytes are handed to the transport between flushes. Messages that are flushed together cost one write.
const BATCH: usize = 64 * 1024;

/// The mark of an acknowledgement.
const ACKNOWLEDGEMENT: u64 = u64::MAX - 1;

/// The queue, shared by all senders. It begins with a line of the processor's caches, and fields are in the order that is written: what
/// every message needs is in four lines.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Outbound {
    /// [`State::bytes`], as the last holder of the lock left it.
    used: AtomicUsize,
    /// The limit of queued bytes, and that of messages that are written and not acknowledged.
    limit: usize,
    /// The connection's task has nothing to do, and is to be woken. While it runs, messages of its own handlers cause no wake-up.
    is_resting: AtomicBool,
    /// A close was requested.
    is_closing: AtomicBool,
    /// What happens at the second limit.
    overflow: Overflow,
    state: Mutex<State>,
    /// Hashes requests. Its key is random, so no client can make two of them collide.
    #[cfg(feature = "server")]
    hasher: RandomState,
}

/// The locked state.
struct Locked<'a> {
    state: MutexGuard<'a, State>,
    used: &'a AtomicUsize,
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.used.store(self.state.bytes, Ordering::Release);
    }
}

/// What happens if more messages are written than the peer acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overflow {
    /// The session can no longer be resumed.
    #[cfg(any(feature = "server", test))]
    GiveUp,
    /// Nothing is written until the peer acknowledges.
    #[cfg(any(feature = "client", test))]
    Wait,
}

/// Why the connection should end.
#[derive(Clone, Debug)]
pub(crate) struct Close {
    pub(crate) closing: CloseFrame,
    /// Whether work in progress finishes first.
    pub(crate) graceful: bool,
}

/// Why a message was not queued.
#[cfg(any(feature = "server", test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnqueueError {
    Ended,
    Full,
}

impl Outbound {
    pub(crate) fn new(limit: usize, overflow: Overflow) -> Self {
        Self {
            state: Mutex::default(),
            is_resting: AtomicBool::new(false),
            limit,
            overflow,
            is_closing: AtomicBool::new(false),
            used: AtomicUsize::new(0),
            #[cfg(feature = "server")]
            hasher: RandomState::default(),
        }
    }

    fn lock(&self) -> Locked<'_> {
        Locked {
            state: self.state.lock().unwrap_or_else(PoisonError::into_inner),
            used: &self.used,
        }
    }

    /// Queues a reply. Replies ignore the limit: the connection reads no further requests while half of it is in use.
    #[cfg(feature = "server")]
    pub(crate) fn answer(&self, packet: EncodedMessage) {
        self.enqueue(packet, 0, false);
    }

    /// Queues a message that is not counted, before all others, ignoring the limit. The caller bounds their number.
    pub(crate) fn control(&self, packet: EncodedMessage, mark: u64) {
        let mut state = self.lock();
        if !state.ended {
            let item = Item::new(Packet::Message(packet), mark);
            state.bytes += item.cost();
            state.control.push_back(item);
            self.wake_task(state);
        }
    }

    /// Queues an acknowledgement. It takes the place of one that waits: a peer that sends and does not read causes one after the other.
    pub(crate) fn acknowledgement(&self, packet: EncodedMessage) {
        let mut state = self.lock();
        let control = &mut state.control;
        let waiting = control.iter_mut().find(|item| item.mark == ACKNOWLEDGEMENT);
        let Some(waiting) = waiting else {
            drop(state);
            return self.control(packet, ACKNOWLEDGEMENT);
        };
        let before = waiting.cost();
        waiting.packet = Packet::Message(packet);
        let now = waiting.cost();
        state.bytes = state.bytes + now - before;
    }

    /// Queues a message with a mark, ignoring the limit: a client bounds the queue with its own budget.
    pub(crate) fn enqueue(&self, packet: EncodedMessage, mark: u64, volatile: bool) {
        let mut state = self.lock();
        if !state.ended {
            state.push_item(Item {
                packet: Packet::Message(packet),
                volatile,
                key: None,
                mark,
            });
            self.wake_task(state);
        }
    }

    /// Queues messages with their marks at the front.
    #[cfg(feature = "client")]
    pub(crate) fn enqueue_first(&self, packets: Vec<(EncodedMessage, u64)>) {
        let mut state = self.lock();
        if !state.ended {
            for (packet, mark) in packets.into_iter().rev() {
                let item = Item::new(Packet::Message(packet), mark);
                state.bytes += item.cost();
                state.queue.push_front(item);
            }
            self.wake_task(state);
        }
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        self.wake_task(self.lock());
    }

    /// Wakes the connection's task, unless it runs.
    fn wake_task(&self, state: Locked<'_>) {
        // It rests only after it has had the lock: a task that is seen running sees what is queued.
        if self.is_resting.load(Ordering::Acquire) && self.is_resting.swap(false, Ordering::AcqRel)
        {
            let task = state.task.clone();
            drop(state);
            task.into_iter().for_each(Waker::wake);
        }
    }

    /// Ready if `length` more bytes leave half of the limit free, or if nothing is queued.
    #[cfg(feature = "server")]
    pub(crate) fn poll_room(
        &self,
        length: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), EnqueueError>> {
        let mut state = self.lock();
        if state.ended {
            return Poll::Ready(Err(EnqueueError::Ended));
        }
        if state.bytes == 0 || state.bytes + length <= self.limit / 2 {
            return Poll::Ready(Ok(()));
        }
        if !state
            .senders
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.senders.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Whether more than half of the limit is in use.
    #[cfg(feature = "server")]
    pub(crate) fn is_busy(&self) -> bool {
        self.used.load(Ordering::Acquire) > self.limit / 2
    }

    /// Whether more than the limit is in use. Only what overtakes the queue of a server's handlers causes messages then.
    #[cfg(feature = "server")]
    pub(crate) fn is_full(&self) -> bool {
        self.used.load(Ordering::Acquire) > self.limit
    }

    /// Whether nothing is queued or being written.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.bytes == 0 && !state.sent.is_replaying()
    }

    /// Takes the messages of one flush, and hands the bytes of each to `feed`, and whether they are text. Call [`Outbound::flushed`] when
    /// they are written. `skip` encodes the message that skips all numbers up to one. Returns whether there were any, and their marks.
    ///
    /// # Errors
    /// That of `feed`.
    pub(crate) fn take<E>(
        &self,
        skip: &dyn Fn(u64) -> Option<EncodedMessage>,
        mut feed: impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> (Vec<u64>, Result<bool, E>) {
        let mut state = self.lock();
        let (mut taken, mut marks, mut fed) = (0, Vec::new(), Ok(()));
        while taken < BATCH && fed.is_ok() {
            let Some(Next {
                item,
                counts,
                number,
            }) = state.next(self.limit, self.overflow, skip)
            else {
                break;
            };
            taken += item.cost();
            if item.mark != 0 {
                marks.push(item.mark);
            }
            fed = state.read(&item.packet, number, &mut feed);
            if let Some(is_kept) = counts {
                state.sent.send(is_kept.then_some(item.packet));
            }
        }
        #[cfg(any(feature = "server", test))]
        if self.overflow == Overflow::GiveUp && state.sent.bytes() > self.limit {
            if state.is_numbered() {
                state.trim(self.limit);
            } else {
                state.give_up();
            }
        }
        state.writing += taken;
        #[cfg(feature = "server")]
        if taken > 0 && self.overflow == Overflow::GiveUp {
            metrics::outbound(state.bytes);
        }
        (marks, fed.map(|()| taken > 0))
    }

    /// Whether the queue has ended.
    #[cfg(feature = "server")]
    pub(crate) fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// Records that the messages that were taken are written.
    pub(crate) fn flushed(&self) {
        let mut state = self.lock();
        state.bytes -= state.writing;
        state.writing = 0;
        let senders = std::mem::take(&mut state.senders);
        drop(state);
        senders.into_iter().for_each(Waker::wake);
    }

    /// Requests that the connection be closed. The first request sets the close frame, but an immediate close replaces a graceful
    /// one.
    pub(crate) fn close(&self, closing: CloseFrame, graceful: bool) {
        let mut state = self.lock();
        if state
            .close
            .as_ref()
            .is_none_or(|close| close.graceful && !graceful)
        {
            state.close = Some(Close { closing, graceful });
            self.is_closing.store(true, Ordering::Release);
            self.wake_task(state);
        }
    }

    /// Returns the requested close, if any.
    pub(crate) fn closing(&self) -> Option<Close> {
        if !self.is_closing.load(Ordering::Acquire) {
            return None;
        }
        self.lock().close.clone()
    }

    /// Called by the connection's task when it starts to run.
    pub(crate) fn running(&self) {
        self.is_resting.store(false, Ordering::Release);
    }

    /// Has the connection's task woken by what is queued from now on. What was queued before is seen by its caller.
    fn rest_until_woken(&self, waker: &Waker) -> Locked<'_> {
        let mut state = self.lock();
        // Whoever queues something holds the same lock before it looks at this.
        self.is_resting.store(true, Ordering::Release);
        match &mut state.task {
            Some(task) => task.clone_from(waker),
            task => *task = Some(waker.clone()),
        }
        state
    }

    /// Called by the connection's task before it returns `Pending`, with the close that it knows of. Returns whether there is work
    /// after all.
    pub(crate) fn rest(&self, waker: &Waker, known: Option<&Close>) -> bool {
        let state = self.rest_until_woken(waker);
        let close = match (&state.close, known) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(close), Some(known)) => known.graceful && !close.graceful,
        };
        close || (state.writing == 0 && state.has_next(self.limit, self.overflow))
    }

    /// As [`Outbound::rest`], without a connection: only a close is work. Returns whether one is requested, and whether it is graceful.
    #[cfg(feature = "server")]
    pub(crate) fn rest_detached(&self, waker: &Waker) -> Option<bool> {
        let state = self.rest_until_woken(waker);
        state.close.as_ref().map(|close| close.graceful)
    }

    /// Handles the loss of the transport: messages that were being written no longer count, control messages and volatile messages are
    /// dropped, and all others stay queued.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.bytes -= state.writing;
        state.writing = 0;
        let control: usize = state.control.drain(..).map(|item| item.cost()).sum();
        state.bytes -= control;
        #[cfg(feature = "server")]
        if self.overflow == Overflow::GiveUp {
            metrics::dropped(DropReason::Detached, state.volatile);
        }
        state.drop_volatile();
    }

    /// Removes the queued message with a mark. Returns false if it was taken already.
    pub(crate) fn withdraw(&self, mark: u64) -> bool {
        let mut state = self.lock();
        let at = state.queue.iter().position(|item| item.mark == mark);
        at.is_some_and(|at| state.remove(at))
    }

    /// Ends the queue: drops all messages and accepts no more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.control = VecDeque::new();
        state.queue = VecDeque::new();
        state.keys = HashMap::new();
        state.sent.end();
        #[cfg(feature = "server")]
        {
            state.answers = Answers::default();
        }
        state.task = None;
        (state.bytes, state.writing, state.volatile) = (0, 0, 0);
        let senders = std::mem::take(&mut state.senders);
        drop(state);
        senders.into_iter().for_each(Waker::wake);
    }
}

#[cfg(all(test, feature = "server"))]
mod model;
#[cfg(test)]
mod tests;
