//! What a client waits for.

use super::{
    VersionSkew,
    budget::Permit,
    call::Shape,
    channels::{Channels, PendingJoin},
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
    rejoin::Rejoins,
};
use crate::{Id, descriptor::Tag, transport::Packet};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Weak},
};
use tokio::sync::oneshot;

/// What answers a request; nothing, where one of the session's own messages does.
pub(crate) type ReplyResult = Result<Option<Delivery>, Failure>;

/// A request, for as long as it is not answered.
pub(crate) struct PendingRequest {
    /// Its number, which marks it in the outbound queue.
    pub(crate) mark: u64,
    pub(crate) packet: Packet,
    /// It may be sent again.
    pub(crate) again: bool,
    /// It was handed to the transport.
    pub(crate) written: bool,
    /// It was handed to a transport that was lost.
    pub(crate) lost: bool,
    pub(crate) answers: ReplyIndices,
    pub(crate) wants: ReplyTo,
    /// Its part of `limits.outbound`. What the client sends of its own accord has none.
    pub(crate) permit: Option<Permit>,
}

/// Who waits for an answer.
pub(crate) enum ReplyTo {
    One(oneshot::Sender<ReplyResult>),
    Stream {
        /// Until it is acknowledged; none from the first where nothing acknowledges it.
        ack: Option<oneshot::Sender<ReplyResult>>,
        shape: Shape,
        inbox: Arc<Inbox>,
    },
    /// The answer to a join: the way into the room begins with it.
    Join(PendingJoin),
    /// The answer to a leave.
    Leave(oneshot::Sender<ReplyResult>),
    /// The answer to a join after the connection was lost: the key, and which room of that key it was.
    Rejoin(String, u64),
}

/// A request that can be written again.
#[derive(Clone, Debug)]
pub(crate) struct RequestMessage {
    pub(crate) tag: Option<Tag>,
    pub(crate) payload: Option<Arc<RawValue>>,
    pub(crate) channel: Option<Arc<str>>,
    pub(crate) idempotent: bool,
    pub(crate) answers: ReplyIndices,
}

impl RequestMessage {
    /// About how many bytes it has on the wire.
    pub(crate) fn len(&self) -> usize {
        let payload = self.payload.as_deref().map_or(0, |raw| raw.get().len());
        payload + self.channel.as_deref().map_or(0, str::len)
    }
}

/// What may answer a request: places in the table of what the server sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplyIndices {
    /// The reply, or what says that the stream begins.
    pub(crate) first: Option<usize>,
    pub(crate) item: Option<usize>,
    pub(crate) end: Option<usize>,
    /// It is not known what does.
    pub(crate) unknown: bool,
}

impl ReplyIndices {
    /// One of the session's own messages does.
    pub(crate) const NONE: Self = Self::one(None);

    pub(crate) const UNKNOWN: Self = Self {
        unknown: true,
        ..Self::NONE
    };

    pub(crate) const fn one(first: Option<usize>) -> Self {
        Self {
            first,
            item: None,
            end: None,
            unknown: false,
        }
    }

    /// The one message that does.
    pub(crate) fn reply(&self) -> Option<usize> {
        self.first.filter(|_| self.item.is_none())
    }

    /// Whether one of the session's own messages does.
    pub(crate) fn is_own(&self) -> bool {
        !self.unknown && self.first.is_none() && self.item.is_none()
    }

    fn has(&self, index: usize, published: bool) -> bool {
        [self.first, self.item, self.end].contains(&Some(index)) || (self.unknown && !published)
    }
}

/// A request that was written, where replies come in the order of the requests. It is there until its last answer came, even
/// if nobody waits for that any more, and holds its part of `limits.outbound` until then.
pub(crate) struct OrderedRequest {
    pub(crate) id: Id,
    pub(crate) answers: ReplyIndices,
    pub(crate) _permit: Option<Permit>,
}

/// A message without an answer that waits to be written.
pub(crate) struct QueuedMessage {
    pub(crate) permit: Permit,
    pub(crate) volatile: bool,
}

/// All that a client waits for and is in.
#[derive(Default)]
pub(crate) struct PendingState {
    /// The number of the last request.
    pub(crate) last: u64,
    pub(crate) waiting: HashMap<Id, PendingRequest>,
    /// Where replies come in the order of the requests: those that were written, in order, and those that were not.
    pub(crate) line: VecDeque<OrderedRequest>,
    pub(crate) unwritten: HashMap<u64, (ReplyIndices, Option<Permit>)>,
    /// Messages without an answer, by their marks.
    pub(crate) unsent: HashMap<u64, QueuedMessage>,
    /// How many of them there were.
    pub(crate) sent: u64,
    /// What messages hold that were handed to the transport and are not flushed.
    pub(crate) flushing: Vec<Permit>,
    /// The marks of leaves that were not written.
    pub(crate) leaving: HashSet<u64>,
    /// A pong waits to be written. There is never more than one.
    pub(crate) pong: bool,
    pub(crate) rooms: Channels,
    pub(crate) rejoins: Rejoins,
    pub(crate) listeners: Vec<Weak<Inbox>>,
    pub(crate) skew: Option<VersionSkew>,
    /// There is a session.
    pub(crate) online: bool,
    /// The last one was closed because the server was asked too much.
    pub(crate) busy: bool,
    pub(crate) ended: bool,
}

impl PendingState {
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

    /// Whether something answers a request: one that was written. Ids can be guessed.
    pub(crate) fn is_asked(&self, id: &Id) -> bool {
        self.waiting.get(id).is_some_and(|waiting| waiting.written)
    }

    /// Takes out a request that was written.
    pub(crate) fn take(&mut self, id: &Id) -> Option<PendingRequest> {
        if self.is_asked(id) {
            self.waiting.remove(id)
        } else {
            None
        }
    }

    /// Gives a message to the stream with its id. False where it is none.
    ///
    /// # Errors
    /// Where it has more items than are kept: what cancels it.
    pub(crate) fn stream(
        &mut self,
        id: &Id,
        delivery: Delivery,
        bytes: usize,
    ) -> Result<Option<Delivery>, Shape> {
        let Some(waiting) = self.waiting.get_mut(id) else {
            return Ok(Some(delivery));
        };
        let ReplyTo::Stream { ack, shape, inbox } = &mut waiting.wants else {
            return Ok(Some(delivery));
        };
        waiting.permit = None;
        if let Some(ack) = ack.take() {
            let _ = ack.send(Ok(Some(delivery)));
        } else if shape.end == Some(delivery.index) {
            inbox.end(Some(Entry::End(Ok(delivery))));
            self.waiting.remove(id);
        } else if !inbox.push_item(delivery, bytes) {
            let shape = *shape;
            self.waiting.remove(id);
            return Err(shape);
        }
        Ok(None)
    }
}

impl ReplyTo {
    /// There is no answer.
    pub(crate) fn fail(self, failure: Failure) {
        match self {
            Self::One(answer) | Self::Leave(answer) | Self::Join(PendingJoin { answer, .. }) => {
                let _ = answer.send(Err(failure));
            }
            Self::Stream { ack, inbox, .. } => match ack {
                Some(ack) => {
                    let _ = ack.send(Err(failure));
                }
                None => inbox.end(Some(Entry::End(Err(failure)))),
            },
            Self::Rejoin(..) => {}
        }
    }
}
