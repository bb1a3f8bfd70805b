//! Handles to channels, for publishing and membership.

use super::{connection_handle::ConnectionHandle, state::ServerState};
use crate::{
    ChannelKey, ChannelMessage, Message, MessageSet,
    broker::{BrokerError, Receipt},
};
use std::{fmt, marker::PhantomData, ops::Deref, sync::Arc};

/// Publishes to one channel of a server. Cloning is cheap: two reference counts.
pub struct Publisher<C> {
    state: Arc<ServerState>,
    key: Arc<str>,
    channel: PhantomData<fn(C)>,
}

impl<C> Clone for Publisher<C> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            key: self.key.clone(),
            channel: PhantomData,
        }
    }
}

impl<C> fmt::Debug for Publisher<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<C> Publisher<C> {
    /// Returns the channel's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the number of connections to this server that have joined the channel.
    pub fn members(&self) -> usize {
        self.state.hub.members(&self.key)
    }
}

impl<C: ChannelKey> Publisher<C> {
    pub(crate) fn new(state: Arc<ServerState>, channel: &C) -> Self {
        Self {
            state,
            key: channel.key().into(),
            channel: PhantomData,
        }
    }

    /// Publishes a message to every member of the channel, on every server with the same broker. Does not block. A message that cannot be
    /// encoded is logged and not published.
    ///
    /// The receipt need not be awaited.
    pub fn publish<M: ChannelMessage<C>>(&self, message: &M) -> Receipt {
        self.publish_except(message, None)
    }

    fn publish_except<M: ChannelMessage<C>>(&self, message: &M, except: Option<u64>) -> Receipt {
        let index = <M as Message<M::Union>>::INDEX;
        let descriptor = &<M::Union as MessageSet>::DESCRIPTOR.messages[index];
        if !self.state.is_valid(descriptor.name, message) {
            let error = "the message violates its schema";
            return Receipt::done(Err(BrokerError(error.into())));
        }
        let retention = self.state.retention(Some(C::DESCRIPTOR));
        self.state
            .publish(self.key.clone(), descriptor, message, &retention, except)
    }
}

/// A channel, as seen by one connection.
pub struct ConnectionChannel<C> {
    publisher: Publisher<C>,
    connection: Arc<ConnectionHandle>,
}

impl<C> Clone for ConnectionChannel<C> {
    fn clone(&self) -> Self {
        Self {
            publisher: self.publisher.clone(),
            connection: self.connection.clone(),
        }
    }
}

impl<C> fmt::Debug for ConnectionChannel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionChannel")
            .field("key", &self.publisher.key)
            .field("connection", &self.connection.id)
            .finish()
    }
}

impl<C: ChannelKey> ConnectionChannel<C> {
    pub(crate) fn new(
        state: Arc<ServerState>,
        connection: Arc<ConnectionHandle>,
        channel: &C,
    ) -> Self {
        Self {
            publisher: Publisher::new(state, channel),
            connection,
        }
    }

    /// Publishes a message to every other member of the channel, as [`Publisher::publish`] does to all. If the message is numbered and
    /// this connection is a member, it receives the number without the message, so that it misses nothing.
    pub fn publish_to_others<M: ChannelMessage<C>>(&self, message: &M) -> Receipt {
        self.publisher
            .publish_except(message, Some(self.connection.id))
    }

    /// Returns whether the connection has joined the channel and not left it since.
    pub fn is_joined(&self) -> bool {
        self.connection.membership.contains(&self.publisher.key)
    }

    /// Removes the connection from the channel, as if it had left. Returns whether it was a member.
    pub fn remove(&self) -> bool {
        let hub = &self.publisher.state.hub;
        hub.leave(self.connection.id, &self.publisher.key)
    }
}

impl<C> Deref for ConnectionChannel<C> {
    type Target = Publisher<C>;

    fn deref(&self) -> &Publisher<C> {
        &self.publisher
    }
}
