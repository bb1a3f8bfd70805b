//! Joining a channel: subscribing to it, and adding the connection.

use super::{Channel, Cursor, Hub, Member};
use crate::{
    Id,
    broker::{BrokerError, PresenceChange, Retention, StreamPosition},
    descriptor::ChannelDescriptor,
    encoded::EncodedMessage,
    server::{connection_handle::ConnectionHandle, membership::JoinError, replay::Replay},
};
use futures_util::FutureExt;
use serde_json::value::RawValue;
use std::{
    fmt,
    panic::resume_unwind,
    sync::{Arc, Mutex, PoisonError},
};

/// A client's request to join.
pub(crate) struct JoinRequest<'a> {
    pub(crate) id: Option<&'a Id>,
    /// The client's position, if it joins again.
    pub(crate) since: Option<&'a StreamPosition>,
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

    /// Adds a connection to the channel. `info` is what its members learn of it; without a `request`, the server adds it, which is announced unless it is a member. `answer` encodes
    /// the reply or the announcement from a position. That is the position before the handler of the join was called, and the messages since follow. If the channel has a history and the client's
    /// position is in it, it is that one.
    pub(crate) fn join(
        mut self,
        connection: &Arc<ConnectionHandle>,
        info: Option<Arc<RawValue>>,
        request: Option<JoinRequest<'_>>,
        answer: &dyn Fn(&StreamPosition) -> Option<EncodedMessage>,
    ) -> Result<(), JoinError> {
        let Some(subscribed) = self.subscribed.take() else {
            return Err(JoinError::Ended);
        };
        let channel = self.channel.clone();
        let _order = channel.order();
        let mut state = channel.lock();
        if request.is_none() && state.members.contains_key(&connection.id) {
            drop(state);
            self.subscribed = Some(subscribed);
            return Ok(());
        }
        let (id, since) = request.map_or((None, None), |request| (request.id, request.since));
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
}
