//! Each end fills what the envelope of its messages requires: a client makes ids up, and a field that may be null is there.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    client::{ClientBuilder, ConnectError},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::convert::Infallible;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    pub n: i64,
}

#[protocol(
    client,
    envelope(id(name = "id", integer, required), channel(name = "room", nullable))
)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("note")]
    Note(Note),
    #[message("ask", reply = Count)]
    Ask(Ask),
}

#[protocol(server, envelope(id(name = "id", integer, nullable), channel = none, seq(name = "seq", nullable), epoch = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("count")]
    Count(Count),
}

#[protocol(name = "filled", version = "1.0.0", client = ClientMessage, server = ServerMessage)]
#[derive(Clone, Copy, Debug)]
pub struct Filled;

#[derive(Default)]
struct App(std::sync::atomic::AtomicI64);

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn note(&self, m: Note, _: &Context<()>) {
        self.0.fetch_add(m.n, std::sync::atomic::Ordering::Relaxed);
    }

    async fn ask(&self, _: Ask, _: &Context<()>) -> Result<Count, handfast::HandlerError> {
        let n = self.0.load(std::sync::atomic::Ordering::Relaxed);
        Ok(Count { n })
    }
}

fn open() -> MemoryTransport {
    let (ours, theirs) = duplex(64 * 1024);
    let server = Server::new(App::default());
    tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    ours
}

#[tokio::test]
async fn a_client_gives_a_message_without_a_reply_the_id_that_it_needs() {
    let client = ClientBuilder::<Filled, Client>::over(|| async { Ok::<_, Infallible>(open()) })
        .await
        .expect("it is ready");
    for n in [1, 2] {
        client.note(Note { n }).await.expect("it is sent");
    }
    let count = client.ask(Ask {}).await.expect("an answer");
    assert_eq!(count.n, 3);
}

#[tokio::test]
async fn what_may_be_null_is_there() {
    let mut transport = open();
    for message in [
        r#"{"type":"hello","payload":{"version":"1.0.0"},"id":1,"room":null}"#,
        r#"{"type":"ask","payload":{},"id":2,"room":null}"#,
    ] {
        transport.send(message).await.expect("it is open");
    }
    let mut answers = Vec::new();
    for _ in 0..2 {
        match transport.receive().await {
            Ok(TransportEvent::Packet(Packet::Text(text))) => answers.push(text.to_string()),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        answers[0].contains(r#""id":null,"seq":null"#),
        "{answers:?}"
    );
    assert!(answers[1].contains(r#""id":2,"seq":null"#), "{answers:?}");
}

/// What becomes of a client whose server answers the hello with a message.
async fn answered(answer: &'static str) -> Result<(), ConnectError> {
    let (ours, mut theirs) = duplex(64);
    let ours = std::sync::Mutex::new(Some(ours));
    let connect = ClientBuilder::<Filled, Client>::over(move || {
        let ours = ours.lock().expect("nobody panics").take();
        async { ours.ok_or("only once") }
    });
    let client = tokio::spawn(async { connect.reconnect(false).await.map(drop) });
    theirs.receive().await.expect("it says hello");
    theirs.send(answer).await.expect("it is open");
    client.await.expect("it ends")
}

#[tokio::test]
async fn a_client_takes_no_ready_and_no_refusal_without_what_the_envelope_requires() {
    for ready in [
        r#"{"type":"ready","payload":{"version":"1.0.0"},"id":null,"seq":null}"#,
        r#"{"type":"ready","payload":{"version":"1.0.0"},"id":7,"seq":9.0,"more":[]}"#,
    ] {
        assert!(answered(ready).await.is_ok(), "{ready}");
    }
    let refused =
        r#"{"type":"refuse","payload":{"code":"NO","message":"no"},"id":null,"seq":null}"#;
    assert!(matches!(
        answered(refused).await,
        Err(ConnectError::Refused(_))
    ));
    for wrong in [
        r#"{"type":"ready","payload":{"version":"1.0.0"}}"#,
        r#"{"type":"ready","payload":{"version":"1.0.0"},"id":null}"#,
        r#"{"type":"ready","payload":{"version":"1.0.0"},"id":"7","seq":null}"#,
        r#"{"type":"ready","payload":{"version":"1.0.0"},"id":null,"seq":-1}"#,
        r#"{"type":"ready","payload":{"version":"1.0.0"},"id":null,"seq":null,"timestamp":"now"}"#,
        r#"{"type":"refuse","payload":{"code":"NO","message":"no"},"id":null}"#,
        r#"{"type":"error","payload":{"code":"NO","message":"no"},"seq":null}"#,
    ] {
        let answer = answered(wrong).await;
        assert!(
            matches!(answer, Err(ConnectError::UnexpectedReply)),
            "{wrong}: {answer:?}"
        );
    }
}
