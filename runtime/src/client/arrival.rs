//! Where what arrives goes: to who asked for it, to the rooms, to who listens.

use super::{Gap, core::Core, delivery::Delivery, error::Failure, inbox::Entry, waiting::Wants};
use crate::{
    Envelope, Reason, Rejected,
    codec::{Codec, Json},
    system::{ChannelOnly, GapNotice, Head, RemoteError, Role},
    transport::Packet,
};
use std::sync::Weak;

impl Core {
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
