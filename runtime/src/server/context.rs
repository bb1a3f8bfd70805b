//! What a handler knows of the message it handles, and how it answers.

use super::{
    Action, ConnectionInfo, Received, Rejection, StreamSender,
    connection_handle::{self, ConnectionHandle},
    error_payload::ErrorPayload,
    hub::JoinError,
    state::unsound,
    stream::StreamResponder,
};
use crate::{
    ChannelKey, ChannelMessage, DeclaredErrors, DecodeError, Id, Message, MessageSet,
    NoPendingReplies, Payload, Side,
    broker::StreamPosition,
    codec::{Outgoing, Source},
    decode,
    descriptor::{CloseReason, MessageDescriptor, ReplyKind, Tag, TagRef, UnionDescriptor},
    transport::CloseFrame,
    validate::validate_error,
};
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

/// The message that is handled, and the connection it came over. A clone is two counted references.
#[derive(Clone)]
pub struct Context {
    pub(crate) connection: Arc<ConnectionHandle>,
    request: Option<Arc<Request>>,
}

#[derive(Debug)]
struct Request {
    id: Option<Id>,
    channel: Option<String>,
    /// Whether its stream was acknowledged.
    accepted: AtomicBool,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("connection", &self.connection.id)
            .field("request", &self.request)
            .finish()
    }
}

impl Context {
    pub(crate) fn new(connection: Arc<ConnectionHandle>) -> Self {
        Self {
            connection,
            request: None,
        }
    }

    /// The same connection, with the id and the channel of a message: what answers goes to that message.
    #[must_use]
    pub fn request(self, id: Option<Id>, channel: Option<String>) -> Self {
        let request = Request {
            id,
            channel,
            accepted: AtomicBool::new(false),
        };
        Self {
            connection: self.connection,
            request: Some(Arc::new(request)),
        }
    }

    /// Reads a message of the client's and says what to do about it. `dispatch` gets the message, and this context with the
    /// message's id and channel.
    ///
    /// # Errors
    /// The message, where it cannot be read.
    pub fn receive<U: MessageSet>(
        self,
        source: Source<'_>,
        dispatch: impl FnOnce(U, Self) -> Action,
    ) -> Result<Received, Box<DecodeError>> {
        let depth = self.connection.server.limits.depth;
        let envelope = decode::<U>(source, Side::Server, depth, &NoPendingReplies)?;
        let id = envelope.id.clone();
        let message = &U::DESCRIPTOR.messages[envelope.message.index()];
        let timeout = self.connection.server.handler_timeout(message.timeout);
        let cx = self.request(envelope.id, envelope.channel);
        Ok(Received {
            id,
            action: dispatch(envelope.message, cx),
            asks: matches!(message.reply, ReplyKind::One | ReplyKind::Stream),
            message: message.name,
            timeout,
        })
    }

    /// The id of the message.
    pub fn id(&self) -> Option<&Id> {
        self.request.as_ref()?.id.as_ref()
    }

    /// The key of the channel in the message's envelope.
    pub fn channel(&self) -> Option<&str> {
        self.request.as_ref()?.channel.as_deref()
    }

    /// A number that no other connection of this server has.
    pub fn connection_id(&self) -> u64 {
        self.connection.id
    }

    /// Where the connection comes from.
    pub fn connection_info(&self) -> &ConnectionInfo {
        &self.connection.info
    }

    /// What [`Service::open`](super::Service::open) made of the hello.
    ///
    /// # Panics
    /// Where that was of another type. The output of `#[protocol]` asks for the type it made.
    pub fn session<S: Send + Sync + 'static>(&self) -> &S {
        match self.connection.session.downcast_ref() {
            Some(session) => session,
            None => panic!("the session is no `{}`", std::any::type_name::<S>()),
        }
    }

    /// Sends a message that nobody asked for to this connection alone: without a number, lost on disconnect.
    ///
    /// A message that belongs to a channel is published there instead: sent like this it names no channel, and clients
    /// refuse it.
    pub fn send<U: MessageSet, M: Message<U>>(&self, message: &M) {
        let table = &U::DESCRIPTOR.messages[M::INDEX];
        if !self.connection.server.is_sound(table.name, message) {
            return;
        }
        let payload: &dyn erased_serde::Serialize = message;
        if let Some(packet) = self.write(U::DESCRIPTOR, table, Some(payload), None, None) {
            self.connection.push(packet, table.volatile);
        }
    }

    /// The way into a channel.
    pub fn publisher<C: ChannelKey>(&self, channel: &C) -> super::Publisher<C> {
        super::Publisher::new(self.connection.server.clone(), channel)
    }

    /// Publishes a message to everybody in a channel. What cannot be written is logged.
    pub fn publish<C: ChannelKey, M: ChannelMessage<C>>(&self, channel: &C, message: &M) {
        self.publisher(channel).publish(message);
    }

    /// Takes this connection out of a channel. False where it was not in it.
    pub fn leave<C: ChannelKey>(&self, channel: &C) -> bool {
        self.connection
            .server
            .hub
            .leave(self.connection.id, &channel.key())
    }

    /// Closes this connection once everything queued is written, for good: its client does not connect again by itself. The code is that
    /// for [`CloseReason::Kicked`], 4403 unless the protocol has another.
    pub fn kick(&self, reason: impl Into<Cow<'static, str>>) {
        let code = self.connection.server.table.close_code(CloseReason::Kicked);
        self.close(code, reason);
    }

    /// Closes this connection once everything queued is written, with a code of the application's own (3000 to 4999), or 1000. Any other is
    /// sent as 1011 (RFC 6455, section 7.4).
    pub fn close(&self, code: u16, reason: impl Into<Cow<'static, str>>) {
        let code = match code {
            1000 | 3000..=4999 => code,
            _ => {
                tracing::error!(code, "no application closes with this code");
                1011
            }
        };
        self.connection
            .outbound
            .close(CloseFrame::new(code, reason), false);
    }

    /// Answers a request: with its reply, or with its error.
    pub fn answer<U, R, E>(&self, result: &Result<R, E>)
    where
        U: MessageSet,
        R: Message<U>,
        E: DeclaredErrors,
    {
        match result {
            Ok(reply) => self.reply(U::DESCRIPTOR, R::INDEX, reply),
            Err(error) => self.fail(error),
        }
    }

    /// Whether a reply may be sent. One that may not is answered with `INTERNAL` in its place.
    pub(crate) fn is_sound<M: Payload>(
        &self,
        table: &'static UnionDescriptor,
        index: usize,
        message: &M,
    ) -> bool {
        let is_sound = self
            .connection
            .server
            .is_sound(table.messages[index].name, message);
        if !is_sound {
            self.send_error(&ErrorPayload::new("INTERNAL", "the server failed"));
        }
        is_sound
    }

    /// Answers a message that has no reply: with its error, or not at all.
    pub fn done<E: DeclaredErrors>(&self, result: &Result<(), E>) {
        if let Err(error) = result {
            // By order, it would be taken for the answer to a request.
            if self.connection.server.table.server.envelope.by_order {
                tracing::info!(
                    connection = self.connection.id,
                    error = error.message(),
                    "a message without a reply failed, and there is no way to say so"
                );
                return;
            }
            self.fail(error);
        }
    }

    /// Ends a stream: with its last message, or with an error. A stream that ends well without having been accepted is
    /// answered with `NO_REPLY`.
    pub fn end<U, R, E>(&self, result: &Result<R, E>)
    where
        U: MessageSet,
        R: Message<U>,
        E: DeclaredErrors,
    {
        match result {
            Ok(_) if !self.is_accepted() => self.no_reply(),
            result => self.answer::<U, R, E>(result),
        }
    }

    /// Whether the connection may be in another channel, asked before the application is: one that may not is answered so.
    pub fn may_join<C: ChannelKey>(&self, channel: &C) -> bool {
        self.may_enter(&channel.key())
    }

    pub(crate) fn may_enter(&self, key: &str) -> bool {
        self.connection
            .may_enter(key)
            .map_err(|error| self.not_joined(error))
            .is_ok()
    }

    /// Answers a join that failed.
    fn not_joined(&self, error: JoinError) {
        match error {
            JoinError::Ended => {}
            JoinError::TooMany => {
                if !self
                    .connection
                    .channels_logged
                    .swap(true, Ordering::Relaxed)
                {
                    tracing::info!(
                        connection = self.connection.id,
                        "`limits.channels` is reached"
                    );
                }
                self.send_error(&ErrorPayload::new(
                    "TOO_MANY",
                    "too many channels are joined",
                ));
            }
            JoinError::LongKey => {
                let words = "the key of a channel has 1,024 bytes at the most";
                self.send_error(&ErrorPayload::new("INVALID", words));
            }
            JoinError::Broker(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a channel cannot be joined"
                );
                self.send_error(
                    &ErrorPayload::new("INTERNAL", "the channel cannot be joined now").retryable(),
                );
            }
        }
    }

    /// Puts the connection into a channel and answers the request for it, before anything that is published there after
    /// that; or answers with its error.
    pub async fn join<U, C, R, E>(&self, channel: &C, result: &Result<R, E>)
    where
        U: MessageSet,
        C: ChannelKey,
        R: Message<U>,
        E: DeclaredErrors,
    {
        match result {
            Ok(reply) if !self.is_sound(U::DESCRIPTOR, R::INDEX, reply) => {}
            Ok(reply) => {
                let message = &U::DESCRIPTOR.messages[R::INDEX];
                let payload = message.payload.then(|| {
                    serde_json::value::to_raw_value(reply as &dyn erased_serde::Serialize)
                });
                let keep = self.connection.server.keep(Some(C::DESCRIPTOR));
                let at = connection_handle::now(&U::DESCRIPTOR.envelope);
                self.enter(
                    channel.key().into(),
                    keep,
                    message.tag,
                    payload.transpose(),
                    at,
                )
                .await;
            }
            Err(error) => self.fail(error),
        }
    }

    /// Takes the connection out of a channel where the result is good, and answers the request for it.
    pub fn part<U, C, R, E>(&self, channel: &C, result: &Result<R, E>)
    where
        U: MessageSet,
        C: ChannelKey,
        R: Message<U>,
        E: DeclaredErrors,
    {
        if result.is_ok() {
            self.leave(channel);
        }
        self.answer::<U, R, E>(result);
    }

    /// The stream that a request asks for.
    pub fn stream<U, A, I>(&self) -> StreamResponder<A, I>
    where
        U: MessageSet,
        A: Message<U>,
        I: Message<U>,
    {
        StreamResponder::new(self.clone(), U::DESCRIPTOR, A::INDEX, I::INDEX)
    }

    /// What sends the items of a stream that has no acknowledgement.
    pub fn sender<U, I>(&self) -> StreamSender<I>
    where
        U: MessageSet,
        I: Message<U>,
    {
        self.accept();
        StreamSender::new(self.clone(), U::DESCRIPTOR, I::INDEX)
    }

    /// Answers with a declared error.
    pub fn fail<E: DeclaredErrors>(&self, error: &E) {
        if self.connection.server.bounds.checks
            && let Err(invalid) = validate_error(error)
        {
            unsound(error.message(), &invalid);
            return self.send_error(&ErrorPayload::new("INTERNAL", "the server failed"));
        }
        self.send_error(&ErrorPayload {
            code: Some(match error.code() {
                Tag::Text(text) => TagRef::Text(text),
                Tag::Integer(n) => TagRef::Integer(n),
            }),
            message: error.message().into(),
            retryable: error.retryable(),
            data: error.data(),
            ..ErrorPayload::default()
        });
    }

    /// Answers with a rejection.
    pub(crate) fn refuse(&self, rejection: &Rejection) {
        self.send_error(&rejection.payload(&rejection.data.as_deref()));
    }

    pub(crate) fn send_error(&self, error: &ErrorPayload<'_>) {
        self.connection.fail(self.id(), error);
    }

    /// Answers with one of the messages of a union.
    pub(crate) fn reply<M: Payload>(
        &self,
        table: &'static UnionDescriptor,
        index: usize,
        reply: &M,
    ) {
        if self.is_sound(table, index, reply) {
            self.put(table, index, reply);
        }
    }

    fn put(
        &self,
        table: &'static UnionDescriptor,
        index: usize,
        payload: &dyn erased_serde::Serialize,
    ) {
        let message = &table.messages[index];
        self.connection.answer(&Outgoing {
            payload: Some(payload).filter(|_| message.payload),
            id: self.id(),
            is_reply: true,
            outcome: Some(true),
            timestamp: connection_handle::now(&table.envelope),
            ..self.connection.server.outgoing(message.tag)
        });
    }

    /// Writes one of the messages of a union.
    pub(crate) fn write(
        &self,
        table: &'static UnionDescriptor,
        message: &MessageDescriptor,
        payload: Option<&dyn erased_serde::Serialize>,
        id: Option<&Id>,
        channel: Option<&str>,
    ) -> Option<crate::transport::Packet> {
        connection_handle::encode(
            self.connection.codec(),
            &Outgoing {
                payload: payload.filter(|_| message.payload),
                id,
                is_reply: id.is_some(),
                outcome: id.map(|_| true),
                channel,
                timestamp: connection_handle::now(&table.envelope),
                ..self.connection.server.outgoing(message.tag)
            },
            self.connection.server.limits.message,
        )
    }

    pub(crate) fn accept(&self) {
        if let Some(request) = &self.request {
            request.accepted.store(true, Ordering::Relaxed);
        }
    }

    fn is_accepted(&self) -> bool {
        self.request
            .as_ref()
            .is_some_and(|request| request.accepted.load(Ordering::Relaxed))
    }

    fn no_reply(&self) {
        self.send_error(&ErrorPayload::new(
            "NO_REPLY",
            "the request was given up without an answer",
        ));
    }

    /// Enters a channel and answers with the place in it.
    pub(crate) async fn enter(
        &self,
        key: Arc<str>,
        keep: std::time::Duration,
        tag: Option<Tag>,
        payload: Result<Option<Box<RawValue>>, serde_json::Error>,
        at: Option<SystemTime>,
    ) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    ?tag,
                    "a message cannot be written"
                );
                return self.send_error(&ErrorPayload::new(
                    "INTERNAL",
                    "the answer cannot be written",
                ));
            }
        };
        let payload = payload.as_deref();
        let server = &self.connection.server;
        let answer = |position: &StreamPosition| {
            connection_handle::encode(
                self.connection.codec(),
                &Outgoing {
                    payload: payload
                        .as_ref()
                        .map(|raw| raw as &dyn erased_serde::Serialize),
                    id: self.id(),
                    is_reply: true,
                    outcome: Some(true),
                    channel: Some(&key),
                    seq: Some(position.seq),
                    epoch: Some(&position.epoch),
                    timestamp: at,
                    ..server.outgoing(tag)
                },
                server.limits.message,
            )
        };
        if let Err(error) = server.hub.join(&self.connection, &key, keep, &answer).await {
            self.not_joined(error);
        }
    }

    /// Answers the session's own `leave`.
    pub(crate) fn exit(&self, key: &str, tag: Option<Tag>, payload: &dyn erased_serde::Serialize) {
        self.connection.server.hub.leave(self.connection.id, key);
        self.connection.answer(&Outgoing {
            payload: Some(payload),
            id: self.id(),
            is_reply: true,
            outcome: Some(true),
            channel: Some(key),
            ..self.connection.server.outgoing(tag)
        });
    }
}
