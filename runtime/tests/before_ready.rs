//! What a client sends before ready, if the protocol lets it: it is handled after it, also if its session is resumed.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

mod support;

use handfast::{
    HandlerError, Protocol,
    descriptor::{HandlerTimeout, Limits},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::duplex,
};
use serde_json::{Value, json};
use std::time::Duration;
use support::{Script, simulated};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub n: u32,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    pub n: u32,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("note", reply = Noted)]
    Note(Note),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("noted")]
    Noted(Noted),
}

#[protocol(
    name = "notes",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    session(heartbeat_ms = none),
    before_ready("note"),
    limits(inbound = 1000)
)]
#[derive(Clone, Copy, Debug)]
pub struct Notes;

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn note(&self, m: Note, _: &Context<()>) -> Result<Noted, HandlerError> {
        if m.n == 0 {
            std::future::pending::<()>().await;
        }
        Ok(Noted { n: m.n })
    }
}

fn connect(server: &Server) -> Script {
    let (ours, theirs) = duplex(64 * 1024);
    let server = server.clone();
    tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    Script(ours)
}

async fn hear(script: &mut Script) -> Value {
    let text = script.next().await;
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

async fn note(script: &mut Script, n: u32) {
    let note = json!({ "type": "note", "payload": { "n": n }, "id": n.to_string() });
    script.say(&note.to_string()).await;
}

async fn hello(script: &mut Script, resume: Value) -> Value {
    let hello = json!({ "type": "hello", "payload": { "version": "1.0.0", "resume": resume } });
    script.say(&hello.to_string()).await;
    let ready = hear(script).await;
    assert_eq!(ready["type"], "ready", "{ready}");
    ready["payload"].clone()
}

/// Begins a session and loses its connection. Returns what resumes it.
async fn lost(server: &Server, notes: &[u32]) -> Value {
    let mut script = connect(server);
    let ready = hello(&mut script, json!({})).await;
    for n in notes {
        note(&mut script, *n).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    json!({ "session": ready["session"], "received": 0 })
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_ready_is_handled_by_the_session_that_is_resumed() {
    simulated(async {
        let server = Server::new(App);
        let resume = lost(&server, &[]).await;
        let mut script = connect(&server);
        note(&mut script, 1).await;
        let ready = hello(&mut script, resume).await;
        assert_eq!(ready["resumed"], true);
        let noted = hear(&mut script).await;
        assert_eq!(
            (&noted["type"], &noted["id"]),
            (&json!("noted"), &json!("1"))
        );
        // What has a place before ready is not counted.
        assert_eq!(ready["received"], 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_before_ready_has_the_bound_of_what_waits_in_the_session() {
    simulated(async {
        let limits = Limits {
            handler_timeout: HandlerTimeout::Off,
            ..Notes::DESCRIPTOR.limits
        };
        let server = Server::builder(App).limits(limits).build();
        // The first is handled for ever, and the others wait.
        let resume = lost(&server, &[0, 1, 2, 3, 4, 5, 6, 7, 8]).await;
        let mut script = connect(&server);
        for n in 9..13 {
            note(&mut script, n).await;
        }
        let ready = hello(&mut script, resume).await;
        assert_eq!(ready["resumed"], true);
        let closed = script.next().await;
        assert!(closed.contains("4429"), "{closed}");
    })
    .await;
}
