//! What is queued: its order, what it counts as, and which messages a newer one replaces.

#[cfg(feature = "server")]
use super::answers::Answers;
#[cfg(feature = "server")]
use super::run::Run;
use super::{Close, Overflow};
#[cfg(feature = "server")]
use crate::codec::Numbering;
use crate::{
    encoded::EncodedMessage,
    session::counting::{Encoded, Replay, Sent},
};
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::Arc,
    task::Waker,
};

/// The approximate memory of a queued message in addition to its bytes. It counts, so that many small messages are bounded like few
/// large ones.
pub(super) const OVERHEAD: usize = 128;

/// How many messages wait in memory of a session's own.
const OWN: usize = 4;

/// The capacity of longer queues, and of the longest that is used again.
const LONG: usize = 32;
const LONGEST_KEPT: usize = 256;

/// How many long queues a thread keeps.
const KEPT: usize = 4;

thread_local! {
    /// The memory of long queues that are empty. Many sessions queue much in turn, and write it at once: memory of its own for each would leave the
    /// processor's caches meanwhile.
    static LONG_QUEUES: RefCell<Vec<VecDeque<Item>>> = const { RefCell::new(Vec::new()) };
}

// What is rare comes last: see `Outbound`.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct State {
    pub(super) queue: VecDeque<Item>,
    /// The bytes that are queued or being written.
    pub(super) bytes: usize,
    /// The bytes that are being written.
    pub(super) writing: usize,
    /// How many queued messages are volatile.
    pub(super) volatile: usize,
    /// How many more messages than items are queued.
    #[cfg(feature = "server")]
    more: u32,
    /// The last item is a run that may be open: only its first message is counted.
    #[cfg(feature = "server")]
    pub(super) is_open: bool,
    pub(super) ended: bool,
    /// A message found no room and is lost: what follows it is lost as well.
    #[cfg(any(feature = "server", test))]
    pub(super) has_lost: bool,
    /// The place of the front of the queue. Only a server has keys, and it only appends.
    front: u64,
    /// Wakes the connection's task.
    pub(super) task: Option<Waker>,
    /// How messages are numbered, if each contains its number.
    #[cfg(feature = "server")]
    pub(super) numbering: Option<Box<Numbering>>,
    /// What was written and is not acknowledged.
    pub(super) sent: Sent<Packet>,
    #[cfg(feature = "server")]
    pub(super) answers: Answers,
    pub(super) senders: Vec<Waker>,
    /// Messages that are not counted, such as pongs. They precede all others.
    pub(super) control: VecDeque<Item>,
    /// The queued messages that newer ones replace, by their keys: the place of each, counted from the first message ever queued.
    pub(super) keys: HashMap<Arc<str>, u64>,
    pub(super) close: Option<Close>,
}

/// What is written next.
pub(super) struct Next {
    pub(super) item: Item,
    /// Whether it is kept, if it counts and was not counted yet.
    pub(super) counts: Option<bool>,
    /// The number that it contains, if messages do.
    pub(super) number: Option<u64>,
}

impl Next {
    /// A message that does not count, or has counted already.
    const fn uncounted(item: Item, number: Option<u64>) -> Self {
        Self {
            item,
            counts: None,
            number,
        }
    }
}

/// A message that is queued, or written and not acknowledged.
#[derive(Clone, Debug)]
pub(super) enum Packet {
    Message(EncodedMessage),
    /// The first messages of a run, and what they count as.
    #[cfg(feature = "server")]
    Run {
        first: Run,
        length: u16,
        cost: u32,
    },
    /// An answer that the client has not acknowledged: its place among [`State::answers`], which have its bytes.
    #[cfg(feature = "server")]
    Answer {
        place: u32,
        length: u32,
    },
}

#[cfg(feature = "server")]
impl Packet {
    /// A run that may be open.
    pub(super) fn open(run: &Run) -> Self {
        Self::Run {
            first: run.clone(),
            length: 1,
            cost: run.cost(),
        }
    }
}

/// What an encoded message counts as.
pub(super) fn cost(message: &EncodedMessage) -> usize {
    message.len() + OVERHEAD
}

/// A queued message.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) packet: Packet,
    /// Whether it may be dropped if there is no room.
    pub(super) volatile: bool,
    /// If it is volatile: what identifies it. A newer message with the same key replaces it.
    pub(super) key: Option<Arc<str>>,
    /// The sender's mark, which identifies the message when it is handed to the transport or withdrawn; 0 is none.
    pub(super) mark: u64,
}

impl Item {
    /// A message that is not volatile.
    pub(super) const fn new(packet: Packet, mark: u64) -> Self {
        Self {
            packet,
            volatile: false,
            key: None,
            mark,
        }
    }

    pub(super) fn cost(&self) -> usize {
        self.packet.cost() + self.key.as_ref().map_or(0, |key| key.len())
    }
}

impl Encoded for Packet {
    fn cost(&self) -> usize {
        match self {
            Self::Message(message) => cost(message),
            #[cfg(feature = "server")]
            Self::Run { cost, .. } => *cost as usize,
            #[cfg(feature = "server")]
            Self::Answer { length, .. } => *length as usize + OVERHEAD,
        }
    }

    #[cfg(feature = "server")]
    fn count(&self) -> u64 {
        match self {
            Self::Run { length, .. } => u64::from(*length),
            Self::Message(_) | Self::Answer { .. } => 1,
        }
    }

    #[cfg(feature = "server")]
    fn nth(&self, at: u64) -> Self {
        match self {
            Self::Run { first, length, .. } => {
                let mut messages = first.messages(*length).skip(at as usize);
                messages
                    .next()
                    .map_or_else(|| self.clone(), |one| Self::Message(one.clone()))
            }
            Self::Message(_) | Self::Answer { .. } => self.clone(),
        }
    }

    #[cfg(feature = "server")]
    fn forget_first(&mut self, count: u64) {
        let Self::Run {
            first,
            length,
            cost,
        } = self
        else {
            return;
        };
        for _ in 0..count.min(u64::from(*length) - 1) {
            *cost -= first.cost();
            *length -= 1;
            if let Some(next) = first.next() {
                *first = next.clone();
            }
        }
    }
}

impl State {
    pub(super) fn push_item(&mut self, item: Item) {
        self.settle();
        #[cfg(feature = "server")]
        {
            self.is_open = matches!(item.packet, Packet::Run { .. });
        }
        self.bytes += item.cost();
        self.volatile += usize::from(item.volatile);
        if let Some(key) = &item.key {
            let place = self.front + self.queue.len() as u64;
            self.keys.insert(key.clone(), place);
        }
        if self.queue.len() == OWN {
            self.lengthen();
        }
        self.queue.push_back(item);
    }

    /// Closes the run at the end of the queue, and counts all of it.
    #[cfg_attr(
        not(feature = "server"),
        expect(
            clippy::unused_self,
            clippy::needless_pass_by_ref_mut,
            reason = "only a server has runs"
        )
    )]
    pub(super) fn settle(&mut self) {
        #[cfg(feature = "server")]
        if std::mem::take(&mut self.is_open)
            && let Some(item) = self.queue.back_mut()
            && let Packet::Run {
                first,
                length,
                cost: counted,
            } = &mut item.packet
        {
            (*length, *counted) = first.close();
            self.more += u32::from(*length) - 1;
            self.bytes += (*counted - first.cost()) as usize;
        }
    }

    /// How many messages are queued, without those of an open run that are not counted yet.
    #[cfg(feature = "server")]
    pub(super) fn queued(&self) -> u64 {
        self.queue.len() as u64 + u64::from(self.more)
    }

    /// Moves the queue to memory that it shares with others in turn, unless it is there.
    fn lengthen(&mut self) {
        if self.queue.capacity() < LONG {
            let long = LONG_QUEUES.try_with(|kept| kept.borrow_mut().pop());
            let long = long.ok().flatten();
            let mut long = long.unwrap_or_else(|| VecDeque::with_capacity(LONG));
            long.append(&mut self.queue);
            self.queue = long;
        }
    }

    /// Gives that memory back.
    fn shorten(&mut self) {
        let long = std::mem::take(&mut self.queue);
        if long.capacity() <= LONGEST_KEPT {
            let _ = LONG_QUEUES.try_with(|kept| {
                let mut kept = kept.borrow_mut();
                if kept.len() < KEPT {
                    kept.push(long);
                }
            });
        }
    }

    /// The queued message with a key.
    #[cfg(any(feature = "server", test))]
    pub(super) fn keyed(&mut self, key: &str) -> Option<&mut Item> {
        let place = self.keys.get(key)? - self.front;
        self.queue.get_mut(usize::try_from(place).ok()?)
    }

    /// Drops the queued message with a key.
    #[cfg(any(feature = "server", test))]
    pub(super) fn drop_keyed(&mut self, key: &str) {
        let place = self.keys.get(key).map(|place| place - self.front);
        if let Some(at) = place.and_then(|place| usize::try_from(place).ok())
            && self.remove(at)
        {
            self.volatile -= 1;
            self.forget_key(key);
        }
    }

    fn forget_key(&mut self, key: &str) {
        self.keys.remove(key);
        if self.keys.is_empty() {
            // Release the memory of a burst.
            self.keys.shrink_to(16);
        }
    }

    /// Whether [`Self::next`] returns a message.
    pub(super) fn has_next(&self, limit: usize, overflow: Overflow) -> bool {
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

    /// Takes the next message. Those that are sent again count as queued from now on.
    pub(super) fn next(
        &mut self,
        limit: usize,
        overflow: Overflow,
        skip: &dyn Fn(u64) -> Option<EncodedMessage>,
    ) -> Option<Next> {
        if let Some(item) = self.control.pop_front() {
            if self.control.is_empty() {
                // They are rare.
                self.control = VecDeque::new();
            }
            return Some(Next::uncounted(item, None));
        }
        while let Some(replay) = self.sent.replay() {
            let (packet, number) = match replay {
                Replay::Message(packet, number) => (Some(packet), Some(number)),
                Replay::Skip(last) => (skip(last).map(Packet::Message), None),
            };
            if let Some(packet) = packet {
                let item = Item::new(packet, 0);
                self.bytes += item.cost();
                return Some(Next::uncounted(item, number.filter(|_| self.is_numbered())));
            }
        }
        if self.must_wait(self.queue.front()?, limit, overflow) {
            return None;
        }
        if self.queue.len() == 1 {
            self.settle();
        }
        let item = self.queue.pop_front()?;
        self.front += 1;
        #[cfg(feature = "server")]
        if let Packet::Run { length, .. } = item.packet {
            self.more -= u32::from(length) - 1;
        }
        if self.queue.is_empty() && self.queue.capacity() >= LONG {
            self.shorten();
        }
        if let Some(key) = &item.key {
            self.forget_key(key);
        }
        self.volatile -= usize::from(item.volatile);
        let is_numbered = self.is_numbered();
        Some(Next {
            // A numbered message that is not sent again would be a gap.
            counts: Some(is_numbered || !item.volatile),
            number: is_numbered.then(|| self.sent.last() + 1),
            item,
        })
    }

    /// Whether messages contain their numbers.
    #[cfg_attr(
        not(feature = "server"),
        expect(clippy::unused_self, reason = "only a server numbers its messages")
    )]
    pub(super) const fn is_numbered(&self) -> bool {
        #[cfg(feature = "server")]
        return self.numbering.is_some();
        #[cfg(not(feature = "server"))]
        false
    }

    /// Calls `feed` with the bytes of each message, with its number if it has one, and whether they are text.
    #[cfg_attr(
        not(feature = "server"),
        expect(unused_variables, reason = "only a server numbers its messages")
    )]
    pub(super) fn read<E>(
        &self,
        packet: &Packet,
        number: Option<u64>,
        mut feed: impl FnMut(&[u8], bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let (bytes, is_text) = match packet {
            Packet::Message(message) => (Cow::Borrowed(message.bytes()), message.is_text()),
            // Where messages have numbers, there are no runs.
            #[cfg(feature = "server")]
            Packet::Run { first, length, .. } => {
                let mut messages = first.messages(*length);
                return messages.try_for_each(|message| feed(message.bytes(), message.is_text()));
            }
            #[cfg(feature = "server")]
            Packet::Answer { place, .. } => {
                self.answers.bytes(*place).unwrap_or_default() // it is there until it is acknowledged
            }
        };
        #[cfg(feature = "server")]
        if let (Some(numbering), Some(number)) = (&self.numbering, number) {
            match numbering.number(&bytes, number) {
                Some(numbered) => return feed(&numbered, is_text),
                None => tracing::error!("a message is not an object, and has no number"),
            }
        }
        feed(&bytes, is_text)
    }

    /// The session can no longer be resumed: forgets what was written.
    #[cfg(any(feature = "server", test))]
    pub(super) fn give_up(&mut self) {
        self.sent.give_up();
        // From now on answers are not kept until they are acknowledged.
        #[cfg(feature = "server")]
        for item in &mut self.queue {
            if let Packet::Answer { place, .. } = item.packet
                && let Some(message) = self.answers.message(place)
            {
                item.packet = Packet::Message(message);
            }
        }
    }

    /// Forgets the oldest messages that were written, and the answers among them, until the others have so many bytes.
    #[cfg(any(feature = "server", test))]
    pub(super) fn trim(&mut self, limit: usize) {
        #[cfg(not(feature = "server"))]
        self.sent.trim(limit);
        #[cfg(feature = "server")]
        self.answers.acknowledged(self.sent.trim(limit));
    }

    /// Drops the volatile messages.
    pub(super) fn drop_volatile(&mut self) {
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
        #[cfg(feature = "server")]
        self.lower_numbers();
    }

    /// Removes a queued message, whose key and kind are the caller's to count. Returns whether there is one.
    pub(super) fn remove(&mut self, at: usize) -> bool {
        let Some(item) = self.queue.remove(at) else {
            return false;
        };
        self.bytes -= item.cost();
        let place = self.front + at as u64;
        // What was behind it moves up.
        for behind in self.keys.values_mut().filter(|behind| **behind > place) {
            *behind -= 1;
        }
        #[cfg(feature = "server")]
        self.lower_numbers();
        true
    }

    /// Lowers the numbers that answers were expected to have: some of what was queued before them is not written.
    #[cfg(feature = "server")]
    fn lower_numbers(&mut self) {
        self.settle();
        let last = self.sent.last() + self.queued();
        self.answers.lower_numbers(last);
    }
}
