//! What a client waits for, and the channels it is in.

use super::{
    Gap, Skew,
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
};
use crate::{Envelope, Id, table::Tag, transport::Packet};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Weak},
};
use tokio::sync::oneshot;

/// What answers a request; nothing, where one of the session's own messages does.
pub(crate) type Answer = Result<Option<Delivery>, Failure>;

/// A request, for as long as it is not answered.
pub(crate) struct Waiting {
    /// Its number, which marks it in the outbound queue.
    pub(crate) mark: u64,
    pub(crate) packet: Packet,
    /// It may be sent again.
    pub(crate) again: bool,
    /// It was handed to the transport.
    pub(crate) written: bool,
    /// It was handed to a transport that was lost.
    pub(crate) lost: bool,
    pub(crate) answers: Answers,
    pub(crate) wants: Wants,
}

/// Who waits for an answer.
pub(crate) enum Wants {
    One(oneshot::Sender<Answer>),
    Stream {
        /// Until it is acknowledged; none from the first where nothing acknowledges it.
        ack: Option<oneshot::Sender<Answer>>,
        end: Option<usize>,
        inbox: Arc<Inbox>,
    },
    /// The answer to a join: the way into the room begins with it.
    Join(oneshot::Sender<Answer>, Arc<Inbox>, Ask, String),
    /// The same, after the connection was lost.
    Rejoin(String),
}

/// A request that can be written again.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) tag: Option<Tag>,
    pub(crate) payload: Option<Arc<RawValue>>,
    pub(crate) channel: Option<Arc<str>>,
    pub(crate) idempotent: bool,
    pub(crate) answers: Answers,
}

/// What may answer a request: places in the table of what the server sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    /// The reply, or what says that the stream begins.
    pub(crate) first: Option<usize>,
    pub(crate) item: Option<usize>,
    pub(crate) end: Option<usize>,
    /// It is not known what does.
    pub(crate) untold: bool,
}

impl Answers {
    /// One of the session's own messages does.
    pub(crate) const NONE: Self = Self::one(None);

    pub(crate) const UNTOLD: Self = Self {
        untold: true,
        ..Self::NONE
    };

    pub(crate) const fn one(first: Option<usize>) -> Self {
        Self {
            first,
            item: None,
            end: None,
            untold: false,
        }
    }

    /// The one message that does.
    pub(crate) fn reply(&self) -> Option<usize> {
        self.first.filter(|_| self.item.is_none())
    }

    /// Whether one of the session's own messages does.
    pub(crate) fn is_own(&self) -> bool {
        !self.untold && self.first.is_none() && self.item.is_none()
    }

    fn has(&self, index: usize, published: bool) -> bool {
        [self.first, self.item, self.end].contains(&Some(index)) || (self.untold && !published)
    }
}

/// A request that was written, where replies come in the order of the requests. It is there until its last answer came, even
/// if nobody waits for that any more.
pub(crate) struct Turn {
    pub(crate) id: Id,
    pub(crate) answers: Answers,
}

/// A channel that the client is in.
pub(crate) struct Room {
    pub(crate) inboxes: Vec<Arc<Inbox>>,
    pub(crate) epoch: Option<String>,
    pub(crate) seq: Option<u64>,
    pub(crate) join: Ask,
}

/// All that a client waits for and is in.
#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) last: u64,
    pub(crate) waiting: HashMap<Id, Waiting>,
    /// Where replies come in the order of the requests: those that were written, in order, and those that were not.
    pub(crate) line: VecDeque<Turn>,
    pub(crate) unwritten: HashMap<u64, Answers>,
    pub(crate) rooms: HashMap<String, Room>,
    pub(crate) listeners: Vec<Weak<Inbox>>,
    pub(crate) skew: Option<Skew>,
    pub(crate) ended: bool,
}

impl Inner {
    /// The request that is first in line, if a message answers it. With its last answer it leaves the line.
    pub(crate) fn turn(&mut self, index: usize, published: bool) -> Option<Id> {
        let front = self.line.front()?;
        if !front.answers.has(index, published) {
            return None;
        }
        if front.answers.item.is_none() || front.answers.end == Some(index) {
            return self.next_turn();
        }
        Some(front.id.clone())
    }

    /// Takes the request that is first in line out of it.
    pub(crate) fn next_turn(&mut self) -> Option<Id> {
        self.line.pop_front().map(|turn| turn.id)
    }

    /// A channel cannot be joined again.
    pub(crate) fn lose(&mut self, key: &str, failure: &Failure) {
        tracing::warn!(channel = key, ?failure, "a channel cannot be joined again");
        let room = self.rooms.remove(key);
        for inbox in room.into_iter().flat_map(|room| room.inboxes) {
            inbox.end(Some(Entry::End(Err(failure.clone()))));
        }
    }

    /// Gives a message to the request with its id.
    pub(crate) fn answer(&mut self, id: &Id, delivery: Delivery) {
        if let Some(Waiting {
            wants: Wants::Stream { ack, end, inbox },
            ..
        }) = self.waiting.get_mut(id)
        {
            if let Some(ack) = ack.take() {
                let _ = ack.send(Ok(Some(delivery)));
            } else if *end == Some(delivery.index) {
                inbox.end(Some(Entry::End(Ok(delivery))));
                self.waiting.remove(id);
            } else {
                inbox.push(Entry::Message(delivery), false);
            }
            return;
        }
        if let Some(waiting) = self.waiting.remove(id) {
            if let Wants::Rejoin(key) = &waiting.wants
                && waiting.answers.reply() != Some(delivery.index)
            {
                return self.lose(key, &Failure::Unexpected);
            }
            let Envelope {
                channel,
                seq,
                epoch,
                ..
            } = &delivery.envelope;
            let (channel, seq, epoch) = (channel.clone(), *seq, epoch.clone());
            self.settle(waiting.wants, channel, seq, epoch, Some(delivery));
        }
    }

    /// Answers what is not a stream.
    pub(crate) fn settle(
        &mut self,
        wants: Wants,
        channel: Option<String>,
        seq: Option<u64>,
        epoch: Option<String>,
        delivery: Option<Delivery>,
    ) {
        match wants {
            Wants::One(answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(Ok(delivery));
            }
            Wants::Join(answer, inbox, join, key) => {
                let key = channel.unwrap_or(key);
                let room = self.rooms.entry(key).or_insert_with(|| Room {
                    inboxes: Vec::new(),
                    epoch: None,
                    seq: None,
                    join,
                });
                (room.epoch, room.seq) = (epoch, seq);
                room.inboxes.push(inbox);
                // Where whoever asked has gone, its guard takes the inbox out again.
                let _ = answer.send(Ok(delivery));
            }
            Wants::Rejoin(key) => {
                if let Some(room) = self.rooms.get_mut(&key) {
                    room.rejoined(seq, epoch);
                }
            }
            Wants::Stream { .. } => {}
        }
    }
}

impl Room {
    pub(crate) fn miss(&self, gap: Gap) {
        for inbox in &self.inboxes {
            inbox.push(Entry::Gap(gap), false);
        }
    }

    /// A message with a number came: what lies between is a gap. False where it came before.
    pub(crate) fn advance(&mut self, seq: Option<u64>, epoch: Option<&str>) -> bool {
        let Some(seq) = seq else {
            return true;
        };
        let renewed = matches!((epoch, &self.epoch), (Some(new), Some(old)) if new != old);
        match self.seq {
            _ if renewed => {
                self.epoch = epoch.map(str::to_owned);
                self.miss(Gap {
                    from: None,
                    to: None,
                });
            }
            Some(last) if seq <= last => return false,
            Some(last) if seq > last + 1 => self.miss(Gap {
                from: Some(last + 1),
                to: Some(seq - 1),
            }),
            _ => {}
        }
        self.seq = Some(seq);
        true
    }

    /// The channel was joined again: what was said meanwhile is a gap.
    pub(crate) fn rejoined(&mut self, seq: Option<u64>, epoch: Option<String>) {
        let renewed = matches!((&epoch, &self.epoch), (Some(new), Some(old)) if new != old);
        let gap = match (self.seq, seq) {
            _ if renewed => Some((None, None)),
            // A count that went back is no count to go by.
            (Some(last), Some(now)) if now < last => Some((None, None)),
            (Some(last), Some(now)) if now > last => Some((Some(last + 1), Some(now))),
            _ => None,
        };
        if let Some((from, to)) = gap {
            self.miss(Gap { from, to });
        }
        self.epoch = epoch.or(self.epoch.take());
        self.seq = seq.or(self.seq);
    }
}

impl Wants {
    /// There is no answer.
    pub(crate) fn fail(self, failure: Failure) {
        match self {
            Self::One(answer) | Self::Join(answer, ..) => {
                let _ = answer.send(Err(failure));
            }
            Self::Stream { ack, inbox, .. } => match ack {
                Some(ack) => {
                    let _ = ack.send(Err(failure));
                }
                None => inbox.end(Some(Entry::End(Err(failure)))),
            },
            Self::Rejoin(_) => {}
        }
    }
}
