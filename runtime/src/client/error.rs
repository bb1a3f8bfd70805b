//! Errors of a client.

use super::log::truncate;
use crate::{
    DeclaredErrors, DecodeError, NoError, SessionCode, Side, ValidationError,
    codec::Encoding,
    descriptor::{CloseReason, Limits, ProtocolDescriptor, TagRef},
    read::{ReadContext, Reader},
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
            Self::Address(_) | Self::Encoding(_) | Self::Version { .. } => true,
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

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Auth(error) | Self::Transport(error) => Some(&**error),
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a request failed, independent of its type.
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

/// Why a request failed. `E` is the type of the errors that the protocol declares for it.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::client::CallError;
///
/// let client = connect().await?;
/// let message = ChatSend { room: "full".into(), text: "hi".into() };
/// match client.chat_send(message).await {
///     Ok(ChatSent {}) => println!("sent"),
///     Err(CallError::Declared(ChatError::RoomFull)) => println!("try another room"),
///     Err(CallError::Invalid(error)) => println!("check the input: {error}"),
///     Err(CallError::OutcomeUnknown | CallError::Timeout) => println!("look whether it was sent"),
///     Err(error) => return Err(error.into()),
/// }
///
/// let invalid = client.chat_send(ChatSend { room: "lobby".into(), text: String::new() }).await;
/// let error = invalid.expect_err("the text is empty");
/// assert_eq!(error.to_string(), "the request is invalid: /text must be at least 1 character long");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError<E> {
    /// An error that the protocol declares for this request.
    Declared(E),
    /// Any other error reply of the server.
    Remote(RemoteError),
    /// The request violates its own rules; it was not sent.
    Invalid(ValidationError),
    /// The request cannot be encoded, for example because a number is not finite, or it is larger than `limits.message`; it was
    /// not sent.
    Encode,
    /// The reply cannot be decoded.
    Decode(Box<DecodeError>),
    /// The reply is a different message than the protocol declares.
    UnexpectedReply,
    /// No reply arrived in time, or the server's handler took too long (`limits.handlerTimeout`). The server may have handled the
    /// request.
    Timeout,
    /// The client is closed, or was refused when it reconnected. The server did not handle the request.
    Closed,
    /// The connection was lost, or the client was closed, after the request was sent, and the request may not be sent twice. The
    /// server may have handled it.
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
                    // The server gave up waiting for its handler: for the caller the same as no reply in time.
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
            Self::Remote(error) => write!(f, "the server replied with {error}"),
            Self::Invalid(invalid) => write!(f, "the request is invalid: {invalid}"),
            Self::Encode => f.write_str("the request cannot be encoded"),
            Self::Decode(_) => f.write_str("the reply cannot be decoded"),
            Self::UnexpectedReply => {
                f.write_str("the reply is a different message than the protocol declares")
            }
            Self::Timeout => f.write_str("no reply arrived in time"),
            Self::Closed => f.write_str("the client is closed"),
            Self::OutcomeUnknown => f.write_str(
                "the connection was lost after the request was sent; it may or may not have been handled",
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
