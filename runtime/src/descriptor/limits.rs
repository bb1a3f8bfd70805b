//! Limits, and what is stored of a channel.

use std::time::Duration;

/// The limits that a side imposes on its peer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum size of a message, in bytes.
    pub message: usize,
    /// The maximum number of nested arrays and objects in a message. More than [`Limits::MAX_DEPTH`] counts as that.
    pub depth: u32,
    /// The maximum number of messages of a client per period; `None` for no limit.
    pub rate: Option<(u64, Duration)>,
    /// The number of consecutive invalid messages after which a client is closed.
    pub violations: u32,
    /// The maximum size of a connection's outbound queue, in bytes.
    pub outbound: usize,
    /// The maximum size of received messages that wait, in bytes: for their handlers in a server, for the application in a client.
    pub inbound: usize,
    /// The maximum number of channels that a connection can join.
    pub channels: u32,
    /// The maximum number of open streams of a connection.
    pub streams: u32,
    /// The maximum size of the histories of all channels of a server, in bytes.
    pub history: usize,
    /// The time limit of a handler.
    pub handler_timeout: HandlerTimeout,
    /// The limits of sessions that have lost their connection and wait to be resumed.
    pub detached: DetachedLimits,
}

/// How many sessions without a connection a server keeps. Beyond a limit, the one that lost its connection first ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetachedLimits {
    /// How many in all.
    pub sessions: usize,
    /// How many bytes of messages they hold in all.
    pub bytes: usize,
    /// How many of one principal, or of one address if the principal is not known.
    pub sessions_each: usize,
    /// How many bytes those of one principal or address hold.
    pub bytes_each: usize,
}

impl DetachedLimits {
    /// The limits of a protocol that declares none.
    pub const DEFAULT: Self = Self {
        sessions: 10_000,
        bytes: 256 * 1024 * 1024,
        sessions_each: 100,
        bytes_each: 16 * 1024 * 1024,
    };
}

/// The time limit of a handler, after which its request is answered with `TIMEOUT`. Streams are exempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerTimeout {
    /// Twice the timeout of the message's reply.
    TwiceTheReply,
    /// The same time for every message.
    After(Duration),
    /// No limit.
    Off,
}

impl HandlerTimeout {
    /// Returns the limit for a message with this reply timeout.
    pub fn of(self, timeout: Duration) -> Option<Duration> {
        match self {
            Self::TwiceTheReply => Some(timeout * 2),
            Self::After(timeout) => Some(timeout),
            Self::Off => None,
        }
    }
}

impl Limits {
    /// The largest `depth`: the stack of a thread has room for it, whatever the types.
    pub const MAX_DEPTH: u32 = 128;

    /// The limits with a `depth` that the stack has room for.
    #[cfg(feature = "net")]
    pub(crate) fn bounded(self) -> Self {
        Self {
            depth: self.depth.min(Self::MAX_DEPTH),
            ..self
        }
    }

    /// The limits of a protocol that declares none.
    pub const DEFAULT: Self = Self {
        message: 64 * 1024,
        depth: 64,
        rate: Some((1000, Duration::from_secs(1))),
        violations: 5,
        outbound: 1024 * 1024,
        inbound: 256 * 1024,
        channels: 256,
        streams: 256,
        history: 64 * 1024 * 1024,
        handler_timeout: HandlerTimeout::TwiceTheReply,
        detached: DetachedLimits::DEFAULT,
    };
}

/// The descriptor of the history of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryDescriptor {
    /// The maximum number of messages.
    pub size: u64,
    /// How long a message is stored; `None` for no limit.
    pub ttl: Option<Duration>,
    /// The maximum size, in bytes.
    pub bytes: usize,
}

impl HistoryDescriptor {
    /// The default of `bytes`.
    pub const BYTES: usize = 1024 * 1024;
}
