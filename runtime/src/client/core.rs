//! What a client waits for, and where what arrives goes. Nothing here knows the application's types: they are read through one
//! function, and taken out of [`Delivery`] at the edge.

use super::{
    Gap, Skew, State,
    error::Failure,
    inbox::{Entry, Inbox},
};
use crate::{
    Envelope, Id, Messages, Mode, Pending, Reason, Rejected,
    codec::{Codec, Json, Outgoing, Source},
    decode,
    outbound::Outbound,
    system::{ChannelOnly, GapNotice, Head, RemoteError, Role},
    table::{EnvelopeTable, FieldKind, LimitsTable, Presence, ProtocolTable, Tag},
    transport::{Closing, Packet},
};
use serde_json::value::RawValue;
use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::sync::{oneshot, watch};

/// A message of the server's, its type taken away.
pub(crate) struct Delivery {
    /// Its place in the server's table.
    pub(crate) index: usize,
    pub(crate) envelope: Envelope<Box<dyn Any + Send>>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Delivery {
    /// Gives it its type back. None where it was read as another.
    pub(crate) fn typed<U: Messages>(self) -> Option<Envelope<U>> {
        let Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        } = self.envelope;
        let message = *message.downcast::<U>().ok()?;
        Some(Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        })
    }
}

/// Reads a message of the server's.
pub(crate) type Decode = fn(Source<'_>, u32, &dyn Pending) -> Result<Delivery, Box<Rejected>>;

/// [`Decode`] for a union of messages.
pub(crate) fn decode_any<U: Messages>(
    source: Source<'_>,
    depth: u32,
    pending: &dyn Pending,
) -> Result<Delivery, Box<Rejected>> {
    let Envelope {
        id,
        version,
        channel,
        seq,
        epoch,
        timestamp,
        message,
    } = decode::<U>(source, Mode::Client, depth, pending)?;
    let index = message.index();
    let message: Box<dyn Any + Send> = Box::new(message);
    Ok(Delivery {
        index,
        envelope: Envelope {
            id,
            version,
            channel,
            seq,
            epoch,
            timestamp,
            message,
        },
    })
}

/// What answers a request; nothing, where one of the session's own messages does.
pub(crate) type Answer = Result<Option<Delivery>, Failure>;

/// A request, for as long as it is not answered.
pub(crate) struct Waiting {
    /// Its number, which marks it in the outbound queue.
    pub(crate) mark: u64,
    pub(crate) packet: Packet,
    /// It may be sent again.
    pub(crate) again: bool,
    /// It was handed to the transport.
    pub(crate) written: bool,
    pub(crate) wants: Wants,
}

/// Who waits for an answer.
pub(crate) enum Wants {
    /// One answer, and the place in the table of a reply that has no type of its own.
    One(oneshot::Sender<Answer>, Option<usize>),
    Stream {
        /// Until it is acknowledged.
        ack: Option<oneshot::Sender<Answer>>,
        end: Option<usize>,
        inbox: Arc<Inbox>,
    },
    /// The answer to a join: the way into the room begins with it.
    Join(oneshot::Sender<Answer>, Arc<Inbox>, Ask, String),
    /// The same, after the connection was lost.
    Rejoin(String),
}

/// A request that can be written again.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) tag: Option<Tag>,
    pub(crate) payload: Option<Arc<RawValue>>,
    pub(crate) channel: Option<Arc<str>>,
    pub(crate) idempotent: bool,
}

/// A channel that the client is in.
struct Room {
    inboxes: Vec<Arc<Inbox>>,
    epoch: Option<String>,
    seq: Option<u64>,
    join: Ask,
}

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

#[derive(Default)]
struct Inner {
    last: u64,
    waiting: HashMap<Id, Waiting>,
    rooms: HashMap<String, Room>,
    listeners: Vec<Weak<Inbox>>,
    skew: Option<Skew>,
    ended: bool,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("protocol", &self.table.name)
            .finish_non_exhaustive()
    }
}

/// Replies without a type of their own are known by what is waited for.
struct Expected<'a>(&'a Mutex<Inner>);

impl Pending for Expected<'_> {
    fn expected(&self, id: &Id) -> Option<(usize, Option<usize>)> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.waiting.get(id)?.wants {
            Wants::One(_, reply) => Some((reply?, None)),
            _ => None,
        }
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
            again: ask.idempotent,
            written: false,
            wants,
        };
        inner.waiting.insert(id.clone(), waiting);
        self.outbound.queue(packet, mark);
        Ok(id)
    }

    /// Nobody waits for an answer any more. Whether the request may have reached the server, and was not answered.
    pub(crate) fn abandon(&self, id: &Id) -> bool {
        let waiting = self.lock().waiting.remove(id);
        waiting.is_some_and(|waiting| waiting.written || !self.outbound.withdraw(waiting.mark))
    }

    /// Requests with these marks were handed to the transport.
    pub(crate) fn written(&self, marks: impl Iterator<Item = u64>) {
        let mut inner = self.lock();
        for mark in marks {
            let id = self.id(mark);
            if let Some(waiting) = inner.waiting.get_mut(&id) {
                waiting.written = true;
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
                inner.waiting.insert(
                    id,
                    Waiting {
                        mark,
                        packet,
                        again: false,
                        written: true,
                        wants,
                    },
                );
            }
        }
        drop(inner);
        self.status.send_replace(State::Connected);
        packets
    }

    /// The connection was lost. What was sent and may not be sent twice fails; what may is queued again.
    pub(crate) fn lost(&self) {
        self.status.send_replace(State::Reconnecting);
        self.outbound.detach();
        let mut inner = self.lock();
        let mut again = Vec::new();
        let written: Vec<Id> = inner
            .waiting
            .iter_mut()
            .filter(|(_, waiting)| waiting.written)
            .filter_map(|(id, waiting)| {
                if waiting.again {
                    waiting.written = false;
                    again.push((waiting.mark, waiting.packet.clone()));
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
        again.sort_unstable_by_key(|(mark, _)| *mark);
        for (mark, packet) in again {
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
            waiting.wants.fail(Failure::Closed);
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
        (self.decode)(source, self.limits.depth, &Expected(&self.inner))
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
        if let Some(id) = delivery.envelope.id.clone()
            && inner.waiting.contains_key(&id)
        {
            return inner.answer(&id, delivery);
        }
        let volatile = self
            .table
            .server
            .messages
            .get(delivery.index)
            .is_some_and(|m| m.volatile);
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
            None if delivery.envelope.id.is_some() => return,
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
        if let Some(waiting) = rejected.id.as_ref().and_then(|id| inner.waiting.remove(id)) {
            drop(inner);
            return waiting.wants.fail(Failure::Unreadable(rejected));
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
                let waiting = head
                    .id
                    .as_ref()
                    .and_then(|id| self.lock().waiting.remove(id));
                match waiting {
                    Some(waiting) => {
                        if let Wants::Rejoin(key) = &waiting.wants {
                            tracing::warn!(%error, "a channel cannot be joined again");
                            self.drop_room(key);
                        }
                        waiting.wants.fail(Failure::Remote(error));
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
                let waiting = head
                    .id
                    .as_ref()
                    .and_then(|id| self.lock().waiting.remove(id));
                let key = head.channel.clone().or_else(|| {
                    ChannelOnly::read(head)
                        .ok()
                        .map(|ChannelOnly(key)| key.into_owned())
                });
                if let Some(waiting) = waiting {
                    self.lock()
                        .settle(waiting.wants, key, head.seq, head.epoch.clone(), None);
                }
            }
            Role::Hello | Role::Ready | Role::Refuse | Role::Pong => {}
        }
    }

    fn drop_room(&self, key: &str) {
        let room = self.lock().rooms.remove(key);
        for inbox in room.into_iter().flat_map(|room| room.inboxes) {
            inbox.end(None);
        }
    }
}

impl Inner {
    /// Gives a message to the request with its id.
    fn answer(&mut self, id: &Id, delivery: Delivery) {
        if let Some(Waiting {
            wants: Wants::Stream { ack, end, inbox },
            ..
        }) = self.waiting.get_mut(id)
        {
            if let Some(ack) = ack.take() {
                let _ = ack.send(Ok(Some(delivery)));
            } else if *end == Some(delivery.index) {
                inbox.end(Some(Entry::End(Ok(delivery))));
                self.waiting.remove(id);
            } else {
                inbox.push(Entry::Message(delivery), false);
            }
            return;
        }
        if let Some(waiting) = self.waiting.remove(id) {
            let Envelope {
                channel,
                seq,
                epoch,
                ..
            } = &delivery.envelope;
            let (channel, seq, epoch) = (channel.clone(), *seq, epoch.clone());
            self.settle(waiting.wants, channel, seq, epoch, Some(delivery));
        }
    }

    /// Answers what is not a stream.
    fn settle(
        &mut self,
        wants: Wants,
        channel: Option<String>,
        seq: Option<u64>,
        epoch: Option<String>,
        delivery: Option<Delivery>,
    ) {
        match wants {
            Wants::One(answer, _) => {
                // Whoever asked may have gone.
                let _ = answer.send(Ok(delivery));
            }
            Wants::Join(answer, inbox, join, key) => {
                let key = channel.unwrap_or(key);
                let room = self.rooms.entry(key).or_insert_with(|| Room {
                    inboxes: Vec::new(),
                    epoch: None,
                    seq: None,
                    join,
                });
                (room.epoch, room.seq) = (epoch, seq);
                room.inboxes.push(inbox);
                // Where whoever asked has gone, its guard takes the inbox out again.
                let _ = answer.send(Ok(delivery));
            }
            Wants::Rejoin(key) => {
                if let Some(room) = self.rooms.get_mut(&key) {
                    room.rejoined(seq, epoch);
                }
            }
            Wants::Stream { .. } => {}
        }
    }
}

impl Room {
    fn miss(&self, gap: Gap) {
        for inbox in &self.inboxes {
            inbox.push(Entry::Gap(gap), false);
        }
    }

    /// A message with a number came: what lies between is a gap. False where it came before.
    fn advance(&mut self, seq: Option<u64>, epoch: Option<&str>) -> bool {
        let Some(seq) = seq else {
            return true;
        };
        let renewed = matches!((epoch, &self.epoch), (Some(new), Some(old)) if new != old);
        match self.seq {
            _ if renewed => {
                self.epoch = epoch.map(str::to_owned);
                self.miss(Gap {
                    from: None,
                    to: None,
                });
            }
            Some(last) if seq <= last => return false,
            Some(last) if seq > last + 1 => self.miss(Gap {
                from: Some(last + 1),
                to: Some(seq - 1),
            }),
            _ => {}
        }
        self.seq = Some(seq);
        true
    }

    /// The channel was joined again: what was said meanwhile is a gap.
    fn rejoined(&mut self, seq: Option<u64>, epoch: Option<String>) {
        if self.epoch != epoch {
            self.miss(Gap {
                from: None,
                to: None,
            });
        } else if let (Some(last), Some(now)) = (self.seq, seq)
            && now > last
        {
            self.miss(Gap {
                from: Some(last + 1),
                to: Some(now),
            });
        }
        (self.epoch, self.seq) = (epoch, seq);
    }
}

impl Wants {
    /// There is no answer.
    fn fail(self, failure: Failure) {
        match self {
            Self::One(answer, _) | Self::Join(answer, ..) => {
                let _ = answer.send(Err(failure));
            }
            Self::Stream { ack, inbox, .. } => match ack {
                Some(ack) => {
                    let _ = ack.send(Err(failure));
                }
                None => inbox.end(Some(Entry::End(Err(failure)))),
            },
            Self::Rejoin(_) => {}
        }
    }
}
