//! Conversations of [docs/wire.md](../../../docs/wire.md), line by line, as data. Each is held with the server, whose client is played, and with
//! both clients, whose server is played. `README.md` describes the form of the files in `cases`.

mod api {
    #![allow(
        dead_code,
        reason = "the server and the Rust client need some of it, the TypeScript client the rest"
    )]
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

mod bindings;
mod client;
mod conversation;
mod end;
mod log;
mod run;
mod server;

pub use conversation::{Conversation, Side, all};
pub use run::hold;
