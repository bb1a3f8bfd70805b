//! A connection on its way to the session that it resumes: while a handler keeps the thread of the session, or in the turn in which it arrives.

#![cfg(feature = "server")]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    HandlerError, protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use tokio::sync::Semaphore;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Block {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("ask", bare, reply = Answer)]
    Ask(Ask),
    /// Keeps the thread until the test lets it go.
    #[message("block", bare, reply = Answer)]
    Block(Block),
}

#[protocol(server, envelope(timestamp = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("answer", bare)]
    Answer(Answer),
}

#[protocol(name = "attach", version = "1.0.0", client = ClientMessage, server = ServerMessage)]
#[derive(Clone, Copy, Debug)]
pub struct Attach;

struct App {
    blocked: Arc<Semaphore>,
    gate: Mutex<mpsc::Receiver<()>>,
}

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn ask(&self, _: Ask, _: &Context<()>) -> Result<Answer, HandlerError> {
        Ok(Answer {})
    }

    async fn block(&self, _: Block, _: &Context<()>) -> Result<Answer, HandlerError> {
        self.blocked.add_permits(1);
        // A test that fails drops the other end.
        let _ = self.gate.lock().expect("it is whole").recv();
        Ok(Answer {})
    }
}

/// A server, what counts the handlers that block, and what lets one go.
fn server() -> (Server, Arc<Semaphore>, mpsc::Sender<()>) {
    let (open, gate) = mpsc::channel();
    let blocked = Arc::new(Semaphore::new(0));
    let app = App {
        blocked: blocked.clone(),
        gate: Mutex::new(gate),
    };
    (Server::new(app), blocked, open)
}

/// A client by hand.
struct Hand(MemoryTransport);

impl Hand {
    /// Connects and says hello. What comes of it is not waited for.
    async fn hello(server: &Server, resume: Value) -> Self {
        let (near, far) = duplex(64);
        let mut hand = Self(near);
        let payload = json!({ "version": "1.0.0", "resume": resume });
        hand.say(json!({ "type": "hello", "payload": payload }))
            .await;
        let server = server.clone();
        tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
        hand
    }

    /// Begins a session: what its hello names to resume it.
    async fn begin(server: &Server, received: u64) -> (Self, Value) {
        let mut hand = Self::hello(server, json!({})).await;
        let ready = hand.next().await;
        let session = &ready["payload"]["session"];
        let resume = json!({ "session": session, "received": received });
        (hand, resume)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(&message.to_string()).await.expect("it is open");
    }

    async fn next(&mut self) -> Value {
        match self.0.receive().await {
            Ok(TransportEvent::Packet(Packet::Text(text))) => {
                serde_json::from_str(&text).expect("it is JSON")
            }
            Ok(TransportEvent::Closed(Some(frame))) => json!({ "closed": frame.code }),
            other => panic!("{other:?}"),
        }
    }
}

async fn soon<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), test)
        .await
        .expect("the test ends")
}

/// Its client may be gone before the session takes it: it counts as a connection until then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_whose_client_has_gone_does_not_wait_for_its_session() {
    soon(async {
        let (server, blocked, open) = server();
        let (mut one, resume) = Hand::begin(&server, 0).await;
        one.say(json!({ "type": "block", "id": "1" })).await;
        drop(blocked.acquire().await.expect("it is open"));
        let two = Hand::hello(&server, resume.clone()).await;
        let connections = |count| {
            let handle = server.handle();
            async move {
                while handle.connections() != count {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        };
        connections(2).await;
        drop(two);
        connections(1).await;
        // The session is as it was.
        open.send(()).expect("the handler waits");
        assert_eq!(one.next().await, json!({ "type": "answer", "id": "1" }));
        let mut three = Hand::hello(&server, resume).await;
        assert_eq!(three.next().await["payload"]["resumed"], true);
        assert_eq!(three.next().await, json!({ "type": "answer", "id": "1" }));
    })
    .await;
}

/// What a client needs may have been acknowledged on the connection before: then it gets a session of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_has_forgotten_what_its_client_needs_does_not_take_it() {
    soon(async {
        let (server, blocked, open) = server();
        let (mut one, resume) = Hand::begin(&server, 0).await;
        one.say(json!({ "type": "ask", "id": "1" })).await;
        assert_eq!(one.next().await, json!({ "type": "answer", "id": "1" }));
        // What follows is read in the same turn.
        one.say(json!({ "type": "block", "id": "2" })).await;
        one.say(json!({ "type": "received", "payload": { "received": 1 } }))
            .await;
        drop(blocked.acquire().await.expect("it is open"));
        let mut two = Hand::hello(&server, resume).await;
        // Long enough for a hello that waits for nothing; if it is not, the answer is the same.
        tokio::time::sleep(Duration::from_millis(300)).await;
        open.send(()).expect("the handler waits");
        let ready = two.next().await;
        assert_eq!(ready["type"], "ready");
        assert_eq!(ready["payload"].get("resumed"), None);
        two.say(json!({ "type": "ask", "id": "1" })).await;
        assert_eq!(two.next().await, json!({ "type": "answer", "id": "1" }));
        // The other session goes on.
        assert_eq!(one.next().await, json!({ "type": "answer", "id": "2" }));
    })
    .await;
}

/// Both hellos arrive before the session has a turn: the client has given up the first of these connections.
#[tokio::test(start_paused = true)]
async fn of_two_connections_the_session_takes_the_newest() {
    soon(async {
        let (server, _, _open) = server();
        let (mut one, resume) = Hand::begin(&server, 0).await;
        one.say(json!({ "type": "ask", "id": "1" })).await;
        assert_eq!(one.next().await, json!({ "type": "answer", "id": "1" }));
        let mut two = Hand::hello(&server, resume.clone()).await;
        let mut three = Hand::hello(&server, resume).await;
        assert_eq!(three.next().await["payload"]["resumed"], true);
        assert_eq!(three.next().await, json!({ "type": "answer", "id": "1" }));
        assert_eq!(two.next().await, json!({ "closed": 4409 }));
        assert_eq!(one.next().await, json!({ "closed": 4409 }));
        three.say(json!({ "type": "ask", "id": "2" })).await;
        assert_eq!(three.next().await, json!({ "type": "answer", "id": "2" }));
    })
    .await;
}
