//! Calling a server.
//!
//! `#[protocol]` wraps [`Client`] in a type with a method for each message. A client runs as one Tokio task, which reads, writes
//! and reconnects. The task ends when the last [`Client`], [`Subscription`], [`Notifications`] and [`Streaming`] is dropped, or
//! with [`Client::close`].
//!
//! - Every queue is bounded. Queued messages and pending requests share `limits.outbound` bytes, and each counts 256 bytes more
//!   than its size; callers wait for room. If a [`Subscription`] or [`Notifications`] is not read, messages that do not fit
//!   are dropped and reported as a [`Gap`]; a stream fails with [`StreamError::Slow`]. Before that the client waits for the reader, for a moment: [`ClientBuilder::capacity`].
//! - If the connection is lost, the client reconnects with exponential backoff and jitter (`session.backoff`), unless the close
//!   code is final (1000, 1008, 4401, 4403, 4406, 4409, or the codes that the protocol's `closes` sets for these conditions) or
//!   `backoff.attempts` attempts in a row failed. If the session resumes, nothing is lost; otherwise it rejoins its channels, at most sixteen at a time, and reports a gap if
//!   messages were missed that are not in the channel's history. It retries a rejoin that the server refuses temporarily; if the server refuses it for good, the
//!   subscription ends with [`Event::Lost`]. Requests that were not written yet are sent, and idempotent ones (streams excepted)
//!   are sent again; all other requests and streams fail with [`CallError::OutcomeUnknown`].
//! - If the server sends requests, the application answers them: [`Handlers`]. At most `limits.streams` handlers run at a time, beside each
//!   other; they end with their session. A running handler holds the client open.
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
mod backpressure;
mod builder;
mod channels;
mod connection;
mod core;
mod dial;
pub(crate) mod dispatch;
mod encode;
mod error;
mod error_message;
mod handle;
pub(crate) mod handlers;
mod handshake;
mod join;
mod lifecycle;
mod listeners;
mod log;
mod members;
mod negotiate;
mod numbered;
mod pending;
mod presence;
mod receive;
mod refresh;
mod rejoin;
pub(crate) mod responder;
mod sent;
mod sequence;
mod session;
mod state;
mod subscription;

pub use crate::{
    calls::{Call, CallError, Gap, RefreshError, StreamError, Streaming},
    replies::SendError,
};
pub use builder::ClientBuilder;
pub use error::ConnectError;
pub use handle::Client;
pub use handlers::Handlers;
pub use join::{JoinRequest, KeyJoinRequest};
pub use presence::PresenceEvent;
pub use sent::Sent;
pub use state::{State, VersionSkew};
pub use subscription::{Event, Notifications, Subscription};

/// A request of the server for a stream.
pub type StreamResponder<Ack, Item> =
    crate::replies::StreamResponder<Ack, Item, responder::Responder>;

/// Sends the items of a stream to the server.
pub type StreamSender<Item> = crate::replies::StreamSender<Item, responder::Responder>;
