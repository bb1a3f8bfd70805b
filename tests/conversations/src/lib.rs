//! Conversations of [docs/wire.md](../../../docs/wire.md), line by line, as data. Each is held with the server, whose client is played, and with
//! both clients, whose server is played. `README.md` describes the form of the files in `cases`.

mod bindings;
mod conversation;
mod end;
mod forms;
mod log;
mod run;
mod translate;

/// The ends of the protocol.
#[path = "ends"]
mod plain {
    pub(crate) mod api {
        #![allow(
            dead_code,
            reason = "the server and the Rust client need some of it, the TypeScript client the rest"
        )]
        include!(concat!(env!("OUT_DIR"), "/plain.rs"));
    }
    pub(crate) mod client;
    /// What the application says of a ready that is its own.
    macro_rules! ready {
        () => {};
    }
    pub(crate) mod server;
}

/// The same where every message of the server has its number in the session.
#[path = "ends"]
#[allow(
    clippy::duplicate_mod,
    reason = "the ends of all forms do the same with types of their own"
)]
mod numbered {
    pub(crate) mod api {
        #![allow(
            dead_code,
            reason = "the server and the Rust client need some of it, the TypeScript client the rest"
        )]
        include!(concat!(env!("OUT_DIR"), "/numbered.rs"));
    }
    pub(crate) mod client;
    /// What the application says of a ready that is its own.
    macro_rules! ready {
        () => {};
    }
    pub(crate) mod server;
}

/// The same where messages of the application are the ready and the refusal.
#[path = "ends"]
#[allow(
    clippy::duplicate_mod,
    reason = "the ends of all forms do the same with types of their own"
)]
mod mapped {
    pub(crate) mod api {
        #![allow(
            dead_code,
            reason = "the server and the Rust client need some of it, the TypeScript client the rest"
        )]
        include!(concat!(env!("OUT_DIR"), "/mapped.rs"));
    }
    pub(crate) mod client;
    /// What the application says of a ready that is its own: nothing beside what the session does.
    macro_rules! ready {
        () => {
            fn welcome(&self, _: &User) -> super::api::Welcome {
                super::api::Welcome {
                    about: None,
                    expires: None,
                }
            }
        };
    }
    pub(crate) mod server;
}

/// The same where the fields of the envelope have other names.
#[path = "ends"]
#[allow(
    clippy::duplicate_mod,
    reason = "the ends of all forms do the same with types of their own"
)]
mod renamed {
    pub(crate) mod api {
        #![allow(
            dead_code,
            reason = "the server and the Rust client need some of it, the TypeScript client the rest"
        )]
        include!(concat!(env!("OUT_DIR"), "/renamed.rs"));
    }
    pub(crate) mod client;
    /// What the application says of a ready that is its own.
    macro_rules! ready {
        () => {};
    }
    pub(crate) mod server;
}

/// The same where the members of a payload are beside those of the envelope.
#[path = "ends"]
#[allow(
    clippy::duplicate_mod,
    reason = "the ends of all forms do the same with types of their own"
)]
mod flat {
    pub(crate) mod api {
        #![allow(
            dead_code,
            reason = "the server and the Rust client need some of it, the TypeScript client the rest"
        )]
        include!(concat!(env!("OUT_DIR"), "/flat.rs"));
    }
    pub(crate) mod client;
    /// What the application says of a ready that is its own.
    macro_rules! ready {
        () => {};
    }
    pub(crate) mod server;
}

pub use conversation::{Conversation, Side, all};
pub use forms::Form;
pub use run::hold;
