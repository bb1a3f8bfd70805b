//! The language as one table: every section, its keys, what each accepts and a line of documentation. The checker of
//! form ([`crate::parse::form`]) and the editor's schema ([`crate::format`]) both read it, so they cannot differ.

mod envelope;
mod generate;
mod messages;
mod session;
mod settings;

use envelope::ENVELOPE;
use generate::GENERATE;
use messages::{CHANNEL, ERROR, MESSAGE};
use session::SESSION;
use settings::{CLOSES, ENCODINGS, LIMITS};

pub(crate) use envelope::LAYOUTS;

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

pub(crate) const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        required: false,
        shape,
        doc,
    }
}

pub(crate) const fn must(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        required: true,
        shape,
        doc,
    }
}

const CODE: Shape = Shape::Either(&[Shape::Text, Shape::Integer]);
const OFF_OR_DURATION: Shape = Shape::Either(&[Shape::Off, Shape::Duration]);
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
        key(
            "integers",
            Shape::Word(&["any", "safe"]),
            "Whether an `integer` without bounds is any, or within ±(2⁵³−1), under `json-schema`. any.",
        ),
        key(
            "draft",
            Shape::Either(&[
                Shape::Count(4, 7),
                Shape::Word(&["2019-09", "2020-12", "openapi-3.0"]),
            ]),
            "The draft of schemas without a `$schema`, under `json-schema`. 2020-12.",
        ),
    ],
};
