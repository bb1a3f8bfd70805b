//! A small protocol whose channels have histories, a server for it, and both kinds of client.

#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]

use handfast::{
    GapReason, HandlerError,
    client::{ClientBuilder, Event, Gap, Subscription},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, Transport, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::{sync::Semaphore, task::JoinHandle};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoin {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomLeave {
    pub id: String,
}

/// Published to all others.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Say {
    pub id: String,
    pub n: i64,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("room.join", reply = RoomJoined, join = Room)]
    RoomJoin(RoomJoin),
    #[message("room.leave", reply = RoomLeft, leave = Room)]
    RoomLeave(RoomLeave),
    #[message("say", reply = Said)]
    Say(Say),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoined {
    /// How many messages were published before.
    pub count: i64,
    /// Whether the client joins again.
    pub again: bool,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomLeft {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Said {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    pub n: i64,
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Typing {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Chatter {
    pub n: i64,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("joined")]
    RoomJoined(RoomJoined),
    #[message("left")]
    RoomLeft(RoomLeft),
    #[message("said")]
    Said(Said),
    #[message("post", channel = Room)]
    Post(Post),
    #[message("typing", channel = Room, volatile)]
    Typing(Typing),
    #[message("news", channel = Feed)]
    News(News),
    #[message("chatter", channel = Plain)]
    Chatter(Chatter),
}

#[protocol(channel = "room:{id}", join = RoomJoin, leave = RoomLeave, history(size = 10, ttl_ms = 600000, bytes = 8192))]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
}

/// Joined with the session's own `join`.
#[protocol(channel = "feed", history(size = 1000))]
#[derive(Clone, Debug, PartialEq)]
pub struct Feed {}

/// Without a history.
#[protocol(channel = "plain")]
#[derive(Clone, Debug, PartialEq)]
pub struct Plain {}

#[protocol(
    name = "feed",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Feed, Plain),
    authorize_joins
)]
#[derive(Clone, Copy, Debug)]
pub struct Feeds;

#[derive(Clone, Default)]
pub struct App {
    /// How many messages [`App::post`] has published.
    pub posted: Arc<AtomicI64>,
    /// How many messages are published to a channel while somebody joins it, after its state was read.
    pub meanwhile: Arc<AtomicI64>,
}

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }

    async fn authorize_join(&self, key: &str, cx: &Context<()>) -> Result<(), Rejection> {
        if key == "plain" {
            for n in 1..=self.meanwhile.load(Ordering::SeqCst) {
                cx.plain().publish(&Chatter { n });
            }
        }
        Ok(())
    }
}

impl RoomHandler for App {
    async fn room_join(&self, m: RoomJoin, cx: &Context<()>) -> Result<RoomJoined, HandlerError> {
        let joined = RoomJoined {
            count: self.posted.load(Ordering::SeqCst),
            again: cx.is_rejoin(),
        };
        for n in 1..=self.meanwhile.load(Ordering::SeqCst) {
            let text = "meanwhile".into();
            cx.room(&m.id).publish(&Post { n, text });
        }
        Ok(joined)
    }

    async fn room_leave(&self, _: RoomLeave, _: &Context<()>) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }
}

impl Handler for App {
    async fn say(&self, m: Say, cx: &Context<()>) -> Result<Said, HandlerError> {
        let text = "hi".into();
        cx.room(&m.id).publish_to_others(&Post { n: m.n, text });
        Ok(Said {})
    }
}

impl App {
    /// Publishes a number to the room `r`.
    pub fn post(&self, server: &Server) {
        self.post_text(server, "hi");
    }

    pub fn post_text(&self, server: &Server, text: &str) {
        let n = self.posted.fetch_add(1, Ordering::SeqCst) + 1;
        let text = text.into();
        server.handle().room(&"r".into()).publish(&Post { n, text });
    }
}

/// A client by hand, over memory, and how often it joined.
pub struct Peer(pub MemoryTransport, u32);

impl Peer {
    /// Connects and says hello. `capacity` is how many messages may be in transit.
    pub async fn connect(server: &Server, capacity: usize) -> Self {
        Self::connect_by(server, capacity, |end| end).await
    }

    /// As [`Self::connect`], with a server's end that is made of the transport.
    pub async fn connect_by<T: Transport>(
        server: &Server,
        capacity: usize,
        end: impl FnOnce(MemoryTransport) -> T,
    ) -> Self {
        let (client, ours) = duplex(capacity);
        let (server, end) = (server.clone(), end(ours));
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        let mut peer = Self(client, 0);
        peer.send(json!({ "type": "hello", "payload": { "version": "1.0.0" } }))
            .await;
        assert_eq!(peer.next().await["type"], "ready");
        peer
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(&message.to_string()).await.expect("it is open");
    }

    pub async fn packet(&mut self) -> Packet {
        match self.0.receive().await.expect("it is open") {
            TransportEvent::Packet(packet) => packet,
            other => panic!("{other:?}"),
        }
    }

    pub async fn next(&mut self) -> Value {
        match self.packet().await {
            Packet::Text(text) => serde_json::from_str(&text).expect("it is JSON"),
            other => panic!("{other:?}"),
        }
    }

    /// Joins the room `r`, with a position if there is one. Returns the answer.
    pub async fn join(&mut self, position: Option<(Value, Value)>) -> Value {
        self.1 += 1;
        let id = format!("join {}", self.1);
        let mut join = json!({ "type": "room.join", "payload": { "id": "r" }, "id": id });
        if let Some((seq, epoch)) = position {
            (join["seq"], join["epoch"]) = (seq, epoch);
        }
        self.send(join).await;
        self.next().await
    }

    /// Joins from a position in a known epoch.
    pub async fn rejoin(&mut self, seq: u64, epoch: &Value) -> Value {
        let answer = self.join(Some((seq.into(), epoch.clone()))).await;
        assert_eq!(answer["type"], "joined", "{answer}");
        answer
    }
}

/// Clients whose connections the test makes and cuts.
pub struct Line {
    server: Mutex<Server>,
    /// Each permit is one connection.
    gate: Semaphore,
    served: Mutex<Option<JoinHandle<()>>>,
}

impl Line {
    pub fn to(server: &Server) -> Arc<Self> {
        Arc::new(Self {
            server: Mutex::new(server.clone()),
            gate: Semaphore::new(1),
            served: Mutex::default(),
        })
    }

    pub async fn client(self: &Arc<Self>) -> Client {
        let line = self.clone();
        ClientBuilder::<Feeds, Client>::over(move || {
            let line = line.clone();
            async move {
                line.gate.acquire().await.expect("it is open").forget();
                let (ours, theirs) = duplex(16);
                let server = line.server.lock().expect("it is whole").clone();
                let served = tokio::spawn(async move {
                    server.serve(theirs, ConnectionInfo::default()).await;
                });
                *line.served.lock().expect("it is whole") = Some(served);
                Ok::<_, Infallible>(ours)
            }
        })
        .await
        .expect("it connects")
    }

    /// Cuts the connection, and waits until the server has noticed.
    pub async fn cut(&self) {
        let served = self.served.lock().expect("it is whole").take();
        let served = served.expect("it is connected");
        served.abort();
        let _ = served.await;
    }

    /// Lets the client connect again, to this server.
    pub fn mend(&self, server: &Server) {
        *self.server.lock().expect("it is whole") = server.clone();
        self.gate.add_permits(1);
    }
}

/// What a subscription receives.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A message, with the number of its channel and that of the application.
    Post(u64, i64),
    Gap(Gap),
}

pub async fn hear<R>(subscription: &mut Subscription<ServerMessage, R>) -> Heard {
    let mut event = subscription.next().await.expect("it is open");
    // The reply to a rejoin is followed by what was missed.
    while let Event::Joined(_) = event {
        event = subscription.next().await.expect("it is open");
    }
    match event {
        Event::Message(envelope) => {
            let n = match envelope.message {
                ServerMessage::Post(post) => post.n,
                ServerMessage::News(news) => news.n,
                ServerMessage::Chatter(chatter) => chatter.n,
                other => panic!("{other:?}"),
            };
            Heard::Post(envelope.seq.expect("it is numbered"), n)
        }
        Event::Gap(gap) => Heard::Gap(gap),
        other => panic!("{other:?}"),
    }
}

pub fn gap(from: u64, to: u64, reason: Option<GapReason>) -> Heard {
    Heard::Gap(Gap {
        from: Some(from),
        to: Some(to),
        reason,
    })
}
