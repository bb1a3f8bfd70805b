//! What is sent in a session: requests and their answers, and messages of the server.

use super::{super::*, Answered, Model, Queued, cost};
use crate::Id;
use std::sync::Arc;

impl Model<'_> {
    pub(super) fn request(&mut self) {
        self.requests += 1;
        let body = self.below(2) as u8;
        let first = self.out.begin_request(&Id::Integer(self.requests), &[body]);
        assert_eq!(first, Repetition::First);
        self.running.insert(self.requests, body);
    }

    pub(super) fn answer(&mut self) {
        let length = match self.below(8) {
            0 => 0,
            1 => 256,
            2 => 257,
            3 => 2_000,
            _ => 1 + self.below(200),
        };
        self.answer_with(length);
    }

    /// Answers more than is written at once.
    pub(super) fn answer_much(&mut self) {
        for length in [20_000, 20_000, 20_000, 20_000, 10, 300, 20] {
            self.request();
            self.answer_with(length);
        }
    }

    /// Answers a request that runs, or one that was forgotten.
    fn answer_with(&mut self, length: usize) {
        let nth = self.below(self.running.len() + 1);
        let id = self.running.keys().copied().nth(nth).unwrap_or(0);
        let message = self.message(length);
        match message.len() {
            0 => self.see("answered with 0 bytes"),
            256 => self.see("answered with 256 bytes"),
            257 => self.see("answered with 257 bytes"),
            _ => {}
        }
        let id_of = Id::Integer(id);
        self.out
            .answer_request(&id_of, message.bytes(), message.is_text());
        if let Some(body) = self.running.remove(&id) {
            let number = self.is_keeping().then_some(self.last() + 1);
            self.answered.push_back(Answered {
                id,
                body,
                message: message.clone(),
                number,
            });
            if number.is_none() {
                self.see("answered after giving up");
                let bytes = |answered: &Answered| answered.message.len();
                while self.answered.len() > 64
                    || self.answered.iter().map(bytes).sum::<usize>() > self.limit / 4
                {
                    self.answered.pop_front();
                }
            }
        } else {
            self.see("answered without a request");
        }
        self.push(message, (id > 0).then_some(id));
    }

    pub(super) fn repeat(&mut self) {
        if self.requests == 0 {
            return;
        }
        let back = [8, 40, 400][self.below(3)];
        let id = (self.requests - self.below(back) as i64).max(1);
        let body = self.below(2) as u8;
        let repetition = self.out.begin_request(&Id::Integer(id), &[body]);
        let is_queued = self.queue.iter().any(|queued| queued.request == Some(id));
        let unread = &self.sent[self.acknowledged..];
        let is_unread = unread.iter().any(|written| written.request == Some(id));
        let found = self.answered.iter().find(|answered| answered.id == id);
        let (outcome, expected) = match (found, self.running.get(&id)) {
            (Some(answered), _) if answered.body == body => {
                let outcome = match () {
                    () if self.given_up => "answered again after giving up",
                    () if is_queued => "answered again while it is queued",
                    () if self.position < self.sent.len() => {
                        "answered again while it is sent again"
                    }
                    () => "answered again while it is not acknowledged",
                };
                (outcome, Repetition::Answered(answered.message.clone()))
            }
            (Some(_), _) => ("another request with its id", Repetition::Reused),
            (None, Some(running)) if *running == body => ("running", Repetition::Running),
            (None, Some(_)) => ("another request with its id", Repetition::Reused),
            (None, None) => {
                assert!(self.given_up || !(is_queued || is_unread), "{id}");
                self.running.insert(id, body);
                let outcome = match self.given_up {
                    true => "first after newer ones",
                    false => "first after its acknowledgement",
                };
                (outcome, Repetition::First)
            }
        };
        assert_eq!(repetition, expected, "{id}");
        self.see(outcome);
        if let Repetition::Answered(message) = repetition {
            self.out.answer(message.clone());
            self.push(message, None);
        }
    }

    pub(super) fn forget(&mut self) {
        if let Some((&id, _)) = self.running.first_key_value() {
            self.running.remove(&id);
            self.out.end_stream(&Id::Integer(id));
        }
    }

    pub(super) fn send(&mut self) {
        let (message, volatile) = (self.any_message(), self.below(2) == 0);
        let pushed = self.out.push(message.clone(), volatile);
        self.sent(message, volatile, pushed);
    }

    /// Sends a message that may follow the one before.
    pub(super) fn publish(&mut self) {
        if self.numbered {
            return;
        }
        let message = self.any_message();
        if self.run.as_mut().is_some_and(|run| run.append(&message)) {
            self.push(message, None);
            self.queue.back_mut().expect("it is queued").follows = true;
            return self.see("followed what was published before");
        }
        let (run, end) = RunEnd::begin(message.clone());
        let pushed = self.out.push_run(&run);
        self.run = pushed.is_ok().then_some(end);
        self.sent(message, false, pushed);
    }

    fn sent(&mut self, message: EncodedMessage, volatile: bool, pushed: Result<(), EnqueueError>) {
        let cost = cost(&message);
        let has_volatile = self.queue.iter().any(|queued| queued.volatile);
        if self.bytes() + cost > self.limit && !volatile && has_volatile {
            self.drop_volatile();
            self.see("dropped volatile messages");
        }
        if self.bytes() + cost > self.limit && self.bytes() > 0 {
            assert_eq!(pushed, Err(EnqueueError::Full));
            if !volatile {
                let next = self.out.push(EncodedMessage::new(b"", true), false);
                assert_eq!(next, Err(EnqueueError::Full));
                // A server ends the session here. This one goes on as if nothing was lost.
                self.out.lock().has_lost = false;
            }
            return self.see("found no room");
        }
        assert_eq!(pushed, Ok(()));
        self.push(message, None);
        self.queue.back_mut().expect("it is queued").volatile = volatile;
    }

    pub(super) fn send_keyed(&mut self) {
        let key: Arc<str> = ["a", "bb", "ccc"][self.below(3)].into();
        let queued = Queued {
            message: self.any_message(),
            volatile: true,
            key: Some(key.clone()),
            mark: 0,
            request: None,
            follows: false,
        };
        let pushed = self.out.push_keyed(queued.message.clone(), &key);
        let of_key = |queued: &&mut Queued| queued.key.as_ref() == Some(&key);
        let bytes = self.bytes();
        let place = self
            .queue
            .iter()
            .position(|queued| queued.key.as_ref() == Some(&key));
        let waiting = self.queue.iter_mut().find(of_key);
        let others = bytes - waiting.as_ref().map_or(0, |waiting| waiting.cost());
        if others + queued.cost() > self.limit && others > 0 {
            assert_eq!(pushed, Err(EnqueueError::Full));
            if let Some(place) = place {
                self.queue.remove(place);
                self.lower_numbers();
                return self.see("dropped what it should replace");
            }
            return self.see("found no room by its key");
        }
        assert_eq!(pushed, Ok(()));
        if let Some(waiting) = waiting {
            *waiting = queued;
            return self.see("replaced by its key");
        }
        self.queue.push_back(queued);
        self.see("written with a key");
    }

    pub(super) fn ask(&mut self) {
        let (message, mark) = (self.any_message(), self.serial as u64);
        self.out.enqueue(message.clone(), mark, false);
        self.push(message, None);
        self.queue.back_mut().expect("it is queued").mark = mark;
    }

    pub(super) fn withdraw(&mut self) {
        let Some(at) = self.queue.iter().rposition(|queued| queued.mark > 0) else {
            return;
        };
        if self.queue.range(at..).any(|queued| queued.key.is_some()) {
            self.see("withdrawn before what has a key");
        }
        assert!(self.out.withdraw(self.queue[at].mark));
        self.queue.remove(at);
        self.lower_numbers();
        self.see("withdrawn");
    }

    pub(super) fn pong(&mut self) {
        let message = EncodedMessage::new(b"pong", true);
        self.out.control(message.clone(), 0);
        self.control.push_back(message);
        self.see("written out of the session");
    }
}
