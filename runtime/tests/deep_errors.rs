//! Declared errors with data that nests deeply: within `limits.depth` they arrive, beyond it the other end hears that its request failed.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(missing_docs, reason = "the protocol is this test's own")]

mod support;

use handfast::{
    HandlerError, ValidatedJson, protocol,
    server::{CallError, ConnectionInfo, Rejection},
    transport::duplex,
};
use std::convert::Infallible;
use support::simulated;

/// `limits.depth`; the envelope and the error are a level each.
const DEPTH: usize = 100;

#[protocol]
#[derive(Clone, Debug)]
pub struct BusyData {
    pub why: ValidatedJson,
}

#[protocol(errors)]
#[derive(Clone, Debug)]
pub enum AskError {
    /// Busy.
    #[error("BUSY", message = "Busy.", from = BusyData)]
    Busy(BusyData),
}

/// Asks for an error of so many levels.
#[protocol]
#[derive(Clone, Debug)]
pub struct Ask {
    pub levels: i64,
}

#[protocol]
#[derive(Clone, Debug)]
pub struct Asked {}

#[protocol]
#[derive(Clone, Debug)]
pub struct Question {
    pub levels: i64,
}

#[protocol]
#[derive(Clone, Debug)]
pub struct Answer {}

#[protocol(client)]
#[derive(Clone, Debug)]
pub enum ClientMessage {
    #[message("ask", reply = Asked, errors = AskError)]
    Ask(Ask),
    #[message("answer", answers)]
    Answer(Answer),
}

#[protocol(server)]
#[derive(Clone, Debug)]
pub enum ServerMessage {
    #[message("asked")]
    Asked(Asked),
    #[message("question", reply = Answer, errors = AskError)]
    Question(Question),
}

#[protocol(name = "deep", version = "1.0.0", client = ClientMessage, server = ServerMessage, limits(depth = 100))]
#[derive(Clone, Copy, Debug)]
pub struct Deep;

/// An error whose data nests so many levels.
fn busy(levels: i64) -> HandlerError<AskError> {
    let arrays = usize::try_from(levels - 1).expect("there is one level at least");
    let text = format!("{}1{}", "[".repeat(arrays), "]".repeat(arrays));
    let why: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    AskError::Busy(BusyData { why: why.into() }).into()
}

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn ask(&self, m: Ask, _: &Context<()>) -> Result<Asked, HandlerError<AskError>> {
        Err(busy(m.levels))
    }
}

struct Desk;

impl ServerRequestHandler for Desk {
    async fn question(&self, m: Question, _: &Client) -> Result<Answer, HandlerError<AskError>> {
        Err(busy(m.levels))
    }
}

fn outcome<T>(answer: Result<T, CallError<AskError>>) -> String {
    match answer {
        Ok(_) => "ok".into(),
        Err(CallError::Declared(AskError::Busy(_))) => "declared".into(),
        Err(CallError::Remote(error)) => error.to_string(),
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn errors_arrive_however_deep_they_are() {
    simulated(async {
        let server = Server::new(App);
        let connected = server.clone();
        let client = Client::over_with(
            move || {
                let (ours, theirs) = duplex(16);
                let server = connected.clone();
                tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
                async { Ok::<_, Infallible>(ours) }
            },
            Desk,
        )
        .await
        .expect("it connects");
        let handle = loop {
            match server.handle().client(1) {
                Some(handle) => break handle,
                None => tokio::task::yield_now().await,
            }
        };
        let most = DEPTH as i64 - 2;
        for levels in [1, 70, most] {
            assert_eq!(outcome(client.ask(Ask { levels }).await), "declared");
            assert_eq!(
                outcome(handle.question(Question { levels }).await),
                "declared"
            );
        }
        for levels in [most + 1, 200] {
            let answer = outcome(client.ask(Ask { levels }).await);
            assert!(answer.contains("INTERNAL: the server failed"), "{answer}");
            let answer = outcome(handle.question(Question { levels }).await);
            assert!(answer.contains("INTERNAL: the client failed"), "{answer}");
        }
    })
    .await;
}
