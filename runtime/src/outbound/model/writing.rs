//! What is written: compared with what the model has queued, or keeps.

use super::{super::*, Model, Written, cost, numbering};

impl Model<'_> {
    /// Writes until nothing is left, a batch is full, or the transport fails.
    pub(super) fn write(&mut self, fails_at: usize) {
        let mut fed = Vec::new();
        let skip = |last| Some(EncodedMessage::new(format!("skip {last}").as_bytes(), true));
        let (_, any) = self.out.take(&skip, |bytes, is_text| {
            fed.push(EncodedMessage::new(bytes, is_text));
            if fed.len() == fails_at {
                Err(())
            } else {
                Ok(())
            }
        });
        let failed = fed.len() == fails_at;
        assert_eq!(any, if failed { Err(()) } else { Ok(!fed.is_empty()) });
        let bytes: usize = fed.iter().map(|message| self.wrote(message)).sum();
        self.writing += bytes;
        // A run is taken as a whole.
        while self.queue.front().is_some_and(|queued| queued.follows) {
            let queued = self.queue.pop_front().expect("it is queued");
            self.writing += queued.cost();
            self.sent.push(Written {
                message: Some(queued.message),
                request: None,
            });
            assert!(failed);
            self.see("stopped in the middle of a run");
        }
        let rest = self.control.is_empty() && self.queue.is_empty();
        let is_over = rest && self.position == self.sent.len();
        assert!(failed || bytes >= BATCH || is_over, "{bytes}");
        if self.kept() > self.limit && self.numbered {
            while self.kept() > self.limit {
                self.acknowledged += 1;
            }
            self.acknowledge_answers(self.acknowledged);
            self.see("trimmed");
        } else if self.kept() > self.limit {
            self.given_up = true;
            if self.queue.iter().any(|queued| queued.request.is_some()) {
                self.see("gave up while answers are queued");
            }
        }
        if failed {
            self.see("stopped in the middle");
            self.wire.pop_back();
            self.lose();
        } else if self.below(3) > 0 {
            self.out.flushed();
            self.writing = 0;
        }
    }

    /// Checks a message that was written, and returns its cost.
    fn wrote(&mut self, message: &EncodedMessage) -> usize {
        if let Some(control) = self.control.pop_front() {
            assert_eq!(*message, control);
            self.wire.push_back(self.position);
            return cost(message);
        }
        if self.position == self.sent.len() {
            return self.wrote_next(message);
        }
        let (from, rest) = (self.position, &self.sent[self.position..]);
        let volatile = rest.iter().take_while(|written| written.message.is_none());
        match volatile.count() {
            0 => {
                let kept = self.sent[from].message.clone().expect("it is kept");
                assert_eq!(*message, self.numbered(&kept, from + 1), "{from}");
                if self.sent[from].request.is_some() {
                    self.see("sent an answer again");
                }
                self.position += 1;
                self.wire.push_back(self.position);
                return cost(&kept);
            }
            count => {
                self.position += count;
                let skip = format!("skip {}", self.position);
                assert_eq!(message.bytes(), skip.as_bytes());
                self.see("skipped");
            }
        }
        self.wire.push_back(self.position);
        cost(message)
    }

    fn wrote_next(&mut self, message: &EncodedMessage) -> usize {
        let queued = self.queue.pop_front().expect("it is queued");
        let expected = self.numbered(&queued.message, self.sent.len() + 1);
        if self.numbered {
            self.see("written with its number");
        }
        assert_eq!(*message, expected);
        if queued.request.is_some() {
            self.see("written as an answer");
        }
        let key = queued.key.as_ref().map_or(0, |key| key.len());
        self.sent.push(Written {
            message: (self.numbered || !queued.volatile).then_some(queued.message.clone()),
            request: queued.request,
        });
        self.position += 1;
        self.wire.push_back(self.position);
        cost(&queued.message) + key
    }

    /// A message as it is written, if it has this number.
    fn numbered(&self, message: &EncodedMessage, number: usize) -> EncodedMessage {
        if !self.numbered {
            return message.clone();
        }
        let numbered = numbering().number(message.bytes(), number as u64);
        EncodedMessage::new(&numbered.expect("it is an object"), true)
    }
}
