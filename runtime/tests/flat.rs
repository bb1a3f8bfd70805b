//! Payloads without a field of their own that have members which their type does not name, between a client and a server.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

mod support;

use handfast::{
    HandlerError,
    client::{CallError, ClientBuilder, Event},
    codec::Encoding,
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::duplex,
};
use std::{collections::BTreeMap, convert::Infallible};
use support::simulated;

/// What a client asks, and by what it is answered.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    pub a: i64,
    #[protocol(rest)]
    pub others: BTreeMap<String, i64>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Counted(pub BTreeMap<String, i64>);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Told(pub BTreeMap<String, i64>);

#[protocol(client, envelope(content = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("counts", reply = Counted)]
    Counts(Counts),
}

#[protocol(server, envelope(content = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("counted")]
    Counted(Counted),
    #[message("told")]
    Told(Told),
}

#[protocol(
    name = "flat",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    encodings(json = "flat.v1+json", msgpack = "flat.v1+msgpack", cbor = "flat.v1+cbor")
)]
#[derive(Clone, Copy, Debug)]
pub struct Flat;

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    /// Sends what it has received, and answers with it.
    async fn counts(&self, m: Counts, cx: &Context<()>) -> Result<Counted, HandlerError> {
        let mut named = m.others.into_iter();
        let other = named.next().map(|(name, n)| (name.replace("my-", ""), n));
        cx.send(&Told(other.clone().into_iter().collect()));
        Ok(Counted(other.into_iter().collect()))
    }
}

/// In release builds as well, where a server does not check what it sends.
#[tokio::test(start_paused = true)]
async fn nobody_sends_a_member_that_names_a_field_of_the_envelope() {
    for encoding in [Encoding::Json, Encoding::MsgPack, Encoding::Cbor] {
        for checks in [true, false] {
            simulated(exchange(encoding, checks)).await;
        }
    }
}

async fn exchange(encoding: Encoding, checks: bool) {
    let server = Server::builder(App).check_sent(checks).build();
    let client = ClientBuilder::<Flat, Client>::over(move || {
        let (near, far) = duplex(16);
        let server = server.clone();
        let mut info = ConnectionInfo::default();
        info.encoding = Some(encoding);
        tokio::spawn(async move { server.serve(far, info).await });
        async { Ok::<_, Infallible>(near) }
    });
    let client = client.encoding(encoding).await.expect("it is let in");
    let mut told = client.notifications();
    let ask = |name: &str| Counts {
        a: 1,
        others: BTreeMap::from([(name.to_owned(), 2)]),
    };
    let counts = |name: &str| BTreeMap::from([(name.to_owned(), 2)]);
    for name in ["type", "id", "channel", "seq", "epoch", "timestamp", "v"] {
        let refused = client.counts(ask(name)).await.expect_err(name);
        let CallError::Invalid(invalid) = refused else {
            panic!("{refused:?}");
        };
        let expected = format!("/{name} is a field of the envelope");
        assert_eq!(invalid.to_string(), expected);
        // The server sends none, either.
        let refused = client.counts(ask(&format!("my-{name}"))).await;
        let refused = refused.expect_err(name).to_string();
        assert!(refused.contains("INTERNAL"), "{refused}");
    }
    let counted = client.counts(ask("b")).await;
    assert_eq!(counted, Ok(Counted(counts("b"))));
    let Some(Event::Message(first)) = told.next().await else {
        panic!("it was told");
    };
    assert_eq!(first.message, ServerMessage::Told(Told(counts("b"))));
}
