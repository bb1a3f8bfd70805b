//! The keywords of every draft of JSON Schema and Handfast's few, as one table. A keyword whose value changed has a row
//! for each form.

mod table;

use super::draft::{Draft, Drafts};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use table::KEYWORDS;

/// A keyword.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// Its name.
    pub(crate) name: &'static str,
    /// The type of its value.
    pub(crate) value: Value,
    /// The drafts that have it in this form.
    pub(crate) drafts: Drafts,
    /// Its documentation.
    pub(crate) doc: &'static str,
}

/// The type of a keyword's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A schema.
    Schema,
    /// A list of at least one schema.
    Schemas,
    /// A schema, or a list of schemas.
    Items,
    /// A mapping from names to schemas.
    SchemaMap,
    /// A string.
    Text,
    /// A regular expression.
    Pattern,
    /// True or false.
    Flag,
    /// A whole number, not negative.
    Count,
    /// A number.
    Number,
    /// A number above zero.
    Positive,
    /// A list of different strings.
    Names,
    /// A mapping from names to lists of different strings.
    NamesMap,
    /// One of the seven types, or a list of them.
    Types,
    /// A list of values.
    Values,
    /// Any value.
    Any,
    /// A reference.
    Reference,
    /// A plain name, of an anchor.
    Anchor,
    /// An identifier of Rust.
    RustName,
    /// An identifier of TypeScript.
    TsName,
    /// A mapping from addresses to booleans.
    Vocabulary,
    /// A mapping from names to schemas, or to lists of names.
    Dependencies,
    /// The property that distinguishes the branches of a union, in OpenAPI.
    Discriminator,
}

/// Annotations, which do not affect validation.
pub(crate) const ANNOTATIONS: [&str; 9] = [
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentMediaType",
];

/// Keywords of older drafts, and what 2020-12 has instead.
pub(crate) const OLDER: &[(&str, &str)] = &[
    (
        "definitions",
        "draft 2020-12 writes `$defs`, and a spec has `types`",
    ),
    ("id", "draft 2020-12 writes `$id`"),
    (
        "dependencies",
        "draft 2020-12 writes `dependentRequired` or `dependentSchemas`",
    ),
    (
        "additionalItems",
        "draft 2020-12 writes `prefixItems`, and `items` for the rest",
    ),
    ("$recursiveRef", "draft 2020-12 writes `$dynamicRef`"),
    ("$recursiveAnchor", "draft 2020-12 writes `$dynamicAnchor`"),
    ("nullable", "write `type: [string, 'null']`"),
    ("optional", "do not list the field in `required`"),
    (
        "discriminator",
        "give each branch of `oneOf` a property with its own `const`",
    ),
    ("example", "write `examples`, a list"),
];

/// Handfast's own keywords.
pub(super) const HANDFAST: [&str; 3] = ["open", "rust", "ts"];

/// Keywords of older drafts that the meta-schemas of later ones still describe; `dialect: json-schema` reads them.
pub(super) const STILL_READ: [&str; 2] = ["definitions", "dependencies"];

/// The keyword with a name in a draft.
pub(crate) fn find(name: &str, draft: Draft) -> Option<&'static Keyword> {
    with_name(name).find(|keyword| keyword.drafts.has(draft))
}

/// The keyword of an older draft that the meta-schemas of this one still describe.
pub(crate) fn find_older(name: &str, draft: Draft) -> Option<&'static Keyword> {
    let is_read = draft >= Draft::Draft2019 && STILL_READ.contains(&name);
    with_name(name).find(|_| is_read)
}

/// The rows with a name, one for each form.
pub(crate) fn with_name(name: &str) -> impl Iterator<Item = &'static Keyword> {
    // Every key of every schema is looked up.
    static ROWS: OnceLock<BTreeMap<&str, Vec<&Keyword>>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let mut rows: BTreeMap<&str, Vec<&Keyword>> = BTreeMap::new();
        for keyword in KEYWORDS {
            rows.entry(keyword.name).or_default().push(keyword);
        }
        rows
    });
    rows.get(name).into_iter().flatten().copied()
}

/// Whether a keyword is read beside a `$ref` that stands alone: annotations and names in code assert nothing.
pub(crate) fn stands_beside_ref(name: &str) -> bool {
    matches!(name, "$ref" | "rust" | "ts") || ANNOTATIONS.contains(&name)
}

/// Whether a keyword asserts something about a value, unlike names, definitions and annotations.
pub(crate) fn asserts(name: &str) -> bool {
    !stands_beside_ref(name)
        && ![
            "$schema",
            "$id",
            "id",
            "$defs",
            "definitions",
            "xml",
            "externalDocs",
            "example",
        ]
        .contains(&name)
}

/// Every keyword of a draft.
pub(crate) fn of(draft: Draft) -> impl Iterator<Item = &'static Keyword> {
    KEYWORDS
        .iter()
        .filter(move |keyword| keyword.drafts.has(draft))
}
