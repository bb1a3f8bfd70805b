//! The shared part of a session: its outbound queue, its peer and its memberships. It outlives a connection that is lost.

use super::{
    attach::{Attach, AttachSlot},
    connection_info::SessionState,
    encoder::{Encoder, SessionMessage},
    kept_info::KeptInfo,
    membership::Membership,
    pending_calls::PendingCalls,
    sessions::Sessions,
    volatile_key::VolatileKey,
};
use crate::{
    ExpectedReply, Id, PendingReplies, SessionCode,
    calls::{Failure, RequestMessage, StreamShape},
    codec::{Codec, ErasedPayload, JsonPayload, Outgoing},
    descriptor::{CloseReason, Heading, Limits},
    encoded::EncodedMessage,
    metrics::{self, DropReason},
    outbound::{EnqueueError, Outbound, Overflow, Run},
    random,
    replies::ErrorPayload,
    system::{ReceivedNotice, Role},
    transport::CloseFrame,
};
use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// Who is at the other end: what the application keeps for it, and the request that opened its last connection.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) session: SessionState,
    pub(crate) info: Arc<KeptInfo>,
    /// The version of its protocol.
    pub(crate) version: Arc<str>,
}

/// A handle to a session, through which the rest of the server sends to it and closes it. What every message needs comes first.
#[repr(C)]
pub(crate) struct ConnectionHandle {
    pub(crate) outbound: Outbound,
    /// The index of the connection's encoding in [`Encoder::encodings`].
    pub(crate) encoding: usize,
    attach: AttachSlot,
    /// Its place among the sessions without a connection; 0 while it has one.
    pub(super) detached: AtomicU64,
    pub(crate) id: u64,
    pub(crate) encoder: Arc<Encoder>,
    /// The user behind the session, if it is known.
    pub(crate) principal: Option<Arc<str>>,
    /// The id that others see in channels whose members learn of each other.
    presence_id: OnceLock<Arc<str>>,
    peer: Mutex<Arc<Peer>>,
    /// The client has authenticated again, and the session's task has not seen that yet.
    refreshed: AtomicBool,
    sessions: Arc<Sessions>,
    pub(crate) membership: Membership,
    /// Whether reaching `limits.channels` was logged already.
    pub(crate) channels_logged: AtomicBool,
    /// Whether new credentials that are not accepted were logged already.
    pub(crate) refresh_logged: AtomicBool,
    /// The requests of the server to this client. Created with the first one.
    calls: OnceLock<Box<PendingCalls>>,
    /// `limits.outbound`, which bounds those requests, too.
    call_limit: usize,
}

/// A reply without a discriminant of its own is decoded as the pending request of the server expects.
impl PendingReplies for ConnectionHandle {
    fn expected(&self, id: Option<&Id>) -> Option<ExpectedReply> {
        self.calls.get()?.expected(id?)
    }
}

impl fmt::Debug for ConnectionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ConnectionHandle {
    pub(crate) fn new(
        id: u64,
        encoder: Arc<Encoder>,
        limits: &Limits,
        sessions: Arc<Sessions>,
        peer: Peer,
        principal: Option<Arc<str>>,
        encoding: usize,
    ) -> Self {
        Self {
            id,
            outbound: Outbound::new(limits.outbound, Overflow::GiveUp),
            encoding,
            encoder,
            principal,
            presence_id: OnceLock::new(),
            peer: Mutex::new(Arc::new(peer)),
            refreshed: AtomicBool::new(false),
            attach: AttachSlot::default(),
            sessions,
            detached: AtomicU64::new(0),
            membership: Membership::new(usize::try_from(limits.channels).unwrap_or(usize::MAX)),
            channels_logged: AtomicBool::new(false),
            refresh_logged: AtomicBool::new(false),
            calls: OnceLock::new(),
            call_limit: limits.outbound,
        }
    }

    /// Whether it is a session of this principal, in this encoding: no other client may resume it.
    pub(crate) fn is_of(&self, principal: Option<&str>, encoding: usize) -> bool {
        self.principal.as_deref() == principal && self.encoding == encoding
    }

    /// Returns the requests of the server to this client.
    pub(crate) fn calls(&self) -> &PendingCalls {
        self.calls.get_or_init(|| {
            let id = self.encoder.protocol.server.envelope.id;
            let calls = PendingCalls::new(self.call_limit, id.map(|field| field.kind));
            if self.outbound.is_ended() {
                calls.end();
            }
            Box::new(calls)
        })
    }

    /// Returns the requests of the server to this client, if there were any.
    pub(crate) fn calls_so_far(&self) -> Option<&PendingCalls> {
        self.calls.get().map(|calls| &**calls)
    }

    /// Whether a request of the server with this id waits for its reply.
    pub(crate) fn is_pending_call(&self, id: &Id) -> bool {
        self.calls.get().is_some_and(|calls| calls.is_pending(id))
    }

    /// Whether requests of the server wait for answers.
    pub(crate) fn awaits_answers(&self) -> bool {
        self.calls.get().is_some_and(|calls| calls.awaits())
    }

    /// Fails the requests of the server: the session has ended. Call it after the outbound queue has ended.
    pub(crate) fn end_calls(&self) {
        if let Some(calls) = self.calls.get() {
            calls.end();
        }
    }

    /// Encodes a request of the server.
    pub(crate) fn encode_request(
        &self,
        request: &RequestMessage,
        id: Option<&Id>,
    ) -> Option<EncodedMessage> {
        let payload = request.payload.as_deref();
        let (union, heading) = (self.encoder.protocol.server, request.heading);
        let payload = payload.map(|json| JsonPayload::new(union, heading.tag, json));
        self.encode(&Outgoing {
            payload: payload
                .as_ref()
                .map(|payload| payload as &dyn ErasedPayload),
            id,
            timestamp: heading.envelope.timestamp.map(|_| SystemTime::now()),
            ..self.encoder.headed(heading)
        })
    }

    /// Queues a request of the server. There is room, or nearly: it waited for it.
    pub(crate) fn ask(&self, packet: EncodedMessage, mark: u64) {
        self.outbound.enqueue(packet, mark, false);
        self.grown(None);
    }

    /// Reports what the session holds, if it has no connection. `inbound` are the bytes of what it has received and not handled, if they are known.
    pub(crate) fn grown(&self, inbound: Option<usize>) {
        let detached = self.detached.load(Ordering::Relaxed);
        if detached != 0 {
            let queued = self.outbound.held();
            self.sessions.grown(detached, queued, inbound);
        }
    }

    /// Sends the message that cancels a stream of the client.
    pub(crate) fn cancel_stream(&self, id: &Id, message: Heading) {
        if let Some(packet) = self.encode_request(&RequestMessage::cancel(message), Some(id)) {
            self.outbound.answer(packet);
        }
    }

    /// Cancels a stream that the server gives up, if the protocol can.
    pub(crate) fn give_up(&self, id: &Id, shape: Option<StreamShape>) {
        if let Some(message) = shape.and_then(|shape| shape.cancel) {
            self.cancel_stream(id, message);
        }
    }

    /// Fails a request of the server that the server gives up.
    pub(crate) fn fail_call(&self, id: &Id, failure: Failure) {
        if let Some(calls) = self.calls.get() {
            let (_, shape) = calls.fail(id, failure);
            self.give_up(id, shape);
        }
    }

    /// Returns who is at the other end.
    pub(crate) fn peer(&self) -> Arc<Peer> {
        self.peer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_peer(&self, peer: Arc<Peer>) {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
    }

    /// Replaces the peer after the client has authenticated again.
    pub(crate) fn refresh(&self, peer: Arc<Peer>) {
        self.set_peer(peer);
        self.refreshed.store(true, Ordering::Release);
    }

    /// Returns and resets whether the client has authenticated again.
    pub(crate) fn take_refreshed(&self) -> bool {
        self.refreshed.load(Ordering::Relaxed) && self.refreshed.swap(false, Ordering::Acquire)
    }

    /// Hands another connection to the session's task.
    ///
    /// # Errors
    /// If the session has ended.
    pub(crate) fn attach(&self, attach: Box<Attach>) -> Result<(), Box<Attach>> {
        self.attach.put(attach)?;
        self.outbound.wake();
        Ok(())
    }

    /// Whether another connection waits to be attached.
    pub(crate) fn has_attach(&self) -> bool {
        self.attach.is_full()
    }

    pub(crate) fn take_attach(&self) -> Option<Box<Attach>> {
        self.attach
            .take(|received| self.outbound.can_resume(received))
    }

    /// Returns a connection that waits to be attached to its handshake, if its client has hung up.
    pub(crate) fn return_if_gone(&self, number: u64) {
        self.attach.return_if_gone(number);
    }

    /// Accepts no further connection: the session has ended.
    pub(crate) fn end_attach(&self) {
        self.attach.end();
    }

    /// Returns the id that others see in channels whose members learn of each other.
    pub(crate) fn presence_id(&self) -> Arc<str> {
        let id = self.presence_id.get_or_init(|| random::name().into());
        id.clone()
    }

    /// Whether the session has no connection.
    pub(crate) fn is_detached(&self) -> bool {
        self.detached.load(Ordering::Relaxed) != 0
    }

    /// Closes the connection once its outbound queue is written, and ends the session, for good.
    pub(crate) fn kick(&self, reason: impl Into<Cow<'static, str>>) {
        let code = self.encoder.protocol.close_code(CloseReason::Kicked);
        self.outbound.close(CloseFrame::new(code, reason), false);
    }

    pub(crate) fn codec(&self) -> &dyn Codec {
        self.encoder.codec(self.encoding)
    }

    pub(crate) fn encode(&self, outgoing: &Outgoing<'_>) -> Option<EncodedMessage> {
        self.encoder.encode(self.encoding, outgoing)
    }

    /// Requests that the connection be closed.
    pub(crate) fn close(&self, condition: CloseReason, reason: &'static str, graceful: bool) {
        let code = self.encoder.protocol.close_code(condition);
        self.outbound.close(CloseFrame::new(code, reason), graceful);
    }

    /// Queues a message that is not a reply. If it is not volatile and the queue is full, the connection is closed.
    pub(crate) fn push(&self, packet: EncodedMessage, volatile: bool) {
        self.push_keyed(packet, volatile, None);
    }

    /// As [`Self::push`]. A volatile message with a key takes the place of one with the same key that is queued.
    pub(crate) fn push_keyed(
        &self,
        packet: EncodedMessage,
        volatile: bool,
        key: Option<&VolatileKey>,
    ) {
        self.push_by(volatile, |outbound| match key {
            Some(key) => outbound.push_keyed(packet, key),
            None => outbound.push(packet, volatile),
        });
    }

    /// As [`Self::push`], for messages that may follow one another, and are not volatile.
    pub(crate) fn push_run(&self, run: &Run) {
        self.push_by(false, |outbound| outbound.push_run(run));
    }

    fn push_by(&self, volatile: bool, push: impl FnOnce(&Outbound) -> Result<(), EnqueueError>) {
        let detached = self.detached.load(Ordering::Relaxed);
        // A volatile message that waits for a connection would be late.
        if detached != 0 && volatile {
            metrics::dropped(DropReason::Detached, 1);
            return;
        }
        let pushed = push(&self.outbound);
        self.grown(None);
        if pushed == Err(EnqueueError::Full) && volatile {
            metrics::dropped(DropReason::Full, 1);
        } else if pushed == Err(EnqueueError::Full) {
            if self.outbound.closing().is_none() {
                tracing::info!(
                    connection = self.id,
                    "closing a slow client: `limits.outbound` is reached"
                );
            }
            self.close(CloseReason::Slow, "the client reads too slowly", false);
        }
    }

    /// Queues a reply.
    pub(crate) fn answer(&self, outgoing: &Outgoing<'_>) {
        let answer = |bytes: &[u8], is_text| self.reply_bytes(outgoing.id, bytes, is_text);
        let answered = self.encoder.encode_with(self.encoding, outgoing, answer);
        if answered.is_none() {
            self.not_encoded(outgoing.id);
        }
    }

    /// Answers a request with one of the session's messages.
    pub(crate) fn answer_session(&self, message: &SessionMessage<'_>) {
        match self.encoder.session(self.encoding, message) {
            Some(packet) => self.reply(message.id, &packet),
            None => self.not_encoded(message.id),
        }
    }

    #[cold]
    fn not_encoded(&self, id: Option<&Id>) {
        let text = "the reply cannot be encoded";
        self.fail(id, &ErrorPayload::new(SessionCode::Internal, text));
    }

    /// Queues a message that is not counted: a ping, a pong or an acknowledgement.
    pub(crate) fn control(&self, message: &SessionMessage<'_>) {
        if let Some(packet) = self.encoder.session(self.encoding, message) {
            self.outbound.control(packet, 0);
        }
    }

    /// Encodes a `received`.
    pub(crate) fn received_notice(&self, notice: &ReceivedNotice) -> Option<EncodedMessage> {
        let message = SessionMessage::new(Role::Received, notice);
        self.encoder.session(self.encoding, &message)
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

    /// Queues an error.
    pub(crate) fn fail(&self, id: Option<&Id>, payload: &ErrorPayload<'_>) {
        if let Some(packet) = self.error(id, payload) {
            self.reply(id, &packet);
        }
    }

    /// Encodes an error.
    pub(crate) fn error(
        &self,
        id: Option<&Id>,
        payload: &ErrorPayload<'_>,
    ) -> Option<EncodedMessage> {
        self.encoder.error(self.encoding, id, payload)
    }

    /// Queues the encoded answer to a request.
    pub(crate) fn reply(&self, id: Option<&Id>, packet: &EncodedMessage) {
        self.reply_bytes(id, packet.bytes(), packet.is_text());
    }

    fn reply_bytes(&self, id: Option<&Id>, bytes: &[u8], is_text: bool) {
        match id {
            Some(id) => self.outbound.answer_request(id, bytes, is_text),
            None => self.outbound.answer(EncodedMessage::new(bytes, is_text)),
        }
    }
}
