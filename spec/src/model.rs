//! The model: a checked protocol as plain data. Nothing in it is left to interpret: durations are durations,
//! references are indices, defaults have been applied. Spans remain for the diagnostics of later stages.

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
    /// `protocol.accepts`: the versions of a peer that this side accepts; by default, those of the same major
    /// version.
    pub accepts: semver::VersionReq,
    /// `protocol.description`
    pub description: Option<String>,
    /// The hash of its meaning on the wire: 32 hexadecimal digits. Descriptions and the order of keys do not change
    /// it.
    pub hash: String,
    /// Every schema of the protocol, including those of other files.
    pub schemas: Schemas,
    /// `types`, and every schema that a `$ref` reaches and that needs a name, in the order found.
    pub types: Vec<NamedType>,
    /// `errors`
    pub errors: Vec<ErrorCode>,
    /// `channels`
    pub channels: Vec<Channel>,
    /// `messages`
    pub messages: Vec<Message>,
    /// The envelope of each direction, before the overrides of single messages.
    pub envelope: Directions<Envelope>,
    /// `session`
    pub session: SessionConfig,
    /// `limits`
    pub limits: Limits,
    /// `encodings`, in the order of the file, in which they are preferred
    pub encodings: Vec<Encoding>,
    /// `closes`: every condition, in the order of [`CloseCondition::ALL`]
    pub closes: Vec<Close>,
    /// `generate`
    pub generate: Generate,
}

/// A name as the file writes it, and its location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The text.
    pub text: String,
    /// The location.
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
    /// The schema.
    pub schema: SchemaId,
}

/// The index of an error code in [`Protocol::errors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorId(pub usize);

/// The index of a channel in [`Protocol::channels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub usize);

/// The index of a message in [`Protocol::messages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub usize);

/// An error that requests may be answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorCode {
    /// Its key, which names it in code.
    pub name: Name,
    /// Its value on the wire; by default the key.
    pub code: Scalar,
    /// Its description.
    pub description: Option<String>,
    /// Whether the same request may be retried.
    pub retryable: bool,
    /// The payload that comes with it.
    pub data: Option<SchemaId>,
    /// `rust:` and `ts:`
    pub names: GivenNames,
}

/// A string or an integer: a tag, a code or an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
}

/// Names that the author chose for either language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenNames {
    /// `rust:`
    pub rust: Option<Name>,
    /// `ts:`
    pub ts: Option<Name>,
}

impl Protocol {
    /// Whether a channel has presence.
    pub fn has_presence(&self) -> bool {
        self.channels
            .iter()
            .any(|channel| channel.presence.is_some())
    }
}

/// A channel: messages are published to it, separately for each value of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its key.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its key on the wire, such as `room:{roomId}`, in parts.
    pub key: Vec<KeyPart>,
    /// Its parameters, in the order declared. Each is a string on the wire.
    pub params: Vec<Param>,
    /// The message that joins, whose payload has every parameter; `None` is the session's own `join`.
    pub join: Option<MessageId>,
    /// The message that leaves; `None` is the session's own `leave`.
    pub leave: Option<MessageId>,
    /// What is stored for clients that come back.
    pub history: Option<History>,
    /// Its members learn who else is in it.
    pub presence: Option<ChannelPresence>,
    /// `rust:` and `ts:`
    pub names: GivenNames,
}

impl Channel {
    /// Its key as it is written in the spec, such as `room:{roomId}`.
    pub fn pattern(&self) -> String {
        let part = |part: &KeyPart| match part {
            KeyPart::Text(text) => handfast_naming::key::escape(text),
            KeyPart::Param(at) => format!("{{{}}}", self.params[*at].name.text),
        };
        self.key.iter().map(part).collect()
    }
}

/// A part of a channel's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// Literal text.
    Text(String),
    /// The value of the parameter at this index of [`Channel::params`].
    Param(usize),
}

/// A parameter of a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its schema.
    pub schema: SchemaId,
}

/// How much of a channel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// The maximum number of messages.
    pub size: u64,
    /// For how long.
    pub ttl: Option<Duration>,
    /// The maximum size of all of them, in bytes.
    pub bytes: u64,
}

/// What the members of a channel learn of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelPresence {
    /// What the server says of each.
    pub info: Option<SchemaId>,
    /// How many are listed. Of others only the number is known.
    pub members: u32,
}

impl ChannelPresence {
    /// How many members are listed if the spec does not say.
    pub const MEMBERS: u32 = 1000;
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its key, which names it in code.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// The message as the client sends it, if it does.
    pub client: Option<Sent>,
    /// The message as the server sends it, if it does.
    pub server: Option<Sent>,
    /// The channel to which it is published.
    pub channel: Option<ChannelId>,
    /// The reply to it.
    pub reply: Option<Reply>,
    /// The errors with which it may be answered.
    pub errors: Vec<ErrorId>,
    /// How long to wait for a reply.
    pub timeout: Option<Duration>,
    /// Never numbered, never stored, dropped first under pressure.
    pub volatile: bool,
    /// The field of the payload whose value identifies a volatile message: a newer one replaces one that waits.
    pub volatile_key: Option<String>,
    /// The server handles it beside other messages of the same client.
    pub concurrent: bool,
    /// May be sent again if its outcome is unknown.
    pub idempotent: bool,
    /// Deprecated, and why.
    pub deprecated: Option<Deprecated>,
    /// The protocol version that introduced it.
    pub since: Option<semver::Version>,
    /// `rust:` and `ts:`
    pub names: GivenNames,
}

/// Why a message is deprecated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecated {
    /// The author's text, if `deprecated` is a string and not `true`.
    pub note: Option<String>,
}

/// A message as one side sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The value of the tag; `None` for a reply without a tag, which is identified by its request.
    pub tag: Option<Scalar>,
    /// Its payload.
    pub payload: Option<SchemaId>,
    /// Its envelope, after the defaults, the overrides of its direction and its own.
    pub envelope: Envelope,
}

/// The reply to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The single reply, or the message that says that a stream has begun.
    pub ack: Option<MessageId>,
    /// The items of the stream.
    pub stream: Option<MessageId>,
    /// The message that ends the stream.
    pub end: Option<MessageId>,
    /// The message that the requesting side sends to cancel the stream.
    pub cancel: Option<MessageId>,
}

impl Reply {
    /// Whether the reply is a stream.
    pub const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }
}

/// The envelope of a message: the fields beside its payload. Other forms (the tag as a key, an array, JSON-RPC) would
/// be further variants of [`Tagging`].
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// Where the tag and the payload are.
    pub tagging: Tagging,
    /// The correlation id.
    pub id: Option<EnvelopeField>,
    /// On what the server sends: the field with the id of the answered request, if that is not `id`.
    pub reply_to: Option<EnvelopeField>,
    /// How replies are matched to requests.
    pub correlate: Correlate,
    /// What distinguishes a successful reply from a failed one, if the tag does not.
    pub outcome: Option<Outcome>,
    /// The major version.
    pub version: Option<EnvelopeField>,
    /// The channel's key.
    pub channel: Option<EnvelopeField>,
    /// The sequence number in the channel.
    pub seq: Option<EnvelopeField>,
    /// The channel's epoch, in replies to join and resume.
    pub epoch: Option<EnvelopeField>,
    /// The publication time.
    pub timestamp: Option<Timestamp>,
}

/// Where the tag and the payload are in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tagging {
    /// An object with a tag, and the payload in a field of its own (adjacently tagged).
    Adjacent {
        /// The field of the tag.
        tag: String,
        /// The field of the payload.
        content: String,
    },
    /// An object with the fields of the payload beside the tag (internally tagged).
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

    /// The field of the payload, unless the payload is flat.
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
    /// Its type.
    pub kind: FieldKind,
    /// Whether it is present.
    pub presence: Presence,
    /// Where it is declared; empty for a default.
    pub span: Span,
}

/// The type of a field of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    Text,
    /// An integer.
    Integer,
}

/// Whether a field of the envelope is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always.
    Required,
    /// Sometimes.
    Optional,
    /// Always, but it may be null.
    Nullable,
}

/// How replies are matched to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correlate {
    /// By the id.
    Id,
    /// In the order of the requests.
    Order,
}

/// What distinguishes success from failure: a field with one value for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The field, beside the tag.
    pub field: String,
    /// Its value if the request succeeded.
    pub success: Value,
    /// Its value if the request failed.
    pub failure: Value,
}

/// The field with the publication time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// The field; its type follows from the form.
    pub field: EnvelopeField,
    /// How the time is encoded.
    pub form: TimestampForm,
}

/// How a time is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampForm {
    /// RFC 3339, in UTC, with milliseconds.
    Rfc3339,
    /// Milliseconds since 1970.
    UnixMs,
    /// Seconds since 1970.
    UnixS,
}

/// What is generated, and where. Paths are relative to the folder of the spec.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generate {
    /// Whether outputs may be outside the folder of the spec.
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
    /// The output file: its path relative to the folder of the spec, without `.`, and with `..` only at its
    /// beginning. The same holds for the other languages.
    pub out: Name,
    /// The path of the runtime in the generated code; by default `handfast`.
    pub krate: String,
    /// Rust types for a `format`: (format, path of the type).
    pub types: Vec<(String, String)>,
    /// Messages whose strings share the buffer they are read from.
    pub borrow: Vec<MessageId>,
    /// Whether structs and unions implement `PartialEq`.
    pub partial_eq: bool,
    /// Whether the types implement serde's `Deserialize`.
    pub deserialize: bool,
}

/// `generate.typescript`
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateTypescript {
    /// The output file; the runtime is copied beside it.
    pub out: Name,
    /// Whether it also decodes what a server receives, and not only what a client does.
    pub both_sides: bool,
    /// Whether bytes are a `Uint8Array`, and not the text of their base64.
    pub byte_arrays: bool,
    /// Whether named strings and numbers, and strings with a `format`, have types to which no other is assignable.
    pub brands: bool,
    /// Whether files import each other as `.ts`, and not as the `.js` that a compiler makes of them.
    pub ts_imports: bool,
}

/// `generate.schema`
#[derive(Clone, Debug, PartialEq)]
pub struct GenerateSchema {
    /// The output file.
    pub out: Name,
}
