//! The section `generate`.

use super::{Section, Shape, key, must};

pub(super) static GENERATE: Section = Section {
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
        key(
            "bytes",
            Shape::Word(&["base64", "uint8array"]),
            "The type of bytes: `string`, which is their base64, or `Uint8Array`. base64.",
        ),
        key(
            "brands",
            Shape::Flag,
            "Types of their own for named strings and numbers, and for strings with a `format`. false.",
        ),
        key(
            "imports",
            Shape::Word(&["js", "ts"]),
            "The extension in imports of generated files: `js`, as compilers write them, or `ts`, for Node and Deno without a compiler, webpack and Jest. js.",
        ),
    ],
};

static GENERATE_SCHEMA: Section = Section {
    name: "generate schema",
    doc: "The JSON Schema of every message.",
    keys: &[must("out", Shape::Out, "The output file.")],
};
