//! The application: who may connect, and a handler for every message of the protocol.

use crate::{
    api::{
        Auth, AuthError, ChatHandler, ChatMessage, ChatSend, ChatSendError, ChatSent, Context,
        PricesBook, PricesBookError, PricesDone, PricesHandler, PricesQuote, PricesQuoteError,
        PricesQuoted, PricesSnapshot, PricesTick, PricesWatch, PricesWatchError, PricesWatching,
        RoomHandler, RoomId, RoomJoin, RoomJoinError, RoomJoined, RoomLeave, RoomLeaveError,
        RoomLeft, ServerHandle, SessionHandler, UserHandler, UserName, UserTypingClient,
        UserTypingServer,
    },
    market::Market,
    rooms::Rooms,
};
use handfast::{
    HandlerError,
    server::{ConnectionInfo, StreamResponder},
    transport::CloseFrame,
};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What all connections share. A clone is two counted references.
#[derive(Clone)]
pub struct App {
    rooms: Arc<Rooms>,
    market: Arc<Market>,
}

/// Somebody who is connected.
pub struct User {
    name: UserName,
    /// The rooms they are in, so that they can be taken out when they go.
    rooms: Mutex<BTreeSet<RoomId>>,
}

impl User {
    fn rooms(&self) -> std::sync::MutexGuard<'_, BTreeSet<RoomId>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    pub fn new() -> Self {
        Self {
            rooms: Arc::new(Rooms::default()),
            market: Market::new(),
        }
    }

    /// Begins to trade and to publish.
    pub fn open(&self, handle: ServerHandle) {
        self.rooms.publish_with(handle);
        tokio::spawn(self.market.clone().trade());
    }
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(
        &self,
        m: Auth,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<AuthError>> {
        // Anybody may talk here. A token is only looked at to show a refusal.
        if m.token.as_deref() == Some("expired") {
            return Err(AuthError::BadToken.into());
        }
        Ok(User {
            name: m.name,
            rooms: Mutex::default(),
        })
    }

    /// Nobody has to prove a name here.
    fn principal<'a>(&self, _: &'a User) -> Option<Cow<'a, str>> {
        None
    }

    fn disconnected(&self, user: &User, _: Option<&CloseFrame>) {
        for room in std::mem::take(&mut *user.rooms()) {
            self.rooms.leave(&room, &user.name);
        }
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        m: RoomJoin,
        cx: &Context<User>,
    ) -> Result<RoomJoined, HandlerError<RoomJoinError>> {
        let user = cx.session();
        if user.rooms().insert(m.room_id.clone())
            && let Err(full) = self.rooms.enter(&m.room_id, &user.name)
        {
            user.rooms().remove(&m.room_id);
            return Err(RoomJoinError::RoomFull(full).into());
        }
        Ok(RoomJoined {
            members: self.rooms.members(&m.room_id),
            topic: self.rooms.topic(&m.room_id).into(),
        })
    }

    async fn room_leave(
        &self,
        m: RoomLeave,
        cx: &Context<User>,
    ) -> Result<RoomLeft, HandlerError<RoomLeaveError>> {
        let user = cx.session();
        if !user.rooms().remove(&m.room_id) {
            return Err(RoomLeaveError::NotInRoom.into());
        }
        self.rooms.leave(&m.room_id, &user.name);
        Ok(RoomLeft {})
    }
}

impl ChatHandler for App {
    async fn chat_send(
        &self,
        m: ChatSend,
        cx: &Context<User>,
    ) -> Result<ChatSent, HandlerError<ChatSendError>> {
        let room = cx.room(&m.room_id);
        if !room.is_joined() {
            return Err(ChatSendError::NotInRoom.into());
        }
        room.publish(&ChatMessage {
            from: cx.session().name.clone(),
            text: m.text,
            attachments: m.attachments,
        });
        Ok(ChatSent {})
    }
}

impl UserHandler for App {
    async fn user_typing(&self, m: UserTypingClient, cx: &Context<User>) {
        let room = cx.room(&m.room_id);
        if room.is_joined() {
            room.publish(&UserTypingServer {
                name: cx.session().name.clone(),
            });
        }
    }
}

impl PricesHandler for App {
    async fn prices_watch(
        &self,
        m: PricesWatch,
        ticks: StreamResponder<PricesWatching, PricesTick>,
        _: &Context<User>,
    ) -> Result<PricesDone, HandlerError<PricesWatchError>> {
        for symbol in &m.symbols {
            self.market.tick(symbol)?;
        }
        let every = Duration::from_millis(m.every_or_default().into());
        let mut ticks = ticks.accept(PricesWatching {});
        let mut sent = 0;
        let mut clock = tokio::time::interval(every);
        // When the client cancels or goes, this future is dropped where it waits.
        loop {
            clock.tick().await;
            for symbol in &m.symbols {
                if ticks.send(self.market.tick(symbol)?).await.is_err() {
                    return Ok(PricesDone { ticks: sent });
                }
                sent += 1;
            }
        }
    }

    async fn prices_book(
        &self,
        m: PricesBook,
        _: &Context<User>,
    ) -> Result<PricesSnapshot, HandlerError<PricesBookError>> {
        Ok(self.market.book(&m.symbol, m.depth.unwrap_or(10).into())?)
    }

    async fn prices_quote(
        &self,
        m: PricesQuote,
        _: &Context<User>,
    ) -> Result<PricesQuoted, HandlerError<PricesQuoteError>> {
        let price = self.market.tick(&m.symbol)?.price;
        Ok(PricesQuoted { price })
    }
}
