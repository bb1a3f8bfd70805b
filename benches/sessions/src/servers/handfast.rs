//! Handfast: what is generated from `protocol.yaml`, with its handlers.

use super::{Failure, listen};
use api::{
    Auth, AuthError, ChatHandler, ChatSend, ChatSent, RoomHandler, RoomId, RoomJoin, RoomJoined,
    RoomSaid, RoomSay, SessionHandler,
};
use handfast::{HandlerError, server::ConnectionInfo};
use std::borrow::Cow;

#[allow(unreachable_pub, reason = "it is generated")]
mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

struct App;

type Context = api::Context<User>;

struct User {
    name: Box<str>,
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(
        &self,
        m: Auth,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<AuthError>> {
        let name = m
            .token
            .strip_prefix("secret of ")
            .ok_or(AuthError::BadToken)?;
        Ok(User { name: name.into() })
    }

    fn principal<'a>(&self, user: &'a User) -> Option<Cow<'a, str>> {
        Some((&*user.name).into())
    }
}

impl ChatHandler for App {
    async fn chat_send(&self, m: ChatSend, _: &Context) -> Result<ChatSent, HandlerError> {
        Ok(ChatSent { at: m.sent_at })
    }
}

impl RoomHandler for App {
    async fn room_join(&self, _: RoomJoin, _: &Context) -> Result<RoomJoined, HandlerError> {
        Ok(RoomJoined {})
    }

    async fn room_say(&self, m: RoomSay, cx: &Context) {
        let room: &RoomId = &m.room_id;
        cx.room(room).publish(&RoomSaid {
            room_id: m.room_id.clone(),
            from: m.from,
            text: m.text,
            sent_at: m.sent_at,
        });
    }
}

pub(super) async fn serve() -> Result<(), Failure> {
    let router = api::Server::builder(App)
        .max_connections(100_000)
        .build()
        .router();
    handfast::server::serve(listen().await?, router)
        .connections(100_000)
        .await?;
    Ok(())
}
