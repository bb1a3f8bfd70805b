//! The section `envelope`.

use super::{Section, Shape, key, must};

const FIELD: Shape = Shape::Either(&[Shape::Off, Shape::Field, Shape::Section(&FIELD_SECTION)]);

pub(super) static FIELD_SECTION: Section = Section {
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
            key("outcome", Shape::Either(&[Shape::Off, Shape::Section(&OUTCOME)]), "What distinguishes a successful reply from a failed one, if the tag does not."),
            $($more),*
        ]
    };
}

/// The named forms of envelope; only the first is supported yet.
pub(crate) const LAYOUTS: &[&str] = &["object", "tag-as-key", "array", "json-rpc", "two-tags"];

pub(super) static ENVELOPE: Section = Section {
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

pub(super) static ENVELOPE_PART: Section = Section {
    name: "envelope part",
    doc: "Overrides of the envelope.",
    keys: envelope_keys![],
};
