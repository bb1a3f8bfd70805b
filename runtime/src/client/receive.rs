//! Dispatches inbound messages to pending requests, subscriptions and notification readers.

use super::{
    Gap,
    channels::PendingJoin,
    core::Core,
    log::truncate,
    pending::{PendingRequest, PendingState, ReplyTo},
};
use crate::{
    DecodeError, DecodeErrorKind, Id, PendingReplies, SessionCode, Side,
    calls::{CallReply, Delivery, Entry, Failure, Inbox},
    descriptor::ReplyKind,
    encoded::EncodedMessage,
    system::{
        Authenticated, ChannelOnly, GapNotice, Head, MAX_KEY, ReceivedNotice, RemoteError, Role,
        SkipNotice,
    },
    transport::Packet,
};
use std::{fmt, sync::Arc};

/// What a packet was, as far as counting is concerned.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A message that counts.
    Message,
    /// A message that contains its number.
    Numbered(u64),
    /// A ping, which asks for an acknowledgement, and what answers it behind that.
    Ping(Option<EncodedMessage>),
    /// A pong, or another message that does not count.
    Pong,
    /// An acknowledgement.
    Received(ReceivedNotice),
}

impl Core {
    pub(super) fn read(
        &self,
        packet: &Packet,
        pending: &dyn PendingReplies,
    ) -> Result<Delivery, Box<DecodeError>> {
        let source = self.codec.source(packet.frame()).map_err(|message| {
            Box::new(DecodeError::new(DecodeErrorKind::Syntax {
                offset: 0,
                message,
            }))
        })?;
        (self.decode)(source, self.limits.depth, pending)
    }

    /// Handles an inbound packet.
    pub(crate) fn receive(self: &Arc<Self>, packet: &Packet) -> Heard {
        match self.read(packet, &**self) {
            Ok(delivery) => {
                let Some(heard) = self.number(delivery.envelope.seq) else {
                    return Heard::Pong;
                };
                self.deliver(delivery, packet);
                heard
            }
            Err(rejected) => {
                let source = self.codec.source(packet.frame()).ok();
                let session = &self.descriptor.session;
                let found = source.as_ref().and_then(|source| {
                    Head::find(source, self.descriptor.server, Side::Server, session).ok()
                });
                let (head, role) = match found {
                    Some((head, role)) => (Some(head), role),
                    None => (None, None),
                };
                let role = role.filter(|role| match rejected.kind {
                    DecodeErrorKind::UnknownType => true,
                    _ if role.is_known_by_its_tag() => true,
                    // One with an envelope of its own may fit that.
                    DecodeErrorKind::Envelope(_) => source
                        .as_ref()
                        .is_some_and(|source| role.envelope_fits(source, self.descriptor)),
                    _ => false,
                });
                let seq = head.as_ref().and_then(|head| head.seq);
                let Some(heard) = self.number(seq) else {
                    return Heard::Pong;
                };
                match (head, role) {
                    (Some(head), Some(role)) => match self.system(role, &head, packet.len()) {
                        Heard::Message => heard,
                        other => other,
                    },
                    _ => {
                        let (seq, _) = self.position((seq, None));
                        self.reject(rejected, seq, packet.len());
                        heard
                    }
                }
            }
        }
    }

    fn deliver(self: &Arc<Self>, delivery: Delivery, packet: &Packet) {
        let mut inner = self.lock();
        let message = self.descriptor.server.messages.get(delivery.index);
        let is_handled =
            message.is_some_and(|m| m.reply.is_request() || m.reply == ReplyKind::Cancel);
        let delivery = if is_handled {
            match self.handle(&mut inner, delivery) {
                Some(delivery) => delivery,
                None => return,
            }
        } else {
            delivery
        };
        let published = message.is_some_and(|m| m.channel.is_some());
        let volatile = message.is_some_and(|m| m.volatile);
        let (id, is_ordered) = if self.by_order() {
            let id = inner.match_ordered(delivery.index, published);
            let is_ordered = id.is_some();
            (id, is_ordered)
        } else {
            (delivery.envelope.id.clone(), false)
        };
        if let Some(id) = id {
            let is_left = inner.unanswered.remove(&id).is_some();
            if inner.awaits_reply(&id) {
                return self.deliver_reply(inner, &id, delivery, packet);
            }
            // The reply to an abandoned request.
            let is_late = is_left || inner.is_answer(delivery.index);
            if is_ordered || !published && is_late {
                return;
            }
        }
        let envelope = &delivery.envelope;
        let (seq, epoch) = self.position((envelope.seq, envelope.epoch.clone()));
        let position = (seq, epoch.as_deref());
        let Some(inboxes) = listeners(&mut inner, envelope.channel.as_deref(), position) else {
            return;
        };
        drop(inner);
        // Usually there is one. A delivery cannot be cloned, so the message is decoded again for each further inbox.
        let mut first = Some(delivery);
        for inbox in inboxes {
            let entry = match first.take() {
                Some(delivery) => Entry::Message(delivery),
                None => match self.read(packet, &**self) {
                    Ok(delivery) => Entry::Message(delivery),
                    Err(rejected) => Entry::DecodeError(rejected),
                },
            };
            inbox.push(entry, packet.len(), volatile);
            if inbox.is_behind() {
                self.lock().note_behind(inbox);
            }
        }
    }

    /// Delivers a reply to the request with this id.
    fn deliver_reply(
        &self,
        mut inner: std::sync::MutexGuard<'_, PendingState>,
        id: &Id,
        delivery: Delivery,
        packet: &Packet,
    ) {
        let delivery = match inner.stream(id, delivery, packet.len()) {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return,
            Err(shape) => {
                if let Some(message) = shape.cancel {
                    self.cancel_in(&mut inner, id, message);
                }
                return;
            }
        };
        let Some(pending) = inner.take(id) else {
            return;
        };
        if matches!(pending.reply_to, ReplyTo::Rejoin(..))
            && pending.replies.reply() != Some(delivery.index)
        {
            return self.fail(&mut inner, id, pending, Failure::UnexpectedReply);
        }
        let position = self.position((delivery.envelope.seq, delivery.envelope.epoch.clone()));
        let channel = delivery.envelope.channel.clone();
        let reply = Some((delivery, packet));
        self.settle(&mut inner, id, pending, channel, position, reply);
    }

    /// Completes a request that is not a stream.
    fn settle(
        &self,
        inner: &mut PendingState,
        id: &Id,
        pending: PendingRequest,
        channel: Option<String>,
        (seq, epoch): (Option<u64>, Option<String>),
        reply: Option<(Delivery, &Packet)>,
    ) {
        if let ReplyTo::Join(PendingJoin { key, .. }) | ReplyTo::Rejoin(key, _) = &pending.reply_to
            && channel.is_some_and(|channel| channel != *key)
        {
            // The reply is for a different channel than was requested.
            return self.fail(inner, id, pending, Failure::UnexpectedReply);
        }
        let replies = pending.replies;
        let (delivery, packet) = reply.unzip();
        match pending.reply_to {
            ReplyTo::Call(CallReply::One(reply)) | ReplyTo::Leave(reply) | ReplyTo::Auth(reply) => {
                // The receiver may have been dropped.
                let _ = reply.send(Ok(delivery));
            }
            ReplyTo::Join(PendingJoin {
                reply,
                inbox,
                request,
                key,
            }) => {
                if inner.channels.is_rejoin(&key, &inbox) {
                    self.report_joined(inner, &key, None, packet, replies);
                }
                inner
                    .channels
                    .joined(&key, &inbox, request, seq, epoch.as_deref());
                // If the receiver was dropped, its membership is released by its own drop.
                let _ = reply.send(Ok(delivery));
            }
            ReplyTo::Rejoin(key, generation) => {
                if inner.channels.get_generation(&key, generation).is_some() {
                    self.report_joined(inner, &key, delivery, packet, replies);
                }
                self.rejoined(inner, id, (&key, generation), (seq, epoch.as_deref()))
            }
            reply_to @ ReplyTo::Call(CallReply::Stream(_)) => {
                let pending = PendingRequest {
                    reply_to,
                    ..pending
                };
                self.fail(inner, id, pending, Failure::UnexpectedReply);
            }
        }
    }

    /// Fails a request.
    pub(super) fn fail(
        &self,
        inner: &mut PendingState,
        id: &Id,
        pending: PendingRequest,
        failure: Failure,
    ) {
        match pending.reply_to {
            ReplyTo::Rejoin(key, generation) => {
                self.rejoin_failed(inner, id, (key, generation), &failure)
            }
            reply_to => {
                // The server did not handle a request that it refused. The outcome of any other failure is unknown.
                let refused =
                    matches!(failure, Failure::Remote(_)) && !failure.is_code(SessionCode::Timeout);
                if let ReplyTo::Join(PendingJoin { key, inbox, .. }) = &reply_to {
                    match refused {
                        true => inner.channels.refused(key, inbox),
                        false => inner.channels.mark_maybe_joined(key, inbox),
                    }
                }
                if let ReplyTo::Call(CallReply::Stream(stream)) = &reply_to
                    && !matches!(failure, Failure::Remote(_))
                    && let Some(message) = stream.shape.cancel
                {
                    // The server would continue the stream.
                    self.cancel_in(inner, id, message);
                }
                reply_to.fail(failure);
            }
        }
    }

    /// Routes a message that cannot be decoded to where it would have gone.
    fn reject(&self, rejected: Box<DecodeError>, seq: Option<u64>, bytes: usize) {
        // That a request failed is no fault of the message that says so.
        if rejected.kind != DecodeErrorKind::Failed
            && let Some(suppressed) = self.log.allow()
        {
            let error = truncate(&*rejected);
            tracing::warn!(
                error,
                suppressed,
                "a message of the server cannot be decoded"
            );
        }
        let mut inner = self.lock();
        // One of a newer server, perhaps, whose ids have nothing to do with those of this client.
        if rejected.kind == DecodeErrorKind::UnknownType
            && self.refuse_invalid(&mut inner, &rejected)
        {
            return;
        }
        let is_request = self.is_request(&rejected);
        let id = if is_request {
            None
        } else if !self.by_order() {
            rejected.id.clone()
        } else if rejected.kind == DecodeErrorKind::Failed {
            inner.pop_ordered()
        } else {
            // Only its discriminant says whether it was meant as a reply.
            let tag = rejected.tag.as_ref();
            let index = tag.and_then(|tag| (self.descriptor.server.lookup)(tag.borrow()));
            let message = index.and_then(|index| self.descriptor.server.messages.get(index));
            let published = message.is_some_and(|m| m.channel.is_some());
            index.and_then(|index| inner.match_ordered(index, published))
        };
        if let Some(id) = id
            && let Some(pending) = inner.take(&id)
        {
            let failure = if rejected.kind == DecodeErrorKind::Failed {
                let mapped = self.descriptor.session.mapped.error;
                let payload = rejected.payload.as_deref();
                Failure::Remote(RemoteError::failed(payload, mapped))
            } else {
                Failure::Decode(rejected)
            };
            return self.fail(&mut inner, &id, pending, failure);
        }
        if self.refuse_invalid(&mut inner, &rejected) {
            return;
        }
        let channel = rejected.channel.as_deref();
        let Some(inboxes) = listeners(&mut inner, channel, (seq, None)) else {
            return;
        };
        drop(inner);
        for inbox in inboxes {
            inbox.push(
                Entry::DecodeError(rejected.clone()),
                bytes + rejected.held(),
                false,
            );
        }
    }

    /// Handles a session message.
    fn system(&self, role: Role, head: &Head<'_>, bytes: usize) -> Heard {
        match role {
            Role::Ping => return Heard::Ping(self.encode_pong(head)),
            Role::Pong => return Heard::Pong,
            Role::Received => {
                let notice = ReceivedNotice::read(head);
                if let Err(error) = &notice {
                    self.ignored(role, error);
                }
                return Heard::Received(notice.unwrap_or_default());
            }
            Role::Error => self.error(head, bytes),
            Role::Gap => match GapNotice::read(head) {
                Ok(notice) => {
                    let position = self.position((head.seq, head.epoch.clone()));
                    self.gap(notice, position);
                }
                Err(error) => self.ignored(role, &error),
            },
            Role::Skip => match SkipNotice::read(head) {
                Ok(skip) => {
                    if let Some(channel) = self.lock().channels.get_mut(&skip.channel) {
                        channel.advance(Some(skip.seq), None);
                    }
                }
                Err(error) => self.ignored(role, &error),
            },
            Role::Presence => self.presence(head, bytes),
            Role::Join | Role::Leave | Role::Auth => {
                let mut inner = self.lock();
                let id = if !self.by_order() {
                    head.id.clone()
                } else if inner
                    .ordered
                    .front()
                    .is_some_and(|request| request.replies.is_system_reply())
                {
                    inner.pop_ordered()
                } else {
                    None
                };
                let channel = head.channel.clone().or_else(|| {
                    ChannelOnly::read(head)
                        .ok()
                        .map(|ChannelOnly(key)| key.into_owned())
                });
                if let Some(id) = id
                    && let Some(pending) = inner.take(&id)
                {
                    if role == Role::Auth {
                        match Authenticated::read(head) {
                            Ok(answer) if pending.mark <= inner.asked_before_ready => {
                                self.authenticated_before(answer.expires);
                            }
                            Ok(answer) => self.authenticated(answer.expires),
                            Err(_) => {
                                let failure = Failure::UnexpectedReply;
                                self.fail(&mut inner, &id, pending, failure);
                                return Heard::Message;
                            }
                        }
                    }
                    let position = self.position((head.seq, head.epoch.clone()));
                    self.settle(&mut inner, &id, pending, channel, position, None);
                } else if head.id.is_none()
                    && let Some(key) = channel
                {
                    if key.len() > MAX_KEY {
                        drop(inner);
                        self.ignored(role, &"the key of its channel is too long");
                        return Heard::Message;
                    }
                    self.announced(&mut inner, role, &key, head);
                }
            }
            Role::Hello
            | Role::Ready
            | Role::Refuse
            | Role::Greeting
            | Role::Negotiate
            | Role::Resume => {
                return Heard::Pong;
            }
        }
        Heard::Message
    }
}

impl Core {
    /// Takes the server's word that messages are missing.
    fn gap(&self, notice: GapNotice, position: (Option<u64>, Option<String>)) {
        let gap = Gap {
            from: notice.from,
            to: notice.to,
            reason: notice.reason,
        };
        let mut inner = self.lock();
        match notice.channel {
            Some(channel) => {
                if let Some(channel) = inner.channels.get_mut(&channel) {
                    channel.handle_gap_notice(gap, position);
                }
            }
            None if self.descriptor.session.numbered => inner.missed(gap),
            None => inner.report(gap),
        }
    }

    /// Says that a message of the session is ignored.
    pub(super) fn ignored(&self, role: Role, why: &dyn fmt::Display) {
        if let Some(suppressed) = self.log.allow() {
            tracing::warn!(
                ?role,
                error = truncate(&why),
                suppressed,
                "a message of the session is ignored"
            );
        }
    }

    /// The server has added the client to a channel, or removed it from one.
    fn announced(&self, inner: &mut PendingState, role: Role, key: &str, head: &Head<'_>) {
        let entry = match role {
            // The client leaves the channel again.
            Role::Join if inner.is_leaving(key) => return,
            Role::Join => {
                let limit = usize::try_from(self.limits.channels).unwrap_or(usize::MAX);
                let (seq, epoch) = self.position((head.seq, head.epoch.clone()));
                if !inner.channels.added(key, (seq, epoch.as_deref()), limit) {
                    return;
                }
                || Entry::Added(key.to_owned())
            }
            _ => {
                return self.end_channel(inner, key, || Entry::Removed);
            }
        };
        inner.listeners.notify(entry, key.len());
    }
}

/// Returns the inboxes for a message that is not a reply: those of its channel or else of the notifications. `None` for a duplicate.
fn listeners(
    inner: &mut PendingState,
    channel: Option<&str>,
    (seq, epoch): (Option<u64>, Option<&str>),
) -> Option<Vec<Arc<Inbox>>> {
    let channel = channel.and_then(|key| inner.channels.get_mut(key));
    if let Some(channel) = channel
        && (channel.joined || !channel.subscribers.is_empty())
    {
        if !channel.advance(seq, epoch) {
            return None;
        }
        if !channel.subscribers.is_empty() {
            return Some(channel.subscribers.clone());
        }
    }
    Some(inner.listeners.inboxes().collect())
}
