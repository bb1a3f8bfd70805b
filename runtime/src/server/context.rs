//! What a handler knows about the message it handles, and about the connection that sent it.

use super::{
    channel::ConnectionChannel, connection_handle::ConnectionHandle,
    connection_info::ConnectionInfo, state::ServerState,
};
use crate::{
    ChannelKey, Id, Message, MessageSet, codec::Outgoing, descriptor::CloseReason,
    transport::CloseFrame,
};
use std::{borrow::Cow, fmt, sync::Arc};

/// The message that is handled, and the connection that sent it. A clone is three counted references.
///
/// A handler answers by what it returns. A context sends what nobody asked for, publishes, and closes.
#[derive(Clone)]
pub struct Context {
    pub(crate) connection: Arc<ConnectionHandle>,
    pub(crate) server: Arc<ServerState>,
    pub(crate) request: Option<Arc<Request>>,
}

/// The envelope of the message that is handled.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) message: &'static str,
    pub(crate) id: Option<Id>,
    pub(crate) channel: Option<String>,
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
    pub(crate) fn new(connection: Arc<ConnectionHandle>, server: Arc<ServerState>) -> Self {
        Self {
            connection,
            server,
            request: None,
        }
    }

    /// The id of the message.
    pub fn id(&self) -> Option<&Id> {
        self.request.as_ref()?.id.as_ref()
    }

    /// The key of the channel in the message's envelope.
    pub fn channel(&self) -> Option<&str> {
        self.request.as_ref()?.channel.as_deref()
    }

    /// The number of the connection, unique within this server.
    pub fn connection_id(&self) -> u64 {
        self.connection.id
    }

    /// Where the connection comes from, and the request that opened it.
    pub fn connection_info(&self) -> &ConnectionInfo {
        &self.connection.info
    }

    /// The state that is kept for the connection.
    ///
    /// # Panics
    /// If the state is of another type than `S`. Generated code asks for the type that it created.
    pub fn session<S: Send + Sync + 'static>(&self) -> &S {
        match self.connection.session.downcast_ref() {
            Some(session) => session,
            None => panic!("the session is no `{}`", std::any::type_name::<S>()),
        }
    }

    /// Sends a message to this connection alone. It has no number, and is lost if the client disconnects before it is written.
    ///
    /// A message that belongs to a channel must be published instead: sent like this it has no channel, and clients refuse it.
    pub fn send<U: MessageSet, M: Message<U>>(&self, message: &M) {
        let descriptor = &U::DESCRIPTOR.messages[M::INDEX];
        if !self.server.is_valid(descriptor.name, message) {
            return;
        }
        let payload: &dyn erased_serde::Serialize = message;
        let encoder = &self.connection.encoder;
        let packet = self.connection.encode(&Outgoing {
            payload: descriptor.payload.then_some(payload),
            timestamp: encoder.timestamp(),
            ..encoder.outgoing(descriptor.tag)
        });
        if let Some(packet) = packet {
            self.connection.push(packet, descriptor.volatile);
        }
    }

    /// A channel, as seen by this connection: to publish to it, and to ask whether the connection is in it.
    pub fn channel_handle<C: ChannelKey>(&self, channel: &C) -> ConnectionChannel<C> {
        ConnectionChannel::new(self.server.clone(), self.connection.clone(), channel)
    }

    /// Closes this connection for good once everything that is queued is written: its client does not reconnect. The close code is that of
    /// [`CloseReason::Kicked`], 4403 unless the protocol sets another.
    pub fn kick(&self, reason: impl Into<Cow<'static, str>>) {
        let code = self.server.protocol.close_code(CloseReason::Kicked);
        self.close(code, reason);
    }

    /// Closes this connection once everything that is queued is written, with a code of the application (3000 to 4999), or 1000. Any other
    /// code is sent as 1011 (RFC 6455, section 7.4).
    pub fn close(&self, code: u16, reason: impl Into<Cow<'static, str>>) {
        let code = match code {
            1000 | 3000..=4999 => code,
            _ => {
                tracing::error!(code, "this close code is not one of an application's");
                1011
            }
        };
        self.connection
            .outbound
            .close(CloseFrame::new(code, reason), false);
    }
}
