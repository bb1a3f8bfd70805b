//! How the two ends hold a session, what one takes from the other, and how it ends.

use super::{MessageId, Scalar, Side};
use std::time::Duration;

/// How a session behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfig {
    /// How often either end lets the other hear from it; none is `off`.
    pub heartbeat: Option<Duration>,
    /// How long silence is borne, and how long a handshake may take.
    pub timeout: Duration,
    /// The message whose payload proves who the client is.
    pub auth: Option<MessageId>,
    /// How long a session that lost its connection is kept; none is `off`.
    pub resume: Option<Duration>,
    /// How long a client waits before it tries again.
    pub backoff: Backoff,
    /// The roles of the session, in the order of [`RoleKind::ALL`]; every role is there.
    pub roles: Vec<Role>,
    /// Who speaks first and what is legal before the session is ready.
    pub phases: Phases,
}

impl SessionConfig {
    /// Who plays a role.
    pub fn role(&self, kind: RoleKind) -> &RolePlayer {
        &self.roles[kind as usize].player
    }
}

/// How long a client waits before it tries again: a random time under a bound that doubles from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first bound.
    pub min: Duration,
    /// The last bound.
    pub max: Duration,
    /// How many attempts in a row may fail before the client gives up; none is no bound.
    pub attempts: Option<u32>,
}

/// A message of the session itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Which.
    pub kind: RoleKind,
    /// Who plays it.
    pub player: RolePlayer,
}

/// Who plays a role.
#[derive(Clone, Debug, PartialEq)]
pub enum RolePlayer {
    /// Handfast's own message, with this tag.
    Own {
        /// The value of its tag.
        tag: Scalar,
    },
    /// A message of the author's, and where in its payload the role's fields are: (field of the role, JSON Pointer).
    Mapped {
        /// The message.
        message: MessageId,
        /// The fields.
        fields: Vec<(String, String)>,
    },
    /// Nobody; what that gives up is told by `check`.
    Off,
}

/// The roles there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleKind {
    /// Client: who I am, what I speak.
    Hello,
    /// Server: welcome.
    Ready,
    /// Server: no, and why.
    Refuse,
    /// Client: the proof of who it is, where it is not in the hello.
    Auth,
    /// Client: take me back.
    Resume,
    /// Server: something is missing.
    Gap,
    /// Client: let me into a channel.
    Join,
    /// Client: let me out.
    Leave,
    /// Either: are you there.
    Ping,
    /// Either: I am.
    Pong,
    /// Client: let us speak otherwise.
    Negotiate,
    /// Server: that was wrong.
    Error,
}

impl RoleKind {
    /// Every role, in order, with its name in the file, which is also the tag of our own message.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Hello, "hello"),
        (Self::Ready, "ready"),
        (Self::Refuse, "refuse"),
        (Self::Auth, "auth"),
        (Self::Resume, "resume"),
        (Self::Gap, "gap"),
        (Self::Join, "join"),
        (Self::Leave, "leave"),
        (Self::Ping, "ping"),
        (Self::Pong, "pong"),
        (Self::Negotiate, "negotiate"),
        (Self::Error, "error"),
    ];
}

/// Who speaks first, and what is legal before the session is ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// Who sends the first message.
    pub first: Side,
    /// What is legal before ready, beside the session's own.
    pub before_ready: Vec<MessageId>,
    /// Whether messages before ready bear ids.
    pub ids_before_ready: bool,
}

/// What one end takes from the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The largest message, in bytes.
    pub message: u64,
    /// How deep a message may nest.
    pub depth: u32,
    /// How many messages a client may send; none is `off`.
    pub rate: Option<Rate>,
    /// How many bad messages in a row are borne before the connection is closed.
    pub violations: u32,
    /// How many bytes may wait for a slow client.
    pub outbound: u64,
    /// How many bytes of received messages may wait to be handled.
    pub inbound: u64,
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
    /// Twice the message's own timeout.
    TwiceTheReply,
    /// The same for every message.
    After(Duration),
    /// As long as it likes.
    Off,
}

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In how long.
    pub per: Duration,
}

/// An encoding that the protocol speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Which.
    pub kind: EncodingKind,
    /// Its WebSocket subprotocol.
    pub subprotocol: String,
}

/// The encodings there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EncodingKind {
    /// JSON text.
    Json,
    /// MessagePack.
    Msgpack,
    /// CBOR.
    Cbor,
}

/// A condition and the close code that tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// When.
    pub condition: CloseCondition,
    /// The code of the close frame (RFC 6455, section 7.4).
    pub code: u16,
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseCondition {
    /// The server goes away. 1001.
    GoingAway,
    /// The client did not prove who it is. 4401.
    Unauthorized,
    /// The versions do not meet. 4406.
    Version,
    /// No hello in time. 4408.
    HelloTimeout,
    /// The session was taken over by another connection. 4409.
    TakenOver,
    /// The server does not want the client any more. 4403.
    Kicked,
    /// Too many bad messages. 1008.
    Violations,
    /// A message was too large. 1009.
    TooLarge,
    /// Too many messages. 4429.
    RateLimited,
    /// The client reads too slowly. 4008.
    Slow,
    /// Nothing was heard for too long. 4000.
    Silent,
    /// Something broke in the server. 1011.
    Internal,
}

impl CloseCondition {
    /// Every condition, in order, with its name in the file and the code that tells it by default.
    pub const ALL: [(Self, &'static str, u16); 12] = [
        (Self::GoingAway, "going-away", 1001),
        (Self::Unauthorized, "unauthorized", 4401),
        (Self::Version, "version", 4406),
        (Self::HelloTimeout, "hello-timeout", 4408),
        (Self::TakenOver, "taken-over", 4409),
        (Self::Kicked, "kicked", 4403),
        (Self::Violations, "violations", 1008),
        (Self::TooLarge, "too-large", 1009),
        (Self::RateLimited, "rate-limited", 4429),
        (Self::Slow, "slow", 4008),
        (Self::Silent, "silent", 4000),
        (Self::Internal, "internal", 1011),
    ];
}
