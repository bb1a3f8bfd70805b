//! Where what arrives goes: to who asked for it, to the rooms, to who listens.

use super::{
    channels::PendingJoin,
    core::Core,
    delivery::Delivery,
    error::Failure,
    inbox::{Entry, Inbox},
    log::cut,
    pending::{PendingRequest, PendingState, ReplyTo},
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode,
    codec::{Codec, Json},
    system::{ChannelOnly, GapNotice, Head, RemoteError, Role},
    transport::Packet,
};
use std::sync::{Arc, Weak};

impl Core {
    fn read(&self, packet: &Packet) -> Result<Delivery, Box<DecodeError>> {
        let source = Json.source(packet.frame()).map_err(|message| {
            Box::new(DecodeError::new(DecodeErrorKind::Syntax {
                offset: 0,
                message,
            }))
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
                    (rejected.kind == DecodeErrorKind::UnknownType)
                        .then(|| Role::of(head.tag.borrow(), &self.table.session.roles))
                        .flatten()
                });
                match (head, role) {
                    (Some(head), Some(role)) => self.system(role, &head),
                    (head, _) => {
                        self.reject(rejected, head.and_then(|head| head.seq), packet.len());
                    }
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
            if inner.is_asked(&id) {
                return self.answer(inner, &id, delivery, packet.len());
            }
            // An answer that nobody waits for any more.
            if is_turn || !published {
                return;
            }
        }
        let envelope = &delivery.envelope;
        let place = (envelope.seq, envelope.epoch.as_deref());
        let Some(inboxes) = listeners(&mut inner, envelope.channel.as_deref(), place) else {
            return;
        };
        drop(inner);
        // Nearly always there is one; whoever comes after it has the message read anew.
        let mut first = Some(delivery);
        for inbox in inboxes {
            let entry = match first.take() {
                Some(delivery) => Entry::Message(delivery),
                None => match self.read(packet) {
                    Ok(delivery) => Entry::Message(delivery),
                    Err(rejected) => Entry::DecodeError(rejected),
                },
            };
            inbox.push(entry, packet.len(), volatile);
        }
    }

    /// Gives a message to the request with its id.
    fn answer(
        &self,
        mut inner: std::sync::MutexGuard<'_, PendingState>,
        id: &Id,
        delivery: Delivery,
        bytes: usize,
    ) {
        let delivery = match inner.stream(id, delivery, bytes) {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return,
            Err(shape) => {
                if let Some(tag) = shape.cancel {
                    self.cancel_in(&mut inner, id, tag);
                }
                return;
            }
        };
        let Some(waiting) = inner.take(id) else {
            return;
        };
        if matches!(waiting.wants, ReplyTo::Rejoin(..))
            && waiting.answers.reply() != Some(delivery.index)
        {
            return self.fail(&mut inner, id, waiting, Failure::UnexpectedReply);
        }
        let place = (delivery.envelope.seq, delivery.envelope.epoch.clone());
        let channel = delivery.envelope.channel.clone();
        self.settle(&mut inner, id, waiting, channel, place, Some(delivery));
    }

    /// A request that asks for no stream is answered.
    fn settle(
        &self,
        inner: &mut PendingState,
        id: &Id,
        waiting: PendingRequest,
        channel: Option<String>,
        (seq, epoch): (Option<u64>, Option<String>),
        delivery: Option<Delivery>,
    ) {
        match waiting.wants {
            ReplyTo::One(answer) | ReplyTo::Leave(answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(Ok(delivery));
            }
            ReplyTo::Join(join) if channel.is_some_and(|channel| channel != join.key) => {
                // It lets the client into another channel than it asked for.
                let wants = ReplyTo::Join(join);
                let waiting = PendingRequest { wants, ..waiting };
                self.fail(inner, id, waiting, Failure::UnexpectedReply);
            }
            ReplyTo::Join(PendingJoin {
                answer,
                inbox,
                ask,
                key,
            }) => {
                inner.rooms.joined(&key, &inbox, ask, seq, epoch);
                // Where whoever asked has gone, its place is given up as it goes.
                let _ = answer.send(Ok(delivery));
            }
            ReplyTo::Rejoin(key, life) => self.rejoined(inner, id, (&key, life), (seq, epoch)),
            wants @ ReplyTo::Stream { .. } => {
                let waiting = PendingRequest { wants, ..waiting };
                self.fail(inner, id, waiting, Failure::UnexpectedReply);
            }
        }
    }

    /// A request fails.
    fn fail(&self, inner: &mut PendingState, id: &Id, waiting: PendingRequest, failure: Failure) {
        match waiting.wants {
            ReplyTo::Rejoin(key, life) => self.not_rejoined(inner, id, (key, life), &failure),
            wants => {
                // What the server refused it did not do. Of everything else nobody knows.
                let refused =
                    matches!(failure, Failure::Remote(_)) && !failure.is_code(SessionCode::Timeout);
                if let ReplyTo::Join(PendingJoin { key, inbox, .. }) = &wants
                    && !refused
                {
                    inner.rooms.may_be_in(key, inbox);
                }
                if let ReplyTo::Stream { shape, .. } = &wants
                    && !matches!(failure, Failure::Remote(_))
                    && let Some(tag) = shape.cancel
                {
                    // The server goes on with it.
                    self.cancel_in(inner, id, tag);
                }
                wants.fail(failure);
            }
        }
    }

    /// A message that cannot be read goes where it would have gone.
    fn reject(&self, rejected: Box<DecodeError>, seq: Option<u64>, bytes: usize) {
        if let Some(left_out) = self.log.pass() {
            let error = cut(&*rejected);
            tracing::warn!(error, left_out, "a message of the server's does not fit");
        }
        let mut inner = self.lock();
        let id = if !self.by_order() {
            rejected.id.clone()
        } else if rejected.kind == DecodeErrorKind::Failed {
            inner.next_turn()
        } else {
            // Only its tag can tell whether it was meant as an answer.
            let tag = rejected.tag.as_ref();
            let index = tag.and_then(|tag| (self.table.server.lookup)(tag.borrow()));
            let message = index.and_then(|index| self.table.server.messages.get(index));
            let published = message.is_some_and(|m| m.channel.is_some());
            index.and_then(|index| inner.turn(index, published))
        };
        if let Some(id) = id
            && let Some(waiting) = inner.take(&id)
        {
            let failure = if rejected.kind == DecodeErrorKind::Failed {
                Failure::Remote(RemoteError::failed(rejected.payload.as_deref()))
            } else {
                Failure::Decode(rejected)
            };
            return self.fail(&mut inner, &id, waiting, failure);
        }
        let channel = rejected.channel.as_deref();
        let Some(inboxes) = listeners(&mut inner, channel, (seq, None)) else {
            return;
        };
        drop(inner);
        for inbox in inboxes {
            inbox.push(Entry::DecodeError(rejected.clone()), bytes, false);
        }
    }

    /// One of the session's own messages came.
    fn system(&self, role: Role, head: &Head<'_>) {
        match role {
            Role::Ping => self.pong(),
            Role::Error => {
                // One that does not fit still ends what it answers.
                let failure = match RemoteError::read(head) {
                    Ok(error) => Failure::Remote(error),
                    Err(_) => Failure::UnexpectedReply,
                };
                let mut inner = self.lock();
                let id = if self.by_order() {
                    inner.next_turn()
                } else {
                    head.id.clone()
                };
                if let Some(id) = id
                    && let Some(waiting) = inner.take(&id)
                {
                    return self.fail(&mut inner, &id, waiting, failure);
                }
                drop(inner);
                if let Failure::Remote(error) = failure
                    && let Some(left_out) = self.log.pass()
                {
                    tracing::warn!(error = cut(&error), left_out, "the server reports an error");
                }
            }
            Role::Gap => {
                if let Ok(gap) = GapNotice::read(head)
                    && let Some(room) = self.lock().rooms.get_mut(&gap.channel)
                {
                    room.noticed(gap.from, gap.to);
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
                let channel = head.channel.clone().or_else(|| {
                    ChannelOnly::read(head)
                        .ok()
                        .map(|ChannelOnly(key)| key.into_owned())
                });
                if let Some(id) = id
                    && let Some(waiting) = inner.take(&id)
                {
                    let place = (head.seq, head.epoch.clone());
                    self.settle(&mut inner, &id, waiting, channel, place, None);
                }
            }
            Role::Hello | Role::Ready | Role::Refuse | Role::Pong => {}
        }
    }
}

/// Who hears a message that answers nothing: who is in its channel, or else who listens. None where it came before.
fn listeners(
    inner: &mut PendingState,
    channel: Option<&str>,
    (seq, epoch): (Option<u64>, Option<&str>),
) -> Option<Vec<Arc<Inbox>>> {
    let room = channel.and_then(|key| inner.rooms.get_mut(key));
    match room.filter(|room| !room.holders.is_empty()) {
        Some(room) => room.advance(seq, epoch).then(|| room.holders.clone()),
        None => Some(inner.listeners.iter().filter_map(Weak::upgrade).collect()),
    }
}
