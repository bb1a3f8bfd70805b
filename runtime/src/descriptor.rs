//! Descriptors: the constant tables that `#[protocol]` creates and the runtime interprets.

mod check;
mod envelope;
mod limits;
mod roles;

#[doc(hidden)]
pub use check::check;
pub(crate) use envelope::Role;
pub use envelope::{
    EnvelopeDescriptor, EnvelopeField, EnvelopeLayout, FieldDescriptor, FieldKind, Presence,
    TimestampForm,
};
pub use limits::{DetachedLimits, HandlerTimeout, HistoryDescriptor, Limits};
pub use roles::{MappedRole, MappedRoles, OwnEnvelope};

use std::time::Duration;

/// The descriptor of a protocol.
#[derive(Debug)]
pub struct ProtocolDescriptor {
    /// The name.
    pub name: &'static str,
    /// The version (semver).
    pub version: &'static str,
    /// The versions of the peer that are accepted (a semver requirement).
    pub accepts: &'static str,
    /// The hash of the wire contract: 32 hexadecimal digits; empty if the types were written by hand, without one.
    pub hash: &'static str,
    /// The messages that the client sends.
    pub client: &'static UnionDescriptor,
    /// The messages that the server sends.
    pub server: &'static UnionDescriptor,
    /// The channels.
    pub channels: &'static [ChannelDescriptor],
    /// The settings of a session.
    pub session: SessionDescriptor,
    /// The limits that a side imposes on its peer.
    pub limits: Limits,
    /// The WebSocket subprotocols in order of preference: (encoding, subprotocol). That of JSON is empty if it has none.
    pub encodings: &'static [(&'static str, &'static str)],
    /// The close codes that differ from the defaults: (reason, code).
    pub closes: &'static [(CloseReason, u16)],
}

impl ProtocolDescriptor {
    /// The hash that a hello or a ready says.
    #[cfg(feature = "net")]
    pub(crate) fn announced_hash(&self) -> Option<String> {
        (!self.hash.is_empty()).then(|| self.hash.to_owned())
    }

    /// Whether a peer with this hash was generated from another spec. Without a hash of its own an end cannot tell, nor can it of a peer without one.
    #[cfg(feature = "net")]
    pub(crate) fn is_skew(&self, theirs: &str) -> bool {
        !self.hash.is_empty() && !theirs.is_empty() && theirs != self.hash
    }

    /// Whether a client does not reconnect after a close with this code: the server is done (1000), or the client is unauthorized,
    /// misbehaved or was replaced.
    pub fn is_final_close(&self, code: u16) -> bool {
        // Whatever else the protocol uses 1000 for, nothing tells the two apart.
        let is_done = code == 1000;
        let refused = [
            CloseReason::Violations,
            CloseReason::Unauthorized,
            CloseReason::Version,
            CloseReason::TakenOver,
            CloseReason::Kicked,
        ]
        .into_iter()
        .any(|condition| self.close_code(condition) == code);
        let on_request = || {
            let mut reasons = CloseReason::ON_REQUEST.into_iter();
            reasons.any(|condition| self.closes_for(condition) == Some(code))
        };
        is_done || refused || on_request()
    }

    /// Returns the close code of a reason that the protocol names; `None` if it does not.
    pub fn closes_for(&self, condition: CloseReason) -> Option<u16> {
        let mut closes = self.closes.iter();
        let (_, code) = closes.find(|(c, _)| *c == condition)?;
        Some(*code)
    }

    /// Returns the close code for a reason.
    pub fn close_code(&self, condition: CloseReason) -> u16 {
        self.closes_for(condition)
            .unwrap_or(condition.default_code())
    }
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The server is shutting down.
    GoingAway,
    /// The client is not authenticated or not authorized.
    Unauthorized,
    /// The versions are incompatible.
    Version,
    /// The hello did not arrive in time.
    HelloTimeout,
    /// Another connection took over the session.
    TakenOver,
    /// The server kicked the client.
    Kicked,
    /// The client sent too many consecutive invalid messages.
    Violations,
    /// A message exceeded `limits.message`.
    TooLarge,
    /// The client exceeded `limits.rate`.
    RateLimited,
    /// The client reads too slowly.
    Slow,
    /// The idle timeout expired.
    Silent,
    /// An internal error of the server.
    Internal,
    /// A message was invalid. It is answered, unless the protocol has a code for this.
    Invalid,
    /// A message came before the session was ready. It is answered, unless the protocol has a code for this.
    NotReady,
    /// A second hello. It is answered, unless the protocol has a code for this.
    RepeatedHello,
    /// The id of a request is in use. It is answered, unless the protocol has a code for this.
    IdReused,
}

impl CloseReason {
    /// The reasons that close only if the protocol has a code for them. All are mistakes of the client.
    pub(crate) const ON_REQUEST: [Self; 4] = [
        Self::Invalid,
        Self::NotReady,
        Self::RepeatedHello,
        Self::IdReused,
    ];

    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::GoingAway,
        Self::Unauthorized,
        Self::Version,
        Self::HelloTimeout,
        Self::TakenOver,
        Self::Kicked,
        Self::Violations,
        Self::TooLarge,
        Self::RateLimited,
        Self::Slow,
        Self::Silent,
        Self::Internal,
        Self::Invalid,
        Self::NotReady,
        Self::RepeatedHello,
        Self::IdReused,
    ];

    /// Returns the default close code (RFC 6455, section 7.4).
    pub const fn default_code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Violations
            | Self::Invalid
            | Self::NotReady
            | Self::RepeatedHello
            | Self::IdReused => 1008,
            Self::TooLarge => 1009,
            Self::Internal => 1011,
            Self::Silent => 4000,
            Self::Slow => 4008,
            Self::Unauthorized => 4401,
            Self::Version => 4406,
            Self::HelloTimeout => 4408,
            Self::TakenOver => 4409,
            Self::Kicked => 4403,
            Self::RateLimited => 4429,
        }
    }
}

/// The settings of a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionDescriptor {
    /// The heartbeat interval; `None` to disable it.
    pub heartbeat: Option<Duration>,
    /// The idle timeout (added to the heartbeat interval), the time limit of a handshake, and the default timeout of a reply.
    pub timeout: Duration,
    /// How long a lost session can be resumed.
    pub resume: Option<Duration>,
    /// Whether the messages of the server have their numbers in the session in the field `seq` of their envelopes. A session is then resumed
    /// by the client's message in the role `resume`, and channels have no positions.
    pub numbered: bool,
    /// The first and the maximum delay before the client reconnects.
    pub backoff: (Duration, Duration),
    /// The number of consecutive attempts after which the client gives up; `None` for no limit.
    pub attempts: Option<u32>,
    /// Whether the hello has an authentication payload.
    pub auth: bool,
    /// The discriminants of the session's messages; `None` if a role is off.
    pub roles: Roles,
    /// The roles that messages of the application play.
    pub mapped: MappedRoles,
    /// The names of the messages that are allowed before ready, beside the session's own.
    pub before_ready: &'static [&'static str],
}

/// The discriminants of the session's own messages.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the role of that name")]
pub struct Roles {
    pub hello: Option<Tag>,
    pub ready: Option<Tag>,
    pub refuse: Option<Tag>,
    /// Asks for what was missed, if [`SessionDescriptor::numbered`].
    pub resume: Option<Tag>,
    pub gap: Option<Tag>,
    pub skip: Option<Tag>,
    pub presence: Option<Tag>,
    pub join: Option<Tag>,
    pub leave: Option<Tag>,
    pub ping: Option<Tag>,
    pub pong: Option<Tag>,
    pub received: Option<Tag>,
    pub error: Option<Tag>,
    /// Authenticates a client again, if [`SessionDescriptor::auth`]; the answer has the same discriminant.
    pub auth: Option<Tag>,
    pub greeting: Option<Tag>,
    pub negotiate: Option<Tag>,
}

impl Roles {
    /// The default of a protocol without authentication: the discriminant of every role is its name.
    pub const DEFAULT: Self = Self {
        hello: Some(Tag::Text("hello")),
        ready: Some(Tag::Text("ready")),
        refuse: Some(Tag::Text("refuse")),
        resume: None,
        gap: Some(Tag::Text("gap")),
        skip: Some(Tag::Text("skip")),
        presence: Some(Tag::Text("presence")),
        join: Some(Tag::Text("join")),
        leave: Some(Tag::Text("leave")),
        ping: Some(Tag::Text("ping")),
        pong: Some(Tag::Text("pong")),
        received: Some(Tag::Text("received")),
        error: Some(Tag::Text("error")),
        auth: None,
        greeting: None,
        negotiate: Some(Tag::Text("negotiate")),
    };
}

impl SessionDescriptor {
    /// The default, for protocols that declare nothing else.
    pub const DEFAULT: Self = Self {
        heartbeat: Some(Duration::from_secs(25)),
        timeout: Duration::from_secs(10),
        resume: Some(Duration::from_secs(120)),
        numbered: false,
        backoff: (Duration::from_millis(500), Duration::from_secs(30)),
        attempts: None,
        auth: false,
        roles: Roles::DEFAULT,
        mapped: MappedRoles::NONE,
        before_ready: &[],
    };
}

/// The descriptor of a channel.
#[derive(Clone, Copy, Debug)]
pub struct ChannelDescriptor {
    /// Its name.
    pub name: &'static str,
    /// The pattern of its key, with `{param}` placeholders.
    pub key: &'static str,
    /// Whether the protocol declares a message that joins it. Otherwise it is joined with the session's own `join`.
    pub has_join: bool,
    /// What is stored of its messages, for clients that join it again.
    pub history: Option<HistoryDescriptor>,
    /// What its members learn of each other; `None` if nothing.
    pub presence: Option<PresenceDescriptor>,
}

/// Validates what the members of a channel learn of each other, as JSON text.
pub type ValidateInfo = fn(&str) -> Result<(), crate::ValidationError>;

/// What the members of a channel learn of each other.
#[derive(Clone, Copy, Debug)]
pub struct PresenceDescriptor {
    /// Validates an info, which is JSON text; `None` if members have no info.
    pub info: Option<ValidateInfo>,
    /// The maximum number of members that are listed.
    pub members: u32,
}

impl PresenceDescriptor {
    /// The default of `members`.
    pub const MEMBERS: u32 = 1000;
}

/// Returns how many channels say something of their members.
#[doc(hidden)]
pub const fn informed(channels: &[ChannelDescriptor]) -> usize {
    let (mut count, mut i) = (0, 0);
    while i < channels.len() {
        if let Some(PresenceDescriptor { info: Some(_), .. }) = channels[i].presence {
            count += 1;
        }
        i += 1;
    }
    count
}

/// The descriptor of the messages that one side sends.
#[derive(Debug)]
pub struct UnionDescriptor {
    /// The fields of the envelope.
    pub envelope: EnvelopeDescriptor,
    /// The same, in the order of decoding.
    pub layout: EnvelopeLayout,
    /// The messages, in the order of the union's variants.
    pub messages: &'static [MessageDescriptor],
    /// Returns the index in `messages` of a discriminant.
    pub lookup: fn(TagRef<'_>) -> Option<usize>,
    /// Whether any message has an envelope of its own.
    pub has_own_envelopes: bool,
    /// Reads a payload as its type.
    pub typed: TypedPayload,
}

/// Reads the payload of the message at an index from JSON text, and passes it to `write` if it is valid and has no unknown fields.
pub type TypedPayload =
    fn(index: usize, json: &str, write: &mut dyn FnMut(&dyn erased_serde::Serialize));

/// What a message begins with: its envelope and its discriminant.
#[cfg(feature = "net")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heading {
    pub(crate) envelope: &'static EnvelopeDescriptor,
    pub(crate) tag: Option<Tag>,
}

impl UnionDescriptor {
    /// Returns what a message of the union begins with.
    #[cfg(feature = "net")]
    pub(crate) fn heading(&'static self, message: &MessageDescriptor) -> Heading {
        Heading {
            envelope: match message.envelope {
                Some(own) => &own.fields,
                None => &self.envelope,
            },
            tag: message.tag,
        }
    }

    /// Creates the descriptor of the messages of one side.
    pub const fn new(
        envelope: EnvelopeDescriptor,
        messages: &'static [MessageDescriptor],
        lookup: fn(TagRef<'_>) -> Option<usize>,
        typed: TypedPayload,
    ) -> Self {
        let mut has_own_envelopes = false;
        let mut i = 0;
        while i < messages.len() {
            has_own_envelopes |= messages[i].envelope.is_some();
            i += 1;
        }
        Self {
            has_own_envelopes,
            layout: envelope.layout(),
            envelope,
            messages,
            lookup,
            typed,
        }
    }
}

/// The descriptor of a message.
#[derive(Debug)]
pub struct MessageDescriptor {
    /// Its name.
    pub name: &'static str,
    /// The discriminant; `None` for a reply that is identified by its request.
    pub tag: Option<Tag>,
    /// Whether it has a payload.
    pub payload: bool,
    /// The fields of the payload, each with whether it may be absent, if that is known; `None` if its type does not name them all.
    pub fields: Option<&'static [(&'static str, Option<bool>)]>,
    /// The name of the channel it belongs to.
    pub channel: Option<&'static str>,
    /// Whether it is volatile: it has no sequence number, and is dropped under backpressure.
    pub volatile: bool,
    /// The field of the payload whose value identifies a volatile message: a newer one replaces one that waits with the same value.
    pub volatile_key: Option<&'static str>,
    /// Whether its handler runs beside those of other messages of the same client.
    pub concurrent: bool,
    /// Whether it is idempotent: it may be sent again if its outcome is unknown.
    pub idempotent: bool,
    /// The timeout of the reply; `None` for that of the session.
    pub timeout: Option<Duration>,
    /// The kind of reply.
    pub reply: ReplyKind,
    /// Its envelope, if that is not the one of its side.
    pub envelope: Option<&'static OwnEnvelope>,
}

/// The kind of reply to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// No reply.
    None,
    /// One reply.
    One,
    /// A stream of replies.
    Stream,
    /// No reply: the message cancels a stream.
    Cancel,
    /// No reply: the message answers a request of the other end, and is nothing else. The server's messages need not say so.
    Answer,
}

impl ReplyKind {
    /// Whether it is a request, which is answered by one reply or a stream.
    pub const fn is_request(self) -> bool {
        matches!(self, Self::One | Self::Stream)
    }
}

/// The value of a discriminant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A string.
    Text(&'static str),
    /// An integer.
    Integer(i64),
}

/// The value of a discriminant, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagRef<'a> {
    /// A string.
    Text(&'a str),
    /// An integer.
    Integer(i64),
}

impl PartialEq<TagRef<'_>> for Tag {
    fn eq(&self, other: &TagRef<'_>) -> bool {
        match (self, other) {
            (Self::Text(a), TagRef::Text(b)) => a == b,
            (Self::Integer(a), TagRef::Integer(b)) => a == b,
            _ => false,
        }
    }
}

impl std::fmt::Display for TagRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => n.fmt(f),
        }
    }
}
