//! A message that both ends send.

#![cfg(all(feature = "server", feature = "client"))]

use handfast::{
    client::ClientBuilder,
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::duplex,
};
use std::{convert::Infallible, time::Duration};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
struct Note {
    n: i64,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
enum Asks {
    #[message("note")]
    Note(Note),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
enum Says {
    #[message("note")]
    Note(Note),
}

#[protocol(name = "both", version = "1.0.0", client = Asks, server = Says)]
#[derive(Clone, Copy, Debug)]
struct Both;

struct App;

impl SessionHandler for App {
    type Session = ();
    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn note(&self, m: Note, cx: &Context<()>) {
        // Which union it is of is clear from where it is sent.
        cx.send(&Note { n: m.n + 1 });
    }
}

#[tokio::test(start_paused = true)]
async fn either_end_sends_it_without_more_words() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::new(App);
    let client = ClientBuilder::<Both, Client>::over(move || {
        let (ours, theirs) = duplex(16);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(ours) }
    })
    .await?;
    let mut messages = client.notifications();
    client.note(Note { n: 1 }).await?;
    let first = tokio::time::timeout(Duration::from_secs(30), messages.next()).await?;
    assert_eq!(
        match first.ok_or("no message")? {
            handfast::client::Event::Message(envelope) => envelope.message,
            other => return Err(format!("{other:?}").into()),
        },
        Says::Note(Note { n: 2 })
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_encoding_that_the_protocol_lacks_is_refused_at_either_end() {
    use handfast::{
        client::ConnectError,
        codec::Encoding,
        transport::{Transport, TransportEvent},
    };
    let client = ClientBuilder::<Both, Client>::to("ws://localhost/").encoding(Encoding::Cbor);
    let error = client.await.expect_err("the protocol has JSON alone");
    assert!(matches!(error, ConnectError::Encoding(Encoding::Cbor)));
    assert!(error.is_final());
    assert_eq!(
        error.to_string(),
        "the protocol has no encoding `cbor`: add it to `encodings` in the spec"
    );

    let (mut ours, theirs) = duplex(16);
    let mut info = ConnectionInfo::default();
    info.encoding = Some(Encoding::Cbor);
    tokio::spawn(async move { Server::new(App).serve(theirs, info).await });
    let event = std::future::poll_fn(|cx| ours.poll_receive(cx)).await;
    match event {
        Ok(TransportEvent::Closed(Some(frame))) => assert_eq!(frame.code, 1003),
        other => panic!("{other:?}"),
    }
}
