//! The application as the server sees it: [`Service`], which `#[protocol]` implements.

use super::{
    Context, Rejection,
    connection_info::{ConnectionInfo, SessionState},
};
use crate::{
    DecodeError, Id, Payload, Side, ValidationError, codec::Source, descriptor::ProtocolDescriptor,
    from_str,
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

/// An application with its types erased. `#[protocol]` implements it for the handlers of a protocol; connections know nothing else about
/// the application.
pub trait Service: Send + Sync + 'static {
    /// The protocol.
    fn protocol(&self) -> &'static ProtocolDescriptor;

    /// Called when a client connects. A rejected client gets the reason, and is closed with the code for [`CloseReason::Unauthorized`].
    ///
    /// [`CloseReason::Unauthorized`]: crate::descriptor::CloseReason::Unauthorized
    fn connect<'a>(
        &'a self,
        request: ConnectRequest,
    ) -> BoxFuture<'a, Result<SessionState, Rejection>>;

    /// Decodes a message. It is handled later: what is returned has not run yet.
    ///
    /// # Errors
    /// The message, if it cannot be decoded.
    fn receive(&self, source: Source<'_>, cx: Context) -> Result<Received, Box<DecodeError>>;

    /// Whether a client may join a channel that has no join message of its own. `key` is the key that it sent.
    fn authorize_join<'a>(
        &'a self,
        key: &'a str,
        cx: Context,
    ) -> BoxFuture<'a, Result<(), Rejection>> {
        let _ = (key, cx);
        Box::pin(std::future::ready(Err(Rejection::not_joinable())))
    }

    /// The user behind a connection, if it has one. Rate limits then count all connections of that user together, instead of all connections
    /// of its address.
    fn principal<'a>(&self, session: &'a SessionState) -> Option<Cow<'a, str>> {
        let _ = session;
        None
    }

    /// Called when a connection has ended: no handler of it runs any more.
    fn disconnected(&self, session: &SessionState) {
        let _ = session;
    }
}

/// A client that connects.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// The authentication payload of the hello, as JSON text.
    pub auth: Option<Box<RawValue>>,
    /// Where the connection comes from.
    pub connection: Arc<ConnectionInfo>,
    /// The version of the client's protocol, which this server accepts.
    pub version: String,
}

impl ConnectRequest {
    pub(crate) fn new(
        auth: Option<Box<RawValue>>,
        connection: Arc<ConnectionInfo>,
        version: String,
    ) -> Self {
        Self {
            auth,
            connection,
            version,
        }
    }

    /// Decodes the authentication payload.
    ///
    /// # Errors
    /// If there is none, or it does not fit its schema.
    pub fn auth<T: Payload>(&self) -> Result<T, Rejection> {
        let Some(auth) = &self.auth else {
            return Err(Rejection::no_auth());
        };
        from_str(auth.get(), Side::Server).map_err(|mut invalid: ValidationError| {
            for violation in &mut invalid.violations {
                violation.path.prepend_key("auth");
                violation.path.prepend_key("payload");
            }
            invalid.into()
        })
    }
}

/// What was received, and what to do about it.
pub struct Received {
    /// Its id.
    pub id: Option<Id>,
    /// What to do.
    pub action: Action,
    /// Whether it is answered.
    pub asks: bool,
    /// The name of the message.
    pub message: &'static str,
    /// How long the handler may take; none is as long as it likes.
    pub timeout: Option<Duration>,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Run(_) => "Run",
            Action::Stream(_) => "Stream",
            Action::Cancel => "Cancel",
        };
        f.debug_struct("Received")
            .field("id", &self.id)
            .field("action", &action)
            .field("message", &self.message)
            .finish()
    }
}

/// What to do about a message.
pub enum Action {
    /// Run this when all before it is done.
    Run(BoxFuture<'static, ()>),
    /// Run this beside everything else, until it ends or is cancelled by its id.
    Stream(BoxFuture<'static, ()>),
    /// Drop the stream with the same id.
    Cancel,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "Run",
            Self::Stream(_) => "Stream",
            Self::Cancel => "Cancel",
        })
    }
}
