//! The error codes of the session itself.

use std::fmt;

/// An error code of the session itself, as opposed to those that a protocol declares. `docs/wire.md` says when each is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionCode {
    /// A payload does not fit its schema.
    Invalid,
    /// A field of the envelope is missing or bad.
    Envelope,
    /// A message is not JSON text, or not an object.
    Syntax,
    /// No message of the protocol has the tag.
    UnknownType,
    /// A message came before the hello.
    NotReady,
    /// The handler ended without an answer.
    NoReply,
    /// The server failed.
    Internal,
    /// A message is larger than `limits.message`.
    TooLarge,
    /// Too many messages came in too short a time.
    RateLimited,
    /// A stream with the same id is open.
    IdReused,
    /// The handler took longer than `limits.handlerTimeout`.
    Timeout,
    /// As many channels are joined or streams open as a connection may have.
    TooMany,
    /// The credentials are those of another principal than the session's.
    OtherPrincipal,
    /// The session that a client asked for cannot be resumed. Another has begun.
    NotResumed,
    /// The versions of the two ends do not fit each other.
    Version,
    /// A reply reports that its request failed, and the protocol does not declare how. It is never sent: only a client sees it.
    Failed,
}

impl SessionCode {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::Envelope => "ENVELOPE",
            Self::Syntax => "SYNTAX",
            Self::UnknownType => "UNKNOWN_TYPE",
            Self::NotReady => "NOT_READY",
            Self::NoReply => "NO_REPLY",
            Self::Internal => "INTERNAL",
            Self::TooLarge => "TOO_LARGE",
            Self::RateLimited => "RATE_LIMITED",
            Self::IdReused => "ID_REUSED",
            Self::Timeout => "TIMEOUT",
            Self::TooMany => "TOO_MANY",
            Self::OtherPrincipal => "OTHER_PRINCIPAL",
            Self::NotResumed => "NOT_RESUMED",
            Self::Version => "VERSION",
            Self::Failed => "FAILED",
        }
    }
}

impl fmt::Display for SessionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
