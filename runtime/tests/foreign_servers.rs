//! The client of a protocol that exists, and what its servers send: no subprotocol, messages before ready that the spec does not know, ids on
//! messages that answer nothing, and errors that belong to no request.

#![cfg(feature = "client")]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

mod support;

use handfast::{
    client::{ClientBuilder, Event},
    protocol,
    transport::duplex,
};
use std::sync::Mutex;
use support::{Script, simulated};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    pub topic: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    pub topic: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Crashed {
    pub topic: String,
}

#[protocol(
    client,
    envelope(tag = "event", content = none, id = "ref", version = none, channel = none, seq = none, epoch = none, timestamp = none)
)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("join", reply = Joined)]
    Join(Join),
}

#[protocol(
    server,
    envelope(tag = "event", content = none, id = "ref", version = none, channel = none, seq = none, epoch = none, timestamp = none)
)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("joined")]
    Joined(Joined),
    #[message("crashed")]
    Crashed(Crashed),
}

#[protocol(
    name = "world",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    session(resume_ms = none),
    roles(
        hello = none,
        ready(name = "connected", tag = "connected", server),
        refuse = none,
        gap = none,
        join = none,
        leave = none,
        received = none,
        negotiate = none,
        error(name = "error", tag = "error", server, fields(code = "/code", message = "/reason"))
    ),
    encodings(json = none)
)]
#[derive(Clone, Copy, Debug)]
pub struct World;

/// A client, and its server by hand, which has said something at once.
async fn connected(first: &[&str]) -> (Client, Script) {
    let (ours, theirs) = duplex(64 * 1024);
    let theirs = Mutex::new(Some(theirs));
    let mut server = Script(ours);
    for text in first {
        server.say(text).await;
    }
    let client = ClientBuilder::<World, Client>::over(move || {
        let theirs = theirs.lock().ok().and_then(|mut theirs| theirs.take());
        std::future::ready(theirs.ok_or("there was one connection"))
    });
    let client = client.reconnect(false).await.expect("it connects");
    (client, server)
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_ready_and_is_no_message_does_not_end_the_handshake() {
    simulated(async {
        for early in [r#"{"server_id":"0"}"#, "[]", "o", r#"{"event":{}}"#] {
            let ready = r#"{"event":"connected"}"#;
            let (client, _server) = connected(&[early, ready]).await;
            client.close().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_id_makes_no_answer_of_a_message() {
    simulated(async {
        let (client, mut server) = connected(&[r#"{"event":"connected"}"#]).await;
        let mut events = client.notifications();
        let topic = "lobby".to_owned();
        let call = client.join(Join { topic });
        let answer = async {
            server
                .expect(r#"{"event":"join","topic":"lobby","ref":"1"}"#)
                .await;
            server
                .say(r#"{"event":"joined","topic":"lobby","ref":"1"}"#)
                .await;
        };
        let (joined, ()) = tokio::join!(call, answer);
        joined.expect("it is answered");
        // A second answer is none, and is ignored.
        server
            .say(r#"{"event":"joined","topic":"lobby","ref":"1"}"#)
            .await;
        for id in ["1", "7"] {
            server
                .say(&format!(
                    r#"{{"event":"crashed","topic":"lobby","ref":"{id}"}}"#
                ))
                .await;
            match events.next().await {
                Some(Event::Message(envelope)) => {
                    let topic = "lobby".to_owned();
                    assert_eq!(envelope.message, ServerMessage::Crashed(Crashed { topic }));
                }
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[cfg(feature = "server")]
mod server {
    use super::*;
    use handfast::{
        HandlerError,
        server::{ConnectionInfo, Rejection},
    };
    use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

    struct App;

    impl SessionHandler for App {
        type Session = ();

        async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
            Ok(())
        }
    }

    impl Handler for App {
        async fn join(&self, m: Join, _: &Context<()>) -> Result<Joined, HandlerError> {
            Ok(Joined { topic: m.topic })
        }
    }

    #[tokio::test]
    async fn a_protocol_without_a_subprotocol_selects_none_whatever_is_offered() {
        support::soon(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
            let listener = listener.expect("a port");
            let address = listener.local_addr().expect("an address");
            let router = Server::new(App).router();
            tokio::spawn(async move { handfast::server::serve(listener, router).await });
            let url = format!("ws://{address}/ws");
            let client = Client::connect(url.as_str()).await.expect("it connects");
            let topic = "lobby".to_owned();
            client.join(Join { topic }).await.expect("it is answered");
            let mut request = url.into_client_request().expect("a URL");
            let offered = "realtime, other".parse().expect("a header");
            request
                .headers_mut()
                .insert("sec-websocket-protocol", offered);
            // The peer of the test refuses to go on, as a browser does; the server has accepted it.
            let error = connect_async(request).await.expect_err("none is selected");
            assert!(error.to_string().contains("SubProtocol"), "{error}");
        })
        .await;
    }
}
