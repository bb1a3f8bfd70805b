//! The server that is killed, tried and left: what its handlers do, and the ledger of what ran.

use crate::api::{
    Add, Added, Confirm, Context, Find, Found, Handler, Login, LoginError, Name, Note, RoomHandler,
    RoomJoin, RoomJoinError, RoomJoined, RoomLeave, RoomLeft, RoomSaid, SessionHandler, Tick,
    Ticked, Ticks, Whoami, You,
};
use handfast::{
    HandlerError,
    server::{ConnectionInfo, Rejection, StreamSender},
};
use std::{
    borrow::Cow,
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The room that everybody may join, and `add` publishes to.
pub(crate) const ALL: &str = "all";

/// A file that is written at once, line by line, so that it outlives the process.
pub(crate) struct Ledger(Mutex<File>);

impl Ledger {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        Ok(Self(Mutex::new(file)))
    }

    fn write(&self, line: &str) {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .expect("the ledger can be written");
    }
}

/// A clone is a counted reference.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    /// Which life of the server this is.
    run: u64,
    ledger: Option<Ledger>,
    /// How much was published to [`ALL`].
    published: Mutex<u64>,
    nonces: AtomicU64,
}

/// A user who is connected.
pub(crate) struct User {
    pub(crate) name: String,
}

/// What proves a name.
pub(crate) fn proof(name: &str) -> String {
    format!("proof-of-{name}")
}

/// What nobody but a principal may see, whatever it is part of.
pub(crate) fn secret(name: &str) -> String {
    format!("secret-of-{name}.")
}

impl App {
    pub(crate) fn new(run: u64, ledger: Option<Ledger>) -> Self {
        Self(Arc::new(Inner {
            run,
            ledger,
            published: Mutex::new(0),
            nonces: AtomicU64::new(0),
        }))
    }

    /// Records that a handler ran, and returns what identifies that.
    fn ran(&self, what: &str, by: &str, n: u64) -> String {
        let Inner { run, nonces, .. } = &*self.0;
        let nonce = format!("{run}-{}", nonces.fetch_add(1, Ordering::Relaxed));
        if let Some(ledger) = &self.0.ledger {
            ledger.write(&format!("{what} {by} {n} {run} {nonce}\n"));
        }
        nonce
    }

    fn run(&self) -> i64 {
        self.0.run.cast_signed()
    }

    /// Waits as long as a handler that has something to do, where there is a ledger to be in disagreement with.
    async fn work(&self, n: u64) {
        if self.0.ledger.is_some() {
            tokio::time::sleep(Duration::from_millis(n % 3)).await;
        }
    }

    fn publish(&self, cx: &Context<User>) {
        let mut published = self
            .0
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *published += 1;
        cx.room(&Name::try_from(ALL).expect("it is a name"))
            .publish(&RoomSaid {
                run: self.run(),
                n: published.cast_signed(),
                text: None,
            });
    }
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(
        &self,
        m: Login,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<LoginError>> {
        match m.proof == proof(&m.name) {
            true => Ok(User {
                name: m.name.to_string(),
            }),
            false => Err(LoginError::BadProof.into()),
        }
    }

    fn principal<'a>(&self, user: &'a User) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&user.name))
    }

    async fn authorize_join(&self, key: &str, cx: &Context<User>) -> Result<(), Rejection> {
        match key.strip_prefix("diary:") == Some(&cx.session().name) {
            true => Ok(()),
            false => Err(Rejection::new("NOT_ALLOWED", "It is not for everybody.")),
        }
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        m: RoomJoin,
        cx: &Context<User>,
    ) -> Result<RoomJoined, HandlerError<RoomJoinError>> {
        match [ALL, &cx.session().name].contains(&&*m.room) {
            true => Ok(RoomJoined {}),
            false => Err(RoomJoinError::NotAllowed.into()),
        }
    }

    async fn room_leave(&self, _: RoomLeave, _: &Context<User>) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }
}

impl Handler for App {
    async fn add(&self, m: Add, cx: &Context<User>) -> Result<Added, HandlerError> {
        self.work(m.n).await;
        let nonce = self.ran("add", &cx.session().name, m.n);
        self.publish(cx);
        if m.n % 10 == 9 {
            let (client, app, by) = (cx.client(), self.clone(), cx.session().name.clone());
            let (run, n) = (self.run(), m.n);
            // Not awaited here: a client answers when it can.
            tokio::spawn(async move {
                let asked = Confirm {
                    run,
                    n: n.cast_signed(),
                };
                if let Ok(confirmed) = client.confirm(asked).await {
                    app.ran("confirmed", &by, confirmed.n);
                }
            });
        }
        self.work(m.n / 3).await;
        let run = self.run();
        Ok(Added { run, nonce })
    }

    async fn find(&self, m: Find, cx: &Context<User>) -> Result<Found, HandlerError> {
        self.work(m.n).await;
        let nonce = self.ran("find", &cx.session().name, m.n);
        self.work(m.n + 1).await;
        let run = self.run();
        Ok(Found { run, nonce })
    }

    async fn note(&self, m: Note, cx: &Context<User>) {
        self.ran("note", &cx.session().name, m.n);
    }

    async fn whoami(&self, _: Whoami, cx: &Context<User>) -> Result<You, HandlerError> {
        let name = cx.session().name.clone();
        let secret = secret(&name);
        Ok(You { name, secret })
    }

    async fn ticks(
        &self,
        m: Ticks,
        mut to: StreamSender<Tick>,
        _: &Context<User>,
    ) -> Result<Ticked, HandlerError> {
        for n in 0..m.n {
            to.send(Tick { n }).await.map_err(HandlerError::internal)?;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(Ticked {})
    }
}
