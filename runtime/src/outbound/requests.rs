//! The part of the queue that knows the client's requests: their answers, and which requests are repeated.

use super::{Item, Outbound, Packet, Repetition};
use crate::{Id, encoded::EncodedMessage};
use std::hash::BuildHasher;

impl Outbound {
    /// Records a request, and returns what it is to those before it.
    pub(crate) fn begin_request(&self, id: &Id, request: &[u8]) -> Repetition {
        // Without the lock: others may have something to send.
        let content = self.hasher.hash_one(request);
        self.lock().answers.begin(id, content)
    }

    /// Forgets a request that has no answer: a stream that was cancelled.
    pub(crate) fn forget_request(&self, id: &Id) {
        self.lock().answers.forget(id);
    }

    /// Queues the answer to a request, as [`Self::answer`], and keeps it for repetitions.
    pub(crate) fn answer_request(&self, id: &Id, packet: EncodedMessage) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        // What is queued before it may be dropped, and the number lower.
        let number = state.sent.last() + state.queue.len() as u64 + 1;
        let number = state.sent.is_keeping().then_some(number);
        let place = state.answers.answered(id, &packet, number, self.limit / 4);
        let packet = match place.filter(|_| !state.is_numbered()) {
            Some(place) => Packet::Answer {
                place,
                length: packet.len() as u32,
            },
            None => Packet::Message(packet),
        };
        state.push_item(Item::new(packet, 0));
        self.wake_task(state);
    }
}
