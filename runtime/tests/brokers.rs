//! Brokers: several servers of one, what is published while one subscribes, and those that fail.

#![cfg(all(feature = "server", feature = "client"))]

#[path = "history/feed.rs"]
mod feed;
mod support;

use feed::{App, Chatter, Heard, Line, Peer, Post, Server, gap, hear};
use futures_util::future::BoxFuture;
use handfast::{
    GapReason,
    broker::{
        Broker, BrokerError, Command, Deliver, History, InMemory, PresenceChange, Publication,
        Receipt, Recipients, Retention, Roster, ServerId, SessionList, StreamPosition,
    },
    client::Gap,
};
use serde_json::json;
use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use support::simulated;

#[tokio::test(start_paused = true)]
async fn another_server_of_the_broker_replays_as_well() {
    simulated(async {
        let broker = InMemory::new();
        let app = App::default();
        let build = || Server::builder(app.clone()).broker(broker.clone()).build();
        let (a, b) = (build(), build());
        let line = Line::to(&a);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        app.post(&b);
        assert_eq!(hear(&mut room).await, Heard::Post(1, 1));
        line.cut().await;
        app.post(&a);
        app.post(&b);
        line.mend(&b);
        for n in 2..=3 {
            assert_eq!(hear(&mut room).await, Heard::Post(n as u64, n));
        }
        app.post(&a);
        assert_eq!(hear(&mut room).await, Heard::Post(4, 4));
    })
    .await;
}

/// What a broker does before it subscribes.
type Before = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// A broker that takes its time to subscribe.
#[derive(Default)]
struct Late {
    inner: InMemory,
    before: Before,
    server: Mutex<Option<Weak<dyn Deliver>>>,
    /// Whether histories cannot be read.
    broken: AtomicBool,
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}

impl Broker for Late {
    fn attach(&self, server: Weak<dyn Deliver>) -> ServerId {
        *self.server.lock().expect("it is whole") = Some(server.clone());
        self.inner.attach(server)
    }

    fn subscribe<'a>(
        &'a self,
        server: ServerId,
        channel: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let before = self.before.lock().expect("it is whole").take();
            if let Some(before) = before {
                before();
            }
            self.inner.subscribe(server, channel).await
        })
    }

    fn detach(&self, server: ServerId) {
        self.inner.detach(server);
    }

    fn set_presence(&self, channel: &Arc<str>, change: PresenceChange) {
        self.inner.set_presence(channel, change);
    }

    fn presence<'a>(
        &'a self,
        channel: &'a Arc<str>,
        known: Option<u64>,
    ) -> BoxFuture<'a, Result<Option<Roster>, BrokerError>> {
        self.inner.presence(channel, known)
    }

    fn command(&self, to: Recipients, command: Command) {
        self.inner.command(to, command);
    }

    fn sessions<'a>(
        &'a self,
        of: &'a Recipients,
        limit: usize,
    ) -> BoxFuture<'a, Result<SessionList, BrokerError>> {
        self.inner.sessions(of, limit)
    }

    fn unsubscribe(&self, server: ServerId, channel: &str, keep: Duration) {
        self.inner.unsubscribe(server, channel, keep);
    }

    fn publish(&self, publication: Publication, retention: &Retention) -> Receipt {
        self.inner.publish(publication, retention)
    }

    fn history<'a>(
        &'a self,
        channel: &'a Arc<str>,
        since: &'a StreamPosition,
        limit: usize,
    ) -> BoxFuture<'a, Result<History, BrokerError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.broken.load(Ordering::SeqCst) {
                return Err(BrokerError("unreachable".into()));
            }
            self.inner.history(channel, since, limit).await
        })
    }
}

/// A message is in the state that a join answers with, or is delivered.
#[tokio::test(start_paused = true)]
async fn nothing_is_missed_between_a_join_and_its_answer() {
    simulated(async {
        let broker = Arc::new(Late::default());
        let app = App::default();
        let server = Server::builder(app.clone()).broker(broker.clone()).build();
        let publish = {
            let (app, server) = (app.clone(), server.clone());
            move || app.post(&server)
        };
        *broker.before.lock().expect("it is whole") = Some(Box::new(publish));
        let mut peer = Peer::connect(&server, 16).await;
        let answer = peer.join(None).await;
        assert_eq!(answer["seq"], answer["payload"]["count"], "{answer}");
        app.post(&server);
        let post = peer.next().await;
        let next = answer["seq"].as_u64().expect("it is a number") + 1;
        assert_eq!(
            (&post["type"], &post["seq"]),
            (&json!("post"), &json!(next))
        );
    })
    .await;
}

/// What cannot be read is a gap, and the channel goes on.
#[tokio::test(start_paused = true)]
async fn a_broker_that_fails_is_a_gap() {
    simulated(async {
        let broker = Arc::new(Late::default());
        let app = App::default();
        let server = Server::builder(app.clone()).broker(broker.clone()).build();
        let line = Line::to(&server);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        app.post(&server);
        assert_eq!(hear(&mut room).await, Heard::Post(1, 1));
        line.cut().await;
        broker.broken.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            app.post(&server);
        }
        line.mend(&server);
        assert_eq!(
            hear(&mut room).await,
            gap(2, 4, Some(GapReason::Unavailable))
        );
        app.post(&server);
        assert_eq!(hear(&mut room).await, Heard::Post(5, 5));
    })
    .await;
}

/// The numbering begins anew while clients are in the channel.
#[tokio::test(start_paused = true)]
async fn another_epoch_is_a_gap_for_those_who_are_there() {
    simulated(async {
        let broker = Arc::new(Late::default());
        let app = App::default();
        let server = Server::builder(app.clone()).broker(broker.clone()).build();
        let line = Line::to(&server);
        let client = line.client().await;
        let mut room = client.room(&"r".into()).join().await.expect("it may");
        for _ in 0..5 {
            app.post(&server);
        }
        for n in 1..=5 {
            assert_eq!(hear(&mut room).await, Heard::Post(n as u64, n));
        }
        let at = StreamPosition {
            epoch: "e".into(),
            seq: 0,
        };
        let history = broker.inner.history(&"room:r".into(), &at, 1).await;
        let at = history.expect("the broker is in memory").position;
        let start = StreamPosition { seq: 0, ..at };
        let history = broker.inner.history(&"room:r".into(), &start, 1).await;
        let history = history.expect("the broker is in memory");
        let (_, publication) = &history.publications[0];
        let hub = broker.server.lock().expect("it is whole").clone();
        let hub = hub.and_then(|hub| hub.upgrade()).expect("it is attached");
        let mut peer = Peer::connect(&server, 16).await;
        peer.join(None).await;
        for seq in 1..=2 {
            let epoch = "renewed".into();
            hub.deliver(publication, &StreamPosition { epoch, seq });
        }
        assert_eq!(
            hear(&mut room).await,
            Heard::Gap(Gap {
                from: None,
                to: None,
                reason: Some(GapReason::Epoch)
            })
        );
        for seq in 1..=2 {
            assert_eq!(hear(&mut room).await, Heard::Post(seq, 1));
        }
        // It says where the numbering is.
        let gap = peer.next().await;
        assert_eq!(gap["payload"]["reason"], "epoch", "{gap}");
        assert_eq!((&gap["seq"], &gap["epoch"]), (&json!(0), &json!("renewed")));
    })
    .await;
}

/// Two parts of an application add a client while the broker subscribes.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_added_twice_at_once_is_told_once() {
    simulated(async {
        let app = App::default();
        let broker = Arc::new(Late::default());
        let server = Server::builder(app.clone()).broker(broker).build();
        let mut peer = Peer::connect(&server, 16).await;
        let list = server.handle().sessions(&Recipients::All, 1).await;
        let id = list.expect("the broker works").sessions[0].id.connection;
        let handle = server.handle().client(id).expect("it is connected");
        let channel = handle.channel_handle(&feed::Room { id: "r".into() });
        let (one, other) = tokio::join!(channel.add(), channel.add());
        one.expect("it may");
        other.expect("it is in the channel");
        assert_eq!(peer.next().await["type"], "join");
        app.post(&server);
        assert_eq!(peer.next().await["type"], "post");
    })
    .await;
}

#[tokio::test]
async fn a_receipt_has_the_position() -> Result<(), BrokerError> {
    let server = Server::new(App::default());
    let room = server.handle().room(&"r".into());
    let post = Post {
        n: 1,
        text: String::new(),
    };
    for seq in 1..=2 {
        let position = room.publish(&post).await?;
        assert_eq!(position.map(|position| position.seq), Some(seq));
    }
    // Nobody numbers a channel without members and history.
    let plain = server.handle().plain();
    assert_eq!(plain.publish(&Chatter { n: 1 }).await?, None);
    Ok(())
}
