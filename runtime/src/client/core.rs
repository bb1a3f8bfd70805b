//! What a client sends, and what it waits for. Nothing here knows the application's types: they are read through
//! one function, and taken out of a `Delivery` at the edge.

use super::{
    State, VersionSkew,
    budget::{Budget, Permit},
    channels::PendingJoin,
    delivery::Decode,
    error::Failure,
    inbox::Inbox,
    log::LogLimit,
    pending::{
        OrderedRequest, PendingRequest, PendingState, QueuedMessage, ReplyIndices, ReplyResult,
        ReplyTo, RequestMessage,
    },
};
use crate::{
    ExpectedReply, Id, PendingReplies,
    codec::{Codec, Json, Outgoing},
    descriptor::{EnvelopeDescriptor, FieldKind, Limits, Presence, ProtocolDescriptor, Tag},
    outbound::Outbound,
    transport::Packet,
};
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{Notify, oneshot, watch};

/// Marks of messages without an answer begin here: requests are marked by their numbers, and never come so far.
const UNSENT: u64 = 1 << 62;

/// The mark of a pong.
pub(super) const PONG: u64 = u64::MAX;

/// The untyped client.
pub(crate) struct Core {
    pub(crate) table: &'static ProtocolDescriptor,
    pub(crate) limits: Limits,
    /// How many messages wait in each inbox.
    pub(crate) capacity: usize,
    pub(crate) outbound: Outbound,
    pub(crate) budget: Budget,
    /// Tries to connect again at once.
    pub(crate) retry: Notify,
    pub(crate) log: LogLimit,
    /// Whether the application asks if the connection is alive.
    check: AtomicBool,
    /// Whether there may be something to do for channels that are joined again.
    rejoin_due: AtomicBool,
    pub(crate) status: watch::Sender<State>,
    pub(super) decode: Decode,
    inner: Mutex<PendingState>,
    major: i64,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("protocol", &self.table.name)
            .finish_non_exhaustive()
    }
}

/// Replies without a type of their own are known by what is waited for, and so is what a failure answers.
impl PendingReplies for Core {
    fn expected(&self, id: Option<&Id>) -> Option<ExpectedReply> {
        let inner = self.lock();
        let answers = if self.by_order() {
            inner.line.front()?.answers
        } else {
            inner.waiting.get(id?)?.answers
        };
        Some(ExpectedReply {
            success: answers.reply(),
            failure: None,
        })
    }
}

impl Core {
    pub(crate) fn new(
        table: &'static ProtocolDescriptor,
        decode: Decode,
        limits: Limits,
        capacity: usize,
    ) -> Self {
        let major = semver::Version::parse(table.version)
            .ok()
            .and_then(|version| i64::try_from(version.major).ok())
            .unwrap_or_default();
        Self {
            table,
            limits,
            capacity,
            outbound: Outbound::new(limits.outbound),
            budget: Budget::new(limits.outbound),
            retry: Notify::new(),
            log: LogLimit::default(),
            check: AtomicBool::new(false),
            rejoin_due: AtomicBool::new(false),
            status: watch::Sender::new(State::Connecting),
            decode,
            inner: Mutex::default(),
            major,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PendingState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether replies come in the order of the requests.
    pub(super) fn by_order(&self) -> bool {
        self.table.server.envelope.by_order
    }

    fn envelope(&self) -> &'static EnvelopeDescriptor {
        &self.table.client.envelope
    }

    /// Writes a message.
    pub(crate) fn encode(&self, ask: &RequestMessage, id: Option<&Id>) -> Result<Packet, Failure> {
        let envelope = self.envelope();
        let payload = ask.payload.as_deref();
        let bytes = Json.encode(&Outgoing {
            payload: payload
                .as_ref()
                .map(|raw| raw as &dyn erased_serde::Serialize),
            id,
            version: envelope
                .version
                .filter(|field| field.presence == Presence::Required)
                .map(|_| self.major),
            channel: ask.channel.as_deref(),
            ..Outgoing::new(envelope, ask.tag)
        });
        let packet = bytes
            .ok()
            .and_then(|bytes| Packet::encoded(bytes, true).ok());
        packet.ok_or(Failure::Encode)
    }

    /// One of the session's own messages that carries nothing.
    pub(crate) fn say(&self, tag: Option<Tag>) {
        let ask = RequestMessage {
            tag,
            payload: None,
            channel: None,
            idempotent: false,
            answers: ReplyIndices::NONE,
        };
        if let (Some(_), Ok(packet)) = (tag, self.encode(&ask, None)) {
            self.outbound.answer(packet);
        }
    }

    pub(super) fn id(&self, number: u64) -> Id {
        match self.envelope().id.map(|field| field.kind) {
            Some(FieldKind::Integer) => Id::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
            _ => Id::Text(number.to_string()),
        }
    }

    /// Answers a ping. One answer is enough for all the pings before it.
    pub(crate) fn pong(&self) {
        let Some(tag) = self.table.session.roles.pong else {
            return;
        };
        let mut inner = self.lock();
        if inner.pong {
            return;
        }
        let ask = RequestMessage {
            tag: Some(tag),
            payload: None,
            channel: None,
            idempotent: false,
            answers: ReplyIndices::NONE,
        };
        if let Ok(packet) = self.encode(&ask, None) {
            inner.pong = true;
            self.outbound.enqueue(packet, PONG, false);
        }
    }

    /// Sends a message that has no answer. A volatile one is dropped where half of the budget is taken or there is no session.
    pub(crate) async fn send(&self, ask: &RequestMessage, volatile: bool) -> Result<(), Failure> {
        let packet = self.encode(ask, None)?;
        if packet.len() > self.limits.message {
            return Err(Failure::Encode);
        }
        let permit = if volatile {
            match self.budget.take_spare(packet.len()) {
                Some(permit) => permit,
                None => return Ok(()),
            }
        } else {
            self.budget.take(packet.len()).await?
        };
        let mut inner = self.lock();
        if volatile && !inner.online {
            return Ok(());
        }
        if inner.ended {
            return Err(Failure::Closed);
        }
        inner.sent += 1;
        let mark = UNSENT + inner.sent;
        inner
            .unsent
            .insert(mark, QueuedMessage { permit, volatile });
        self.outbound.enqueue(packet, mark, volatile);
        Ok(())
    }

    /// Sends a request. The answer goes to whoever `wants` it.
    pub(crate) fn request(
        &self,
        ask: &RequestMessage,
        wants: ReplyTo,
        permit: Option<Permit>,
    ) -> Result<Id, Failure> {
        let mut inner = self.lock();
        if inner.ended {
            return Err(Failure::Closed);
        }
        inner.last += 1;
        let mark = inner.last;
        let id = self.id(mark);
        let packet = self.encode(ask, Some(&id))?;
        if packet.len() > self.limits.message {
            return Err(Failure::Encode);
        }
        if self.by_order() {
            inner.unwritten.insert(mark, (ask.answers, permit.clone()));
        }
        let waiting = PendingRequest {
            mark,
            packet: packet.clone(),
            // What a stream has brought is not brought again.
            again: ask.idempotent && !matches!(wants, ReplyTo::Stream { .. }),
            written: false,
            lost: false,
            answers: ask.answers,
            wants,
            permit,
        };
        inner.waiting.insert(id.clone(), waiting);
        self.outbound.enqueue(packet, mark, false);
        Ok(id)
    }

    /// Nobody waits for an answer any more. Whether the request may have reached the server, and was not answered.
    pub(crate) fn abandon(&self, id: &Id) -> bool {
        let mut inner = self.lock();
        let Some(waiting) = inner.waiting.remove(id) else {
            return false;
        };
        if matches!(waiting.wants, ReplyTo::Leave(_)) {
            // The channel is left all the same.
            return true;
        }
        let withdrawn = !waiting.written && self.outbound.withdraw(waiting.mark);
        if withdrawn {
            inner.unwritten.remove(&waiting.mark);
        } else if let ReplyTo::Join(PendingJoin { key, inbox, .. }) = &waiting.wants {
            inner.rooms.may_be_in(key, inbox);
        }
        !withdrawn
    }

    /// A stream is cancelled, and so its last answer does not come.
    pub(crate) fn cancel(&self, id: &Id, tag: Option<Tag>) {
        self.cancel_in(&mut self.lock(), id, tag);
    }

    pub(super) fn cancel_in(&self, inner: &mut PendingState, id: &Id, tag: Option<Tag>) {
        let ask = RequestMessage {
            tag,
            payload: None,
            channel: None,
            idempotent: false,
            answers: ReplyIndices::NONE,
        };
        inner.line.retain(|turn| turn.id != *id);
        if let Ok(packet) = self.encode(&ask, Some(id)) {
            self.outbound.answer(packet);
        }
    }

    /// What has these marks was handed to the transport.
    pub(crate) fn written(&self, marks: impl Iterator<Item = u64>) {
        let mut inner = self.lock();
        for mark in marks {
            if mark == PONG {
                inner.pong = false;
                continue;
            }
            if let Some(unsent) = inner.unsent.remove(&mark) {
                inner.flushing.push(unsent.permit);
                continue;
            }
            let id = self.id(mark);
            if let Some(waiting) = inner.waiting.get_mut(&id) {
                waiting.written = true;
            }
            inner.leaving.remove(&mark);
            if let Some((answers, _permit)) = inner.unwritten.remove(&mark) {
                inner.line.push_back(OrderedRequest {
                    id,
                    answers,
                    _permit,
                });
            }
        }
    }

    /// What was handed to the transport is written.
    pub(crate) fn flushed(&self) {
        self.outbound.flushed();
        self.lock().flushing.clear();
    }

    /// Somebody wants to hear what nobody asked for.
    pub(crate) fn listen(&self) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::new(self.capacity, self.limits.inbound));
        let mut inner = self.lock();
        if inner.ended {
            inbox.end(None);
        }
        inner
            .listeners
            .retain(|listener| listener.strong_count() > 0);
        inner.listeners.push(Arc::downgrade(&inbox));
        inbox
    }

    /// A place in a channel is asked for.
    ///
    /// # Errors
    /// Where the client is closed.
    pub(crate) fn reserve(&self, key: &str, inbox: &Arc<Inbox>) -> Result<(), Failure> {
        let mut inner = self.lock();
        if inner.ended {
            return Err(Failure::Closed);
        }
        inner.rooms.reserve(key, inbox);
        Ok(())
    }

    /// A place in a channel, or the wish for one, is given up. With the last, the channel is left: `answer` learns when the
    /// server knows, and it is known at once where there is nobody to tell. Both happen in one step, so that no later join
    /// can come first.
    ///
    /// # Errors
    /// Where the leave cannot be written.
    pub(crate) fn exit(
        &self,
        key: &str,
        inbox: &Arc<Inbox>,
        leave: Option<&RequestMessage>,
        answer: Option<oneshot::Sender<ReplyResult>>,
    ) -> Result<Option<Id>, Failure> {
        let mut inner = self.lock();
        let Some(room) = inner.rooms.exit(key, inbox) else {
            return Ok(None);
        };
        let rejoining = room
            .rejoin
            .is_some_and(|id| !self.take_back_rejoin(&mut inner, &id));
        let is_in = room.entered || room.doubt || rejoining;
        let Some(leave) = leave.filter(|_| is_in && inner.online && !inner.ended) else {
            return Ok(None);
        };
        inner.last += 1;
        let mark = inner.last;
        let id = self.id(mark);
        let packet = self.encode(leave, Some(&id))?;
        if self.by_order() {
            inner.unwritten.insert(mark, (leave.answers, None));
        }
        let id = answer.map(|answer| {
            let waiting = PendingRequest {
                mark,
                packet: packet.clone(),
                again: false,
                written: false,
                lost: false,
                answers: leave.answers,
                wants: ReplyTo::Leave(answer),
                permit: None,
            };
            inner.waiting.insert(id.clone(), waiting);
            id
        });
        inner.leaving.insert(mark);
        self.outbound.enqueue(packet, mark, false);
        Ok(id)
    }

    pub(crate) fn skew(&self) -> Option<VersionSkew> {
        self.lock().skew.clone()
    }

    /// There may be something to do for channels that are joined again.
    pub(super) fn rejoin_changed(&self) {
        self.rejoin_due.store(true, Ordering::Relaxed);
        self.outbound.wake();
    }

    /// Whether there may be, since this was asked last.
    pub(crate) fn is_rejoin_due(&self) -> bool {
        self.rejoin_due.swap(false, Ordering::Relaxed)
    }

    /// The application asks whether the connection is alive, or wants one at once.
    pub(crate) fn retry_now(&self) {
        self.retry.notify_waiters();
        self.check.store(true, Ordering::Relaxed);
        self.outbound.wake();
    }

    /// Whether the application has asked since this was asked last.
    pub(crate) fn is_checked(&self) -> bool {
        self.check.swap(false, Ordering::Relaxed)
    }
}
