//! The application: who may connect, and a handler for every message of the protocol.

use crate::{
    api::{
        Auth, AuthError, ChatHandler, ChatMessage, ChatSend, ChatSendError, ChatSent, Context,
        Member, PricesBook, PricesBookError, PricesDone, PricesHandler, PricesQuote,
        PricesQuoteError, PricesQuoted, PricesSnapshot, PricesTick, PricesWatch, PricesWatchError,
        PricesWatching, RoomFullErrorData, RoomHandler, RoomJoin, RoomJoinError, RoomJoined,
        RoomLeave, RoomLeaveError, RoomLeft, RoomPresence, SessionHandler, UserHandler,
        UserTypingClient, UserTypingServer,
    },
    market::Market,
};
use handfast::{
    HandlerError,
    server::{ConnectionInfo, StreamResponder},
};
use std::{borrow::Cow, sync::Arc, time::Duration};

/// How many fit into a room, about: those who join at the same moment may all find the last place free.
const ROOM_LIMIT: usize = 100;

/// What all connections share. A clone is a counted reference.
#[derive(Clone)]
pub struct App {
    market: Arc<Market>,
}

impl App {
    pub fn new() -> Self {
        Self {
            market: Market::new(),
        }
    }

    /// Begins to trade.
    pub fn open(&self) {
        tokio::spawn(self.market.clone().trade());
    }
}

impl SessionHandler for App {
    type Session = Member;

    async fn authenticate(
        &self,
        m: Auth,
        _: &ConnectionInfo,
    ) -> Result<Member, HandlerError<AuthError>> {
        // Anybody may talk here. A token is only looked at to show a refusal.
        if m.token.as_deref() == Some("expired") {
            return Err(AuthError::BadToken.into());
        }
        Ok(Member {
            name: m.name,
            device: m.device,
        })
    }

    /// Nobody has to prove a name here.
    fn principal<'a>(&self, _: &'a Member) -> Option<Cow<'a, str>> {
        None
    }

    /// What the members of a room learn of each other.
    fn room_presence(&self, _: &str, cx: &Context<Member>) -> RoomPresence {
        RoomPresence(cx.session().clone())
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        m: RoomJoin,
        cx: &Context<Member>,
    ) -> Result<RoomJoined, HandlerError<RoomJoinError>> {
        let room = cx.room(&m.room_id);
        if !room.is_joined() && room.members() >= ROOM_LIMIT {
            return Err(RoomJoinError::RoomFull(RoomFullErrorData {
                limit: ROOM_LIMIT as u64,
            })
            .into());
        }
        let topic = (m.room_id.as_str() == "lobby")
            .then(|| "Say hello. Open a second tab to answer yourself.".to_owned());
        Ok(RoomJoined {
            topic: topic.into(),
        })
    }

    async fn room_leave(
        &self,
        m: RoomLeave,
        cx: &Context<Member>,
    ) -> Result<RoomLeft, HandlerError<RoomLeaveError>> {
        if !cx.room(&m.room_id).is_joined() {
            return Err(RoomLeaveError::NotInRoom.into());
        }
        Ok(RoomLeft {})
    }
}

impl ChatHandler for App {
    async fn chat_send(
        &self,
        m: ChatSend,
        cx: &Context<Member>,
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
    async fn user_typing(&self, m: UserTypingClient, cx: &Context<Member>) {
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
        _: &Context<Member>,
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
        _: &Context<Member>,
    ) -> Result<PricesSnapshot, HandlerError<PricesBookError>> {
        Ok(self.market.book(&m.symbol, m.depth.unwrap_or(10).into())?)
    }

    async fn prices_quote(
        &self,
        m: PricesQuote,
        _: &Context<Member>,
    ) -> Result<PricesQuoted, HandlerError<PricesQuoteError>> {
        let price = self.market.tick(&m.symbol)?.price;
        Ok(PricesQuoted { price })
    }
}
