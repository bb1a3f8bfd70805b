// with protocol.yaml
use api::{
    Auth, AuthError, ChatMessage, ChatSend, ChatSendError, ChatSent, Context,
    PricesBook, PricesBookError, PricesDone, PricesHandler, PricesQuote, PricesQuoteError,
    PricesQuoted, PricesSnapshot, PricesTick, PricesWatch, PricesWatchError, PricesWatching,
    RoomHandler, RoomJoin, RoomJoinError, RoomJoined, RoomLeave, RoomLeaveError, RoomLeft,
    RoomPresence, SessionHandler, UserHandler, UserName, UserTypingClient,
};
use handfast::{
    HandlerError,
    server::{ConnectionInfo, StreamResponder},
};
use std::{borrow::Cow, io};

pub struct App;

pub struct User {
    name: UserName,
}

impl App {
    async fn store(&self, _: &ChatSend) -> io::Result<()> {
        Ok(())
    }
}

pub async fn run(
    app: App,
    listener: tokio::net::TcpListener,
    router: axum::Router,
) -> io::Result<()> {
    // …
    Ok(())
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(&self, m: Auth, _: &ConnectionInfo) -> Result<User, HandlerError<AuthError>> {
        Ok(User { name: m.name })
    }

    fn principal<'a>(&self, _: &'a User) -> Option<Cow<'a, str>> {
        None
    }

    fn room_presence(&self, _: &str, _: &Context<User>) -> RoomPresence {
        unimplemented!()
    }
}

impl RoomHandler for App {
    async fn room_join(&self, _: RoomJoin, _: &Context<User>) -> Result<RoomJoined, HandlerError<RoomJoinError>> {
        unimplemented!()
    }

    async fn room_leave(&self, _: RoomLeave, _: &Context<User>) -> Result<RoomLeft, HandlerError<RoomLeaveError>> {
        unimplemented!()
    }
}

impl UserHandler for App {
    async fn user_typing(&self, _: UserTypingClient, _: &Context<User>) {}
}

impl PricesHandler for App {
    async fn prices_watch(
        &self,
        _: PricesWatch,
        _: StreamResponder<PricesWatching, PricesTick>,
        _: &Context<User>,
    ) -> Result<PricesDone, HandlerError<PricesWatchError>> {
        unimplemented!()
    }

    async fn prices_book(&self, _: PricesBook, _: &Context<User>) -> Result<PricesSnapshot, HandlerError<PricesBookError>> {
        unimplemented!()
    }

    async fn prices_quote(&self, _: PricesQuote, _: &Context<User>) -> Result<PricesQuoted, HandlerError<PricesQuoteError>> {
        unimplemented!()
    }
}
