//! The session: heartbeat, roles, limits, encodings and close codes.

use super::{Message, MessageId, Scalar, Side};
use std::time::Duration;

/// How a session behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionConfig {
    /// The interval at which each side sends a sign of life; `None` is `off`.
    pub heartbeat: Option<Duration>,
    /// The idle timeout, which also limits the handshake.
    pub timeout: Duration,
    /// The message whose payload authenticates the client.
    pub auth: Option<MessageId>,
    /// How long a session is kept after its connection was lost; `None` is `off`.
    pub resume: Option<Duration>,
    /// Whether the server numbers its messages in the field `seq` of their envelopes, so that sessions resume by those numbers.
    pub numbered: bool,
    /// How long a client waits before it reconnects.
    pub backoff: Backoff,
    /// The roles of the session, in the order of [`RoleKind::ALL`]; every role is present.
    pub roles: Vec<Role>,
    /// Who sends first, and what is allowed before the session is ready.
    pub phases: Phases,
}

impl SessionConfig {
    /// The tag of a message in a role, as the end that plays it sends it. Where both do, it is the same.
    pub fn tag_in_role(kind: RoleKind, message: &Message) -> Option<&Scalar> {
        let (up, down) = kind.sent_by();
        let client = message.client.as_ref().filter(|_| up);
        let server = message.server.as_ref().filter(|_| down);
        [client, server]
            .into_iter()
            .flatten()
            .find_map(|sent| sent.tag.as_ref())
    }

    /// Whether a client sends pings that the server answers.
    pub fn client_pings(&self, messages: &[Message]) -> bool {
        let plays = |kind, by_client: bool| match self.role(kind) {
            RolePlayer::Own { .. } => true,
            RolePlayer::Mapped { message, .. } => match by_client {
                true => messages[message.0].client.is_some(),
                false => messages[message.0].server.is_some(),
            },
            RolePlayer::Off => false,
        };
        plays(RoleKind::Ping, true) && plays(RoleKind::Pong, false)
    }

    /// Who plays a role.
    pub fn role(&self, kind: RoleKind) -> &RolePlayer {
        &self.roles[kind as usize].player
    }

    /// Whether a message is handled by the session, and not by the application: it plays a role, or its payload is in the hello.
    pub fn is_own(&self, id: MessageId) -> bool {
        let hello = !matches!(self.role(RoleKind::Hello), RolePlayer::Off);
        let plays = |role: &Role| {
            let counts = hello || role.kind != RoleKind::Auth;
            counts && matches!(&role.player, RolePlayer::Mapped { message, .. } if *message == id)
        };
        (hello && self.auth == Some(id)) || self.roles.iter().any(plays)
    }

    /// Whether what authenticates a client is a message of its own, after the hello: a message of the application plays the hello, and has no
    /// place for it. Then the role `auth` is not off.
    pub fn auth_follows(&self) -> bool {
        match (self.auth, self.role(RoleKind::Hello)) {
            (Some(auth), RolePlayer::Mapped { message, fields }) => {
                *message != auth && fields.iter().all(|(field, _)| field != "auth")
            }
            _ => false,
        }
    }

    /// The tag by which a client authenticates after the hello and again, and of the answer: that of the message that authenticates it, unless
    /// the role `auth` has another. `None` if a message of the application that plays the hello authenticates clients.
    pub fn auth_tag<'p>(&'p self, messages: &'p [Message]) -> Option<&'p Scalar> {
        let auth = self.auth?;
        if !self.auth_follows() && !matches!(self.role(RoleKind::Hello), RolePlayer::Own { .. }) {
            return None;
        }
        match self.role(RoleKind::Auth) {
            RolePlayer::Own { tag } => Some(tag),
            RolePlayer::Mapped { .. } => messages[auth.0].client.as_ref()?.tag.as_ref(),
            RolePlayer::Off => None,
        }
    }
}

/// How long a client waits before it reconnects: a random time below a bound that doubles from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first bound.
    pub min: Duration,
    /// The last bound.
    pub max: Duration,
    /// How many attempts in a row may fail before the client gives up; `None` is no limit.
    pub attempts: Option<u32>,
}

/// A message of the session itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Which role.
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
    /// An application message, and where in its payload the role's fields are: (field of the role, JSON Pointer).
    Mapped {
        /// The message.
        message: MessageId,
        /// The fields.
        fields: Vec<(String, String)>,
    },
    /// Nobody; `check` reports what that gives up.
    Off,
}

/// The roles of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleKind {
    /// Client: introduces itself, with its version and hash.
    Hello,
    /// Server: accepts the client.
    Ready,
    /// Server: refuses the client, with a reason.
    Refuse,
    /// Client: authenticates, if the hello does not.
    Auth,
    /// Client: asks for what it missed, if the server numbers its messages.
    Resume,
    /// Server: messages are missing.
    Gap,
    /// Client: joins a channel.
    Join,
    /// Client: leaves a channel.
    Leave,
    /// Either: asks for a pong.
    Ping,
    /// Either: answers a ping.
    Pong,
    /// Client: switches to another encoding.
    Negotiate,
    /// Server: reports an error.
    Error,
    /// Either: acknowledges messages.
    Received,
    /// Server: a number of a channel whose message is for others.
    Skip,
    /// Server: speaks first, before the hello.
    Greeting,
    /// Server: who is in a channel.
    Presence,
}

/// What the new roles are needed for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoleUses {
    pub(crate) resuming: Resuming,
    /// A channel has presence.
    pub(crate) presence: bool,
}

impl RoleKind {
    /// Whether messages can be counted: that is agreed in Handfast's own hello and ready.
    pub(crate) fn counts(roles: &[Role]) -> bool {
        let own = |kind: Self| matches!(roles.get(kind as usize), Some(role) if matches!(role.player, RolePlayer::Own { .. }));
        own(Self::Hello) && own(Self::Ready)
    }

    /// Every role, in order, with its name in the file, which is also the tag of Handfast's own message.
    pub const ALL: [(Self, &'static str); 16] = [
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
        (Self::Received, "received"),
        (Self::Skip, "skip"),
        (Self::Greeting, "greeting"),
        (Self::Presence, "presence"),
    ];

    /// Who sends the messages of the role: the client, the server. A client sends an `error` only if the server sends requests. The answer to Handfast's own
    /// join, leave, auth and negotiate has the tag of the request.
    pub const fn sent_by(self) -> (bool, bool) {
        match self {
            Self::Hello | Self::Resume => (true, false),
            Self::Ready
            | Self::Refuse
            | Self::Gap
            | Self::Skip
            | Self::Presence
            | Self::Error
            | Self::Greeting => (false, true),
            Self::Join
            | Self::Leave
            | Self::Auth
            | Self::Negotiate
            | Self::Ping
            | Self::Pong
            | Self::Received => (true, true),
        }
    }

    /// Whether the role is younger than the hash: it enters the hash only if it is not as it is by default, so that protocols that do
    /// not mention it keep theirs.
    pub(crate) fn is_new(self) -> bool {
        matches!(
            self,
            Self::Skip | Self::Received | Self::Greeting | Self::Presence
        )
    }

    /// Who plays a role that the spec does not mention. `roles` are at least those before it. A new role is off if the tags of those who
    /// send it leave it no place, so that protocols that were valid without it stay valid; `received` and `presence` are also off if they
    /// have no use.
    pub(crate) fn default_player(
        self,
        name: &str,
        messages: &[Message],
        roles: &[Role],
        uses: RoleUses,
    ) -> RolePlayer {
        let own = Scalar::Text(name.to_owned());
        let sent = messages.iter().flat_map(|message| {
            let client = message.client.as_ref().filter(|_| self == Self::Received);
            [client, message.server.as_ref()]
        });
        let mut tags = sent.filter_map(|sent| sent?.tag.as_ref());
        let has_no_use = match self {
            Self::Received => uses.resuming != Resuming::Counted || !Self::counts(roles),
            Self::Presence => !uses.presence,
            // The messages of a session have its numbers, whomever else they are for.
            Self::Skip => uses.resuming == Resuming::Numbered,
            // Only a message of the application can be that.
            Self::Greeting => true,
            _ => false,
        };
        let mut has_no_place = || tags.any(|tag| matches!(tag, Scalar::Integer(_)) || *tag == own);
        if self.is_new() && (has_no_use || has_no_place()) {
            return RolePlayer::Off;
        }
        RolePlayer::Own { tag: own }
    }
}

/// How sessions resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resuming {
    Off,
    /// Both ends count messages.
    Counted,
    /// The messages of the server have numbers.
    Numbered,
}

impl Resuming {
    pub(crate) const fn of(resume: Option<Duration>, numbered: bool) -> Self {
        match (resume, numbered) {
            (None, _) => Self::Off,
            (Some(_), false) => Self::Counted,
            (Some(_), true) => Self::Numbered,
        }
    }
}

/// Who sends first, and what is allowed before the session is ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// Who sends the first message.
    pub first: Side,
    /// The messages allowed before ready, beside the session's own.
    pub before_ready: Vec<MessageId>,
    /// Whether messages before ready have ids.
    pub ids_before_ready: bool,
}

/// What a side accepts from its peer.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The largest message, in bytes.
    pub message: u64,
    /// How deeply a message may be nested.
    pub depth: u32,
    /// How many messages a client may send; `None` is `off`.
    pub rate: Option<Rate>,
    /// How many invalid messages in a row are accepted before the connection is closed.
    pub violations: u32,
    /// How many bytes may be queued for a slow client.
    pub outbound: u64,
    /// How many bytes of received messages may be queued for handlers.
    pub inbound: u64,
    /// How many channels a connection may have joined.
    pub channels: u32,
    /// How many streams a connection may have open.
    pub streams: u32,
    /// How many bytes the histories of all channels may take together.
    pub history: u64,
    /// How long a handler may take.
    pub handler_timeout: HandlerTimeout,
    /// How many sessions may wait to be resumed.
    pub detached: DetachedLimits,
}

/// How many sessions that lost their connection a server keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetachedLimits {
    /// How many in all.
    pub sessions: u32,
    /// How many bytes of messages they hold in all.
    pub bytes: u64,
    /// How many of one principal or address.
    pub sessions_each: u32,
    /// How many bytes those of one principal or address hold.
    pub bytes_each: u64,
}

impl DetachedLimits {
    /// The limits of a spec that declares none.
    pub const DEFAULT: Self = Self {
        sessions: 10_000,
        bytes: 256 << 20,
        sessions_each: 100,
        bytes_each: 16 << 20,
    };
}

/// How long a handler may take before its request is answered with `TIMEOUT`. Streams are exempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerTimeout {
    /// Twice the message's own timeout.
    TwiceTheReply,
    /// The same for every message.
    After(Duration),
    /// No limit.
    Off,
}

/// A number of messages in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The number.
    pub count: u64,
    /// The period.
    pub per: Duration,
}

/// An encoding of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Which one.
    pub kind: EncodingKind,
    /// Its WebSocket subprotocol; `None` for JSON that is spoken without one.
    pub subprotocol: Option<String>,
}

/// The encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EncodingKind {
    /// JSON text.
    Json,
    /// MessagePack.
    Msgpack,
    /// CBOR.
    Cbor,
}

impl EncodingKind {
    /// Its name in the spec and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Msgpack => "msgpack",
            Self::Cbor => "cbor",
        }
    }
}

/// A close condition and its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The condition.
    pub condition: CloseCondition,
    /// The code of the close frame (RFC 6455, section 7.4); `None` if the connection stays open.
    pub code: Option<u16>,
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CloseCondition {
    /// The server shuts down. 1001.
    GoingAway,
    /// The client failed to authenticate. 4401.
    Unauthorized,
    /// The versions are not compatible. 4406.
    Version,
    /// No hello in time. 4408.
    HelloTimeout,
    /// The session was taken over by another connection. 4409.
    TakenOver,
    /// The server removes the client. 4403.
    Kicked,
    /// Too many invalid messages. 1008.
    Violations,
    /// A message was too large. 1009.
    TooLarge,
    /// Too many messages. 4429.
    RateLimited,
    /// The client reads too slowly. 4008.
    Slow,
    /// Nothing was received for too long. 4000.
    Silent,
    /// An internal error of the server. 1011.
    Internal,
    /// A message was invalid. By default it is answered.
    Invalid,
    /// A message came before the session was ready. By default it is answered.
    NotReady,
    /// A second hello. By default it is answered.
    RepeatedHello,
    /// The id of a request is in use. By default it is answered.
    IdReused,
}

impl CloseCondition {
    /// Every condition, in order, with its name in the file and its default code; `None` if it does not close by default.
    pub const ALL: [(Self, &'static str, Option<u16>); 16] = [
        (Self::GoingAway, "going-away", Some(1001)),
        (Self::Unauthorized, "unauthorized", Some(4401)),
        (Self::Version, "version", Some(4406)),
        (Self::HelloTimeout, "hello-timeout", Some(4408)),
        (Self::TakenOver, "taken-over", Some(4409)),
        (Self::Kicked, "kicked", Some(4403)),
        (Self::Violations, "violations", Some(1008)),
        (Self::TooLarge, "too-large", Some(1009)),
        (Self::RateLimited, "rate-limited", Some(4429)),
        (Self::Slow, "slow", Some(4008)),
        (Self::Silent, "silent", Some(4000)),
        (Self::Internal, "internal", Some(1011)),
        (Self::Invalid, "invalid", None),
        (Self::NotReady, "not-ready", None),
        (Self::RepeatedHello, "repeated-hello", None),
        (Self::IdReused, "id-reused", None),
    ];
}
