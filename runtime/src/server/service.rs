//! The interface between server and application: [`Service`], which `#[protocol]` implements.

use super::{
    Context, Rejection,
    connection_info::{ConnectionInfo, SessionState},
    context::{Caller, Request},
};
use crate::calls::Delivery;
use crate::{
    DecodeError, Payload, Side, ValidationError,
    codec::Source,
    descriptor::ProtocolDescriptor,
    from_str,
    system::{Role, mapped},
    transport::CloseFrame,
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, sync::Arc, time::SystemTime};

/// A type-erased application. `#[protocol]` implements this trait for the handlers of a protocol; connections know nothing else about the
/// application.
pub trait Service: Send + Sync + 'static {
    /// Returns the descriptor of the protocol.
    fn protocol(&self) -> &'static ProtocolDescriptor;

    /// Called when a client connects, and when it authenticates again; returns the session. If a client that connects is rejected, it
    /// receives the reason and is closed with the code for [`CloseReason::Unauthorized`], or with 1013 if the rejection is retryable. A
    /// client that authenticates again receives the reason, and its session stays as it is.
    ///
    /// [`CloseReason::Unauthorized`]: crate::descriptor::CloseReason::Unauthorized
    fn connect<'a>(
        &'a self,
        request: ConnectRequest,
    ) -> BoxFuture<'a, Result<SessionState, Rejection>>;

    /// Returns what the application builds of the message with which the server speaks first; `None` if that has no payload.
    fn greeting(&self, connection: &ConnectionInfo) -> Option<Box<RawValue>> {
        let _ = connection;
        None
    }

    /// Returns what the application builds of the message that plays the role `ready`; `None` if that is Handfast's own or has no payload.
    fn welcome(&self, session: &SessionState) -> Option<Box<RawValue>> {
        let _ = session;
        None
    }

    /// Called when the client of a session authenticates again: returns the state for later messages. `current` is the state of the session,
    /// `new` what [`Self::connect`] returned.
    fn refreshed(&self, current: &SessionState, new: SessionState) -> SessionState {
        let _ = current;
        new
    }

    /// Decodes a message and returns its handler, which has not run yet.
    ///
    /// # Errors
    /// If the message cannot be decoded.
    fn receive(&self, source: Source<'_>, cx: Context) -> Result<Received, Box<DecodeError>>;

    /// Checks whether a client may join a channel that has no join message of its own. `key` is the key that the client sent.
    fn authorize_join<'a>(
        &'a self,
        key: &'a str,
        cx: Context,
    ) -> BoxFuture<'a, Result<(), Rejection>> {
        let _ = key;
        let content = Role::Join.content(cx.caller.server.protocol, Side::Client);
        Box::pin(std::future::ready(Err(Rejection::not_joinable(content))))
    }

    /// Returns what the members of a channel learn of a client that joins it, as JSON text; `None` if nothing. `channel` is the name of the channel,
    /// `key` its key.
    fn presence(&self, channel: &str, key: &str, cx: Context) -> Info {
        let _ = (channel, key, cx);
        None
    }

    /// Returns the user behind a connection, if it is known. Rate limits then count all connections of that user together, instead of all
    /// connections of its address.
    fn principal<'a>(&self, session: &'a SessionState) -> Option<Cow<'a, str>> {
        let _ = session;
        None
    }

    /// Returns when the authentication of a session expires. The client learns it, and the session ends then, unless the client has
    /// authenticated again. `None` if it does not expire.
    fn expires(&self, session: &SessionState) -> Option<SystemTime> {
        let _ = session;
        None
    }

    /// Called when the handshake of a session is done, and its `ready` queued.
    fn ready(&self, cx: Context) {
        let _ = cx;
    }

    /// Called when a session goes on over another connection, and its `ready` is queued.
    fn resumed(&self, cx: Context) {
        let _ = cx;
    }

    /// Called when a session has lost its connection, and waits to be resumed.
    fn detached(&self, session: &SessionState) {
        let _ = session;
    }

    /// Called when a session has ended. None of its handlers run any more. `close` is the close frame that either end sent, if any.
    fn disconnected(&self, session: &SessionState, close: Option<&CloseFrame>) {
        let _ = (session, close);
    }
}

/// What the members of a channel learn of one of them, as JSON text.
pub type Info = Option<Result<Box<RawValue>, serde_json::Error>>;

/// The request of a client that connects or authenticates again.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// The authentication payload, as JSON text.
    pub auth: Option<Box<RawValue>>,
    /// The client's address and the upgrade request.
    pub connection: Arc<ConnectionInfo>,
    /// The version of the client's protocol. The server has already accepted it.
    pub version: String,
    /// The field of its message with the payload, if it has one.
    content: Option<&'static str>,
    /// Where that payload has it (JSON Pointer, RFC 6901).
    pointer: &'static str,
}

impl ConnectRequest {
    pub(crate) fn new(
        auth: Option<Box<RawValue>>,
        connection: Arc<ConnectionInfo>,
        version: String,
        (content, pointer): (Option<&'static str>, &'static str),
    ) -> Self {
        Self {
            auth,
            connection,
            version,
            content,
            pointer,
        }
    }

    /// The request of a client that authenticates again, by a message of its own.
    pub(crate) fn again(auth: Box<RawValue>, caller: &Caller) -> Self {
        let peer = &caller.peer;
        let (info, version) = (peer.info.whole().clone(), (*peer.version).to_owned());
        let content = caller.server.protocol.client.envelope.content;
        Self::new(Some(auth), info, version, (content, ""))
    }

    /// Decodes the authentication payload.
    ///
    /// # Errors
    /// If there is none, or it violates its schema.
    pub fn auth<T: Payload>(&self) -> Result<T, Rejection> {
        let Some(auth) = &self.auth else {
            return Err(Rejection::no_auth(self.content));
        };
        from_str(auth.get(), Side::Server).map_err(|mut invalid: ValidationError| {
            for violation in &mut invalid.violations {
                let keys: Vec<String> = mapped::segments(self.pointer).collect();
                for key in keys.iter().rev() {
                    violation.path.prepend_key(key);
                }
                let content = self.content.into_iter();
                content.for_each(|name| violation.path.prepend_key(name));
            }
            invalid.into()
        })
    }
}

/// A decoded message and its handler. It is small, because it is moved for every message.
pub struct Received {
    /// The message, shared with the context of its handler.
    pub(crate) request: Arc<Request>,
    /// How to handle the message.
    pub action: Action,
    /// Who sent it, if anything hears of its handling.
    pub(crate) observed: Option<Arc<Caller>>,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Run(_) => "Run",
            Action::Concurrent(_) => "Concurrent",
            Action::Stream(_) => "Stream",
            Action::Cancel => "Cancel",
            Action::Answer(_) => "Answer",
        };
        f.debug_struct("Received")
            .field("request", &self.request)
            .field("action", &action)
            .finish()
    }
}

/// How to handle a message.
pub enum Action {
    /// Runs the handler when those of all earlier messages are done.
    Run(BoxFuture<'static, ()>),
    /// Runs the handler concurrently with others. Messages that arrive later do not wait for it.
    Concurrent(BoxFuture<'static, ()>),
    /// Runs the handler concurrently with others, until it ends or a cancel with the same id drops it.
    Stream(BoxFuture<'static, ()>),
    /// Drops the stream with the same id.
    Cancel,
    /// Completes a request of the server, or a part of it.
    Answer(Box<Answer>),
}

/// A message of a client that answers a request of the server.
#[derive(Debug)]
pub struct Answer {
    /// The name of the message.
    pub(crate) message: &'static str,
    pub(crate) delivery: Delivery,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "Run",
            Self::Concurrent(_) => "Concurrent",
            Self::Stream(_) => "Stream",
            Self::Cancel => "Cancel",
            Self::Answer(_) => "Answer",
        })
    }
}
