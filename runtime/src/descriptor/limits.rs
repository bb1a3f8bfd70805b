//! What an end takes from the other.

use std::time::Duration;

/// What an end takes from the other.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest message, in bytes.
    pub message: usize,
    /// How deep a message may nest.
    pub depth: u32,
    /// How many messages a client may send in how long; none is no bound.
    pub rate: Option<(u64, Duration)>,
    /// How many bad messages in a row are borne.
    pub violations: u32,
    /// How many bytes may wait for a slow client.
    pub outbound: usize,
    /// How many bytes of received messages may wait: for their handlers on a server, for the application in a client.
    pub inbound: usize,
    /// How many channels a connection may be in.
    pub channels: u32,
    /// How many streams a connection may have open.
    pub streams: u32,
    /// How long a handler may take.
    pub handler_timeout: HandlerTimeout,
}

/// How long a handler may take before its request is answered with `TIMEOUT`. Streams are exempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerTimeout {
    /// Twice as long as a reply to the message is waited for.
    TwiceTheReply,
    /// The same for every message.
    After(Duration),
    /// As long as it likes.
    Off,
}

impl HandlerTimeout {
    /// The bound for a message whose reply is waited for `timeout`.
    pub fn of(self, timeout: Duration) -> Option<Duration> {
        match self {
            Self::TwiceTheReply => Some(timeout * 2),
            Self::After(timeout) => Some(timeout),
            Self::Off => None,
        }
    }
}

impl Limits {
    /// What holds where the protocol says nothing.
    pub const DEFAULT: Self = Self {
        message: 64 * 1024,
        depth: 64,
        rate: Some((1000, Duration::from_secs(1))),
        violations: 5,
        outbound: 1024 * 1024,
        inbound: 256 * 1024,
        channels: 256,
        streams: 256,
        handler_timeout: HandlerTimeout::TwiceTheReply,
    };
}
