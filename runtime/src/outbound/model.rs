//! Random operations on the queue of a server's session, beside a model that knows what is written next and how a repeated request is
//! answered. `HANDFAST_SEED` sets the seed.

mod operations;
mod writing;

use super::{state::OVERHEAD, *};
use crate::{
    Id,
    codec::{Encoding, Numbering},
    descriptor::{FieldDescriptor, FieldKind},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// What has to happen at least once.
const OUTCOMES: [&str; 40] = [
    "acknowledged before it is sent again",
    "acknowledged late",
    "acknowledged more than was sent",
    "acknowledged what is new",
    "answered after giving up",
    "answered again after giving up",
    "answered again while it is not acknowledged",
    "answered again while it is queued",
    "answered again while it is sent again",
    "answered with 0 bytes",
    "answered with 256 bytes",
    "answered with 257 bytes",
    "answered without a request",
    "another request with its id",
    "dropped volatile messages",
    "ended",
    "first after its acknowledgement",
    "first after newer ones",
    "found no room",
    "followed what was published before",
    "found no room by its key",
    "dropped what it should replace",
    "gave up while answers are queued",
    "lost while it is sent again",
    "lost while it is written",
    "replaced by its key",
    "resumed",
    "resumed after too long",
    "running",
    "sent an answer again",
    "skipped",
    "stopped in the middle",
    "stopped in the middle of a run",
    "trimmed",
    "withdrawn",
    "withdrawn before what has a key",
    "written as an answer",
    "written out of the session",
    "written with a key",
    "written with its number",
];

struct Queued {
    message: EncodedMessage,
    volatile: bool,
    key: Option<Arc<str>>,
    mark: u64,
    request: Option<i64>,
    /// It is part of the run that begins before it.
    follows: bool,
}

impl Queued {
    fn cost(&self) -> usize {
        cost(&self.message) + self.key.as_ref().map_or(0, |key| key.len())
    }
}

fn cost(message: &EncodedMessage) -> usize {
    message.len() + OVERHEAD
}

struct Written {
    /// `None` if it is not sent again.
    message: Option<EncodedMessage>,
    request: Option<i64>,
}

struct Answered {
    id: i64,
    body: u8,
    message: EncodedMessage,
    /// The highest number that it can have, if it is kept until it is acknowledged.
    number: Option<usize>,
}

struct Model<'a> {
    out: Outbound,
    limit: usize,
    numbered: bool,
    random: &'a mut u64,
    seen: &'a mut BTreeMap<&'static str, usize>,
    queue: VecDeque<Queued>,
    /// What was published last.
    run: Option<RunEnd>,
    control: VecDeque<EncodedMessage>,
    /// What was written, in the order of the numbers.
    sent: Vec<Written>,
    writing: usize,
    /// The number of the last message that was written to this connection or received before.
    position: usize,
    /// The same after each of the messages that are on their way.
    wire: VecDeque<usize>,
    received: usize,
    acknowledged: usize,
    given_up: bool,
    requests: i64,
    running: BTreeMap<i64, u8>,
    answered: VecDeque<Answered>,
    serial: usize,
}

impl<'a> Model<'a> {
    fn new(random: &'a mut u64, seen: &'a mut BTreeMap<&'static str, usize>) -> Self {
        let mut model = Self {
            out: Outbound::new(0, Overflow::GiveUp),
            limit: 0,
            numbered: false,
            random,
            seen,
            queue: VecDeque::new(),
            run: None,
            control: VecDeque::new(),
            sent: Vec::new(),
            writing: 0,
            position: 0,
            wire: VecDeque::new(),
            received: 0,
            acknowledged: 0,
            given_up: false,
            requests: 0,
            running: BTreeMap::new(),
            answered: VecDeque::new(),
            serial: 0,
        };
        model.limit = [4_000, 20_000, 80_000][model.below(3)];
        model.out = Outbound::new(model.limit, Overflow::GiveUp);
        model.numbered = model.below(4) == 0;
        model.out.lock().answers.grow_old();
        match model.numbered {
            true => model.out.begin_numbering(numbering()),
            false => model.out.begin_counting(),
        }
        model
    }

    /// SplitMix64.
    fn below(&mut self, bound: usize) -> usize {
        *self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = *self.random;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn see(&mut self, outcome: &'static str) {
        *self.seen.entry(outcome).or_default() += 1;
    }

    /// A message unlike all others, unless it is empty.
    fn message(&mut self, length: usize) -> EncodedMessage {
        self.serial += 1;
        let content = format!("{:0length$}", self.serial);
        match self.numbered {
            true => EncodedMessage::new(format!("{{\"x\":\"{content}\"}}").as_bytes(), true),
            false if length == 0 => EncodedMessage::new(b"", true),
            false => EncodedMessage::new(content.as_bytes(), self.serial.is_multiple_of(2)),
        }
    }

    fn any_message(&mut self) -> EncodedMessage {
        let length = [10, 80, 250, 700][self.below(4)];
        self.message(length)
    }

    fn is_keeping(&self) -> bool {
        !self.given_up
    }

    fn bytes(&self) -> usize {
        let control: usize = self.control.iter().map(cost).sum();
        self.queue.iter().map(Queued::cost).sum::<usize>() + control + self.writing
    }

    /// The bytes that are not acknowledged.
    fn kept(&self) -> usize {
        match self.given_up {
            true => 0,
            false => self.sent[self.acknowledged..]
                .iter()
                .filter_map(|written| written.message.as_ref())
                .map(cost)
                .sum(),
        }
    }

    /// The highest number of what is written or queued.
    fn last(&self) -> usize {
        self.sent.len() + self.queue.len()
    }

    fn push(&mut self, message: EncodedMessage, request: Option<i64>) {
        self.queue.push_back(Queued {
            message,
            volatile: false,
            key: None,
            mark: 0,
            request,
            follows: false,
        });
    }

    fn drop_volatile(&mut self) {
        self.queue.retain(|queued| !queued.volatile);
        self.lower_numbers();
    }

    fn lower_numbers(&mut self) {
        let last = self.last();
        for answered in &mut self.answered {
            answered.number = answered.number.map(|number| number.min(last));
        }
    }

    fn acknowledge_answers(&mut self, received: usize) {
        let is_received = |answered: &Answered| answered.number.is_none_or(|n| n <= received);
        while self.answered.front().is_some_and(is_received) {
            self.answered.pop_front();
        }
    }

    /// Some of what is on its way arrives.
    fn arrive(&mut self) {
        for _ in 0..self.below(self.wire.len() + 1) {
            let arrived = self.wire.pop_front().expect("it is on its way");
            self.received = self.received.max(arrived);
        }
    }

    fn acknowledge(&mut self) {
        let received = match self.below(8) {
            0 => self.sent.len() + 1 + self.below(3),
            1 => self.below(self.received + 1),
            2 => self.sent.len() - self.below(self.sent.len() - self.received + 1),
            _ => self.received,
        };
        let acknowledged = self.out.acknowledge(received as u64);
        if received > self.sent.len() {
            assert!(acknowledged.is_err());
            return self.see("acknowledged more than was sent");
        }
        assert_eq!(acknowledged, Ok(received > self.acknowledged));
        if received > self.acknowledged {
            self.acknowledged = received;
            self.acknowledge_answers(received);
            if received > self.position {
                self.see("acknowledged before it is sent again");
            }
            // It may not be true.
            self.position = self.position.max(received);
            self.received = self.received.max(received);
            self.see("acknowledged what is new");
        } else {
            self.see("acknowledged late");
        }
    }

    /// The connection is lost, and resumed if that is possible.
    fn lose(&mut self) {
        if self.writing > 0 {
            self.see("lost while it is written");
        }
        if self.position < self.sent.len() {
            self.see("lost while it is sent again");
        }
        self.out.detach();
        self.arrive();
        self.wire.clear();
        self.control.clear();
        self.writing = 0;
        self.drop_volatile();
        for _ in 0..self.below(3) {
            self.answer();
        }
        let can_resume = !self.given_up && self.received >= self.acknowledged;
        assert_eq!(self.out.can_resume(self.received as u64), can_resume);
        if !can_resume {
            self.see("resumed after too long");
            return self.end();
        }
        let resumed = self.out.resume(self.received as u64, None);
        assert_eq!(resumed, Ok(()));
        self.position = self.received;
        self.acknowledged = self.received;
        self.acknowledge_answers(self.received);
        self.see("resumed");
    }

    fn end(&mut self) {
        self.out.end();
        self.see("ended");
        let id = Id::Integer(self.requests + 1);
        assert_eq!(self.out.begin_request(&id, b""), Repetition::First);
        self.out.answer_request(&id, b"", true);
        let (_, any) = self.out.take(&|_| None, |_, _| Ok::<_, ()>(()));
        self.out.flushed();
        assert_eq!((any, self.out.held()), (Ok(false), 0));
    }

    fn is_ended(&self) -> bool {
        self.out.is_ended()
    }

    fn step(&mut self) {
        match self.below(32) {
            0..=5 => self.request(),
            6..=11 => self.answer(),
            12..=15 => self.repeat(),
            16 => self.forget(),
            17 => self.send(),
            18 => (0..=self.below(4)).for_each(|_| self.publish()),
            19..=20 => self.send_keyed(),
            21 => self.ask(),
            22 => self.withdraw(),
            23 => self.pong(),
            24..=25 => self.write(usize::MAX),
            26 => {
                let fails_at = 1 + self.below(20);
                self.write(fails_at);
            }
            27..=28 => self.arrive(),
            29..=30 => self.acknowledge(),
            _ => match self.below(16) {
                0..=1 => self.lose(),
                2 => self.answer_much(),
                _ => {}
            },
        }
        if !self.is_ended() {
            self.check();
        }
    }

    fn check(&self) {
        let is_open = self.out.lock().is_open;
        let last = self.queue.iter().rev().take_while(|queued| queued.follows);
        let uncounted: usize = last.map(Queued::cost).filter(|_| is_open).sum();
        assert_eq!(self.out.lock().bytes + uncounted, self.bytes());
        if uncounted == 0 {
            assert_eq!(self.out.held(), self.bytes() + self.kept());
        }
    }

    /// Everything is written, arrives and is acknowledged: then nothing is kept.
    fn finish(&mut self) {
        while !self.out.is_idle() {
            self.out.flushed();
            self.writing = 0;
            self.write(usize::MAX);
        }
        let arrived = self.wire.pop_back().unwrap_or(0);
        self.received = self.received.max(arrived);
        assert_eq!(self.received, self.sent.len());
        self.out
            .acknowledge(self.received as u64)
            .expect("it was sent");
        assert_eq!(self.out.held(), 0);
        assert_eq!(self.out.lock().answers.len(), 0);
    }
}

fn numbering() -> Numbering {
    Numbering {
        field: FieldDescriptor::optional("n", FieldKind::Integer),
        encoding: Encoding::Json,
    }
}

#[test]
fn a_session_is_as_a_model_of_it() {
    let seed = std::env::var("HANDFAST_SEED").ok();
    let seed = seed.map_or(1, |seed| seed.parse().expect("it is a number"));
    println!("seed {seed}");
    let (mut random, mut seen) = (seed, BTreeMap::new());
    for _ in 0..200 {
        let mut model = Model::new(&mut random, &mut seen);
        let steps = 100 + model.below(400);
        for _ in 0..steps {
            if !model.is_ended() {
                model.step();
            }
        }
        if !model.is_ended() {
            model.finish();
        }
    }
    println!("{seen:#?}");
    for outcome in OUTCOMES {
        assert!(seen.contains_key(outcome), "never {outcome}");
    }
    assert_eq!(seen.len(), OUTCOMES.len());
}
