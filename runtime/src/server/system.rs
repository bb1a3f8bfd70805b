//! The session's own messages, as a server receives them: pings, joins and leaves of channels without messages of their own for that, and
//! credentials that replace those of the hello.

use super::{
    Action, ConnectRequest, Context, Received, Rejection, Service, connection_handle::Peer,
    context, encoder::SessionMessage, expiry::announced, handling::Handling, middleware::Progress,
    responder::Responder,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode, Side, TagBuf,
    codec::Source,
    descriptor::{Heading, ProtocolDescriptor, ReplyKind},
    replies::{ErrorPayload, Replier},
    system::{
        Authenticated, ChannelOnly, Head, MAX_KEY, PingFields, ReceivedNotice, RemoteError,
        ResumeAfter, Role, mapped,
    },
    transport::Packet,
};
use serde_json::value::RawValue;
use std::sync::{Arc, atomic::Ordering};

/// A message that skips the queue.
#[derive(Debug)]
pub(crate) enum Urgent {
    Ping(Ping),
    Pong,
    /// Acknowledges messages. `None` if it cannot be read.
    Received(Option<ReceivedNotice>),
    /// Cancels the stream with this id.
    Cancel(Id),
    /// Answers a request of the server.
    Answer,
    /// Has new credentials. It does not skip the queue.
    Auth,
}

/// The name under which new credentials are handled.
pub(crate) const AUTH: &str = "auth";

/// A ping: what its pong repeats.
#[derive(Debug, Default)]
pub(crate) struct Ping {
    id: Option<Id>,
    fields: PingFields,
}

impl Ping {
    pub(super) fn read(head: &Head<'_>) -> Self {
        Self {
            id: head.id.clone().filter(|id| !id.is_long()),
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
    /// It asks for the messages after this number, if it is one, though the session has begun.
    Resume(Option<u64>),
    Run(Received),
    /// It joins or leaves a channel, and its key cannot be read.
    NoKey(Option<Id>),
    /// A request of the server has failed.
    Failed(Option<Id>, RemoteError),
}

/// Whether a message that could not be decoded answers a request of the server.
pub(crate) fn is_answer(cx: &Context, error: &DecodeError) -> bool {
    let client = cx.caller.server.protocol.client;
    match &error.tag {
        Some(tag) => (client.lookup)(tag.borrow())
            .and_then(|message| client.messages.get(message))
            .is_some_and(|message| message.reply == ReplyKind::Answer),
        // Only its id says what it is.
        None => error
            .id
            .as_ref()
            .is_some_and(|id| cx.caller.connection.is_pending_call(id)),
    }
}

/// Whether a message that could not be decoded expects a reply, judging by its discriminant.
pub(crate) fn expects_reply(protocol: &ProtocolDescriptor, tag: Option<&TagBuf>) -> bool {
    let Some(tag) = tag.map(TagBuf::borrow) else {
        return false;
    };
    let message = (protocol.client.lookup)(tag);
    match message.map(|message| protocol.client.messages[message].reply) {
        Some(reply) => reply.is_request(),
        None => matches!(
            Role::of(tag, Side::Client, &protocol.session),
            Some(Role::Join | Role::Leave | Role::Auth)
        ),
    }
}

/// Returns the message if it skips the queue. Only the envelope is inspected; an invalid cancel is queued and answered like any invalid
/// message.
pub(crate) fn urgent(service: &dyn Service, cx: &Context, packet: &Packet) -> Option<Urgent> {
    let protocol = cx.caller.server.protocol;
    let source = cx.caller.connection.codec().source(packet.frame()).ok()?;
    let Some((head, role)) = find(&source, protocol) else {
        return untagged(service, cx, packet);
    };
    match role {
        Some(Role::Error) if cx.caller.connection.calls_so_far().is_some() => {
            return Some(Urgent::Answer);
        }
        Some(Role::Ping) => return Some(Urgent::Ping(Ping::read(&head))),
        Some(Role::Pong) => return Some(Urgent::Pong),
        Some(Role::Auth) => return Some(Urgent::Auth),
        Some(Role::Received) => {
            return Some(Urgent::Received(ReceivedNotice::read(&head).ok()));
        }
        _ => {}
    }
    let message = (protocol.client.lookup)(head.tag.borrow())?;
    match protocol.client.messages[message].reply {
        ReplyKind::Answer => return Some(Urgent::Answer),
        ReplyKind::Cancel => {}
        ReplyKind::None | ReplyKind::One | ReplyKind::Stream => return None,
    }
    let source = cx.caller.connection.codec().source(packet.frame()).ok()?;
    match service.receive(source, cx.clone()) {
        Ok(Received {
            request,
            action: Action::Cancel,
            ..
        }) => request.id.clone().map(Urgent::Cancel),
        _ => None,
    }
}

/// A message without a discriminant may answer a request of the server, which then says what it is.
fn untagged(service: &dyn Service, cx: &Context, packet: &Packet) -> Option<Urgent> {
    cx.caller.connection.calls_so_far()?;
    let source = cx.caller.connection.codec().source(packet.frame()).ok()?;
    match service.receive(source, cx.clone()) {
        Ok(Received {
            action: Action::Answer(_),
            ..
        }) => Some(Urgent::Answer),
        Ok(_) => None,
        Err(error) => is_answer(cx, &error).then_some(Urgent::Answer),
    }
}

/// Decodes one of the session's own messages. `None` if a client may not send it.
pub(crate) fn read(
    service: &Arc<dyn Service>,
    cx: &Context,
    packet: &Packet,
    error: &DecodeError,
) -> Option<Request> {
    let server = &cx.caller.server;
    let source = cx.caller.connection.codec().source(packet.frame()).ok()?;
    let (head, role) = find(&source, server.protocol)?;
    let role = role?;
    let mapped = role.mapped(&server.protocol.session.mapped);
    match error.kind {
        DecodeErrorKind::UnknownType => {}
        _ if role.is_known_by_its_tag() => {}
        // The envelope of the other messages does not fit.
        DecodeErrorKind::Envelope(_)
            if mapped.is_some_and(|mapped| mapped.own_envelope(Side::Client).is_some()) => {}
        _ => return None,
    }
    let key = || {
        ChannelOnly::read(&head)
            .ok()
            .map(|ChannelOnly(key)| key.into_owned())
    };
    let request = |message| {
        Arc::new(context::Request {
            message,
            id: head.id.clone(),
            channel: head.channel.clone(),
            progress: Progress::default(),
            position: context::position(head.seq, head.epoch.clone()),
            expects_reply: true,
            timeout: server.handler_timeout(None),
        })
    };
    let responder = |request: &Arc<context::Request>| {
        Responder::new(Context {
            request: Some(request.clone()),
            caller: cx.caller.clone(),
        })
    };
    let (action, request): (Action, _) = match role {
        Role::Received => {
            let notice = ReceivedNotice::read(&head).ok();
            return Some(Request::Urgent(Urgent::Received(notice)));
        }
        Role::Ping => return Some(Request::Urgent(Urgent::Ping(Ping::read(&head)))),
        Role::Pong => return Some(Request::Urgent(Urgent::Pong)),
        Role::Hello => return Some(Request::Hello),
        Role::Resume => {
            let after = ResumeAfter::read(&head).ok();
            return Some(Request::Resume(after.map(|after| after.seq)));
        }
        Role::Join | Role::Leave if key().is_none() => {
            return Some(Request::NoKey(head.id.filter(|id| !id.is_long())));
        }
        Role::Join => {
            let reply = cx.caller.connection.encoder.role_heading(role)?;
            let request = request("join");
            let join = join(service.clone(), responder(&request), key()?, reply);
            (Action::Run(Box::pin(join)), request)
        }
        Role::Leave => {
            let reply = cx.caller.connection.encoder.role_heading(role)?;
            let request = request("leave");
            let leave = leave(responder(&request), key()?, reply);
            (Action::Run(Box::pin(leave)), request)
        }
        Role::Auth => {
            let auth = head.raw_payload(&server.protocol.client.envelope).ok()?;
            let request = request(AUTH);
            let refresh = refresh(service.clone(), responder(&request), auth);
            (Action::Run(Box::pin(refresh)), request)
        }
        // Only a client that was asked something can fail to answer.
        Role::Error => {
            cx.caller.connection.calls_so_far()?;
            // One that cannot be read is a failure as well.
            let error =
                RemoteError::read(&head).unwrap_or_else(|_| RemoteError::failed(None, None));
            return Some(Request::Failed(head.id, error));
        }
        Role::Ready
        | Role::Refuse
        | Role::Gap
        | Role::Skip
        | Role::Presence
        | Role::Greeting
        | Role::Negotiate => return None,
    };
    let observed = Handling::is_observed(cx).then(|| cx.caller.clone());
    Some(Request::Run(Received {
        request,
        action,
        observed,
    }))
}

/// Joins a channel that has no join message of its own.
async fn join(service: Arc<dyn Service>, responder: Responder, key: String, reply: Heading) {
    let cx = responder.context();
    let Some(channel) = cx
        .caller
        .server
        .channel_of(&key)
        .filter(|channel| !channel.has_join)
    else {
        let content = Role::Join.content(cx.caller.server.protocol, Side::Client);
        return responder.reject(&Rejection::not_joinable(content));
    };
    let Some(joining) = responder.begin_join_key(&*key, channel).await else {
        return;
    };
    if let Err(rejection) = service.authorize_join(&key, cx.clone()).await {
        return responder.reject(&rejection);
    }
    let payload = channel_payload(cx.caller.server.protocol, Role::Join, &key);
    responder.join_key(joining, reply, payload, None);
}

/// Authenticates the client again. If that fails, its session stays as it is.
async fn refresh(service: Arc<dyn Service>, responder: Responder, auth: Box<RawValue>) {
    let cx = responder.context();
    let connection = &cx.caller.connection;
    let before = connection.peer();
    let request = ConnectRequest::again(auth, &cx.caller);
    let new = match service.connect(request).await {
        Ok(new) => new,
        Err(rejection) => {
            if !connection.refresh_logged.swap(true, Ordering::Relaxed) {
                tracing::info!(
                    connection = connection.id,
                    code = ?rejection.code,
                    "a client failed to authenticate again"
                );
            }
            return responder.reject(&rejection);
        }
    };
    // A session is one principal's: its channels were joined by that one.
    if service.principal(&new).as_deref() != connection.principal.as_deref() {
        if !connection.refresh_logged.swap(true, Ordering::Relaxed) {
            tracing::info!(
                connection = connection.id,
                "a client failed to authenticate again: another principal"
            );
        }
        let text = "these credentials are another principal's; a session keeps its own";
        return responder.send_error(&ErrorPayload::new(SessionCode::OtherPrincipal, text));
    }
    let current = connection.peer();
    // If the session was resumed meanwhile, the credentials of that hello are newer.
    let expires = if Arc::ptr_eq(&before.info, &current.info) {
        let session = service.refreshed(&current.session, new);
        let expires = service.expires(&session).map(announced);
        connection.refresh(Arc::new(Peer {
            session,
            ..Peer::clone(&current)
        }));
        expires
    } else {
        service.expires(&current.session).map(announced)
    };
    connection.answer_session(&SessionMessage {
        id: cx.id(),
        succeeded: Some(true),
        ..SessionMessage::new(Role::Auth, &Authenticated { expires })
    });
}

/// Leaves a channel that has no leave message of its own.
async fn leave(responder: Responder, key: String, reply: Heading) {
    let cx = responder.context();
    if key.len() > MAX_KEY || cx.caller.server.channel_of(&key).is_none() {
        let content = Role::Leave.content(cx.caller.server.protocol, Side::Client);
        return responder.reject(&Rejection::not_joinable(content));
    }
    if let Ok(payload) = channel_payload(cx.caller.server.protocol, Role::Leave, &key) {
        responder.leave_key(&key, reply, &payload);
    }
}

/// The payload of a join or leave that the server sends: an answer, or an announcement.
pub(super) fn channel_payload(
    protocol: &ProtocolDescriptor,
    role: Role,
    key: &str,
) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let payload = ChannelOnly(key.into());
    match role.mapped(&protocol.session.mapped) {
        Some(mapped) => mapped::write(mapped, &payload, None),
        None => serde_json::value::to_raw_value(&payload).map(Some),
    }
}

/// Reads the envelope of a client's message, and finds out which of the session's messages it is.
pub(crate) fn find<'a>(
    source: &Source<'a>,
    protocol: &'static ProtocolDescriptor,
) -> Option<(Head<'a>, Option<Role>)> {
    Head::find(source, protocol.client, Side::Client, &protocol.session).ok()
}
