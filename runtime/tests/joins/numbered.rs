//! A protocol whose server numbers its messages in the session.

use handfast::{HandlerError, protocol, server::ConnectionInfo};
use std::borrow::Cow;

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    pub room: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub text: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("enter", reply = Entered, join = Room)]
    Enter(Enter),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("entered")]
    Entered(Entered),
    #[message("said", channel = Room)]
    Said(Said),
}

#[protocol(channel = "room:{room}", join = Enter)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub room: String,
}

#[protocol(
    name = "numbered",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room),
    auth = Login,
    session(resume_ms = 60000, numbered),
    roles(resume = "resume", skip = none),
    limits(no_rate, message = 4096, outbound = 65536)
)]
#[derive(Clone, Copy, Debug)]
pub struct Numbered;

#[derive(Clone, Debug)]
pub struct App;

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
        Ok(m.name)
    }

    fn principal<'a>(&self, name: &'a String) -> Option<Cow<'a, str>> {
        Some(name.into())
    }
}

impl Handler for App {
    async fn enter(&self, m: Enter, cx: &Context<String>) -> Result<Entered, HandlerError> {
        let text = "x".repeat(2000);
        for _ in 0..20 {
            cx.room(&m.room).publish(&Said { text: text.clone() });
        }
        Ok(Entered {})
    }
}
