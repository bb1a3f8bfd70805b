//! A protocol whose clients authenticate by a message of its own, after the hello.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    HandlerError,
    client::{ClientBuilder, ConnectError},
    protocol,
    server::ConnectionInfo,
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::{borrow::Cow, convert::Infallible};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Who {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub name: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("who", reply = Name)]
    Who(Who),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("name")]
    Name(Name),
}

#[protocol(
    name = "apart",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    auth = Login,
    roles(hello(name = "enter", tag = "enter", client, fields(version = "/v")), auth = "login"),
    limits(violations = 3)
)]
#[derive(Clone, Copy, Debug)]
pub struct Apart;

struct App;

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
        match m.name.as_str() {
            "mallory" => Err(HandlerError::internal("not today")),
            _ => Ok(m.name),
        }
    }

    fn principal<'a>(&self, name: &'a String) -> Option<Cow<'a, str>> {
        Some(name.into())
    }
}

impl Handler for App {
    async fn who(&self, _: Who, cx: &Context<String>) -> Result<Name, HandlerError> {
        let name = cx.session().clone();
        Ok(Name { name })
    }
}

fn open() -> MemoryTransport {
    let (ours, theirs) = duplex(64 * 1024);
    let server = Server::new(App);
    tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    ours
}

fn client(name: &str) -> ClientBuilder<Apart, Client> {
    ClientBuilder::over(|| async { Ok::<_, Infallible>(open()) }).auth(&Login { name: name.into() })
}

async fn next(transport: &mut MemoryTransport) -> String {
    match transport.receive().await {
        Ok(TransportEvent::Packet(Packet::Text(text))) => text.to_string(),
        Ok(TransportEvent::Closed(Some(closing))) => format!("closed {}", closing.code),
        other => panic!("{other:?}"),
    }
}

/// What the server answers to each message.
async fn answers(messages: &[&str], count: usize) -> Vec<String> {
    let mut transport = open();
    for message in messages {
        transport.send(message).await.expect("it is open");
    }
    let mut answers = Vec::new();
    for _ in 0..count {
        answers.push(next(&mut transport).await);
    }
    answers
}

const ENTER: &str = r#"{"type":"enter","payload":{"v":"1.0.0"}}"#;
const LOGIN: &str = r#"{"type":"login","payload":{"name":"ada"}}"#;
const WHO: &str = r#"{"type":"who","id":"1"}"#;

#[tokio::test]
async fn a_client_authenticates_behind_its_hello() -> Result<(), Box<dyn std::error::Error>> {
    let ada = client("ada").await?;
    assert_eq!(ada.who(Who {}).await?.name, "ada");
    // And again, on a living connection.
    ada.refresh_auth().await?;
    assert_eq!(ada.who(Who {}).await?.name, "ada");
    let refused = client("mallory").reconnect(false).await;
    assert!(matches!(refused, Err(ConnectError::Refused(_))));
    Ok(())
}

#[tokio::test]
async fn the_server_is_ready_once_the_client_has_authenticated() {
    let found = answers(&[ENTER, LOGIN, WHO], 2).await;
    assert!(found[0].starts_with(r#"{"type":"ready""#), "{found:?}");
    let name = r#"{"type":"name","payload":{"name":"ada"},"id":"1""#;
    assert!(found[1].starts_with(name), "{found:?}");
}

#[tokio::test]
async fn nothing_else_comes_before_ready() {
    for (messages, words) in [
        (&[LOGIN][..], "the hello comes first"),
        (&[ENTER, WHO], "what authenticates the client comes first"),
        (&[ENTER, ENTER], "a second hello"),
        (
            &[
                ENTER,
                r#"{"type":"negotiate","payload":{"encoding":"json"}}"#,
            ],
            "what authenticates the client comes first",
        ),
    ] {
        let [found] = &answers(messages, 1).await[..] else {
            panic!("one answer");
        };
        assert!(
            found.contains(r#""code":"NOT_READY""#) && found.contains(words),
            "{found}"
        );
    }
    let found = answers(&[ENTER, WHO, WHO, WHO], 4).await;
    assert_eq!(found[3], "closed 1008");
    let found = answers(&[ENTER, r#"{"type":"login","payload":{"name":7}}"#], 2).await;
    assert!(found[0].contains(r#""code":"INVALID""#), "{found:?}");
    assert_eq!(found[1], "closed 4401");
}

#[tokio::test(start_paused = true)]
async fn it_has_to_come_in_time() {
    let found = answers(&[ENTER], 1).await;
    assert_eq!(found, ["closed 4408"]);
}
