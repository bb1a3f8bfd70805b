//! A small protocol whose rooms have presence, a server for it, and clients by hand.

#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]

use crate::support::faulty::Network;
use handfast::{
    HandlerError,
    client::{ClientBuilder, Event, PresenceEvent, Subscription},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tokio::{sync::Semaphore, task::JoinHandle};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoin {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Mood {
    pub id: String,
    pub mood: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("room.join", reply = RoomJoined, join = Room)]
    RoomJoin(RoomJoin),
    #[message("mood", reply = MoodSet)]
    Mood(Mood),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct RoomJoined {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct MoodSet {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    pub n: i64,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("joined")]
    RoomJoined(RoomJoined),
    #[message("mood.set")]
    MoodSet(MoodSet),
    #[message("note")]
    Note(Note),
    #[message("post", channel = Room)]
    Post(Post),
}

/// What is said of a member.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub name: String,
    #[protocol(max_length = 20)]
    pub mood: String,
}

#[protocol(channel = "room:{id}", join = RoomJoin, history(size = 10), presence(info = Person, members = 50))]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
}

/// Its members learn each other's ids and no more. Joined with the session's own `join`.
#[protocol(channel = "hall", presence)]
#[derive(Clone, Debug, PartialEq)]
pub struct Hall {}

#[protocol(
    name = "lobby",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Hall),
    authorize_joins,
    presence(Room),
    auth = Login,
    limits(no_rate)
)]
#[derive(Clone, Copy, Debug)]
pub struct Lobby;

#[derive(Clone, Default)]
pub struct App {
    /// The mood of those who join.
    pub mood: Arc<Mutex<String>>,
}

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
        Ok(m.name)
    }

    fn principal<'a>(&self, session: &'a String) -> Option<Cow<'a, str>> {
        Some(session.into())
    }

    async fn authorize_join(&self, _: &str, _: &Context<String>) -> Result<(), Rejection> {
        Ok(())
    }

    fn room_presence(&self, key: &str, cx: &Context<String>) -> Person {
        assert!(key.starts_with("room:"), "{key}");
        Person {
            name: cx.session().clone(),
            mood: self.mood.lock().expect("it is whole").clone(),
        }
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        _: RoomJoin,
        _: &Context<String>,
    ) -> Result<RoomJoined, HandlerError> {
        Ok(RoomJoined {})
    }
}

impl Handler for App {
    async fn mood(&self, m: Mood, cx: &Context<String>) -> Result<MoodSet, HandlerError> {
        let name = cx.session().clone();
        let person = Person { name, mood: m.mood };
        cx.room(&m.id)
            .set_presence(&person)
            .map_err(HandlerError::internal)?;
        Ok(MoodSet {})
    }
}

/// A client by hand.
pub struct Peer(pub MemoryTransport, u32);

impl Peer {
    pub async fn connect(server: &Server, name: &str) -> Self {
        let (client, end) = duplex(64);
        let server = server.clone();
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        let mut peer = Self(client, 0);
        let payload = json!({ "version": "1.0.0", "auth": { "name": name } });
        peer.send(json!({ "type": "hello", "payload": payload }))
            .await;
        assert_eq!(peer.next().await["type"], "ready");
        peer
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(&message.to_string()).await.expect("it is open");
    }

    pub async fn event(&mut self) -> TransportEvent {
        self.0.receive().await.expect("it is open")
    }

    pub async fn next(&mut self) -> Value {
        match self.event().await {
            TransportEvent::Packet(Packet::Text(text)) => {
                serde_json::from_str(&text).expect("it is JSON")
            }
            other => panic!("{other:?}"),
        }
    }

    /// Sends a request with an id of its own, and waits for its answer.
    pub async fn request(&mut self, tag: &str, payload: Value) -> Value {
        self.1 += 1;
        let id = self.1.to_string();
        self.send(json!({ "type": tag, "payload": payload, "id": id }))
            .await;
        loop {
            let message = self.next().await;
            if message["id"] == *id {
                return message;
            }
        }
    }

    /// Joins the room `r`, and returns the list of members.
    pub async fn join(&mut self) -> Value {
        let answer = self.request("room.join", json!({ "id": "r" })).await;
        assert_eq!(answer["type"], "joined", "{answer}");
        self.presence().await
    }

    /// Leaves the room `r`.
    pub async fn leave(&mut self) {
        let channel = json!({ "channel": "room:r" });
        assert_eq!(self.request("leave", channel).await["type"], "leave");
    }

    /// Returns the payload of the next message, which is a `presence`.
    pub async fn presence(&mut self) -> Value {
        let mut message = self.next().await;
        assert_eq!(message["type"], "presence", "{message}");
        message["payload"].take()
    }
}

/// A client whose connections the test makes and cuts.
pub struct Line {
    server: Mutex<Server>,
    gate: Semaphore,
    served: Mutex<Option<JoinHandle<()>>>,
    network: Mutex<Option<Network>>,
}

impl Line {
    pub fn to(server: &Server) -> Arc<Self> {
        Arc::new(Self {
            server: Mutex::new(server.clone()),
            gate: Semaphore::new(1),
            served: Mutex::default(),
            network: Mutex::default(),
        })
    }

    pub async fn client(self: &Arc<Self>, name: &str) -> Client {
        let line = self.clone();
        ClientBuilder::<Lobby, Client>::over(move || {
            let line = line.clone();
            async move {
                line.gate.acquire().await.expect("it is open").forget();
                let network = Network::new();
                let (ours, theirs) = network.connect(usize::MAX);
                *line.network.lock().expect("it is whole") = Some(network);
                let server = line.server.lock().expect("it is whole").clone();
                let served = tokio::spawn(async move {
                    server.serve(theirs, ConnectionInfo::default()).await;
                });
                *line.served.lock().expect("it is whole") = Some(served);
                Ok::<_, Infallible>(ours)
            }
        })
        .auth(&Login { name: name.into() })
        .await
        .expect("it connects")
    }

    /// Cuts the connection: the session waits to be resumed.
    pub async fn cut(&self) {
        let network = self.network.lock().expect("it is whole").take();
        network.expect("it is connected").cut();
    }

    /// Ends the session with its connection, and waits until the server has.
    pub async fn end(&self) {
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

pub type InRoom = Subscription<ServerMessage, RoomJoined, Person>;

/// The next event of a room's presence.
pub async fn hear(room: &mut InRoom) -> PresenceEvent<Person> {
    match room.next().await.expect("it is open") {
        Event::Presence(event) => event,
        other => panic!("{other:?}"),
    }
}

/// The names of the members of a room.
pub fn names(room: &InRoom) -> Vec<String> {
    let members = room.members().into_iter();
    members.map(|member| member.info.name).collect()
}
