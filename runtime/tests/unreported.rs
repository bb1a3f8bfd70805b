//! A protocol without the message `error`: what the server refuses is logged, because its client does not learn of it.

#![cfg(feature = "server")]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

mod support;

use handfast::{
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::duplex,
};
use support::{Script, log, simulated};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Say {
    pub text: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("say")]
    Say(Say),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("said")]
    Said(Say),
}

#[protocol(
    name = "silent",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    roles(error = none)
)]
#[derive(Clone, Copy, Debug)]
pub struct Silent;

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn say(&self, m: Say, cx: &Context<()>) {
        cx.send(&m);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_in_silence_is_logged_once() {
    log::keep();
    simulated(async {
        let (ours, theirs) = duplex(64 * 1024);
        let server = Server::new(App);
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        let mut raw = Script(ours);
        raw.say(r#"{"type":"hello","payload":{"version":"1.0.0"}}"#)
            .await;
        raw.next().await;
        // One that fits resets the count of those that do not.
        for _ in 0..100 {
            raw.say(r#"{"type":"say","payload":{"text":"hi","loud":true}}"#)
                .await;
            raw.say(r#"{"type":"say","payload":{"text":"hi"}}"#).await;
            let said = raw.next().await;
            assert!(said.contains(r#"{"text":"hi"}"#), "{said}");
        }
    })
    .await;
    let lines = log::lines();
    let refused = lines.iter().filter(|line| line.contains("does not learn"));
    let refused: Vec<_> = refused.collect();
    assert!(
        matches!(refused[..], [line] if line.starts_with("INFO") && line.contains("INVALID")),
        "{lines:?}"
    );
}
