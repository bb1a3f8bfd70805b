//! The requests of a session and their answers: a repeated request is answered again, and not run again.

use crate::{Id, encoded::EncodedMessage};
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::{
    collections::{HashMap, VecDeque, hash_map},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    num::NonZeroU64,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many answers are kept for a client that does not acknowledge.
const LAST: usize = 64;

/// For how many answers there is room while none is kept: as many as a client acknowledges at once, and some that are on their way.
const ROOM: usize = 2 * LAST;

/// What a request is to the requests before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// The first with its id.
    First,
    /// The same as one that is running: it has the same answer.
    Running,
    /// The same as one that was answered like this.
    Answered(EncodedMessage),
    /// Another request has the same id.
    Reused,
}

/// The requests that run, and those whose answer the client may not have yet: while messages are counted, until it acknowledges, and
/// otherwise the last 64.
#[derive(Debug)]
pub(crate) struct Answers {
    state: Mutex<State>,
    /// How many bytes of answers are kept for a client that does not acknowledge.
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    hasher: RandomState,
    /// The requests that have no answer yet: a hash of each, by a hash of its id. The key of both is random, so no client can make two ids collide.
    /// There are few, so that those of many sessions stay in the processor's caches.
    running: HashMap<u64, u64, BuildHasherDefault<Hashed>>,
    /// In the order of the answers: what is kept and forgotten is next to what was before it.
    answers: VecDeque<Answer>,
    /// The places of the answers, by the hashes of their ids.
    places: HashTable<u32>,
    /// The place of the first answer. Places begin anew after the last.
    first: u32,
    bytes: usize,
}

#[derive(Debug)]
struct Answer {
    /// The hash of the id.
    key: u64,
    /// The hash of the request.
    content: u64,
    /// The number of the message, or a higher one; `None` if the client's acknowledgement is not waited for.
    number: Option<NonZeroU64>,
    packet: EncodedMessage,
}

/// The hasher of what is a hash already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Answers {
    /// `outbound` is `limits.outbound`.
    pub(crate) fn new(outbound: usize) -> Self {
        Self {
            state: Mutex::default(),
            limit: outbound / 4,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request, and returns what it is to those before it.
    pub(crate) fn begin(&self, id: &Id, request: &[u8]) -> Repetition {
        let mut state = self.lock();
        let (key, content) = (state.key(id), state.hasher.hash_one(request));
        if let Some(answer) = state.answer(key) {
            return match answer.content == content {
                true => Repetition::Answered(answer.packet.clone()),
                false => Repetition::Reused,
            };
        }
        match state.running.entry(key) {
            hash_map::Entry::Vacant(entry) => {
                entry.insert(content);
                Repetition::First
            }
            hash_map::Entry::Occupied(entry) if *entry.get() == content => Repetition::Running,
            hash_map::Entry::Occupied(_) => Repetition::Reused,
        }
    }

    /// Records the answer to a request, if it was recorded. `number` is not less than that of the message, and `None` if the client's
    /// acknowledgement is not waited for.
    pub(crate) fn answered(&self, id: &Id, packet: EncodedMessage, number: Option<u64>) {
        let mut state = self.lock();
        let key = state.key(id);
        let Some(content) = state.running.remove(&key) else {
            return;
        };
        state.bytes += packet.len();
        state.keep(Answer {
            key,
            content,
            // Numbers begin with one.
            number: number.and_then(NonZeroU64::new),
            packet,
        });
        if number.is_none() {
            while state.answers.len() > LAST || state.bytes > self.limit {
                state.forget_first();
            }
        }
    }

    /// Forgets a request that has no answer: a stream that was cancelled.
    pub(crate) fn forget(&self, id: &Id) {
        let mut state = self.lock();
        let key = state.key(id);
        state.running.remove(&key);
    }

    /// The client has received so many messages.
    pub(crate) fn acknowledged(&self, received: u64) {
        let mut state = self.lock();
        while state
            .answers
            .front()
            .is_some_and(|answer| answer.number.is_none_or(|number| number.get() <= received))
        {
            state.forget_first();
        }
    }
}

impl State {
    fn key(&self, id: &Id) -> u64 {
        self.hasher.hash_one(id)
    }

    /// Returns the answer to a request.
    fn answer(&self, key: u64) -> Option<&Answer> {
        let at = |place: u32| self.answers.get(place.wrapping_sub(self.first) as usize);
        let place = self.places.find(key, |place| {
            at(*place).is_some_and(|answer| answer.key == key)
        })?;
        at(*place)
    }

    fn keep(&mut self, answer: Answer) {
        // No more than `limits.outbound` bytes are kept, so that there are fewer than 2³² answers.
        let place = self.first.wrapping_add(self.answers.len() as u32);
        let key = answer.key;
        self.answers.push_back(answer);
        let (answers, first) = (&self.answers, self.first);
        self.places.insert_unique(key, place, |place| {
            let answer = answers.get(place.wrapping_sub(first) as usize);
            answer.map_or(0, |answer| answer.key)
        });
    }

    fn forget_first(&mut self) {
        let Some(answer) = self.answers.pop_front() else {
            return;
        };
        let first = self.first;
        if let Ok(place) = self.places.find_entry(answer.key, |place| *place == first) {
            place.remove();
        }
        self.first = first.wrapping_add(1);
        self.bytes -= answer.packet.len();
        if self.answers.is_empty() {
            // Release the memory of a burst.
            self.answers.shrink_to(ROOM);
            self.places.shrink_to(LAST, |_| 0);
            self.running.shrink_to(LAST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: i64) -> Id {
        Id::Integer(n)
    }

    fn answer(text: &str) -> EncodedMessage {
        EncodedMessage::new(text.as_bytes(), true)
    }

    #[test]
    fn a_repeated_request_has_the_answer_of_the_first() {
        let answers = Answers::new(1024);
        assert_eq!(answers.begin(&id(1), b"a"), Repetition::First);
        assert_eq!(answers.begin(&id(1), b"a"), Repetition::Running);
        assert_eq!(answers.begin(&id(1), b"b"), Repetition::Reused);
        answers.answered(&id(1), answer("x"), Some(1));
        assert_eq!(
            answers.begin(&id(1), b"a"),
            Repetition::Answered(answer("x"))
        );
        assert_eq!(answers.begin(&id(1), b"b"), Repetition::Reused);
    }

    #[test]
    fn the_last_answers_are_kept_within_a_limit() {
        let answers = Answers::new(4 * 1024);
        for n in 0..100 {
            assert_eq!(answers.begin(&id(n), b"a"), Repetition::First);
            answers.answered(&id(n), answer("x"), None);
        }
        assert_eq!(
            answers.begin(&id(36), b"a"),
            Repetition::Answered(answer("x"))
        );
        assert_eq!(answers.begin(&id(35), b"a"), Repetition::First);
        let large = "x".repeat(1000);
        for n in 200..210 {
            answers.begin(&id(n), b"a");
            answers.answered(&id(n), answer(&large), None);
        }
        assert_eq!(answers.lock().answers.len(), 1);
    }

    #[test]
    fn an_answer_is_kept_until_it_is_acknowledged() {
        let answers = Answers::new(1024);
        for n in 1..=100 {
            answers.begin(&id(n), b"a");
            answers.answered(&id(n), answer("x"), Some(n as u64));
        }
        answers.acknowledged(7);
        assert_eq!(answers.begin(&id(7), b"a"), Repetition::First);
        assert_eq!(
            answers.begin(&id(8), b"a"),
            Repetition::Answered(answer("x"))
        );
    }

    /// Of a client that was counting and does not acknowledge, no more is kept than of one that never counted.
    #[test]
    fn answers_that_are_not_waited_for_replace_those_before() {
        let answers = Answers::new(1024);
        for n in 1..=1000 {
            answers.begin(&id(n), b"a");
            answers.answered(&id(n), answer("x"), (n <= 500).then_some(n as u64));
        }
        assert_eq!(answers.lock().answers.len(), LAST);
        assert_eq!(answers.lock().places.len(), LAST);
        assert!(answers.lock().running.is_empty());
    }

    #[test]
    fn a_cancelled_request_is_forgotten() {
        let answers = Answers::new(1024);
        answers.begin(&id(1), b"a");
        answers.forget(&id(1));
        assert_eq!(answers.begin(&id(1), b"b"), Repetition::First);
    }
}
