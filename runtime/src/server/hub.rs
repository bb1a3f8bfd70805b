//! The members of each channel on this server, and the delivery of publications to them.

mod deliver;
mod held;

use super::{
    connection_handle::ConnectionHandle,
    encoder::Encoder,
    membership::JoinError,
    registry::Registry,
    replay::{Replay, Replayed},
    roster::KnownMembers,
    shrink::shrink,
};
use crate::{
    Id,
    broker::{
        Broker, BrokerError, MemberId, Presence, PresenceChange, Retention, ServerId,
        StreamPosition,
    },
    descriptor::{ChannelDescriptor, Limits, PresenceDescriptor},
    encoded::EncodedMessage,
    outbound::RunEnd,
};
use futures_util::FutureExt;
use held::Held;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    panic::resume_unwind,
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

/// A connection that is joining a channel: this server is subscribed to it. Dropped when it has joined or failed to.
pub struct Joining {
    hub: Arc<Hub>,
    key: Arc<str>,
    retention: Retention,
    descriptor: &'static ChannelDescriptor,
    channel: Arc<Channel>,
    /// The position of the subscription; `None` until there is one.
    subscribed: Option<StreamPosition>,
}

impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        let (empty, keep) = {
            let mut state = self.channel.lock();
            state.entering -= 1;
            if self.holds() {
                state.held.end();
            }
            state.forget_others();
            (state.is_empty(), state.keep)
        };
        if self.subscribed.is_some() {
            self.hub.broker.unsubscribe(self.hub.id(), &self.key, keep);
        }
        if empty {
            self.hub.forget(&self.key);
        }
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

impl Joining {
    /// Returns the key of the channel.
    pub(crate) fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Returns the channel.
    pub(crate) fn channel(&self) -> &'static ChannelDescriptor {
        self.descriptor
    }

    /// Subscribes this server to the channel.
    async fn subscribe(mut self) -> Result<Self, BrokerError> {
        let hub = self.hub.clone();
        let subscribed = hub.broker.subscribe(hub.id(), &self.key).await?;
        let mut state = self.channel.lock();
        let known = state.position.as_ref();
        if known.is_some_and(|known| known.epoch != subscribed.epoch) {
            hub.begin_anew(&self.key, &mut state, (subscribed.seq, &*subscribed.epoch));
            state.position = Some(subscribed.clone());
        }
        drop(state);
        self.subscribed = Some(subscribed);
        Ok(self)
    }

    /// Whether what is published while the connection is joining is held for it, because no history keeps it.
    fn holds(&self) -> bool {
        self.retention.history.is_none()
    }

    /// Adds a connection to the channel. `info` is what its members learn of it, `since` is the client's position, if it joins again; `id` is that of the request, and `answer` encodes the reply from a position.
    /// That is the position before the handler of the join was called, and the messages since follow. If the channel has a history and the client's
    /// position is in it, it is that one.
    pub(crate) fn join(
        mut self,
        connection: &Arc<ConnectionHandle>,
        info: Option<Arc<RawValue>>,
        since: Option<&StreamPosition>,
        id: Option<&Id>,
        answer: &dyn Fn(&StreamPosition) -> Option<EncodedMessage>,
    ) -> Result<(), JoinError> {
        let Some(subscribed) = self.subscribed.take() else {
            return Err(JoinError::Ended);
        };
        let channel = self.channel.clone();
        let _order = channel.order();
        let mut state = channel.lock();
        // Usually something was delivered since.
        let position = match &state.position {
            Some(seen) if seen.epoch != subscribed.epoch || seen.seq > subscribed.seq => {
                seen.clone()
            }
            _ => subscribed.clone(),
        };
        let is_known = |since: &&StreamPosition| {
            self.retention.history.is_some()
                && since.epoch == position.epoch
                && since.seq < position.seq
        };
        let since = since.filter(is_known);
        let from = match state.members.get(&connection.id) {
            // A connection that is in the channel already goes on where it is.
            Some(member) => StreamPosition {
                seq: member.replay.map_or(position.seq, |replay| replay.seq),
                ..position.clone()
            },
            None => since.unwrap_or(&subscribed).clone(),
        };
        // A client that is not answered would not know that it is in the channel.
        let packet = answer(&from).ok_or(JoinError::NotAnnounced);
        let packet = packet.and_then(|packet| {
            connection.membership.insert(&self.key)?;
            Ok(packet)
        });
        let packet = match packet {
            Ok(packet) => packet,
            Err(error) => {
                drop(state);
                self.subscribed = Some(subscribed);
                return Err(error);
            }
        };
        state.keep = state.keep.max(self.retention.keep);
        state.position = Some(position.clone());
        connection.reply(id, &packet);
        if let Some(member) = state.members.get(&connection.id) {
            if let Some(own) = member.presence.clone() {
                self.hub.greet(&channel, &mut state, connection, &own);
            }
            drop(state);
            // It keeps its subscription.
            self.subscribed = Some(subscribed);
            return Ok(());
        }
        let is_replayed = self.retention.history.is_some()
            && from.epoch == position.epoch
            && from.seq < position.seq;
        let replay = is_replayed.then(|| {
            state.replays += 1;
            Cursor {
                id: state.replays,
                seq: from.seq,
            }
        });
        let presence = channel
            .presence
            .map(|_| self.hub.presence_of(connection, info));
        if let Some(own) = &presence {
            self.hub.greet(&channel, &mut state, connection, own);
        }
        let member = Member {
            connection: connection.clone(),
            encoding: connection.encoding,
            presence: presence.clone(),
            replay,
        };
        state.members.insert(connection.id, member);
        if from.epoch != position.epoch {
            // What was published before, in either numbering, is missing.
            let at = Some((position.seq, &*position.epoch));
            if let Some(packet) = self.hub.renewed(connection.encoding, &channel.key, at) {
                connection.push(packet, false);
            }
        } else if self.holds() {
            self.hub
                .catch_up(&state.held, connection, &channel.key, from.seq);
        }
        drop(state);
        if let Some(presence) = presence {
            let change = PresenceChange::Set(presence);
            self.hub.broker.set_presence(&channel.key, change);
        }
        if let (Some(cursor), Some(limits)) = (replay, self.retention.history) {
            Replay {
                hub: self.hub.clone(),
                key: self.key.clone(),
                channel: self.channel.clone(),
                connection: connection.clone(),
                epoch: position.epoch,
                id: cursor.id,
                limit: limits.bytes,
            }
            .start();
        }
        Ok(())
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

    /// Subscribes to a channel that a connection is about to join.
    pub(crate) async fn begin_join(
        self: &Arc<Self>,
        key: Arc<str>,
        retention: Retention,
        descriptor: &'static ChannelDescriptor,
    ) -> Result<Joining, JoinError> {
        let presence = descriptor.presence.as_ref();
        let channel = {
            let mut channels = self
                .channels
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            let new = || {
                Arc::new(Channel {
                    key: key.clone(),
                    presence,
                    order: Mutex::default(),
                    state: Mutex::default(),
                })
            };
            let channel = channels.entry(key.clone()).or_insert_with(new).clone();
            let mut state = channel.lock();
            state.entering += 1;
            if retention.history.is_none() {
                state.held.begin();
            }
            drop(state);
            channel
        };
        let joining = Joining {
            hub: self.clone(),
            key,
            retention,
            descriptor,
            channel,
            subscribed: None,
        };
        let mut subscribing = Box::pin(joining.subscribe());
        let joining = match subscribing.as_mut().now_or_never() {
            Some(subscribed) => subscribed,
            // If nobody waits for it any more, what was subscribed late is dropped, and that undoes it.
            None => match tokio::spawn(subscribing).await {
                Ok(subscribed) => subscribed,
                Err(failed) if failed.is_panic() => resume_unwind(failed.into_panic()),
                Err(_) => return Err(JoinError::Ended),
            },
        };
        let joining = joining.map_err(JoinError::Broker)?;
        if presence.is_some() {
            let loaded = self.load(&joining.channel).await;
            loaded.map_err(JoinError::Broker)?;
        }
        Ok(joining)
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
