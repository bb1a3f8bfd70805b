//! Messages in roles are told apart by who sends them, and only then by their tags.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    HandlerError,
    client::ClientBuilder,
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::convert::Infallible;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Early {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub n: i64,
}

/// A message of the client has the tag of the server's refusal.
#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("refuse", reply = Seen)]
    Early(Early),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("seen")]
    Seen(Seen),
}

#[protocol(
    name = "same-tags",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    roles(
        hello(name = "hi", tag = "hi", client, server, fields(version = "/v")),
        ready(name = "hi", tag = "hi", client, server, fields(version = "/v"))
    ),
    before_ready("refuse")
)]
#[derive(Clone, Copy, Debug)]
pub struct SameTags;

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn early(&self, m: Early, _: &Context<()>) -> Result<Seen, HandlerError> {
        Ok(Seen { n: m.n })
    }
}

fn open() -> MemoryTransport {
    let (ours, theirs) = duplex(64 * 1024);
    let server = Server::new(App);
    tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    ours
}

#[tokio::test]
async fn a_hello_and_a_ready_with_one_tag_begin_a_session() {
    let client = ClientBuilder::<SameTags, Client>::over(|| async { Ok::<_, Infallible>(open()) })
        .await
        .expect("it is ready");
    let seen = client.early(Early { n: 7 }).await.expect("an answer");
    assert_eq!(seen, Seen { n: 7 });
}

#[tokio::test]
async fn what_a_client_sends_early_may_have_the_tag_of_a_role_of_the_server() {
    let mut transport = open();
    let early = r#"{"type":"refuse","payload":{"n":3},"id":"1"}"#;
    for message in [early, r#"{"type":"hi","payload":{"v":"1.0.0"}}"#] {
        transport.send(message).await.expect("it is open");
    }
    let mut answers = Vec::new();
    for _ in 0..2 {
        match transport.receive().await {
            Ok(TransportEvent::Packet(Packet::Text(text))) => answers.push(text.to_string()),
            other => panic!("{other:?}"),
        }
    }
    assert!(answers[0].starts_with(r#"{"type":"hi""#), "{answers:?}");
    assert!(answers[1].starts_with(r#"{"type":"seen""#), "{answers:?}");
}
