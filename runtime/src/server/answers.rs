//! The requests of a session and their answers: a repeated request is answered again, and not run again.

use crate::{Id, transport::Packet};
use foldhash::quality::RandomState;
use std::{
    collections::{HashMap, VecDeque},
    hash::BuildHasher,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How many answers are kept for a client that does not acknowledge.
const LAST: usize = 64;

/// What a request is to the requests before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// The first with its id.
    First,
    /// The same as one that is running: it has the same answer.
    Running,
    /// The same as one that was answered like this.
    Answered(Packet),
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
    /// By a hash of the id. Its key is random, so no client can make two ids collide.
    entries: HashMap<u64, Entry, RandomState>,
    /// The answers in order, with their numbers.
    answered: VecDeque<(u64, Option<u64>)>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    /// A hash of the request.
    content: u64,
    answer: Option<Packet>,
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
        let key = state.key(id);
        let content = state.entries.hasher().hash_one(request);
        match state.entries.get(&key) {
            None => {
                let answer = None;
                state.entries.insert(key, Entry { content, answer });
                Repetition::First
            }
            Some(entry) if entry.content != content => Repetition::Reused,
            Some(entry) => match &entry.answer {
                None => Repetition::Running,
                Some(packet) => Repetition::Answered(packet.clone()),
            },
        }
    }

    /// Records the answer to a request, if it was recorded. `number` is not less than that of the message, and `None` if the client's
    /// acknowledgement is not waited for.
    pub(crate) fn answered(&self, id: &Id, packet: Packet, number: Option<u64>) {
        let mut state = self.lock();
        let key = state.key(id);
        let Some(entry) = state.entries.get_mut(&key) else {
            return;
        };
        if entry.answer.is_some() {
            return;
        }
        let bytes = packet.len();
        entry.answer = Some(packet);
        state.bytes += bytes;
        state.answered.push_back((key, number));
        if number.is_none() {
            while state.answered.len() > LAST || state.bytes > self.limit {
                state.forget_first();
            }
        }
    }

    /// Forgets a request that has no answer: a stream that was cancelled.
    pub(crate) fn forget(&self, id: &Id) {
        let mut state = self.lock();
        let key = state.key(id);
        if state
            .entries
            .get(&key)
            .is_some_and(|entry| entry.answer.is_none())
        {
            state.entries.remove(&key);
        }
    }

    /// The client has received so many messages.
    pub(crate) fn acknowledged(&self, received: u64) {
        let mut state = self.lock();
        while state
            .answered
            .front()
            .is_some_and(|(_, number)| number.is_none_or(|number| number <= received))
        {
            state.forget_first();
        }
    }
}

impl State {
    fn key(&self, id: &Id) -> u64 {
        self.entries.hasher().hash_one(id)
    }

    fn forget_first(&mut self) {
        let Some((key, _)) = self.answered.pop_front() else {
            return;
        };
        let entry = self.entries.remove(&key);
        let answer = entry.and_then(|entry| entry.answer);
        self.bytes -= answer.map_or(0, |packet| packet.len());
        if self.answered.is_empty() {
            // Release the memory of a burst.
            self.answered.shrink_to(LAST);
            self.entries.shrink_to(LAST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: i64) -> Id {
        Id::Integer(n)
    }

    fn answer(text: &str) -> Packet {
        Packet::Text(text.into())
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
        assert_eq!(answers.lock().answered.len(), 1);
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
        assert_eq!(answers.lock().answered.len(), LAST);
        assert_eq!(answers.lock().entries.len(), LAST);
    }

    #[test]
    fn a_cancelled_request_is_forgotten() {
        let answers = Answers::new(1024);
        answers.begin(&id(1), b"a");
        answers.forget(&id(1));
        assert_eq!(answers.begin(&id(1), b"b"), Repetition::First);
    }
}
