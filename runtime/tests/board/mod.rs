//! A protocol of boards with cursors, and a server for it, for the tests of what is around dispatch.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses some of it"
)]

use handfast::{
    HandlerError, protocol,
    server::{ConnectionInfo, Rejection, StreamResponder},
    transport::{CloseFrame, MemoryTransport, Packet, TransportEvent, duplex},
};
use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::{
    Mutex, Semaphore,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// Answered when the test lets it, beside other messages.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    pub n: i64,
}

/// As [`Load`], without an answer.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Touch {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Count {}

/// Answered when the test lets it.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    pub id: String,
}

/// Moves cursors, all at once.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    pub moves: Vec<Moved>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub board: String,
    pub user: String,
    pub x: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Crash {}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("load", reply = Loaded, errors = LoadError, concurrent)]
    Load(Load),
    #[message("touch", concurrent)]
    Touch(Touch),
    #[message("count", reply = Counted)]
    Count(Count),
    #[message("hold", reply = Held)]
    Hold(Hold),
    #[message("watch", stream(ack = Watching, item = Tick, cancel = Stop))]
    Watch(Watch),
    #[message("stop", cancels)]
    Stop(Stop),
    #[message("enter", reply = Entered, join = Board)]
    Enter(Enter),
    #[message("move", reply = MovedAll)]
    Move(Move),
    #[message("crash", reply = Held)]
    Crash(Crash),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub touched: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Held {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Watching {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct MovedAll {}

/// Where the cursor of a user is.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    pub user: String,
    pub x: i64,
}

/// As [`Cursor`], but of another type.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Typing {
    pub user: String,
}

/// Numbered.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub text: String,
}

/// Sent to one connection.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    pub topic: i64,
    pub text: String,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("loaded")]
    Loaded(Loaded),
    #[message("counted")]
    Counted(Counted),
    #[message("held", bare)]
    Held(Held),
    #[message("watching", bare)]
    Watching(Watching),
    #[message("tick", bare)]
    Tick(Tick),
    #[message("entered", bare)]
    Entered(Entered),
    #[message("moved", bare)]
    MovedAll(MovedAll),
    #[message("cursor", channel = Board, volatile, volatile_key = "user")]
    Cursor(Cursor),
    #[message("typing", channel = Board, volatile, volatile_key = "user")]
    Typing(Typing),
    #[message("said", channel = Board)]
    Said(Said),
    #[message("hint", volatile, volatile_key = "topic")]
    Hint(Hint),
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum LoadError {
    #[error("NOT_THERE", message = "it is not there")]
    NotThere,
}

#[protocol(channel = "board:{id}", join = Enter)]
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    pub id: String,
}

#[protocol(
    name = "boards",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Board)
)]
#[derive(Clone, Copy, Debug)]
pub struct Boards;

/// The application. Its clones are one.
#[derive(Clone)]
pub struct App(Arc<Inside>);

pub struct Inside {
    /// Lets `load` and `touch` end.
    pub load: Semaphore,
    /// Lets `hold` be answered.
    pub hold: Semaphore,
    /// Counts the handlers of `load` that began.
    pub began: AtomicUsize,
    pub touched: AtomicUsize,
    /// Counts the handlers of `load` that were dropped before their end.
    pub dropped: Arc<Semaphore>,
    /// Whether a session is sent a hint when it is ready.
    pub greets: AtomicBool,
    /// Whether hooks panic.
    pub panics: AtomicBool,
    /// What happens while the next client is let in.
    pub meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    happened: UnboundedSender<String>,
    heard: Mutex<UnboundedReceiver<String>>,
}

/// Who is connected, if the extensions of the upgrade say so.
#[derive(Clone, Copy, Debug)]
pub struct User(pub &'static str);

impl std::ops::Deref for App {
    type Target = Inside;
    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl App {
    pub fn new() -> Self {
        let (happened, heard) = unbounded_channel();
        Self(Arc::new(Inside {
            load: Semaphore::new(0),
            hold: Semaphore::new(0),
            began: AtomicUsize::new(0),
            touched: AtomicUsize::new(0),
            dropped: Arc::new(Semaphore::new(0)),
            greets: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            meanwhile: Mutex::new(None),
            happened,
            heard: Mutex::new(heard),
        }))
    }

    /// The next hook that was called.
    pub async fn heard(&self) -> String {
        self.heard.lock().await.recv().await.expect("one is called")
    }

    fn hook(&self, what: String) {
        self.happened.send(what).expect("the test listens");
        assert!(!self.panics.load(Ordering::SeqCst), "as asked");
    }
}

impl SessionHandler for App {
    type Session = User;

    async fn connected(&self, connection: &ConnectionInfo) -> Result<User, Rejection> {
        if let Some(meanwhile) = self.meanwhile.lock().await.take() {
            meanwhile();
        }
        let user = connection.extensions.get::<User>();
        Ok(user.copied().unwrap_or(User("nobody")))
    }

    fn principal<'a>(&self, User(name): &'a User) -> Option<Cow<'a, str>> {
        (*name != "nobody").then_some(Cow::Borrowed(*name))
    }

    fn ready(&self, cx: &Context<User>) {
        if self.greets.load(Ordering::SeqCst) {
            cx.send(&Hint {
                topic: 0,
                text: "welcome".into(),
            });
        }
        self.hook(format!("ready {}", cx.session().0));
    }

    fn detached(&self, session: &User) {
        self.hook(format!("detached {}", session.0));
    }

    fn resumed(&self, cx: &Context<User>) {
        if self.greets.load(Ordering::SeqCst) {
            cx.send(&Hint {
                topic: 0,
                text: "again".into(),
            });
        }
        self.hook(format!("resumed {}", cx.session().0));
    }

    fn disconnected(&self, session: &User, close: Option<&CloseFrame>) {
        let close = close.map(|close| (close.code, close.reason.to_string()));
        self.hook(format!("disconnected {} {close:?}", session.0));
    }
}

struct Dropped(Option<Arc<Semaphore>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(dropped) = &self.0 {
            dropped.add_permits(1);
        }
    }
}

impl Handler for App {
    async fn load(&self, m: Load, _: &Context<User>) -> Result<Loaded, HandlerError<LoadError>> {
        self.began.fetch_add(1, Ordering::SeqCst);
        tracing::info!("loading");
        let mut dropped = Dropped(Some(self.dropped.clone()));
        match m.n {
            404 => return Err(LoadError::NotThere.into()),
            500 => panic!("as asked"),
            _ => self.load.acquire().await.expect("it is open").forget(),
        }
        dropped.0 = None;
        Ok(Loaded { n: m.n })
    }

    async fn touch(&self, _: Touch, _: &Context<User>) {
        self.load.acquire().await.expect("it is open").forget();
        self.touched.fetch_add(1, Ordering::SeqCst);
    }

    async fn count(&self, _: Count, _: &Context<User>) -> Result<Counted, HandlerError> {
        Ok(Counted {
            touched: self.touched.load(Ordering::SeqCst) as i64,
        })
    }

    async fn hold(&self, _: Hold, _: &Context<User>) -> Result<Held, HandlerError> {
        self.hold.acquire().await.expect("it is open").forget();
        Ok(Held {})
    }

    async fn watch(
        &self,
        _: Watch,
        to: StreamResponder<Watching, Tick>,
        _: &Context<User>,
    ) -> Result<(), HandlerError> {
        let _ticks = to.accept(Watching {});
        std::future::pending().await
    }

    async fn enter(&self, _: Enter, _: &Context<User>) -> Result<Entered, HandlerError> {
        Ok(Entered {})
    }

    async fn r#move(&self, m: Move, cx: &Context<User>) -> Result<MovedAll, HandlerError> {
        for Moved { board, user, x } in m.moves {
            let board = cx.board(&board);
            match user.split(':').next() {
                Some("say") => {
                    board.publish(&Said {
                        text: x.to_string(),
                    });
                }
                Some("type") => {
                    board.publish(&Typing { user });
                }
                Some("hint") => cx.send(&Hint {
                    topic: x / 10,
                    text: x.to_string(),
                }),
                _ => {
                    board.publish(&Cursor { user, x });
                }
            }
        }
        Ok(MovedAll {})
    }

    async fn crash(&self, _: Crash, _: &Context<User>) -> Result<Held, HandlerError> {
        panic!("as asked")
    }
}

/// A client by hand.
pub struct Hand(pub MemoryTransport);

impl Hand {
    /// Connects to a server, over a transport that holds so many packets, and says hello.
    pub async fn enter(server: &Server, packets: usize) -> Self {
        let mut hand = Self::connect(server, packets, "nobody");
        hand.say(r#"{"type":"hello","payload":{"version":"1.0.0"}}"#)
            .await;
        let ready = hand.next().await;
        assert!(ready.starts_with(r#"{"type":"ready""#), "{ready}");
        hand
    }

    /// As [`Self::enter`], as a user, with what the hello says of resuming. Returns the payload of `ready` as well.
    pub async fn resume(
        server: &Server,
        user: &'static str,
        resume: serde_json::Value,
    ) -> (Self, serde_json::Value) {
        let mut hand = Self::connect(server, 16, user);
        hand.say(&format!(
            r#"{{"type":"hello","payload":{{"version":"1.0.0","resume":{resume}}}}}"#
        ))
        .await;
        let ready: serde_json::Value =
            serde_json::from_str(&hand.next().await).expect("it is JSON");
        assert_eq!(ready["type"], "ready", "{ready}");
        (hand, ready["payload"].clone())
    }

    fn connect(server: &Server, packets: usize, user: &'static str) -> Self {
        let (client, end) = duplex(packets);
        let server = server.clone();
        let mut info = ConnectionInfo::default();
        info.extensions.insert(User(user));
        tokio::spawn(async move { server.serve(end, info).await });
        Self(client)
    }

    pub async fn say(&mut self, text: &str) {
        self.0.send(text).await.expect("it is open");
    }

    /// Sends a message with a payload and an id.
    pub async fn ask(&mut self, message: &str, payload: &str, id: &str) {
        self.say(&format!(
            r#"{{"type":"{message}","payload":{payload},"id":"{id}"}}"#
        ))
        .await;
    }

    /// The next text, without its timestamp.
    pub async fn next(&mut self) -> String {
        match self.0.receive().await.expect("it is open") {
            TransportEvent::Packet(Packet::Text(text)) => timeless(&text),
            other => format!("{other:?}"),
        }
    }

    pub async fn expect(&mut self, text: &str) {
        assert_eq!(self.next().await, text);
    }
}

fn timeless(text: &str) -> String {
    const FIELD: &str = r#","timestamp":""#;
    match text.split_once(FIELD) {
        Some((before, after)) => {
            let (_, after) = after.split_once('"').expect("it is a string");
            format!("{before}{after}")
        }
        None => text.to_owned(),
    }
}
