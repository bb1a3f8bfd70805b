//! The session's own messages, as a server receives them: pings, joins and leaves of channels without messages of their own for that, and
//! credentials that replace those of the hello.

use super::{
    Action, ConnectRequest, Context, Received, Rejection, Service, connection_handle::Peer,
    context, expiry::announced, handling::Handling, membership::MAX_KEY, middleware::Progress,
    responder::Responder,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode, TagBuf,
    codec::Outgoing,
    descriptor::{ProtocolDescriptor, ReplyKind, Tag},
    replies::{ErrorPayload, Replier},
    system::{Authenticated, ChannelOnly, Head, ReceivedNotice, RemoteError, Role},
    transport::Packet,
};
use serde_json::value::RawValue;
use std::sync::{Arc, atomic::Ordering};

/// A message that skips the queue.
#[derive(Debug)]
pub(crate) enum Urgent {
    Ping,
    Pong,
    /// Acknowledges messages.
    Received(ReceivedNotice),
    /// Cancels the stream with this id.
    Cancel(Id),
    /// Answers a request of the server.
    Answer,
}

/// A message of the session itself.
#[derive(Debug)]
pub(crate) enum Request {
    Urgent(Urgent),
    Run(Received),
    /// A request of the server has failed.
    Failed(Option<Id>, RemoteError),
}

/// Whether a message that could not be decoded answers a request of the server.
pub(crate) fn is_answer(cx: &Context, error: &DecodeError) -> bool {
    let client = cx.server.protocol.client;
    match &error.tag {
        Some(tag) => (client.lookup)(tag.borrow())
            .and_then(|message| client.messages.get(message))
            .is_some_and(|message| message.reply == ReplyKind::Answer),
        // Only its id says what it is.
        None => error
            .id
            .as_ref()
            .is_some_and(|id| cx.connection.is_pending_call(id)),
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
            Role::of(tag, &protocol.session.roles),
            Some(Role::Join | Role::Leave | Role::Auth)
        ),
    }
}

/// Returns the message if it skips the queue. Only the envelope is inspected; an invalid cancel is queued and answered like any invalid
/// message.
pub(crate) fn urgent(service: &dyn Service, cx: &Context, packet: &Packet) -> Option<Urgent> {
    let protocol = cx.server.protocol;
    let source = cx.connection.codec().source(packet.frame()).ok()?;
    let Ok(head) = Head::read(&source, &protocol.client.envelope) else {
        return untagged(service, cx, packet);
    };
    match Role::of(head.tag.borrow(), &protocol.session.roles) {
        Some(Role::Error) if cx.connection.calls_so_far().is_some() => return Some(Urgent::Answer),
        Some(Role::Ping) => return Some(Urgent::Ping),
        Some(Role::Pong) => return Some(Urgent::Pong),
        Some(Role::Received) => return ReceivedNotice::read(&head).ok().map(Urgent::Received),
        _ => {}
    }
    let message = (protocol.client.lookup)(head.tag.borrow())?;
    match protocol.client.messages[message].reply {
        ReplyKind::Answer => return Some(Urgent::Answer),
        ReplyKind::Cancel => {}
        ReplyKind::None | ReplyKind::One | ReplyKind::Stream => return None,
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

/// A message without a discriminant may answer a request of the server, which then says what it is.
fn untagged(service: &dyn Service, cx: &Context, packet: &Packet) -> Option<Urgent> {
    cx.connection.calls_so_far()?;
    let source = cx.connection.codec().source(packet.frame()).ok()?;
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
    let server = &cx.server;
    let roles = &server.protocol.session.roles;
    if error.kind != DecodeErrorKind::UnknownType {
        return None;
    }
    let role = Role::of(error.tag.as_ref()?.borrow(), roles)?;
    match role {
        Role::Ping => return Some(Request::Urgent(Urgent::Ping)),
        Role::Pong => return Some(Request::Urgent(Urgent::Pong)),
        _ => {}
    }
    let source = cx.connection.codec().source(packet.frame()).ok()?;
    let head = Head::read(&source, &server.protocol.client.envelope).ok()?;
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
        Role::Join => {
            let (key, tag) = (key()?, roles.join);
            {
                let service = service.clone();
                let (responder, observed) = responder("join");
                let join = join(service, responder, key, tag);
                (Action::Run(Box::pin(join)), "join", observed)
            }
        }
        Role::Leave => {
            let (key, tag) = (key()?, roles.leave);
            {
                let (responder, observed) = responder("leave");
                let leave = leave(responder, key, tag);
                (Action::Run(Box::pin(leave)), "leave", observed)
            }
        }
        Role::Auth => {
            let auth = head.raw_payload(&server.protocol.client.envelope).ok()?;
            let (responder, observed) = responder("auth");
            let refresh = refresh(service.clone(), responder, auth, roles.auth);
            (Action::Run(Box::pin(refresh)), "auth", observed)
        }
        // Only a client that was asked something can fail to answer.
        Role::Error => {
            cx.connection.calls_so_far()?;
            let error = RemoteError::read(&head).ok()?;
            return Some(Request::Failed(head.id, error));
        }
        Role::Ping
        | Role::Pong
        | Role::Hello
        | Role::Ready
        | Role::Refuse
        | Role::Gap
        | Role::Skip => return None,
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
async fn join(service: Arc<dyn Service>, responder: Responder, key: String, tag: Option<Tag>) {
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
    let payload = serde_json::value::to_raw_value(&ChannelOnly((&*key).into()));
    responder.join_key(joining, tag, payload.map(Some), None);
}

/// Authenticates the client again. If that fails, its session stays as it is.
async fn refresh(
    service: Arc<dyn Service>,
    responder: Responder,
    auth: Box<RawValue>,
    tag: Option<Tag>,
) {
    let cx = responder.context();
    let connection = &cx.connection;
    let request = ConnectRequest::again(auth, &cx.peer);
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
    let session = service.refreshed(&current.session, new);
    let expires = service.expires(&session).map(announced);
    connection.refresh(Arc::new(Peer {
        session,
        ..Peer::clone(&current)
    }));
    let encoder = &connection.encoder;
    connection.answer(&Outgoing {
        payload: Some(&Authenticated { expires }),
        id: cx.id(),
        is_reply: true,
        outcome: Some(true),
        timestamp: encoder.timestamp(),
        ..encoder.outgoing(tag)
    });
}

/// Leaves a channel that has no leave message of its own.
async fn leave(responder: Responder, key: String, tag: Option<Tag>) {
    let cx = responder.context();
    if key.len() > MAX_KEY || cx.server.channel_of(&key).is_none() {
        return responder.reject(&Rejection::not_joinable());
    }
    responder.leave_key(&key, tag, &ChannelOnly((&*key).into()));
}
