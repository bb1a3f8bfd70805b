//! The outbound queue of one session: FIFO, and bounded in bytes. It outlives a connection that is lost.
//!
//! Three parts are written in this order: control messages, which are not counted; after a resumption, the messages that the peer has
//! not received; and the queue.

#[cfg(feature = "server")]
use crate::{
    codec::Numbering,
    metrics::{self, DropReason},
};
use crate::{
    session::counting::{NeverSent, Replay, Sent},
    transport::{CloseFrame, Packet},
};
#[cfg(feature = "server")]
use std::task::{Context, Poll};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
};

/// How many bytes are handed to the transport between flushes. Messages that are flushed together cost one write.
const BATCH: usize = 64 * 1024;

/// The approximate memory of a queued message in addition to its bytes. It counts, so that many small messages are bounded like few
/// large ones.
const OVERHEAD: usize = 128;

/// The mark of an acknowledgement.
const ACKNOWLEDGEMENT: u64 = u64::MAX - 1;

/// The queue, shared by all senders.
#[derive(Debug)]
pub(crate) struct Outbound {
    state: Mutex<State>,
    /// The connection's task has nothing to do, and is to be woken. While it runs, messages of its own handlers cause no wake-up.
    is_resting: AtomicBool,
    /// The limit of queued bytes, and that of messages that are written and not acknowledged.
    limit: usize,
    /// What happens at the second limit.
    overflow: Overflow,
    /// A close was requested.
    is_closing: AtomicBool,
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

#[derive(Debug, Default)]
struct State {
    /// Messages that are not counted, such as pongs. They precede all others.
    control: VecDeque<Item>,
    queue: VecDeque<Item>,
    /// What was written and is not acknowledged.
    sent: Sent<Packet>,
    /// How messages are numbered, if each contains its number.
    #[cfg(feature = "server")]
    numbering: Option<Numbering>,
    /// The bytes that are queued or being written.
    bytes: usize,
    /// The bytes that are being written.
    writing: usize,
    /// How many queued messages are volatile.
    volatile: usize,
    /// The queued messages that newer ones replace, by their keys: the place of each, counted from the first message ever queued.
    keys: HashMap<Arc<str>, u64>,
    /// The place of the front of the queue. Only a server has keys, and it only appends.
    front: u64,
    senders: Vec<Waker>,
    /// Wakes the connection's task.
    task: Option<Waker>,
    close: Option<Close>,
    ended: bool,
}

/// A queued message.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) packet: Packet,
    /// Whether it may be dropped if there is no room.
    volatile: bool,
    /// If it is volatile: what identifies it. A newer message with the same key replaces it.
    key: Option<Arc<str>>,
    /// The sender's mark, which identifies the message when it is handed to the transport or withdrawn; 0 is none.
    pub(crate) mark: u64,
}

impl Item {
    fn cost(&self) -> usize {
        self.packet.len() + self.key.as_ref().map_or(0, |key| key.len()) + OVERHEAD
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
    pub(crate) fn new(limit: usize, overflow: Overflow) -> Self {
        Self {
            state: Mutex::default(),
            is_resting: AtomicBool::new(false),
            limit,
            overflow,
            is_closing: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a reply. Replies ignore the limit: the connection reads no further requests while half of it is in use. Returns the number
    /// that the message will have, or a higher one; `None` if messages are not kept until they are acknowledged.
    pub(crate) fn answer(&self, packet: Packet) -> Option<u64> {
        self.enqueue(packet, 0, false)
    }

    /// Queues a message that is not counted, before all others, ignoring the limit. The caller bounds their number.
    pub(crate) fn control(&self, packet: Packet, mark: u64) {
        let mut state = self.lock();
        if !state.ended {
            let item = Item {
                packet,
                volatile: false,
                key: None,
                mark,
            };
            state.bytes += item.cost();
            state.control.push_back(item);
            self.wake_task(state);
        }
    }

    /// Queues an acknowledgement. It takes the place of one that waits: a peer that sends and does not read causes one after the other.
    pub(crate) fn acknowledgement(&self, packet: Packet) {
        let mut state = self.lock();
        let control = &mut state.control;
        let waiting = control.iter_mut().find(|item| item.mark == ACKNOWLEDGEMENT);
        let Some(waiting) = waiting else {
            drop(state);
            return self.control(packet, ACKNOWLEDGEMENT);
        };
        let before = waiting.cost();
        waiting.packet = packet;
        let now = waiting.cost();
        state.bytes = state.bytes + now - before;
    }

    /// Queues a message with a mark, ignoring the limit: a client bounds the queue with its own budget.
    pub(crate) fn enqueue(&self, packet: Packet, mark: u64, volatile: bool) -> Option<u64> {
        let mut state = self.lock();
        let number = state.sent.last() + state.queue.len() as u64 + 1;
        let number = state.sent.is_keeping().then_some(number);
        if !state.ended {
            state.push_item(Item {
                packet,
                volatile,
                key: None,
                mark,
            });
            self.wake_task(state);
        }
        number
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
                    key: None,
                    mark,
                };
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
    fn wake_task(&self, state: MutexGuard<'_, State>) {
        if self.is_resting.swap(false, Ordering::AcqRel) {
            let task = state.task.clone();
            drop(state);
            task.into_iter().for_each(Waker::wake);
        }
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
            #[cfg(feature = "server")]
            metrics::dropped(DropReason::Full, state.volatile);
            state.drop_volatile();
        }
        if state.bytes + length > self.limit && state.bytes > 0 {
            return Err(EnqueueError::Full);
        }
        state.push_item(Item {
            packet,
            volatile,
            key: None,
            mark: 0,
        });
        self.wake_task(state);
        Ok(())
    }

    /// Queues a volatile message with a key. It takes the place of one with the same key that is queued. If it finds no room, it is dropped.
    ///
    /// # Errors
    /// If there is no room, or the connection has ended.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn push_keyed(&self, packet: Packet, key: &Arc<str>) -> Result<(), EnqueueError> {
        let mut state = self.lock();
        if state.ended {
            return Err(EnqueueError::Ended);
        }
        let item = Item {
            packet,
            volatile: true,
            key: Some(key.clone()),
            mark: 0,
        };
        let (limit, bytes, cost) = (self.limit, state.bytes, item.cost());
        let Some(waiting) = state.keyed(key) else {
            if bytes + cost > limit && bytes > 0 {
                return Err(EnqueueError::Full);
            }
            state.push_item(item);
            self.wake_task(state);
            return Ok(());
        };
        let others = bytes - waiting.cost();
        if others + cost > limit && others > 0 {
            return Err(EnqueueError::Full);
        }
        *waiting = item;
        state.bytes = others + cost;
        #[cfg(feature = "server")]
        metrics::dropped(DropReason::Replaced, 1);
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

    /// Whether more than the limit is in use. Only what overtakes the queue of a server's handlers causes messages then.
    #[cfg(feature = "server")]
    pub(crate) fn is_full(&self) -> bool {
        self.lock().bytes > self.limit
    }

    /// Whether nothing is queued or being written.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        state.bytes == 0 && !state.sent.is_replaying()
    }

    /// Takes the messages of one flush. Call [`Outbound::flushed`] when they are written. `skip` encodes the message that skips all
    /// numbers up to one.
    pub(crate) fn take(&self, into: &mut Vec<Item>, skip: &dyn Fn(u64) -> Option<Packet>) {
        let mut state = self.lock();
        let mut taken = 0;
        while taken < BATCH {
            let Some(item) = state.next(self.limit, self.overflow, skip) else {
                break;
            };
            taken += item.cost();
            into.push(item);
        }
        #[cfg(any(feature = "server", test))]
        if self.overflow == Overflow::GiveUp && state.sent.bytes() > self.limit {
            if state.is_numbered() {
                state.sent.trim(self.limit);
            } else {
                state.sent.give_up();
            }
        }
        state.writing += taken;
        #[cfg(feature = "server")]
        if taken > 0 && self.overflow == Overflow::GiveUp {
            metrics::outbound(state.bytes);
        }
    }

    /// Begins to count the messages that are written from now on.
    pub(crate) fn begin_counting(&self) {
        self.lock().sent.begin();
    }

    /// Begins to number the messages that are written from now on, and keeps them within the limit, the volatile ones too.
    #[cfg(feature = "server")]
    pub(crate) fn begin_numbering(&self, numbering: Numbering) {
        let mut state = self.lock();
        state.sent.begin();
        state.numbering = Some(numbering);
    }

    /// The number of the last message that was written.
    #[cfg(feature = "server")]
    pub(crate) fn last(&self) -> u64 {
        self.lock().sent.last()
    }

    /// Stops counting: what was written is not sent again.
    #[cfg(feature = "client")]
    pub(crate) fn end_counting(&self) {
        self.lock().sent.end();
    }

    /// Whether written messages are kept, so that the session can be resumed.
    #[cfg(feature = "server")]
    pub(crate) fn is_keeping(&self) -> bool {
        self.lock().sent.is_keeping()
    }

    /// Whether the session can be resumed by a peer that has received so many messages.
    #[cfg(feature = "server")]
    pub(crate) fn can_resume(&self, received: u64) -> bool {
        self.lock().sent.is_possible(received)
    }

    /// The peer has received so many messages. Returns whether that is new.
    ///
    /// # Errors
    /// If so many were never sent.
    pub(crate) fn acknowledge(&self, received: u64) -> Result<bool, NeverSent> {
        let mut state = self.lock();
        let acknowledged = state.sent.acknowledge(received);
        #[cfg(feature = "client")]
        if self.overflow == Overflow::Wait && !state.queue.is_empty() {
            self.wake_task(state);
        }
        acknowledged
    }

    /// Resumes on another connection, whose peer has received so many messages: the rest precedes everything that is queued, and `first`
    /// precedes that.
    ///
    /// # Errors
    /// If the peer cannot have received so many.
    pub(crate) fn resume(&self, received: u64, first: Option<Packet>) -> Result<(), NeverSent> {
        self.lock().sent.resume(received)?;
        match first {
            Some(packet) => self.control(packet, 0),
            None => self.wake(),
        }
        Ok(())
    }

    /// The bytes that the queue and the messages without an acknowledgement hold.
    #[cfg(feature = "server")]
    pub(crate) fn held(&self) -> usize {
        let state = self.lock();
        state.bytes + state.sent.bytes()
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
    fn rest_until_woken(&self, waker: &Waker) -> MutexGuard<'_, State> {
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

    /// As [`Outbound::rest`], without a connection: only a close is work.
    #[cfg(feature = "server")]
    pub(crate) fn rest_detached(&self, waker: &Waker) -> bool {
        self.rest_until_woken(waker).close.is_some()
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
        state.control.clear();
        state.queue.clear();
        state.keys = HashMap::new();
        state.sent.end();
        state.task = None;
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
        if let Some(key) = &item.key {
            let place = self.front + self.queue.len() as u64;
            self.keys.insert(key.clone(), place);
        }
        self.queue.push_back(item);
    }

    /// The queued message with a key.
    #[cfg(any(feature = "server", test))]
    fn keyed(&mut self, key: &str) -> Option<&mut Item> {
        let place = self.keys.get(key)? - self.front;
        self.queue.get_mut(usize::try_from(place).ok()?)
    }

    fn forget_key(&mut self, key: &str) {
        self.keys.remove(key);
        if self.keys.is_empty() {
            // Release the memory of a burst.
            self.keys.shrink_to(16);
        }
    }

    /// Whether [`Self::next`] returns a message.
    fn has_next(&self, limit: usize, overflow: Overflow) -> bool {
        let waits = |item: &Item| self.must_wait(item, limit, overflow);
        !self.control.is_empty()
            || self.sent.is_replaying()
            || self.queue.front().is_some_and(|item| !waits(item))
    }

    /// Whether a message has to wait until the peer acknowledges others.
    #[cfg_attr(
        not(any(feature = "client", test)),
        expect(unused_variables, reason = "only a client waits")
    )]
    fn must_wait(&self, item: &Item, limit: usize, overflow: Overflow) -> bool {
        #[cfg(any(feature = "client", test))]
        if overflow == Overflow::Wait {
            let kept = self.sent.bytes();
            return kept > 0 && kept + item.cost() > limit;
        }
        false
    }

    /// Takes and counts the next message. Those that are sent again count as queued from now on.
    fn next(
        &mut self,
        limit: usize,
        overflow: Overflow,
        skip: &dyn Fn(u64) -> Option<Packet>,
    ) -> Option<Item> {
        if let Some(item) = self.control.pop_front() {
            if self.control.is_empty() {
                // They are rare.
                self.control = VecDeque::new();
            }
            return Some(item);
        }
        while let Some(replay) = self.sent.replay() {
            let packet = match replay {
                Replay::Message(packet) => Some(packet),
                Replay::Skip(last) => skip(last),
            };
            if let Some(packet) = packet {
                let item = Item {
                    packet,
                    volatile: false,
                    key: None,
                    mark: 0,
                };
                self.bytes += item.cost();
                return Some(item);
            }
        }
        if self.must_wait(self.queue.front()?, limit, overflow) {
            return None;
        }
        let mut item = self.queue.pop_front()?;
        self.front += 1;
        if let Some(key) = &item.key {
            self.forget_key(key);
        }
        self.volatile -= usize::from(item.volatile);
        let is_numbered = self.number(&mut item);
        // A numbered message that is not sent again would be a gap.
        let kept = (is_numbered || !item.volatile).then(|| (item.packet.clone(), item.cost()));
        self.sent.send(kept);
        Some(item)
    }

    /// Whether messages contain their numbers.
    #[cfg(any(feature = "server", test))]
    const fn is_numbered(&self) -> bool {
        #[cfg(feature = "server")]
        return self.numbering.is_some();
        #[cfg(not(feature = "server"))]
        false
    }

    /// Gives a message its number, if messages contain it. Returns whether they do.
    #[cfg(feature = "server")]
    fn number(&mut self, item: &mut Item) -> bool {
        let Some(numbering) = &self.numbering else {
            return false;
        };
        let before = item.cost();
        match numbering.number(&item.packet, self.sent.last() + 1) {
            Some(packet) => item.packet = packet,
            None => tracing::error!("a message is not an object, and has no number"),
        }
        self.bytes = self.bytes + item.cost() - before;
        true
    }

    #[cfg(not(feature = "server"))]
    #[expect(clippy::unused_self, reason = "only a server numbers its messages")]
    const fn number(&self, _: &mut Item) -> bool {
        false
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
        self.keys.clear();
        self.volatile = 0;
    }
}

#[cfg(test)]
mod tests;
