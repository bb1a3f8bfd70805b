//! What can go wrong for a client.

use super::log::cut;
use crate::{
    DeclaredErrors, DecodeError, NoError, SessionCode, Side, ValidationError,
    descriptor::{CloseReason, Limits, ProtocolDescriptor, TagRef},
    read::{ReadContext, Reader},
    system::RemoteError,
    transport::CloseFrame,
};
use std::{error::Error, fmt};

type BoxError = Box<dyn Error + Send + Sync>;

/// Why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address cannot be used: why.
    Address(&'static str),
    /// The client has no authentication payload: it could not be made, or the protocol requires one and the builder has none.
    Auth(BoxError),
    /// The server cannot be reached, or does not speak WebSocket.
    Transport(BoxError),
    /// The server does not let the request become a WebSocket.
    Upgrade {
        /// The status of its response.
        status: u16,
        /// What it says, at most the first 256 bytes.
        body: String,
    },
    /// The server refused: who the client is, or its version.
    Refused(RemoteError),
    /// The server speaks a version that this client does not take.
    Version {
        /// Which end is too old.
        side: Side,
        /// Words that say so.
        message: String,
    },
    /// The server closed before the session began.
    Closed {
        /// Why, where it said so.
        closing: Option<CloseFrame>,
        /// Whether it says that it is of no use to try again.
        is_final: bool,
    },
    /// The server did not answer in time.
    Timeout,
    /// The server said something else than `ready` or `refuse`.
    UnexpectedReply,
}

impl ConnectError {
    /// Whether it is of no use to try again.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Address(_) | Self::Version { .. } => true,
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
    /// Whether the server says that it is asked too much, or the client reads too slowly.
    pub(crate) fn is_busy(&self, table: &ProtocolDescriptor) -> bool {
        [CloseReason::RateLimited, CloseReason::Slow]
            .into_iter()
            .any(|condition| table.close_code(condition) == self.code)
    }
}

impl ConnectError {
    /// Whether the server says that it is asked too much.
    pub(crate) fn is_busy(&self, table: &ProtocolDescriptor) -> bool {
        match self {
            Self::Upgrade { status, .. } => matches!(status, 429 | 503),
            Self::Refused(error) => error.retryable,
            Self::Closed { closing, .. } => closing
                .as_ref()
                .is_some_and(|closing| closing.is_busy(table)),
            _ => false,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(why) => write!(f, "the address cannot be used: {why}"),
            Self::Auth(error) => write!(f, "the client cannot authenticate: {error}"),
            Self::Transport(_) => f.write_str("the server cannot be reached"),
            Self::Upgrade { status, body } => {
                write!(f, "the server refused the upgrade with status {status}")?;
                match body.trim() {
                    "" => Ok(()),
                    body => write!(f, ": {body}"),
                }
            }
            Self::Refused(error) => write!(f, "the server refused: {error}"),
            Self::Version { message, .. } => f.write_str(message),
            Self::Closed { closing, .. } => {
                f.write_str("the server closed before the session began")?;
                closing
                    .as_ref()
                    .map_or(Ok(()), |closing| write!(f, ", with {closing}"))
            }
            Self::Timeout => f.write_str("the server did not answer in time"),
            Self::UnexpectedReply => f.write_str("the server did not answer the hello"),
        }
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

/// Why a request has no answer, whatever it was.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Remote(RemoteError),
    Invalid(ValidationError),
    Decode(Box<DecodeError>),
    Encode,
    UnexpectedReply,
    Timeout,
    Closed,
    OutcomeUnknown,
}

impl Failure {
    /// Whether it is an error of the server's with this code.
    pub(crate) fn is_code(&self, code: SessionCode) -> bool {
        matches!(self, Self::Remote(error) if error.code.borrow() == TagRef::Text(code.as_str()))
    }

    /// Whether the same request may well succeed later.
    pub(crate) fn is_for_now(&self) -> bool {
        matches!(self, Self::Remote(error) if error.retryable)
            || self.is_code(SessionCode::Timeout)
            || self.is_code(SessionCode::RateLimited)
    }

    /// Words for a log line.
    pub(crate) fn in_short(&self) -> String {
        cut(&CallError::<NoError>::from_failure(self.clone()))
    }
}

/// Why a request has no answer. `E` is what the protocol declares for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError<E> {
    /// An error that the protocol declares for this request.
    Declared(E),
    /// Any other error of the server's.
    Remote(RemoteError),
    /// The request breaks its own rules; it was not sent.
    Invalid(ValidationError),
    /// The request cannot be written, such as a number that is not finite, or is larger than `limits.message`; it was not
    /// sent.
    Encode,
    /// The answer does not fit.
    Decode(Box<DecodeError>),
    /// The answer is another message than the protocol says.
    UnexpectedReply,
    /// No answer came in time, or the server's handler took too long (`limits.handlerTimeout`). The server may have done what
    /// was asked.
    Timeout,
    /// The client is closed, or was refused when it connected again. The request was not sent, or not looked at.
    Closed,
    /// The connection was lost, or the client closed, after the request was sent, and the request may not be sent twice. The
    /// server may have done what was asked.
    OutcomeUnknown,
}

impl<E: DeclaredErrors> CallError<E> {
    pub(crate) fn from_failure(failure: Failure) -> Self {
        match failure {
            Failure::Remote(remote) => {
                let mut cx = ReadContext::new(Side::Client);
                let clean = cx.mark();
                let depth = Limits::DEFAULT.depth;
                let mut data = remote.data.as_deref().map(|data| Reader::json(data, depth));
                match E::read(&remote.code, data.as_mut(), &mut cx) {
                    Ok(Some(error)) if cx.clean_since(clean) => Self::Declared(error),
                    // The server gave up waiting for its handler: to the caller the same as no answer in time.
                    _ if remote.code.borrow() == TagRef::Text(SessionCode::Timeout.as_str()) => {
                        Self::Timeout
                    }
                    _ => Self::Remote(remote),
                }
            }
            Failure::Invalid(invalid) => Self::Invalid(invalid),
            Failure::Encode => Self::Encode,
            Failure::Decode(rejected) => Self::Decode(rejected),
            Failure::UnexpectedReply => Self::UnexpectedReply,
            Failure::Timeout => Self::Timeout,
            Failure::Closed => Self::Closed,
            Failure::OutcomeUnknown => Self::OutcomeUnknown,
        }
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(error) => error.fmt(f),
            Self::Remote(error) => write!(f, "the server answered with {error}"),
            Self::Invalid(invalid) => write!(f, "the request does not fit: {invalid}"),
            Self::Encode => f.write_str("the request cannot be written"),
            Self::Decode(_) => f.write_str("the answer does not fit"),
            Self::UnexpectedReply => {
                f.write_str("the answer is another message than the protocol says")
            }
            Self::Timeout => f.write_str("no answer came in time"),
            Self::Closed => f.write_str("the client is closed"),
            Self::OutcomeUnknown => f.write_str(
                "the connection was lost, and nobody knows whether the request was handled",
            ),
        }
    }
}

impl<E: Error + 'static> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Declared(error) => Some(error),
            Self::Remote(error) => Some(error),
            Self::Invalid(error) => Some(error),
            Self::Decode(error) => Some(error),
            _ => None,
        }
    }
}
