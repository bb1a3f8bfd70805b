//! What a client sends, and where what arrives goes. Nothing here knows the application's types: they are read through
//! one function, and taken out of a [`Delivery`] at the edge.

use super::{
    Gap, Skew, State,
    delivery::{Decode, Delivery},
    error::Failure,
    inbox::{Entry, Inbox},
    waiting::{Answers, Ask, Inner, Turn, Waiting, Wants},
};
use crate::{
    Envelope, Expected, Id, Pending, Reason, Rejected,
    codec::{Codec, Json, Outgoing},
    outbound::Outbound,
    system::{ChannelOnly, GapNotice, Head, RemoteError, Role},
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
    decode: Decode,
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

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether replies come in the order of the requests.
    fn by_order(&self) -> bool {
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

    fn read(&self, packet: &Packet) -> Result<Delivery, Box<Rejected>> {
        let source = Json.source(packet.frame()).map_err(|message| {
            Box::new(Rejected {
                reason: Reason::Syntax { offset: 0, message },
                tag: None,
                id: None,
                channel: None,
                payload: None,
            })
        })?;
        (self.decode)(source, self.limits.depth, self)
    }

    /// A message came.
    pub(crate) fn receive(&self, packet: &Packet) {
        match self.read(packet) {
            Ok(delivery) => self.deliver(delivery, packet),
            Err(rejected) => {
                let source = Json.source(packet.frame()).ok();
                let envelope = &self.table.server.envelope;
                let head = source.and_then(|source| Head::read(&source, envelope).ok());
                let role = head.as_ref().and_then(|head| {
                    (rejected.reason == Reason::UnknownType)
                        .then(|| Role::of(head.tag.borrow(), &self.table.session.roles))
                        .flatten()
                });
                match (head, role) {
                    (Some(head), Some(role)) => self.system(role, &head),
                    (head, _) => self.reject(rejected, head.and_then(|head| head.seq)),
                }
            }
        }
    }

    fn deliver(&self, delivery: Delivery, packet: &Packet) {
        let mut inner = self.lock();
        let message = self.table.server.messages.get(delivery.index);
        let published = message.is_some_and(|m| m.channel.is_some());
        let volatile = message.is_some_and(|m| m.volatile);
        let (id, is_turn) = if self.by_order() {
            let id = inner.turn(delivery.index, published);
            let is_turn = id.is_some();
            (id, is_turn)
        } else {
            (delivery.envelope.id.clone(), false)
        };
        if let Some(id) = id {
            if inner.waiting.contains_key(&id) {
                return inner.answer(&id, delivery);
            }
            // An answer that nobody waits for any more.
            if is_turn || !published {
                return;
            }
        }
        let Envelope {
            channel,
            seq,
            epoch,
            ..
        } = &delivery.envelope;
        let inboxes = match channel
            .as_ref()
            .and_then(|channel| inner.rooms.get_mut(channel))
        {
            Some(room) => {
                if !room.advance(*seq, epoch.as_deref()) {
                    return;
                }
                room.inboxes.clone()
            }
            None => inner.listeners.iter().filter_map(Weak::upgrade).collect(),
        };
        drop(inner);
        // Nearly always there is one; whoever comes after it has the message read anew.
        let mut first = Some(delivery);
        for inbox in inboxes {
            let entry = match first.take() {
                Some(delivery) => Entry::Message(delivery),
                None => match self.read(packet) {
                    Ok(delivery) => Entry::Message(delivery),
                    Err(rejected) => Entry::Rejected(rejected),
                },
            };
            inbox.push(entry, volatile);
        }
    }

    /// A message that cannot be read goes where it would have gone.
    fn reject(&self, rejected: Box<Rejected>, seq: Option<u64>) {
        tracing::warn!(
            error = &*rejected as &dyn std::error::Error,
            "a message of the server's does not fit"
        );
        let mut inner = self.lock();
        let id = if !self.by_order() {
            rejected.id.clone()
        } else if rejected.reason == Reason::Failed {
            inner.next_turn()
        } else {
            // Only its tag can tell whether it was meant as an answer.
            let tag = rejected.tag.as_ref();
            let index = tag.and_then(|tag| (self.table.server.lookup)(tag.borrow()));
            let message = index.and_then(|index| self.table.server.messages.get(index));
            let published = message.is_some_and(|m| m.channel.is_some());
            index.and_then(|index| inner.turn(index, published))
        };
        if let Some(waiting) = id.and_then(|id| inner.waiting.remove(&id)) {
            let failure = if rejected.reason == Reason::Failed {
                Failure::Remote(RemoteError::failed(rejected.payload.as_deref()))
            } else {
                Failure::Unreadable(rejected)
            };
            if let Wants::Rejoin(key) = &waiting.wants {
                return inner.lose(key, &failure);
            }
            drop(inner);
            return waiting.wants.fail(failure);
        }
        let inboxes = match rejected
            .channel
            .as_ref()
            .and_then(|key| inner.rooms.get_mut(key))
        {
            Some(room) => {
                if !room.advance(seq, None) {
                    return;
                }
                room.inboxes.clone()
            }
            None => inner.listeners.iter().filter_map(Weak::upgrade).collect(),
        };
        drop(inner);
        for inbox in inboxes {
            inbox.push(Entry::Rejected(rejected.clone()), false);
        }
    }

    /// One of the session's own messages came.
    fn system(&self, role: Role, head: &Head<'_>) {
        match role {
            Role::Ping => self.say(self.table.session.roles.pong),
            Role::Error => {
                let Ok(error) = RemoteError::read(head) else {
                    return;
                };
                let mut inner = self.lock();
                let id = if self.by_order() {
                    inner.next_turn()
                } else {
                    head.id.clone()
                };
                let waiting = id.and_then(|id| inner.waiting.remove(&id));
                match waiting {
                    Some(waiting) => {
                        let failure = Failure::Remote(error);
                        if let Wants::Rejoin(key) = &waiting.wants {
                            return inner.lose(key, &failure);
                        }
                        drop(inner);
                        waiting.wants.fail(failure);
                    }
                    None => tracing::warn!(%error, "the server reports an error"),
                }
            }
            Role::Gap => {
                if let Ok(gap) = GapNotice::read(head) {
                    let mut inner = self.lock();
                    if let Some(room) = inner.rooms.get_mut(&gap.channel) {
                        room.seq = room.seq.max(gap.to);
                        room.miss(Gap {
                            from: gap.from,
                            to: gap.to,
                        });
                    }
                }
            }
            Role::Join | Role::Leave => {
                let mut inner = self.lock();
                let id = if !self.by_order() {
                    head.id.clone()
                } else if inner.line.front().is_some_and(|turn| turn.answers.is_own()) {
                    inner.next_turn()
                } else {
                    None
                };
                let waiting = id.and_then(|id| inner.waiting.remove(&id));
                let key = head.channel.clone().or_else(|| {
                    ChannelOnly::read(head)
                        .ok()
                        .map(|ChannelOnly(key)| key.into_owned())
                });
                if let Some(waiting) = waiting {
                    inner.settle(waiting.wants, key, head.seq, head.epoch.clone(), None);
                }
            }
            Role::Hello | Role::Ready | Role::Refuse | Role::Pong => {}
        }
    }
}
