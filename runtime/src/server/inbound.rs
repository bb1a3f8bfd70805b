//! The queue of messages waiting to be handled. They are kept encoded, so that their size in memory is known.

use crate::transport::Packet;
use std::collections::VecDeque;

/// The approximate memory of a queued message in addition to its bytes.
const OVERHEAD: usize = 64;

/// The messages of one connection that are waiting to be handled.
#[derive(Debug)]
pub(crate) struct Inbound {
    queue: VecDeque<(Packet, bool)>,
    bytes: usize,
    limit: usize,
}

impl Inbound {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            limit,
        }
    }

    /// Whether reading must pause. The message being read may exceed the limit.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.limit
    }

    /// The memory of the messages, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds a message, and whether it was within the rate limit on arrival: time spent in the queue must not count against it.
    pub(crate) fn push(&mut self, packet: Packet, within_rate: bool) {
        self.bytes += packet.len() + OVERHEAD;
        self.queue.push_back((packet.into_own(), within_rate));
    }

    /// Returns how many messages there are up to the last that satisfies a condition, itself included; 0 if none does.
    pub(crate) fn count_to_last(&self, mut condition: impl FnMut(&Packet) -> bool) -> usize {
        let last = self.queue.iter().rposition(|(packet, _)| condition(packet));
        last.map_or(0, |last| last + 1)
    }

    pub(crate) fn pop(&mut self) -> Option<(Packet, bool)> {
        let (packet, within_rate) = self.queue.pop_front()?;
        self.bytes -= packet.len() + OVERHEAD;
        if self.queue.is_empty() {
            // Release the memory of a burst.
            self.queue.shrink_to(16);
        }
        Some((packet, within_rate))
    }
}
