//! The session's own messages, as a server receives them: pings, and joins and leaves of channels without messages of their own for that.

use super::{
    Action, Context, Received, Rejection, Service, context,
    encoder::{Heading, SessionMessage, is_long},
    handling::Handling,
    membership::MAX_KEY,
    middleware::Progress,
    responder::Responder,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, Side, TagBuf,
    codec::Source,
    descriptor::{ProtocolDescriptor, ReplyKind},
    system::{ChannelOnly, Head, PingFields, ReceivedNotice, Role, mapped},
    transport::Packet,
};
use serde_json::value::RawValue;
use std::sync::Arc;

/// A message that skips the queue.
#[derive(Debug)]
pub(crate) enum Urgent {
    Ping(Ping),
    Pong,
    /// Acknowledges messages.
    Received(ReceivedNotice),
    /// Cancels the stream with this id.
    Cancel(Id),
}

/// A ping: what its pong repeats.
#[derive(Debug, Default)]
pub(crate) struct Ping {
    id: Option<Id>,
    fields: PingFields,
}

impl Ping {
    pub(super) fn read(head: &Head<'_>) -> Self {
        Self {
            id: head.id.clone().filter(|id| !is_long(id)),
            fields: PingFields::read(head),
        }
    }

    /// Returns the pong.
    pub(super) fn pong(&self) -> SessionMessage<'_> {
        SessionMessage {
            id: self.id.as_ref(),
            payload: self.fields.fields(),
            ..SessionMessage::bare(Role::Pong)
        }
    }
}

/// A message of the session itself.
#[derive(Debug)]
pub(crate) enum Request {
    /// A hello, though the session is ready.
    Hello,
    Urgent(Urgent),
    Run(Received),
}

/// Whether a message that could not be decoded expects a reply, judging by its discriminant.
pub(crate) fn expects_reply(protocol: &ProtocolDescriptor, tag: Option<&TagBuf>) -> bool {
    let Some(tag) = tag.map(TagBuf::borrow) else {
        return false;
    };
    let message = (protocol.client.lookup)(tag);
    match message.map(|message| protocol.client.messages[message].reply) {
        Some(reply) => matches!(reply, ReplyKind::One | ReplyKind::Stream),
        None => matches!(
            Role::of(tag, &protocol.session.roles),
            Some(Role::Join | Role::Leave)
        ),
    }
}

/// Returns the message if it skips the queue. Only the envelope is inspected; an invalid cancel is queued and answered like any invalid
/// message.
pub(crate) fn urgent(service: &dyn Service, cx: &Context, packet: &Packet) -> Option<Urgent> {
    let protocol = cx.server.protocol;
    let source = cx.connection.codec().source(packet.frame()).ok()?;
    let (head, role) = find(&source, protocol)?;
    match role {
        Some(Role::Ping) => return Some(Urgent::Ping(Ping::read(&head))),
        Some(Role::Pong) => return Some(Urgent::Pong),
        Some(Role::Received) => return ReceivedNotice::read(&head).ok().map(Urgent::Received),
        _ => {}
    }
    let message = (protocol.client.lookup)(head.tag.borrow())?;
    if protocol.client.messages[message].reply != ReplyKind::Cancel {
        return None;
    }
    let source = cx.connection.codec().source(packet.frame()).ok()?;
    match service.receive(source, cx.clone()) {
        Ok(Received {
            id: Some(id),
            action: Action::Cancel,
            ..
        }) => Some(Urgent::Cancel(id)),
        _ => None,
    }
}

/// Decodes one of the session's own messages. `None` if a client may not send it.
pub(crate) fn read(
    service: &Arc<dyn Service>,
    cx: &Context,
    packet: &Packet,
    error: &DecodeError,
) -> Option<Request> {
    let server = &cx.server;
    let source = cx.connection.codec().source(packet.frame()).ok()?;
    let (head, role) = find(&source, server.protocol)?;
    let role = role?;
    let mapped = role.mapped(&server.protocol.session.mapped);
    match error.kind {
        DecodeErrorKind::UnknownType => {}
        // The envelope of the other messages does not fit.
        DecodeErrorKind::Envelope(_)
            if mapped.is_some_and(|mapped| mapped.own_envelope(Side::Client).is_some()) => {}
        _ => return None,
    }
    let responder = |message| {
        Responder::new(Context {
            request: Some(Arc::new(context::Request {
                message,
                id: head.id.clone(),
                channel: head.channel.clone(),
                progress: Progress::default(),
                position: context::position(head.seq, head.epoch.clone()),
            })),
            ..cx.clone()
        })
    };
    let key = || {
        ChannelOnly::read(&head)
            .ok()
            .map(|ChannelOnly(key)| key.into_owned())
    };
    let responder = |message| {
        let responder = responder(message);
        let cx = responder.context();
        let observed = Handling::is_observed(&cx).then_some(cx);
        (responder, observed)
    };
    let (action, message, observed): (Action, _, _) = match role {
        Role::Received => {
            let notice = ReceivedNotice::read(&head).ok()?;
            return Some(Request::Urgent(Urgent::Received(notice)));
        }
        Role::Ping => return Some(Request::Urgent(Urgent::Ping(Ping::read(&head)))),
        Role::Pong => return Some(Request::Urgent(Urgent::Pong)),
        Role::Hello => return Some(Request::Hello),
        Role::Join => {
            let reply = cx.connection.encoder.role_heading(role)?;
            let (responder, observed) = responder("join");
            let join = join(service.clone(), responder, key()?, reply);
            (Action::Run(Box::pin(join)), "join", observed)
        }
        Role::Leave => {
            let reply = cx.connection.encoder.role_heading(role)?;
            let (responder, observed) = responder("leave");
            let leave = leave(responder, key()?, reply);
            (Action::Run(Box::pin(leave)), "leave", observed)
        }
        Role::Ready | Role::Refuse | Role::Gap | Role::Skip | Role::Error | Role::Greeting => {
            return None;
        }
    };
    let timeout = server.handler_timeout(None);
    Some(Request::Run(Received {
        id: head.id,
        action,
        expects_reply: true,
        message,
        timeout,
        observed,
    }))
}

/// Joins a channel that has no join message of its own.
async fn join(service: Arc<dyn Service>, responder: Responder, key: String, reply: Heading) {
    let cx = responder.context();
    let Some(channel) = cx
        .server
        .channel_of(&key)
        .filter(|channel| !channel.has_join)
    else {
        return responder.reject(&Rejection::not_joinable());
    };
    let retention = cx.server.retention(Some(channel));
    let Some(joining) = responder.begin_join_key(&*key, retention).await else {
        return;
    };
    if let Err(rejection) = service.authorize_join(&key, cx.clone()).await {
        return responder.reject(&rejection);
    }
    let payload = channel_payload(&cx, Role::Join, &key);
    responder.join_key(joining, reply, payload, None);
}

/// Leaves a channel that has no leave message of its own.
async fn leave(responder: Responder, key: String, reply: Heading) {
    let cx = responder.context();
    if key.len() > MAX_KEY || cx.server.channel_of(&key).is_none() {
        return responder.reject(&Rejection::not_joinable());
    }
    if let Ok(payload) = channel_payload(&cx, Role::Leave, &key) {
        responder.leave_key(&key, reply, &payload);
    }
}

/// The payload of the answer to a join or leave.
fn channel_payload(
    cx: &Context,
    role: Role,
    key: &str,
) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let payload = ChannelOnly(key.into());
    match role.mapped(&cx.server.protocol.session.mapped) {
        Some(mapped) => mapped::write(mapped, &payload, None),
        None => serde_json::value::to_raw_value(&payload).map(Some),
    }
}

/// Reads the envelope of a client's message, and finds out which of the session's messages it is.
fn find<'a>(
    source: &Source<'a>,
    protocol: &'static ProtocolDescriptor,
) -> Option<(Head<'a>, Option<Role>)> {
    Head::find(source, protocol.client, Side::Client, &protocol.session).ok()
}
