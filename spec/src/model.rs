//! The model: a checked protocol as plain data. Nothing in it is left to interpret: durations are durations,
//! references are indices, defaults have been applied. Spans stay, for what later stages have to say.

pub use handfast_schema::Side;
use handfast_schema::{SchemaId, Schemas, Span};
use serde_json::Value;
use std::time::Duration;

mod session;

pub use session::*;

/// A whole protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// `protocol.name`
    pub name: Name,
    /// `protocol.version`
    pub version: semver::Version,
    /// `protocol.accepts`: the versions of a peer that this end talks to; by default, those of the same major version.
    pub accepts: semver::VersionReq,
    /// `protocol.description`
    pub description: Option<String>,
    /// What the wire means, hashed: 32 hexadecimal digits. No description and no order of keys changes it.
    pub hash: String,
    /// Every schema of the protocol, those of other files included.
    pub schemas: Schemas,
    /// `types`, and every schema that a `$ref` reaches and that needs a name, in the order met.
    pub types: Vec<NamedType>,
    /// `errors`
    pub errors: Vec<ErrorCode>,
    /// `channels`
    pub channels: Vec<Channel>,
    /// `messages`
    pub messages: Vec<Message>,
    /// The envelope of either direction, before what single messages override.
    pub envelope: Directions<Envelope>,
    /// `session`
    pub session: SessionConfig,
    /// `limits`
    pub limits: Limits,
    /// `encodings`, JSON first where it is spoken
    pub encodings: Vec<Encoding>,
    /// `closes`: every condition, in the order of [`CloseCondition::ALL`]
    pub closes: Vec<Close>,
    /// `generate`
    pub generate: Generate,
}

/// A name as the file writes it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The text.
    pub text: String,
    /// The place.
    pub span: Span,
}

/// One value for what the client sends and one for what the server sends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directions<T> {
    /// What the client sends.
    pub client: T,
    /// What the server sends.
    pub server: T,
}

/// A schema with a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedType {
    /// Its name: the key under `types`, or made from the path of the `$ref` that reaches it.
    pub name: Name,
    /// What it is.
    pub schema: SchemaId,
}

/// The place of an error code in [`Protocol::errors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorId(pub usize);

/// The place of a channel in [`Protocol::channels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub usize);

/// The place of a message in [`Protocol::messages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub usize);

/// An error that requests may be answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorCode {
    /// Its key, which names it in code.
    pub name: Name,
    /// Its value on the wire; by default the key.
    pub code: Scalar,
    /// What it means.
    pub description: Option<String>,
    /// Whether the same request may be tried again.
    pub retryable: bool,
    /// What comes with it.
    pub data: Option<SchemaId>,
    /// `rust:` and `ts:`
    pub names: GivenNames,
}

/// A string or an integer, as tags, codes and ids are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
}

/// Names the author gave for either language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenNames {
    /// `rust:`
    pub rust: Option<Name>,
    /// `ts:`
    pub ts: Option<Name>,
}

/// A channel: a place to which messages are published, one for each value of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its key.
    pub name: Name,
    /// What it is for.
    pub description: Option<String>,
    /// Its key on the wire, `room:{roomId}`, in parts.
    pub key: Vec<KeyPart>,
    /// Its parameters, in the order declared. Each is a string on the wire.
    pub params: Vec<Param>,
    /// The message that joins, whose payload has every parameter; none is the session's own `join`.
    pub join: Option<MessageId>,
    /// The message that leaves; none is the session's own `leave`.
    pub leave: Option<MessageId>,
    /// What is kept for those who come back.
    pub history: Option<History>,
    /// `rust:` and `ts:`
    pub names: GivenNames,
}

/// A piece of a channel's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// Text that stands as it is.
    Text(String),
    /// The value of the parameter at this place in [`Channel::params`].
    Param(usize),
}

/// A parameter of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// What it may be.
    pub schema: SchemaId,
}

/// How much of a channel is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// How many messages at the most.
    pub size: u64,
    /// For how long.
    pub ttl: Option<Duration>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its key: its name in code.
    pub name: Name,
    /// What it is for.
    pub description: Option<String>,
    /// The message as the client sends it, if it does.
    pub client: Option<Sent>,
    /// The message as the server sends it, if it does.
    pub server: Option<Sent>,
    /// The channel it is published to.
    pub channel: Option<ChannelId>,
    /// What answers it.
    pub reply: Option<Reply>,
    /// The errors it may be answered with.
    pub errors: Vec<ErrorId>,
    /// How long a reply is waited for.
    pub timeout: Option<Duration>,
    /// Never numbered, never stored, dropped first under pressure.
    pub volatile: bool,
    /// May be sent again when its outcome is unknown.
    pub idempotent: bool,
    /// Not to be used any more, and why.
    pub deprecated: Option<Deprecated>,
    /// The version of the protocol that first had it.
    pub since: Option<semver::Version>,
    /// `rust:` and `ts:`
    pub names: GivenNames,
}

/// Why a message is not to be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecated {
    /// The author's words, where `deprecated` is a string and not `true`.
    pub note: Option<String>,
}

/// A message as one end sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The value of the tag; none for a reply that has no tag and is known by the request it answers.
    pub tag: Option<Scalar>,
    /// What it carries.
    pub payload: Option<SchemaId>,
    /// Its envelope, with everything applied: the defaults, its direction's and its own.
    pub envelope: Envelope,
}

/// What answers a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The one reply, or what says that a stream has begun.
    pub ack: Option<MessageId>,
    /// What the stream carries.
    pub stream: Option<MessageId>,
    /// What ends the stream.
    pub end: Option<MessageId>,
    /// The message that the asking side sends to end it early.
    pub cancel: Option<MessageId>,
}

impl Reply {
    /// Whether the reply is a stream.
    pub const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }
}

/// The envelope of a message: the fields beside its payload. A further form (the tag as a key, an array, JSON-RPC)
/// is a new variant of [`Tagging`].
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// How the parts lie.
    pub tagging: Tagging,
    /// The correlation id.
    pub id: Option<EnvelopeField>,
    /// On what the server sends: the field that names the request answered, where that is not `id`.
    pub reply_to: Option<EnvelopeField>,
    /// How replies find their request.
    pub correlate: Correlate,
    /// How a reply that succeeded is told from one that failed, where the tag does not say.
    pub outcome: Option<Outcome>,
    /// The major version.
    pub version: Option<EnvelopeField>,
    /// The channel's key.
    pub channel: Option<EnvelopeField>,
    /// The channel's sequence number.
    pub seq: Option<EnvelopeField>,
    /// The channel's epoch, in answers to join and resume.
    pub epoch: Option<EnvelopeField>,
    /// When it was published.
    pub timestamp: Option<Timestamp>,
}

/// How tag and payload lie in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tagging {
    /// An object with a tag, and the payload in a field of its own.
    Adjacent {
        /// The field of the tag.
        tag: String,
        /// The field of the payload.
        content: String,
    },
    /// An object in which the payload's fields lie beside the tag.
    Flat {
        /// The field of the tag.
        tag: String,
    },
}

impl Tagging {
    /// The field of the tag.
    pub fn tag(&self) -> &str {
        match self {
            Self::Adjacent { tag, .. } | Self::Flat { tag } => tag,
        }
    }

    /// The field of the payload, unless it lies flat.
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Adjacent { content, .. } => Some(content),
            Self::Flat { .. } => None,
        }
    }
}

/// A field of the envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeField {
    /// Its name on the wire.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is there.
    pub presence: Presence,
    /// Where it is declared; empty where it is a default.
    pub span: Span,
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

/// How replies find their request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correlate {
    /// By the id.
    Id,
    /// In the order of the requests.
    Order,
}

/// How a reply tells success from failure: a field with one value for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The field, beside the tag.
    pub field: String,
    /// Its value where the request succeeded.
    pub success: Value,
    /// Its value where it failed.
    pub failure: Value,
}

/// The field that says when a message was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// The field; its kind follows from the form.
    pub field: EnvelopeField,
    /// How the time is written.
    pub form: TimestampForm,
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

/// What is generated, and to where. Paths are relative to the folder of the spec.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generate {
    /// Whether outputs may lie outside of the folder of the spec.
    pub outside: bool,
    /// Rust.
    pub rust: Option<GenerateRust>,
    /// TypeScript.
    pub typescript: Option<GenerateTypescript>,
    /// The JSON Schema bundle.
    pub schema: Option<GenerateSchema>,
}

/// `generate.rust`
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateRust {
    /// The file: its path from the folder of the spec, without `.` and with `..` at its beginning alone, as those of other languages.
    pub out: Name,
    /// The path of the runtime in the generated code; by default `handfast`.
    pub krate: String,
    /// Types of the author's own for a `format`: (format, path of the Rust type).
    pub types: Vec<(String, String)>,
    /// Messages whose strings share the text they are read from.
    pub borrow: Vec<MessageId>,
    /// Whether structs and unions implement `PartialEq`.
    pub partial_eq: bool,
    /// Whether the types implement serde's `Deserialize`.
    pub deserialize: bool,
}

/// `generate.typescript`
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateTypescript {
    /// The file; the runtime is copied beside it.
    pub out: Name,
    /// Whether it decodes what a server receives, too, and not only what a client does.
    pub both_sides: bool,
}

/// `generate.schema`
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateSchema {
    /// The file.
    pub out: Name,
}
