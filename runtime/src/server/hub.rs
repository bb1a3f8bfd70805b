//! Who is in which channel on this server, and the delivery of what is published there.

use super::connection_handle::{ConnectionHandle, encode, outgoing};
use crate::{
    broker::{Broker, BrokerError, Deliver, Publication, ServerId, StreamPosition},
    codec::{Codec, Outgoing},
    descriptor::UnionDescriptor,
    transport::Packet,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
    time::Duration,
};

/// How many bytes the key of a channel may have. Whoever is in a channel makes the server keep it.
pub(crate) const KEY: usize = 1024;

/// The channels with somebody in them.
pub(crate) struct Hub {
    table: &'static UnionDescriptor,
    major: i64,
    codecs: Arc<[(Arc<dyn Codec>, &'static str)]>,
    broker: Arc<dyn Broker>,
    /// The largest message.
    limit: usize,
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
    /// Where the count stood with the last delivery.
    position: Option<StreamPosition>,
    /// How many are just about to enter. Deliveries are noted for them.
    entering: usize,
}

/// Why somebody did not enter a channel.
#[derive(Debug)]
pub(crate) enum JoinError {
    Broker(BrokerError),
    /// The connection is over.
    Ended,
    /// The connection is in as many channels as it may be.
    TooMany,
    /// The channel's key is too long.
    LongKey,
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

/// One who is about to enter, until it did or gave up.
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
    pub(crate) fn attach(
        table: &'static UnionDescriptor,
        major: i64,
        codecs: Arc<[(Arc<dyn Codec>, &'static str)]>,
        broker: Arc<dyn Broker>,
        limit: usize,
    ) -> Arc<Self> {
        let hub = Arc::new(Self {
            table,
            major,
            codecs,
            broker,
            limit,
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

    /// How many connections of this server are in a channel.
    pub(crate) fn members(&self, key: &str) -> usize {
        self.find(key)
            .map_or(0, |channel| channel.lock().members.len())
    }

    /// Drops a channel if nobody is in it.
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

    /// Puts a connection into a channel. `answer` makes what it is answered from where the count stands; that is queued
    /// before the first message which is published after that.
    pub(crate) async fn join(
        &self,
        connection: &Arc<ConnectionHandle>,
        key: &Arc<str>,
        keep: Duration,
        answer: &(dyn Fn(&StreamPosition) -> Option<Packet> + Sync),
    ) -> Result<(), JoinError> {
        let mut entering = self.enter(key);
        let told = self
            .broker
            .subscribe(self.id(), key, keep)
            .await
            .map_err(JoinError::Broker)?;
        entering.subscribed = true;
        let mut state = entering.channel.lock();
        // What was delivered while the broker was asked is newer than its answer.
        let position = match &state.position {
            Some(seen) if seen.epoch == told.epoch && seen.seq > told.seq => seen.clone(),
            _ => told,
        };
        connection.enter(key)?;
        if let Some(packet) = answer(&position) {
            connection.outbound.answer(packet);
        }
        // One who was in it already keeps the subscription made then.
        let again = state
            .members
            .insert(connection.id, connection.clone())
            .is_some();
        drop(state);
        entering.subscribed = again;
        Ok(())
    }

    /// Takes a connection out of a channel. False where it was not in it.
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
            connection.exit(key);
            self.broker.unsubscribe(self.id(), key);
        }
        if empty {
            self.forget(key);
        }
        left.is_some()
    }
}

impl Deliver for Hub {
    fn deliver(&self, publication: &Publication, position: &StreamPosition) {
        let Some(channel) = self.find(&publication.channel) else {
            return;
        };
        let mut state = channel.lock();
        state.position = Some(position.clone());
        let envelope = &self.table.envelope;
        let volatile = publication.message.volatile;
        let payload = publication.payload.as_deref();
        let message = Outgoing {
            payload: payload
                .as_ref()
                .map(|raw| raw as &dyn erased_serde::Serialize),
            channel: Some(&publication.channel),
            seq: (!volatile).then_some(position.seq),
            timestamp: envelope.timestamp.map(|_| publication.at),
            ..outgoing(envelope, publication.message.tag, self.major)
        };
        // Each encoding is written once, when the first who speaks it is met.
        let mut packets: Vec<Option<Option<Packet>>> = vec![None; self.codecs.len()];
        for connection in state.members.values() {
            let packet = packets[connection.encoding].get_or_insert_with(|| {
                encode(&*self.codecs[connection.encoding].0, &message, self.limit)
            });
            if let Some(packet) = packet {
                connection.push(packet.clone(), volatile);
            }
        }
    }
}
