//! Counting: each end counts what it has sent and received, so that after a loss of the connection the rest can be sent, once and in
//! order. No message contains its number, unless the protocol numbers those of the server.

use std::{collections::VecDeque, time::Duration};

/// After how many messages an end acknowledges.
const ACKNOWLEDGE_MESSAGES: u64 = 64;

/// After how many bytes an end acknowledges, at most: a quarter of the sender's budget, if that is less.
const ACKNOWLEDGE_BYTES: usize = 32 * 1024;

/// How long after a message an end acknowledges it at the latest.
const ACKNOWLEDGE_DELAY: Duration = Duration::from_secs(5);

/// For how many messages there is room while all are acknowledged: as many as a peer acknowledges at once, and some that are on their way.
const ROOM: usize = 2 * ACKNOWLEDGE_MESSAGES as usize;

/// The peer acknowledges a message that was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NeverSent;

/// What is sent after a session is resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Replay<P> {
    /// A message that the peer has not received, and its number.
    Message(P, u64),
    /// All messages up to this number count as received: those that the peer has not received were volatile.
    Skip(u64),
}

/// An encoded message, cheap to clone.
pub(crate) trait Encoded: Clone {
    /// How many bytes it counts as while it is kept.
    fn cost(&self) -> usize;

    /// How many messages it is.
    fn count(&self) -> u64 {
        1
    }

    /// Returns one of them.
    fn nth(&self, _at: u64) -> Self {
        self.clone()
    }

    /// Forgets the first of them, but not all.
    fn forget_first(&mut self, _count: u64) {}
}

/// The messages that were sent and not acknowledged yet.
#[derive(Debug)]
pub(crate) struct Sent<P> {
    /// Whether messages are counted.
    counting: bool,
    /// Whether they are kept as well: otherwise the session cannot be resumed.
    keeping: bool,
    /// The number of the last message that was sent.
    last: u64,
    /// The number of the last message that the peer has received.
    acknowledged: u64,
    /// Those to send again, by number. A volatile message has a number and is not kept.
    kept: VecDeque<Kept<P>>,
    bytes: usize,
    /// The last number that was sent again or skipped, while that goes on.
    replayed: Option<u64>,
}

#[derive(Debug)]
struct Kept<P> {
    /// That of its first message.
    number: u64,
    packet: P,
}

impl<P: Encoded> Kept<P> {
    /// The number of its last message.
    fn last(&self) -> u64 {
        self.number + self.packet.count() - 1
    }
}

impl<P> Default for Sent<P> {
    fn default() -> Self {
        Self {
            counting: false,
            keeping: false,
            last: 0,
            acknowledged: 0,
            kept: VecDeque::new(),
            bytes: 0,
            replayed: None,
        }
    }
}

impl<P: Encoded> Sent<P> {
    /// Begins to count, from one.
    pub(crate) fn begin(&mut self) {
        *self = Self {
            counting: true,
            keeping: true,
            ..Self::default()
        };
    }

    /// Forgets all messages, and keeps none from now on: the session cannot be resumed. Counting goes on, so that acknowledgements stay valid.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn give_up(&mut self) {
        self.keeping = false;
        self.kept = VecDeque::new();
        (self.bytes, self.replayed) = (0, None);
    }

    /// Forgets the oldest messages until the others have so many bytes. A peer that has not received them can no longer resume. Returns the
    /// number of the last that is forgotten.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn trim(&mut self, limit: usize) -> u64 {
        while self.bytes > limit
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.packet.cost();
            self.acknowledged = self.acknowledged.max(oldest.last());
        }
        self.acknowledged
    }

    /// Stops counting, and forgets all messages: the session cannot be resumed.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// Whether messages are kept, so that the session can be resumed.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn is_keeping(&self) -> bool {
        self.keeping
    }

    /// The number of the last message that was sent.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The bytes of the messages that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts what is sent; `None` if it is one message that is not sent again.
    pub(crate) fn send(&mut self, kept: Option<P>) {
        if !self.counting {
            return;
        }
        let number = self.last + 1;
        self.last += kept.as_ref().map_or(1, P::count);
        if let Some(packet) = kept.filter(|_| self.keeping) {
            self.bytes += packet.cost();
            self.kept.push_back(Kept { number, packet });
        }
    }

    /// Whether an acknowledgement can be true: the peer has received no more than was sent, and no less than it acknowledged before.
    pub(crate) fn is_possible(&self, received: u64) -> bool {
        self.keeping && (self.acknowledged..=self.last).contains(&received)
    }

    /// Forgets what the peer has received. Returns whether that is new: an acknowledgement that is older than another has no effect.
    pub(crate) fn acknowledge(&mut self, received: u64) -> Result<bool, NeverSent> {
        if !self.counting {
            return Ok(false);
        }
        if received > self.last {
            return Err(NeverSent);
        }
        let is_new = received > self.acknowledged;
        self.acknowledged = self.acknowledged.max(received);
        while let Some(first) = self.kept.front_mut() {
            self.bytes -= first.packet.cost();
            if first.last() > received {
                let count = (received + 1).saturating_sub(first.number);
                first.packet.forget_first(count);
                first.number += count;
                self.bytes += first.packet.cost();
                break;
            }
            self.kept.pop_front();
        }
        if self.kept.is_empty() {
            // Release the memory of a burst.
            self.kept.shrink_to(ROOM);
        }
        Ok(is_new)
    }

    /// Resumes after a loss: the peer has received so many messages, and [`Self::replay`] returns the rest.
    pub(crate) fn resume(&mut self, received: u64) -> Result<(), NeverSent> {
        if !self.is_possible(received) {
            return Err(NeverSent);
        }
        self.acknowledge(received)?;
        self.replayed = Some(received);
        Ok(())
    }

    /// Returns the messages that would be sent again.
    #[cfg(test)]
    pub(crate) fn kept(&self) -> Vec<&P> {
        self.kept.iter().map(|kept| &kept.packet).collect()
    }

    /// Whether messages remain to be sent again.
    pub(crate) fn is_replaying(&self) -> bool {
        self.replayed.is_some()
    }

    /// Returns what is to be sent again next. The peer may acknowledge meanwhile.
    pub(crate) fn replay(&mut self) -> Option<Replay<P>> {
        let replayed = self.replayed?.max(self.acknowledged);
        let at = self.kept.partition_point(|kept| kept.last() <= replayed);
        let (now, next) = match self.kept.get(at) {
            Some(kept) if kept.number <= replayed + 1 => {
                let next = replayed + 1;
                let packet = kept.packet.nth(next - kept.number);
                (next, Replay::Message(packet, next))
            }
            Some(kept) => (kept.number - 1, Replay::Skip(kept.number - 1)),
            None if replayed < self.last => (self.last, Replay::Skip(self.last)),
            None => {
                self.replayed = None;
                return None;
            }
        };
        self.replayed = Some(now);
        Some(next)
    }
}

/// The messages that were received, and when to acknowledge them.
#[derive(Debug)]
pub(crate) struct Received {
    last: u64,
    acknowledged: u64,
    /// The bytes since the last acknowledgement.
    bytes: usize,
    /// After how many bytes to acknowledge.
    limit: usize,
    /// When to acknowledge at the latest.
    due: Option<Duration>,
}

impl Received {
    /// `outbound` is `limits.outbound`, the sender's budget for what is not acknowledged.
    pub(crate) fn new(outbound: usize) -> Self {
        Self {
            last: 0,
            acknowledged: 0,
            bytes: 0,
            limit: ACKNOWLEDGE_BYTES.min(outbound / 4),
            due: None,
        }
    }

    /// How many messages were received.
    #[cfg(any(feature = "client", test))]
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Counts a message.
    pub(crate) fn message(&mut self, bytes: usize, now: Duration) {
        self.last += 1;
        self.bytes += bytes;
        self.due.get_or_insert(now + ACKNOWLEDGE_DELAY);
    }

    /// Counts a message that contains its number. Numbers may begin anew.
    #[cfg(any(feature = "client", test))]
    pub(crate) fn number(&mut self, number: u64, bytes: usize, now: Duration) {
        self.last = number;
        self.acknowledged = self.acknowledged.min(number);
        self.bytes += bytes;
        self.due.get_or_insert(now + ACKNOWLEDGE_DELAY);
    }

    /// The peer skips volatile messages that were lost: what follows has the number after `last`.
    pub(crate) fn skip(&mut self, last: u64, now: Duration) {
        if last > self.last {
            self.last = last;
            self.due.get_or_insert(now + ACKNOWLEDGE_DELAY);
        }
    }

    /// Whether it is time to acknowledge.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.last - self.acknowledged >= ACKNOWLEDGE_MESSAGES
            || self.bytes >= self.limit.max(1)
            || self.due.is_some_and(|due| due <= now)
    }

    /// When to acknowledge, if nothing else is received.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.due
    }

    /// Returns the number to acknowledge; `None` if that was done.
    pub(crate) fn acknowledge(&mut self) -> Option<u64> {
        self.due.take()?;
        Some(self.acknowledged())
    }

    /// Records that the peer learns of all that was received, and returns the number.
    pub(crate) fn acknowledged(&mut self) -> u64 {
        (self.acknowledged, self.bytes, self.due) = (self.last, 0, None);
        self.last
    }
}
