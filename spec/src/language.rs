//! The language as one table: every section, its keys, what each may hold and a line that says what it is for. The
//! checker of form ([`crate::parse::form`]) and the editor's schema ([`crate::format`]) both read it, so they cannot drift.

/// A mapping with known keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// How the section is called in diagnostics and in the editor's schema.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) doc: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

/// A key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key.
    pub(crate) name: &'static str,
    /// Whether it has to be there.
    pub(crate) required: bool,
    /// What it holds.
    pub(crate) shape: Shape,
    /// What it is for.
    pub(crate) doc: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any string.
    Text,
    /// True or false.
    Flag,
    /// A whole number between two bounds.
    Count(u64, u64),
    /// `25s`
    Duration,
    /// `64KiB`
    Size,
    /// `100/1m`
    Rate,
    /// `1.2.0`
    Version,
    /// `>=1.0`
    Requirement,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A name that stands for something declared.
    Name,
    /// The name of a field on the wire.
    Field,
    /// An identifier of Rust.
    RustName,
    /// An identifier of TypeScript.
    TsName,
    /// The path of a Rust type or crate.
    RustPath,
    /// The path of an output.
    Out,
    /// The word `off`.
    Off,
    /// Null.
    Null,
    /// An integer that fits 64 bits.
    Integer,
    /// Any value at all.
    Any,
    /// A JSON Schema; [`crate::schema`] reads it.
    Schema,
    /// A mapping with known keys.
    Section(&'static Section),
    /// A mapping from names to values.
    Table(&'static Shape),
    /// A mapping from any strings to values.
    Free(&'static Shape),
    /// A list.
    List(&'static Shape),
    /// One of several; the kind of value tells which, so that no two take the same kind.
    Either(&'static [Shape]),
}

const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        required: false,
        shape,
        doc,
    }
}

const fn must(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        required: true,
        shape,
        doc,
    }
}

const TAG: Shape = Shape::Either(&[Shape::Text, Shape::Integer, Shape::Null]);
const CODE: Shape = Shape::Either(&[Shape::Text, Shape::Integer]);
const OFF_OR_DURATION: Shape = Shape::Either(&[Shape::Off, Shape::Duration]);
const FIELD: Shape = Shape::Either(&[Shape::Off, Shape::Field, Shape::Section(&FIELD_SECTION)]);
const MAX_U32: u64 = u32::MAX as u64;

/// The whole file.
pub(crate) static ROOT: Shape = Shape::Section(&SPEC);

static SPEC: Section = Section {
    name: "spec",
    doc: "A Handfast protocol: both ends of a typed real-time protocol, from one file.",
    keys: &[
        must(
            "handfast",
            Shape::Count(1, 1),
            "The version of this format: 1.",
        ),
        must(
            "protocol",
            Shape::Section(&PROTOCOL),
            "What the protocol is called, and its version.",
        ),
        key(
            "dialect",
            Shape::Either(&[DIALECT_NAME, Shape::Section(&DIALECT)]),
            "What schemas mean where they say nothing.",
        ),
        key(
            "remotes",
            Shape::Free(&Shape::Text),
            "The files that stand for addresses, under `dialect: json-schema`. Nothing is fetched.",
        ),
        key(
            "envelope",
            Shape::Section(&ENVELOPE),
            "The fields around every payload.",
        ),
        key(
            "types",
            Shape::Table(&Shape::Schema),
            "Schemas with names, shared by `$ref: '#/types/…'`.",
        ),
        key(
            "errors",
            Shape::Table(&Shape::Section(&ERROR)),
            "The errors that requests may be answered with.",
        ),
        key(
            "channels",
            Shape::Table(&Shape::Section(&CHANNEL)),
            "Places that messages are published to.",
        ),
        must(
            "messages",
            Shape::Table(&Shape::Section(&MESSAGE)),
            "Every message; its key is its name in code.",
        ),
        key(
            "session",
            Shape::Section(&SESSION),
            "How a session behaves.",
        ),
        key(
            "limits",
            Shape::Section(&LIMITS),
            "What one end takes from the other.",
        ),
        key(
            "encodings",
            Shape::Section(&ENCODINGS),
            "The encodings spoken, each with its WebSocket subprotocol.",
        ),
        key(
            "closes",
            Shape::Section(&CLOSES),
            "The close codes that tell why a connection ended.",
        ),
        key(
            "generate",
            Shape::Section(&GENERATE),
            "What is generated, and to where.",
        ),
    ],
};

static PROTOCOL: Section = Section {
    name: "protocol",
    doc: "What the protocol is called, and its version.",
    keys: &[
        must("name", Shape::Name, "The name of the protocol."),
        must(
            "version",
            Shape::Version,
            "Its version, in three numbers: `1.2.0`.",
        ),
        key(
            "accepts",
            Shape::Requirement,
            "The versions of a peer that are served; by default those of the same major version.",
        ),
        key("description", Shape::Text, "What the protocol is for."),
    ],
};

const DIALECT_NAME: Shape = Shape::Word(&["handfast", "json-schema"]);

static DIALECT: Section = Section {
    name: "dialect",
    doc: "What schemas mean where they say nothing.",
    keys: &[
        must(
            "name",
            DIALECT_NAME,
            "Handfast's own dialect, or that of JSON Schema.",
        ),
        key(
            "formats",
            Shape::Word(&["annotate", "assert"]),
            "Whether `format` is an assertion under `json-schema`. annotate.",
        ),
    ],
};

static FIELD_SECTION: Section = Section {
    name: "field",
    doc: "A field of the envelope.",
    keys: &[
        key(
            "name",
            Shape::Field,
            "Its name on the wire; by default that of its role.",
        ),
        key(
            "type",
            Shape::Word(&["string", "integer"]),
            "What it holds.",
        ),
        key(
            "presence",
            Shape::Word(&["required", "optional", "nullable", "absent"]),
            "Whether it is there.",
        ),
    ],
};

static TIMESTAMP: Section = Section {
    name: "timestamp",
    doc: "The field that says when a message was published.",
    keys: &[
        key("name", Shape::Field, "Its name on the wire."),
        key(
            "as",
            Shape::Word(&["rfc3339", "unix-ms", "unix-s"]),
            "How the time is written.",
        ),
        key(
            "presence",
            Shape::Word(&["required", "optional", "nullable", "absent"]),
            "Whether it is there.",
        ),
    ],
};

static CORRELATE: Section = Section {
    name: "correlate",
    doc: "Replies name their request in a field of its own.",
    keys: &[
        must(
            "request",
            Shape::Field,
            "The field of a request that holds its id.",
        ),
        must(
            "reply",
            Shape::Field,
            "The field of a reply that names the request.",
        ),
    ],
};

static OUTCOME: Section = Section {
    name: "outcome",
    doc: "The field that tells a reply that succeeded from one that failed.",
    keys: &[
        must("field", Shape::Field, "The field, beside the tag."),
        must(
            "success",
            Shape::Any,
            "Its value where the request succeeded.",
        ),
        must("failure", Shape::Any, "Its value where it failed."),
    ],
};

/// The keys that every envelope block has; the block at the top has `client` and `server` as well.
macro_rules! envelope_keys {
    ($($more:expr),* $(,)?) => {
        &[
            key("layout", Shape::Word(LAYOUTS), "How the parts lie; `object` is the form there is."),
            key("tag", Shape::Either(&[Shape::Field, Shape::Any]), "The field that tells the messages apart."),
            key("content", Shape::Either(&[Shape::Null, Shape::Field]), "The field of the payload; null lays the payload's fields beside the tag."),
            key("id", FIELD, "The correlation id: a reply and an error bear their request's."),
            key("version", FIELD, "The major version of the protocol."),
            key("channel", FIELD, "The key of the channel."),
            key("seq", FIELD, "Counts the messages of a channel, so that a gap is noticed."),
            key("epoch", FIELD, "Names one life of that count."),
            key("timestamp", Shape::Either(&[Shape::Off, Shape::Field, Shape::Section(&TIMESTAMP)]), "When the message was published."),
            key("correlate", Shape::Either(&[Shape::Word(&["id", "order"]), Shape::Section(&CORRELATE)]), "How replies find their request."),
            key("outcome", Shape::Section(&OUTCOME), "How a reply that succeeded is told from one that failed, where the tag does not say."),
            $($more),*
        ]
    };
}

/// The forms of envelope that have a name; only the first is there yet.
pub(crate) const LAYOUTS: &[&str] = &["object", "tag-as-key", "array", "json-rpc", "two-tags"];

static ENVELOPE: Section = Section {
    name: "envelope",
    doc: "The fields around every payload.",
    keys: envelope_keys![
        key(
            "client",
            Shape::Section(&ENVELOPE_PART),
            "What differs where the client sends."
        ),
        key(
            "server",
            Shape::Section(&ENVELOPE_PART),
            "What differs where the server sends."
        ),
    ],
};

static ENVELOPE_PART: Section = Section {
    name: "envelope part",
    doc: "What differs from the envelope at the top.",
    keys: envelope_keys![],
};

static ERROR: Section = Section {
    name: "error",
    doc: "An error that requests may be answered with.",
    keys: &[
        key("code", CODE, "Its value on the wire; by default its key."),
        key("description", Shape::Text, "What it means."),
        key(
            "retryable",
            Shape::Flag,
            "Whether the same request may be tried again.",
        ),
        key("data", Shape::Schema, "What comes with it."),
        key("rust", Shape::RustName, "Its name in Rust."),
        key("ts", Shape::TsName, "Its name in TypeScript."),
    ],
};

static CHANNEL: Section = Section {
    name: "channel",
    doc: "A place that messages are published to, one for each value of its parameters.",
    keys: &[
        key("description", Shape::Text, "What it is for."),
        must(
            "key",
            Shape::Text,
            "Its key on the wire, with a hole for each parameter: `room:{roomId}`.",
        ),
        key(
            "params",
            Shape::Free(&Shape::Schema),
            "Its parameters; each is a string on the wire.",
        ),
        key(
            "join",
            Shape::Name,
            "The message that joins; by default the session's own.",
        ),
        key(
            "leave",
            Shape::Name,
            "The message that leaves; by default the session's own.",
        ),
        key(
            "history",
            Shape::Section(&HISTORY),
            "What is kept for those who come back.",
        ),
        key("rust", Shape::RustName, "Its name in Rust."),
        key("ts", Shape::TsName, "Its name in TypeScript."),
    ],
};

static HISTORY: Section = Section {
    name: "history",
    doc: "How much of a channel is kept.",
    keys: &[
        must(
            "size",
            Shape::Count(1, 1_000_000),
            "How many messages at the most.",
        ),
        key("ttl", Shape::Duration, "For how long."),
    ],
};

static MESSAGE: Section = Section {
    name: "message",
    doc: "A message.",
    keys: &[
        must(
            "from",
            Shape::Word(&["client", "server", "both"]),
            "Who sends it.",
        ),
        key("description", Shape::Text, "What it is for."),
        key(
            "payload",
            Shape::Schema,
            "What it carries, as JSON Schema 2020-12.",
        ),
        key(
            "tag",
            TAG,
            "The value of its tag on the wire; by default its name; null for a reply that has none.",
        ),
        key(
            "envelope",
            Shape::Section(&ENVELOPE_PART),
            "What differs from the protocol's envelope.",
        ),
        key(
            "client",
            Shape::Section(&SENT),
            "What differs where the client sends it.",
        ),
        key(
            "server",
            Shape::Section(&SENT),
            "What differs where the server sends it.",
        ),
        key("channel", Shape::Name, "The channel it belongs to."),
        key(
            "reply",
            Shape::Either(&[Shape::Name, Shape::Section(&REPLY)]),
            "What answers it: a message, or a stream of them.",
        ),
        key(
            "errors",
            Shape::List(&Shape::Name),
            "The errors it may be answered with.",
        ),
        key(
            "timeout",
            Shape::Duration,
            "How long a reply is waited for.",
        ),
        key(
            "volatile",
            Shape::Flag,
            "Never numbered, never stored, dropped first under pressure.",
        ),
        key(
            "idempotent",
            Shape::Flag,
            "May be sent again when its outcome is unknown.",
        ),
        key(
            "deprecated",
            Shape::Either(&[Shape::Flag, Shape::Text]),
            "Not to be used any more; a string says why.",
        ),
        key(
            "since",
            Shape::Version,
            "The version of the protocol that first had it.",
        ),
        key("rust", Shape::RustName, "Its name in Rust."),
        key("ts", Shape::TsName, "Its name in TypeScript."),
    ],
};

static SENT: Section = Section {
    name: "message part",
    doc: "What differs where one end sends the message.",
    keys: &[
        key("payload", Shape::Schema, "What it carries."),
        key("tag", TAG, "The value of its tag."),
        key(
            "envelope",
            Shape::Section(&ENVELOPE_PART),
            "What differs from the protocol's envelope.",
        ),
    ],
};

static REPLY: Section = Section {
    name: "reply",
    doc: "A reply that is a stream.",
    keys: &[
        key("ack", Shape::Name, "Says that the stream has begun."),
        must("stream", Shape::Name, "What the stream carries."),
        key("end", Shape::Name, "Ends the stream."),
        key(
            "cancel",
            Shape::Name,
            "Sent by the asking side, ends it early.",
        ),
    ],
};

static SESSION: Section = Section {
    name: "session",
    doc: "How a session behaves.",
    keys: &[
        key(
            "heartbeat",
            OFF_OR_DURATION,
            "How often either end lets the other hear from it. 25s.",
        ),
        key(
            "timeout",
            Shape::Duration,
            "For the handshake, and for the answer to a ping. 10s.",
        ),
        key(
            "auth",
            Shape::Name,
            "The message whose payload the hello carries.",
        ),
        key(
            "resume",
            OFF_OR_DURATION,
            "How long a session that lost its connection is kept. 2m.",
        ),
        key(
            "backoff",
            Shape::Section(&BACKOFF),
            "How long a client waits before it tries again.",
        ),
        key(
            "roles",
            Shape::Either(&[Shape::Off, Shape::Section(&ROLES)]),
            "Who plays the messages of the session itself; `off` for all of them.",
        ),
        key(
            "phases",
            Shape::Section(&PHASES),
            "Who speaks first, and what is legal before ready.",
        ),
    ],
};

static BACKOFF: Section = Section {
    name: "backoff",
    doc: "A random time under a bound that doubles from `min` to `max`.",
    keys: &[
        key("min", Shape::Duration, "The first bound. 500ms."),
        key("max", Shape::Duration, "The last bound. 30s."),
        key(
            "attempts",
            Shape::Count(1, MAX_U32),
            "How many attempts in a row may fail before a client gives up. By default no bound.",
        ),
    ],
};

const ROLE: Shape = Shape::Either(&[Shape::Off, Shape::Section(&ROLE_SECTION)]);

static ROLES: Section = Section {
    name: "roles",
    doc: "The messages of the session itself. Each is Handfast's own, a message of the author's, or `off`.",
    keys: &[
        key("hello", ROLE, "Client: who I am, what I speak."),
        key("ready", ROLE, "Server: welcome."),
        key("refuse", ROLE, "Server: no, and why."),
        key(
            "auth",
            ROLE,
            "Client: the proof of who it is, where it is not in the hello.",
        ),
        key("resume", ROLE, "Client: take me back."),
        key("gap", ROLE, "Server: something is missing."),
        key("join", ROLE, "Client: let me into a channel."),
        key("leave", ROLE, "Client: let me out."),
        key("ping", ROLE, "Either: are you there."),
        key("pong", ROLE, "Either: I am."),
        key("negotiate", ROLE, "Client: let us speak otherwise."),
        key("error", ROLE, "Server: that was wrong."),
    ],
};

static ROLE_SECTION: Section = Section {
    name: "role",
    doc: "Who plays a role: `tag` renames Handfast's own message, `message` names one of the author's.",
    keys: &[
        key("tag", CODE, "The tag of Handfast's own message."),
        key("message", Shape::Name, "The message that plays the role."),
        key(
            "fields",
            Shape::Free(&Shape::Text),
            "Where in its payload the fields of the role are, as JSON Pointers: `{ version: /ver }`.",
        ),
    ],
};

static PHASES: Section = Section {
    name: "phases",
    doc: "Who speaks first, and what is legal before the session is ready.",
    keys: &[
        key(
            "first",
            Shape::Word(&["client", "server"]),
            "Who sends the first message. client.",
        ),
        key(
            "beforeReady",
            Shape::List(&Shape::Name),
            "What is legal before ready, beside the session's own messages.",
        ),
        key(
            "ids",
            Shape::Flag,
            "Whether messages before ready bear ids. true.",
        ),
    ],
};

static LIMITS: Section = Section {
    name: "limits",
    doc: "What one end takes from the other.",
    keys: &[
        key("message", Shape::Size, "The largest message. 64KiB."),
        key(
            "depth",
            Shape::Count(1, 1024),
            "How deep a message may nest. 64.",
        ),
        key(
            "rate",
            Shape::Either(&[Shape::Off, Shape::Rate]),
            "How many messages a client may send. 1000/s.",
        ),
        key(
            "violations",
            Shape::Count(1, MAX_U32),
            "How many bad messages in a row are borne before the connection is closed. 5.",
        ),
        key(
            "outbound",
            Shape::Size,
            "How many bytes may wait for a slow client. 1MiB.",
        ),
        key(
            "inbound",
            Shape::Size,
            "How many bytes of received messages may wait to be handled. 256KiB.",
        ),
        key(
            "channels",
            Shape::Count(1, MAX_U32),
            "How many channels a connection may be in. 256.",
        ),
        key(
            "streams",
            Shape::Count(1, MAX_U32),
            "How many streams a connection may have open. 256.",
        ),
        key(
            "handlerTimeout",
            OFF_OR_DURATION,
            "How long a handler may take, streams excepted. Twice the message's timeout.",
        ),
    ],
};

static ENCODINGS: Section = Section {
    name: "encodings",
    doc: "The encodings spoken, each with its WebSocket subprotocol.",
    keys: &[
        key("json", Shape::Text, "JSON text."),
        key("msgpack", Shape::Text, "MessagePack."),
        key("cbor", Shape::Text, "CBOR."),
    ],
};

const CLOSE: Shape = Shape::Count(1000, 4999);

static CLOSES: Section = Section {
    name: "closes",
    doc: "The close codes that tell why a connection ended (RFC 6455, section 7.4).",
    keys: &[
        key("going-away", CLOSE, "The server goes away. 1001."),
        key(
            "unauthorized",
            CLOSE,
            "The client did not prove who it is. 4401.",
        ),
        key("version", CLOSE, "The versions do not meet. 4406."),
        key("hello-timeout", CLOSE, "No hello in time. 4408."),
        key(
            "taken-over",
            CLOSE,
            "Another connection took the session over. 4409.",
        ),
        key(
            "kicked",
            CLOSE,
            "The server does not want the client any more. 4403.",
        ),
        key("violations", CLOSE, "Too many bad messages. 1008."),
        key("too-large", CLOSE, "A message was too large. 1009."),
        key("rate-limited", CLOSE, "Too many messages. 4429."),
        key("slow", CLOSE, "The client reads too slowly. 4008."),
        key("silent", CLOSE, "Nothing was heard for too long. 4000."),
        key("internal", CLOSE, "Something broke in the server. 1011."),
    ],
};

static GENERATE: Section = Section {
    name: "generate",
    doc: "What is generated, and to where. Paths are relative to the folder of the spec.",
    keys: &[
        key(
            "outside",
            Shape::Flag,
            "Whether outputs may lie outside of the folder of the spec. false.",
        ),
        key("rust", Shape::Section(&GENERATE_RUST), "Rust."),
        key(
            "typescript",
            Shape::Section(&GENERATE_TYPESCRIPT),
            "TypeScript.",
        ),
        key(
            "schema",
            Shape::Section(&GENERATE_SCHEMA),
            "The JSON Schema of every message.",
        ),
    ],
};

static GENERATE_RUST: Section = Section {
    name: "generate rust",
    doc: "Rust.",
    keys: &[
        must("out", Shape::Out, "The file."),
        key(
            "crate",
            Shape::RustPath,
            "The path of the runtime in the generated code. handfast.",
        ),
        key(
            "types",
            Shape::Free(&Shape::RustPath),
            "Types of your own for a `format`: `{ uuid: uuid::Uuid }`.",
        ),
        key(
            "borrow",
            Shape::List(&Shape::Name),
            "Messages whose strings share the text they are read from, and are not copied.",
        ),
        key(
            "derive",
            Shape::List(&Shape::Word(&["PartialEq", "Deserialize"])),
            "What the types implement beside Clone, Debug and Serialize. Nothing.",
        ),
    ],
};

static GENERATE_TYPESCRIPT: Section = Section {
    name: "generate typescript",
    doc: "TypeScript.",
    keys: &[
        must(
            "out",
            Shape::Out,
            "The file; the runtime is copied beside it.",
        ),
        key(
            "sides",
            Shape::Word(&["client", "both"]),
            "What it can decode: what a client receives, or what a server does, too. client.",
        ),
    ],
};

static GENERATE_SCHEMA: Section = Section {
    name: "generate schema",
    doc: "The JSON Schema of every message.",
    keys: &[must("out", Shape::Out, "The file.")],
};
