//! Messages that wait for their turn: as they came, so that what they take is what they weigh, whatever they decode to.

use crate::transport::Packet;
use std::collections::VecDeque;

/// What a message costs beside its bytes, about.
const OVERHEAD: usize = 64;

/// The messages of one connection that wait to be handled.
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

    /// Whether nothing more should be read for now. What is read until then may exceed the limit by one message.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.limit
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds a message, and whether it came within the rate: what waited for others is not too fast for that.
    pub(crate) fn push(&mut self, packet: Packet, in_time: bool) {
        self.bytes += packet.len() + OVERHEAD;
        self.queue.push_back((packet, in_time));
    }

    pub(crate) fn pop(&mut self) -> Option<(Packet, bool)> {
        let (packet, in_time) = self.queue.pop_front()?;
        self.bytes -= packet.len() + OVERHEAD;
        if self.queue.is_empty() {
            // A burst does not leave its room behind.
            self.queue.shrink_to(16);
        }
        Some((packet, in_time))
    }
}
