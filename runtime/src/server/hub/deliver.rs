//! Delivery: publications to the members of their channel, and messages to sessions.

use super::{Hub, Member, State};
use crate::{
    GapReason,
    broker::{
        Command, Deliver, MemberId, PresenceChange, Publication, Recipients, SessionList,
        StreamPosition,
    },
    codec::{ErasedPayload, JsonPayload, Outgoing},
    descriptor::MessageDescriptor,
    encoded::EncodedMessage,
    outbound::{Run, RunEnd},
    server::{
        connection_handle::ConnectionHandle, encoder::SessionMessage, volatile_key::volatile_key,
    },
    system::{GapNotice, Role, SkipNotice},
};
use serde_json::value::RawValue;
use std::{sync::Arc, time::SystemTime};

/// The longest payload of a message that others may follow, in bytes. A channel keeps the last such message.
const SHORT: usize = 2048;

impl Hub {
    /// Encodes a publication for the members with an encoding.
    pub(in crate::server) fn encode(
        &self,
        encoding: usize,
        publication: &Publication,
        seq: Option<u64>,
    ) -> Option<EncodedMessage> {
        let (union, tag) = (self.encoder.protocol.server, publication.message.tag);
        let payload = publication.payload.as_deref();
        let payload = payload.map(|json| JsonPayload::new(union, tag, json));
        let message = Outgoing {
            payload: payload
                .as_ref()
                .map(|payload| payload as &dyn ErasedPayload),
            channel: Some(&publication.channel),
            seq,
            timestamp: Some(publication.at),
            ..self.encoder.outgoing(publication.message)
        };
        self.encoder.encode(encoding, &message)
    }

    /// Sends a message to sessions.
    fn send(
        &self,
        to: &[Arc<ConnectionHandle>],
        message: &'static MessageDescriptor,
        payload: Option<&RawValue>,
        at: SystemTime,
    ) {
        let union = self.encoder.protocol.server;
        let json = payload.map(|json| JsonPayload::new(union, message.tag, json));
        let key = volatile_key(message, None, payload);
        let mut packets: Vec<Option<Option<EncodedMessage>>> =
            vec![None; self.encoder.encodings.len()];
        for connection in to {
            let packet = packets[connection.encoding].get_or_insert_with(|| {
                let message = Outgoing {
                    payload: json.as_ref().map(|payload| payload as &dyn ErasedPayload),
                    timestamp: union.heading(message).envelope.timestamp.map(|_| at),
                    ..self.encoder.outgoing(message)
                };
                self.encoder.encode(connection.encoding, &message)
            });
            if let Some(packet) = packet {
                connection.push_keyed(packet.clone(), message.volatile, key.as_ref());
            }
        }
    }

    /// Encodes the number of a message that is not for a member.
    pub(in crate::server) fn skip(
        &self,
        encoding: usize,
        channel: &str,
        seq: u64,
    ) -> Option<EncodedMessage> {
        let channel = channel.into();
        let notice = SkipNotice { channel, seq };
        let message = SessionMessage::new(Role::Skip, &notice);
        self.encoder.session(encoding, &message)
    }

    /// Encodes a gap.
    pub(in crate::server) fn gap(
        &self,
        encoding: usize,
        notice: &GapNotice<'_>,
    ) -> Option<EncodedMessage> {
        self.encoder
            .session(encoding, &SessionMessage::new(Role::Gap, notice))
    }

    /// Encodes that the numbering of a channel began anew, with its position if that is known.
    pub(in crate::server) fn renewed(
        &self,
        encoding: usize,
        channel: &str,
        position: Option<(u64, &str)>,
    ) -> Option<EncodedMessage> {
        let notice = GapNotice {
            channel: Some(channel.into()),
            from: None,
            to: None,
            reason: Some(GapReason::Epoch),
        };
        let message = SessionMessage {
            position,
            ..SessionMessage::new(Role::Gap, &notice)
        };
        self.encoder.session(encoding, &message)
    }

    /// Delivers a message that all members receive alike. It follows what was published before wherever no member has taken that yet, and then no
    /// queue is looked at.
    fn deliver_to_all(&self, state: &mut State, publication: &Publication, seq: Option<u64>) {
        let State { members, runs, .. } = state;
        // Else an encoding without a run is that of no member.
        let is_new = runs.is_empty();
        runs.resize_with(self.encoder.encodings.len(), || None);
        // Returns what is to be queued. The message is encoded once for each encoding.
        let publish = |encoding: usize, end: &mut Option<RunEnd>| {
            let packet = self.encode(encoding, publication, seq)?;
            if end.as_mut().is_some_and(|end| end.append(&packet)) {
                return None;
            }
            let (run, begun) = RunEnd::begin(packet);
            *end = Some(begun);
            Some(run)
        };
        let mut queued: Vec<Option<Option<Run>>> = vec![None; runs.len()];
        for (encoding, end) in runs.iter_mut().enumerate() {
            if end.is_some() {
                queued[encoding] = Some(publish(encoding, end));
            }
        }
        if !is_new && queued.iter().flatten().all(Option::is_none) {
            return;
        }
        for member in members.values().filter(|one| one.replay.is_none()) {
            let encoding = member.encoding;
            let queued = &mut queued[encoding];
            if let Some(run) = queued.get_or_insert_with(|| publish(encoding, &mut runs[encoding]))
            {
                member.connection.push_run(run);
            }
        }
    }

    /// The numbering of a channel began anew. That is reported to all its members, with the position.
    pub(super) fn begin_anew(&self, channel: &str, state: &mut State, position: (u64, &str)) {
        state.runs.clear();
        state.held.clear();
        for member in state.members.values().filter(|one| one.replay.is_none()) {
            if let Some(packet) = self.renewed(member.encoding, channel, Some(position)) {
                member.connection.push(packet, false);
            }
        }
    }
}

impl Deliver for Hub {
    fn presence(&self, channel: &Arc<str>, change: &PresenceChange, revision: u64) {
        self.changed(channel, change, revision);
    }

    fn command(&self, to: &Recipients, command: &Command) {
        let to = self.registry.find(self.id(), to);
        match command {
            Command::Send {
                message,
                payload,
                at,
            } => self.send(&to, message, payload.as_deref(), *at),
            Command::Kick { reason } => {
                for connection in to {
                    connection.kick(reason.to_string());
                }
            }
        }
    }

    fn sessions(&self, of: &Recipients, limit: usize) -> SessionList {
        self.registry.list(self.id(), of, limit)
    }

    fn deliver(&self, publication: &Publication, position: &StreamPosition) {
        let Some(channel) = self.find(&publication.channel) else {
            return;
        };
        let mut state = channel.lock_to_deliver();
        let last = state.position.replace(position.clone());
        if last.is_some_and(|last| last.epoch != position.epoch) {
            // The position before the message.
            let before = match publication.message.volatile {
                true => position.seq,
                false => position.seq.saturating_sub(1),
            };
            let before = (before, &*position.epoch);
            self.begin_anew(&publication.channel, &mut state, before);
        }
        let volatile = publication.message.volatile;
        if !volatile {
            let limit = self.limits.outbound / 2;
            state.held.keep(position.seq, publication, limit);
        }
        let numbered = self.encoder.protocol.session.numbered;
        // In a numbered session the number is not the channel's.
        let has_position = !(volatile || numbered);
        let seq = has_position.then_some(position.seq);
        let here = |except: &MemberId| except.server == self.id();
        let except = publication.except.filter(here);
        let payload = publication.payload.as_deref();
        let is_short = payload.is_none_or(|payload| payload.get().len() <= SHORT);
        if is_short && !(volatile || numbered) && publication.except.is_none() {
            return self.deliver_to_all(&mut state, publication, seq);
        }
        state.runs.clear();
        let key = volatile_key(publication.message, Some(&publication.channel), payload);
        // The message is encoded once for each encoding, when the first member with that encoding is reached.
        let mut packets: Vec<Option<Option<EncodedMessage>>> =
            vec![None; self.encoder.encodings.len()];
        for (
            id,
            Member {
                connection,
                encoding,
                replay,
                ..
            },
        ) in &state.members
        {
            if replay.is_some() {
                continue;
            }
            if except.is_some_and(|except| except.connection == *id) {
                let skip = seq.and_then(|seq| self.skip(*encoding, &publication.channel, seq));
                if let Some(packet) = skip {
                    connection.push(packet, false);
                }
                continue;
            }
            let packet =
                packets[*encoding].get_or_insert_with(|| self.encode(*encoding, publication, seq));
            if let Some(packet) = packet {
                connection.push_keyed(packet.clone(), volatile, key.as_ref());
            }
        }
    }
}
