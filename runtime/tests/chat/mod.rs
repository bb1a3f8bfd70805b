//! A small protocol of rooms and ticks, and a server for it: what the tests of server and client have in common.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses some of it"
)]

pub mod raw;

use handfast::{
    ChannelKey, Protocol, Request,
    codec::Source,
    protocol,
    server::{Action, Context, Opening, Received, Refusal, Server, Service, Session},
    table::{ChannelTable, LimitsTable, ProtocolTable, SessionTable},
};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
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
    #[message("room.join", timeout_ms = 5000, idempotent)]
    RoomJoin(RoomJoin),
    #[message("room.leave", timeout_ms = 5000, idempotent)]
    RoomLeave(RoomLeave),
    #[message("chat.send", reply = ChatSent, errors = ChatSendError, timeout_ms = 5000)]
    ChatSend(ChatSend),
    #[message("user.typing", volatile)]
    UserTyping(UserTyping),
    #[message("prices.watch", stream(ack = PricesWatching, item = PricesTick, end = PricesDone, cancel = PricesStop), errors = WatchError)]
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

pub struct Room {
    pub room_id: String,
}

pub fn room(room_id: &str) -> Room {
    Room {
        room_id: room_id.to_owned(),
    }
}

impl ChannelKey for Room {
    const TABLE: &'static ChannelTable = &CHANNELS[0];
    fn key(&self) -> String {
        format!("room:{}", self.room_id)
    }
}

/// Joined with the session's own `join`.
pub struct Lobby;

impl ChannelKey for Lobby {
    const TABLE: &'static ChannelTable = &CHANNELS[1];
    fn key(&self) -> String {
        "lobby".to_owned()
    }
}

static CHANNELS: [ChannelTable; 2] = [
    ChannelTable {
        name: "room",
        key: "room:{roomId}",
        has_join: true,
        history: None,
    },
    ChannelTable {
        name: "lobby",
        key: "lobby",
        has_join: false,
        history: None,
    },
];

pub struct Chat;

impl Protocol for Chat {
    type Client = ClientMessage;
    type Server = ServerMessage;
    const TABLE: &'static ProtocolTable = &TABLE;
}

pub static TABLE: ProtocolTable = ProtocolTable {
    name: "chat",
    version: "1.2.0",
    accepts: ">=1.0",
    hash: HASH,
    client: <ClientMessage as handfast::Messages>::TABLE,
    server: <ServerMessage as handfast::Messages>::TABLE,
    channels: &CHANNELS,
    session: SessionTable {
        auth: true,
        ..SessionTable::DEFAULT
    },
    limits: LimitsTable::DEFAULT,
    encodings: &[("json", "chat.v1+json")],
    closes: &[],
};

impl Request for RoomJoin {
    type Reply = RoomJoined;
    type Item = ();
    type End = ();
    type Error = ChatSendError;
}

impl Request for ChatSend {
    type Reply = ChatSent;
    type Item = ();
    type End = ();
    type Error = ChatSendError;
}

impl Request for Wait {
    type Reply = Waited;
    type Item = ();
    type End = ();
    type Error = handfast::NoError;
}

impl Request for PricesWatch {
    type Reply = PricesWatching;
    type Item = PricesTick;
    type End = PricesDone;
    type Error = WatchError;
}

pub struct User {
    pub name: String,
}

/// The application.
pub struct App {
    /// Lets `wait` be answered.
    pub gate: Semaphore,
    /// Counts the ticks of streams that were dropped.
    pub dropped: Arc<Semaphore>,
    pub closed: Mutex<Vec<String>>,
}

impl App {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            gate: Semaphore::new(0),
            dropped: Arc::new(Semaphore::new(0)),
            closed: Mutex::default(),
        })
    }

    pub fn server(self: &Arc<Self>) -> Server {
        Server::new(Arc::new(Shell(self.clone())))
    }

    async fn room_join(&self, m: RoomJoin, cx: &Context) -> Result<RoomJoined, ChatSendError> {
        if m.room_id == "full" {
            return Err(ChatSendError::RoomFull(Limit { limit: 9 }));
        }
        let members = cx.publisher(&room(&m.room_id)).members();
        Ok(RoomJoined {
            members: members as i64,
        })
    }

    async fn chat_send(&self, m: ChatSend, cx: &Context) -> Result<ChatSent, ChatSendError> {
        if m.room_id == "full" {
            return Err(ChatSendError::RoomFull(Limit { limit: 9 }));
        }
        let from = cx.session::<User>().name.clone();
        cx.publish(&room(&m.room_id), &ChatMessage { from, text: m.text });
        Ok(ChatSent {})
    }

    async fn prices_watch(
        &self,
        m: PricesWatch,
        ticks: handfast::server::Stream<PricesWatching, PricesTick>,
    ) -> Result<PricesDone, WatchError> {
        if m.count == 0 {
            return Err(WatchError::UnknownSymbol);
        }
        let _dropped = Dropped(self.dropped.clone());
        let mut ticks = ticks.accept(PricesWatching {});
        for n in 0..m.count {
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

struct Dropped(Arc<Semaphore>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

type S = ServerMessage;

/// What `#[protocol]` makes of the handlers.
struct Shell(Arc<App>);

impl Service for Shell {
    fn table(&self) -> &'static ProtocolTable {
        Chat::TABLE
    }

    fn open<'a>(
        &'a self,
        opening: Opening,
    ) -> Pin<Box<dyn Future<Output = Result<Session, Refusal>> + Send + 'a>> {
        Box::pin(async move {
            let auth: Auth = opening.auth()?;
            if auth.name == "mallory" {
                return Err(Refusal::from_error(&AuthError::BadToken));
            }
            Ok(Arc::new(User { name: auth.name }) as Session)
        })
    }

    fn receive(
        &self,
        source: Source<'_>,
        cx: Context,
    ) -> Result<Received, Box<handfast::Rejected>> {
        let app = self.0.clone();
        cx.receive::<ClientMessage>(source, |message, cx| match message {
            ClientMessage::RoomJoin(m) => {
                let channel = room(&m.room_id);
                Action::Run(Box::pin(async move {
                    let result = app.room_join(m, &cx).await;
                    cx.join::<S, _, _, _>(&channel, &result).await;
                }))
            }
            ClientMessage::RoomLeave(m) => {
                let channel = room(&m.room_id);
                Action::Run(Box::pin(async move {
                    cx.part::<S, _, _, _>(&channel, &Ok::<_, handfast::NoError>(RoomLeft {}));
                }))
            }
            ClientMessage::ChatSend(m) => Action::Run(Box::pin(async move {
                let result = app.chat_send(m, &cx).await;
                cx.answer::<S, _, _>(&result);
            })),
            ClientMessage::UserTyping(m) => Action::Run(Box::pin(async move {
                let name = cx.session::<User>().name.clone();
                cx.publish(&room(&m.room_id), &Typing { name });
            })),
            ClientMessage::PricesWatch(m) => {
                let ticks = cx.stream::<S, _, _>();
                Action::Stream(Box::pin(async move {
                    let result = app.prices_watch(m, ticks).await;
                    cx.end::<S, _, _>(&result);
                }))
            }
            ClientMessage::PricesStop(_) => Action::Cancel,
            ClientMessage::Wait(_) => Action::Run(Box::pin(async move {
                if let Ok(permit) = app.gate.acquire().await {
                    permit.forget();
                }
                cx.answer::<S, _, _>(&Ok::<_, handfast::NoError>(Waited {}));
            })),
            ClientMessage::Crash(_) => Action::Run(Box::pin(async move { panic!("as asked") })),
        })
    }

    fn admit<'a>(
        &'a self,
        _: &'a str,
        _: Context,
    ) -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn closed(&self, session: &Session) {
        if let (Some(user), Ok(mut closed)) = (session.downcast_ref::<User>(), self.0.closed.lock())
        {
            closed.push(user.name.clone());
        }
    }
}

/// A protocol as above, with other tables.
pub fn leaked(change: impl FnOnce(&mut ProtocolTable)) -> &'static ProtocolTable {
    let mut table = ProtocolTable { ..copy(&TABLE) };
    change(&mut table);
    Box::leak(Box::new(table))
}

fn copy(table: &ProtocolTable) -> ProtocolTable {
    ProtocolTable { ..*table }
}

/// A service with another table.
pub struct Other(pub Arc<App>, pub &'static ProtocolTable);

impl Service for Other {
    fn table(&self) -> &'static ProtocolTable {
        self.1
    }
    fn open<'a>(
        &'a self,
        opening: Opening,
    ) -> Pin<Box<dyn Future<Output = Result<Session, Refusal>> + Send + 'a>> {
        Box::pin(async move { Shell(self.0.clone()).open(opening).await })
    }
    fn receive(
        &self,
        source: Source<'_>,
        cx: Context,
    ) -> Result<Received, Box<handfast::Rejected>> {
        Shell(self.0.clone()).receive(source, cx)
    }
}

pub const SHORT: Duration = Duration::from_secs(5);
