//! The answer to a leave comes before the server says that it has added the client to the channel again, in which channel it ever is.

#![cfg(feature = "server")]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    HandlerError, foreign, protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    fmt,
    sync::{Mutex, mpsc},
    time::Duration,
};

/// What is done while the answer to a leave is written.
static MEANWHILE: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// A text that takes its time to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Slow;

impl handfast::ForeignString for Slow {
    type Error = Infallible;

    fn from_text(_: &str) -> Result<Self, Infallible> {
        Ok(Self)
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meanwhile = MEANWHILE.lock().expect("it is whole").take();
        if let Some(meanwhile) = meanwhile {
            meanwhile();
        }
        f.write_str("slow")
    }
}

foreign!(Slow);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Leave {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    pub text: Slow,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("room.join", reply = Joined, join = Room)]
    Join(Join),
    #[message("room.leave", reply = Left, leave = Room)]
    Leave(Leave),
}

#[protocol(server, envelope(timestamp = none))]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("room.joined")]
    Joined(Joined),
    #[message("room.left")]
    Left(Left),
}

#[protocol(channel = "room:{id}", join = Join, leave = Leave)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
}

#[protocol(name = "leaving", version = "1.0.0", client = ClientMessage, server = ServerMessage, channels(Room))]
#[derive(Clone, Copy, Debug)]
pub struct Leaving;

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl RoomHandler for App {
    async fn join(&self, _: Join, _: &Context<()>) -> Result<Joined, HandlerError> {
        Ok(Joined {})
    }

    /// Somebody else adds the client again while the answer is written, and has time for it.
    async fn leave(&self, m: Leave, cx: &Context<()>) -> Result<Left, HandlerError> {
        let client = cx.client();
        let runtime = tokio::runtime::Handle::current();
        let add = move || {
            let (done, is_done) = mpsc::channel();
            std::thread::spawn(move || {
                let channel = client.channel_handle(&Room { id: m.id });
                runtime.block_on(channel.add()).expect("it may");
                let _ = done.send(());
            });
            let _ = is_done.recv_timeout(Duration::from_millis(500));
        };
        *MEANWHILE.lock().expect("it is whole") = Some(Box::new(add));
        Ok(Left { text: Slow })
    }
}

async fn hear(client: &mut MemoryTransport) -> Value {
    let heard = tokio::time::timeout(Duration::from_secs(10), client.receive()).await;
    match heard.expect("something comes") {
        Ok(TransportEvent::Packet(Packet::Text(text))) => {
            serde_json::from_str(&text).expect("it is JSON")
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leave_is_answered_before_the_client_is_added_again() {
    // A server that checks what it sends writes it twice.
    let server = Server::builder(App).check_sent(false).build();
    let (mut client, far) = duplex(16);
    tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
    let mut say = async |message: Value| {
        let sent = client.send(&message.to_string()).await;
        sent.expect("it is open");
        let mut heard = vec![hear(&mut client).await];
        if message["type"] == "room.leave" {
            heard.push(hear(&mut client).await);
        }
        let types = heard.iter().map(|message| message["type"].clone());
        Value::Array(types.collect())
    };
    let leave = |name: &str| json!({ "type": "room.leave", "id": "1", "payload": { "id": name } });
    let hello = json!({ "type": "hello", "payload": { "version": "1.0.0" } });
    assert_eq!(say(hello).await, json!(["ready"]));
    let both = json!(["room.left", "join"]);
    assert_eq!(say(leave("nobody-is-in-it")).await, both);
    let again = json!({ "type": "room.leave", "id": "2", "payload": { "id": "nobody-is-in-it" } });
    assert_eq!(say(again).await, both);
}
