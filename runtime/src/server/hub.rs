//! The members of each channel on this server, and the delivery of publications to them.

mod deliver;
mod held;
mod joining;

use super::{
    connection_handle::ConnectionHandle, encoder::Encoder, registry::Registry, replay::Replayed,
    roster::KnownMembers, shrink::shrink,
};
use crate::{
    broker::{Broker, MemberId, Presence, ServerId, StreamPosition},
    descriptor::{Limits, PresenceDescriptor},
    outbound::RunEnd,
};
use held::Held;
pub(crate) use joining::JoinRequest;
pub(super) use joining::Joining;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak},
    time::Duration,
};

/// The channels that have members.
pub(crate) struct Hub {
    encoder: Arc<Encoder>,
    broker: Arc<dyn Broker>,
    pub(super) limits: Limits,
    registry: Arc<Registry>,
    id: OnceLock<ServerId>,
    pub(super) itself: OnceLock<Weak<Hub>>,
    channels: RwLock<HashMap<Arc<str>, Arc<Channel>>>,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) key: Arc<str>,
    /// What its members learn of each other.
    pub(super) presence: Option<&'static PresenceDescriptor>,
    /// Held while this server changes who is in the channel, so that the broker gets the changes in their order.
    pub(super) order: Mutex<()>,
    state: Mutex<State>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.broker.detach(self.id());
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// By connection. A publication reaches them in this order, which is about that of their memory.
    pub(super) members: BTreeMap<u64, Member>,
    /// The position of the last publication that was delivered.
    pub(super) position: Option<StreamPosition>,
    /// The number of connections that are joining, or leaving. The channel is kept for them, with its position.
    entering: usize,
    /// What was published while they are joining.
    held: Held,
    /// How long the broker keeps the position, if anybody ever joined.
    keep: Duration,
    /// The messages that are being replayed, encoded: many clients may rejoin at the same time.
    pub(super) replayed: Replayed,
    /// The number of the last replay.
    replays: u64,
    /// What was published last, by encoding, if it was queued to every member with that encoding that is not replayed to.
    pub(super) runs: Vec<Option<RunEnd>>,
    /// The members on all servers, if members learn of each other. `None` if there are none here: then the others are not known.
    pub(super) known: Option<Box<KnownMembers>>,
    /// Whether they are being read.
    pub(super) reloading: bool,
}

/// A member of a channel.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) connection: Arc<ConnectionHandle>,
    /// That of the connection, here because whoever delivers would look there for nothing else so early.
    pub(super) encoding: usize,
    /// What the other members know of it.
    pub(super) presence: Option<Arc<Presence>>,
    /// The replay that it receives. Until that is done, new messages are read from the history.
    pub(super) replay: Option<Cursor>,
}

/// How far a replay has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    /// Distinguishes it from other replays of the channel.
    pub(super) id: u64,
    /// The number of the last message that was sent.
    pub(super) seq: u64,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Channel {
    /// Whoever has the lock may change who the members are, and what they receive: nothing is appended to what was published before.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock_to_deliver();
        state.runs.clear();
        state
    }

    fn lock_to_deliver(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.entering == 0
    }

    /// Without members, this server may not be subscribed: it does not follow who else is in the channel.
    fn forget_others(&mut self) {
        if self.members.is_empty() {
            self.known = None;
        }
    }

    /// Whether a replay is in progress.
    pub(super) fn is_replaying(&self) -> bool {
        self.members.values().any(|member| member.replay.is_some())
    }
}

impl Hub {
    pub(crate) fn attach(
        encoder: Arc<Encoder>,
        broker: Arc<dyn Broker>,
        limits: Limits,
        registry: Arc<Registry>,
    ) -> Arc<Self> {
        let hub = Arc::new(Self {
            encoder,
            broker,
            limits,
            registry,
            id: OnceLock::new(),
            itself: OnceLock::new(),
            channels: RwLock::default(),
        });
        let weak: Weak<Self> = Arc::downgrade(&hub);
        let _ = hub.itself.set(weak.clone());
        let _ = hub.id.set(hub.broker.attach(weak));
        hub
    }

    fn id(&self) -> ServerId {
        self.id.get().copied().unwrap_or(ServerId(0))
    }

    pub(super) fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    pub(super) fn broker(&self) -> &dyn Broker {
        &*self.broker
    }

    /// A connection to this server, as the broker identifies it.
    pub(crate) fn member(&self, connection: u64) -> MemberId {
        MemberId {
            server: self.id(),
            connection,
        }
    }

    pub(super) fn find(&self, key: &str) -> Option<Arc<Channel>> {
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
            shrink(&mut channels);
        }
    }

    /// Removes a connection from a channel. Returns whether it was a member. `then` says so to the client: it learns that before anything that comes
    /// after it, such as that it was added to the channel again.
    pub(crate) fn leave(&self, connection: u64, key: &str, then: impl FnOnce(bool)) -> bool {
        let channel = {
            // Whoever adds the connection to a channel that is not there makes it first, and so after the answer.
            let channels = self.channels.read();
            let channels = channels.unwrap_or_else(PoisonError::into_inner);
            let Some(channel) = channels.get(key) else {
                then(false);
                return false;
            };
            // Until then it is not replaced by another one, with an order of its own.
            channel.lock().entering += 1;
            channel.clone()
        };
        let order = channel.order();
        let (left, empty, keep) = {
            let mut state = channel.lock();
            state.entering -= 1;
            let left = state.members.remove(&connection);
            state.forget_others();
            (left, state.is_empty(), state.keep)
        };
        if let Some(member) = &left {
            member.connection.membership.remove(key);
            if let Some(presence) = &member.presence {
                self.gone(&channel.key, presence.member);
            }
            self.broker.unsubscribe(self.id(), key, keep);
        }
        then(left.is_some());
        drop(order);
        if empty {
            self.forget(key);
        }
        left.is_some()
    }

    /// Removes a connection that has ended from all its channels.
    pub(crate) fn leave_all(&self, connection: &ConnectionHandle) {
        for channel in connection.membership.end() {
            self.leave(connection.id, &channel, |_| ());
        }
    }
}
