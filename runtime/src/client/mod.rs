//! Calling a server.
//!
//! `#[protocol]` wraps [`Client`] in a type with a method for each message. A client runs as one Tokio task, which reads, writes
//! and reconnects. The task ends when the last [`Client`], [`Subscription`], [`Notifications`] and [`Streaming`] is dropped, or
//! with [`Client::close`].
//!
//! - Every queue is bounded. Queued messages and pending requests share `limits.outbound` bytes, and each counts 256 bytes more
//!   than its size; callers wait for room. If a [`Subscription`] or [`Notifications`] is not read, messages that do not fit
//!   are dropped and reported as a [`Gap`]; a stream fails with [`StreamError::Slow`]. The client itself never stops reading.
//! - If the connection is lost, the client reconnects with exponential backoff and jitter (`session.backoff`), unless the close
//!   code is final (1000, 1008, 4401, 4403, 4406, 4409, or the codes that the protocol's `closes` sets for these conditions) or
//!   `backoff.attempts` attempts in a row failed. It rejoins its channels, at most sixteen at a time, and reports a gap if
//!   messages were missed. It retries a rejoin that the server refuses temporarily; if the server refuses it for good, the
//!   subscription ends with [`Event::Lost`]. Requests that were not written yet are sent, and idempotent ones (streams excepted)
//!   are sent again; all other requests and streams fail with [`CallError::OutcomeUnknown`].
//! - If the client's task dies, because its runtime was dropped or [`ClientBuilder::auth_with`] panicked, the client is closed.
//!
//! The examples use a chat protocol whose generated client has the methods `chat_send`, `room` and so on:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use handfast::client::Event;
//!
//! let client = connect().await?; // Client::connect("ws://…/ws").auth(&Auth { … }).await?
//! client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
//!
//! let mut room = client.room(&"lobby".into()).join().await?;
//! client.chat_send(ChatSend { room: "lobby".into(), text: "here I am".into() }).await?;
//! if let Some(Event::Message(envelope)) = room.next().await {
//!     assert_eq!(envelope.message, ServerMessage::ChatMessage(ChatMessage { text: "here I am".into() }));
//! }
//! client.close().await;
//! # Ok(())
//! # }
//! ```

mod backoff;
mod budget;
mod builder;
mod call;
mod channels;
mod connection;
mod core;
mod delivery;
mod dial;
mod error;
mod handle;
mod inbox;
mod join;
mod lifecycle;
mod log;
mod pending;
mod receive;
mod refresh;
mod rejoin;
mod session;
mod state;
mod subscription;

pub use builder::ClientBuilder;
pub use call::{Call, Sent, StreamError, Streaming};
pub use error::{CallError, ConnectError};
pub use handle::Client;
pub use join::{JoinRequest, KeyJoinRequest};
pub use refresh::RefreshError;
pub use state::{State, VersionSkew};
pub use subscription::{Event, Gap, Notifications, Subscription};
