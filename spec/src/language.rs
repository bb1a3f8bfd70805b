//! The language as one table: every section, its keys, what each accepts and a line of documentation. The checker of
//! form ([`crate::parse::form`]) and the editor's schema ([`crate::format`]) both read it, so they cannot differ.

/// A mapping with known keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// The name of the section in diagnostics and in the editor's schema.
    pub(crate) name: &'static str,
    /// Its documentation.
    pub(crate) doc: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

/// A key of a section.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key.
    pub(crate) name: &'static str,
    /// Whether it is required.
    pub(crate) required: bool,
    /// What it accepts.
    pub(crate) shape: Shape,
    /// Its documentation.
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
    /// The name of a declaration.
    Name,
    /// The name of a field on the wire.
    Field,
    /// A Rust identifier.
    RustName,
    /// A TypeScript identifier.
    TsName,
    /// The path of a Rust type or crate.
    RustPath,
    /// An output path.
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
    /// A mapping from arbitrary strings to values.
    Free(&'static Shape),
    /// A list.
    List(&'static Shape),
    /// One of several; the kind of the value decides which, so each accepts another kind.
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
            "The name of the protocol, and its version.",
        ),
        key(
            "dialect",
            Shape::Either(&[DIALECT_NAME, Shape::Section(&DIALECT)]),
            "The dialect of the schemas.",
        ),
        key(
            "remotes",
            Shape::Free(&Shape::Text),
            "The files that stand for remote addresses, with `dialect: json-schema`. Nothing is fetched.",
        ),
        key(
            "envelope",
            Shape::Section(&ENVELOPE),
            "The fields around every payload.",
        ),
        key(
            "types",
            Shape::Table(&Shape::Schema),
            "Named schemas, for `$ref: '#/types/…'`.",
        ),
        key(
            "errors",
            Shape::Table(&Shape::Section(&ERROR)),
            "The errors with which requests may be answered.",
        ),
        key(
            "channels",
            Shape::Table(&Shape::Section(&CHANNEL)),
            "The channels to which messages are published.",
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
            "What a side accepts from its peer.",
        ),
        key(
            "encodings",
            Shape::Section(&ENCODINGS),
            "The supported encodings, each with its WebSocket subprotocol.",
        ),
        key(
            "closes",
            Shape::Section(&CLOSES),
            "The close codes, by the reason why a connection ended.",
        ),
        key(
            "generate",
            Shape::Section(&GENERATE),
            "What is generated, and where.",
        ),
    ],
};

static PROTOCOL: Section = Section {
    name: "protocol",
    doc: "The name of the protocol, and its version.",
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
            "The versions of a peer that are accepted; by default those of the same major version.",
        ),
        key("description", Shape::Text, "A description of the protocol."),
    ],
};

const DIALECT_NAME: Shape = Shape::Word(&["handfast", "json-schema"]);

static DIALECT: Section = Section {
    name: "dialect",
    doc: "The dialect of the schemas.",
    keys: &[
        must(
            "name",
            DIALECT_NAME,
            "Handfast's own dialect, or standard JSON Schema.",
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
        key("type", Shape::Word(&["string", "integer"]), "Its type."),
        key(
            "presence",
            Shape::Word(&["required", "optional", "nullable", "absent"]),
            "Whether it is present.",
        ),
    ],
};

static TIMESTAMP: Section = Section {
    name: "timestamp",
    doc: "The field with the publication time.",
    keys: &[
        key("name", Shape::Field, "Its name on the wire."),
        key(
            "as",
            Shape::Word(&["rfc3339", "unix-ms", "unix-s"]),
            "How the time is encoded.",
        ),
        key(
            "presence",
            Shape::Word(&["required", "optional", "nullable", "absent"]),
            "Whether it is present.",
        ),
    ],
};

static CORRELATE: Section = Section {
    name: "correlate",
    doc: "Replies have the id of their request in a field of its own.",
    keys: &[
        must(
            "request",
            Shape::Field,
            "The field of a request with its id.",
        ),
        must(
            "reply",
            Shape::Field,
            "The field of a reply with the id of the request.",
        ),
    ],
};

static OUTCOME: Section = Section {
    name: "outcome",
    doc: "The field that distinguishes a successful reply from a failed one.",
    keys: &[
        must("field", Shape::Field, "The field, beside the tag."),
        must("success", Shape::Any, "Its value if the request succeeded."),
        must("failure", Shape::Any, "Its value if the request failed."),
    ],
};

/// The keys that every envelope block has; the block at the top has `client` and `server` as well.
macro_rules! envelope_keys {
    ($($more:expr),* $(,)?) => {
        &[
            key("layout", Shape::Word(LAYOUTS), "The form of the envelope; `object` is the only one so far."),
            key("tag", Shape::Either(&[Shape::Field, Shape::Any]), "The field that identifies the message."),
            key("content", Shape::Either(&[Shape::Null, Shape::Field]), "The field of the payload; null puts the payload's fields beside the tag."),
            key("id", FIELD, "The correlation id: a reply and an error have that of their request."),
            key("version", FIELD, "The major version of the protocol."),
            key("channel", FIELD, "The key of the channel."),
            key("seq", FIELD, "The sequence number in the channel, which reveals gaps."),
            key("epoch", FIELD, "Identifies one run of that numbering."),
            key("timestamp", Shape::Either(&[Shape::Off, Shape::Field, Shape::Section(&TIMESTAMP)]), "The publication time."),
            key("correlate", Shape::Either(&[Shape::Word(&["id", "order"]), Shape::Section(&CORRELATE)]), "How replies are matched to requests."),
            key("outcome", Shape::Section(&OUTCOME), "What distinguishes a successful reply from a failed one, if the tag does not."),
            $($more),*
        ]
    };
}

/// The named forms of envelope; only the first is supported yet.
pub(crate) const LAYOUTS: &[&str] = &["object", "tag-as-key", "array", "json-rpc", "two-tags"];

static ENVELOPE: Section = Section {
    name: "envelope",
    doc: "The fields around every payload.",
    keys: envelope_keys![
        key(
            "client",
            Shape::Section(&ENVELOPE_PART),
            "Overrides for what the client sends."
        ),
        key(
            "server",
            Shape::Section(&ENVELOPE_PART),
            "Overrides for what the server sends."
        ),
    ],
};

static ENVELOPE_PART: Section = Section {
    name: "envelope part",
    doc: "Overrides of the envelope.",
    keys: envelope_keys![],
};

static ERROR: Section = Section {
    name: "error",
    doc: "An error with which requests may be answered.",
    keys: &[
        key("code", CODE, "Its value on the wire; by default its key."),
        key("description", Shape::Text, "A description."),
        key(
            "retryable",
            Shape::Flag,
            "Whether the same request may be retried.",
        ),
        key("data", Shape::Schema, "The payload that comes with it."),
        key("rust", Shape::RustName, "Its name in Rust."),
        key("ts", Shape::TsName, "Its name in TypeScript."),
    ],
};

static CHANNEL: Section = Section {
    name: "channel",
    doc: "A channel to which messages are published, separately for each value of its parameters.",
    keys: &[
        key("description", Shape::Text, "A description."),
        must(
            "key",
            Shape::Text,
            "Its key on the wire, with a placeholder for each parameter: `room:{roomId}`.",
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
            "What is stored for clients that come back.",
        ),
        key("rust", Shape::RustName, "Its name in Rust."),
        key("ts", Shape::TsName, "Its name in TypeScript."),
    ],
};

static HISTORY: Section = Section {
    name: "history",
    doc: "How much of a channel is stored.",
    keys: &[
        must(
            "size",
            Shape::Count(1, 1_000_000),
            "The maximum number of messages.",
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
        key("description", Shape::Text, "A description."),
        key(
            "payload",
            Shape::Schema,
            "Its payload, as JSON Schema 2020-12.",
        ),
        key(
            "tag",
            TAG,
            "The value of its tag on the wire; by default its name; null for a reply without a tag.",
        ),
        key(
            "envelope",
            Shape::Section(&ENVELOPE_PART),
            "Overrides of the protocol's envelope.",
        ),
        key(
            "client",
            Shape::Section(&SENT),
            "Overrides for when the client sends it.",
        ),
        key(
            "server",
            Shape::Section(&SENT),
            "Overrides for when the server sends it.",
        ),
        key("channel", Shape::Name, "The channel it belongs to."),
        key(
            "reply",
            Shape::Either(&[Shape::Name, Shape::Section(&REPLY)]),
            "The reply: a message, or a stream of messages.",
        ),
        key(
            "errors",
            Shape::List(&Shape::Name),
            "The errors with which it may be answered.",
        ),
        key("timeout", Shape::Duration, "How long to wait for a reply."),
        key(
            "volatile",
            Shape::Flag,
            "Never numbered, never stored, dropped first under pressure.",
        ),
        key(
            "idempotent",
            Shape::Flag,
            "May be sent again if its outcome is unknown.",
        ),
        key(
            "deprecated",
            Shape::Either(&[Shape::Flag, Shape::Text]),
            "Deprecated; a string says why.",
        ),
        key(
            "since",
            Shape::Version,
            "The protocol version that introduced it.",
        ),
        key("rust", Shape::RustName, "Its name in Rust."),
        key("ts", Shape::TsName, "Its name in TypeScript."),
    ],
};

static SENT: Section = Section {
    name: "message part",
    doc: "Overrides for when one side sends the message.",
    keys: &[
        key("payload", Shape::Schema, "Its payload."),
        key("tag", TAG, "The value of its tag."),
        key(
            "envelope",
            Shape::Section(&ENVELOPE_PART),
            "Overrides of the protocol's envelope.",
        ),
    ],
};

static REPLY: Section = Section {
    name: "reply",
    doc: "A reply that is a stream.",
    keys: &[
        key("ack", Shape::Name, "Says that the stream has begun."),
        must("stream", Shape::Name, "The items of the stream."),
        key("end", Shape::Name, "Ends the stream."),
        key(
            "cancel",
            Shape::Name,
            "Sent by the requesting side to cancel the stream.",
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
            "The interval at which each side sends a sign of life. 25s.",
        ),
        key(
            "timeout",
            Shape::Duration,
            "The timeout of the handshake, and of the answer to a ping. 10s.",
        ),
        key(
            "auth",
            Shape::Name,
            "The message whose payload the hello contains, to authenticate the client.",
        ),
        key(
            "resume",
            OFF_OR_DURATION,
            "How long a session is kept after its connection was lost. 2m.",
        ),
        key(
            "backoff",
            Shape::Section(&BACKOFF),
            "How long a client waits before it reconnects.",
        ),
        key(
            "roles",
            Shape::Either(&[Shape::Off, Shape::Section(&ROLES)]),
            "The messages of the session itself; `off` turns off all of them.",
        ),
        key(
            "phases",
            Shape::Section(&PHASES),
            "Who sends first, and what is allowed before ready.",
        ),
    ],
};

static BACKOFF: Section = Section {
    name: "backoff",
    doc: "A random time below a bound that doubles from `min` to `max`.",
    keys: &[
        key("min", Shape::Duration, "The first bound. 500ms."),
        key("max", Shape::Duration, "The last bound. 30s."),
        key(
            "attempts",
            Shape::Count(1, MAX_U32),
            "How many attempts in a row may fail before a client gives up. By default no limit.",
        ),
    ],
};

const ROLE: Shape = Shape::Either(&[Shape::Off, Shape::Section(&ROLE_SECTION)]);

static ROLES: Section = Section {
    name: "roles",
    doc: "The messages of the session itself. Each is Handfast's own, an application message, or `off`.",
    keys: &[
        key(
            "hello",
            ROLE,
            "Client: introduces itself, with its version and hash.",
        ),
        key("ready", ROLE, "Server: welcome."),
        key("refuse", ROLE, "Server: refuses the client, with a reason."),
        key(
            "auth",
            ROLE,
            "Client: authenticates, if the hello does not.",
        ),
        key("resume", ROLE, "Client: resumes its session."),
        key("gap", ROLE, "Server: messages are missing."),
        key("join", ROLE, "Client: joins a channel."),
        key("leave", ROLE, "Client: leaves a channel."),
        key("ping", ROLE, "Either: asks for a pong."),
        key("pong", ROLE, "Either: I am."),
        key("negotiate", ROLE, "Client: switches to another encoding."),
        key("error", ROLE, "Server: reports an error."),
    ],
};

static ROLE_SECTION: Section = Section {
    name: "role",
    doc: "Who plays a role: `tag` renames Handfast's own message, `message` names an application message.",
    keys: &[
        key("tag", CODE, "The tag of Handfast's own message."),
        key("message", Shape::Name, "The message that plays the role."),
        key(
            "fields",
            Shape::Free(&Shape::Text),
            "The locations of the role's fields in its payload, as JSON Pointers: `{ version: /ver }`.",
        ),
    ],
};

static PHASES: Section = Section {
    name: "phases",
    doc: "Who sends first, and what is allowed before the session is ready.",
    keys: &[
        key(
            "first",
            Shape::Word(&["client", "server"]),
            "Who sends the first message. client.",
        ),
        key(
            "beforeReady",
            Shape::List(&Shape::Name),
            "The messages allowed before ready, beside the session's own.",
        ),
        key(
            "ids",
            Shape::Flag,
            "Whether messages before ready have ids. true.",
        ),
    ],
};

static LIMITS: Section = Section {
    name: "limits",
    doc: "What a side accepts from its peer.",
    keys: &[
        key("message", Shape::Size, "The largest message. 64KiB."),
        key(
            "depth",
            Shape::Count(1, 1024),
            "How deeply a message may be nested. 64.",
        ),
        key(
            "rate",
            Shape::Either(&[Shape::Off, Shape::Rate]),
            "How many messages a client may send. 1000/s.",
        ),
        key(
            "violations",
            Shape::Count(1, MAX_U32),
            "How many invalid messages in a row are accepted before the connection is closed. 5.",
        ),
        key(
            "outbound",
            Shape::Size,
            "How many bytes may be queued for a slow client. 1MiB.",
        ),
        key(
            "inbound",
            Shape::Size,
            "How many bytes of received messages may be queued for handlers. 256KiB.",
        ),
        key(
            "channels",
            Shape::Count(1, MAX_U32),
            "How many channels a connection may have joined. 256.",
        ),
        key(
            "streams",
            Shape::Count(1, MAX_U32),
            "How many streams a connection may have open. 256.",
        ),
        key(
            "handlerTimeout",
            OFF_OR_DURATION,
            "How long a handler may take, except for streams. Twice the message's timeout.",
        ),
    ],
};

static ENCODINGS: Section = Section {
    name: "encodings",
    doc: "The supported encodings, each with its WebSocket subprotocol.",
    keys: &[
        key("json", Shape::Text, "JSON text."),
        key("msgpack", Shape::Text, "MessagePack."),
        key("cbor", Shape::Text, "CBOR."),
    ],
};

const CLOSE: Shape = Shape::Count(1000, 4999);

static CLOSES: Section = Section {
    name: "closes",
    doc: "The close codes, by the reason why a connection ended (RFC 6455, section 7.4).",
    keys: &[
        key("going-away", CLOSE, "The server shuts down. 1001."),
        key(
            "unauthorized",
            CLOSE,
            "The client failed to authenticate. 4401.",
        ),
        key("version", CLOSE, "The versions are not compatible. 4406."),
        key("hello-timeout", CLOSE, "No hello in time. 4408."),
        key(
            "taken-over",
            CLOSE,
            "Another connection took the session over. 4409.",
        ),
        key("kicked", CLOSE, "The server removes the client. 4403."),
        key("violations", CLOSE, "Too many invalid messages. 1008."),
        key("too-large", CLOSE, "A message was too large. 1009."),
        key("rate-limited", CLOSE, "Too many messages. 4429."),
        key("slow", CLOSE, "The client reads too slowly. 4008."),
        key("silent", CLOSE, "Nothing was received for too long. 4000."),
        key("internal", CLOSE, "An internal error of the server. 1011."),
    ],
};

static GENERATE: Section = Section {
    name: "generate",
    doc: "What is generated, and where. Paths are relative to the folder of the spec.",
    keys: &[
        key(
            "outside",
            Shape::Flag,
            "Whether outputs may be outside the folder of the spec. false.",
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
        must("out", Shape::Out, "The output file."),
        key(
            "crate",
            Shape::RustPath,
            "The path of the runtime in the generated code. handfast.",
        ),
        key(
            "types",
            Shape::Free(&Shape::RustPath),
            "Rust types for a `format`: `{ uuid: uuid::Uuid }`.",
        ),
        key(
            "borrow",
            Shape::List(&Shape::Name),
            "Messages whose strings share the buffer they are read from, without being copied.",
        ),
        key(
            "derive",
            Shape::List(&Shape::Word(&["PartialEq", "Deserialize"])),
            "Traits to derive beside Clone, Debug and Serialize. None.",
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
            "The output file; the runtime is copied beside it.",
        ),
        key(
            "sides",
            Shape::Word(&["client", "both"]),
            "What it can decode: what a client receives, or also what a server receives. client.",
        ),
    ],
};

static GENERATE_SCHEMA: Section = Section {
    name: "generate schema",
    doc: "The JSON Schema of every message.",
    keys: &[must("out", Shape::Out, "The output file.")],
};
