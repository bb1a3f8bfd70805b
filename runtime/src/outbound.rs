//! The outbound queue of one connection: FIFO, and bounded in bytes.

use crate::transport::{CloseFrame, Packet};
use futures_util::task::AtomicWaker;
#[cfg(feature = "server")]
use std::task::{Context, Poll};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

/// How many bytes are handed to the transport between flushes. Messages that are flushed together cost one write.
const BATCH: usize = 64 * 1024;

/// The approximate memory of a queued message in addition to its bytes. It counts, so that many small messages are bounded like few
/// large ones.
const OVERHEAD: usize = 128;

/// The queue, shared by all senders.
#[derive(Debug)]
pub(crate) struct Outbound {
    state: Mutex<State>,
    /// Wakes the connection's task. It is empty while that task runs, so that messages of its own handlers cause no wake-up.
    task: AtomicWaker,
    /// The limit of queued bytes.
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "a client bounds the queue with its own budget")
    )]
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Item>,
    /// The bytes that are queued or being written.
    bytes: usize,
    /// The bytes that are being written.
    writing: usize,
    /// How many queued messages are volatile.
    volatile: usize,
    senders: Vec<Waker>,
    close: Option<Close>,
    ended: bool,
}

/// A queued message.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) packet: Packet,
    /// Whether it may be dropped if there is no room.
    volatile: bool,
    /// The sender's mark, which identifies the message when it is handed to the transport or withdrawn; 0 is none.
    #[cfg_attr(
        not(feature = "client"),
        expect(dead_code, reason = "a server uses no marks")
    )]
    pub(crate) mark: u64,
}

impl Item {
    fn cost(&self) -> usize {
        self.packet.len() + OVERHEAD
    }
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
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            task: AtomicWaker::new(),
            limit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a reply. Replies ignore the limit: the connection reads no further requests while half of it is in use.
    pub(crate) fn answer(&self, packet: Packet) {
        self.enqueue(packet, 0, false);
    }

    /// Queues a message with a mark, ignoring the limit: a client bounds the queue with its own budget.
    pub(crate) fn enqueue(&self, packet: Packet, mark: u64, volatile: bool) {
        let mut state = self.lock();
        if !state.ended {
            state.push_item(Item {
                packet,
                volatile,
                mark,
            });
            drop(state);
            self.task.wake();
        }
    }

    /// Queues messages with their marks at the front.
    #[cfg(feature = "client")]
    pub(crate) fn enqueue_first(&self, packets: Vec<(Packet, u64)>) {
        let mut state = self.lock();
        if !state.ended {
            for (packet, mark) in packets.into_iter().rev() {
                let item = Item {
                    packet,
                    volatile: false,
                    mark,
                };
                state.bytes += item.cost();
                state.queue.push_front(item);
            }
            drop(state);
            self.task.wake();
        }
    }

    /// Wakes the connection's task.
    #[cfg(feature = "client")]
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// Queues a message that is not a reply. If there is no room, queued volatile messages are dropped.
    ///
    /// # Errors
    /// If there is still no room, or the connection has ended.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn push(&self, packet: Packet, volatile: bool) -> Result<(), EnqueueError> {
        let mut state = self.lock();
        if state.ended {
            return Err(EnqueueError::Ended);
        }
        let length = packet.len() + OVERHEAD;
        if state.bytes + length > self.limit && !volatile && state.volatile > 0 {
            state.drop_volatile();
        }
        if state.bytes + length > self.limit && state.bytes > 0 {
            return Err(EnqueueError::Full);
        }
        state.push_item(Item {
            packet,
            volatile,
            mark: 0,
        });
        drop(state);
        self.task.wake();
        Ok(())
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
        self.lock().bytes > self.limit / 2
    }

    /// Whether nothing is queued or being written.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().bytes == 0
    }

    /// Takes the messages of one flush. Call [`Outbound::flushed`] when they are written.
    pub(crate) fn take(&self, into: &mut Vec<Item>) {
        let mut state = self.lock();
        let mut taken = 0;
        while let Some(item) = state.queue.front() {
            if taken > 0 && taken + item.cost() > BATCH {
                break;
            }
            taken += item.cost();
            state.volatile -= usize::from(item.volatile);
            into.extend(state.queue.pop_front());
        }
        state.writing += taken;
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
            drop(state);
            self.task.wake();
        }
    }

    /// Returns the requested close, if any.
    pub(crate) fn closing(&self) -> Option<Close> {
        self.lock().close.clone()
    }

    /// Called by the connection's task when it starts to run.
    pub(crate) fn running(&self) {
        self.task.take();
    }

    /// Called by the connection's task before it returns `Pending`, with the close that it knows of. Returns whether there is work
    /// after all.
    pub(crate) fn rest(&self, waker: &Waker, known: Option<&Close>) -> bool {
        self.task.register(waker);
        let state = self.lock();
        let close = match (&state.close, known) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(close), Some(known)) => known.graceful && !close.graceful,
        };
        close || (state.writing == 0 && !state.queue.is_empty())
    }

    /// Handles the loss of the transport: messages that were being written no longer count, volatile messages are dropped, and all
    /// others stay queued.
    #[cfg(feature = "client")]
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.bytes -= state.writing;
        state.writing = 0;
        state.drop_volatile();
    }

    /// Removes the queued message with a mark. Returns false if it was taken already.
    #[cfg(feature = "client")]
    pub(crate) fn withdraw(&self, mark: u64) -> bool {
        let mut state = self.lock();
        let Some(at) = state.queue.iter().position(|item| item.mark == mark) else {
            return false;
        };
        if let Some(item) = state.queue.remove(at) {
            state.bytes -= item.cost();
        }
        true
    }

    /// Ends the queue: drops all messages and accepts no more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.queue.clear();
        (state.bytes, state.writing, state.volatile) = (0, 0, 0);
        let senders = std::mem::take(&mut state.senders);
        drop(state);
        senders.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn push_item(&mut self, item: Item) {
        self.bytes += item.cost();
        self.volatile += usize::from(item.volatile);
        self.queue.push_back(item);
    }

    /// Drops the volatile messages.
    fn drop_volatile(&mut self) {
        let mut freed = 0;
        self.queue.retain(|item| {
            if item.volatile {
                freed += item.cost();
            }
            !item.volatile
        });
        self.bytes -= freed;
        self.volatile = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The unit of message sizes in these tests, overhead included.
    const UNIT: usize = OVERHEAD;

    fn packet(units: usize) -> Packet {
        Packet::Text("x".repeat(units * UNIT - OVERHEAD).into())
    }

    fn outbound(units: usize) -> Outbound {
        Outbound::new(units * UNIT)
    }

    fn lengths(outbound: &Outbound) -> Vec<usize> {
        let mut items = Vec::new();
        outbound.take(&mut items);
        items.iter().map(|item| item.cost() / UNIT).collect()
    }

    #[test]
    fn volatile_messages_are_dropped_first() {
        let out = outbound(100);
        assert_eq!(out.push(packet(40), false), Ok(()));
        assert_eq!(out.push(packet(50), true), Ok(()));
        assert_eq!(out.push(packet(20), true), Err(EnqueueError::Full));
        assert_eq!(out.push(packet(60), false), Ok(()));
        assert_eq!(out.push(packet(1), false), Err(EnqueueError::Full));
        assert_eq!(lengths(&out), [40, 60]);
    }

    #[test]
    fn one_message_always_fits() {
        let out = outbound(100);
        assert_eq!(out.push(packet(500), false), Ok(()));
        assert_eq!(out.push(packet(1), false), Err(EnqueueError::Full));
        out.answer(packet(7));
        assert_eq!(lengths(&out), [500, 7]);
    }

    #[test]
    fn messages_being_written_count_until_they_are_flushed() {
        let out = outbound(100);
        out.push(packet(90), false).expect("there is room");
        assert_eq!(lengths(&out), [90]);
        assert_eq!(out.push(packet(20), false), Err(EnqueueError::Full));
        out.flushed();
        assert_eq!(out.push(packet(20), false), Ok(()));
    }

    #[test]
    fn nothing_is_queued_after_the_end() {
        let out = outbound(100);
        out.end();
        assert_eq!(out.push(packet(1), false), Err(EnqueueError::Ended));
        out.answer(packet(1));
        assert!(lengths(&out).is_empty());
    }
}
