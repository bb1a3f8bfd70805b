//! Resuming a session after its connection was lost: nothing is lost, repeated or reordered.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{
    App, Auth, Chat, ChatSendError, ClientMessage, PricesStop, PricesTick, PricesWatch, Room,
    RoomJoin, RoomJoined, RoomLeave, Server, ServerMessage, Wait,
};
use handfast::{
    Protocol,
    client::{CallError, Client, ClientBuilder, State, Subscription},
    descriptor::{DetachedLimits, Limits, ProtocolDescriptor, SessionDescriptor},
    server::ConnectionInfo,
    transport::duplex,
};
use script::{said, send};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{Script, faulty::Network, random::Random, simulated};

fn server(app: &App) -> Server {
    let limits = Limits {
        rate: None,
        ..Chat::DESCRIPTOR.limits
    };
    Server::builder(app.clone()).limits(limits).build()
}

/// A server that limits sessions without a connection.
fn limited(app: &App, detached: DetachedLimits) -> Server {
    let limits = Limits {
        rate: None,
        detached,
        ..Chat::DESCRIPTOR.limits
    };
    Server::builder(app.clone()).limits(limits).build()
}

/// The chat protocol with short delays between connections.
#[derive(Clone, Copy, Debug)]
struct Quick;

impl Protocol for Quick {
    type Client = ClientMessage;
    type Server = ServerMessage;
    const DESCRIPTOR: &'static ProtocolDescriptor = &ProtocolDescriptor {
        session: SessionDescriptor {
            backoff: (Duration::from_millis(10), Duration::from_millis(20)),
            ..Chat::DESCRIPTOR.session
        },
        ..*Chat::DESCRIPTOR
    };
}

/// Connects a client through the network; `packets` says after how many packets each connection is lost.
async fn connect(
    network: &Network,
    server: &Server,
    packets: impl FnMut() -> usize + Send + 'static,
) -> Client<Quick> {
    let (network, server) = (network.clone(), server.clone());
    let packets = Arc::new(Mutex::new(packets));
    ClientBuilder::<Quick, Client<Quick>>::over(move || {
        let packets = packets.lock().expect("it is whole")();
        let (client, far) = network.connect(packets);
        let server = server.clone();
        tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(client) }
    })
    .auth(&Auth { name: "ada".into() })
    .await
    .expect("the first connection is good")
}

async fn enter(
    client: &Client<Quick>,
) -> Result<Subscription<ServerMessage, RoomJoined>, CallError<ChatSendError>> {
    let room_id = "lobby".to_owned();
    let channel = Room {
        room_id: room_id.clone(),
    };
    let leave = RoomLeave {
        room_id: room_id.clone(),
    };
    client
        .join(&channel, &RoomJoin { room_id }, Some(&leave))
        .await
}

fn always() -> usize {
    usize::MAX
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_survives_the_loss_of_a_connection() {
    simulated(async {
        let (app, network) = (App::new(), Network::new());
        let server = server(&app);
        let client = connect(&network, &server, always).await;
        let mut room = enter(&client).await.expect("it is open");
        let mut stream = client
            .stream::<_, PricesStop>(&PricesWatch { count: 7 })
            .await
            .expect("the stream begins");
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.call(&Wait {}).await }
        });
        for n in 0..3 {
            assert_eq!(stream.next().await, Some(Ok(PricesTick { n })));
        }
        assert_eq!(client.resumed(), Some(false));
        network.cut();
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        // Published and answered without a connection.
        app.gate.add_permits(1);
        server
            .handle()
            .room(&"lobby".into())
            .publish(&chat::ChatMessage {
                from: "bob".into(),
                text: "hi".into(),
            });
        assert!(waiting.await.expect("the task ends").is_ok());
        assert_eq!(said(room.next().await), ("hi".to_owned(), Some(1)));
        for n in 3..7 {
            assert_eq!(stream.next().await, Some(Ok(PricesTick { n })));
        }
        assert_eq!(network.connections(), 2);
        assert_eq!(client.resumed(), Some(true));
        assert!(app.closed.lock().expect("it is whole").is_empty());
        client.close().await;
    })
    .await;
}

/// Every connection is lost after a few packets. Each call is answered once, and the room shows each message once, in order, without a gap.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_repeated_or_reordered() {
    const CALLS: usize = 3_000;
    let seed = 7;
    println!("seed {seed}");
    simulated(async {
        let (app, network) = (App::new(), Network::new());
        let server = server(&app);
        let mut random = Random::new(seed);
        let mut first = true;
        let client = connect(&network, &server, move || {
            let most = [4, 12, 40, 200][random.below(4)];
            if std::mem::take(&mut first) {
                1_000
            } else {
                random.below(most)
            }
        })
        .await;
        let mut room = enter(&client).await.expect("it is open");
        let reader = tokio::spawn(async move {
            let mut last = 0;
            for n in 0..CALLS {
                let (text, seq) = said(room.next().await);
                assert_eq!(text, format!("{n}"));
                let seq = seq.expect("it is numbered");
                assert_eq!(seq, last + 1);
                last = seq;
            }
        });
        for n in 0..CALLS {
            let sent = client.call(&send("lobby", &format!("{n}"))).await;
            assert!(sent.is_ok(), "{n}: {sent:?}");
        }
        reader.await.expect("every message arrived");
        println!("{} connections", network.connections());
        assert!(network.connections() > 100, "{}", network.connections());
    })
    .await;
}

/// A client by hand, and the number of its messages that count.
struct Hand(Script);

impl Hand {
    /// Says hello, with what the hello says of resuming. Returns the payload of the answer.
    async fn hello(server: &Server, name: &str, resume: Value) -> (Self, Value) {
        let (client, far) = duplex(64);
        let server = server.clone();
        tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
        let mut hand = Self(Script(client));
        let mut payload = json!({ "version": "1.2.0", "auth": { "name": name } });
        if !resume.is_null() {
            payload["resume"] = resume;
        }
        hand.say(json!({ "type": "hello", "payload": payload }))
            .await;
        let ready = hand.next().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        (hand, ready["payload"].clone())
    }

    async fn say(&mut self, message: Value) {
        self.0.say(&message.to_string()).await;
    }

    async fn send(&mut self, id: &str, text: &str) {
        let payload = json!({ "roomId": "lobby", "text": text });
        self.say(json!({ "type": "chat.send", "id": id, "payload": payload }))
            .await;
    }

    async fn next(&mut self) -> Value {
        let text = self.0.next().await;
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }

    /// The type and id of the next message.
    async fn reply(&mut self) -> (String, String) {
        let message = self.next().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&message["type"]), text(&message["id"]))
    }
}

fn pair(kind: &str, id: &str) -> (String, String) {
    (kind.into(), id.into())
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_client_by_hand_counts_and_resumes() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (mut one, ready) = Hand::hello(&server, "ada", json!({})).await;
        assert_eq!(ready["received"], 0);
        assert_eq!(ready.get("resumed"), None);
        one.send("1", "a").await;
        assert_eq!(one.reply().await, pair("chat.sent", "1"));
        one.send("2", "b").await;
        assert_eq!(one.reply().await, pair("chat.sent", "2"));
        drop(one);
        // The client has received the first reply only.
        let resume = json!({ "session": ready["session"], "received": 1 });
        let (mut two, again) = Hand::hello(&server, "ada", resume).await;
        assert_eq!(again["resumed"], true);
        assert_eq!(again["received"], 2);
        assert_ne!(again["session"], ready["session"]);
        assert_eq!(two.reply().await, pair("chat.sent", "2"));
        // A ping asks for an acknowledgement.
        two.send("3", "c").await;
        assert_eq!(two.reply().await, pair("chat.sent", "3"));
        two.say(json!({ "type": "ping" })).await;
        assert_eq!(
            two.next().await,
            json!({ "type": "received", "payload": { "received": 3 } })
        );
        assert_eq!(two.next().await, json!({ "type": "pong" }));
    })
    .await;
}

/// The token of the last connection stays valid until the client is heard on the new one; then only the new one is.
#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_once_the_client_is_heard() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (one, ready) = Hand::hello(&server, "ada", json!({})).await;
        let first = text(&ready["session"]);
        drop(one);
        let resume = |token: &str| json!({ "session": token, "received": 0 });
        let (two, ready) = Hand::hello(&server, "ada", resume(&first)).await;
        let second = text(&ready["session"]);
        drop(two);
        // The client may have missed the last answer.
        let (mut three, ready) = Hand::hello(&server, "ada", resume(&first)).await;
        assert_eq!(ready["resumed"], true);
        let third = text(&ready["session"]);
        three.send("1", "a").await;
        assert_eq!(three.reply().await, pair("chat.sent", "1"));
        drop(three);
        for token in [&first, &second] {
            let (_, ready) = Hand::hello(&server, "ada", resume(token)).await;
            assert_eq!(ready.get("resumed"), None);
        }
        let (_, ready) = Hand::hello(&server, "ada", resume(&third)).await;
        assert_eq!(ready["resumed"], true);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_connection_takes_the_session_over() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (mut one, ready) = Hand::hello(&server, "ada", json!({})).await;
        one.send("1", "a").await;
        assert_eq!(one.reply().await, pair("chat.sent", "1"));
        let resume = json!({ "session": ready["session"], "received": 0 });
        let (mut two, ready) = Hand::hello(&server, "ada", resume).await;
        assert_eq!(
            (&ready["resumed"], &ready["received"]),
            (&json!(true), &json!(1))
        );
        assert_eq!(two.reply().await, pair("chat.sent", "1"));
        let closed = one.next().await.to_string();
        assert!(closed.contains("4409"), "{closed}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_bound_to_its_principal_and_to_what_was_sent() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (one, ready) = Hand::hello(&server, "known-ada", json!({})).await;
        drop(one);
        let resume = |received: u64| json!({ "session": ready["session"], "received": received });
        for (name, received) in [("known-eve", 0), ("eve", 0), ("known-ada", 1)] {
            let (_, ready) = Hand::hello(&server, name, resume(received)).await;
            assert_eq!(ready.get("resumed"), None, "{name}");
        }
        let (_, ready) = Hand::hello(&server, "known-ada", resume(0)).await;
        assert_eq!(ready["resumed"], true);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_with_its_time_and_with_any_other_close() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (mut one, ready) = Hand::hello(&server, "ada", json!({})).await;
        one.0.close(1001, "the page is left").await;
        drop(one);
        let resume = json!({ "session": ready["session"], "received": 0 });
        let (two, ready) = Hand::hello(&server, "ada", resume).await;
        assert_eq!(ready.get("resumed"), None);
        drop(two);
        tokio::time::sleep(Duration::from_secs(119)).await;
        assert_eq!(server.handle().detached(), 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(server.handle().detached(), 0);
        let resume = json!({ "session": ready["session"], "received": 0 });
        let (_, ready) = Hand::hello(&server, "ada", resume).await;
        assert_eq!(ready.get("resumed"), None);
        assert_eq!(app.closed.lock().expect("it is whole").len(), 2);
    })
    .await;
}

/// The handler that runs goes on, and what was received behind it waits.
#[tokio::test(start_paused = true)]
async fn requests_wait_for_the_next_connection() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (mut one, ready) = Hand::hello(&server, "ada", json!({})).await;
        one.say(json!({ "type": "wait", "id": "1" })).await;
        one.send("2", "b").await;
        // Both have arrived when this is answered.
        one.say(json!({ "type": "ping" })).await;
        assert_eq!(one.next().await["payload"]["received"], 2);
        drop(one);
        app.gate.add_permits(1);
        let resume = json!({ "session": ready["session"], "received": 0 });
        let (mut two, ready) = Hand::hello(&server, "ada", resume).await;
        assert_eq!(ready["received"], 2);
        assert_eq!(two.reply().await, pair("waited", "1"));
        assert_eq!(two.reply().await, pair("chat.sent", "2"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sessions_without_a_connection_are_limited() {
    simulated(async {
        let app = App::new();
        let detached = DetachedLimits {
            sessions: 10,
            sessions_each: 3,
            ..DetachedLimits::DEFAULT
        };
        let server = limited(&app, detached);
        for n in 0..8 {
            let (_, _) = Hand::hello(&server, "known-ada", json!({})).await;
            soon_detached(&server, (n + 1).min(3)).await;
        }
        for n in 0..20 {
            let (_, _) = Hand::hello(&server, &format!("known-{n}"), json!({})).await;
            soon_detached(&server, (n + 4).min(10)).await;
        }
        // Those that were dropped end.
        while app.closed.lock().expect("it is whole").len() != 18 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// What is published to sessions without a connection counts.
#[tokio::test(start_paused = true)]
async fn what_sessions_without_a_connection_hold_is_limited() {
    simulated(async {
        let app = App::new();
        let detached = DetachedLimits {
            bytes: 64 * 1024,
            ..DetachedLimits::DEFAULT
        };
        let server = limited(&app, detached);
        for n in 0..8 {
            let (mut hand, _) = Hand::hello(&server, &format!("known-{n}"), json!({})).await;
            let join = json!({ "type": "room.join", "id": "1", "payload": { "roomId": "lobby" } });
            hand.say(join).await;
            assert_eq!(hand.reply().await, pair("room.joined", "1"));
        }
        soon_detached(&server, 8).await;
        let lobby = server.handle().room(&"lobby".into());
        let message = chat::ChatMessage {
            from: "bob".into(),
            text: "x".repeat(1000),
        };
        for _ in 0..10 {
            lobby.publish(&message);
        }
        // Each holds 10 KB and 2 KiB.
        soon_detached(&server, 4).await;
    })
    .await;
}

/// So does what their streams send meanwhile.
#[tokio::test(start_paused = true)]
async fn what_streams_send_without_a_connection_is_limited() {
    simulated(async {
        let app = App::new();
        let detached = DetachedLimits {
            bytes: 64 * 1024,
            ..DetachedLimits::DEFAULT
        };
        let server = limited(&app, detached);
        for n in 0..8 {
            let (mut hand, _) = Hand::hello(&server, &format!("known-{n}"), json!({})).await;
            let watch = json!({ "type": "prices.watch", "id": "1", "payload": { "count": 78 } });
            hand.say(watch).await;
        }
        soon_detached(&server, 8).await;
        app.start.add_permits(8);
        // Each would hold more than all may. They would end in time, too.
        let ended = tokio::time::timeout(Duration::from_secs(1), soon_detached(&server, 0));
        ended.await.expect("the limit holds");
    })
    .await;
}

/// Waits until so many sessions have no connection.
async fn soon_detached(server: &Server, sessions: usize) {
    while server.handle().detached() != sessions {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A client that never acknowledges costs the server `limits.outbound`; then its session can no longer be resumed.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_acknowledge_cannot_resume_for_ever() {
    simulated(async {
        let app = App::new();
        let limits = Limits {
            rate: None,
            outbound: 16 * 1024,
            ..Chat::DESCRIPTOR.limits
        };
        let server = Server::builder(app.clone()).limits(limits).build();
        let (mut one, ready) = Hand::hello(&server, "ada", json!({})).await;
        for n in 0..200 {
            let id = n.to_string();
            one.send(&id, "a").await;
            while one.reply().await != pair("chat.sent", &id) {}
        }
        // Acknowledgements that come too late are not held against the client, however many.
        for received in 1..=200 {
            one.say(json!({ "type": "received", "payload": { "received": received } }))
                .await;
        }
        one.send("late", "a").await;
        while one.reply().await != pair("chat.sent", "late") {}
        drop(one);
        let resume = json!({ "session": ready["session"], "received": 0 });
        let (_, ready) = Hand::hello(&server, "ada", resume).await;
        assert_eq!(ready.get("resumed"), None);
    })
    .await;
}

/// What is acknowledged is forgotten, so that it cannot be resumed from before; however the acknowledgement is written.
#[tokio::test(start_paused = true)]
async fn acknowledgements_may_be_written_in_any_form() {
    let valid = [
        r#"{"type":"received","payload":{"received":1}}"#,
        r#"{"type": "received", "payload": {"received": 1}}"#,
        r#"{"payload":{"received":1},"type":"received"}"#,
        r#"{"type":"received","payload":{"received":1,"more":[]}}"#,
    ];
    let invalid = [
        r#"{"type":"received","payload":{"received":01}}"#,
        r#"{"type":"received","payload":{"received":+1}}"#,
        r#"{"type":"received","payload":{"received":}}"#,
        r#"{"type":"received","payload":{"received":-1}}"#,
        r#"{"type":"received","payload":{"received":1}"#,
        r#"{"type":"received","payload":{"received":1}}}"#,
        r#"{"type":"received","payload":{"received":2}}"#,
        r#"{"type":"received","payload":{"received":9007199254740993}}"#,
        r#"{"type":"received","payload":{"received":99999999999999999999}}"#,
    ];
    simulated(async {
        let app = App::new();
        let server = server(&app);
        for (form, is_valid) in
            (valid.map(|form| (form, true)).iter()).chain(&invalid.map(|form| (form, false)))
        {
            let (mut one, ready) = Hand::hello(&server, "ada", json!({})).await;
            one.send("1", "a").await;
            assert_eq!(one.reply().await, pair("chat.sent", "1"));
            one.0.say(form).await;
            if !is_valid {
                assert_eq!(one.next().await["type"], "error", "{form}");
                continue;
            }
            one.send("2", "a").await;
            assert_eq!(one.reply().await, pair("chat.sent", "2"), "{form}");
            drop(one);
            let resume = json!({ "session": ready["session"], "received": 0 });
            let (_, ready) = Hand::hello(&server, "ada", resume).await;
            assert_eq!(ready.get("resumed"), None, "{form}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_of_what_was_never_sent_is_a_violation() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        let (mut one, _) = Hand::hello(&server, "ada", json!({})).await;
        one.say(json!({ "type": "received", "payload": { "received": 9 } }))
            .await;
        let error = one.next().await;
        assert_eq!(error["payload"]["code"], "INVALID", "{error}");
        for _ in 0..4 {
            one.say(json!({ "type": "received", "payload": { "received": 9 } }))
                .await;
        }
        let mut last = Value::Null;
        while !last.to_string().contains("1008") {
            last = one.next().await;
        }
    })
    .await;
}

/// A thousand repetitions have one effect, and the answer of the first.
#[tokio::test(start_paused = true)]
async fn a_repeated_request_runs_once() {
    simulated(async {
        let app = App::new();
        let server = server(&app);
        for resume in [json!({}), Value::Null] {
            let (mut one, _) = Hand::hello(&server, "ada", resume).await;
            let join = json!({ "type": "room.join", "id": "0", "payload": { "roomId": "lobby" } });
            one.say(join).await;
            assert_eq!(one.reply().await, pair("room.joined", "0"));
            one.send("1", "a").await;
            let mut published = 0;
            for n in 0..1000 {
                one.send("1", "a").await;
                loop {
                    match one.next().await {
                        message if message["type"] == "chat.message" => published += 1,
                        message if message["type"] == "received" => {}
                        message => {
                            assert_eq!(message["type"], "chat.sent", "{n}: {message}");
                            break;
                        }
                    }
                }
            }
            assert_eq!(published, 1);
            one.send("1", "b").await;
            loop {
                let error = one.next().await;
                if error["type"] == "error" {
                    assert_eq!(error["payload"]["code"], "ID_REUSED");
                    break;
                }
            }
            // A request that runs has one answer, however often it is repeated.
            app.gate.add_permits(1);
            one.say(json!({ "type": "wait", "id": "2" })).await;
            one.say(json!({ "type": "wait", "id": "2" })).await;
            one.say(json!({ "type": "ping" })).await;
            while one.reply().await.0 != "pong" {}
        }
    })
    .await;
}

/// What a session handles that has no connection is finished by a server that shuts down, within `session.timeout`.
#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_the_handlers_of_a_session_without_a_connection() {
    simulated(async {
        for is_let in [true, false] {
            let (app, network) = (App::new(), Network::new());
            let server = server(&app);
            let mut connections = [always()].into_iter();
            let client = connect(&network, &server, move || connections.next().unwrap_or(0)).await;
            let waiting = tokio::spawn({
                let client = client.clone();
                async move { client.call(&Wait {}).await }
            });
            tokio::time::sleep(Duration::from_secs(1)).await;
            network.cut();
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(server.handle().detached(), 1);
            let begun = tokio::time::Instant::now();
            let handle = server.handle();
            let shutdown = tokio::spawn(async move { handle.shutdown().await });
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!shutdown.is_finished());
            if is_let {
                app.gate.add_permits(1);
            }
            shutdown.await.expect("the task ends");
            let timeout = Chat::DESCRIPTOR.session.timeout;
            match is_let {
                true => assert_eq!(app.gate.available_permits(), 0, "the handler was dropped"),
                false => assert!(begun.elapsed() >= timeout && begun.elapsed() < 2 * timeout),
            }
            client.close().await;
            waiting.abort();
        }
    })
    .await;
}
