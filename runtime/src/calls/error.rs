//! Why a request failed.

use crate::{
    DeclaredErrors, DecodeError, SessionCode, Side, ValidationError,
    descriptor::TagRef,
    read::{ReadContext, Reader},
    system::RemoteError,
    validate::DEPTH,
};
use std::{error::Error, fmt};

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
    /// Any other error reply of the other end. A server also reports a client that exceeded `limits.rate` with its answer like this, with the
    /// code `RATE_LIMITED`.
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
    /// No reply arrived in time, or the handler took too long (`limits.handlerTimeout`). The other end may have handled the request,
    /// unless there was no connection all the time: what still waits for one is not sent any more.
    Timeout,
    /// The session has ended before the request was sent: the other end did not handle it. To a client: it is closed, or was refused when
    /// it reconnected.
    Closed,
    /// The session ended after the request was sent, and the request may not be sent twice. The other end may have handled it.
    OutcomeUnknown,
}

impl<E: DeclaredErrors> CallError<E> {
    pub(crate) fn from_failure(failure: Failure) -> Self {
        match failure {
            Failure::Remote(remote) => {
                let mut cx = ReadContext::new(Side::Client);
                let clean = cx.mark();
                let mut data = remote.data.as_deref().map(|data| Reader::json(data, DEPTH));
                match E::read(&remote.code, data.as_mut(), &mut cx) {
                    Ok(Some(error)) if cx.clean_since(clean) => Self::Declared(error),
                    // The other end gave up waiting for its handler: for the caller the same as no reply in time.
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
            Self::Remote(error) => write!(f, "the other end replied with {error}"),
            Self::Invalid(invalid) => write!(f, "the request is invalid: {invalid}"),
            Self::Encode => f.write_str("the request cannot be encoded"),
            Self::Decode(_) => f.write_str("the reply cannot be decoded"),
            Self::UnexpectedReply => {
                f.write_str("the reply is a different message than the protocol declares")
            }
            Self::Timeout => f.write_str("no reply arrived in time"),
            Self::Closed => f.write_str("the session has ended"),
            Self::OutcomeUnknown => f.write_str(
                "the session ended after the request was sent; it may or may not have been handled",
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
