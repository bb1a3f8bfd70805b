//! Handles to channels, for publishing and membership.

use super::{
    Context, JoinError,
    connection_handle::ConnectionHandle,
    context::Caller,
    presence::{self, PresenceError},
    state::ServerState,
    system::channel_payload,
};
use crate::{
    ChannelKey, ChannelMessage, Member, Message, MessageSet, Payload, PresenceInfo, UnclearParam,
    broker::{BrokerError, Receipt, StreamPosition},
    codec::{ErasedPayload, Outgoing},
    foreign::AsPayload,
    system::Role,
};
use std::{fmt, marker::PhantomData, ops::Deref, sync::Arc};

/// Publishes to one channel of a server. Cloning is cheap: two reference counts.
pub struct Publisher<C> {
    state: Arc<ServerState>,
    key: Arc<str>,
    /// Why the key may be another channel's.
    unclear: Option<UnclearParam>,
    channel: PhantomData<fn(C)>,
}

impl<C> Clone for Publisher<C> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            key: self.key.clone(),
            unclear: self.unclear,
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
        match self.unclear {
            None => self.state.hub.members(&self.key),
            Some(_) => 0,
        }
    }
}

impl<C: ChannelKey> Publisher<C> {
    pub(crate) fn new(state: Arc<ServerState>, channel: &C) -> Self {
        Self {
            state,
            key: channel.key().into(),
            unclear: channel.unclear(),
            channel: PhantomData,
        }
    }

    /// Publishes a message to every member of the channel, on every server with the same broker. Does not block. A message that cannot be
    /// encoded is logged and not published, and so is one to a channel whose key is [unclear](UnclearParam).
    ///
    /// The receipt need not be awaited.
    pub fn publish<M: ChannelMessage<C>>(&self, message: &M) -> Receipt {
        self.publish_except(message, None)
    }

    /// Returns who is in the channel, on every server with the same broker, in the order in which they joined. Members whose info is not valid
    /// any more are omitted.
    ///
    /// # Errors
    /// If the broker fails, or the key is [unclear](UnclearParam).
    pub async fn presence(&self) -> Result<Vec<Member<C::Presence>>, BrokerError> {
        if let Some(unclear) = self.unclear {
            return Err(BrokerError(unclear.into()));
        }
        let roster = self.state.broker.presence(&self.key, None).await?;
        let members = roster.map(|roster| roster.members).unwrap_or_default();
        let typed = |member: &Arc<crate::broker::Presence>| {
            Some(Member {
                id: member.id.clone(),
                principal: member.principal.clone(),
                away: member.away,
                info: C::Presence::read(member.info.as_deref().map(|info| info.get()))?,
            })
        };
        Ok(members.iter().filter_map(typed).collect())
    }

    fn publish_except<M: ChannelMessage<C>>(&self, message: &M, except: Option<u64>) -> Receipt {
        let index = <M as Message<M::Union>>::INDEX;
        let descriptor = &<M::Union as MessageSet>::DESCRIPTOR.messages[index];
        if let Some(unclear) = self.unclear {
            tracing::error!(
                channel = C::DESCRIPTOR.name,
                message_type = descriptor.name,
                error = &unclear as &dyn std::error::Error,
                "a message is not published: its channel could be another"
            );
            return Receipt::done(Err(BrokerError(unclear.into())));
        }
        if !self.state.is_valid(descriptor, message) {
            let error = "the message violates its schema";
            return Receipt::done(Err(BrokerError(error.into())));
        }
        let retention = self.state.retention(Some(C::DESCRIPTOR));
        self.state.publish(
            self.key.clone(),
            descriptor,
            &AsPayload(message),
            &retention,
            except,
        )
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

    /// Replaces what the members of the channel learn of this connection, which is one of them.
    ///
    /// # Errors
    /// If the connection has not joined the channel, or the info is not valid or too large.
    pub fn set_presence(&self, info: &C::Presence) -> Result<(), PresenceError>
    where
        C::Presence: Payload,
    {
        let state = &self.publisher.state;
        if !state.satisfies(C::DESCRIPTOR.name, info) {
            return Err(PresenceError::Invalid);
        }
        let info =
            serde_json::value::to_raw_value(&AsPayload(info)).map_err(PresenceError::Encode)?;
        let info = presence::checked(info)?;
        if self.publisher.unclear.is_some() {
            return Err(PresenceError::NotJoined);
        }
        let key = &self.publisher.key;
        match state.hub.set_info(self.connection.id, key, Some(info)) {
            true => Ok(()),
            false => Err(PresenceError::NotJoined),
        }
    }

    /// Returns whether the connection has joined the channel and not left it since.
    pub fn is_joined(&self) -> bool {
        let Publisher { key, unclear, .. } = &self.publisher;
        unclear.is_none() && self.connection.membership.contains(key)
    }

    /// Adds the connection to the channel, as if it had joined, and announces that to the client. If it is a member already, does nothing. When the
    /// session has ended, the client does not join again by itself: a [`ready`](super::Service::ready) hook may add it again.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn add(&self) -> Result<(), JoinError> {
        let (connection, state) = (&self.connection, &self.publisher.state);
        let encoder = &connection.encoder;
        let protocol = encoder.protocol;
        // Without ids, the client would take the announcement for the answer to a request.
        let heading = encoder
            .role_heading(Role::Join)
            .filter(|_| !protocol.server.envelope.by_order)
            .ok_or(JoinError::NotAnnounced)?;
        if let Some(unclear) = self.publisher.unclear {
            return Err(JoinError::Unclear(unclear));
        }
        if self.is_joined() {
            return Ok(());
        }
        let key = &self.publisher.key;
        let cx = Context::new(Arc::new(Caller {
            connection: connection.clone(),
            peer: connection.peer(),
            server: state.clone(),
        }));
        let joining = cx.begin_join(key.clone(), C::DESCRIPTOR).await?;
        let info = cx.info(&joining).map_err(JoinError::Presence)?;
        let payload =
            channel_payload(protocol, Role::Join, key).map_err(|_| JoinError::NotAnnounced)?;
        let announcement = |position: &StreamPosition| {
            connection.encode(&Outgoing {
                payload: payload
                    .as_ref()
                    .map(|payload| payload as &dyn ErasedPayload),
                channel: Some(key),
                seq: Some(position.seq),
                epoch: Some(&position.epoch),
                ..encoder.headed(heading)
            })
        };
        joining.join(connection, info, None, &announcement)
    }

    /// Removes the connection from the channel, as if it had left, and announces that to the client if the protocol has the session's `leave`.
    /// Returns whether it was a member.
    pub fn remove(&self) -> bool {
        if self.publisher.unclear.is_some() {
            return false;
        }
        let (connection, key) = (&self.connection, &self.publisher.key);
        let encoder = &connection.encoder;
        let heading = encoder.role_heading(Role::Leave);
        let by_order = encoder.protocol.server.envelope.by_order;
        self.publisher
            .state
            .hub
            .leave(connection.id, key, |was_member| {
                let Some(heading) = heading.filter(|_| was_member && !by_order) else {
                    return;
                };
                let payload = channel_payload(encoder.protocol, Role::Leave, key).ok();
                let packet = connection.encode(&Outgoing {
                    payload: payload
                        .as_ref()
                        .and_then(Option::as_ref)
                        .map(|payload| payload as &dyn ErasedPayload),
                    channel: Some(key),
                    ..encoder.headed(heading)
                });
                if let Some(packet) = packet {
                    connection.push(packet, false);
                }
            })
    }
}

impl<C> Deref for ConnectionChannel<C> {
    type Target = Publisher<C>;

    fn deref(&self) -> &Publisher<C> {
        &self.publisher
    }
}
