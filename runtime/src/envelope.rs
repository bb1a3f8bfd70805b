//! The envelope of a decoded message, and the error of one that was refused.

use crate::{
    SessionCode,
    descriptor::{Tag, TagRef},
};
use handfast_schema::Violations;
use std::{borrow::Cow, cell::Cell, fmt, time::SystemTime};

/// A message and its envelope fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<M> {
    /// The correlation id.
    pub id: Option<Id>,
    /// The major version of the sender's protocol.
    pub version: Option<i64>,
    /// The key of the message's channel.
    pub channel: Option<String>,
    /// The sequence number in the channel.
    pub seq: Option<u64>,
    /// The epoch of the sequence number.
    pub epoch: Option<String>,
    /// The time of publication.
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

/// The maximum length of an id that is repeated, in characters. Every reply repeats the id of its request, so a long id would cost who answers more
/// than who asks.
#[cfg(feature = "net")]
pub(crate) const MAX_ID: usize = 128;

/// The capacity of the longest text whose memory is used again, in bytes.
#[cfg(feature = "server")]
const LONGEST_KEPT: usize = 64;

thread_local! {
    /// The memory of the last id that nobody needs any more, for the next one. An allocator would have to search for it.
    static FREE: Cell<String> = const { Cell::new(String::new()) };
}

impl Id {
    /// Whether it is longer than [`MAX_ID`].
    #[cfg(feature = "net")]
    pub(crate) fn is_long(&self) -> bool {
        match self {
            Self::Text(text) => text.len() > MAX_ID && text.chars().nth(MAX_ID).is_some(),
            Self::Integer(_) => false,
        }
    }

    /// Copies a text.
    pub(crate) fn copied(text: &str) -> Self {
        // A thread that ends keeps nothing any more.
        let mut own = FREE.try_with(Cell::take).unwrap_or_default();
        if own.capacity() == 0 {
            // What fits exactly is allocated for less than what may grow.
            return Self::Text(text.to_owned());
        }
        own.push_str(text);
        Self::Text(own)
    }

    /// Keeps the memory of an id.
    #[cfg(feature = "server")]
    pub(crate) fn recycle(self) {
        if let Self::Text(mut text) = self
            && text.capacity() <= LONGEST_KEPT
        {
            text.clear();
            let _ = FREE.try_with(|free| free.set(text));
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => n.fmt(f),
        }
    }
}

/// The value of a discriminant, owned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TagBuf {
    /// A string; borrowed from the descriptor if the message is known.
    Text(Cow<'static, str>),
    /// An integer.
    Integer(i64),
}

impl TagBuf {
    /// Borrows the discriminant.
    pub fn borrow(&self) -> TagRef<'_> {
        match self {
            Self::Text(text) => TagRef::Text(text),
            Self::Integer(n) => TagRef::Integer(*n),
        }
    }
}

/// A message that could not be decoded: the reason, and the fields that could.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeError {
    /// The reason.
    pub kind: DecodeErrorKind,
    /// The discriminant, if it could be read.
    pub tag: Option<TagBuf>,
    /// The correlation id, if it could be read.
    pub id: Option<Id>,
    /// The key of the channel, if it could be read.
    pub channel: Option<String>,
    /// The payload as received, as JSON text; the whole message if the payload is flattened into the envelope.
    pub payload: Option<String>,
}

impl DecodeError {
    /// Creates an error for a message of which nothing could be read.
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

    /// The memory of its violations, in bytes. There may be more of them than the message has bytes.
    #[cfg(feature = "client")]
    pub(crate) fn held(&self) -> usize {
        let (DecodeErrorKind::Envelope(violations) | DecodeErrorKind::Invalid(violations)) =
            &self.kind
        else {
            return 0;
        };
        let each = violations.iter();
        each.map(|one| size_of_val(one) + one.path.as_str().len())
            .sum()
    }
}

impl From<TagRef<'_>> for TagBuf {
    fn from(tag: TagRef<'_>) -> Self {
        match tag {
            TagRef::Text(text) => Self::Text(text.to_owned().into()),
            TagRef::Integer(n) => Self::Integer(n),
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

/// Why a message could not be decoded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The frame is not JSON, or not an object.
    Syntax {
        /// The byte at which reading stopped.
        offset: usize,
        /// The syntax error.
        message: &'static str,
    },
    /// An envelope field is missing or invalid.
    Envelope(Violations),
    /// No message of the protocol has this discriminant.
    UnknownType,
    /// The payload violates its schema.
    Invalid(Violations),
    /// The message reports that a request failed, and the protocol has no message for that.
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

    /// Returns the violations; empty if the kind has none.
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
