//! The untyped core of a client: sending, pending requests and channels. The application's types are decoded through one
//! function and taken out of a `Delivery` by the typed API.

use super::{
    State, VersionSkew,
    channels::{Channel, PendingJoin},
    handlers::RequestHandlers,
    log::LogLimit,
    pending::{OrderedRequest, PendingRequest, PendingState, QueuedMessage, ReplyTo},
    refresh::{Auth, Expiry},
};
use crate::{
    ExpectedReply, Id, PendingReplies,
    calls::{
        Budget, CallReply, Caller, Decode, Failure, Inbox, Permit, ReplyResult, RequestMessage,
    },
    codec::{Codec, Encoding},
    descriptor::{EnvelopeDescriptor, Heading, Limits, Presence, ProtocolDescriptor},
    encoded::EncodedMessage,
    outbound::{Outbound, Overflow},
    system::{ReceivedNotice, Role},
};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, oneshot, watch};

/// The first mark of messages without a reply. The marks of requests are their numbers, which never get this large.
const UNSENT: u64 = 1 << 62;

/// How many leaves without an answer are kept for each channel that may be joined.
const LEAVES: usize = 4;

/// The mark of a pong.
pub(super) const PONG: u64 = u64::MAX;

/// The untyped client.
pub(crate) struct Core {
    pub(crate) descriptor: &'static ProtocolDescriptor,
    pub(crate) limits: Limits,
    pub(crate) codec: &'static dyn Codec,
    /// How many messages each inbox queues.
    capacity: usize,
    pub(crate) outbound: Outbound,
    pub(crate) budget: Budget,
    /// Ends the delay before the next attempt to reconnect.
    pub(crate) retry: Notify,
    pub(crate) log: LogLimit,
    /// The application requested a ping.
    check: AtomicBool,
    /// The rejoins may have work to do.
    rejoin_due: AtomicBool,
    pub(crate) status: watch::Sender<State>,
    /// Returns the credentials of the client.
    pub(crate) auth: Option<Auth>,
    /// How often they were asked for, for a hello.
    pub(super) hellos: AtomicU64,
    /// When the authentication expires, if that is known.
    pub(crate) expiry: watch::Sender<Option<Expiry>>,
    pub(super) decode: Decode,
    /// Handles the requests of the server, if the protocol has any.
    pub(super) handlers: OnceLock<RequestHandlers>,
    inner: Mutex<PendingState>,
    pub(super) major: i64,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("protocol", &self.descriptor.name)
            .finish_non_exhaustive()
    }
}

impl Caller for Core {
    fn room(&self, bytes: usize) -> BoxFuture<'_, Result<Permit, Failure>> {
        Box::pin(self.budget.take(bytes))
    }

    fn request(
        &self,
        request: &RequestMessage,
        reply_to: CallReply,
        permit: Permit,
    ) -> Result<Id, Failure> {
        self.request(request, ReplyTo::Call(reply_to), Some(permit))
    }

    fn abandon(&self, id: &Id) -> bool {
        let mut inner = self.lock();
        let Some(pending) = inner.pending.remove(id) else {
            return false;
        };
        if matches!(pending.reply_to, ReplyTo::Leave(_)) {
            // The leave stays queued.
            return true;
        }
        let withdrawn = !pending.written && self.outbound.withdraw(pending.mark);
        if withdrawn {
            inner.unwritten.remove(&pending.mark);
        } else if let ReplyTo::Join(PendingJoin { key, inbox, .. }) = &pending.reply_to {
            inner.channels.mark_maybe_joined(key, inbox);
        }
        !withdrawn
    }

    fn cancel(&self, id: &Id, message: Heading) {
        self.cancel_in(&mut self.lock(), id, message);
    }
}

/// A reply without a discriminant of its own is decoded as the pending request expects.
impl PendingReplies for Core {
    fn expected(&self, id: Option<&Id>) -> Option<ExpectedReply> {
        let inner = self.lock();
        let replies = if self.by_order() {
            inner.ordered.front()?.replies
        } else {
            inner.pending.get(id?)?.replies
        };
        Some(replies.expected())
    }
}

impl Core {
    pub(crate) fn new(
        descriptor: &'static ProtocolDescriptor,
        decode: Decode,
        limits: Limits,
        encoding: Encoding,
        capacity: usize,
        auth: Option<Auth>,
    ) -> Self {
        let major = semver::Version::parse(descriptor.version)
            .ok()
            .and_then(|version| i64::try_from(version.major).ok())
            .unwrap_or_default();
        Self {
            descriptor,
            limits,
            codec: encoding.codec(),
            capacity,
            outbound: Outbound::new(limits.outbound, Overflow::Wait),
            budget: Budget::new(limits.outbound),
            retry: Notify::new(),
            log: LogLimit::default(),
            check: AtomicBool::new(false),
            rejoin_due: AtomicBool::new(false),
            status: watch::Sender::new(State::Connecting),
            auth,
            hellos: AtomicU64::new(0),
            expiry: watch::Sender::new(None),
            decode,
            handlers: OnceLock::new(),
            inner: Mutex::new(PendingState::new(Inbox::new(capacity, limits.inbound))),
            major,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PendingState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether replies come in the order of the requests.
    pub(super) fn by_order(&self) -> bool {
        self.descriptor.server.envelope.by_order
    }

    /// Queues a ping.
    pub(crate) fn ping(&self) {
        if let Some(packet) = self.control(Role::Ping, None, None) {
            self.outbound.control(packet, 0);
        }
    }

    /// Acknowledges so many messages.
    pub(crate) fn acknowledge(&self, received: u64) {
        let packet = self.received_notice(&ReceivedNotice {
            received: Some(received),
            sent: None,
        });
        if let Some(packet) = packet {
            self.outbound.acknowledgement(packet);
        }
    }

    /// Queues the answer to a ping. One queued pong answers all pings before it.
    pub(crate) fn pong(&self, pong: EncodedMessage) {
        let mut inner = self.lock();
        if !std::mem::replace(&mut inner.pong, true) {
            self.outbound.control(pong, PONG);
        }
    }

    /// Returns the id of a message without a reply, if its envelope requires one.
    fn required_id(&self, envelope: &EnvelopeDescriptor) -> Option<Id> {
        envelope.id.filter(|id| id.presence == Presence::Required)?;
        let mut inner = self.lock();
        inner.last += 1;
        Some(self.id(inner.last, envelope))
    }

    /// Queues a message without a reply. A volatile one is dropped if half of the budget is in use or there is no session.
    pub(crate) async fn send(
        &self,
        request: &RequestMessage,
        volatile: bool,
    ) -> Result<(), Failure> {
        let id = self.required_id(request.heading.envelope);
        let packet = self.encode(request, id.as_ref())?;
        if packet.len() > self.limits.message {
            return Err(Failure::Encode);
        }
        let permit = if volatile {
            match self.budget.try_take_volatile(packet.len()) {
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
        let queued = QueuedMessage {
            permit: Some(permit),
            volatile,
            is_transient: false,
        };
        self.queue(&mut inner, packet, queued);
        Ok(())
    }

    /// Queues a message that has no reply.
    pub(super) fn queue(
        &self,
        inner: &mut PendingState,
        packet: EncodedMessage,
        queued: QueuedMessage,
    ) {
        inner.sent += 1;
        let mark = UNSENT + inner.sent;
        let volatile = queued.volatile;
        inner.unsent.insert(mark, queued);
        self.outbound.enqueue(packet, mark, volatile);
    }

    /// Queues a request, whose outcome goes to `reply_to`.
    pub(crate) fn request(
        &self,
        request: &RequestMessage,
        reply_to: ReplyTo,
        permit: Option<Permit>,
    ) -> Result<Id, Failure> {
        let mut inner = self.lock();
        if inner.ended {
            return Err(Failure::Closed);
        }
        inner.last += 1;
        let mark = inner.last;
        let id = self.id(mark, request.heading.envelope);
        let packet = self.encode(request, Some(&id))?;
        if packet.len() > self.limits.message {
            return Err(Failure::Encode);
        }
        if self.by_order() {
            inner
                .unwritten
                .insert(mark, (request.replies, permit.clone()));
        }
        let pending = PendingRequest {
            mark,
            packet: packet.clone(),
            // A stream that is sent again would repeat its items.
            resendable: request.idempotent
                && !matches!(reply_to, ReplyTo::Call(CallReply::Stream(_))),
            written: false,
            lost: false,
            replies: request.replies,
            reply_to,
            permit,
        };
        inner.insert(id.clone(), pending);
        self.outbound.enqueue(packet, mark, false);
        Ok(id)
    }

    /// Cancels a stream. Its last reply is no longer expected.
    pub(super) fn cancel_in(&self, inner: &mut PendingState, id: &Id, message: Heading) {
        inner.ordered.retain(|request| request.id != *id);
        if let Ok(packet) = self.encode(&RequestMessage::cancel(message), Some(id)) {
            let queued = QueuedMessage {
                permit: None,
                volatile: false,
                is_transient: true,
            };
            self.queue(inner, packet, queued);
        }
    }

    /// Records that the messages with these marks were handed to the transport.
    pub(crate) fn written(&self, marks: impl Iterator<Item = u64>) {
        let mut inner = self.lock();
        for mark in marks {
            if mark == PONG {
                inner.pong = false;
                continue;
            }
            if let Some(unsent) = inner.unsent.remove(&mark) {
                inner.flushing.extend(unsent.permit);
                continue;
            }
            // Messages may have ids of either kind.
            let number = i64::try_from(mark).unwrap_or(i64::MAX);
            let mut id = Id::Text(mark.to_string());
            if !inner.pending.contains_key(&id) && inner.pending.contains_key(&Id::Integer(number))
            {
                id = Id::Integer(number);
            }
            if let Some(pending) = inner.pending.get_mut(&id) {
                pending.written = true;
            }
            inner.leaving.remove(&mark);
            if let Some((replies, _permit)) = inner.unwritten.remove(&mark) {
                inner.ordered.push_back(OrderedRequest {
                    id,
                    replies,
                    _permit,
                });
            }
        }
    }

    /// Records that the transport was flushed.
    pub(crate) fn flushed(&self) {
        self.outbound.flushed();
        self.lock().flushing.clear();
    }

    /// Creates a queue of a subscription or for notifications.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::new(self.capacity, self.limits.inbound)
    }

    /// Adds a queue for notifications.
    pub(crate) fn add_listener(&self) -> Arc<Inbox> {
        let mut inner = self.lock();
        let inbox = inner.listeners.add(|| self.inbox());
        if inner.ended {
            inbox.end(None);
        }
        inbox
    }

    /// Registers a pending join.
    ///
    /// # Errors
    /// If the client is closed.
    pub(crate) fn reserve(
        &self,
        key: &str,
        inbox: &Arc<Inbox>,
        leave: Option<RequestMessage>,
    ) -> Result<(), Failure> {
        let mut inner = self.lock();
        if inner.ended {
            return Err(Failure::Closed);
        }
        inner.channels.reserve(key, inbox, leave);
        Ok(())
    }

    /// Removes a subscription or pending join. If it was the last of its channel and the server may have the connection in the
    /// channel, it queues the leave and returns its id; `reply` then receives the outcome. Both happen under one lock, so that no
    /// later join can overtake the leave.
    ///
    /// # Errors
    /// If the leave cannot be encoded.
    pub(crate) fn release(
        &self,
        key: &str,
        inbox: &Arc<Inbox>,
        reply: Option<oneshot::Sender<ReplyResult>>,
    ) -> Result<Option<Id>, Failure> {
        let mut inner = self.lock();
        match inner.channels.release(key, inbox) {
            Some(channel) => self.forget(&mut inner, key, channel, reply),
            None => Ok(None),
        }
    }

    /// Forgets a channel that was removed, and leaves it as [`Self::release`] says.
    pub(super) fn forget(
        &self,
        inner: &mut PendingState,
        key: &str,
        channel: Channel,
        reply: Option<oneshot::Sender<ReplyResult>>,
    ) -> Result<Option<Id>, Failure> {
        let rejoining = channel
            .rejoin
            .is_some_and(|id| !self.withdraw_rejoin(inner, &id));
        let is_in = channel.joined || channel.maybe_joined || rejoining;
        let is_open = (inner.online || inner.detached) && !inner.ended;
        let Some(leave) = channel.leave.as_ref().filter(|_| is_in && is_open) else {
            return Ok(None);
        };
        inner.last += 1;
        let mark = inner.last;
        let id = self.id(mark, leave.heading.envelope);
        let packet = self.encode(leave, Some(&id))?;
        if self.by_order() {
            inner.unwritten.insert(mark, (leave.replies, None));
        }
        let id = reply.map(|reply| {
            let pending = PendingRequest {
                mark,
                packet: packet.clone(),
                resendable: false,
                written: false,
                lost: false,
                replies: leave.replies,
                reply_to: ReplyTo::Leave(reply),
                permit: None,
            };
            inner.insert(id.clone(), pending);
            id
        });
        inner.leaving.insert(mark);
        // Without ids, the server adds the client to no channel.
        if !self.by_order() {
            let limit = LEAVES * self.limits.channels as usize;
            inner.leave(self.id(mark, leave.heading.envelope), key, limit);
        }
        self.outbound.enqueue(packet, mark, false);
        Ok(id)
    }

    pub(crate) fn skew(&self) -> Option<VersionSkew> {
        self.lock().skew.clone()
    }

    /// Has the session look at the rejoins.
    pub(super) fn schedule_rejoin(&self) {
        self.rejoin_due.store(true, Ordering::Relaxed);
        self.outbound.wake();
    }

    /// Returns and resets whether the rejoins may have work to do.
    pub(crate) fn take_rejoin_due(&self) -> bool {
        self.rejoin_due.swap(false, Ordering::Relaxed)
    }

    /// Ends the delay before the next attempt to reconnect, and requests a ping.
    pub(crate) fn retry_now(&self) {
        self.retry.notify_waiters();
        self.check.store(true, Ordering::Relaxed);
        self.outbound.wake();
    }

    /// Returns the queues that the last messages found, or left, with a reader that is behind.
    pub(super) fn take_behind(&self) -> Vec<Arc<Inbox>> {
        std::mem::take(&mut self.lock().behind)
    }

    /// Whether the application waits for a reply, or the client for one of its own. Items of a stream are none.
    pub(super) fn awaits_reply(&self) -> bool {
        let inner = self.lock();
        let awaited = |pending: &PendingRequest| match &pending.reply_to {
            ReplyTo::Call(CallReply::Stream(stream)) => stream.ack.is_some(),
            _ => true,
        };
        inner.pending.values().any(awaited)
    }

    /// Returns and resets whether the application requested a ping.
    pub(crate) fn take_ping_request(&self) -> bool {
        self.check.swap(false, Ordering::Relaxed)
    }
}
