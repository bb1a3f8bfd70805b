//! A mistake in a union of messages is one error, and not another one at each use of the union.

use handfast::{HandlerError, protocol, server::{ConnectionInfo, Rejection}};

#[protocol]
#[derive(Debug)]
pub struct Ask {}

#[protocol]
#[derive(Debug)]
pub struct Told {}

#[protocol(client)]
#[derive(Debug)]
pub enum ClientMessage {
    #[message("ask", reply = Told, idempotant)]
    Ask(Ask),
}

#[protocol(server)]
#[derive(Debug)]
pub enum ServerMessage {
    #[message("told", join = Room)]
    Told(Told),
}

#[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage, limits(depht = 8))]
#[derive(Debug)]
pub struct Protocol;

mod others {
    use handfast::protocol;

    #[protocol(client)]
    #[derive(Debug)]
    pub enum ClientMessage {
        Ask(super::Ask),
    }

    #[protocol(server)]
    #[derive(Debug)]
    pub enum ServerMessage {}

    #[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage)]
    #[derive(Debug)]
    pub struct Protocol;
}

struct App;

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn ask(&self, _: Ask, _: &Context<()>) -> Result<Told, HandlerError> {
        Ok(Told {})
    }
}

fn main() {
    let _ = Server::new(App);
}
