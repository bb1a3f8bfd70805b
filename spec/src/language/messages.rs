//! The sections `errors`, `channels` and `messages`.

use super::envelope::ENVELOPE_PART;
use super::{CODE, Section, Shape, key, must};

const TAG: Shape = Shape::Either(&[Shape::Text, Shape::Integer, Shape::Null]);

pub(super) static ERROR: Section = Section {
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

pub(super) static CHANNEL: Section = Section {
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
            "What is stored for clients that join again.",
        ),
        key(
            "presence",
            Shape::Either(&[Shape::Flag, Shape::Section(&PRESENCE)]),
            "Its members learn who else is in it.",
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
        key(
            "bytes",
            Shape::Size,
            "The maximum size of all of them. 1MiB.",
        ),
    ],
};

static PRESENCE: Section = Section {
    name: "presence",
    doc: "What the members of a channel learn of each other.",
    keys: &[
        key(
            "info",
            Shape::Schema,
            "What the server says of each member, as JSON Schema 2020-12.",
        ),
        key(
            "members",
            Shape::Count(1, 10_000),
            "The maximum number of members that are listed; of others only the number is known. 1000.",
        ),
    ],
};

pub(super) static MESSAGE: Section = Section {
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
            "volatileKey",
            Shape::Text,
            "A field of the payload: a newer message replaces one that waits with the same value.",
        ),
        key(
            "concurrent",
            Shape::Flag,
            "The server handles it beside other messages of the same client, in no order.",
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
