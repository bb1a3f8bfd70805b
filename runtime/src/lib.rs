//! Typed real-time protocols: types in, a server and a client out, over WebSocket and JSON.
//!
//! A protocol is two unions of messages, one for each end. `#[protocol]` on the types makes them readable, writable and
//! dispatchable: every message is read in one pass that finds every violation, every handler is a method that the compiler
//! misses where it is missing, and everything that does not vary with the protocol (connections, channels, streams,
//! reconnection) is in this crate and not in its output. `codegen` writes such types from a `protocol.yaml`; written by hand
//! they are the same. What the two ends say to each other, byte by byte, is in `docs/wire.md` of the repository.
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
//! The unions, the channels and the struct that stands for the protocol are in one module: what is made of one names what is
//! made of the others.
//!
//! # What the client proves
//! With `auth = Auth` the hello carries an `Auth`. A client that has one for good gives it with
//! [`ClientBuilder::auth`](client::ClientBuilder::auth); one that fetches a token which expires gives
//! [`ClientBuilder::auth_with`](client::ClientBuilder::auth_with) a function, which is asked anew for each connection:
//!
//! ```
//! # #[cfg(feature = "client")]
//! # mod example {
//! # use handfast::{Protocol, client::{Client, ConnectError}, protocol};
//! # #[protocol]
//! # pub struct Auth { pub token: String }
//! # async fn fetch_token() -> Result<String, std::io::Error> { Ok(String::new()) }
//! # pub async fn connect<P: Protocol>(url: &str) -> Result<Client<P>, ConnectError> {
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
//! Everywhere: `crate = path` names this crate, where it is called something else. An option that is not known is an error
//! that names the nearest. `deserialize`, on a type that lies in messages, gives it serde's `Deserialize` beside the `Serialize` that each
//! has; it reads as a client does, which passes over fields that are not declared; what it refuses is told as serde does, and [`from_str`],
//! which takes the side, tells every violation.
//!
//! **Rules**, for a field, an item of a tuple or a struct around one value: `minimum`, `maximum`, `exclusive_minimum`,
//! `exclusive_maximum`, `multiple_of` (numbers); `min_length`, `max_length` (code points), `pattern = "…"` (searched for, in
//! linear time), `format = "…"`, `content_encoding = "…"` (text); `min_items`, `max_items`, `unique_items`, `items(…)` (rules of
//! the items), `contains(schema = "…", min = n, max = n)` (how many items fit a schema; by default one has to); `min_properties`,
//! `max_properties`, `values(…)` (rules of a map's values), `names(…)` (rules of its names); `schema = "…"` (JSON Schema that a
//! [`ValidatedJson`] value keeps; `json_schema = "…"`, where the two defaults of a protocol do not hold in it; of schemas that refer to
//! each other, `schema = DEFINITIONS["Name"]` names one of a [`Definitions`]); `null_apart` (of a
//! [`Nullable`] that is `oneOf` and not `type: [T, 'null']`: what is wrong is told without null). An `i64` without bounds is
//! ±(2⁵³−1).
//!
//! **A struct with named fields** is an object. `closed` and `open` refuse and drop unknown fields at both ends; by default a
//! server refuses them and a client drops them. `min_properties` and `max_properties` may stand on the struct, and so may `dependent_required(beside("a", "b", "c"), …)`:
//! where there is `a`, there are `b` and `c`, which are names on the wire; and `schema = "…"`, JSON Schema that says the same as the fields: what is wrong is told by it then, in its order. On a field:
//! rules, `name = "…"` (its name on the wire), and `default = …` on an `Option`, which gives it an accessor `<field>_or_default`
//! and changes nothing on the wire. An [`Option`] may be absent and is never null; a [`Nullable`] may be null.
//!
//! **A struct around one value** is that value. Rules stand on the struct; where there are some and the field is private, a
//! value is only made by checking it (`TryFrom`, `FromStr`, `as_str`). **A struct of several unnamed values** is an array
//! of exactly those; rules stand on the values.
//!
//! **An enum of bare variants** is a string, `name = "…"` on a variant its text. `other` on one variant that holds a `String` takes
//! what is not known yet; a server refuses it. On the enum, `untyped` is for schemas that list the values and do not say
//! `type: string`, and `constant` for the one variant of a `const`: both only change how a violation is told.
//!
//! **`tag = "kind"`** on an enum: its variants are told apart by a property of the object. A variant holds one value, fields or
//! nothing; `name = "…"` is the value of the property, and `tagged` says that the type it holds has the property as a field of
//! its own.
//!
//! **`client`** or **`server`** on an enum: all that this end sends. On each variant stands `#[message("its.type", …)]`, where the
//! type is a string or an integer, and is left away for a reply that is known by its request; then `name = "…"` says what
//! it is called. A variant holds one value, fields or nothing. The method of a variant `Connect` is `connect_`, since a client has another, and
//! so is that of a channel `Session` or `Send`. Of the client's:
//!
//! | | |
//! |---|---|
//! | `reply = T` | what answers it |
//! | `stream(ack = T, item = T, end = T, cancel = T)` | a stream answers it; all but `item` may be missing, see [`Streaming`](client::Streaming) |
//! | `cancels` | it ends the stream with its id |
//! | `errors = E` | the errors it may be answered with: an enum with `#[protocol(errors)]` |
//! | `join = C`, `leave = C` | it joins or leaves the channel that its fields name |
//! | `auth` | it proves who the client is; it is carried in the hello |
//! | `idempotent` | it is sent again after a lost connection, unless it asks for a stream |
//! | `timeout_ms = n` | how long its reply is waited for; otherwise `session.timeout` |
//! | `deprecated`, `deprecated = "why"` | so is its method |
//!
//! Of either: `channel = C` (it belongs to the channel: the server publishes it there), `volatile` (it is never numbered, stored or
//! sent later, and goes first under pressure), `bare` (it carries nothing on the wire, whatever its type).
//!
//! **`envelope(…)`** on such an enum says what stands around the payload: `tag = "type"`; `content = "payload"`, or `none` where the
//! payload's fields lie beside the tag; the fields `id`, `reply_to`, `version`, `channel`, `seq`, `epoch`, each `= "name"`,
//! `= none` or `(name = "…", integer | text, required | nullable)`; `timestamp(name = "…", rfc3339 | unix_ms | unix_s, required |
//! nullable)` or `= none`; and `outcome(field = "ok", success = "true", failure = "false")`, with the values as JSON.
//!
//! **`errors`** on an enum: codes, and one value or nothing with each. On a variant: `#[error("CODE", message = "…", retryable)]`,
//! where the code is a string or an integer, and by default the variant's name.
//!
//! **`channel = "room:{roomId}"`** on a struct: a channel and its parameters, each of which is in the key. `{{` and `}}` are braces that
//! are meant. `name = "…"`; `join = T` and `leave = T`, the messages for that, which have the parameters as fields (`join_more` and
//! `leave_more`: and others, so that they cannot be made from the parameters); `history(size = n, ttl_ms = n)`. A channel
//! without `join` is joined with the session's own message, where `SessionHandler::authorize_join` lets it.
//!
//! **`version = "1.2.0"`** on a struct without fields: the protocol.
//!
//! | | |
//! |---|---|
//! | `name = "…"` | otherwise the struct's |
//! | `client = E`, `server = E` | the two unions |
//! | `channels(A, B)` | its channels |
//! | `accepts = ">=1.0"` | the versions of the other end that are taken; otherwise those compatible with its own |
//! | `hash = "…"` | what the wire means, hashed: unequal ones are reported as skew |
//! | `auth = T`, `auth_errors = E` | what the hello carries, and how it may be refused |
//! | `authorize_joins` | `SessionHandler` has a method `authorize_join`, which says who may join channels without messages of their own |
//! | `session(heartbeat_ms = n, timeout_ms = n, resume_ms = n, backoff_ms(least, most))` | times; `none` turns heartbeat and resume off |
//! | `limits(message = n, depth = n, rate(n, ms), violations = n, outbound = n)` | what an end takes |
//! | `roles(hello = "…", …)` | the tags of the session's own messages: `hello`, `ready`, `refuse`, `gap`, `join`, `leave`, `ping`, `pong`, `error`; `none` turns one off |
//! | `encodings(json = "chat.v1+json")` | WebSocket subprotocols |
//! | `closes(unauthorized = n, …)` | close codes: `going_away`, `unauthorized`, `version`, `hello_timeout`, `taken_over`, `violations`, `too_large`, `rate_limited`, `slow`, `silent`, `internal` |
//!
//! What is left away is in [`table`]: `SessionDescriptor::DEFAULT`, `Limits::DEFAULT`, `EnvelopeDescriptor::DEFAULT`.
//!
//! # Features
//! - `server` (on): [`server`] and [`broker`], with an axum router. Brings tokio.
//! - `client` (on): [`client`]. Brings tokio.
//! - Without either: envelope, reading, validation and dispatch, for programs that bring their own transport or none.
//!
//! # What it does not do
//! - Resume a session, or replay a history: a reconnected client joins its channels again and is told of what it missed.
//! - TLS: let a proxy end it, or dial it yourself and give the transport to [`ClientBuilder::over`](client::ClientBuilder::over).
//! - Encodings other than JSON, and compression.
//! - Carry messages between processes: [`broker::InMemory`] serves one; [`broker::Broker`] is the place for others.
//! - Deliver exactly once. A request whose connection is lost fails with an unknown outcome, unless it is idempotent.

extern crate self as handfast;

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "server")]
pub mod broker;
#[cfg(feature = "client")]
pub mod client;
pub mod codec;
mod decode;
pub mod descriptor;
mod envelope;
#[cfg(feature = "server")]
mod handler_error;
#[cfg(feature = "net")]
mod heartbeat;
mod message;
#[cfg(feature = "net")]
mod outbound;
#[cfg(feature = "net")]
mod random;
pub mod read;
#[cfg(feature = "server")]
pub mod server;
mod session_code;
#[cfg(feature = "net")]
mod system;
#[cfg(feature = "net")]
pub mod transport;
mod validate;
mod value;

/// A string that may share the bytes of the text it was read from: a clone is a counted reference, and as long as one lives,
/// so do the bytes of the whole text.
pub use bytestring::ByteString;
pub use decode::{ExpectedReply, NoPendingReplies, PendingReplies, decode};
pub use envelope::{DecodeError, DecodeErrorKind, Envelope, Id, TagBuf};
pub use handfast_schema::{Pointer, Side, Violation, Violations};
#[cfg(feature = "server")]
pub use handler_error::HandlerError;
pub use message::{
    ChannelKey, ChannelKeyOf, ChannelMessage, DeclaredErrors, Fields, Message, MessageChannel,
    MessageSet, NoError, NoMessage, Payload, PayloadOf, Protocol, Request,
};
pub use protocol_macros::protocol;
pub use read::Definitions;
pub use session_code::SessionCode;
#[cfg(feature = "net")]
pub use system::{RemoteError, RemoteViolation};
pub use validate::{Validate, ValidationError, from_str, from_value};
pub use value::{Bytes, Nullable, StringInteger, ValidatedJson};

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
