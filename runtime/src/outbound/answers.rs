//! The requests of a session and their answers: a repeated request is answered again, and not run again.

use crate::{Id, encoded::EncodedMessage};
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque, hash_map},
    hash::{BuildHasher, BuildHasherDefault, Hasher},
    num::NonZeroU64,
};

/// How many answers are kept for a client that does not acknowledge.
const LAST: usize = 64;

/// For how many answers there is room while none is kept: as many as a client acknowledges at once, and some that are on their way.
const ROOM: usize = 2 * LAST;

/// The longest answer that is kept in a row with others, in bytes.
const SHORT: usize = 256;

/// For how many bytes of short answers there is room while none is kept.
const SHORT_ROOM: usize = 4 * 1024;

/// A request whose answer is to be kept.
#[derive(Debug)]
pub(super) struct Taken {
    key: u64,
    content: u64,
}

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
#[derive(Debug, Default)]
pub(super) struct Answers {
    hasher: RandomState,
    /// The requests that have no answer yet: a hash of each, by a hash of its id. The key of both is random, so no client can make two ids collide.
    /// There are few, so that those of many sessions stay in the processor's caches.
    running: HashMap<u64, u64, BuildHasherDefault<Hashed>>,
    /// In the order of the answers: what is kept and forgotten is next to what was before it.
    answers: VecDeque<Answer>,
    /// The places of the answers, by the hashes of their ids.
    places: HashTable<u32>,
    /// The bytes of the short answers, in the same order. Memory of its own for each would be scattered.
    short: VecDeque<u8>,
    /// The long answers, in the same order.
    long: VecDeque<EncodedMessage>,
    /// The bytes of all answers.
    bytes: usize,
    /// The place of the first answer. Places begin anew after the last.
    first: u32,
    /// Where the bytes of the first short answer begin, counted from the first ever kept. That begins anew, too.
    begin: u32,
    /// The number of the first long answer, which begins anew likewise.
    first_long: u32,
}

/// Half of a line of the processor's caches, and plain, so that it is written in its place at once.
#[derive(Clone, Copy, Debug)]
struct Answer {
    /// The hash of the id.
    key: u64,
    /// The hash of the request.
    content: u64,
    /// The number of the message, or a higher one; `None` if the client's acknowledgement is not waited for.
    number: Option<NonZeroU64>,
    /// Where its bytes begin among those of [`Answers::short`], or its number among [`Answers::long`].
    at: u32,
    /// The length of a short one; [`LONG`] if it is long.
    length: u16,
    is_text: bool,
}

/// The length of all long answers.
const LONG: u16 = u16::MAX;

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
    /// Records a request, of which `content` is a hash, and returns what it is to those before it.
    pub(super) fn begin(&mut self, id: &Id, content: u64) -> Repetition {
        let key = self.key(id);
        if let Some((place, answer)) = self.find(key) {
            return match answer.content == content {
                true => self
                    .message(place)
                    .map_or(Repetition::Running, Repetition::Answered),
                false => Repetition::Reused,
            };
        }
        match self.running.entry(key) {
            hash_map::Entry::Vacant(entry) => {
                entry.insert(content);
                Repetition::First
            }
            hash_map::Entry::Occupied(entry) if *entry.get() == content => Repetition::Running,
            hash_map::Entry::Occupied(_) => Repetition::Reused,
        }
    }

    /// Takes a request that runs, if it was recorded. Its answer is [`Self::keep`]t next.
    pub(super) fn take(&mut self, id: &Id) -> Option<Taken> {
        let key = self.key(id);
        let content = self.running.remove(&key)?;
        Some(Taken { key, content })
    }

    /// Whether [`Self::bytes`] returns an answer of so many bytes until it is acknowledged.
    pub(super) const fn is_short(length: usize) -> bool {
        length <= SHORT
    }

    /// The place of the next answer that is kept.
    pub(super) fn next_place(&self) -> u32 {
        self.first.wrapping_add(self.answers.len() as u32)
    }

    /// Keeps the answer to a request. `number` is not less than that of the message, and `None` if the client's acknowledgement is not waited
    /// for; of those, no more than `limit` bytes are kept. Returns one that is long.
    pub(super) fn keep(
        &mut self,
        Taken { key, content }: Taken,
        (bytes, is_text): (&[u8], bool),
        number: Option<u64>,
        limit: usize,
    ) -> Option<EncodedMessage> {
        // No more than `limits.outbound` bytes are kept, which is less than 2³².
        let (at, length) = match Self::is_short(bytes.len()) {
            true => (
                self.begin.wrapping_add(self.short.len() as u32),
                bytes.len() as u16,
            ),
            false => (self.first_long.wrapping_add(self.long.len() as u32), LONG),
        };
        self.bytes += bytes.len();
        let place = self.next_place();
        self.answers.push_back(Answer {
            key,
            content,
            // Numbers begin with one.
            number: number.and_then(NonZeroU64::new),
            at,
            length,
            is_text,
        });
        let (answers, first) = (&self.answers, self.first);
        self.places.insert_unique(key, place, |place| {
            let answer = answers.get(place.wrapping_sub(first) as usize);
            answer.map_or(0, |answer| answer.key)
        });
        let mut long = None;
        if length == LONG {
            let packet = long.insert(EncodedMessage::new(bytes, is_text));
            self.long.push_back(packet.clone());
        } else {
            self.short.extend(bytes);
        }
        if number.is_none() {
            while self.answers.len() > LAST || self.bytes > limit {
                self.forget_first();
            }
        }
        long
    }

    /// Forgets a request that has no answer: a stream that was cancelled.
    pub(super) fn forget(&mut self, id: &Id) {
        let key = self.key(id);
        self.running.remove(&key);
    }

    /// No message that is queued has a higher number.
    pub(super) fn lower_numbers(&mut self, last: u64) {
        let Some(last) = NonZeroU64::new(last) else {
            return;
        };
        for answer in self.answers.iter_mut().rev() {
            match &mut answer.number {
                None => {}
                Some(number) if *number > last => *number = last,
                Some(_) => return,
            }
        }
    }

    /// The client has received so many messages.
    pub(super) fn acknowledged(&mut self, received: u64) {
        while self
            .answers
            .front()
            .is_some_and(|answer| answer.number.is_none_or(|number| number.get() <= received))
        {
            self.forget_first();
        }
    }

    /// Returns the bytes of an answer, and whether they are text.
    pub(super) fn bytes(&self, place: u32) -> Option<(Cow<'_, [u8]>, bool)> {
        let Answer {
            at,
            length,
            is_text,
            ..
        } = *self.at(place)?;
        if length == LONG {
            return Some((self.long(at)?.bytes().into(), is_text));
        }
        let begin = at.wrapping_sub(self.begin) as usize;
        let end = begin + usize::from(length);
        let (front, back) = self.short.as_slices();
        let bytes = match begin.checked_sub(front.len()) {
            Some(begin) => back.get(begin..end - front.len())?.into(),
            None if end <= front.len() => front.get(begin..end)?.into(),
            None => [front.get(begin..)?, back.get(..end - front.len())?]
                .concat()
                .into(),
        };
        Some((bytes, is_text))
    }

    /// Returns an answer as a message of its own.
    pub(super) fn message(&self, place: u32) -> Option<EncodedMessage> {
        let answer = self.at(place)?;
        if answer.length == LONG {
            return self.long(answer.at).cloned();
        }
        let (bytes, is_text) = self.bytes(place)?;
        Some(EncodedMessage::new(&bytes, is_text))
    }

    /// Returns a long answer by its number.
    fn long(&self, number: u32) -> Option<&EncodedMessage> {
        self.long.get(number.wrapping_sub(self.first_long) as usize)
    }

    /// As after four thousand million bytes and answers.
    #[cfg(test)]
    pub(super) fn grow_old(&mut self) {
        (self.first, self.begin) = (u32::MAX - 500, u32::MAX - 50_000);
        self.first_long = u32::MAX - 50;
    }

    /// How many answers are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    fn key(&self, id: &Id) -> u64 {
        self.hasher.hash_one(id)
    }

    fn at(&self, place: u32) -> Option<&Answer> {
        self.answers.get(place.wrapping_sub(self.first) as usize)
    }

    /// Returns the answer to a request, and its place.
    fn find(&self, key: u64) -> Option<(u32, &Answer)> {
        let is_it = |place: &u32| self.at(*place).is_some_and(|answer| answer.key == key);
        let place = *self.places.find(key, is_it)?;
        Some((place, self.at(place)?))
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
        self.bytes -= match answer.length {
            LONG => {
                self.first_long = self.first_long.wrapping_add(1);
                self.long.pop_front().map_or(0, |packet| packet.len())
            }
            length => {
                self.short.drain(..usize::from(length));
                self.begin = self.begin.wrapping_add(u32::from(length));
                usize::from(length)
            }
        };
        if self.answers.is_empty() {
            // Release the memory of a burst.
            self.answers.shrink_to(ROOM);
            self.places.shrink_to(LAST, |_| 0);
            self.running.shrink_to(LAST);
            self.short.shrink_to(SHORT_ROOM);
            self.long = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hashes of two requests.
    const A: u64 = 1;
    const B: u64 = 2;

    /// For how many bytes of answers there is room in these tests.
    const LIMIT: usize = 1024;

    fn id(n: u64) -> Id {
        Id::Integer(i64::try_from(n).expect("it is small"))
    }

    fn text(text: &str) -> EncodedMessage {
        EncodedMessage::new(text.as_bytes(), true)
    }

    /// Runs a request, and returns the place of its answer.
    fn answer(answers: &mut Answers, n: u64, content: &str, number: Option<u64>) -> Option<u32> {
        assert_eq!(answers.begin(&id(n), A), Repetition::First, "{n}");
        let place = answers.next_place();
        let taken = answers.take(&id(n)).expect("it runs");
        let long = answers.keep(taken, (content.as_bytes(), true), number, LIMIT);
        assert_eq!(long.is_none(), Answers::is_short(content.len()));
        long.is_none().then_some(place)
    }

    #[test]
    fn a_repeated_request_has_the_answer_of_the_first() {
        let mut answers = Answers::default();
        assert_eq!(answers.begin(&id(1), A), Repetition::First);
        assert_eq!(answers.begin(&id(1), A), Repetition::Running);
        assert_eq!(answers.begin(&id(1), B), Repetition::Reused);
        let taken = answers.take(&id(1)).expect("it runs");
        answers.keep(taken, (b"x", true), Some(1), LIMIT);
        assert_eq!(answers.begin(&id(1), A), Repetition::Answered(text("x")));
        assert_eq!(answers.begin(&id(1), B), Repetition::Reused);
    }

    #[test]
    fn the_last_answers_are_kept_within_a_limit() {
        let mut answers = Answers::default();
        for n in 0..100 {
            answer(&mut answers, n, "x", None);
        }
        assert_eq!(answers.begin(&id(36), A), Repetition::Answered(text("x")));
        answer(&mut answers, 35, "x", None);
        for (first, length) in [(200, 600), (300, SHORT)] {
            let large = "x".repeat(length);
            for n in first..first + 10 {
                answer(&mut answers, n, &large, None);
            }
            assert_eq!(answers.answers.len(), LIMIT / length);
        }
    }

    #[test]
    fn an_answer_is_kept_until_it_is_acknowledged() {
        let mut answers = Answers::default();
        for n in 1..=100 {
            answer(&mut answers, n, "x", Some(n));
        }
        answers.acknowledged(7);
        assert_eq!(answers.begin(&id(7), A), Repetition::First);
        assert_eq!(answers.begin(&id(8), A), Repetition::Answered(text("x")));
    }

    /// Short answers and long ones, acknowledged at different times, so that the memory of the short ones ends and begins anew everywhere.
    #[test]
    fn answers_of_every_length_are_found_until_they_are_acknowledged() {
        let mut answers = Answers::default();
        answers.grow_old();
        let content = |n: u64| format!("{n}:{}", "x".repeat(n as usize * 31 % (SHORT + 40)));
        let (mut places, mut wrapped) = (VecDeque::new(), 0);
        for n in 1..=3000 {
            places.push_back((n, answer(&mut answers, n, &content(n), Some(n))));
            if n % 7 == 0 {
                let received = n.saturating_sub(20 + n % 13);
                answers.acknowledged(received);
                places.retain(|(n, _)| *n > received);
            }
            wrapped += usize::from(!answers.short.as_slices().1.is_empty());
            for (n, place) in &places {
                let content = content(*n);
                assert_eq!(place.is_some(), content.len() <= SHORT);
                let place = place.unwrap_or_else(|| {
                    let (place, _) = answers.find(answers.key(&id(*n))).expect("it is kept");
                    place
                });
                let (bytes, is_text) = answers.bytes(place).expect("it is kept");
                assert_eq!((&*bytes, is_text), (content.as_bytes(), true));
                assert_eq!(answers.message(place), Some(text(&content)));
            }
        }
        assert!(wrapped > 100, "{wrapped}");
        answers.acknowledged(3000);
        assert_eq!((answers.bytes, answers.places.len()), (0, 0));
        assert!(answers.short.is_empty() && answers.short.capacity() <= SHORT_ROOM);
        assert!(answers.long.is_empty());
    }

    /// Of a client that was counting and does not acknowledge, no more is kept than of one that never counted.
    #[test]
    fn answers_that_are_not_waited_for_replace_those_before() {
        let mut answers = Answers::default();
        for n in 1..=1000 {
            answer(&mut answers, n, "x", (n <= 500).then_some(n));
        }
        assert_eq!((answers.answers.len(), answers.places.len()), (LAST, LAST));
        assert_eq!(answers.short.len(), LAST);
        assert!(answers.running.is_empty());
    }

    #[test]
    fn a_cancelled_request_is_forgotten() {
        let mut answers = Answers::default();
        assert_eq!(answers.begin(&id(1), A), Repetition::First);
        answers.forget(&id(1));
        assert_eq!(answers.begin(&id(1), B), Repetition::First);
    }
}
