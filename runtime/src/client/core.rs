//! What a client sends, and what it waits for. Nothing here knows the application's types: they are read through
//! one function, and taken out of a `Delivery` at the edge.

use super::{
    Gap, Skew, State,
    delivery::Decode,
    error::Failure,
    inbox::Inbox,
    waiting::{Answers, Ask, Inner, Turn, Waiting, Wants},
};
use crate::{
    Expected, Id, Pending,
    codec::{Codec, Json, Outgoing},
    outbound::Outbound,
    table::{EnvelopeTable, FieldKind, LimitsTable, Presence, ProtocolTable, Tag},
    transport::{Closing, Packet},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::watch;

/// The untyped client.
pub(crate) struct Core {
    pub(crate) table: &'static ProtocolTable,
    pub(crate) limits: LimitsTable,
    /// How many messages wait in each inbox.
    pub(crate) capacity: usize,
    pub(crate) outbound: Outbound,
    pub(crate) status: watch::Sender<State>,
    pub(super) decode: Decode,
    inner: Mutex<Inner>,
    major: i64,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("protocol", &self.table.name)
            .finish_non_exhaustive()
    }
}

/// Replies without a type of their own are known by what is waited for, and so is what a failure answers.
impl Pending for Core {
    fn expected(&self, id: Option<&Id>) -> Option<Expected> {
        let inner = self.lock();
        let answers = if self.by_order() {
            inner.line.front()?.answers
        } else {
            inner.waiting.get(id?)?.answers
        };
        Some(Expected {
            success: answers.reply(),
            failure: None,
        })
    }
}

impl Core {
    pub(crate) fn new(
        table: &'static ProtocolTable,
        decode: Decode,
        limits: LimitsTable,
        capacity: usize,
    ) -> Self {
        let major = semver::Version::parse(table.version)
            .ok()
            .and_then(|version| i64::try_from(version.major).ok())
            .unwrap_or_default();
        Self {
            table,
            limits,
            capacity,
            outbound: Outbound::new(limits.outbound),
            status: watch::Sender::new(State::Connecting),
            decode,
            inner: Mutex::default(),
            major,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether replies come in the order of the requests.
    pub(super) fn by_order(&self) -> bool {
        self.table.server.envelope.by_order
    }

    fn envelope(&self) -> &'static EnvelopeTable {
        &self.table.client.envelope
    }

    /// Writes a message.
    pub(crate) fn encode(&self, ask: &Ask, id: Option<&Id>) -> Result<Packet, Failure> {
        let envelope = self.envelope();
        let payload = ask.payload.as_deref();
        let bytes = Json.encode(&Outgoing {
            payload: payload
                .as_ref()
                .map(|raw| raw as &dyn erased_serde::Serialize),
            id,
            version: envelope
                .version
                .filter(|field| field.presence == Presence::Required)
                .map(|_| self.major),
            channel: ask.channel.as_deref(),
            ..Outgoing::new(envelope, ask.tag)
        });
        let packet = bytes
            .ok()
            .and_then(|bytes| Packet::encoded(bytes, true).ok());
        packet.ok_or(Failure::Unwritable)
    }

    /// One of the session's own messages that carries nothing.
    pub(crate) fn say(&self, tag: Option<Tag>) {
        let ask = Ask {
            tag,
            payload: None,
            channel: None,
            idempotent: false,
            answers: Answers::NONE,
        };
        if let (Some(_), Ok(packet)) = (tag, self.encode(&ask, None)) {
            self.outbound.answer(packet);
        }
    }

    fn id(&self, number: u64) -> Id {
        match self.envelope().id.map(|field| field.kind) {
            Some(FieldKind::Integer) => Id::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
            _ => Id::Text(number.to_string()),
        }
    }

    /// Sends a request. The answer goes to whoever `wants` it.
    pub(crate) fn request(&self, ask: &Ask, wants: Wants) -> Result<Id, Failure> {
        let mut inner = self.lock();
        if inner.ended {
            return Err(Failure::Closed);
        }
        inner.last += 1;
        let mark = inner.last;
        let id = self.id(mark);
        let packet = self.encode(ask, Some(&id))?;
        if packet.len() > self.limits.message {
            return Err(Failure::Unwritable);
        }
        let waiting = Waiting {
            mark,
            packet: packet.clone(),
            // What a stream has brought is not brought again.
            again: ask.idempotent && !matches!(wants, Wants::Stream { .. }),
            written: false,
            lost: false,
            answers: ask.answers,
            wants,
        };
        inner.waiting.insert(id.clone(), waiting);
        if self.by_order() {
            inner.unwritten.insert(mark, ask.answers);
        }
        self.outbound.queue(packet, mark);
        Ok(id)
    }

    /// Nobody waits for an answer any more. Whether the request may have reached the server, and was not answered.
    pub(crate) fn abandon(&self, id: &Id) -> bool {
        let mut inner = self.lock();
        inner.waiting.remove(id).is_some_and(|waiting| {
            let withdrawn = !waiting.written && self.outbound.withdraw(waiting.mark);
            if withdrawn {
                inner.unwritten.remove(&waiting.mark);
            }
            !withdrawn
        })
    }

    /// A stream is cancelled, and so its last answer does not come.
    pub(crate) fn cancelled(&self, id: &Id) {
        self.lock().line.retain(|turn| turn.id != *id);
    }

    /// Requests with these marks were handed to the transport.
    pub(crate) fn written(&self, marks: impl Iterator<Item = u64>) {
        let mut inner = self.lock();
        for mark in marks {
            let id = self.id(mark);
            if let Some(waiting) = inner.waiting.get_mut(&id) {
                waiting.written = true;
            }
            if let Some(answers) = inner.unwritten.remove(&mark) {
                inner.line.push_back(Turn { id, answers });
            }
        }
    }

    /// Somebody wants to hear what nobody asked for.
    pub(crate) fn listen(&self) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::new(self.capacity));
        let mut inner = self.lock();
        if inner.ended {
            inbox.end(None);
        }
        inner
            .listeners
            .retain(|listener| listener.strong_count() > 0);
        inner.listeners.push(Arc::downgrade(&inbox));
        inbox
    }

    /// One who was in a channel goes. True where that leaves nobody in it.
    pub(crate) fn exit(&self, inbox: &Arc<Inbox>) -> bool {
        let mut inner = self.lock();
        let mut empty = false;
        inner.rooms.retain(|_, room| {
            let before = room.inboxes.len();
            room.inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
            empty |= before > 0 && room.inboxes.is_empty();
            !room.inboxes.is_empty()
        });
        empty
    }

    pub(crate) fn skew(&self) -> Option<Skew> {
        self.lock().skew.clone()
    }

    /// A session began. What is sent before anything that waits: the rooms are joined anew.
    pub(crate) fn begin(&self, skew: Option<Skew>) -> Vec<Packet> {
        let mut inner = self.lock();
        inner.skew = skew;
        let rooms: Vec<_> = inner
            .rooms
            .iter()
            .map(|(key, room)| (key.clone(), room.join.clone()))
            .collect();
        let mut packets = Vec::new();
        for (key, join) in rooms {
            inner.last += 1;
            let mark = inner.last;
            let id = self.id(mark);
            if let Ok(packet) = self.encode(&join, Some(&id)) {
                packets.push(packet.clone());
                let wants = Wants::Rejoin(key);
                let answers = join.answers;
                if self.by_order() {
                    let id = id.clone();
                    inner.line.push_back(Turn { id, answers });
                }
                inner.waiting.insert(
                    id,
                    Waiting {
                        mark,
                        packet,
                        again: false,
                        written: true,
                        lost: false,
                        answers,
                        wants,
                    },
                );
            }
        }
        drop(inner);
        self.status.send_replace(State::Connected);
        packets
    }

    /// The server has not said in time that the client is in its channels again. It may still do so; if it does not, the next
    /// connection tries again.
    pub(crate) fn rejoin_late(&self) {
        let mut inner = self.lock();
        let Inner { waiting, rooms, .. } = &mut *inner;
        for waiting in waiting.values() {
            if let Wants::Rejoin(key) = &waiting.wants
                && let Some(room) = rooms.get(key)
            {
                tracing::warn!(channel = key, "a channel is not joined again in time");
                room.miss(Gap {
                    from: None,
                    to: None,
                });
            }
        }
    }

    /// The connection was lost. What was sent and may not be sent twice fails; what may is queued again.
    pub(crate) fn lost(&self) {
        self.status.send_replace(State::Reconnecting);
        self.outbound.detach();
        let mut inner = self.lock();
        inner.line.clear();
        let mut again = Vec::new();
        let written: Vec<Id> = inner
            .waiting
            .iter_mut()
            .filter(|(_, waiting)| waiting.written)
            .filter_map(|(id, waiting)| {
                if waiting.again {
                    waiting.written = false;
                    waiting.lost = true;
                    again.push((waiting.mark, waiting.packet.clone(), waiting.answers));
                    None
                } else {
                    Some(id.clone())
                }
            })
            .collect();
        let failed: Vec<Waiting> = written
            .iter()
            .filter_map(|id| inner.waiting.remove(id))
            .collect();
        again.sort_unstable_by_key(|(mark, ..)| *mark);
        for (mark, packet, answers) in again {
            if self.by_order() {
                inner.unwritten.insert(mark, answers);
            }
            self.outbound.queue(packet, mark);
        }
        drop(inner);
        for waiting in failed {
            waiting.wants.fail(Failure::OutcomeUnknown);
        }
    }

    /// The client is closed for good.
    pub(crate) fn end(&self, closing: Option<Closing>) {
        self.outbound.end();
        let (waiting, rooms, listeners) = {
            let mut inner = self.lock();
            inner.ended = true;
            (
                std::mem::take(&mut inner.waiting),
                std::mem::take(&mut inner.rooms),
                std::mem::take(&mut inner.listeners),
            )
        };
        for waiting in waiting.into_values() {
            let failure = if waiting.written || waiting.lost {
                Failure::OutcomeUnknown
            } else {
                Failure::Closed
            };
            waiting.wants.fail(failure);
        }
        for inbox in rooms.into_values().flat_map(|room| room.inboxes) {
            inbox.end(None);
        }
        for inbox in listeners.iter().filter_map(Weak::upgrade) {
            inbox.end(None);
        }
        self.status.send_replace(State::Closed(closing));
    }
}
