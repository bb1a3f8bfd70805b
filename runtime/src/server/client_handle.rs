//! The handle of a client's session, for use in and outside handlers.

use super::{
    ConnectionChannel,
    connection_handle::ConnectionHandle,
    state::ServerState,
    volatile_key::{VolatileKey, volatile_key},
};
use crate::{
    ChannelKey, Id, Message, MessageSet, Protocol, Request,
    broker::MemberId,
    calls::{
        self, Call, CallError, CallReply, Caller, Failure, Permit, RequestMessage, Streaming,
        timeout_of,
    },
    codec::{ErasedPayload, Outgoing},
    descriptor::{Heading, MessageDescriptor},
    foreign::AsPayload,
    outbound::EnqueueError,
};
use futures_util::future::BoxFuture;
use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc};

/// A client of a server of the protocol `P`: its session, from the hello to its end, across the connections that it has. Cloning is cheap:
/// two reference counts. A handle may be kept; when the session has ended, what is sent is dropped, and requests fail with
/// [`CallError::Closed`].
pub struct ClientHandle<P> {
    link: Arc<ClientLink>,
    protocol: PhantomData<fn() -> P>,
}

/// The session, and the server that it belongs to.
#[derive(Debug)]
pub(crate) struct ClientLink {
    pub(crate) connection: Arc<ConnectionHandle>,
    pub(crate) server: Arc<ServerState>,
}

impl<P> Clone for ClientHandle<P> {
    fn clone(&self) -> Self {
        Self {
            link: self.link.clone(),
            protocol: PhantomData,
        }
    }
}

impl<P> fmt::Debug for ClientHandle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandle")
            .field("id", &self.link.connection.id)
            .finish()
    }
}

impl<P: Protocol> ClientHandle<P> {
    pub(crate) fn new(connection: Arc<ConnectionHandle>, server: Arc<ServerState>) -> Self {
        Self {
            link: Arc::new(ClientLink { connection, server }),
            protocol: PhantomData,
        }
    }

    /// Returns the id of the session, unique within this server: [`Context::connection_id`](super::Context::connection_id) of its messages.
    pub fn id(&self) -> u64 {
        self.link.connection.id
    }

    /// Returns the id of the session, unique among the servers of its broker.
    pub fn session(&self) -> MemberId {
        self.link.server.hub.member(self.link.connection.id)
    }

    /// Returns a channel as seen by this client: to add the client to it, and to remove it.
    pub fn channel_handle<C: ChannelKey>(&self, channel: &C) -> ConnectionChannel<C> {
        let ClientLink { connection, server } = &*self.link;
        ConnectionChannel::new(server.clone(), connection.clone(), channel)
    }

    /// Sends a request to the client and returns its reply.
    ///
    /// The call, with the wait for room, takes at most the timeout of the message or else `session.timeout`. The requests that wait for
    /// replies of one client share `limits.outbound`, and each counts 256 bytes more than its size. If the client has lost its connection,
    /// the request waits until the session is resumed. Dropping the future discards the reply.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call<M>(&self, message: &M) -> Call<P::Client, M::Reply, M::Error>
    where
        M: Request<P::Server>,
        M::Reply: Message<P::Client>,
    {
        let request = calls::one_request::<P::Server, P::Client, M>(message);
        let timeout = timeout_of::<P::Server, M>(P::DESCRIPTOR.session.timeout);
        Call::new(self.link.clone(), request, timeout)
    }

    /// Sends a request to the client whose reply is a stream. `C` is the message that cancels the stream, or
    /// [`NoMessage`](crate::NoMessage).
    ///
    /// # Errors
    /// If the client refuses the stream or does not acknowledge it in time.
    pub async fn stream<M, C>(
        &self,
        message: &M,
    ) -> Result<Streaming<P::Client, M::Reply, M::Item, M::End, M::Error>, CallError<M::Error>>
    where
        M: Request<P::Server>,
        M::Reply: Message<P::Client>,
        M::Item: Message<P::Client>,
        M::End: Message<P::Client>,
        C: Message<P::Server>,
    {
        let (request, shape) = calls::stream_request::<P::Server, P::Client, M, C>(message);
        let timeout = timeout_of::<P::Server, M>(P::DESCRIPTOR.session.timeout);
        calls::begin(self.link.clone(), request, shape, timeout)
            .await
            .and_then(Streaming::new)
            .map_err(CallError::from_failure)
    }

    /// Sends a message to this client only. It has no sequence number. If the client has lost its connection, the message waits until the
    /// session is resumed, unless it is volatile.
    ///
    /// Messages that belong to a channel must be published instead: sent with this method, they have no channel and clients reject them.
    pub fn send<M: Message<P::Server>>(&self, message: &M) {
        self.link.send::<P::Server, M>(message);
    }

    /// Closes the client's connection once its outbound queue is written, and ends the session. The client does not reconnect. The close
    /// code is that of [`CloseReason::Kicked`](crate::descriptor::CloseReason::Kicked): 4403 unless the protocol declares another.
    pub fn kick(&self, reason: impl Into<Cow<'static, str>>) {
        self.link.connection.kick(reason);
    }
}

impl ClientLink {
    /// Sends a message that is not a reply.
    pub(crate) fn send<U: MessageSet, M: Message<U>>(&self, message: &M) {
        let descriptor = &U::DESCRIPTOR.messages[M::INDEX];
        if !self.server.is_valid(descriptor, message) {
            return;
        }
        let payload: &dyn ErasedPayload = &AsPayload(message);
        let encoder = &self.connection.encoder;
        let packet = self.connection.encode(&Outgoing {
            payload: descriptor.payload.then_some(payload),
            timestamp: encoder.timestamp(descriptor),
            ..encoder.outgoing(descriptor)
        });
        if let Some(packet) = packet {
            let key = outside_channels(descriptor, payload);
            self.connection
                .push_keyed(packet, descriptor.volatile, key.as_ref());
        }
    }
}

/// Returns the key of a message outside any channel, if it has one.
fn outside_channels(
    message: &MessageDescriptor,
    payload: &dyn erased_serde::Serialize,
) -> Option<VolatileKey> {
    message.volatile_key?;
    let payload = serde_json::value::to_raw_value(payload).ok();
    volatile_key(message, None, payload.as_deref())
}

impl Caller for ClientLink {
    /// Waits until the requests without a reply, and then what is queued, leave room.
    fn room(&self, bytes: usize) -> BoxFuture<'_, Result<Permit, Failure>> {
        Box::pin(async move {
            let permit = self.connection.calls().budget.take(bytes).await?;
            let outbound = &self.connection.outbound;
            match std::future::poll_fn(|task| outbound.poll_room(bytes, task)).await {
                Ok(()) => Ok(permit),
                Err(EnqueueError::Ended | EnqueueError::Full) => Err(Failure::Closed),
            }
        })
    }

    fn request(
        &self,
        request: &RequestMessage,
        reply_to: CallReply,
        permit: Permit,
    ) -> Result<Id, Failure> {
        let connection = &self.connection;
        connection
            .calls()
            .add(request.replies, reply_to, permit, |id, mark| {
                let packet = connection
                    .encode_request(request, Some(id))
                    .ok_or(Failure::Encode)?;
                connection.ask(packet, mark);
                Ok(())
            })
    }

    fn abandon(&self, id: &Id) -> bool {
        match self.connection.calls().abandon(id) {
            None => false,
            Some((_, true)) => true,
            Some((mark, false)) => !self.connection.outbound.withdraw(mark),
        }
    }

    fn cancel(&self, id: &Id, message: Heading) {
        self.connection.cancel_stream(id, message);
    }
}
