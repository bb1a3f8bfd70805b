//! What `#[protocol]` writes down about a protocol: constant tables, read by one implementation of everything else.

mod limits;

pub use limits::{HandlerTimeout, Limits};

use std::time::Duration;

/// The whole of a protocol, as the runtime needs it.
#[derive(Debug)]
pub struct ProtocolDescriptor {
    /// Its name.
    pub name: &'static str,
    /// Its version (semver).
    pub version: &'static str,
    /// The versions of a peer that are served (a semver requirement).
    pub accepts: &'static str,
    /// What the wire means, hashed: 32 hexadecimal digits.
    pub hash: &'static str,
    /// What the client sends.
    pub client: &'static UnionDescriptor,
    /// What the server sends.
    pub server: &'static UnionDescriptor,
    /// The channels.
    pub channels: &'static [ChannelDescriptor],
    /// How a session behaves.
    pub session: SessionDescriptor,
    /// What an end takes from the other.
    pub limits: Limits,
    /// WebSocket subprotocols, the preferred one first: (encoding, subprotocol).
    pub encodings: &'static [(&'static str, &'static str)],
    /// Close codes that differ from the defaults: (condition, code).
    pub closes: &'static [(CloseReason, u16)],
}

impl ProtocolDescriptor {
    /// Whether a client does not try again by itself after a close with this code: the server is done with it (1000), or the
    /// client is not wanted, misbehaved, or was replaced.
    pub fn is_final_close(&self, code: u16) -> bool {
        // A server that is done with a client, unless the protocol says something else by it.
        if code == 1000 && !self.closes.iter().any(|(_, other)| *other == code) {
            return true;
        }
        [
            CloseReason::Violations,
            CloseReason::Unauthorized,
            CloseReason::Version,
            CloseReason::TakenOver,
            CloseReason::Kicked,
        ]
        .into_iter()
        .any(|condition| self.close_code(condition) == code)
    }

    /// The close code for a condition.
    pub fn close_code(&self, condition: CloseReason) -> u16 {
        self.closes
            .iter()
            .find(|(c, _)| *c == condition)
            .map_or(condition.default_code(), |(_, code)| *code)
    }
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The server goes away.
    GoingAway,
    /// The client did not prove who it is.
    Unauthorized,
    /// The versions do not meet.
    Version,
    /// No hello in time.
    HelloTimeout,
    /// The session was taken over by another connection.
    TakenOver,
    /// The server does not want the client any more.
    Kicked,
    /// Too many bad messages.
    Violations,
    /// A message was too large.
    TooLarge,
    /// Too many messages.
    RateLimited,
    /// The client reads too slowly.
    Slow,
    /// Nothing was heard for too long.
    Silent,
    /// Something broke in the server.
    Internal,
}

impl CloseReason {
    /// The code (RFC 6455, section 7.4) unless the protocol says otherwise.
    pub const fn default_code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Violations => 1008,
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

/// How a session behaves.
#[derive(Clone, Copy, Debug)]
pub struct SessionDescriptor {
    /// How often either end lets the other hear from it; none is off.
    pub heartbeat: Option<Duration>,
    /// How long silence is borne, and how long a handshake may take.
    pub timeout: Duration,
    /// How long a lost session is kept.
    pub resume: Option<Duration>,
    /// The first and the last bound of the time before the client tries again.
    pub backoff: (Duration, Duration),
    /// How many attempts in a row may fail before the client gives up; none is no bound.
    pub attempts: Option<u32>,
    /// Whether the hello carries proof of who the client is.
    pub auth: bool,
    /// The tags of the session's own messages; none where a role is off.
    pub roles: Roles,
}

/// The tags of the session's own messages.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the role of that name")]
pub struct Roles {
    pub hello: Option<Tag>,
    pub ready: Option<Tag>,
    pub refuse: Option<Tag>,
    pub gap: Option<Tag>,
    pub join: Option<Tag>,
    pub leave: Option<Tag>,
    pub ping: Option<Tag>,
    pub pong: Option<Tag>,
    pub error: Option<Tag>,
}

impl Roles {
    /// The default: every role's tag is its name.
    pub const DEFAULT: Self = Self {
        hello: Some(Tag::Text("hello")),
        ready: Some(Tag::Text("ready")),
        refuse: Some(Tag::Text("refuse")),
        gap: Some(Tag::Text("gap")),
        join: Some(Tag::Text("join")),
        leave: Some(Tag::Text("leave")),
        ping: Some(Tag::Text("ping")),
        pong: Some(Tag::Text("pong")),
        error: Some(Tag::Text("error")),
    };
}

impl SessionDescriptor {
    /// What holds where the protocol says nothing.
    pub const DEFAULT: Self = Self {
        heartbeat: Some(Duration::from_secs(25)),
        timeout: Duration::from_secs(10),
        resume: None,
        backoff: (Duration::from_millis(500), Duration::from_secs(30)),
        attempts: None,
        auth: false,
        roles: Roles::DEFAULT,
    };
}

/// A channel.
#[derive(Clone, Copy, Debug)]
pub struct ChannelDescriptor {
    /// Its name.
    pub name: &'static str,
    /// Its key on the wire, with `{param}` holes.
    pub key: &'static str,
    /// Whether a message of the protocol joins it; otherwise the session's own `join` does.
    pub has_join: bool,
    /// How many messages are kept, and how long.
    pub history: Option<(u64, Option<Duration>)>,
}

/// The messages that one end sends.
#[derive(Debug)]
pub struct UnionDescriptor {
    /// Their envelope.
    pub envelope: EnvelopeDescriptor,
    /// Its fields.
    pub layout: EnvelopeLayout,
    /// The messages, in the order of the union's variants.
    pub messages: &'static [MessageDescriptor],
    /// The place of a tag in `messages`.
    pub lookup: fn(TagRef<'_>) -> Option<usize>,
}

impl UnionDescriptor {
    /// The messages of an end, with their envelope.
    pub const fn new(
        envelope: EnvelopeDescriptor,
        messages: &'static [MessageDescriptor],
        lookup: fn(TagRef<'_>) -> Option<usize>,
    ) -> Self {
        Self {
            layout: envelope.layout(),
            envelope,
            messages,
            lookup,
        }
    }
}

/// A message.
#[derive(Debug)]
pub struct MessageDescriptor {
    /// Its name.
    pub name: &'static str,
    /// The value of its tag; none for a reply known by its request.
    pub tag: Option<Tag>,
    /// Whether it carries a payload.
    pub payload: bool,
    /// The name of the channel it belongs to.
    pub channel: Option<&'static str>,
    /// Never numbered or stored.
    pub volatile: bool,
    /// May be sent again when its outcome is unknown.
    pub idempotent: bool,
    /// How long a reply is waited for.
    pub timeout: Option<Duration>,
    /// What answers it.
    pub reply: ReplyKind,
}

/// What answers a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// Nothing.
    None,
    /// One message.
    One,
    /// A stream of them.
    Stream,
    /// Nothing: it ends a stream early.
    Cancel,
}

/// The value of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A string.
    Text(&'static str),
    /// An integer.
    Integer(i64),
}

/// The value of a tag, as read.
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

/// The fields around a payload.
#[derive(Clone, Copy, Debug)]
pub struct EnvelopeDescriptor {
    /// The field of the tag.
    pub tag: &'static str,
    /// The field of the payload; none where its fields lie flat beside the tag.
    pub content: Option<&'static str>,
    /// The correlation id.
    pub id: Option<FieldDescriptor>,
    /// On what the server sends, the field that names the request answered, where that is not `id`.
    pub reply_to: Option<FieldDescriptor>,
    /// The major version, and what this end writes there.
    pub version: Option<FieldDescriptor>,
    /// The channel's key.
    pub channel: Option<FieldDescriptor>,
    /// The channel's sequence number.
    pub seq: Option<FieldDescriptor>,
    /// The channel's epoch.
    pub epoch: Option<FieldDescriptor>,
    /// When it was published, and how that is written.
    pub timestamp: Option<(FieldDescriptor, TimestampForm)>,
    /// How a reply tells success from failure, where its tag does not: the field, and its value for either as JSON.
    pub outcome: Option<(&'static str, &'static str, &'static str)>,
    /// Whether replies come in the order of the requests, and no id says which is which. It is looked at in the envelope of
    /// what the server sends.
    pub by_order: bool,
}

impl EnvelopeDescriptor {
    /// `type`, `payload`, `id`, `v`, `channel`, `seq`, `epoch`, `timestamp`.
    pub const DEFAULT: Self = Self {
        tag: "type",
        content: Some("payload"),
        id: Some(FieldDescriptor::optional("id", FieldKind::Text)),
        reply_to: None,
        version: Some(FieldDescriptor::optional("v", FieldKind::Integer)),
        channel: Some(FieldDescriptor::optional("channel", FieldKind::Text)),
        seq: Some(FieldDescriptor::optional("seq", FieldKind::Integer)),
        epoch: Some(FieldDescriptor::optional("epoch", FieldKind::Text)),
        timestamp: Some((
            FieldDescriptor::optional("timestamp", FieldKind::Text),
            TimestampForm::Rfc3339,
        )),
        outcome: None,
        by_order: false,
    };

    /// The fields, in the order most senders write them: tag, payload, then the rest.
    pub const fn layout(&self) -> EnvelopeLayout {
        use EnvelopeField as F;
        let rest = [
            (F::Id, self.id),
            (F::ReplyTo, self.reply_to),
            (F::Version, self.version),
            (F::Channel, self.channel),
            (F::Seq, self.seq),
            (F::Epoch, self.epoch),
            (
                F::Timestamp,
                match self.timestamp {
                    Some((field, _)) => Some(field),
                    None => None,
                },
            ),
        ];
        let mut layout = EnvelopeLayout {
            names: [""; EnvelopeLayout::MOST],
            roles: [Role::Tag; EnvelopeLayout::MOST],
            count: 0,
        };
        layout.push(self.tag, Role::Tag);
        if let Some(name) = self.content {
            layout.push(name, Role::Content);
        }
        if let Some((name, ..)) = self.outcome {
            layout.push(name, Role::Outcome);
        }
        let mut i = 0;
        while i < rest.len() {
            if let (role, Some(field)) = rest[i] {
                layout.push(field.name, Role::Field(role, field));
            }
            i += 1;
        }
        layout
    }
}

/// The fields of an envelope, side by side.
#[derive(Debug)]
pub struct EnvelopeLayout {
    names: [&'static str; EnvelopeLayout::MOST],
    roles: [Role; EnvelopeLayout::MOST],
    count: usize,
}

/// What is read from a field of an envelope.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Tag,
    Content,
    Outcome,
    Field(EnvelopeField, FieldDescriptor),
}

impl EnvelopeLayout {
    /// The most fields an envelope has: tag, payload, outcome, and seven more.
    const MOST: usize = 10;

    const fn push(&mut self, name: &'static str, role: Role) {
        self.names[self.count] = name;
        self.roles[self.count] = role;
        self.count += 1;
    }

    /// The names.
    pub fn names(&self) -> &[&'static str] {
        &self.names[..self.count]
    }

    /// Whether a name is one of them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    pub(crate) fn roles(&self) -> &[Role] {
        &self.roles[..self.count]
    }
}

/// What a field of the envelope is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is the field of that name in `EnvelopeDescriptor`"
)]
pub enum EnvelopeField {
    Id,
    ReplyTo,
    Version,
    Channel,
    Seq,
    Epoch,
    Timestamp,
}

/// A field of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDescriptor {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is there.
    pub presence: Presence,
}

impl FieldDescriptor {
    /// A field that is there where it is used.
    pub const fn optional(name: &'static str, kind: FieldKind) -> Self {
        Self {
            name,
            kind,
            presence: Presence::Optional,
        }
    }
}

/// What a field of the envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    Text,
    /// An integer.
    Integer,
}

/// Whether a field of the envelope is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Required,
    /// Sometimes.
    Optional,
    /// Always, or null.
    Nullable,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampForm {
    /// RFC 3339, in UTC, with milliseconds.
    Rfc3339,
    /// Milliseconds since 1970.
    UnixMs,
    /// Seconds since 1970.
    UnixS,
}
