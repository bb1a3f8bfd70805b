//! The part of the queue that knows the client's requests: their answers, and which requests are repeated.

use super::{Answers, Item, Outbound, Packet, Repetition};
use crate::{Id, encoded::EncodedMessage};
use std::hash::BuildHasher;

impl Outbound {
    /// Records a request, and returns what it is to those before it.
    pub(crate) fn begin_request(&self, id: &Id, request: &[u8]) -> Repetition {
        // Without the lock: others may have something to send.
        let content = self.hasher.hash_one(request);
        self.lock().answers.begin(id, content)
    }

    /// A request has opened a stream, which goes on after its answer.
    pub(crate) fn begin_stream(&self, id: &Id) {
        self.lock().answers.begin_stream(id);
    }

    /// The stream of a request has ended, or was cancelled.
    pub(crate) fn end_stream(&self, id: &Id) {
        self.lock().answers.end_stream(id);
    }

    /// Queues the answer to a request, as [`Self::answer`], and keeps it for repetitions.
    pub(crate) fn answer_request(&self, id: &Id, bytes: &[u8], is_text: bool) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        state.settle();
        // What is queued before it may be dropped, and the number lower.
        let number = state.sent.last() + state.queued() + 1;
        let number = state.sent.is_keeping().then_some(number);
        let limit = self.limit / 4;
        let taken = state.answers.take(id);
        if number.is_some()
            && Answers::is_short(bytes.len())
            && let Some(taken) = taken
        {
            let packet = Packet::Answer {
                place: state.answers.next_place(),
                length: bytes.len() as u32,
            };
            // Queued first: what is kept is in none of the processor's nearest caches, and writing it takes its time.
            state.push_item(Item::new(packet, 0));
            state.answers.keep(taken, (bytes, is_text), number, limit);
        } else {
            let keep = |taken| state.answers.keep(taken, (bytes, is_text), number, limit);
            let long = taken.and_then(keep);
            let packet = long.unwrap_or_else(|| EncodedMessage::new(bytes, is_text));
            state.push_item(Item::new(Packet::Message(packet), 0));
        }
        self.wake_task(state);
    }
}
