//! Conversations of [docs/wire.md](../../../docs/wire.md), line by line, as data. Each is held with the server, whose client is played, and with
//! both clients, whose server is played. `README.md` describes the form of the files in `cases`.

mod bindings;
mod conversation;
mod end;
mod forms;
mod log;
mod run;
mod translate;

/// The ends of the protocol in a form, and what the application says of a ready that is its own.
macro_rules! ends {
    ($form:ident, { $($welcome:tt)* }) => {
        #[path = "ends"]
        #[allow(
            clippy::duplicate_mod,
            reason = "the ends of all forms do the same with types of their own"
        )]
        mod $form {
            pub(crate) mod api {
                #![allow(
                    dead_code,
                    reason = "the server and the Rust client need some of it, the TypeScript client the rest"
                )]
                include!(concat!(env!("OUT_DIR"), "/", stringify!($form), ".rs"));
            }
            pub(crate) mod client;
            macro_rules! ready {
                () => { $($welcome)* };
            }
            pub(crate) mod server;
        }
    };
}

ends!(plain, {});
ends!(numbered, {});
ends!(mapped, {
    fn welcome(&self, _: &User) -> super::api::Welcome {
        super::api::Welcome {
            about: None,
            expires: None,
        }
    }
});
ends!(renamed, {});
ends!(flat, {});

pub use conversation::{Conversation, Side, all};
pub use forms::Form;
pub use run::hold;
