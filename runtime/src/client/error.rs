//! Errors of a client.

use super::log::truncate;
use crate::{
    NoError, SessionCode, Side,
    calls::{CallError, Failure},
    codec::Encoding,
    descriptor::{CloseReason, ProtocolDescriptor, TagRef},
    system::RemoteError,
    transport::CloseFrame,
};
use std::{error::Error, fmt};

type BoxError = Box<dyn Error + Send + Sync>;

/// Why connecting failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL or a header cannot be used, and why.
    Address(&'static str),
    /// The protocol does not have the encoding.
    Encoding(Encoding),
    /// The encoding cannot be negotiated ([`ClientBuilder::negotiate`](super::ClientBuilder::negotiate)), and why.
    Negotiation(&'static str),
    /// The client has no credentials: [`ClientBuilder::auth_with`](super::ClientBuilder::auth_with) returned an error, they cannot be encoded,
    /// or the protocol requires some and the builder has none.
    Auth(BoxError),
    /// The server cannot be reached, or the WebSocket handshake failed (RFC 6455, section 4.1).
    Transport(BoxError),
    /// The server refused the WebSocket upgrade.
    Upgrade {
        /// The HTTP status of the response.
        status: u16,
        /// The body of the response, at most its first 256 bytes.
        body: String,
    },
    /// The server refused the session: the credentials or the version.
    Refused(RemoteError),
    /// The server speaks a version that this client does not accept.
    Version {
        /// The end that is too old.
        side: Side,
        /// A readable message.
        message: String,
    },
    /// The server closed the connection before the session began.
    Closed {
        /// The close frame, if the server sent one.
        closing: Option<CloseFrame>,
        /// Whether the close code is final, so that retrying is useless.
        is_final: bool,
    },
    /// The session did not begin within `session.timeout`.
    Timeout,
    /// The server sent something other than `ready` or `refuse`.
    UnexpectedReply,
}

impl ConnectError {
    /// Returns whether retrying is useless.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Address(_) | Self::Encoding(_) | Self::Negotiation(_) | Self::Version { .. } => {
                true
            }
            Self::Auth(error) => error.is::<NoAuth>(),
            Self::Refused(error) => !error.retryable,
            Self::Closed { is_final, .. } => *is_final,
            Self::Transport(_) | Self::Upgrade { .. } | Self::Timeout | Self::UnexpectedReply => {
                false
            }
        }
    }
}

/// The protocol authenticates clients, and the builder has no authentication payload.
#[derive(Debug)]
pub(crate) struct NoAuth;

impl fmt::Display for NoAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the protocol authenticates clients: call `auth` or `auth_with` before awaiting",
        )
    }
}

impl Error for NoAuth {}

impl CloseFrame {
    /// Whether the server is rate limiting, or closed because the client reads too slowly.
    pub(crate) fn is_busy(&self, descriptor: &ProtocolDescriptor) -> bool {
        [CloseReason::RateLimited, CloseReason::Slow]
            .into_iter()
            .any(|condition| descriptor.close_code(condition) == self.code)
    }
}

impl ConnectError {
    /// Whether the server is overloaded or rate limiting.
    pub(crate) fn is_busy(&self, descriptor: &ProtocolDescriptor) -> bool {
        match self {
            Self::Upgrade { status, .. } => matches!(status, 429 | 503),
            Self::Refused(error) => error.retryable,
            Self::Closed { closing, .. } => closing
                .as_ref()
                .is_some_and(|closing| closing.is_busy(descriptor)),
            _ => false,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(why) => write!(f, "the address cannot be used: {why}"),
            Self::Encoding(encoding) => {
                let name = encoding.codec().name();
                write!(
                    f,
                    "the protocol has no encoding `{name}`: add it to `encodings` in the spec"
                )
            }
            Self::Negotiation(why) => write!(f, "the encoding cannot be negotiated: {why}"),
            Self::Auth(error) => write!(f, "the client cannot authenticate: {error}"),
            Self::Transport(_) => f.write_str("the server cannot be reached"),
            Self::Upgrade { status, body } => {
                write!(f, "the server refused the upgrade with status {status}")?;
                match body.trim() {
                    "" => Ok(()),
                    body => write!(f, ": {body}"),
                }
            }
            Self::Refused(error) => write!(f, "the server refused the session: {error}"),
            Self::Version { message, .. } => f.write_str(message),
            Self::Closed { closing, .. } => {
                f.write_str("the server closed before the session began")?;
                closing
                    .as_ref()
                    .map_or(Ok(()), |closing| write!(f, ", with {closing}"))
            }
            Self::Timeout => f.write_str("the session did not begin in time"),
            Self::UnexpectedReply => {
                f.write_str("the server sent something other than `ready` or `refuse`")
            }
        }
    }
}

impl ConnectError {
    /// A shortened message for the log, with its causes. Record it with `Debug`.
    pub(crate) fn log_text(&self) -> String {
        let mut text = self.to_string();
        // The others say what caused them.
        if let Self::Transport(error) = self {
            let mut cause: Option<&dyn Error> = Some(&**error);
            while let Some(error) = cause {
                text.push_str(": ");
                text.push_str(&error.to_string());
                cause = error.source();
            }
        }
        truncate(&text)
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Auth(error) | Self::Transport(error) => Some(&**error),
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl Failure {
    /// Whether it is an error reply with this code.
    pub(crate) fn is_code(&self, code: SessionCode) -> bool {
        matches!(self, Self::Remote(error) if error.code.borrow() == TagRef::Text(code.as_str()))
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Remote(error) if error.retryable)
            || self.is_code(SessionCode::Timeout)
            || self.is_code(SessionCode::RateLimited)
    }

    /// A shortened message for the log.
    pub(crate) fn log_text(&self) -> String {
        truncate(&CallError::<NoError>::from_failure(self.clone()))
    }
}
