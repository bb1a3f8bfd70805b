//! A small protocol of rooms and ticks, and a server for it: what the tests of server and client have in common.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses some of it"
)]

pub mod raw;

use handfast::{
    HandlerError, protocol,
    server::{ConnectionInfo, Rejection, StreamResponder},
    transport::CloseFrame,
};
use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::Semaphore;

pub const HASH: &str = "0123456789abcdef0123456789abcdef";

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Auth {
    #[protocol(min_length = 1)]
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoin {
    #[protocol(name = "roomId", pattern = "^[a-z0-9-]{1,64}$")]
    pub room_id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomLeave {
    #[protocol(name = "roomId")]
    pub room_id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSend {
    #[protocol(name = "roomId")]
    pub room_id: String,
    #[protocol(min_length = 1, max_length = 2000)]
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct UserTyping {
    #[protocol(name = "roomId")]
    pub room_id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct PricesWatch {
    #[protocol(minimum = 0)]
    pub count: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct PricesStop {}

/// Answered when the test lets it.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Crash {}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("room.join", reply = RoomJoined, errors = ChatSendError, join = Room, timeout_ms = 5000, idempotent)]
    RoomJoin(RoomJoin),
    #[message("room.leave", reply = RoomLeft, leave = Room, timeout_ms = 5000, idempotent)]
    RoomLeave(RoomLeave),
    #[message("chat.send", reply = ChatSent, errors = ChatSendError, timeout_ms = 5000)]
    ChatSend(ChatSend),
    #[message("user.typing", volatile)]
    UserTyping(UserTyping),
    #[message("prices.watch", stream(ack = PricesWatching, item = PricesTick, end = PricesDone, cancel = PricesStop), errors = WatchError, idempotent)]
    PricesWatch(PricesWatch),
    #[message("prices.stop", bare, cancels)]
    PricesStop(PricesStop),
    #[message("wait", bare, reply = Waited)]
    Wait(Wait),
    #[message("crash", bare)]
    Crash(Crash),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoined {
    pub members: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomLeft {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSent {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct ChatMessage {
    pub from: String,
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Typing {
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct PricesWatching {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct PricesTick {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct PricesDone {
    pub ticks: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Waited {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub text: String,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("room.joined")]
    RoomJoined(RoomJoined),
    #[message("room.left", bare)]
    RoomLeft(RoomLeft),
    #[message("chat.sent", bare)]
    ChatSent(ChatSent),
    #[message("chat.message", channel = Room)]
    ChatMessage(ChatMessage),
    #[message("user.typing", channel = Room, volatile)]
    Typing(Typing),
    #[message("prices.watching", bare)]
    PricesWatching(PricesWatching),
    #[message("prices.tick")]
    PricesTick(PricesTick),
    #[message("prices.done")]
    PricesDone(PricesDone),
    #[message("waited", bare)]
    Waited(Waited),
    #[message("news", channel = Lobby)]
    News(News),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    pub limit: i64,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum ChatSendError {
    #[error(wire = "ROOM_FULL", message = "The room has no place left.", retryable)]
    RoomFull(Limit),
    #[error(wire = "NOT_IN_ROOM", message = "Join the room first.")]
    NotInRoom,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum WatchError {
    #[error(
        wire = "UNKNOWN_SYMBOL",
        message = "Nothing of that name is traded here."
    )]
    UnknownSymbol,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum AuthError {
    #[error(
        wire = "BAD_TOKEN",
        message = "The token is not one of ours, or it has expired."
    )]
    BadToken,
}

#[protocol(channel = "room:{roomId}", join = RoomJoin, leave = RoomLeave)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    #[protocol(name = "roomId")]
    pub room_id: String,
}

/// Joined with the session's own `join`.
#[protocol(channel = "lobby")]
#[derive(Clone, Debug, PartialEq)]
pub struct Lobby {}

#[protocol(
    name = "chat",
    version = "1.2.0",
    accepts = ">=1.0",
    hash = "0123456789abcdef0123456789abcdef",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Lobby),
    auth = Auth,
    auth_errors = AuthError,
    authorize_joins,
    encodings(json = "chat.v1+json", msgpack = "chat.v1+msgpack", cbor = "chat.v1+cbor")
)]
#[derive(Clone, Copy, Debug)]
pub struct Chat;

pub struct User {
    pub name: String,
}

/// The application. Its clones are one.
#[derive(Clone)]
pub struct App(Arc<Inside>);

pub struct Inside {
    /// Lets `wait` be answered.
    pub gate: Semaphore,
    /// Counts the streams that were dropped.
    pub dropped: Arc<Semaphore>,
    pub closed: Mutex<Vec<String>>,
    /// The rooms that somebody asked to join.
    pub asked: Mutex<Vec<String>>,
    /// Lets streams of 77 ticks be accepted.
    pub start: Semaphore,
    /// Counts them.
    pub accepted: AtomicUsize,
}

impl std::ops::Deref for App {
    type Target = Inside;
    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl App {
    pub fn new() -> Self {
        Self(Arc::new(Inside {
            gate: Semaphore::new(0),
            dropped: Arc::new(Semaphore::new(0)),
            closed: Mutex::default(),
            asked: Mutex::default(),
            start: Semaphore::new(0),
            accepted: AtomicUsize::new(0),
        }))
    }
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(
        &self,
        m: Auth,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<AuthError>> {
        match &*m.name {
            "mallory" => Err(AuthError::BadToken.into()),
            "slow" => std::future::pending().await,
            _ => Ok(User { name: m.name }),
        }
    }

    async fn authorize_join(&self, _: &str, cx: &Context<User>) -> Result<(), Rejection> {
        match &*cx.session().name {
            "eve" => Err(Rejection::new("NOT_ALLOWED", "not for you")),
            _ => Ok(()),
        }
    }

    fn principal<'a>(&self, session: &'a User) -> Option<Cow<'a, str>> {
        let known = session.name.starts_with("known-");
        known.then(|| Cow::Borrowed(&*session.name))
    }

    fn disconnected(&self, session: &User, _: Option<&CloseFrame>) {
        self.closed
            .lock()
            .expect("it is whole")
            .push(session.name.clone());
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        m: RoomJoin,
        cx: &Context<User>,
    ) -> Result<RoomJoined, HandlerError<ChatSendError>> {
        self.asked
            .lock()
            .expect("it is whole")
            .push(m.room_id.clone());
        if m.room_id == "full" {
            return Err(ChatSendError::RoomFull(Limit { limit: 9 }).into());
        }
        let members = cx.room(&m.room_id).members();
        Ok(RoomJoined {
            members: members as i64,
        })
    }

    async fn room_leave(&self, _: RoomLeave, _: &Context<User>) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }
}

impl ChatHandler for App {
    async fn chat_send(
        &self,
        m: ChatSend,
        cx: &Context<User>,
    ) -> Result<ChatSent, HandlerError<ChatSendError>> {
        if m.room_id == "full" {
            return Err(ChatSendError::RoomFull(Limit { limit: 9 }).into());
        }
        let from = cx.session().name.clone();
        cx.room(&m.room_id)
            .publish(&ChatMessage { from, text: m.text });
        Ok(ChatSent {})
    }
}

impl UserHandler for App {
    async fn user_typing(&self, m: UserTyping, cx: &Context<User>) {
        let name = cx.session().name.clone();
        cx.room(&m.room_id).publish(&Typing { name });
    }
}

impl PricesHandler for App {
    async fn prices_watch(
        &self,
        m: PricesWatch,
        ticks: StreamResponder<PricesWatching, PricesTick>,
        _: &Context<User>,
    ) -> Result<PricesDone, HandlerError<WatchError>> {
        if m.count == 0 {
            return Err(WatchError::UnknownSymbol.into());
        }
        let _dropped = Dropped(self.dropped.clone());
        if m.count == 9 {
            // Forgets to accept.
            return Ok(PricesDone { ticks: 0 });
        }
        if m.count == 77 {
            self.start.acquire().await.expect("it is open").forget();
            let _ticks = ticks.accept(PricesWatching {});
            self.accepted.fetch_add(1, Ordering::SeqCst);
            return std::future::pending().await;
        }
        let mut count = m.count;
        if count == 78 {
            self.start.acquire().await.expect("it is open").forget();
            count = 1000;
        }
        let mut ticks = ticks.accept(PricesWatching {});
        for n in 0..count {
            if ticks.send(PricesTick { n }).await.is_err() {
                break;
            }
        }
        if m.count == 7 {
            std::future::pending::<()>().await;
        }
        Ok(PricesDone { ticks: m.count })
    }
}

impl Handler for App {
    async fn wait(&self, _: Wait, _: &Context<User>) -> Result<Waited, HandlerError> {
        self.gate.acquire().await.expect("it is open").forget();
        Ok(Waited {})
    }

    async fn crash(&self, _: Crash, _: &Context<User>) {
        panic!("as asked")
    }
}

struct Dropped(Arc<Semaphore>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}
