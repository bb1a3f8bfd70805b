//! The queue of what one connection still has to write: bounded in bytes, first in, first out.

use crate::transport::{CloseFrame, Packet};
use futures_util::task::AtomicWaker;
#[cfg(feature = "server")]
use std::task::{Context, Poll};
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

/// How many bytes are handed to the transport before it is flushed. What is flushed together costs one write.
const BATCH: usize = 64 * 1024;

/// What a message in the queue costs beside its bytes, about. It counts, so that many small messages are bounded like few large ones.
const OVERHEAD: usize = 128;

/// The queue, shared by all that send.
#[derive(Debug)]
pub(crate) struct Outbound {
    state: Mutex<State>,
    /// The connection's task. It is taken out while that task runs, so that what its own handlers send wakes nobody.
    task: AtomicWaker,
    /// How many bytes may wait.
    #[cfg_attr(
        not(feature = "server"),
        expect(dead_code, reason = "a client has a budget of its own")
    )]
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Item>,
    /// Bytes waiting, those under way to the transport included.
    bytes: usize,
    /// Bytes under way.
    taken: usize,
    /// How many of the waiting are volatile.
    volatile: usize,
    waiting: Vec<Waker>,
    close: Option<Close>,
    ended: bool,
}

/// A message waiting to be written.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) packet: Packet,
    /// The first to go when there is no room.
    volatile: bool,
    /// The sender's mark, for it to know that this was handed to the transport; 0 is none.
    #[cfg_attr(
        not(feature = "client"),
        expect(dead_code, reason = "a server does not look back")
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
    /// Whether what is being done is finished first.
    pub(crate) graceful: bool,
}

/// The connection has ended, or there was no room.
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

    /// Queues an answer. Answers always find room: the connection starts no further work while half the room is taken.
    pub(crate) fn answer(&self, packet: Packet) {
        self.enqueue(packet, 0, false);
    }

    /// Queues a message with a mark, past the limit: a client has a budget of its own.
    pub(crate) fn enqueue(&self, packet: Packet, mark: u64, volatile: bool) {
        let mut state = self.lock();
        if !state.ended {
            state.put(Item {
                packet,
                volatile,
                mark,
            });
            drop(state);
            self.task.wake();
        }
    }

    /// Queues messages with their marks before all that waits.
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

    /// Has the connection's task look again.
    #[cfg(feature = "client")]
    pub(crate) fn wake(&self) {
        self.task.wake();
    }

    /// Queues a message that nobody asked for. Where there is no room, volatile messages go first; where that does not
    /// help, it is refused, and the connection is too slow.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn push(&self, packet: Packet, volatile: bool) -> Result<(), EnqueueError> {
        let mut state = self.lock();
        if state.ended {
            return Err(EnqueueError::Ended);
        }
        let length = packet.len() + OVERHEAD;
        if state.bytes + length > self.limit && !volatile && state.volatile > 0 {
            state.shed();
        }
        if state.bytes + length > self.limit && state.bytes > 0 {
            return Err(EnqueueError::Full);
        }
        state.put(Item {
            packet,
            volatile,
            mark: 0,
        });
        drop(state);
        self.task.wake();
        Ok(())
    }

    /// Ready when `length` more bytes leave half of the room free, or when nothing waits at all.
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
            .waiting
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Whether more than half of the room is taken.
    #[cfg(feature = "server")]
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().bytes > self.limit / 2
    }

    /// Whether nothing waits or is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().bytes == 0
    }

    /// Takes what fits into one flush. Call [`Outbound::flushed`] when it is written.
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
        state.taken += taken;
    }

    /// What was taken is written.
    pub(crate) fn flushed(&self) {
        let mut state = self.lock();
        state.bytes -= state.taken;
        state.taken = 0;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Asks for the connection to be closed. The first to ask says why, unless it asked for a graceful end and this does
    /// not.
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

    /// Whether the connection should be closed.
    pub(crate) fn closing(&self) -> Option<Close> {
        self.lock().close.clone()
    }

    /// Called by the connection's task when it starts to run.
    pub(crate) fn running(&self) {
        self.task.take();
    }

    /// Called by the connection's task before it rests, with the close it knows of. Whether there is something to do
    /// after all.
    pub(crate) fn rest(&self, waker: &Waker, known: Option<&Close>) -> bool {
        self.task.register(waker);
        let state = self.lock();
        let close = match (&state.close, known) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(close), Some(known)) => known.graceful && !close.graceful,
        };
        close || (state.taken == 0 && !state.queue.is_empty())
    }

    /// The connection lost its transport: what was under way counts no longer, what waits goes on waiting, but for
    /// volatile messages.
    #[cfg(feature = "client")]
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.bytes -= state.taken;
        state.taken = 0;
        state.shed();
    }

    /// Takes back what has a mark and waits still. False where it was taken already.
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

    /// The connection is over: nothing more is taken, and all that waited is dropped.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.queue.clear();
        (state.bytes, state.taken, state.volatile) = (0, 0, 0);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn put(&mut self, item: Item) {
        self.bytes += item.cost();
        self.volatile += usize::from(item.volatile);
        self.queue.push_back(item);
    }

    /// Drops the volatile messages.
    fn shed(&mut self) {
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

    /// Messages are measured in these, with what each costs beside its bytes.
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
    fn volatile_messages_go_first() {
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
    fn what_is_under_way_counts_until_it_is_flushed() {
        let out = outbound(100);
        out.push(packet(90), false).expect("there is room");
        assert_eq!(lengths(&out), [90]);
        assert_eq!(out.push(packet(20), false), Err(EnqueueError::Full));
        out.flushed();
        assert_eq!(out.push(packet(20), false), Ok(()));
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let out = outbound(100);
        out.end();
        assert_eq!(out.push(packet(1), false), Err(EnqueueError::Ended));
        out.answer(packet(1));
        assert!(lengths(&out).is_empty());
    }
}
