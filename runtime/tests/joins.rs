//! Joins that do not go as usual: answers that cannot be sent, keys that are long or empty, and brokers that take their time, or begin anew.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

#[path = "joins/numbered.rs"]
mod numbered;
#[path = "joins/renewing.rs"]
mod renewing;
mod support;
#[path = "joins/typed.rs"]
mod typed;

use handfast::{
    HandlerError,
    broker::{Broker, MemberId, Presence, PresenceChange, ServerId},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use renewing::Renewing;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use support::simulated;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    pub room: String,
    /// The length of the text that is answered.
    pub length: u32,
    /// How many messages are published before the answer.
    pub publish: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub board: String,
    pub publish: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Gather {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("enter", reply = Entered, join = Room)]
    Enter(Enter),
    #[message("watch", reply = Entered, join = Board)]
    Watch(Watch),
    #[message("gather", reply = Gathered, join = Lobby)]
    Gather(Gather),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    pub n: i64,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("entered")]
    Entered(Entered),
    #[message("said", channel = Room)]
    Said(Said),
    #[message("drawn", channel = Board)]
    Drawn(Drawn),
    #[message("gathered")]
    Gathered(Gathered),
}

/// Left with the session's own `leave`.
#[protocol(channel = "room:{room}", join = Enter, join_more)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub room: String,
}

#[protocol(channel = "board:{board}", join = Watch, join_more, history(size = 100))]
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    pub board: String,
}

/// Its members learn of each other.
#[protocol(channel = "lobby", join = Gather, presence)]
#[derive(Clone, Debug, PartialEq)]
pub struct Lobby {}

#[protocol(
    name = "joins",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Board, Lobby),
    session(timeout_ms = 5000),
    limits(no_rate, message = 4096, outbound = 65536)
)]
#[derive(Clone, Copy, Debug)]
pub struct Joins;

/// What happens in a handler, before what it publishes.
type Before = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

#[derive(Clone, Default)]
pub struct App {
    before: Before,
}

impl App {
    fn before(&self) {
        let before = self.before.lock().expect("it is whole").take();
        if let Some(before) = before {
            before();
        }
    }
}

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn enter(&self, m: Enter, cx: &Context<()>) -> Result<Entered, HandlerError> {
        self.before();
        for n in 1..=m.publish {
            cx.room(&m.room).publish(&Said { n });
        }
        let text = "x".repeat(m.length as usize);
        Ok(Entered { text })
    }

    async fn watch(&self, m: Watch, cx: &Context<()>) -> Result<Entered, HandlerError> {
        self.before();
        for n in 1..=m.publish {
            cx.board(&m.board).publish(&Drawn { n });
        }
        let text = String::new();
        Ok(Entered { text })
    }

    async fn gather(&self, _: Gather, _: &Context<()>) -> Result<Gathered, HandlerError> {
        self.before();
        Ok(Gathered {})
    }
}

/// A client by hand.
struct Peer(MemoryTransport);

impl Peer {
    async fn connect(server: &Server) -> Self {
        let (client, end) = duplex(4096);
        let server = server.clone();
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        let mut peer = Self(client);
        peer.send(json!({ "type": "hello", "payload": { "version": "1.0.0" } }))
            .await;
        assert_eq!(peer.next().await["type"], "ready");
        peer
    }

    async fn send(&mut self, message: Value) {
        self.0.send(&message.to_string()).await.expect("it is open");
    }

    async fn next(&mut self) -> Value {
        match self.0.receive().await.expect("it is open") {
            TransportEvent::Packet(Packet::Text(text)) => {
                serde_json::from_str(&text).expect("it is JSON")
            }
            other => panic!("{other:?}"),
        }
    }

    async fn enter(&mut self, room: &str, length: u32, publish: i64) -> Value {
        let payload = json!({ "room": room, "length": length, "publish": publish });
        self.send(json!({ "type": "enter", "payload": payload, "id": "1" }))
            .await;
        self.next().await
    }

    async fn watch(&mut self, board: &str, publish: i64) -> Value {
        let payload = json!({ "board": board, "publish": publish });
        self.send(json!({ "type": "watch", "payload": payload, "id": "w" }))
            .await;
        self.next().await
    }

    async fn said(&mut self, seq: u64, n: i64) {
        let said = self.next().await;
        assert_eq!(
            (&said["seq"], &said["payload"]["n"]),
            (&json!(seq), &json!(n)),
            "{said}"
        );
    }
}

/// A join whose answer cannot be sent has failed.
#[tokio::test(start_paused = true)]
async fn nobody_is_in_a_channel_by_an_answer_that_is_too_large() {
    simulated(async {
        let server = Server::new(App::default());
        let mut peer = Peer::connect(&server).await;
        let failed = peer.enter("a", 8000, 0).await;
        assert_eq!(
            (&failed["id"], &failed["payload"]["code"]),
            (&json!("1"), &json!("INTERNAL")),
            "{failed}"
        );
        assert_eq!(server.handle().room(&"a".into()).members(), 0);
    })
    .await;
}

/// A parameter may be empty where its schema says so.
#[tokio::test(start_paused = true)]
async fn a_channel_whose_parameter_is_empty_is_left_as_any_other() {
    simulated(async {
        let server = Server::new(App::default());
        let mut peer = Peer::connect(&server).await;
        let entered = peer.enter("", 0, 0).await;
        assert_eq!(entered["channel"], "room:", "{entered}");
        let members = || server.handle().room(&String::new()).members();
        assert_eq!(members(), 1);
        peer.send(json!({ "type": "leave", "payload": { "channel": "room:" }, "id": "2" }))
            .await;
        let left = peer.next().await;
        assert_eq!(left["type"], "leave", "{left}");
        assert_eq!(members(), 0);
    })
    .await;
}

/// The key is sent with each message, and counts.
#[tokio::test(start_paused = true)]
async fn what_is_held_for_a_join_fits_into_the_queue() {
    simulated(async {
        let server = Server::new(App::default());
        let mut peer = Peer::connect(&server).await;
        let room = "r".repeat(1000);
        let entered = peer.enter(&room, 0, 200).await;
        assert_eq!(entered["type"], "entered", "{entered}");
        let gap = peer.next().await;
        assert_eq!(gap["type"], "gap", "{gap}");
        let last = gap["payload"]["to"].as_u64().expect("it is known");
        for seq in last + 1..=200 {
            peer.said(seq, seq as i64).await;
        }
    })
    .await;
}

fn renewing() -> (Arc<Renewing>, App, Server) {
    let broker = Arc::new(Renewing::default());
    let app = App::default();
    let server = Server::builder(app.clone()).broker(broker.clone()).build();
    (broker, app, server)
}

/// Members receive a gap, though the first to see it is another that joins.
#[tokio::test(start_paused = true)]
async fn another_epoch_that_a_join_finds_is_a_gap_for_those_who_are_there() {
    simulated(async {
        let (broker, _, server) = renewing();
        let mut member = Peer::connect(&server).await;
        member.enter("a", 0, 0).await;
        let publish = |n| server.handle().room(&"a".into()).publish(&Said { n });
        for n in 1..=3 {
            publish(n);
            member.said(n as u64, n).await;
        }
        broker.renew();
        let mut other = Peer::connect(&server).await;
        let entered = other.enter("a", 0, 0).await;
        assert_eq!(
            (&entered["seq"], &entered["epoch"]),
            (&json!(0), &json!("epoch 1"))
        );
        publish(4);
        other.said(1, 4).await;
        let gap = member.next().await;
        assert_eq!(
            (&gap["payload"]["reason"], &gap["seq"], &gap["epoch"]),
            (&json!("epoch"), &json!(0), &json!("epoch 1")),
            "{gap}"
        );
        member.said(1, 4).await;
    })
    .await;
}

/// It begins while the handler of a join runs.
#[tokio::test(start_paused = true)]
async fn another_epoch_during_a_join_is_a_gap() {
    simulated(async {
        for has_history in [false, true] {
            let (broker, app, server) = renewing();
            let mut member = Peer::connect(&server).await;
            let (key, published) = match has_history {
                true => (member.watch("a", 2).await, 2),
                false => (member.enter("a", 0, 2).await, 2),
            };
            assert_eq!(key["seq"], 0);
            for n in 1..=published {
                member.said(n, n as i64).await;
            }
            *app.before.lock().expect("it is whole") = Some(Box::new(move || broker.renew()));
            let mut other = Peer::connect(&server).await;
            let entered = match has_history {
                true => other.watch("a", 3).await,
                false => other.enter("a", 0, 3).await,
            };
            assert_eq!(
                (&entered["seq"], &entered["epoch"]),
                (&json!(2), &json!("epoch 0"))
            );
            // What follows the gap is all that there is.
            let gap = other.next().await;
            assert_eq!(
                (&gap["payload"]["reason"], &gap["epoch"]),
                (&json!("epoch"), &json!("epoch 1")),
                "{gap}"
            );
            let mut last = gap["seq"].as_u64().expect("it is known");
            let publish = |n| match has_history {
                true => drop(server.handle().board(&"a".into()).publish(&Drawn { n })),
                false => drop(server.handle().room(&"a".into()).publish(&Said { n })),
            };
            publish(4);
            while last < 4 {
                last += 1;
                other.said(last, last as i64).await;
            }
            // The member has heard of it once.
            let gap = member.next().await;
            assert_eq!(
                (&gap["payload"]["reason"], &gap["seq"], &gap["epoch"]),
                (&json!("epoch"), &json!(0), &json!("epoch 1")),
                "{gap}"
            );
            for n in 1..=4 {
                member.said(n, n as i64).await;
            }
        }
    })
    .await;
}

/// Messages of a history are encoded once for many replays, but those of another numbering are others.
#[tokio::test(start_paused = true)]
async fn a_replay_is_of_its_own_epoch() {
    simulated(async {
        let (broker, app, server) = renewing();
        let mut first = Peer::connect(&server).await;
        first.watch("a", 1).await;
        first.said(1, 1).await;
        broker.renew();
        let publish = Arc::new(AtomicI64::new(0));
        let handle = server.handle();
        let published = publish.clone();
        *app.before.lock().expect("it is whole") = Some(Box::new(move || {
            handle.board(&"a".into()).publish(&Drawn { n: 7 });
            published.fetch_add(1, Ordering::SeqCst);
        }));
        let mut second = Peer::connect(&server).await;
        let entered = second.watch("a", 0).await;
        assert_eq!(publish.load(Ordering::SeqCst), 1);
        assert_eq!(
            (&entered["seq"], &entered["epoch"]),
            (&json!(0), &json!("epoch 1"))
        );
        second.said(1, 7).await;
    })
    .await;
}

/// A handler is dropped while the broker subscribes.
#[tokio::test(start_paused = true)]
async fn a_subscription_that_comes_too_late_is_undone() {
    simulated(async {
        let (broker, _, server) = renewing();
        broker.lock().slow = Duration::from_secs(60);
        let mut peer = Peer::connect(&server).await;
        let late = peer.enter("a", 0, 0).await;
        assert_eq!(late["payload"]["code"], "TIMEOUT", "{late}");
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(broker.lock().subscriptions, 0);
    })
    .await;
}

/// Who is in a channel is forgotten with its last member, though another joins it, and cannot be read again at once.
#[tokio::test(start_paused = true)]
async fn who_is_in_a_channel_is_read_again_after_the_broker_has_failed() {
    simulated(async {
        let (broker, app, server) = renewing();
        let mut first = Peer::connect(&server).await;
        let gather = || json!({ "type": "gather", "payload": {}, "id": "1" });
        first.send(gather()).await;
        assert_eq!(first.next().await["type"], "gathered");
        assert_eq!(first.next().await["payload"]["event"], "list");
        let (failing, clients) = (broker.clone(), server.handle());
        *app.before.lock().expect("it is whole") = Some(Box::new(move || {
            failing.lock().broken = true;
            let first = clients.client(1).expect("it is connected");
            assert!(first.channel_handle(&Lobby {}).remove());
        }));
        let mut second = Peer::connect(&server).await;
        second.send(gather()).await;
        assert_eq!(second.next().await["type"], "gathered");
        tokio::time::sleep(Duration::from_secs(1)).await;
        broker.lock().broken = false;
        // Another server's client.
        let member = MemberId {
            server: ServerId(2),
            connection: 1,
        };
        let joined = PresenceChange::Set(Arc::new(Presence {
            member,
            id: "other".into(),
            principal: None,
            info: None,
            away: false,
        }));
        broker.set_presence(&"lobby".into(), joined);
        let list = second.next().await;
        assert_eq!(
            (&list["payload"]["event"], &list["payload"]["count"]),
            (&json!("list"), &json!(2)),
            "{list}"
        );
    })
    .await;
}

/// Where messages have no numbers in their channel, a gap in it has no bounds.
#[tokio::test(start_paused = true)]
async fn what_is_not_held_for_a_join_has_no_numbers_where_channels_have_none() {
    simulated(async {
        let server = numbered::Server::new(numbered::App);
        let (client, end) = duplex(4096);
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        let mut peer = Peer(client);
        let auth = json!({ "name": "ada" });
        peer.send(json!({ "type": "hello", "payload": { "version": "1.0.0", "auth": auth } }))
            .await;
        assert_eq!(peer.next().await["type"], "ready");
        peer.send(json!({ "type": "enter", "payload": { "room": "a" }, "id": "1" }))
            .await;
        let entered = peer.next().await;
        assert_eq!(
            (&entered["type"], &entered["seq"]),
            (&json!("entered"), &json!(1))
        );
        let gap = peer.next().await;
        assert_eq!(
            (&gap["payload"], &gap["seq"]),
            (
                &json!({ "channel": "room:a", "reason": "evicted" }),
                &json!(2)
            )
        );
    })
    .await;
}
