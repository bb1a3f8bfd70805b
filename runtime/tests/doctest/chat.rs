// The protocol of the examples in the docs of `client` and `transport`, with a server in the same process. Their hidden lines
// include this file.

use handfast::{
    HandlerError, Protocol, protocol,
    client::ClientBuilder,
    server::{ConnectionInfo, StreamResponder},
    transport::duplex,
};
use std::convert::Infallible;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Auth {
    pub token: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoin {
    pub room: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomLeave {
    pub room: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSend {
    pub room: String,
    #[protocol(min_length = 1)]
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct UserTyping {
    pub room: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct CountWatch {
    pub to: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct CountStop {}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("room.join", reply = RoomJoined, errors = ChatError, join = Room, idempotent)]
    RoomJoin(RoomJoin),
    #[message("room.leave", reply = RoomLeft, leave = Room, idempotent)]
    RoomLeave(RoomLeave),
    #[message("chat.send", reply = ChatSent, errors = ChatError)]
    ChatSend(ChatSend),
    #[message("user.typing", volatile)]
    UserTyping(UserTyping),
    #[message("count.watch", stream(ack = CountStarted, item = Count, end = CountDone, cancel = CountStop), errors = ChatError)]
    CountWatch(CountWatch),
    #[message("count.stop", bare, cancels)]
    CountStop(CountStop),
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
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct CountStarted {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct CountDone {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
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
    #[message("count.started", bare)]
    CountStarted(CountStarted),
    #[message("count.next")]
    Count(Count),
    #[message("count.done", bare)]
    CountDone(CountDone),
    #[message("notice")]
    Notice(Notice),
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum ChatError {
    #[error("ROOM_FULL", message = "The room is full.", retryable)]
    RoomFull,
    #[error("NEGATIVE", message = "There is nothing to count.")]
    Negative,
}

#[protocol(channel = "room:{room}", join = RoomJoin, leave = RoomLeave)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub room: String,
}

#[protocol(name = "chat", version = "1.0.0", hash = "290590abc3d8d9bfdb17cc9a0c7de7fd", client = ClientMessage, server = ServerMessage, channels(Room), auth = Auth)]
#[derive(Clone, Copy, Debug)]
pub struct Chat;

pub struct App;

impl SessionHandler for App {
    type Session = ();

    async fn authenticate(&self, _: Auth, _: &ConnectionInfo) -> Result<(), HandlerError> {
        Ok(())
    }

    fn principal<'a>(&self, _: &'a ()) -> Option<std::borrow::Cow<'a, str>> {
        None
    }
}

impl RoomHandler for App {
    async fn room_join(&self, m: RoomJoin, cx: &Context<()>) -> Result<RoomJoined, HandlerError<ChatError>> {
        if m.room == "full" {
            return Err(ChatError::RoomFull.into());
        }
        Ok(RoomJoined { members: cx.room(&m.room).members() as i64 })
    }

    async fn room_leave(&self, _: RoomLeave, _: &Context<()>) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }
}

impl ChatHandler for App {
    async fn chat_send(&self, m: ChatSend, cx: &Context<()>) -> Result<ChatSent, HandlerError<ChatError>> {
        if m.room == "full" {
            return Err(ChatError::RoomFull.into());
        }
        cx.send(&Notice { text: format!("sent to {}", m.room) });
        cx.room(&m.room).publish(&ChatMessage { text: m.text });
        Ok(ChatSent {})
    }
}

impl UserHandler for App {
    async fn user_typing(&self, _: UserTyping, _: &Context<()>) {}
}

impl CountHandler for App {
    async fn count_watch(
        &self,
        m: CountWatch,
        to: StreamResponder<CountStarted, Count>,
        _: &Context<()>,
    ) -> Result<CountDone, HandlerError<ChatError>> {
        if m.to < 0 {
            return Err(ChatError::Negative.into());
        }
        let mut counts = to.accept(CountStarted {});
        for n in 1..=m.to {
            if counts.send(Count { n }).await.is_err() {
                break;
            }
        }
        Ok(CountDone {})
    }
}

/// A builder whose client is connected to a server of its own, without a network.
pub fn in_process<C>() -> ClientBuilder<Chat, C> {
    let server = Server::new(App);
    ClientBuilder::over(move || {
        let (ours, theirs) = duplex(16);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(ours) }
    })
}

/// A connected client.
pub async fn connect() -> Result<Client, handfast::client::ConnectError> {
    in_process().auth(&Auth { token: "secret".into() }).await
}

/// A connected client without the generated methods.
pub async fn untyped() -> Result<handfast::client::Client<Chat>, handfast::client::ConnectError> {
    in_process().auth(&Auth { token: "secret".into() }).await
}

/// The address of a server on this machine.
pub async fn listen() -> std::io::Result<std::net::SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let router = Server::new(App).router();
    tokio::spawn(async move { handfast::server::serve(listener, router).await });
    Ok(address)
}
