//! A protocol whose client has a login that may expire, a server for it, and a client.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "it is the crate of a test"
)]

use handfast::{
    HandlerError, Protocol,
    client::ClientBuilder,
    descriptor::{ProtocolDescriptor, SessionDescriptor},
    protocol,
    server::ConnectionInfo,
    transport::{CloseFrame, duplex},
};
use std::{
    borrow::Cow,
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use tokio::sync::Semaphore;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    #[protocol(min_length = 1)]
    pub user: String,
    /// What the messages of this login are shown with.
    pub badge: String,
    /// How many milliseconds it lasts.
    pub lasts: Option<i64>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Me {
    pub badge: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    #[message("ask", bare, reply = Me)]
    Ask(Ask),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    #[message("me")]
    Me(Me),
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum LoginError {
    #[error(wire = "LOCKED", message = "This user is locked out.")]
    Locked,
}

#[protocol(name = "badges", version = "1.0.0", client = Asks, server = Says, auth = Login, auth_errors = LoginError)]
#[derive(Clone, Copy, Debug)]
pub struct Badges;

/// The same, for a client that reconnects at once.
pub struct Quick;

impl Protocol for Quick {
    type Client = Asks;
    type Server = Says;
    const DESCRIPTOR: &'static ProtocolDescriptor = &ProtocolDescriptor {
        session: SessionDescriptor {
            backoff: (Duration::from_millis(10), Duration::from_millis(20)),
            ..Badges::DESCRIPTOR.session
        },
        ..*Badges::DESCRIPTOR
    };
}

pub type QuickClient = handfast::client::Client<Quick>;

pub struct User {
    pub login: Login,
    pub expires: Option<SystemTime>,
}

/// The last time that the clock of this platform can represent, to a second.
pub fn end_of_time() -> SystemTime {
    let mut step = Duration::from_secs(u64::MAX);
    let mut last = SystemTime::UNIX_EPOCH;
    while !step.is_zero() {
        match last.checked_add(step) {
            Some(later) => last = later,
            None => step /= 2,
        }
    }
    last
}

#[derive(Clone)]
pub struct App {
    pub ended: Arc<Semaphore>,
    /// Lets slow judgements end.
    pub judged: Arc<Semaphore>,
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(
        &self,
        m: Login,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<LoginError>> {
        if m.badge == "locked" {
            return Err(LoginError::Locked.into());
        }
        if m.badge == "judged slowly" {
            self.judged.acquire().await.expect("it is open").forget();
        }
        let expires = m.lasts.map(|lasts| match u64::try_from(lasts) {
            Ok(lasts) if lasts > 1_000_000_000 => end_of_time(),
            Ok(lasts) => SystemTime::now() + Duration::from_millis(lasts),
            Err(_) => SystemTime::UNIX_EPOCH,
        });
        Ok(User { login: m, expires })
    }

    fn principal<'a>(&self, user: &'a User) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&user.login.user))
    }

    fn expires(&self, user: &User) -> Option<SystemTime> {
        user.expires
    }

    fn disconnected(&self, _: &User, _: Option<&CloseFrame>) {
        self.ended.add_permits(1);
    }
}

impl Handler for App {
    async fn ask(&self, _: Ask, cx: &Context<User>) -> Result<Me, HandlerError> {
        let login = &cx.session().login;
        if login.lasts == Some(SLOW) {
            tokio::time::sleep(Duration::from_millis(2 * SLOW as u64)).await;
        }
        let badge = login.badge.clone();
        Ok(Me { badge })
    }
}

/// A login that lasts so many milliseconds is over before its messages are handled.
pub const SLOW: i64 = 100;

pub fn app() -> (App, Server) {
    let ended = Arc::new(Semaphore::new(0));
    let judged = Arc::new(Semaphore::new(0));
    let app = App { ended, judged };
    let server = Server::new(app.clone());
    (app, server)
}

pub fn login(user: &str, badge: &str, lasts: Option<i64>) -> Login {
    Login {
        user: user.into(),
        badge: badge.into(),
        lasts,
    }
}

/// A client of a server that gives these credentials, one for each time that it is asked; the last again and again.
pub fn client_of(
    server: &Server,
    logins: impl IntoIterator<Item = Result<Login, &'static str>>,
) -> (ClientBuilder<Quick, QuickClient>, Arc<Semaphore>) {
    let server = server.clone();
    let logins: Mutex<VecDeque<_>> = Mutex::new(logins.into_iter().collect());
    let asked = Arc::new(Semaphore::new(0));
    let client = ClientBuilder::over(move || {
        let (ours, theirs) = duplex(16);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        async { Ok::<_, Infallible>(ours) }
    })
    .auth_with({
        let asked = asked.clone();
        move || {
            asked.add_permits(1);
            let mut logins = logins.lock().expect("it is whole");
            let next = match logins.len() {
                1 => logins[0].clone(),
                _ => logins.pop_front().expect("there is another"),
            };
            std::future::ready(next)
        }
    });
    (client, asked)
}

pub async fn badge(client: &QuickClient) -> String {
    client.call(&Ask {}).await.expect("it is answered").badge
}
