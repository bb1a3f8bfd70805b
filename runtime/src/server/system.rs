//! The session's own messages as a server gets them: pings, and the joins and leaves of channels that have no message for it.

use super::{Action, Context, Received, Rejection, connection_handle::ConnectionHandle, hub::KEY};
use crate::{
    DecodeError, DecodeErrorKind, Id, TagBuf,
    descriptor::{ProtocolDescriptor, ReplyKind, Tag},
    system::{ChannelOnly, Head, Role},
    transport::Packet,
};
use std::sync::Arc;

/// What does not wait for its turn.
#[derive(Debug)]
pub(crate) enum Urgent {
    Ping,
    Pong,
    /// The stream with this id is wanted no more.
    Cancel(Id),
}

/// What one of the session's own messages asks for.
#[derive(Debug)]
pub(crate) enum Request {
    Urgent(Urgent),
    Run(Received),
}

/// Whether a message that could not be read asks for an answer, as far as its tag says.
pub(crate) fn asks(table: &ProtocolDescriptor, tag: Option<&TagBuf>) -> bool {
    let Some(tag) = tag.map(TagBuf::borrow) else {
        return false;
    };
    let message = (table.client.lookup)(tag);
    match message.map(|message| table.client.messages[message].reply) {
        Some(reply) => matches!(reply, ReplyKind::One | ReplyKind::Stream),
        None => matches!(
            Role::of(tag, &table.session.roles),
            Some(Role::Join | Role::Leave)
        ),
    }
}

/// Whether a message need not wait for its turn. It is looked at by its envelope alone; a cancel that does not fit waits, and is
/// answered like any bad message.
pub(crate) fn urgent(connection: &Arc<ConnectionHandle>, packet: &Packet) -> Option<Urgent> {
    let table = connection.server.table;
    let source = connection.codec().source(packet.frame()).ok()?;
    let head = Head::read(&source, &table.client.envelope).ok()?;
    match Role::of(head.tag.borrow(), &table.session.roles) {
        Some(Role::Ping) => return Some(Urgent::Ping),
        Some(Role::Pong) => return Some(Urgent::Pong),
        _ => {}
    }
    let message = (table.client.lookup)(head.tag.borrow())?;
    if table.client.messages[message].reply != ReplyKind::Cancel {
        return None;
    }
    let source = connection.codec().source(packet.frame()).ok()?;
    let received = connection
        .server
        .service
        .receive(source, Context::new(connection.clone()));
    match received {
        Ok(Received {
            id: Some(id),
            action: Action::Cancel,
            ..
        }) => Some(Urgent::Cancel(id)),
        _ => None,
    }
}

/// What one of the session's own messages asks for. None where it is none of those a client sends.
pub(crate) fn read(
    connection: &Arc<ConnectionHandle>,
    packet: &Packet,
    rejected: &DecodeError,
) -> Option<Request> {
    let server = &connection.server;
    let roles = &server.table.session.roles;
    if rejected.kind != DecodeErrorKind::UnknownType {
        return None;
    }
    let role = Role::of(rejected.tag.as_ref()?.borrow(), roles)?;
    match role {
        Role::Ping => return Some(Request::Urgent(Urgent::Ping)),
        Role::Pong => return Some(Request::Urgent(Urgent::Pong)),
        _ => {}
    }
    let source = connection.codec().source(packet.frame()).ok()?;
    let head = Head::read(&source, &server.table.client.envelope).ok()?;
    let cx = Context::new(connection.clone()).request(head.id.clone(), head.channel.clone());
    let key = || {
        ChannelOnly::read(&head)
            .ok()
            .map(|ChannelOnly(key)| key.into_owned())
    };
    let (action, message): (Action, _) = match role {
        Role::Join => {
            let (key, tag) = (key()?, roles.join);
            (Action::Run(Box::pin(join(cx, key, tag))), "join")
        }
        Role::Leave => {
            let (key, tag) = (key()?, roles.leave);
            (Action::Run(Box::pin(leave(cx, key, tag))), "leave")
        }
        Role::Ping
        | Role::Pong
        | Role::Hello
        | Role::Ready
        | Role::Refuse
        | Role::Gap
        | Role::Error => return None,
    };
    let timeout = server.handler_timeout(None);
    Some(Request::Run(Received {
        id: head.id,
        action,
        asks: true,
        message,
        timeout,
    }))
}

/// Lets somebody into a channel that has no message for it.
async fn join(cx: Context, key: String, tag: Option<Tag>) {
    let server = cx.connection.server.clone();
    let Some(channel) = server.channel_of(&key).filter(|channel| !channel.has_join) else {
        return cx.refuse(&Rejection::not_joinable());
    };
    if !cx.may_enter(&key) {
        return;
    }
    if let Err(rejection) = server.service.authorize_join(&key, cx.clone()).await {
        return cx.refuse(&rejection);
    }
    let payload = serde_json::value::to_raw_value(&ChannelOnly((&*key).into()));
    cx.enter(
        key.into(),
        server.keep(Some(channel)),
        tag,
        payload.map(Some),
        None,
    )
    .await;
}

/// Lets somebody out of a channel that has no message for it.
async fn leave(cx: Context, key: String, tag: Option<Tag>) {
    if key.len() > KEY || cx.connection.server.channel_of(&key).is_none() {
        return cx.refuse(&Rejection::not_joinable());
    }
    cx.exit(&key, tag, &ChannelOnly((&*key).into()));
}
