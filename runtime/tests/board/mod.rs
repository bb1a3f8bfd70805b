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
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;

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
}

impl std::ops::Deref for App {
    type Target = Inside;
    fn deref(&self) -> &Inside {
        &self.0
    }
}

impl App {
    pub fn new() -> Self {
        Self(Arc::new(Inside {
            load: Semaphore::new(0),
            hold: Semaphore::new(0),
            began: AtomicUsize::new(0),
            touched: AtomicUsize::new(0),
            dropped: Arc::new(Semaphore::new(0)),
        }))
    }
}

impl SessionHandler for App {
    type Session = ();
    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
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
    async fn load(&self, m: Load, _: &Context<()>) -> Result<Loaded, HandlerError<LoadError>> {
        self.began.fetch_add(1, Ordering::SeqCst);
        let mut dropped = Dropped(Some(self.dropped.clone()));
        match m.n {
            404 => return Err(LoadError::NotThere.into()),
            500 => panic!("as asked"),
            _ => self.load.acquire().await.expect("it is open").forget(),
        }
        dropped.0 = None;
        Ok(Loaded { n: m.n })
    }

    async fn touch(&self, _: Touch, _: &Context<()>) {
        self.load.acquire().await.expect("it is open").forget();
        self.touched.fetch_add(1, Ordering::SeqCst);
    }

    async fn count(&self, _: Count, _: &Context<()>) -> Result<Counted, HandlerError> {
        Ok(Counted {
            touched: self.touched.load(Ordering::SeqCst) as i64,
        })
    }

    async fn hold(&self, _: Hold, _: &Context<()>) -> Result<Held, HandlerError> {
        self.hold.acquire().await.expect("it is open").forget();
        Ok(Held {})
    }

    async fn watch(
        &self,
        _: Watch,
        to: StreamResponder<Watching, Tick>,
        _: &Context<()>,
    ) -> Result<(), HandlerError> {
        let _ticks = to.accept(Watching {});
        std::future::pending().await
    }

    async fn enter(&self, _: Enter, _: &Context<()>) -> Result<Entered, HandlerError> {
        Ok(Entered {})
    }

    async fn r#move(&self, m: Move, cx: &Context<()>) -> Result<MovedAll, HandlerError> {
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

    async fn crash(&self, _: Crash, _: &Context<()>) -> Result<Held, HandlerError> {
        panic!("as asked")
    }
}

/// A client by hand.
pub struct Hand(pub MemoryTransport);

impl Hand {
    /// Connects to a server, over a transport that holds so many packets, and says hello.
    pub async fn enter(server: &Server, packets: usize) -> Self {
        let (client, end) = duplex(packets);
        let server = server.clone();
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        let mut hand = Self(client);
        hand.say(r#"{"type":"hello","payload":{"version":"1.0.0"}}"#)
            .await;
        let ready = hand.next().await;
        assert!(ready.starts_with(r#"{"type":"ready""#), "{ready}");
        hand
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
