// The protocol of the examples in the documentation of `server`: chat rooms, and a stream of ticks. Each example includes it in a module
// `api`, implements the handlers that it shows, and takes the others from `handlers!`.

#[cfg(feature = "client")]
use handfast::{
    client::{ClientBuilder, ConnectError},
    transport::duplex,
};
use handfast::{HandlerError, protocol, server::{ConnectionInfo, Rejection, StreamResponder}};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoin {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoined {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct ChatSend {
    pub room: String,
    pub text: String,
}

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
pub struct TicksWatch {
    pub count: u32,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct TicksWatching {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub n: u32,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum ChatSendError {
    #[error("NOT_IN_ROOM", message = "join the room first")]
    NotInRoom,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("room.join", reply = RoomJoined, join = Room)]
    RoomJoin(RoomJoin),
    #[message("chat.send", reply = ChatSent, errors = ChatSendError)]
    ChatSend(ChatSend),
    #[message("ticks.watch", stream(ack = TicksWatching, item = Tick))]
    TicksWatch(TicksWatch),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("room.joined")]
    RoomJoined(RoomJoined),
    #[message("chat.sent")]
    ChatSent(ChatSent),
    #[message("chat.message", channel = Room)]
    ChatMessage(ChatMessage),
    #[message("ticks.watching")]
    TicksWatching(TicksWatching),
    #[message("ticks.tick")]
    Tick(Tick),
}

#[protocol(channel = "room:{id}", join = RoomJoin)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
}

#[protocol(name = "chat", version = "1.0.0", client = ClientMessage, server = ServerMessage, channels(Room))]
#[derive(Clone, Copy, Debug)]
pub struct Chat;

/// Implements handlers that an example does not show, such as `handlers!(App: session room)`.
macro_rules! handlers {
    ($app:ident: session $($rest:ident)*) => {
        impl SessionHandler for $app {
            type Session = ();
            async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
                Ok(())
            }
        }
        handlers!($app: $($rest)*);
    };
    ($app:ident: room $($rest:ident)*) => {
        impl RoomHandler for $app {
            async fn room_join(&self, _: RoomJoin, _: &Context<Self::Session>) -> Result<RoomJoined, HandlerError> {
                Ok(RoomJoined {})
            }
        }
        handlers!($app: $($rest)*);
    };
    ($app:ident: chat $($rest:ident)*) => {
        impl ChatHandler for $app {
            async fn chat_send(
                &self,
                m: ChatSend,
                cx: &Context<Self::Session>,
            ) -> Result<ChatSent, HandlerError<ChatSendError>> {
                cx.room(&m.room).publish(&ChatMessage { text: m.text });
                Ok(ChatSent {})
            }
        }
        handlers!($app: $($rest)*);
    };
    ($app:ident: ticks $($rest:ident)*) => {
        impl TicksHandler for $app {
            async fn ticks_watch(
                &self,
                _: TicksWatch,
                to: StreamResponder<TicksWatching, Tick>,
                _: &Context<Self::Session>,
            ) -> Result<(), HandlerError> {
                to.accept(TicksWatching {});
                Ok(())
            }
        }
        handlers!($app: $($rest)*);
    };
    ($app:ident:) => {};
}

/// An application with all handlers.
pub struct App;

handlers!(App: session room chat ticks);

/// Connects to a server in memory.
#[cfg(feature = "client")]
pub async fn connect(server: &Server) -> Result<Client, ConnectError> {
    let server = server.clone();
    ClientBuilder::<Chat, Client>::over(move || {
        let (client_end, server_end) = duplex(16);
        let server = server.clone();
        tokio::spawn(async move { server.serve(server_end, ConnectionInfo::default()).await });
        async { Ok::<_, std::convert::Infallible>(client_end) }
    })
    .await
}
