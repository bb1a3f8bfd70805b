//! Protocols that speak otherwise: the server first, messages of the application in the session's roles, envelopes of single messages,
//! and close codes in place of answers.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    DecodeErrorKind, Envelope, HandlerError, Id, Protocol,
    client::{CallError, ClientBuilder, ConnectError},
    descriptor::Limits,
    protocol,
    server::ConnectionInfo,
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{borrow::Cow, convert::Infallible, time::Duration};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Credentials {
    #[protocol(min_length = 3)]
    pub token: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Hi {
    pub motto: String,
    pub ver: Option<String>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    pub user: String,
    pub server: Option<String>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Prefer {
    pub color: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub question: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: String,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum AskError {
    #[error("SILLY", message = "ask something else")]
    Silly,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("prefer")]
    Prefer(Prefer),
    // Its tag is in another field, and its payload is beside it.
    #[message("ask", reply = Answer, errors = AskError, envelope(tag = "op", content = none, id(name = "n", integer, required)))]
    Ask(Ask),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message(
        "answer",
        envelope(tag = "op", content = "d", id(name = "n", integer, required), timestamp = none)
    )]
    Answer(Answer),
}

#[protocol(
    name = "foreign",
    version = "1.2.0",
    accepts = ">=1.0, <2",
    client = ClientMessage,
    server = ServerMessage,
    auth = Credentials,
    roles(
        greeting(name = "hi", tag = "hi", server, payload = Hi, fields(version = "/ver")),
        hello(name = "login", tag = 1, client, fields(version = "/a~1b/ver", auth = "/credentials")),
        ready(name = "granted", tag = "granted", server, payload = Granted, fields(version = "/server")),
        refuse(name = "denied", tag = "denied", server, fields(code = "/0", message = "/1")),
        error(name = "oops", tag = "oops", server, server_envelope(id(name = "n", integer)), fields(code = "/what/code", message = "/what/words")),
        ping(name = "beat", tag = "beat", client, fields(nonce = "/t")),
        pong(name = "beat", tag = "beat", server, fields(nonce = "/t")),
        received = none
    ),
    before_ready("prefer", "beat"),
    limits(inbound = 1000),
    closes(invalid = 4400, not_ready = 4401, repeated_hello = 4429, id_reused = 4409)
)]
#[derive(Clone, Copy, Debug)]
pub struct Foreign;

struct App;

#[derive(Default)]
pub struct State {
    color: std::sync::Mutex<String>,
}

impl SessionHandler for App {
    type Session = State;

    fn greeting(&self, _: &ConnectionInfo) -> Hi {
        Hi {
            motto: "welcome".into(),
            ver: None,
        }
    }

    async fn authenticate(
        &self,
        m: Credentials,
        _: &ConnectionInfo,
    ) -> Result<State, HandlerError> {
        match m.token.as_str() {
            "secret" => Ok(State::default()),
            _ => Err(HandlerError::internal("not today")),
        }
    }

    fn principal<'a>(&self, _: &'a State) -> Option<Cow<'a, str>> {
        Some("ada".into())
    }

    fn welcome(&self, _: &State) -> Granted {
        Granted {
            user: "ada".into(),
            server: None,
        }
    }
}

impl Handler for App {
    async fn prefer(&self, m: Prefer, cx: &Context<State>) {
        if let Ok(mut color) = cx.session().color.lock() {
            *color = m.color;
        }
    }

    async fn ask(&self, m: Ask, cx: &Context<State>) -> Result<Answer, HandlerError<AskError>> {
        if m.question == "silly" {
            return Err(AskError::Silly.into());
        }
        let color = cx.session().color.lock();
        Ok(Answer {
            text: color.map(|color| color.clone()).unwrap_or_default(),
        })
    }
}

/// A connection without a client.
struct Raw(MemoryTransport);

impl Raw {
    fn new() -> Self {
        Self::of(Server::new(App))
    }

    fn of(server: Server) -> Self {
        let (ours, theirs) = duplex(64 * 1024);
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        Self(ours)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(&message.to_string()).await.expect("it is open");
    }

    async fn hear(&mut self) -> Value {
        match self.0.receive().await {
            Ok(TransportEvent::Packet(Packet::Text(text))) => {
                serde_json::from_str(&text).expect("it is JSON")
            }
            other => panic!("{other:?}"),
        }
    }

    /// The code that the server closes with.
    async fn closed(&mut self) -> u16 {
        loop {
            match self.0.receive().await {
                Ok(TransportEvent::Closed(closing)) => {
                    return closing.map_or(1006, |closing| closing.code);
                }
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn login(token: &str, version: &str) -> Value {
    json!({ "type": 1, "payload": { "a/b": { "ver": version }, "credentials": { "token": token } } })
}

#[tokio::test]
async fn the_server_speaks_first_and_the_roles_are_played_by_messages() {
    let mut raw = Raw::new();
    let hi = json!({ "type": "hi", "payload": { "motto": "welcome", "ver": "1.2.0" } });
    assert_eq!(raw.hear().await, hi);
    raw.say(json!({ "type": "beat", "payload": { "t": 5 } }))
        .await;
    assert_eq!(
        raw.hear().await,
        json!({ "type": "beat", "payload": { "t": 5 } })
    );
    raw.say(json!({ "type": "prefer", "payload": { "color": "red" } }))
        .await;
    raw.say(login("secret", "1.1.0")).await;
    let granted = json!({ "type": "granted", "payload": { "user": "ada", "server": "1.2.0" } });
    assert_eq!(raw.hear().await, granted);
    raw.say(json!({ "op": "ask", "n": 7, "question": "what?" }))
        .await;
    // What came before ready is handled first.
    assert_eq!(
        raw.hear().await,
        json!({ "op": "answer", "d": { "text": "red" }, "n": 7 })
    );
    raw.say(json!({ "op": "ask", "n": 8, "question": "silly" }))
        .await;
    let oops = json!({ "type": "oops", "payload": { "what": { "code": "SILLY", "words": "ask something else" } }, "n": 8 });
    assert_eq!(raw.hear().await, oops);
    raw.say(json!({ "type": "beat", "id": "x" })).await;
    assert_eq!(raw.hear().await, json!({ "type": "beat", "id": "x" }));
}

#[tokio::test]
async fn what_is_wrong_before_ready_closes() {
    for (message, code) in [
        (json!({ "op": "ask", "n": 1, "question": "?" }), 4401),
        (json!([]), 4400),
        (
            json!({ "type": 1, "payload": { "a/b": { "ver": 7 } } }),
            4400,
        ),
        (login("no", "1.2.0"), 4400),
        (login("secret", "2.0.0"), 4406),
        (login("wrong", "1.2.0"), 1013),
    ] {
        let mut raw = Raw::new();
        raw.hear().await;
        raw.say(message.clone()).await;
        assert_eq!(raw.closed().await, code, "{message}");
    }
}

#[tokio::test]
async fn what_waits_for_ready_is_bounded() {
    let mut raw = Raw::new();
    raw.hear().await;
    for _ in 0..8 {
        raw.say(json!({ "type": "prefer", "payload": { "color": "red" } }))
            .await;
    }
    assert_eq!(raw.closed().await, 4429);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_ready_counts_against_the_rate_of_its_connection() {
    let limits = Limits {
        rate: Some((3, Duration::from_secs(60))),
        ..Foreign::DESCRIPTOR.limits
    };
    let mut raw = Raw::of(Server::builder(App).limits(limits).build());
    raw.hear().await;
    for color in ["red", "green"] {
        raw.say(json!({ "type": "prefer", "payload": { "color": color } }))
            .await;
    }
    // It is counted when it comes, and not when it is handled.
    tokio::time::sleep(Duration::from_secs(5)).await;
    for color in ["blue", "grey"] {
        raw.say(json!({ "type": "prefer", "payload": { "color": color } }))
            .await;
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    raw.say(login("secret", "1.2.0")).await;
    raw.hear().await;
    let limited = tokio::time::timeout(Duration::from_secs(5), raw.hear()).await;
    let limited = limited.expect("the last one is too much");
    assert_eq!(limited["payload"]["what"]["code"], "RATE_LIMITED");
    raw.say(json!({ "op": "ask", "n": 7, "question": "what?" }))
        .await;
    let limited = raw.hear().await;
    assert_eq!(limited["payload"]["what"]["code"], "RATE_LIMITED");
    assert_eq!(limited["n"], 7);
    tokio::time::sleep(Duration::from_secs(20)).await;
    raw.say(json!({ "op": "ask", "n": 8, "question": "what?" }))
        .await;
    assert_eq!(
        raw.hear().await,
        json!({ "op": "answer", "d": { "text": "blue" }, "n": 8 })
    );
}

#[tokio::test]
async fn what_is_wrong_after_ready_closes() {
    for (message, code) in [
        (json!({ "type": "nothing" }), 4400),
        (json!({ "op": "ask", "n": "1", "question": "?" }), 4400),
        (json!({ "op": "ask", "n": 1, "question": 5 }), 4400),
        (login("secret", "1.2.0"), 4429),
    ] {
        let mut raw = Raw::new();
        raw.say(login("secret", "1.2.0")).await;
        raw.say(message.clone()).await;
        assert_eq!(raw.closed().await, code, "{message}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_message_in_that_role() {
    let mut raw = Raw::new();
    raw.hear().await;
    raw.say(login("wrong", "1.2.0")).await;
    assert_eq!(
        raw.hear().await,
        json!({ "type": "denied", "payload": ["INTERNAL", "the server failed"] })
    );
}

#[tokio::test]
async fn what_is_wrong_with_credentials_is_where_the_message_has_them() {
    let mut raw = Raw::new();
    raw.hear().await;
    raw.say(json!({ "type": 1, "payload": { "a/b": { "ver": "1.2.0" }, "credentials": { "token": 7 } } }))
        .await;
    assert_eq!(raw.hear().await["type"], "denied");
    match raw.0.receive().await {
        Ok(TransportEvent::Closed(Some(closing))) => {
            let reason = &*closing.reason;
            assert!(reason.contains("/payload/credentials/token"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

fn client(token: &'static str) -> ClientBuilder<Foreign, Client> {
    ClientBuilder::over(|| {
        let (ours, theirs) = duplex(64 * 1024);
        let server = Server::new(App);
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(ours) }
    })
    .auth(&Credentials {
        token: token.into(),
    })
}

#[tokio::test]
async fn a_client_speaks_it() -> Result<(), Box<dyn std::error::Error>> {
    let client = client("secret").await?;
    client
        .prefer(Prefer {
            color: "blue".into(),
        })
        .await?;
    let answer = client
        .ask(Ask {
            question: "?".into(),
        })
        .await?;
    assert_eq!(answer.text, "blue");
    let silly = client
        .ask(Ask {
            question: "silly".into(),
        })
        .await;
    assert_eq!(silly, Err(CallError::Declared(AskError::Silly)));
    Ok(())
}

#[tokio::test]
async fn a_client_learns_why_it_is_refused() {
    let refused = client("wrong").reconnect(false).await;
    let Err(ConnectError::Refused(error)) = refused else {
        panic!("it is refused");
    };
    assert_eq!(error.to_string(), "INTERNAL: the server failed");
}

#[test]
fn a_message_has_an_envelope_of_its_own() -> Result<(), Box<dyn std::error::Error>> {
    let envelope = Envelope {
        id: Some(Id::Integer(3)),
        version: None,
        channel: None,
        seq: None,
        epoch: None,
        timestamp: None,
        message: ClientMessage::Ask(Ask {
            question: "?".into(),
        }),
    };
    let text = ClientMessage::encode(&envelope)?;
    assert_eq!(text, r#"{"op":"ask","question":"?","n":3}"#);
    assert_eq!(
        ClientMessage::decode(&text).map_err(|error| error.to_string())?,
        envelope
    );
    // The tag may come last.
    let last = r#"{"n":3,"question":"?","op":"ask"}"#;
    assert_eq!(
        ClientMessage::decode(last).map_err(|error| error.to_string())?,
        envelope
    );
    // The other messages have that of their side.
    let other = r#"{"type":"prefer","payload":{"color":"red"},"op":"ask?"}"#;
    let rejected = ClientMessage::decode(other).expect_err("`op` is unknown");
    assert!(matches!(rejected.kind, DecodeErrorKind::Envelope(_)));
    assert!(ClientMessage::decode(r#"{"type":"prefer","payload":{"color":"red"}}"#).is_ok());
    let rejected =
        ClientMessage::decode(r#"{"op":"ask","n":"3","question":1}"#).expect_err("it is invalid");
    assert_eq!(
        rejected.to_string(),
        "the envelope does not fit: /n must be an integer; /question must be a string"
    );
    let unknown = ClientMessage::decode(r#"{"op":"nothing"}"#).expect_err("it is unknown");
    assert!(matches!(unknown.kind, DecodeErrorKind::Envelope(_)));
    Ok(())
}
