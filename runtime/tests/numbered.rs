//! Sessions whose server numbers its messages: a client names the last number that it has, and receives the rest.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

mod support;

use desk::{Client, ClientHandle, Desk, Filled, Login, Place, Placed, Server, ServerMessage};
use handfast::{
    Protocol,
    client::{CallError, ClientBuilder, Event, Notifications, State},
    descriptor::Limits,
    server::ConnectionInfo,
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};
use support::{Script, faulty::Network, random::Random, simulated, soon};

/// A session is named by the server's `welcome`.
mod desk {
    use handfast::{HandlerError, protocol, server::ConnectionInfo};
    use std::{
        borrow::Cow,
        sync::{Arc, Mutex},
    };

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Login {
        pub name: String,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Welcome {
        pub session: Option<String>,
        pub desk: u32,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Place {
        pub n: u32,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Placed {
        pub n: u32,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Filled {
        pub n: u32,
    }

    #[protocol(client)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ClientMessage {
        #[message("place", reply = Placed)]
        Place(Place),
    }

    #[protocol(server, envelope(timestamp = none))]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ServerMessage {
        #[message("placed")]
        Placed(Placed),
        #[message("filled")]
        Filled(Filled),
    }

    #[protocol(
        name = "desk",
        version = "1.0.0",
        client = ClientMessage,
        server = ServerMessage,
        auth = Login,
        session(heartbeat_ms = none, resume_ms = 60000, numbered, backoff_ms(10, 20)),
        roles(
            hello(name = "login", tag = "login", client, fields(auth = "")),
            ready(name = "welcome", tag = "welcome", server, payload = Welcome, fields(session = "/session")),
            resume(name = "resume", tag = "resume", client, fields(seq = "/lastSeq", session = "/session")),
            received(name = "ack", tag = "ack", client, fields(received = "/upTo")),
            skip = none
        ),
        limits(no_rate, violations = 3)
    )]
    #[derive(Clone, Copy, Debug)]
    pub struct Desk;

    #[derive(Clone, Default)]
    pub struct App {
        pub clients: Arc<Mutex<Vec<ClientHandle>>>,
        pub placed: Arc<Mutex<Vec<u32>>>,
        pub hooks: Arc<Mutex<Vec<&'static str>>>,
    }

    impl App {
        /// The client that connected last.
        pub fn last(&self) -> ClientHandle {
            let clients = self.clients.lock().expect("it is whole");
            clients.last().expect("a client is connected").clone()
        }

        fn hook(&self, name: &'static str) {
            self.hooks.lock().expect("it is whole").push(name);
        }
    }

    impl SessionHandler for App {
        type Session = String;

        async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
            Ok(m.name)
        }

        fn principal<'a>(&self, name: &'a String) -> Option<Cow<'a, str>> {
            Some(name.into())
        }

        fn welcome(&self, _: &String) -> Welcome {
            Welcome {
                session: None,
                desk: 4,
            }
        }

        fn ready(&self, cx: &Context<String>) {
            self.hook("ready");
            self.clients.lock().expect("it is whole").push(cx.client());
        }

        fn resumed(&self, _: &Context<String>) {
            self.hook("resumed");
        }
    }

    impl Handler for App {
        async fn place(&self, m: Place, _: &Context<String>) -> Result<Placed, HandlerError> {
            self.placed.lock().expect("it is whole").push(m.n);
            Ok(Placed { n: m.n })
        }
    }
}

/// A session is found by its principal, there is no ready, no acknowledgement and no gap, and a number is text in another field.
mod bare {
    use handfast::{HandlerError, protocol, server::ConnectionInfo};
    use std::{
        borrow::Cow,
        sync::{Arc, Mutex},
    };

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Login {
        pub name: String,
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Event {
        pub n: u32,
    }

    #[protocol(client)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ClientMessage {
        #[message("again")]
        Again(Event),
    }

    #[protocol(server, envelope(content = none, seq(name = "at", text, required), channel = none, epoch = none, timestamp = none))]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ServerMessage {
        #[message("event")]
        Event(Event),
    }

    #[protocol(
        name = "bare",
        version = "1.0.0",
        client = ClientMessage,
        server = ServerMessage,
        auth = Login,
        session(heartbeat_ms = none, resume_ms = 60000, numbered),
        roles(
            ready = none,
            gap = none,
            skip = none,
            received = none,
            resume(name = "resume", tag = "resume", client, fields(seq = "/lastSeq"))
        )
    )]
    #[derive(Clone, Copy, Debug)]
    pub struct Bare;

    #[derive(Clone, Default)]
    pub struct App {
        pub clients: Arc<Mutex<Vec<ClientHandle>>>,
    }

    impl SessionHandler for App {
        type Session = String;

        async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
            Ok(m.name)
        }

        fn principal<'a>(&self, name: &'a String) -> Option<Cow<'a, str>> {
            Some(name.into())
        }

        fn ready(&self, cx: &Context<String>) {
            self.clients.lock().expect("it is whole").push(cx.client());
        }
    }

    impl Handler for App {
        async fn again(&self, m: Event, cx: &Context<String>) {
            cx.send(&m);
        }
    }
}

/// Replies come in the order of the requests, and without a gap the answer to `resume` is an error.
mod line {
    use super::desk::{Filled, Place, Placed};
    use handfast::protocol;

    #[protocol(client, envelope(id = none, by_order))]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Asks {
        #[message("place", reply = Placed)]
        Place(Place),
    }

    #[protocol(server, envelope(id = none, by_order, channel = none, epoch = none, timestamp = none))]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Says {
        #[message("placed")]
        Placed(Placed),
        #[message("filled")]
        Filled(Filled),
    }

    #[protocol(
        name = "line",
        version = "1.0.0",
        client = Asks,
        server = Says,
        session(heartbeat_ms = none, resume_ms = 60000, numbered),
        roles(resume = "resume", gap = none, skip = none, received = none)
    )]
    #[derive(Clone, Copy, Debug)]
    pub struct Line;
}

fn server(app: &desk::App) -> Server {
    Server::new(app.clone())
}

/// A connection without a client.
struct Raw(MemoryTransport);

impl Raw {
    fn new(server: &handfast::server::Server) -> Self {
        let (ours, theirs) = duplex(64 * 1024);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        Self(ours)
    }

    /// Connects and logs in. Returns the name of the session.
    async fn login(server: &Server, name: &str) -> (Self, String) {
        let mut raw = Self::new(server);
        raw.say(json!({ "type": "login", "payload": { "name": name } }))
            .await;
        let welcome = raw.hear().await;
        assert_eq!(welcome["type"], "welcome");
        assert_eq!(welcome["seq"], Value::Null);
        assert_eq!(welcome["payload"]["desk"], 4);
        let session = welcome["payload"]["session"].as_str();
        (raw, session.expect("it is named").to_owned())
    }

    /// As [`Self::login`], and the session is ready: something was asked and answered.
    async fn enter(server: &Server, name: &str) -> (Self, String) {
        let (mut raw, session) = Self::login(server, name).await;
        raw.place(0, 1).await;
        (raw, session)
    }

    async fn say(&mut self, message: Value) {
        self.0.send(&message.to_string()).await.expect("it is open");
    }

    async fn resume(&mut self, after: Value, session: &str) {
        let payload = json!({ "lastSeq": after, "session": session });
        self.say(json!({ "type": "resume", "payload": payload }))
            .await;
    }

    /// Sends a request, whose answer has the number `seq`.
    async fn place(&mut self, n: u32, seq: u64) {
        self.say(json!({ "type": "place", "payload": { "n": n }, "id": n.to_string() }))
            .await;
        let placed =
            json!({ "seq": seq, "type": "placed", "payload": { "n": n }, "id": n.to_string() });
        assert_eq!(self.hear().await, placed);
    }

    async fn hear(&mut self) -> Value {
        match self.0.receive().await {
            Ok(TransportEvent::Packet(Packet::Text(text))) => {
                serde_json::from_str(&text).expect("it is JSON")
            }
            other => panic!("{other:?}"),
        }
    }

    async fn filled(&mut self, n: u32, seq: u64) {
        let filled = json!({ "seq": seq, "type": "filled", "payload": { "n": n } });
        assert_eq!(self.hear().await, filled);
    }

    /// The code that the server closes with.
    async fn closed(&mut self) -> u16 {
        loop {
            if let Ok(TransportEvent::Closed(closing)) = self.0.receive().await {
                return closing.map_or(1006, |closing| closing.code);
            }
        }
    }
}

fn fill(client: &ClientHandle, range: std::ops::Range<u32>) {
    range.for_each(|n| client.send(&Filled { n }));
}

async fn detached(handle: &handfast::server::ServerHandle, sessions: usize) {
    while handle.detached() != sessions {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_login_is_in_its_payload() {
    simulated(async {
        let mut raw = Raw::new(&server(&desk::App::default()));
        raw.say(json!({ "type": "login", "payload": { "name": 7 } }))
            .await;
        let refused = raw.hear().await;
        assert_eq!(refused["payload"]["violations"][0]["path"], "/payload/name");
    })
    .await;
}

#[tokio::test]
async fn a_session_resumes_by_the_number_of_the_last_message() {
    soon(async {
        let app = desk::App::default();
        let server = server(&app);
        let (mut raw, session) = Raw::enter(&server, "ada").await;
        fill(&app.last(), 2..6);
        for n in 2..6 {
            raw.filled(n, n.into()).await;
        }
        raw.say(json!({ "type": "ack", "payload": { "upTo": 2 } }))
            .await;
        raw.place(6, 6).await;
        drop(raw);
        detached(&server.handle(), 1).await;
        fill(&app.last(), 7..8);
        let (mut raw, next) = Raw::login(&server, "ada").await;
        assert_ne!(session, next);
        raw.resume(json!(4), &session).await;
        raw.filled(5, 5).await;
        assert_eq!(raw.hear().await["seq"], 6);
        raw.filled(7, 7).await;
        raw.place(8, 8).await;
        assert_eq!(
            *app.hooks.lock().expect("it is whole"),
            ["ready", "resumed"]
        );
        // It resumes also while the server thinks that the connection lives.
        let (mut again, _) = Raw::login(&server, "ada").await;
        again.resume(json!(7), &next).await;
        assert_eq!(again.hear().await["seq"], 8);
        assert_eq!(raw.closed().await, 4409);
        again.place(9, 9).await;
        // The first name is no longer valid, since the second was used.
        let (mut other, _) = Raw::login(&server, "ada").await;
        other.resume(json!(8), &session).await;
        let gap = json!({ "type": "gap", "payload": { "from": 9, "reason": "epoch" } });
        assert_eq!(other.hear().await, gap);
        other.place(1, 1).await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_resumed_is_a_gap() {
    soon(async {
        let app = desk::App::default();
        let server = server(&app);
        let (mut raw, session) = Raw::enter(&server, "ada").await;
        raw.place(2, 2).await;
        raw.say(json!({ "type": "ack", "payload": { "upTo": 1 } }))
            .await;
        raw.place(3, 3).await;
        let from = |from: u64| json!({ "from": from, "reason": "epoch" });
        for (name, after, session, gap) in [
            ("ada", json!(-1), &*session, json!({ "reason": "epoch" })),
            ("ada", json!("x"), &session, json!({ "reason": "epoch" })),
            (
                "ada",
                json!(0),
                &session,
                json!({ "from": 1, "to": 3, "reason": "epoch" }),
            ),
            ("ada", json!(4), &session, from(5)),
            (
                "ada",
                json!(u64::MAX),
                &session,
                json!({ "reason": "epoch" }),
            ),
            ("ada", json!(2), "unknown", from(3)),
            ("eve", json!(2), &session, from(3)),
        ] {
            let (mut other, _) = Raw::login(&server, name).await;
            other.resume(after.clone(), session).await;
            let expected = json!({ "type": "gap", "payload": gap });
            assert_eq!(other.hear().await, expected, "{after} of {session}");
            // Another session has begun.
            other.place(1, 1).await;
        }
        // Without the name of a session, none is found.
        let (mut other, _) = Raw::login(&server, "ada").await;
        other
            .say(json!({ "type": "resume", "payload": { "lastSeq": 2 } }))
            .await;
        assert_eq!(other.hear().await["payload"], from(3));
        // The session is as it was.
        raw.place(4, 4).await;
    })
    .await;
}

#[tokio::test]
async fn to_resume_comes_first() {
    soon(async {
        let server = server(&desk::App::default());
        let (mut first, session) = Raw::enter(&server, "ada").await;
        let mut raw = Raw::new(&server);
        raw.resume(json!(0), &session).await;
        let error = raw.hear().await;
        assert_eq!(error["payload"]["code"], "NOT_READY");
        let (mut late, _) = Raw::enter(&server, "ada").await;
        for _ in 0..3 {
            late.resume(json!(0), &session).await;
            let gap = json!({ "from": 1, "reason": "epoch" });
            assert_eq!(late.hear().await["payload"], gap);
        }
        assert_eq!(late.closed().await, 1008);
        first.place(2, 2).await;
    })
    .await;
}

#[tokio::test]
async fn the_oldest_messages_are_dropped() {
    soon(async {
        let app = desk::App::default();
        let limits = Limits {
            outbound: 4000,
            ..Desk::DESCRIPTOR.limits
        };
        let server: Server = Server::builder(app.clone()).limits(limits).build();
        let (mut raw, session) = Raw::enter(&server, "ada").await;
        for n in 2..200 {
            fill(&app.last(), n..n + 1);
            raw.filled(n, n.into()).await;
        }
        drop(raw);
        detached(&server.handle(), 1).await;
        let (mut raw, _) = Raw::login(&server, "ada").await;
        raw.resume(json!(100), &session).await;
        let gap = json!({ "from": 101, "to": 199, "reason": "epoch" });
        assert_eq!(raw.hear().await["payload"], gap);
        let (mut raw, _) = Raw::login(&server, "ada").await;
        raw.resume(json!(190), &session).await;
        for n in 191..200 {
            raw.filled(n, n.into()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_without_a_name_is_its_principals_last() {
    soon(async {
        let app = bare::App::default();
        let server = bare::Server::new(app.clone());
        let login = |name: &str| {
            json!({ "type": "hello", "payload": { "version": "1.0.0", "auth": { "name": name } } })
        };
        let resume = |after: u64| json!({ "type": "resume", "payload": { "lastSeq": after } });
        let again = |n: u32| json!({ "type": "again", "payload": { "n": n } });
        let event = |n: u32, at: u64| json!({ "at": at.to_string(), "type": "event", "n": n });
        let mut raw = Raw::new(&server);
        raw.say(login("ada")).await;
        for n in 1..4 {
            raw.say(again(n)).await;
            assert_eq!(raw.hear().await, event(n, n.into()));
        }
        drop(raw);
        detached(&server.handle(), 1).await;
        // Another's is not found. Without a gap, the answer is an error.
        let mut eve = Raw::new(&server);
        eve.say(login("eve")).await;
        eve.say(resume(1)).await;
        let refused = eve.hear().await;
        assert_eq!(refused["code"], "NOT_RESUMED");
        assert_eq!(refused["at"], Value::Null);
        let mut raw = Raw::new(&server);
        raw.say(login("ada")).await;
        raw.say(resume(1)).await;
        assert_eq!(raw.hear().await, event(2, 2));
        assert_eq!(raw.hear().await, event(3, 3));
        raw.say(again(4)).await;
        assert_eq!(raw.hear().await, event(4, 4));
    })
    .await;
}

mod nameless {
    use super::*;

    pub fn hello() -> Value {
        json!({ "type": "hello", "payload": { "version": "1.0.0", "auth": { "name": "ada" } } })
    }

    pub fn resume(after: u64) -> Value {
        json!({ "type": "resume", "payload": { "lastSeq": after } })
    }

    pub fn again(n: u32) -> Value {
        json!({ "type": "again", "payload": { "n": n } })
    }

    pub fn event(n: u32) -> Value {
        json!({ "at": n.to_string(), "type": "event", "n": n })
    }

    /// Sends so many events to the client that connected as the `number`-th, once it has.
    pub async fn send(app: &bare::App, number: usize, events: u32) {
        let client = loop {
            if let Some(client) = app.clients.lock().expect("it is whole").get(number - 1) {
                break client.clone();
            }
            tokio::task::yield_now().await;
        };
        (1..=events).for_each(|n| client.send(&bare::Event { n }));
    }
}

/// Each session counts from one, so a number alone does not say which it is of. A client that did not hear that another began counts in the one before.
#[tokio::test]
async fn a_refusal_that_is_lost_is_repeated() {
    use nameless::{again, event, hello, resume, send};
    soon(async {
        let app = bare::App::default();
        let server = bare::Server::new(app.clone());
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        raw.say(again(1)).await;
        assert_eq!(raw.hear().await, event(1));
        drop(raw);
        detached(&server.handle(), 1).await;
        // The client has 42 messages of a session that is not known here, and does not hear what it is answered.
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        raw.say(resume(42)).await;
        raw.say(again(0)).await;
        send(&app, 2, 60).await;
        while raw.hear().await["at"] != "61" {}
        drop(raw);
        detached(&server.handle(), 1).await;
        for number in 3..5 {
            let mut raw = Raw::new(&server);
            raw.say(hello()).await;
            raw.say(resume(42)).await;
            assert_eq!(raw.hear().await["code"], "NOT_RESUMED");
            send(&app, number, 3).await;
            assert_eq!(raw.hear().await, event(1));
            drop(raw);
            detached(&server.handle(), 1).await;
        }
        // With a number of the session it has heard of it.
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        raw.say(resume(1)).await;
        assert_eq!(raw.hear().await, event(2));
        assert_eq!(raw.hear().await, event(3));
        // Now that number is one of its own.
        send(&app, 4, 42).await;
        while raw.hear().await["at"] != "45" {}
        drop(raw);
        detached(&server.handle(), 1).await;
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        raw.say(resume(42)).await;
        assert_eq!(raw.hear().await["at"], "43");
    })
    .await;
}

/// What a client says first, which is to resume the session before, may be lost with its connection, or come late.
#[tokio::test]
async fn a_session_in_which_the_client_was_not_heard_does_not_resume() {
    use nameless::{again, event, hello, resume, send};
    soon(async {
        for is_heard in [false, true] {
            let app = bare::App::default();
            let server = bare::Server::new(app.clone());
            let mut raw = Raw::new(&server);
            raw.say(hello()).await;
            send(&app, 1, 3).await;
            for n in 1..4 {
                assert_eq!(raw.hear().await, event(n));
            }
            if is_heard {
                raw.say(json!({ "type": "ping" })).await;
                assert_eq!(raw.hear().await["type"], "pong");
            }
            drop(raw);
            detached(&server.handle(), 1).await;
            let mut raw = Raw::new(&server);
            raw.say(hello()).await;
            raw.say(resume(1)).await;
            match is_heard {
                true => assert_eq!(raw.hear().await, event(2)),
                false => assert_eq!(raw.hear().await["code"], "NOT_RESUMED"),
            }
        }
        // The session before is not known, so the server does not wait for what the client says first, and refuses that when it comes.
        let app = bare::App::default();
        let server = bare::Server::new(app.clone());
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        send(&app, 1, 3).await;
        raw.say(resume(2)).await;
        raw.say(again(4)).await;
        while raw.hear().await != event(4) {}
        drop(raw);
        detached(&server.handle(), 1).await;
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        raw.say(resume(2)).await;
        assert_eq!(raw.hear().await["code"], "NOT_RESUMED");
    })
    .await;
}

/// Two tabs of one user, perhaps: a number does not say of which it is.
#[tokio::test]
async fn of_two_sessions_without_a_name_none_resumes() {
    use nameless::{again, event, hello, resume};
    soon(async {
        let app = bare::App::default();
        let server = bare::Server::new(app.clone());
        let mut tabs = [Raw::new(&server), Raw::new(&server)];
        for raw in &mut tabs {
            raw.say(hello()).await;
            for n in 1..4 {
                raw.say(again(n)).await;
                assert_eq!(raw.hear().await, event(n));
            }
        }
        drop(tabs);
        detached(&server.handle(), 2).await;
        let mut raw = Raw::new(&server);
        raw.say(hello()).await;
        raw.say(resume(1)).await;
        assert_eq!(raw.hear().await["code"], "NOT_RESUMED");
        detached(&server.handle(), 0).await;
    })
    .await;
}

/// Connects a client through the network; `packets` says after how many packets each connection is lost.
async fn connect(
    network: &Network,
    server: &Arc<Mutex<Server>>,
    packets: impl FnMut() -> usize + Send + 'static,
) -> Client {
    let (network, server) = (network.clone(), server.clone());
    let packets = Arc::new(Mutex::new(packets));
    let builder: ClientBuilder<Desk, Client> = ClientBuilder::over(move || {
        let packets = packets.lock().expect("it is whole")();
        let (client, far) = network.connect(packets);
        let server = server.lock().expect("it is whole").clone();
        tokio::spawn(async move { server.serve(far, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(client) }
    });
    builder
        .auth(&Login { name: "ada".into() })
        .await
        .expect("the first connection is good")
}

async fn next(news: &mut Notifications<ServerMessage>) -> Result<u32, (Option<u64>, Option<u64>)> {
    match news.next().await {
        Some(Event::Message(envelope)) => match envelope.message {
            ServerMessage::Filled(Filled { n }) => Ok(n),
            ServerMessage::Placed(other) => panic!("{other:?}"),
        },
        Some(Event::Gap(gap)) => Err((gap.from, gap.to)),
        other => panic!("{other:?}"),
    }
}

/// Every connection is lost after a few packets. Each message arrives once, in order, and each request has an outcome.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_repeated_or_reordered() {
    const MESSAGES: u32 = 2_000;
    let seed = 11;
    println!("seed {seed}");
    simulated(async {
        let (app, network) = (desk::App::default(), Network::new());
        let server = Arc::new(Mutex::new(server(&app)));
        let mut random = Random::new(seed);
        let mut connections = 0;
        let client = connect(&network, &server, move || {
            connections += 1;
            if connections == 1 {
                40
            } else {
                2 + random.below(20)
            }
        })
        .await;
        let mut news = client.notifications();
        client.place(Place { n: 0 }).await.expect("it is open");
        let calls = tokio::spawn({
            let client = client.clone();
            async move {
                let mut unknown = 0;
                for n in 1..500 {
                    match client.place(Place { n }).await {
                        Ok(placed) => assert_eq!(placed, Placed { n }),
                        Err(CallError::OutcomeUnknown) => unknown += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                unknown
            }
        });
        let session = app.last();
        for n in 0..MESSAGES {
            session.send(&Filled { n });
            assert_eq!(next(&mut news).await, Ok(n));
        }
        let unknown = calls.await.expect("the task ends");
        assert!(unknown < 499, "{unknown}");
        // Nothing ran twice.
        let mut placed = app.placed.lock().expect("it is whole").clone();
        let ran = placed.len();
        placed.sort_unstable();
        placed.dedup();
        assert_eq!(ran, placed.len());
        assert!(network.connections() > 50, "{}", network.connections());
        assert_eq!(app.clients.lock().expect("it is whole").len(), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_learns_that_its_session_goes_on() {
    simulated(async {
        let (app, network) = (desk::App::default(), Network::new());
        let server = Arc::new(Mutex::new(server(&app)));
        let client = connect(&network, &server, || usize::MAX).await;
        client.place(Place { n: 0 }).await.expect("it is open");
        assert_eq!(client.resumed(), Some(false));
        network.cut();
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        client
            .place(Place { n: 1 })
            .await
            .expect("it is open again");
        assert_eq!(client.resumed(), Some(true));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_session_is_lost_reports_a_gap() {
    simulated(async {
        let (app, network) = (desk::App::default(), Network::new());
        let server = Arc::new(Mutex::new(server(&app)));
        let client = connect(&network, &server, || usize::MAX).await;
        let mut news = client.notifications();
        client.place(Place { n: 0 }).await.expect("it is open");
        fill(&app.last(), 1..3);
        assert_eq!(next(&mut news).await, Ok(1));
        assert_eq!(next(&mut news).await, Ok(2));
        // Another server does not know the session.
        let other = desk::App::default();
        *server.lock().expect("it is whole") = self::server(&other);
        network.cut();
        client
            .wait_for_state(|state| matches!(state, State::Reconnecting { .. }))
            .await;
        client
            .place(Place { n: 1 })
            .await
            .expect("it is open again");
        assert_eq!(next(&mut news).await, Err((Some(4), None)));
        fill(&other.last(), 3..4);
        assert_eq!(next(&mut news).await, Ok(3));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_checks_the_numbers() {
    simulated(async {
        let (near, far) = duplex(1024);
        let (again, other) = duplex(1024);
        let (last, third) = duplex(1024);
        let ends = Mutex::new(vec![last, again, near]);
        let builder: ClientBuilder<Desk, Client> = ClientBuilder::over(move || {
            let end = ends.lock().expect("it is whole").pop();
            async { end.ok_or(std::io::Error::other("there is no more")) }
        });
        let connecting = builder.auth(&Login { name: "ada".into() });
        let connecting = tokio::spawn(async move { connecting.await });
        let mut script = Script(far);
        script
            .expect(r#"{"type":"login","payload":{"name":"ada"}}"#)
            .await;
        script
            .say(r#"{"type":"welcome","payload":{"session":"a","desk":1}}"#)
            .await;
        let client = connecting.await.expect("it runs").expect("it is ready");
        let mut news = client.notifications();
        let filled =
            |n: u32, seq: u64| format!(r#"{{"type":"filled","payload":{{"n":{n}}},"seq":{seq}}}"#);
        // The count need not begin at one.
        for (n, seq) in [(1, 41), (2, 42), (2, 42), (3, 43), (5, 45)] {
            script.say(&filled(n, seq)).await;
        }
        assert_eq!(next(&mut news).await, Ok(1));
        assert_eq!(next(&mut news).await, Ok(2));
        assert_eq!(next(&mut news).await, Ok(3));
        assert_eq!(next(&mut news).await, Err((Some(44), Some(44))));
        assert_eq!(next(&mut news).await, Ok(5));
        // It acknowledges after a while.
        script
            .expect(r#"{"type":"ack","payload":{"upTo":45}}"#)
            .await;
        script.close(4000, "").await;
        // The first time it is not answered, so that the session keeps its name.
        for (far, session) in [(other, "b"), (third, "c")] {
            script = Script(far);
            script
                .expect(r#"{"type":"login","payload":{"name":"ada"}}"#)
                .await;
            let welcome =
                format!(r#"{{"type":"welcome","payload":{{"session":"{session}","desk":1}}}}"#);
            script.say(&welcome).await;
            script
                .expect(r#"{"type":"resume","payload":{"session":"a","lastSeq":45}}"#)
                .await;
            if session == "b" {
                script.close(4000, "").await;
            }
        }
        assert_eq!(client.resumed(), None);
        script
            .say(r#"{"type":"error","payload":{"code":"NO_SUCH_SESSION","message":"?"}}"#)
            .await;
        script.say(&filled(6, 1)).await;
        assert_eq!(next(&mut news).await, Err((None, None)));
        assert_eq!(client.resumed(), Some(false));
        assert_eq!(next(&mut news).await, Ok(6));
    })
    .await;
}

/// The refusal of a `resume` is no reply, although replies have no ids either, and a number may come before it.
#[tokio::test(start_paused = true)]
async fn the_answer_to_a_resume_is_no_reply() {
    const REFUSED: &str =
        r#"{"type":"error","payload":{"code":"NOT_RESUMED","message":"another begins"}}"#;
    const FILLED: &str = r#"{"type":"filled","payload":{"n":1},"seq":1}"#;
    simulated(async {
        for (said, seq) in [(&[REFUSED, FILLED], 2), (&[FILLED, REFUSED], 2)] {
            let (near, far) = duplex(1024);
            let (again, other) = duplex(1024);
            let ends = Mutex::new(vec![again, near]);
            let builder: ClientBuilder<line::Line, line::Client> = ClientBuilder::over(move || {
                let end = ends.lock().expect("it is whole").pop();
                async { end.ok_or(std::io::Error::other("there is no more")) }
            });
            let connecting = tokio::spawn(async move { builder.await });
            let mut script = Script(far);
            script.next().await;
            script
                .say(r#"{"type":"ready","payload":{"version":"1.0.0","session":"a"}}"#)
                .await;
            let client = connecting.await.expect("it runs").expect("it is ready");
            let mut news = client.notifications();
            for seq in [1, 2, 3] {
                script
                    .say(&format!(
                        r#"{{"type":"filled","payload":{{"n":{seq}}},"seq":{seq}}}"#
                    ))
                    .await;
                assert!(matches!(news.next().await, Some(Event::Message(_))));
            }
            drop(script);
            let mut script = Script(other);
            script.next().await;
            let call = tokio::spawn({
                let client = client.clone();
                async move { client.place(Place { n: 7 }).await }
            });
            script
                .say(r#"{"type":"ready","payload":{"version":"1.0.0","session":"b"}}"#)
                .await;
            script
                .expect(r#"{"type":"resume","payload":{"seq":3,"session":"a"}}"#)
                .await;
            script.expect(r#"{"type":"place","payload":{"n":7}}"#).await;
            assert_eq!(client.resumed(), None);
            for message in said {
                script.say(message).await;
            }
            script
                .say(&format!(
                    r#"{{"type":"placed","payload":{{"n":7}},"seq":{seq}}}"#
                ))
                .await;
            assert_eq!(call.await.expect("it ends"), Ok(Placed { n: 7 }));
            assert_eq!(client.resumed(), Some(false));
            assert!(matches!(news.next().await, Some(Event::Gap(_))));
            let mut heard = false;
            while !heard {
                heard = matches!(news.next().await, Some(Event::Message(_)));
            }
        }
    })
    .await;
}
