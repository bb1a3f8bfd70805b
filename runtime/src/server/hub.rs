//! The members of each channel on this server, and the delivery of publications to them.

use super::{connection_handle::ConnectionHandle, encoder::Encoder, membership::JoinError};
use crate::{
    Id,
    broker::{Broker, Deliver, Publication, ServerId, StreamPosition},
    codec::Outgoing,
    transport::Packet,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
    time::Duration,
};

/// The channels that have members.
pub(crate) struct Hub {
    encoder: Arc<Encoder>,
    broker: Arc<dyn Broker>,
    id: OnceLock<ServerId>,
    channels: RwLock<HashMap<Arc<str>, Arc<Channel>>>,
}

#[derive(Debug, Default)]
struct Channel {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    members: HashMap<u64, Arc<ConnectionHandle>>,
    /// The position of the last publication that was delivered.
    position: Option<StreamPosition>,
    /// The number of connections that are joining. The position is kept for them.
    entering: usize,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is joining; dropped when it has joined or failed to.
struct Entering<'a> {
    hub: &'a Hub,
    key: &'a Arc<str>,
    channel: Arc<Channel>,
    subscribed: bool,
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        let empty = {
            let mut state = self.channel.lock();
            state.entering -= 1;
            state.is_empty()
        };
        if self.subscribed {
            self.hub.broker.unsubscribe(self.hub.id(), self.key);
        }
        if empty {
            self.hub.forget(self.key);
        }
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.entering == 0
    }
}

impl Hub {
    pub(crate) fn attach(encoder: Arc<Encoder>, broker: Arc<dyn Broker>) -> Arc<Self> {
        let hub = Arc::new(Self {
            encoder,
            broker,
            id: OnceLock::new(),
            channels: RwLock::default(),
        });
        let weak: std::sync::Weak<Self> = Arc::downgrade(&hub);
        let _ = hub.id.set(hub.broker.attach(weak));
        hub
    }

    fn id(&self) -> ServerId {
        self.id.get().copied().unwrap_or(ServerId(0))
    }

    fn find(&self, key: &str) -> Option<Arc<Channel>> {
        self.channels
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    /// Returns the number of connections to this server that have joined a channel.
    pub(crate) fn members(&self, key: &str) -> usize {
        self.find(key)
            .map_or(0, |channel| channel.lock().members.len())
    }

    /// Drops a channel that has no members.
    fn forget(&self, key: &str) {
        let mut channels = self
            .channels
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if channels
            .get(key)
            .is_some_and(|channel| channel.lock().is_empty())
        {
            channels.remove(key);
        }
    }

    fn enter<'a>(&'a self, key: &'a Arc<str>) -> Entering<'a> {
        let mut channels = self
            .channels
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let channel = channels.entry(key.clone()).or_default().clone();
        channel.lock().entering += 1;
        Entering {
            hub: self,
            key,
            channel,
            subscribed: false,
        }
    }

    /// Adds a connection to a channel. `id` is that of the request, and `answer` encodes the reply from the channel's position; the reply is queued before the first message
    /// that is published after that position.
    pub(crate) async fn join(
        &self,
        connection: &Arc<ConnectionHandle>,
        key: &Arc<str>,
        retention: Duration,
        id: Option<&Id>,
        answer: &(dyn Fn(&StreamPosition) -> Option<Packet> + Sync),
    ) -> Result<(), JoinError> {
        let mut entering = self.enter(key);
        let subscribed = self
            .broker
            .subscribe(self.id(), key, retention)
            .await
            .map_err(JoinError::Broker)?;
        entering.subscribed = true;
        let mut state = entering.channel.lock();
        // A publication that was delivered while the broker was subscribing is newer than the position it returned.
        let position = match &state.position {
            Some(seen) if seen.epoch == subscribed.epoch && seen.seq > subscribed.seq => {
                seen.clone()
            }
            _ => subscribed,
        };
        connection.membership.insert(key)?;
        if let Some(packet) = answer(&position) {
            connection.reply(id, packet);
        }
        // A connection that was in the channel before keeps its first subscription.
        let again = state
            .members
            .insert(connection.id, connection.clone())
            .is_some();
        drop(state);
        entering.subscribed = again;
        Ok(())
    }

    /// Removes a connection from a channel. Returns whether it was a member.
    pub(crate) fn leave(&self, connection: u64, key: &str) -> bool {
        let Some(channel) = self.find(key) else {
            return false;
        };
        let (left, empty) = {
            let mut state = channel.lock();
            let left = state.members.remove(&connection);
            (left, state.is_empty())
        };
        if let Some(connection) = &left {
            connection.membership.remove(key);
            self.broker.unsubscribe(self.id(), key);
        }
        if empty {
            self.forget(key);
        }
        left.is_some()
    }

    /// Removes a connection that has ended from all its channels.
    pub(crate) fn leave_all(&self, connection: &ConnectionHandle) {
        for channel in connection.membership.end() {
            self.leave(connection.id, &channel);
        }
    }
}

impl Deliver for Hub {
    fn deliver(&self, publication: &Publication, position: &StreamPosition) {
        let Some(channel) = self.find(&publication.channel) else {
            return;
        };
        let mut state = channel.lock();
        state.position = Some(position.clone());
        let volatile = publication.message.volatile;
        let payload = publication.payload.as_deref();
        let message = Outgoing {
            payload: payload
                .as_ref()
                .map(|raw| raw as &dyn erased_serde::Serialize),
            channel: Some(&publication.channel),
            seq: (!volatile).then_some(position.seq),
            timestamp: self
                .encoder
                .protocol
                .server
                .envelope
                .timestamp
                .map(|_| publication.at),
            ..self.encoder.outgoing(publication.message.tag)
        };
        // The message is encoded once for each encoding, when the first member with that encoding is reached.
        let mut packets: Vec<Option<Option<Packet>>> = vec![None; self.encoder.codecs.len()];
        for connection in state.members.values() {
            let packet = packets[connection.encoding]
                .get_or_insert_with(|| self.encoder.encode(connection.encoding, &message));
            if let Some(packet) = packet {
                connection.push(packet.clone(), volatile);
            }
        }
    }
}
