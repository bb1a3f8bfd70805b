//! Pending requests.

use super::{
    VersionSkew,
    channels::{Channels, PendingJoin},
    handlers::Handling,
    listeners::Listeners,
    rejoin::Rejoins,
    sequence::Sequence,
};
use crate::{
    Id,
    calls::{
        CallReply, Delivered, Delivery, Failure, Inbox, Permit, ReplyIndices, ReplyResult,
        StreamShape,
    },
    encoded::EncodedMessage,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};
use tokio::sync::oneshot;

/// A request without a reply.
pub(crate) struct PendingRequest {
    /// Its number, which is also its mark in the outbound queue.
    pub(crate) mark: u64,
    pub(crate) packet: EncodedMessage,
    /// It may be sent again after a reconnect.
    pub(crate) resendable: bool,
    /// It was handed to the transport.
    pub(crate) written: bool,
    /// It was handed to a transport that was lost.
    pub(crate) lost: bool,
    pub(crate) replies: ReplyIndices,
    pub(crate) reply_to: ReplyTo,
    /// Its part of `limits.outbound`. Rejoins and leaves have none.
    pub(crate) permit: Option<Permit>,
}

/// Where the outcome of a request goes.
pub(crate) enum ReplyTo {
    /// A request of the application.
    Call(CallReply),
    /// A join, which becomes a subscription.
    Join(PendingJoin),
    /// A leave.
    Leave(oneshot::Sender<ReplyResult>),
    /// Credentials, in place of those that the session has.
    Auth(oneshot::Sender<ReplyResult>),
    /// A rejoin after a reconnect: the key and generation of the channel.
    Rejoin(String, u64),
}

/// A request that was written, if replies arrive in the order of the requests. It stays until its last reply arrives, even if
/// it was abandoned, and holds its part of `limits.outbound` until then.
pub(crate) struct OrderedRequest {
    pub(crate) id: Id,
    pub(crate) replies: ReplyIndices,
    pub(crate) _permit: Option<Permit>,
}

/// A queued message without a reply.
pub(crate) struct QueuedMessage {
    /// Its part of `limits.outbound`. Cancels have none.
    pub(crate) permit: Option<Permit>,
    pub(crate) volatile: bool,
    /// It answers a request of this session, or cancels one, and means nothing in another.
    pub(crate) is_transient: bool,
}

/// The pending requests, queued messages and channels of a client.
#[derive(Default)]
pub(crate) struct PendingState {
    /// The number of the last request.
    pub(crate) last: u64,
    /// The number of the last request before the connection was ready.
    pub(crate) asked_before_ready: u64,
    pub(crate) pending: HashMap<Id, PendingRequest>,
    /// The indices of the messages that may answer what was ever requested.
    answers: HashSet<usize>,
    /// If replies arrive in the order of the requests: the requests that were written, in order, and those that were not.
    pub(crate) ordered: VecDeque<OrderedRequest>,
    pub(crate) unwritten: HashMap<u64, (ReplyIndices, Option<Permit>)>,
    /// Queued messages without a reply, by mark.
    pub(crate) unsent: HashMap<u64, QueuedMessage>,
    /// How many messages without a reply were ever queued.
    pub(crate) sent: u64,
    /// The permits of messages that were handed to the transport and not flushed yet.
    pub(crate) flushing: Vec<Permit>,
    /// The marks of queued leaves.
    pub(crate) leaving: HashSet<u64>,
    /// The leaves of this session that are not answered, by id: the key of the channel. However late the answer is, nobody may wait for it.
    pub(crate) unanswered: HashMap<Id, String>,
    /// A pong is queued. There is never more than one.
    pub(crate) pong: bool,
    pub(crate) channels: Channels,
    pub(crate) rejoins: Rejoins,
    /// The handlers of the server's requests that are running.
    pub(crate) handling: Handling,
    pub(crate) listeners: Listeners,
    /// The queues whose readers are behind since the last message.
    pub(crate) behind: Vec<Arc<Inbox>>,
    pub(crate) skew: Option<VersionSkew>,
    /// A session is open, and has a connection.
    pub(crate) online: bool,
    /// The connection was lost, and the session may be resumed.
    pub(crate) detached: bool,
    /// The position in the session, if the server numbers its messages.
    pub(crate) position: Sequence,
    /// A session of numbered messages was lost, and the client has not asked yet whether it goes on.
    pub(crate) may_go_on: bool,
    /// The client asked for what comes after its position, and the answer is not known yet.
    pub(crate) resuming: bool,
    /// Whether the session of the last connection is the one before, if that is known.
    pub(crate) resumed: Option<bool>,
    /// What answers requests of that session meanwhile.
    pub(crate) held: Vec<(EncodedMessage, Permit)>,
    /// The last session was closed by the rate limit.
    pub(crate) busy: bool,
    pub(crate) ended: bool,
}

impl PendingState {
    /// `first` is the queue of the first reader of notifications.
    pub(super) fn new(first: Inbox) -> Self {
        Self {
            listeners: Listeners::new(first),
            ..Self::default()
        }
    }

    /// Adds a request.
    pub(crate) fn insert(&mut self, id: Id, request: PendingRequest) {
        let answers = request.replies.expected().replies;
        self.answers.extend(answers.into_iter().flatten());
        self.pending.insert(id, request);
    }

    /// Notes that the reader of a queue is behind. The client does not wait for one that nobody reads yet.
    pub(super) fn note_behind(&mut self, inbox: Arc<Inbox>) {
        if !self.listeners.is_unread(&inbox) {
            self.behind.push(inbox);
        }
    }

    /// Whether a message may answer a request. Any other, whatever id it has, is a message like one without.
    pub(crate) fn is_answer(&self, index: usize) -> bool {
        self.answers.contains(&index)
    }

    /// Returns the oldest written request if a message may reply to it, and removes it with its last reply.
    pub(crate) fn match_ordered(&mut self, index: usize, published: bool) -> Option<Id> {
        let front = self.ordered.front()?;
        if !front.replies.has(index, published) {
            return None;
        }
        if front.replies.item.is_none() || front.replies.end == Some(index) {
            return self.pop_ordered();
        }
        Some(front.id.clone())
    }

    /// Removes and returns the oldest written request.
    pub(crate) fn pop_ordered(&mut self) -> Option<Id> {
        self.ordered.pop_front().map(|request| request.id)
    }

    /// Whether a request was written and is pending. A reply to an unwritten request is forged: ids can be guessed.
    pub(crate) fn awaits_reply(&self, id: &Id) -> bool {
        self.pending.get(id).is_some_and(|pending| pending.written)
    }

    /// Whether a leave of a channel is not answered: the server handles it after whatever it has sent so far.
    pub(crate) fn is_leaving(&self, key: &str) -> bool {
        self.unanswered.values().any(|left| left == key)
    }

    /// Records that a leave was queued. At most `limit` are kept, for a server that answers none.
    pub(crate) fn leave(&mut self, id: Id, key: &str, limit: usize) {
        if self.unanswered.len() < limit {
            self.unanswered.insert(id, key.to_owned());
        }
    }

    /// Removes and returns the request that was written and is answered now. A leave that nobody waits for is answered likewise.
    pub(crate) fn take(&mut self, id: &Id) -> Option<PendingRequest> {
        self.unanswered.remove(id);
        if self.awaits_reply(id) {
            self.pending.remove(id)
        } else {
            None
        }
    }

    /// Delivers a message to the stream with its id, or returns the message if there is no such stream.
    ///
    /// # Errors
    /// If the queue of the stream overflowed: the stream to cancel.
    pub(crate) fn stream(
        &mut self,
        id: &Id,
        delivery: Delivery,
        bytes: usize,
    ) -> Result<Option<Delivery>, StreamShape> {
        let Some(pending) = self.pending.get_mut(id) else {
            return Ok(Some(delivery));
        };
        let ReplyTo::Call(CallReply::Stream(stream)) = &mut pending.reply_to else {
            return Ok(Some(delivery));
        };
        pending.permit = None;
        let shape = stream.shape;
        match stream.deliver(delivery, bytes) {
            Delivered::Open => {
                if stream.inbox.is_behind() {
                    self.behind.push(stream.inbox.clone());
                }
            }
            Delivered::Ended => {
                self.pending.remove(id);
            }
            Delivered::Slow => {
                self.pending.remove(id);
                return Err(shape);
            }
        }
        Ok(None)
    }
}

impl ReplyTo {
    /// Fails the request.
    pub(crate) fn fail(self, failure: Failure) {
        match self {
            Self::Call(reply) => reply.fail(failure),
            Self::Leave(reply) | Self::Auth(reply) | Self::Join(PendingJoin { reply, .. }) => {
                let _ = reply.send(Err(failure));
            }
            Self::Rejoin(..) => {}
        }
    }
}
