//! Replies to the message being handled. Internal: handlers reply with their return value.

use super::{
    Context, Rejection,
    hub::{JoinRequest, Joining},
    membership::JoinError,
};
use crate::{
    ChannelKey, DeclaredErrors, HandlerError, Message, MessageSet, Payload, SessionCode, Side,
    broker::StreamPosition,
    codec::{ErasedPayload, JsonPayload, Outgoing},
    descriptor::{ChannelDescriptor, Heading, MessageDescriptor},
    encoded::EncodedMessage,
    foreign::AsPayload,
    outbound::EnqueueError,
    replies::{ErrorPayload, Replier, SendError},
};
use serde_json::value::RawValue;
use std::{
    error::Error,
    sync::{Arc, atomic::Ordering},
    time::SystemTime,
};

/// Replies to one message.
#[derive(Clone, Debug)]
pub struct Responder {
    context: Context,
}

impl Replier for Responder {
    fn is_valid<M: Payload>(&self, message: &MessageDescriptor, payload: &M) -> bool {
        self.context.caller.server.is_valid(message, payload)
    }

    fn side(&self) -> Side {
        Side::Server
    }

    fn checked_depth(&self) -> Option<u32> {
        let server = &self.context.caller.server;
        server.bounds.checks.then_some(server.limits.depth)
    }

    /// If replies are matched by order, the client would take the error for the reply to a request.
    fn can_report(&self) -> bool {
        !self.context.caller.server.protocol.server.envelope.by_order
    }

    fn accept(&self) {
        if let Some(progress) = self.context.progress() {
            progress.accepted.store(true, Ordering::Relaxed);
        }
    }

    fn is_accepted(&self) -> bool {
        let progress = self.context.progress();
        progress.is_some_and(|progress| progress.accepted.load(Ordering::Relaxed))
    }

    fn send(&self, message: &'static MessageDescriptor, payload: &dyn ErasedPayload) {
        let outgoing = self.outgoing(message, payload);
        self.context.caller.connection.answer(&outgoing);
    }

    fn item(
        &self,
        message: &'static MessageDescriptor,
        payload: &dyn ErasedPayload,
    ) -> Option<EncodedMessage> {
        let id = self.context.id();
        self.context.caller.connection.encode(&Outgoing {
            is_reply: id.is_some(),
            outcome: id.map(|_| true),
            ..self.outgoing(message, payload)
        })
    }

    /// Waits until at least half of `limits.outbound` is free.
    async fn send_item(self, packet: EncodedMessage) -> Result<(), SendError> {
        let outbound = &self.context.caller.connection.outbound;
        match std::future::poll_fn(|task| outbound.poll_room(packet.len(), task)).await {
            Ok(()) => {
                outbound.answer(packet);
                Ok(())
            }
            Err(EnqueueError::Ended | EnqueueError::Full) => Err(SendError::Closed),
        }
    }

    fn send_error(&self, error: &ErrorPayload<'_>) {
        if let (Some(progress), Some(code)) = (self.context.progress(), error.code) {
            let _ = progress.error.set(code.into());
        }
        self.context
            .caller
            .connection
            .fail(self.context.id(), error);
    }

    fn log(&self, error: &(dyn Error + 'static), what: &'static str) {
        let message_type = self.context.request.as_ref().map(|request| request.message);
        tracing::error!(
            connection = self.context.caller.connection.id,
            message_type,
            error,
            "{what}"
        );
    }
}

impl Responder {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// Returns the context for the message's handler.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// As [`Self::context`], for a handler that answers by its context alone.
    pub fn into_context(self) -> Context {
        self.context
    }

    /// Begins to join a channel, before the handler is called: what is published while the handler runs follows the answer. If
    /// the connection may not join another channel, or this channel could be another, replies with an error and returns `None`; the handler must not be called.
    pub async fn begin_join<C: ChannelKey>(&self, channel: &C) -> Option<Joining> {
        if !self.is_clear(channel) {
            return None;
        }
        self.begin_join_key(channel.key(), C::DESCRIPTOR).await
    }

    /// Whether the parameters in the message are of one channel only. If they are not, replies with an error; the handler must not be called.
    pub fn is_clear<C: ChannelKey>(&self, channel: &C) -> bool {
        if let Some(unclear) = channel.unclear() {
            self.not_joined(JoinError::Unclear(unclear));
            return false;
        }
        true
    }

    pub(crate) async fn begin_join_key(
        &self,
        key: impl Into<Arc<str>>,
        channel: &'static ChannelDescriptor,
    ) -> Option<Joining> {
        let joining = self.context.begin_join(key.into(), channel).await;
        joining.map_err(|error| self.not_joined(error)).ok()
    }

    /// Adds the connection to a channel and replies to the request. The reply precedes every message published to the channel since
    /// the handler was called. If `result` is an error, replies with it instead.
    pub fn join<U, R, E>(&self, joining: Joining, result: Result<R, HandlerError<E>>)
    where
        U: MessageSet,
        R: Message<U>,
        E: DeclaredErrors,
    {
        let reply = match result {
            Ok(reply) => reply,
            Err(error) => return self.fail(error),
        };
        let message = &U::DESCRIPTOR.messages[R::INDEX];
        if !self.is_valid(message, &reply) {
            return self.send_error(&ErrorPayload::internal(Side::Server));
        }
        let payload = message.payload.then(|| {
            serde_json::value::to_raw_value(&AsPayload(&reply) as &dyn erased_serde::Serialize)
        });
        let encoder = &self.context.caller.connection.encoder;
        let (at, reply) = (encoder.timestamp(message), encoder.heading(message));
        self.join_key(joining, reply, payload.transpose(), at);
    }

    /// Removes the connection from a channel if the leave handler succeeded, and replies to the request.
    pub fn leave<U, C, R, E>(&self, channel: &C, result: Result<R, HandlerError<E>>)
    where
        U: MessageSet,
        C: ChannelKey,
        R: Message<U>,
        E: DeclaredErrors,
    {
        if result.is_err() {
            return self.answer::<U, R, E>(result);
        }
        let caller = &self.context.caller;
        let hub = &caller.server.hub;
        hub.leave(caller.connection.id, &channel.key(), |_| {
            self.answer::<U, R, E>(result);
        });
    }

    /// Replies with a rejection.
    pub(crate) fn reject(&self, rejection: &Rejection) {
        self.send_error(&rejection.payload(&rejection.data.as_deref()));
    }

    /// Replies with the rejection of middleware. If the message has no reply and replies are matched by order, it is only logged.
    pub(crate) fn refuse(&self, rejection: &Rejection, expects_reply: bool) {
        if expects_reply || self.can_report() {
            return self.reject(rejection);
        }
        if let Some(progress) = self.context.progress() {
            let _ = progress.error.set(rejection.code.clone());
        }
        let message_type = self.context.request.as_ref().map(|request| request.message);
        tracing::info!(
            connection = self.context.caller.connection.id,
            message_type,
            code = ?rejection.code,
            "middleware refused a message, and the protocol cannot report it"
        );
    }

    /// Replies to a join that failed.
    fn not_joined(&self, error: JoinError) {
        match error {
            JoinError::Ended => {}
            JoinError::NotAnnounced => {
                let text = "the reply cannot be encoded";
                self.send_error(&ErrorPayload::new(SessionCode::Internal, text));
            }
            JoinError::TooMany => {
                let connection = &self.context.caller.connection;
                if !connection.channels_logged.swap(true, Ordering::Relaxed) {
                    tracing::info!(connection = connection.id, "`limits.channels` is reached");
                }
                self.send_error(&ErrorPayload::new(
                    SessionCode::TooMany,
                    "too many channels are joined",
                ));
            }
            JoinError::LongKey => {
                let text = "a channel key must not exceed 1,024 bytes";
                self.send_error(&ErrorPayload::new(SessionCode::Invalid, text));
            }
            JoinError::Unclear(unclear) => {
                let violations = [unclear.violation(self.content())];
                self.send_error(&ErrorPayload {
                    violations: &violations,
                    ..ErrorPayload::new(SessionCode::Invalid, "the payload does not fit")
                });
            }
            JoinError::Presence(error) => {
                self.log(&error, "what is said of a member of a channel is not valid");
                self.send_error(&ErrorPayload::internal(Side::Server));
            }
            JoinError::Broker(error) => {
                self.log(&error, "a channel cannot be joined");
                self.send_error(
                    &ErrorPayload::new(SessionCode::Internal, "the channel cannot be joined now")
                        .retryable(),
                );
            }
        }
    }

    /// The field with the payload of the message that is answered.
    fn content(&self) -> Option<&'static str> {
        let client = self.context.caller.server.protocol.client;
        let name = self.context.request.as_ref()?.message;
        let message = client.messages.iter().find(|one| one.name == name)?;
        client.heading(message).envelope.content
    }

    fn outgoing<'a>(
        &'a self,
        message: &'static MessageDescriptor,
        payload: &'a dyn ErasedPayload,
    ) -> Outgoing<'a> {
        let encoder = &self.context.caller.connection.encoder;
        Outgoing {
            payload: message.payload.then_some(payload),
            id: self.context.id(),
            is_reply: true,
            outcome: Some(true),
            timestamp: encoder.timestamp(message),
            ..encoder.outgoing(message)
        }
    }

    /// Joins a channel and replies with the position in it.
    pub(crate) fn join_key(
        &self,
        joining: Joining,
        reply: Heading,
        payload: Result<Option<Box<RawValue>>, serde_json::Error>,
        at: Option<SystemTime>,
    ) {
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => {
                self.log(&error, "a reply cannot be encoded");
                return self.send_error(&ErrorPayload::new(
                    SessionCode::Internal,
                    "the reply cannot be encoded",
                ));
            }
        };
        let connection = &self.context.caller.connection;
        let union = connection.encoder.protocol.server;
        let payload = payload.as_deref();
        let payload = payload.map(|json| JsonPayload::new(union, reply.tag, json));
        let key = joining.key().clone();
        let answer = |position: &StreamPosition| {
            connection.encode(&Outgoing {
                payload: payload
                    .as_ref()
                    .map(|payload| payload as &dyn ErasedPayload),
                id: self.context.id(),
                is_reply: true,
                outcome: Some(true),
                channel: Some(&key),
                seq: Some(position.seq),
                epoch: Some(&position.epoch),
                timestamp: at,
                ..connection.encoder.headed(reply)
            })
        };
        let request = self.context.request.as_ref();
        let request = JoinRequest {
            id: self.context.id(),
            since: request.and_then(|request| request.position.as_ref()),
        };
        let joined = self.context.info(&joining).map_err(JoinError::Presence);
        let joined = joined.and_then(|info| joining.join(connection, info, Some(request), &answer));
        if let Err(error) = joined {
            self.not_joined(error);
        }
    }

    /// Replies to the session's own `leave`.
    pub(crate) fn leave_key(&self, key: &str, reply: Heading, payload: &dyn ErasedPayload) {
        let connection = &self.context.caller.connection;
        let hub = &self.context.caller.server.hub;
        hub.leave(connection.id, key, |_| {
            connection.answer(&Outgoing {
                payload: Some(payload),
                id: self.context.id(),
                is_reply: true,
                outcome: Some(true),
                channel: Some(key),
                ..connection.encoder.headed(reply)
            });
        });
    }
}
