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
    collections::HashMap,
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
    pub(crate) wants: Wants,
}

/// Who waits for an answer.
pub(crate) enum Wants {
    /// One answer, and the place in the table of a reply that has no type of its own.
    One(oneshot::Sender<Answer>, Option<usize>),
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
    pub(crate) rooms: HashMap<String, Room>,
    pub(crate) listeners: Vec<Weak<Inbox>>,
    pub(crate) skew: Option<Skew>,
    pub(crate) ended: bool,
}

impl Inner {
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
            Wants::One(answer, _) => {
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
        if self.epoch != epoch {
            self.miss(Gap {
                from: None,
                to: None,
            });
        } else if let (Some(last), Some(now)) = (self.seq, seq)
            && now > last
        {
            self.miss(Gap {
                from: Some(last + 1),
                to: Some(now),
            });
        }
        (self.epoch, self.seq) = (epoch, seq);
    }
}

impl Wants {
    /// There is no answer.
    pub(crate) fn fail(self, failure: Failure) {
        match self {
            Self::One(answer, _) | Self::Join(answer, ..) => {
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
