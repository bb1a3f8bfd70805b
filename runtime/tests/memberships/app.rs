//! A protocol of rooms and a hall, and an application that refuses and delays joins at whim.

#![allow(unreachable_pub, reason = "it is a part of one test")]

use crate::support::random::Random;
use handfast::{
    HandlerError, protocol,
    server::{ConnectionInfo, Rejection},
};
use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
    time::Duration,
};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    pub id: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message(
        "room.enter",
        reply = Entered,
        errors = EnterError,
        join = Room,
        timeout_ms = 3000
    )]
    Enter(Enter),
    #[message("room.exit", reply = Exited, leave = Room, timeout_ms = 3000)]
    Exit(Exit),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Exited {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub n: i64,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("entered")]
    Entered(Entered),
    #[message("exited")]
    Exited(Exited),
    #[message("post", channel = Room)]
    Post(Post),
    #[message("news", channel = Hall)]
    News(News),
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum EnterError {
    #[error(wire = "FULL", message = "The room has no place left.", retryable)]
    Full,
    #[error(wire = "CLOSED_TO_YOU", message = "You may not enter.")]
    ClosedToYou,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub name: String,
}

/// Joined and left with messages of the protocol.
#[protocol(channel = "room:{id}", join = Enter, leave = Exit, history(size = 5), presence(info = Person))]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
}

/// Joined and left with those of the session.
#[protocol(channel = "hall")]
#[derive(Clone, Debug, PartialEq)]
pub struct Hall {}

#[protocol(
    name = "memberships",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Hall),
    authorize_joins,
    presence(Room),
    auth = Login,
    limits(no_rate)
)]
#[derive(Clone, Copy, Debug)]
pub struct Memberships;

/// What becomes of joins.
#[derive(Clone)]
pub struct App(pub Arc<Mutex<Whims>>);

pub struct Whims {
    pub random: Random,
    /// From then on every join is granted, at once.
    pub calm: bool,
}

impl App {
    async fn whim(&self) -> Result<(), EnterError> {
        let (what, wait) = {
            let mut whims = self.0.lock().expect("it is whole");
            if whims.calm {
                return Ok(());
            }
            (whims.random.below(20), whims.random.below(8000))
        };
        match what {
            0 | 1 => return Err(EnterError::ClosedToYou),
            2 | 3 => return Err(EnterError::Full),
            4 | 5 => tokio::time::sleep(Duration::from_millis(wait as u64)).await,
            6..10 => tokio::time::sleep(Duration::from_millis(wait as u64 / 200)).await,
            _ => {}
        }
        Ok(())
    }
}

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
        Ok(m.name)
    }

    fn principal<'a>(&self, session: &'a String) -> Option<Cow<'a, str>> {
        Some(session.into())
    }

    async fn authorize_join(&self, key: &str, _: &Context<String>) -> Result<(), Rejection> {
        if key != "hall" {
            return Ok(());
        }
        self.whim().await.map_err(|error| {
            let mut rejection = Rejection::new("NOT_NOW", "it may not");
            rejection.retryable = error == EnterError::Full;
            rejection
        })
    }

    fn room_presence(&self, _: &str, cx: &Context<String>) -> Person {
        Person {
            name: cx.session().clone(),
        }
    }
}

impl RoomHandler for App {
    async fn enter(
        &self,
        _: Enter,
        _: &Context<String>,
    ) -> Result<Entered, HandlerError<EnterError>> {
        self.whim().await?;
        Ok(Entered {})
    }

    async fn exit(&self, _: Exit, _: &Context<String>) -> Result<Exited, HandlerError> {
        Ok(Exited {})
    }
}
