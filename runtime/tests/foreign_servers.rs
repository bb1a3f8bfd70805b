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
    TagBuf,
    client::{ClientBuilder, Event, Notifications},
    protocol,
    transport::duplex,
};
use std::{sync::Mutex, time::Duration};
use support::{Script, simulated};
use tokio::time::Instant;

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

#[tokio::test(start_paused = true)]
async fn an_error_of_no_request_is_reported() {
    simulated(async {
        let (client, mut server) = connected(&[r#"{"event":"connected"}"#]).await;
        let mut events = client.notifications();
        // That of a request that nobody waits for is not.
        for error in [
            r#"{"event":"error","code":"GONE","ref":"7"}"#,
            r#"{"event":"error","code":"SHUTDOWN","reason":"back soon"}"#,
        ] {
            server.say(error).await;
        }
        match events.next().await {
            Some(Event::Error(error)) => {
                assert_eq!(error.code, TagBuf::Text("SHUTDOWN".into()));
                assert_eq!(error.message, "back soon");
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}

/// Of a topic with this name.
fn crashed(topic: &str) -> String {
    format!(r#"{{"event":"crashed","topic":"{topic}"}}"#)
}

async fn topic(events: &mut Notifications<ServerMessage>) -> String {
    match events.next().await {
        Some(Event::Message(envelope)) => match envelope.message {
            ServerMessage::Crashed(Crashed { topic }) => topic,
            other @ ServerMessage::Joined(_) => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Has the client read what was said so far.
async fn heard(client: &Client, server: &mut Script, id: u32) {
    let call = client.join(Join {
        topic: "lobby".to_owned(),
    });
    let answer = async {
        let call = format!(r#"{{"event":"join","topic":"lobby","ref":"{id}"}}"#);
        server.expect(&call).await;
        let answer = format!(r#"{{"event":"joined","topic":"lobby","ref":"{id}"}}"#);
        server.say(&answer).await;
    };
    tokio::join!(call, answer).0.expect("it is answered");
}

#[tokio::test(start_paused = true)]
async fn what_follows_ready_is_kept_for_the_first_reader() {
    simulated(async {
        let ready = r#"{"event":"connected"}"#;
        let (client, mut server) = connected(&[ready, &crashed("a")]).await;
        heard(&client, &mut server, 1).await;
        let mut first = client.notifications();
        let mut second = client.notifications();
        server.say(&crashed("b")).await;
        assert_eq!(topic(&mut second).await, "b");
        assert_eq!(topic(&mut first).await, "a");
        assert_eq!(topic(&mut first).await, "b");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_does_not_wait_for_a_reader_that_it_may_never_have() {
    simulated(async {
        let began = Instant::now();
        let (client, mut server) = connected(&[r#"{"event":"connected"}"#]).await;
        for topic in 0..1000 {
            server.say(&crashed(&topic.to_string())).await;
        }
        heard(&client, &mut server, 1).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        // As many as any reader may have queued, and then a gap.
        let mut events = client.notifications();
        for expected in 0..256 {
            assert_eq!(topic(&mut events).await, expected.to_string());
        }
        let gap = events.next().await;
        assert!(matches!(gap, Some(Event::Gap(_))), "{gap:?}");
        server.say(&crashed("later")).await;
        assert_eq!(topic(&mut events).await, "later");
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
