//! What a server sends keeps its own rules: it is checked where debug assertions are on, and where it is asked for.

#![cfg(feature = "server")]

mod support;

use handfast::{
    HandlerError, protocol,
    server::{ConnectionInfo, Rejection, StreamSender},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::time::Duration;
use support::log;

#[protocol]
#[derive(Clone, Debug)]
struct Ask {
    n: i64,
}

#[protocol]
#[derive(Clone, Debug)]
struct Answer {
    #[protocol(minimum = 0)]
    n: i64,
}

#[protocol]
#[derive(Clone, Debug)]
struct Publish {
    n: i64,
}

#[protocol]
#[derive(Clone, Debug)]
struct Count {
    n: i64,
}

#[protocol]
#[derive(Clone, Debug)]
struct Item {
    #[protocol(minimum = 0)]
    n: i64,
}

#[protocol]
#[derive(Clone, Debug)]
struct News {
    #[protocol(minimum = 0)]
    n: i64,
}

#[protocol]
#[derive(Clone, Debug)]
struct Limit {
    #[protocol(minimum = 1)]
    limit: i64,
}

#[protocol(errors)]
#[derive(Clone, Debug)]
enum AskError {
    #[error(wire = "FULL", message = "It is full.")]
    Full(Limit),
}

#[protocol(client)]
#[derive(Clone, Debug)]
enum Asks {
    #[message("ask", reply = Answer, errors = AskError)]
    Ask(Ask),
    #[message("publish")]
    Publish(Publish),
    #[message("count", stream(item = Item))]
    Count(Count),
}

#[protocol(server)]
#[derive(Clone, Debug)]
enum Says {
    #[message("answer")]
    Answer(Answer),
    #[message("item")]
    Item(Item),
    #[message("news", channel = Board)]
    News(News),
}

#[protocol(channel = "board")]
#[derive(Clone, Debug)]
struct Board {}

#[protocol(name = "sent", version = "1.0.0", client = Asks, server = Says, channels(Board), authorize_joins)]
#[derive(Clone, Copy, Debug)]
struct Sent;

struct App;

impl SessionHandler for App {
    type Session = ();
    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
    async fn authorize_join(&self, _: &str, _: &Context<()>) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn ask(&self, m: Ask, _: &Context<()>) -> Result<Answer, HandlerError<AskError>> {
        match m.n {
            7 => Err(AskError::Full(Limit { limit: 0 }).into()),
            8 => Err(AskError::Full(Limit { limit: 1 }).into()),
            9 => panic!("as asked"),
            n => Ok(Answer { n }),
        }
    }

    async fn publish(&self, m: Publish, cx: &Context<()>) {
        cx.board().publish(&News { n: m.n });
    }

    async fn count(
        &self,
        m: Count,
        mut items: StreamSender<Item>,
        _: &Context<()>,
    ) -> Result<(), HandlerError> {
        assert!(items.send(Item { n: -m.n }).await.is_err());
        assert!(items.send(Item { n: m.n }).await.is_ok());
        Ok(())
    }
}

async fn connect(check: bool) -> MemoryTransport {
    log::listen();
    let server = Server::builder(App).check_sent(check).build();
    let (mut client, end) = duplex(64);
    tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
    say(
        &mut client,
        r#"{"type":"hello","payload":{"version":"1.0.0"}}"#,
    )
    .await;
    let ready = next(&mut client).await;
    assert!(ready.starts_with(r#"{"type":"ready""#), "{ready}");
    client
}

async fn say(client: &mut MemoryTransport, text: &str) {
    client.send(text).await.expect("it is open");
}

/// The next message, without its time.
async fn next(client: &mut MemoryTransport) -> String {
    let arrival = tokio::time::timeout(Duration::from_secs(60), client.receive());
    match arrival.await.expect("something comes").expect("it is open") {
        TransportEvent::Packet(Packet::Text(text)) => match text.split_once(r#","timestamp""#) {
            Some((before, _)) => before.to_owned(),
            None => text.to_string(),
        },
        other => format!("{other:?}"),
    }
}

const INTERNAL: &str =
    r#"{"type":"error","payload":{"code":"INTERNAL","message":"the server failed"},"id":"1"}"#;

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_not_sent_and_is_logged() {
    log::keep();
    let mut client = connect(true).await;
    log::lines();
    say(&mut client, r#"{"type":"ask","payload":{"n":-1},"id":"1"}"#).await;
    assert_eq!(next(&mut client).await, INTERNAL);
    let logged = log::lines();
    assert!(
        logged.iter().any(|line| line.starts_with("ERROR")
            && line.contains("answer")
            && line.contains("/n must be at least 0")),
        "{logged:?}"
    );
    say(&mut client, r#"{"type":"ask","payload":{"n":1},"id":"2"}"#).await;
    assert_eq!(
        next(&mut client).await,
        r#"{"type":"answer","payload":{"n":1},"id":"2""#
    );
    say(&mut client, r#"{"type":"ask","payload":{"n":7},"id":"3"}"#).await;
    assert_eq!(next(&mut client).await, INTERNAL.replace("\"1\"", "\"3\""));
    say(&mut client, r#"{"type":"ask","payload":{"n":8},"id":"4"}"#).await;
    assert_eq!(
        next(&mut client).await,
        r#"{"type":"error","payload":{"code":"FULL","message":"It is full.","data":{"limit":1}},"id":"4"}"#
    );
    say(
        &mut client,
        r#"{"type":"join","payload":{"channel":"board"},"id":"5"}"#,
    )
    .await;
    next(&mut client).await;
    say(&mut client, r#"{"type":"publish","payload":{"n":-5}}"#).await;
    say(&mut client, r#"{"type":"publish","payload":{"n":5}}"#).await;
    let news = next(&mut client).await;
    assert!(
        news.contains(r#""n":5"#) && news.contains(r#""seq":1"#),
        "{news}"
    );
    say(
        &mut client,
        r#"{"type":"count","payload":{"n":3},"id":"6"}"#,
    )
    .await;
    assert_eq!(
        next(&mut client).await,
        r#"{"type":"item","payload":{"n":3},"id":"6""#
    );
    // A panic says in which message.
    log::lines();
    say(&mut client, r#"{"type":"ask","payload":{"n":9},"id":"7"}"#).await;
    assert_eq!(next(&mut client).await, INTERNAL.replace("\"1\"", "\"7\""));
    let logged = log::lines();
    assert!(
        logged.iter().any(|line| line.contains("a handler panicked")
            && line.contains("message_type")
            && line.contains("ask")),
        "{logged:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_check_it_is_sent() {
    let mut client = connect(false).await;
    say(&mut client, r#"{"type":"ask","payload":{"n":-1},"id":"1"}"#).await;
    assert_eq!(
        next(&mut client).await,
        r#"{"type":"answer","payload":{"n":-1},"id":"1""#
    );
}
