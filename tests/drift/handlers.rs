//! Handles every message of the reference protocol, for `tests/drift.rs`, which adds one.

pub mod api;

use api::*;
use handfast::{
    HandlerError,
    server::{ConnectionInfo, StreamResponder},
};

/// An application that does nothing.
pub struct App;

/// What is not done here.
fn nothing<T>() -> T {
    unreachable!("this is compiled and never run")
}

impl api::SessionHandler for App {
    type Session = ();

    async fn authenticate(&self, _: Auth, _: &ConnectionInfo) -> Result<(), HandlerError<AuthError>> {
        Ok(())
    }
    fn principal<'a>(&self, _: &'a ()) -> Option<std::borrow::Cow<'a, str>> {
        None
    }
    fn room_presence(&self, _: &str, _: &Context<()>) -> RoomPresence {
        nothing()
    }
}

impl api::RoomHandler for App {
    async fn room_join(&self, _: RoomJoin, _: &Context<()>) -> Result<RoomJoined, HandlerError<RoomJoinError>> {
        nothing()
    }
    async fn room_leave(&self, _: RoomLeave, _: &Context<()>) -> Result<RoomLeft, HandlerError<RoomLeaveError>> {
        nothing()
    }
}

impl api::ChatHandler for App {
    async fn chat_send(&self, _: ChatSend, _: &Context<()>) -> Result<ChatSent, HandlerError<ChatSendError>> {
        nothing()
    }
}

impl api::UserHandler for App {
    async fn user_typing(&self, _: UserTypingClient, _: &Context<()>) {}
}

impl api::PricesHandler for App {
    async fn prices_watch(
        &self,
        _: PricesWatch,
        _: StreamResponder<PricesWatching, PricesTick>,
        _: &Context<()>,
    ) -> Result<PricesDone, HandlerError<PricesWatchError>> {
        nothing()
    }
    async fn prices_book(&self, _: PricesBook, _: &Context<()>) -> Result<PricesSnapshot, HandlerError<PricesBookError>> {
        nothing()
    }
    async fn prices_quote(&self, _: PricesQuote, _: &Context<()>) -> Result<PricesQuoted, HandlerError<PricesQuoteError>> {
        nothing()
    }
}

/// Every handler has to be there for this.
pub fn server() -> api::Server {
    api::Server::new(App)
}
