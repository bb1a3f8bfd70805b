//! Keys of channels with several parameters: no two channels have the same key.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(missing_docs, unreachable_pub, reason = "generated items are public")]

mod support;

use handfast::{
    ChannelKey, HandlerError,
    client::{CallError, ClientBuilder, Event},
    protocol,
    server::{ConnectionInfo, JoinError, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{borrow::Cow, error::Error as _, sync::Mutex};
use support::simulated;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub tenant: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    pub tenant: String,
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    pub tenant: String,
    pub id: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("enter", reply = Entered, join = Room)]
    Enter(Enter),
    #[message("exit", reply = Exited, leave = Room)]
    Exit(Exit),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Exited {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("entered")]
    Entered(Entered),
    #[message("exited")]
    Exited(Exited),
    #[message("said", channel = Room)]
    Said(Said),
    #[message("typed", channel = Desk)]
    Typed(Typed),
}

#[protocol(channel = "room:{tenant}:{id}", join = Enter, leave = Exit)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub tenant: String,
    pub id: String,
}

/// Joined with the session's own `join`.
#[protocol(channel = "desk:{floor}::{row}/{place}")]
#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    pub floor: String,
    pub row: String,
    pub place: String,
}

#[protocol(
    name = "keys",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Desk),
    auth = Login,
    limits(no_rate),
    authorize_joins
)]
#[derive(Clone, Copy, Debug)]
pub struct Keys;

/// Whoever is of a tenant may enter its rooms, and no others.
#[derive(Clone, Copy, Debug)]
pub struct App;

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
        Ok(m.tenant)
    }

    fn principal<'a>(&self, session: &'a String) -> Option<Cow<'a, str>> {
        Some(session.into())
    }

    /// Everybody may be at the desks of the floor without a name.
    async fn authorize_join(&self, key: &str, _: &Context<String>) -> Result<(), Rejection> {
        match Desk::from_key(key) {
            Some(desk) if desk.floor.is_empty() => Ok(()),
            _ => Err(Rejection::new("ELSEWHERE", "of another floor")),
        }
    }
}

impl Handler for App {
    async fn enter(&self, m: Enter, cx: &Context<String>) -> Result<Entered, HandlerError> {
        if m.id == "probe" {
            cx.room(&"acme".into(), &"x:y".into())
                .add()
                .await
                .map_err(HandlerError::internal)?;
            let wrong = cx.room(&"acme:x".into(), &"y".into());
            assert!(!wrong.is_joined());
            assert!(!wrong.remove());
            assert!(matches!(wrong.add().await, Err(JoinError::Unclear(_))));
            assert!(cx.room(&"acme".into(), &"x:y".into()).is_joined());
        }
        if m.tenant == *cx.session() {
            Ok(Entered {})
        } else {
            Err(HandlerError::internal("another tenant's"))
        }
    }

    async fn exit(&self, _: Exit, _: &Context<String>) -> Result<Exited, HandlerError> {
        Ok(Exited {})
    }
}

/// A client by hand.
struct Peer(MemoryTransport);

impl Peer {
    async fn connect(server: &Server, tenant: &str) -> Self {
        let (client, end) = duplex(64);
        let server = server.clone();
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        let mut peer = Self(client);
        let payload = json!({ "version": "1.0.0", "auth": { "tenant": tenant } });
        let ready = peer
            .asks(json!({ "type": "hello", "payload": payload }))
            .await;
        assert_eq!(ready["type"], "ready");
        peer
    }

    async fn asks(&mut self, message: Value) -> Value {
        self.0.send(&message.to_string()).await.expect("it is open");
        self.next().await
    }

    async fn next(&mut self) -> Value {
        match self.0.receive().await.expect("it is open") {
            TransportEvent::Packet(Packet::Text(text)) => {
                serde_json::from_str(&text).expect("it is JSON")
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn client(server: &Server, tenant: &str) -> Client {
    let (end, other) = duplex(64);
    let server = server.clone();
    tokio::spawn(async move { server.serve(other, ConnectionInfo::default()).await });
    let end = Mutex::new(Some(end));
    ClientBuilder::<Keys, Client>::over(move || {
        let end = end.lock().expect("it is whole").take();
        async { end.ok_or("connects once") }
    })
    .auth(&Login {
        tenant: tenant.into(),
    })
    .await
    .expect("it connects")
}

/// `acme` with the room `x:y`, and `acme:x` with the room `y`, would be one key.
#[tokio::test(start_paused = true)]
async fn nobody_enters_a_room_by_the_parameters_of_another() {
    simulated(async {
        let server = Server::new(App);
        let member = client(&server, "acme").await;
        let mut room = member
            .room(&"acme".into(), &"x:y".into())
            .join()
            .await
            .expect("it is a tenant's own room");

        let mut thief = Peer::connect(&server, "acme:x").await;
        let params = json!({ "tenant": "acme:x", "id": "y" });
        let refused = thief
            .asks(json!({ "type": "enter", "id": "1", "payload": params }))
            .await;
        assert_eq!(refused["type"], "error", "{refused}");
        assert_eq!(
            refused["payload"],
            json!({
                "code": "INVALID",
                "message": "the payload does not fit",
                "violations": [{
                    "path": "/payload/tenant",
                    "keyword": "not",
                    "message": "must not contain \":\", which follows it in the key of the channel",
                }],
            })
        );
        let left = thief
            .asks(json!({ "type": "exit", "id": "2", "payload": params }))
            .await;
        assert_eq!(left["payload"]["code"], "INVALID", "{left}");

        let handle = server.handle();
        let secret = Said {
            text: "secret".into(),
        };
        handle
            .room(&"acme".into(), &"x:y".into())
            .publish(&secret)
            .await
            .expect("it is published");
        let heard = room.next().await;
        assert!(
            matches!(heard, Some(Event::Message(m)) if m.message == ServerMessage::Said(secret))
        );
        // Nothing has come before the answer to this.
        let other = json!({ "tenant": "acme:x", "id": "y" });
        let last = thief
            .asks(json!({ "type": "enter", "id": "3", "payload": other }))
            .await;
        assert_eq!(last["id"], "3", "{last}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_publishes_nothing_to_what_may_be_another_channel() {
    simulated(async {
        let server = Server::new(App);
        let member = client(&server, "acme").await;
        let mut room = member
            .room(&"acme".into(), &"x:y".into())
            .join()
            .await
            .expect("it is a tenant's own room");
        let handle = server.handle();
        let wrong = handle.room(&"acme:x".into(), &"y".into());
        let error = wrong
            .publish(&Said {
                text: "to others".into(),
            })
            .await
            .expect_err("it could be another room");
        assert_eq!(
            error.source().expect("the reason").to_string(),
            "the parameter `tenant` must not contain \":\", which follows it in the key of the channel"
        );
        assert_eq!(wrong.members(), 0);
        assert!(wrong.presence().await.is_err());
        handle
            .room(&"acme".into(), &"x:y".into())
            .publish(&Said {
                text: "right".into(),
            })
            .await
            .expect("it is published");
        let heard = room.next().await;
        let Some(Event::Message(heard)) = heard else {
            panic!("{heard:?}")
        };
        assert!(matches!(heard.message, ServerMessage::Said(said) if said.text == "right"));

        // A client can be added to no such channel, nor removed from the other by it.
        let other = client(&server, "acme").await;
        let probed = other.room(&"acme".into(), &"probe".into()).join().await;
        assert_eq!(
            probed.expect("the handler found all well").reply,
            Entered {}
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_does_not_ask_for_what_may_be_another_channel() {
    simulated(async {
        let server = Server::new(App);
        let client = client(&server, "acme:x").await;
        let room = || client.room(&"acme:x".into(), &"y".into());
        let Err(CallError::Invalid(error)) = room().join().await else {
            panic!("it is not joined")
        };
        let words = "/tenant must not contain \":\", which follows it in the key of the channel";
        assert_eq!(error.to_string(), words);
        assert!(room().subscribe().is_none());
        let desk = |floor: &str, row: &str, place: &str| {
            client.desk(&floor.into(), &row.into(), &place.into())
        };
        for (floor, row, place, path) in [
            ("1:", "2", "3", "/floor"),
            ("1::2", "2", "3", "/floor"),
            ("1", "2/", "3", "/row"),
        ] {
            let Err(CallError::Invalid(error)) = desk(floor, row, place).join().await else {
                panic!("it is not joined")
            };
            assert_eq!(error.violations[0].path.to_string(), path);
        }
        // The last parameter may contain anything, and the others what is not behind them. The server refuses, for other reasons.
        for (floor, row, place) in [("1:2", "3::4", "5/6"), ("/", ":", "::/")] {
            let refused = desk(floor, row, place).join().await;
            assert!(matches!(refused, Err(CallError::Remote(_))), "{refused:?}");
        }
    })
    .await;
}

/// The session's own `join` has a key, and a parameter of it may be empty.
#[tokio::test(start_paused = true)]
async fn a_parameter_of_a_key_may_be_empty() {
    simulated(async {
        let server = Server::new(App);
        let mut peer = Peer::connect(&server, "acme").await;
        for (key, code) in [
            ("desk:::/", None),
            ("desk:::a/b/c", None),
            ("desk:1::/", Some("ELSEWHERE")),
            ("desk::/", Some("INVALID")),
        ] {
            let answer = peer
                .asks(json!({ "type": "join", "id": key, "payload": { "channel": key } }))
                .await;
            assert_eq!(answer["payload"]["code"].as_str(), code, "{answer}");
        }
        let client = client(&server, "acme").await;
        let joined = client.desk(&"".into(), &"".into(), &"".into()).join().await;
        assert!(joined.is_ok(), "{joined:?}");
    })
    .await;
}
