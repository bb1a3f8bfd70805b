//! An application: it handles what its clients send.

pub mod api;

use api::{Context, Say, Said};

/// It says back what it hears.
pub struct App;

impl api::SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &handfast::server::ConnectionInfo) -> Result<(), handfast::server::Rejection> { Ok(()) }
}

impl api::Handler for App {
    async fn say(&self, m: Say, _: &Context<()>) -> Result<Said, handfast::HandlerError> {
        Ok(Said { text: m.text })
    }
}

/// The server of it.
pub fn server() -> api::Server {
    api::Server::new(App)
}
