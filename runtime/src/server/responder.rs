//! Replies to the message being handled. Internal: handlers reply with their return value.

use super::{Context, Rejection, membership::JoinError};
use crate::{
    ChannelKey, DeclaredErrors, HandlerError, Message, MessageSet, Payload, SessionCode,
    broker::StreamPosition,
    codec::Outgoing,
    descriptor::{MessageDescriptor, Tag},
    outbound::EnqueueError,
    replies::{ErrorPayload, Replier, SendError},
    transport::Packet,
};
use serde_json::value::RawValue;
use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

/// Replies to one message.
#[derive(Clone, Debug)]
pub struct Responder {
    context: Context,
    /// Whether the requested stream was acknowledged.
    accepted: Arc<AtomicBool>,
}

impl Replier for Responder {
    fn is_valid<M: Payload>(&self, name: &str, message: &M) -> bool {
        self.context.server.is_valid(name, message)
    }

    fn checks(&self) -> bool {
        self.context.server.bounds.checks
    }

    /// If replies are matched by order, the client would take the error for the reply to a request.
    fn can_report(&self) -> bool {
        !self.context.server.protocol.server.envelope.by_order
    }

    fn accept(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    fn is_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    fn send(&self, message: &'static MessageDescriptor, payload: &dyn erased_serde::Serialize) {
        let outgoing = self.outgoing(message, payload);
        self.context.connection.answer(&outgoing);
    }

    fn item(
        &self,
        message: &'static MessageDescriptor,
        payload: &dyn erased_serde::Serialize,
    ) -> Option<Packet> {
        let id = self.context.id();
        self.context.connection.encode(&Outgoing {
            is_reply: id.is_some(),
            outcome: id.map(|_| true),
            ..self.outgoing(message, payload)
        })
    }

    /// Waits until at least half of `limits.outbound` is free.
    async fn send_item(self, packet: Packet) -> Result<(), SendError> {
        let outbound = &self.context.connection.outbound;
        match std::future::poll_fn(|task| outbound.poll_room(packet.len(), task)).await {
            Ok(()) => {
                outbound.answer(packet);
                Ok(())
            }
            Err(EnqueueError::Ended | EnqueueError::Full) => Err(SendError::Closed),
        }
    }

    fn send_error(&self, error: &ErrorPayload<'_>) {
        self.context.connection.fail(self.context.id(), error);
    }

    fn log(&self, error: &(dyn Error + 'static), what: &'static str) {
        let message_type = self.context.request.as_ref().map(|request| request.message);
        tracing::error!(
            connection = self.context.connection.id,
            message_type,
            error,
            "{what}"
        );
    }
}

impl Responder {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            accepted: Arc::default(),
        }
    }

    /// Returns the context for the message's handler.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// Returns whether the connection may join another channel. If it may not, replies with an error; the handler must not be called.
    pub fn may_join<C: ChannelKey>(&self, channel: &C) -> bool {
        self.may_join_key(&channel.key())
    }

    pub(crate) fn may_join_key(&self, key: &str) -> bool {
        let membership = &self.context.connection.membership;
        membership
            .may_join(key)
            .map_err(|error| self.not_joined(error))
            .is_ok()
    }

    /// Adds the connection to a channel and replies to the request. The reply precedes every message published to the channel after the
    /// join. If `result` is an error, replies with it instead.
    pub async fn join<U, C, R, E>(&self, channel: &C, result: Result<R, HandlerError<E>>)
    where
        U: MessageSet,
        C: ChannelKey,
        R: Message<U>,
        E: DeclaredErrors,
    {
        let reply = match result {
            Ok(reply) => reply,
            Err(error) => return self.fail(error),
        };
        let message = &U::DESCRIPTOR.messages[R::INDEX];
        if !self.is_valid(message.name, &reply) {
            return self.send_error(&ErrorPayload::internal());
        }
        let payload = message
            .payload
            .then(|| serde_json::value::to_raw_value(&reply as &dyn erased_serde::Serialize));
        let retention = self.context.server.retention(Some(C::DESCRIPTOR));
        let at = self.context.connection.encoder.timestamp();
        self.join_key(
            channel.key().into(),
            retention,
            message.tag,
            payload.transpose(),
            at,
        )
        .await;
    }

    /// Removes the connection from a channel if the leave handler succeeded, and replies to the request.
    pub fn leave<U, C, R, E>(&self, channel: &C, result: Result<R, HandlerError<E>>)
    where
        U: MessageSet,
        C: ChannelKey,
        R: Message<U>,
        E: DeclaredErrors,
    {
        if result.is_ok() {
            let connection = self.context.connection.id;
            self.context.server.hub.leave(connection, &channel.key());
        }
        self.answer::<U, R, E>(result);
    }

    /// Replies with a rejection.
    pub(crate) fn reject(&self, rejection: &Rejection) {
        self.send_error(&rejection.payload(&rejection.data.as_deref()));
    }

    /// Replies to a join that failed.
    fn not_joined(&self, error: JoinError) {
        match error {
            JoinError::Ended => {}
            JoinError::TooMany => {
                let connection = &self.context.connection;
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
            JoinError::Broker(error) => {
                self.log(&error, "a channel cannot be joined");
                self.send_error(
                    &ErrorPayload::new(SessionCode::Internal, "the channel cannot be joined now")
                        .retryable(),
                );
            }
        }
    }

    fn outgoing<'a>(
        &'a self,
        message: &'static MessageDescriptor,
        payload: &'a dyn erased_serde::Serialize,
    ) -> Outgoing<'a> {
        let encoder = &self.context.connection.encoder;
        Outgoing {
            payload: message.payload.then_some(payload),
            id: self.context.id(),
            is_reply: true,
            outcome: Some(true),
            timestamp: encoder.timestamp(),
            ..encoder.outgoing(message.tag)
        }
    }

    /// Joins a channel by its key and replies with the position in it.
    pub(crate) async fn join_key(
        &self,
        key: Arc<str>,
        retention: Duration,
        tag: Option<Tag>,
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
        let payload = payload.as_deref();
        let connection = &self.context.connection;
        let answer = |position: &StreamPosition| {
            connection.encode(&Outgoing {
                payload: payload
                    .as_ref()
                    .map(|raw| raw as &dyn erased_serde::Serialize),
                id: self.context.id(),
                is_reply: true,
                outcome: Some(true),
                channel: Some(&key),
                seq: Some(position.seq),
                epoch: Some(&position.epoch),
                timestamp: at,
                ..connection.encoder.outgoing(tag)
            })
        };
        let hub = &self.context.server.hub;
        if let Err(error) = hub
            .join(connection, &key, retention, self.context.id(), &answer)
            .await
        {
            self.not_joined(error);
        }
    }

    /// Replies to the session's own `leave`.
    pub(crate) fn leave_key(
        &self,
        key: &str,
        tag: Option<Tag>,
        payload: &dyn erased_serde::Serialize,
    ) {
        let connection = &self.context.connection;
        self.context.server.hub.leave(connection.id, key);
        connection.answer(&Outgoing {
            payload: Some(payload),
            id: self.context.id(),
            is_reply: true,
            outcome: Some(true),
            channel: Some(key),
            ..connection.encoder.outgoing(tag)
        });
    }
}
