//! What the members of a channel learn of each other.
//!
//! The broker knows the members on all servers and numbers each change; every server with a member follows it. A client that joins gets the
//! list before any later event, because both are queued under the lock of the channel. Changes by this server are made under a lock of their own
//! (`order`), which is taken before those of the broker and of the channel.

use super::{
    connection_handle::ConnectionHandle,
    encoder::SessionMessage,
    hub::{Channel, Hub, State},
    roster::{Known, by_itself, part, size, whole},
};
use crate::{
    broker::{BrokerError, MemberId, Presence, PresenceChange},
    encoded::EncodedMessage,
    system::{MemberNotice, PresenceKind, PresenceNotice, Role},
};
use serde_json::value::RawValue;
use std::{
    error::Error,
    fmt,
    sync::{Arc, PoisonError},
};

/// The maximum size of what is said of a member, in bytes of JSON. Each server keeps it for each member.
pub(crate) const MAX_INFO: usize = 4096;

/// Why a presence was not set.
#[derive(Debug)]
#[non_exhaustive]
pub enum PresenceError {
    /// The session is not in the channel.
    NotJoined,
    /// The info violates its schema. The violations are logged.
    Invalid,
    /// The info has more than 4,096 bytes of JSON.
    TooLarge,
    /// The info cannot be encoded.
    Encode(serde_json::Error),
}

impl fmt::Display for PresenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJoined => "the session is not in the channel",
            Self::Invalid => "the presence violates its schema",
            Self::TooLarge => "the presence has more than 4,096 bytes",
            Self::Encode(_) => "the presence cannot be encoded",
        })
    }
}

impl Error for PresenceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Encode(error) => Some(error),
            Self::NotJoined | Self::Invalid | Self::TooLarge => None,
        }
    }
}

/// Checks the size of an info.
pub(crate) fn checked(info: Box<RawValue>) -> Result<Arc<RawValue>, PresenceError> {
    match info.get().len() {
        0..=MAX_INFO => Ok(info.into()),
        _ => Err(PresenceError::TooLarge),
    }
}

impl Channel {
    /// Locks out other changes of who is in the channel by this server.
    pub(super) fn order(&self) -> std::sync::MutexGuard<'_, ()> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// A session as the other members see it.
    pub(super) fn presence_of(
        &self,
        connection: &ConnectionHandle,
        info: Option<Arc<RawValue>>,
    ) -> Arc<Presence> {
        Arc::new(Presence {
            member: self.member(connection.id),
            id: connection.presence_id(),
            principal: connection.principal.clone(),
            info,
            away: connection.is_detached(),
        })
    }

    /// Reads who is in a channel, unless that is known.
    pub(super) async fn load(&self, channel: &Channel) -> Result<(), BrokerError> {
        loop {
            let known = {
                let mut state = channel.lock();
                let known = state.known.get_or_insert_default();
                known.current()
            };
            let roster = self.broker().presence(&channel.key, known).await?;
            let mut state = channel.lock();
            let current = state.known.get_or_insert_default();
            let Some(roster) = roster else {
                return Ok(());
            };
            if current.replace(roster) {
                self.send_lists(channel, &state);
            }
            let current = state.known.as_ref().and_then(|known| known.current());
            if current.is_some() {
                return Ok(());
            }
        }
    }

    /// Reads who is in a channel again, because a change was missed, and sends the list to all members.
    fn reload(&self, channel: &Arc<Channel>, state: &mut State) {
        if std::mem::replace(&mut state.reloading, true) {
            return;
        }
        let (Some(hub), channel) = (
            self.itself.get().and_then(std::sync::Weak::upgrade),
            channel.clone(),
        ) else {
            return;
        };
        tokio::spawn(async move {
            let loaded = hub.load(&channel).await;
            channel.lock().reloading = false;
            if let Err(error) = loaded {
                let error = &error as &dyn Error;
                tracing::error!(error, "who is in a channel cannot be read");
            }
        });
    }

    /// Sends the list of members to all of them.
    fn send_lists(&self, channel: &Channel, state: &State) {
        for member in state.members.values() {
            if let Some(own) = &member.presence {
                self.send_list(channel, state, &member.connection, own);
            }
        }
    }

    /// Sends the list of members to one of them, which is the last in it. It has as many others as the channel's `presence.members` and a
    /// quarter of `limits.outbound` allow, and is sent in parts that `limits.message` allows.
    fn send_list(
        &self,
        channel: &Channel,
        state: &State,
        connection: &ConnectionHandle,
        own: &Arc<Presence>,
    ) {
        let (Some(known), Some(descriptor)) = (&state.known, channel.presence) else {
            return;
        };
        let others = known.iter().filter(|member| member.member != own.member);
        let is_new = !known.contains(own.member);
        let count = known.len() + usize::from(is_new);
        let most = usize::try_from(descriptor.members).unwrap_or(usize::MAX);
        let mut room = self.limits.outbound / 4;
        let listed = others.take(most.saturating_sub(1)).take_while(|member| {
            let fits = room >= size(member);
            room = room.saturating_sub(size(member));
            fits
        });
        let mut parts: Vec<Vec<MemberNotice>> = vec![Vec::new()];
        let mut bytes = 0;
        for member in listed.chain([own]) {
            bytes += size(member);
            if bytes > self.limits.message / 2 {
                parts.push(Vec::new());
                bytes = size(member);
            }
            if let Some(part) = parts.last_mut() {
                part.push(match member.member == own.member {
                    true => by_itself(member),
                    false => whole(member),
                });
            }
        }
        let last = parts.len() - 1;
        for (i, members) in parts.into_iter().enumerate() {
            let notice = PresenceNotice {
                channel: (&*channel.key).into(),
                kind: PresenceKind::List,
                count: count as u64,
                own: Some(own.id.clone()),
                members,
                more: i < last,
            };
            if let Some(packet) = self.encode_presence(connection.encoding, &notice) {
                connection.push(packet, false);
            }
        }
    }

    /// Sends the list to a session that joins. If it is not known, all members get it when it is.
    pub(super) fn greet(
        &self,
        channel: &Arc<Channel>,
        state: &mut State,
        connection: &ConnectionHandle,
        own: &Arc<Presence>,
    ) {
        let known = state.known.as_ref().and_then(|known| known.current());
        match known {
            Some(_) => self.send_list(channel, state, connection, own),
            None => self.reload(channel, state),
        }
    }

    fn encode_presence(
        &self,
        encoding: usize,
        notice: &PresenceNotice<'_>,
    ) -> Option<EncodedMessage> {
        let message = SessionMessage::new(Role::Presence, notice);
        self.encoder().session(encoding, &message)
    }

    /// Handles a change of who is in a channel.
    pub(super) fn changed(&self, key: &str, change: &PresenceChange, revision: u64) {
        let Some(channel) = self.find(key) else {
            return;
        };
        let mut state = channel.lock();
        let Some(known) = state.known.as_mut() else {
            return;
        };
        match known.apply(change, revision) {
            Known::Nothing => {}
            // Whoever joins reads them.
            Known::Missed if state.members.is_empty() => {}
            Known::Missed => self.reload(&channel, &mut state),
            Known::Event(kind, member) => self.announce(&channel, &state, kind, &member),
        }
    }

    /// Sends an event to the members of a channel. About itself, a session only receives updates.
    fn announce(&self, channel: &Channel, state: &State, kind: PresenceKind, subject: &Presence) {
        let of = |member: MemberNotice| PresenceNotice {
            channel: (&*channel.key).into(),
            kind,
            count: state.known.as_ref().map_or(0, |known| known.len()) as u64,
            own: None,
            members: vec![member],
            more: false,
        };
        let notice = of(part(kind, subject));
        let mut packets: Vec<Option<Option<EncodedMessage>>> =
            vec![None; self.encoder().encodings.len()];
        for member in state.members.values() {
            let Some(own) = &member.presence else {
                continue;
            };
            let encoding = member.connection.encoding;
            if own.member == subject.member {
                if kind == PresenceKind::Update
                    && let Some(packet) = self.encode_presence(encoding, &of(by_itself(subject)))
                {
                    member.connection.push(packet, false);
                }
                continue;
            }
            let packet =
                packets[encoding].get_or_insert_with(|| self.encode_presence(encoding, &notice));
            if let Some(packet) = packet {
                member.connection.push(packet.clone(), false);
            }
        }
    }

    /// Changes what is said of a member. Returns false if it is none.
    pub(crate) fn set_info(&self, connection: u64, key: &str, info: Option<Arc<RawValue>>) -> bool {
        self.update(connection, key, |member| member.info = info)
    }

    /// A session has lost its connection, or has one again.
    pub(crate) fn set_away(&self, connection: &ConnectionHandle) {
        for key in connection.membership.joined() {
            let away = connection.is_detached();
            self.update(connection.id, &key, |member| member.away = away);
        }
    }

    fn update(&self, connection: u64, key: &str, change: impl FnOnce(&mut Presence)) -> bool {
        let Some(channel) = self.find(key).filter(|one| one.presence.is_some()) else {
            return false;
        };
        let _order = channel.order();
        let presence = {
            let mut state = channel.lock();
            let member = state.members.get_mut(&connection);
            let Some(presence) = member.and_then(|member| member.presence.as_mut()) else {
                return false;
            };
            change(Arc::make_mut(presence));
            presence.clone()
        };
        let change = PresenceChange::Set(presence);
        self.broker().set_presence(&channel.key, change);
        true
    }

    /// A session is no member any more. Call it under the channel's order.
    pub(super) fn gone(&self, key: &Arc<str>, member: MemberId) {
        let change = PresenceChange::Removed(member);
        self.broker().set_presence(key, change);
    }
}
