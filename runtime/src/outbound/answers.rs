//! The requests of a session and their answers: a repeated request is answered again, and not run again.

#[cfg(test)]
mod tests;

use crate::{Id, encoded::EncodedMessage};
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
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
    number: Option<u64>,
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
    running: Running,
    /// In the order of the answers: what is kept and forgotten is next to what was before it.
    answers: VecDeque<Answer>,
    /// The places of answers that are indexed, by the hashes of their ids. Most clients number their requests, and then none is: all that are
    /// not indexed have numbers up to `highest`, so that a request with a higher one has another id.
    places: HashTable<u32>,
    highest: Option<u64>,
    /// The place from which on answers may not be indexed.
    indexed: u32,
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
    /// The streams that are open, as [`Running`] has requests: they go on after their answer. `None` until there is one.
    #[expect(
        clippy::box_collection,
        reason = "most sessions have none, and each has one of this type"
    )]
    streams: Option<Box<HashMap<u64, u64, BuildHasherDefault<Hashed>>>>,
}

/// The requests that have no answer yet: a hash of each, by a hash of its id. The key of both is random, so no client can make two ids collide.
#[derive(Debug, Default)]
struct Running {
    /// The one that began last. Most handlers run one by one, so that it is the only one.
    last: Option<(u64, u64)>,
    others: HashMap<u64, u64, BuildHasherDefault<Hashed>>,
}

impl Running {
    fn get(&self, key: u64) -> Option<u64> {
        match self.last {
            Some((last, content)) if last == key => Some(content),
            _ if self.others.is_empty() => None,
            _ => self.others.get(&key).copied(),
        }
    }

    fn insert(&mut self, key: u64, content: u64) {
        self.others.extend(self.last.replace((key, content)));
    }

    fn remove(&mut self, key: u64) -> Option<u64> {
        match self.last {
            Some((last, content)) if last == key => {
                self.last = None;
                Some(content)
            }
            _ => self.others.remove(&key),
        }
    }
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
    is_indexed: bool,
}

/// The length of all long answers.
const LONG: u16 = u16::MAX;

/// The number that an id is, with or without quotes. Ids with different numbers are different.
fn number_of(id: &Id) -> Option<u64> {
    match id {
        Id::Integer(number) => u64::try_from(*number).ok(),
        Id::Text(text) if text.len() < 20 => text.bytes().try_fold(0, |number: u64, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| number * 10 + u64::from(digit))
        }),
        Id::Text(_) => None,
    }
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
    /// Records a request, of which `content` is a hash, and returns what it is to those before it.
    pub(super) fn begin(&mut self, id: &Id, content: u64) -> Repetition {
        let key = self.key(id);
        if let Some(number) = number_of(id) {
            if self.highest.is_some_and(|highest| number <= highest) {
                self.index();
            }
            self.highest = Some(number);
        }
        if let Some((place, answer)) = self.find(key) {
            return match answer.content == content {
                true => self
                    .message(place)
                    .map_or(Repetition::Running, Repetition::Answered),
                false => Repetition::Reused,
            };
        }
        let streams = self.streams.as_ref();
        let stream = streams.and_then(|streams| streams.get(&key).copied());
        match stream.or_else(|| self.running.get(key)) {
            None => {
                self.running.insert(key, content);
                Repetition::First
            }
            Some(running) if running == content => Repetition::Running,
            Some(_) => Repetition::Reused,
        }
    }

    /// Takes a request that runs, if it was recorded. Its answer is [`Self::keep`]t next.
    pub(super) fn take(&mut self, id: &Id) -> Option<Taken> {
        let key = self.key(id);
        let content = self.running.remove(key)?;
        Some(Taken {
            key,
            content,
            number: number_of(id),
        })
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
        request: Taken,
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
        let is_indexed = request.number.is_none() || request.number > self.highest;
        if is_indexed {
            self.insert(request.key, self.next_place());
        }
        self.answers.push_back(Answer {
            key: request.key,
            content: request.content,
            // Numbers begin with one.
            number: number.and_then(NonZeroU64::new),
            at,
            length,
            is_text,
            is_indexed,
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

    /// A request that was recorded has opened a stream: it runs until that ends, whether it has an answer or not.
    pub(super) fn begin_stream(&mut self, id: &Id) {
        let key = self.key(id);
        if let Some(content) = self.running.get(key) {
            let streams = self.streams.get_or_insert_default();
            streams.insert(key, content);
        }
    }

    /// A stream has ended. If it has no answer, it has none any more: it was cancelled.
    pub(super) fn end_stream(&mut self, id: &Id) {
        let key = self.key(id);
        self.running.remove(key);
        if let Some(streams) = &mut self.streams {
            streams.remove(&key);
            if streams.is_empty() {
                self.streams = None;
            }
        }
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
        (self.indexed, self.first_long) = (self.first, u32::MAX - 50);
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

    /// Indexes the answers that are not: a request may have the id of one of them. Each is looked at once.
    #[cold]
    fn index(&mut self) {
        let from = self.indexed.wrapping_sub(self.first) as usize;
        for at in from..self.answers.len() {
            if let Some(answer) = self.answers.get_mut(at)
                && !std::mem::replace(&mut answer.is_indexed, true)
            {
                let key = answer.key;
                self.insert(key, self.first.wrapping_add(at as u32));
            }
        }
        self.indexed = self.next_place();
    }

    fn insert(&mut self, key: u64, place: u32) {
        let (answers, first) = (&self.answers, self.first);
        self.places.insert_unique(key, place, |place| {
            let answer = answers.get(place.wrapping_sub(first) as usize);
            answer.map_or(0, |answer| answer.key)
        });
    }

    /// Returns the answer to a request, and its place, if that is indexed.
    fn find(&self, key: u64) -> Option<(u32, &Answer)> {
        if self.places.is_empty() {
            return None;
        }
        let is_it = |place: &u32| self.at(*place).is_some_and(|answer| answer.key == key);
        let place = *self.places.find(key, is_it)?;
        Some((place, self.at(place)?))
    }

    fn forget_first(&mut self) {
        let Some(answer) = self.answers.pop_front() else {
            return;
        };
        let first = self.first;
        if answer.is_indexed
            && let Ok(place) = self.places.find_entry(answer.key, |place| *place == first)
        {
            place.remove();
        }
        self.first = first.wrapping_add(1);
        if self.indexed == first {
            self.indexed = self.first;
        }
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
            self.running.others.shrink_to(LAST);
            self.short.shrink_to(SHORT_ROOM);
            self.long = VecDeque::new();
        }
    }
}
