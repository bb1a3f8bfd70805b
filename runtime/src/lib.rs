//! Typed real-time protocols: types in, a server and a client out, over WebSocket and JSON.
//!
//! A protocol is two unions of messages, one for each end. `#[protocol]` on the types makes them readable, writable and
//! dispatchable: every message is read in one pass that finds every violation, every handler is a method that the compiler
//! misses where it is missing, and everything that does not vary with the protocol (connections, channels, streams,
//! reconnection) is in this crate and not in its output. `codegen` writes such types from a `protocol.yaml`; written by hand
//! they are the same. What the two ends say to each other, byte by byte, is in `docs/wire.md` of the repository.
//!
//! The guide, in `docs/guide` of the repository, has a page for each of these: `application.md` (a whole workspace), `page.md` (React,
//! plain HTML), `server.md` and `serving.md`, `testing.md` (without a socket), `node.md`, `generating.md`, `versions.md` (skew),
//! `rust-first.md` and `existing.md` (protocols that exist).
//!
//! # A protocol in one file
//! ```
//! # #[cfg(all(feature = "server", feature = "client"))]
//! # mod example {
//! use handfast::{HandlerError, client::ClientBuilder, protocol, transport::duplex};
//! use handfast::server::{ConnectionInfo, Rejection};
//! use std::convert::Infallible;
//!
//! /// Say something.
//! #[protocol]
//! #[derive(Clone, Debug, PartialEq)]
//! pub struct ChatSend {
//!     #[protocol(min_length = 1, max_length = 2000)]
//!     pub text: String,
//! }
//!
//! /// It was said.
//! #[protocol]
//! #[derive(Clone, Debug, PartialEq)]
//! pub struct ChatSent {
//!     pub length: i64,
//! }
//!
//! #[protocol(client)]
//! #[derive(Clone, Debug, PartialEq)]
//! pub enum ClientMessage {
//!     #[message("chat.send", reply = ChatSent)]
//!     ChatSend(ChatSend),
//! }
//!
//! #[protocol(server)]
//! #[derive(Clone, Debug, PartialEq)]
//! pub enum ServerMessage {
//!     #[message("chat.sent")]
//!     ChatSent(ChatSent),
//! }
//!
//! #[protocol(name = "chat", version = "1.0.0", client = ClientMessage, server = ServerMessage)]
//! #[derive(Clone, Copy, Debug)]
//! pub struct Chat;
//!
//! // `SessionHandler`, `ChatHandler`, `Context`, `Server`, `ServerHandle` and `Client` were made of the above.
//! struct App;
//!
//! impl SessionHandler for App {
//!     type Session = ();
//!     async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
//!         Ok(())
//!     }
//! }
//!
//! impl ChatHandler for App {
//!     async fn chat_send(&self, m: ChatSend, _: &Context<()>) -> Result<ChatSent, HandlerError> {
//!         Ok(ChatSent { length: m.text.chars().count() as i64 })
//!     }
//! }
//!
//! pub async fn talk() -> Result<(), Box<dyn std::error::Error>> {
//!     let server = Server::new(App);
//!     // On a network: `handfast::server::serve(listener, server.router())` and `Client::connect("ws://…/ws")`.
//!     let client = ClientBuilder::<Chat, Client>::over(move || {
//!         let (ours, theirs) = duplex(16);
//!         let server = server.clone();
//!         tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
//!         async { Ok::<_, Infallible>(ours) }
//!     })
//!     .await?;
//!     assert_eq!(client.chat_send(ChatSend { text: "hi".into() }).await?, ChatSent { length: 2 });
//!     assert!(client.chat_send(ChatSend { text: String::new() }).await.is_err());
//!     Ok(())
//! }
//! # }
//! # #[cfg(all(feature = "server", feature = "client"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #     tokio::time::timeout(std::time::Duration::from_secs(30), example::talk()).await?
//! # }
//! # #[cfg(not(all(feature = "server", feature = "client")))]
//! # fn main() {}
//! ```
//!
//! The unions, the channels and the struct of the protocol must be in one module, because their expansions refer to each other.
//!
//! # What the client proves
//! With `auth = Auth` the hello carries an `Auth`. A client that has one for good gives it with
//! [`ClientBuilder::auth`](client::ClientBuilder::auth); one that fetches a token which expires gives
//! [`ClientBuilder::auth_with`](client::ClientBuilder::auth_with) a function, which is asked anew for each connection:
//!
//! ```
//! # #[cfg(feature = "client")]
//! # mod example {
//! # use handfast::{NoRequests, Protocol, client::{Client, ConnectError}, protocol};
//! # #[protocol]
//! # pub struct Auth { pub token: String }
//! # async fn fetch_token() -> Result<String, std::io::Error> { Ok(String::new()) }
//! # pub async fn connect<P: Protocol<Server: NoRequests>>(url: &str) -> Result<Client<P>, ConnectError> {
//! let client = Client::<P>::connect(url)
//!     .auth_with(|| async { fetch_token().await.map(|token| Auth { token }) })
//!     .await?;
//! # Ok(client)
//! # }
//! # }
//! # fn main() {}
//! ```
//!
//! # The options of `#[protocol]`
//! They are in the documentation of [`protocol`], with a table and an example for each kind of item.
//!
//! # Features
//! - `server` (on): [`server`] and [`broker`], with an axum router. Brings tokio.
//! - `client` (on): [`client`]. Brings tokio.
//! - `metrics`: a server counts for the [`metrics`](https://docs.rs/metrics) facade. What, is in `docs/guide/serving.md`.
//! - `jwt`: verifies JSON Web Tokens, in `server::jwt`.
//! - `uuid`, `chrono`, `time`, `jiff`, `url`: types of these crates as fields, see [`ForeignString`].
//! - Without `server` and `client`: envelope, reading, validation and dispatch, for programs that bring their own transport or none.
//!
//! # What it does not do
//! - TLS: let a proxy end it, or dial it yourself and give the transport to [`ClientBuilder::over`](client::ClientBuilder::over).
//! - Compression.
//! - Carry messages between processes: [`broker::InMemory`] serves one; [`broker::Broker`] is the place for others.
//! - Deliver exactly once when a session ends: a request in flight then fails with an unknown outcome, unless it is idempotent.

extern crate self as handfast;

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "server")]
pub mod broker;
#[cfg(feature = "net")]
mod calls;
mod channel_key;
#[cfg(feature = "client")]
pub mod client;
pub mod codec;
mod decode;
pub mod descriptor;
#[cfg(feature = "net")]
mod encoded;
mod envelope;
mod foreign;
#[cfg(feature = "net")]
mod gap;
#[cfg(feature = "net")]
mod handler_error;
#[cfg(feature = "net")]
mod handshake;
mod integer;
mod items;
mod message;
#[cfg(feature = "server")]
mod metrics;
#[cfg(feature = "net")]
mod outbound;
mod presence;
#[cfg(feature = "net")]
mod random;
pub mod read;
#[cfg(feature = "net")]
mod replies;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "net")]
mod session;
mod session_code;
#[cfg(feature = "net")]
mod system;
#[cfg(feature = "net")]
pub mod transport;
#[cfg(feature = "net")]
mod transport_io;
mod validate;
mod value;

/// A string that may share the bytes of the text it was read from: a clone is a counted reference, and as long as one lives,
/// so do the bytes of the whole text.
pub use bytestring::ByteString;
pub use channel_key::{ChannelKey, ChannelKeyOf, MessageChannel, UnclearParam};
pub use codec::encode;
pub use decode::{ExpectedReply, NoPendingReplies, PendingReplies, decode};
pub use envelope::{DecodeError, DecodeErrorKind, Envelope, Id, TagBuf};
pub use foreign::ForeignString;
#[cfg(feature = "net")]
pub use gap::GapReason;
pub use handfast_schema::{Pointer, Side, Violation, Violations};
#[cfg(feature = "net")]
pub use handler_error::HandlerError;
pub use integer::{Integer, IntegerError};
pub use message::{
    ChannelMessage, DeclaredErrors, Fields, Message, MessageSet, NoError, NoMessage, NoRequests,
    Payload, PayloadOf, Protocol, Request,
};
#[cfg(feature = "net")]
pub use presence::Member;
pub use presence::{NoInfo, NoPresence, PresenceInfo};
#[doc(inline)]
pub use protocol_macros::protocol;
pub use read::Definitions;
pub use session_code::SessionCode;
#[cfg(feature = "net")]
pub use system::{RemoteError, RemoteViolation};
pub use validate::{Validate, ValidationError, from_source, from_str, from_value};
pub use value::{Bytes, Implied, Nullable, StringInteger, ValidatedJson};

/// The examples in the documentation of the macro.
#[cfg(doctest)]
#[doc = include_str!("../../protocol-macros/src/protocol.md")]
mod documentation_of_protocol {}

/// Keeps what a server needs, where this crate was built with one.
#[cfg(feature = "server")]
#[doc(hidden)]
#[macro_export]
macro_rules! __server {
    ($($item:item)*) => { $($item)* };
}

/// Leaves away what a server needs.
#[cfg(not(feature = "server"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __server {
    ($($item:item)*) => {};
}

/// Keeps what a client needs, where this crate was built with one.
#[cfg(feature = "client")]
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    ($($item:item)*) => { $($item)* };
}

/// Leaves away what a client needs.
#[cfg(not(feature = "client"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    ($($item:item)*) => {};
}
