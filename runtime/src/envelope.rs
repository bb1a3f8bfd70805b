//! The envelope of a message, and what is left of a message that was refused.

use crate::{
    SessionCode,
    descriptor::{Tag, TagRef},
};
use handfast_schema::Violations;
use std::{borrow::Cow, fmt, time::SystemTime};

/// A message and the fields around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<M> {
    /// The correlation id.
    pub id: Option<Id>,
    /// The major version of the sender's protocol.
    pub version: Option<i64>,
    /// The key of the channel it belongs to.
    pub channel: Option<String>,
    /// Its number in that channel.
    pub seq: Option<u64>,
    /// The life of that count.
    pub epoch: Option<String>,
    /// When it was published.
    pub timestamp: Option<SystemTime>,
    /// The message.
    pub message: M,
}

/// A correlation id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => n.fmt(f),
        }
    }
}

/// The value of a tag, kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TagBuf {
    /// A string; that of a message which is known is not copied.
    Text(Cow<'static, str>),
    /// An integer.
    Integer(i64),
}

impl TagBuf {
    /// The tag, borrowed.
    pub fn borrow(&self) -> TagRef<'_> {
        match self {
            Self::Text(text) => TagRef::Text(text),
            Self::Integer(n) => TagRef::Integer(*n),
        }
    }
}

/// A message that was refused: why, and all that could be read of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeError {
    /// Why.
    pub kind: DecodeErrorKind,
    /// Its tag, where that could be read.
    pub tag: Option<TagBuf>,
    /// Its id, where that could be read.
    pub id: Option<Id>,
    /// The key of its channel, where that could be read.
    pub channel: Option<String>,
    /// Its payload as it came, as JSON text; where the payload lies flat, the whole message.
    pub payload: Option<String>,
}

impl DecodeError {
    /// A message of which nothing could be read.
    #[cfg(feature = "net")]
    pub(crate) fn new(kind: DecodeErrorKind) -> Self {
        Self {
            kind,
            tag: None,
            id: None,
            channel: None,
            payload: None,
        }
    }
}

impl From<Tag> for TagBuf {
    fn from(tag: Tag) -> Self {
        match tag {
            Tag::Text(text) => Self::Text(text.into()),
            Tag::Integer(n) => Self::Integer(n),
        }
    }
}

/// Why a message was refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// It is no JSON text, or not an object: where (byte offset) and what was wrong.
    Syntax {
        /// The byte at which reading stopped.
        offset: usize,
        /// What was wrong there.
        message: &'static str,
    },
    /// A field of the envelope is missing or bad.
    Envelope(Violations),
    /// No message of the protocol has this tag.
    UnknownType,
    /// The payload does not fit.
    Invalid(Violations),
    /// It answers a request and says that the request failed, and the protocol has no message for that.
    Failed,
}

impl DecodeErrorKind {
    /// The code by which the wire calls it. `FAILED` is never sent: only a client comes to see it.
    pub const fn code(&self) -> &'static str {
        self.session_code().as_str()
    }

    pub(crate) const fn session_code(&self) -> SessionCode {
        match self {
            Self::Syntax { .. } => SessionCode::Syntax,
            Self::Envelope(_) => SessionCode::Envelope,
            Self::UnknownType => SessionCode::UnknownType,
            Self::Invalid(_) => SessionCode::Invalid,
            Self::Failed => SessionCode::Failed,
        }
    }

    /// The violations, where there are some.
    pub fn violations(&self) -> &[handfast_schema::Violation] {
        match self {
            Self::Envelope(violations) | Self::Invalid(violations) => violations,
            Self::Syntax { .. } | Self::UnknownType | Self::Failed => &[],
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DecodeErrorKind::Syntax { offset, message } => {
                write!(f, "not a message: {message} at byte {offset}")?
            }
            DecodeErrorKind::Envelope(_) => f.write_str("the envelope does not fit")?,
            DecodeErrorKind::UnknownType => match &self.tag {
                Some(tag) => write!(f, "no message has the type `{}`", tag.borrow())?,
                None => f.write_str("the message has no type")?,
            },
            DecodeErrorKind::Failed => f.write_str("the request failed")?,
            DecodeErrorKind::Invalid(_) => match &self.tag {
                Some(tag) => write!(f, "the payload of `{}` does not fit", tag.borrow())?,
                None => f.write_str("the payload does not fit")?,
            },
        }
        for (i, violation) in self.kind.violations().iter().enumerate() {
            write!(f, "{} {violation}", if i == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}
