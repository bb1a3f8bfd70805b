//! The vocabulary of JSON Schema 2020-12 and Handfast's few keywords, as one table.

/// A keyword.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// Its name.
    pub(crate) name: &'static str,
    /// The type of its value.
    pub(crate) value: Value,
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
}

const fn keyword(name: &'static str, value: Value, doc: &'static str) -> Keyword {
    Keyword { name, value, doc }
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

/// Every keyword.
pub(crate) static KEYWORDS: &[Keyword] = &[
    keyword(
        "$schema",
        Value::Text,
        "The dialect; 2020-12 is the only one.",
    ),
    keyword(
        "$vocabulary",
        Value::Vocabulary,
        "The vocabularies of a dialect.",
    ),
    keyword(
        "$id",
        Value::Reference,
        "The address of this schema, relative.",
    ),
    keyword(
        "$anchor",
        Value::Anchor,
        "A name that `$ref: '#name'` refers to.",
    ),
    keyword(
        "$dynamicAnchor",
        Value::Anchor,
        "A name that `$dynamicRef: '#name'` looks for.",
    ),
    keyword(
        "$ref",
        Value::Reference,
        "Another schema: `#/types/…`, or one of a file beside this one.",
    ),
    keyword(
        "$dynamicRef",
        Value::Reference,
        "The outermost schema of that dynamic anchor.",
    ),
    keyword("$defs", Value::SchemaMap, "Schemas for `$ref`."),
    keyword(
        "$comment",
        Value::Text,
        "A comment for maintainers of the schema.",
    ),
    keyword(
        "title",
        Value::Text,
        "A short name; it names the branch of a union.",
    ),
    keyword(
        "description",
        Value::Text,
        "A description. It becomes documentation.",
    ),
    keyword(
        "default",
        Value::Any,
        "The value to assume if there is none. It is never filled in.",
    ),
    keyword("examples", Value::Values, "Examples of valid values."),
    keyword("deprecated", Value::Flag, "Deprecated."),
    keyword("readOnly", Value::Flag, "Set by the server."),
    keyword("writeOnly", Value::Flag, "Never sent by the server."),
    keyword(
        "type",
        Value::Types,
        "The type, or the types, that a value may have.",
    ),
    keyword("const", Value::Any, "The only valid value."),
    keyword("enum", Value::Values, "The valid values."),
    keyword(
        "multipleOf",
        Value::Positive,
        "The value is a multiple of this number.",
    ),
    keyword("maximum", Value::Number, "The largest valid number."),
    keyword(
        "exclusiveMaximum",
        Value::Number,
        "Valid numbers are below this one.",
    ),
    keyword("minimum", Value::Number, "The smallest valid number."),
    keyword(
        "exclusiveMinimum",
        Value::Number,
        "Valid numbers are above this one.",
    ),
    keyword(
        "maxLength",
        Value::Count,
        "The maximum length of a string, in code points.",
    ),
    keyword(
        "minLength",
        Value::Count,
        "The minimum length of a string, in code points.",
    ),
    keyword(
        "pattern",
        Value::Pattern,
        "A regular expression (ECMA-262) that must match somewhere in the string.",
    ),
    keyword(
        "format",
        Value::Text,
        "The format of a string: `date-time`, `uuid`, …",
    ),
    keyword(
        "contentEncoding",
        Value::Text,
        "The encoding of bytes in the string: `base64`.",
    ),
    keyword(
        "contentMediaType",
        Value::Text,
        "The media type of the string's content.",
    ),
    keyword(
        "contentSchema",
        Value::Schema,
        "The schema of the string's content.",
    ),
    keyword(
        "prefixItems",
        Value::Schemas,
        "The schemas of the first items, one by one.",
    ),
    keyword(
        "items",
        Value::Schema,
        "The schema of the items after `prefixItems`.",
    ),
    keyword(
        "contains",
        Value::Schema,
        "A schema that some item must match.",
    ),
    keyword(
        "minContains",
        Value::Count,
        "The minimum number of items that match `contains`.",
    ),
    keyword(
        "maxContains",
        Value::Count,
        "The maximum number of items that match `contains`.",
    ),
    keyword("maxItems", Value::Count, "The maximum number of items."),
    keyword("minItems", Value::Count, "The minimum number of items."),
    keyword("uniqueItems", Value::Flag, "No two items are equal."),
    keyword(
        "unevaluatedItems",
        Value::Schema,
        "The schema of items that nothing else evaluated.",
    ),
    keyword("properties", Value::SchemaMap, "The schemas of the fields."),
    keyword(
        "patternProperties",
        Value::SchemaMap,
        "The schemas of fields whose names match a pattern.",
    ),
    keyword(
        "additionalProperties",
        Value::Schema,
        "The schema of further fields; `false` refuses them.",
    ),
    keyword(
        "propertyNames",
        Value::Schema,
        "The schema of the fields' names.",
    ),
    keyword(
        "maxProperties",
        Value::Count,
        "The maximum number of fields.",
    ),
    keyword(
        "minProperties",
        Value::Count,
        "The minimum number of fields.",
    ),
    keyword("required", Value::Names, "The fields that must be present."),
    keyword(
        "dependentRequired",
        Value::NamesMap,
        "Fields that must be present if another is.",
    ),
    keyword(
        "dependentSchemas",
        Value::SchemaMap,
        "Schemas that apply if a field is present.",
    ),
    keyword(
        "unevaluatedProperties",
        Value::Schema,
        "The schema of fields that nothing else evaluated.",
    ),
    keyword("allOf", Value::Schemas, "All of these must match."),
    keyword("anyOf", Value::Schemas, "At least one of these must match."),
    keyword("oneOf", Value::Schemas, "Exactly one of these must match."),
    keyword("not", Value::Schema, "This must not match."),
    keyword("if", Value::Schema, "Decides between `then` and `else`."),
    keyword("then", Value::Schema, "Must match if `if` does."),
    keyword("else", Value::Schema, "Must match if `if` does not."),
    keyword(
        "open",
        Value::Flag,
        "Beside an `enum` of strings: a client accepts unknown values.",
    ),
    keyword(
        "rust",
        Value::RustName,
        "The name of the type or field in Rust.",
    ),
    keyword(
        "ts",
        Value::TsName,
        "The name of the type or field in TypeScript.",
    ),
];

/// Keywords of older drafts that the meta-schema of 2020-12 still describes; `dialect: json-schema` reads them.
static STILL_READ: [Keyword; 2] = [
    keyword("definitions", Value::SchemaMap, "Schemas for `$ref`."),
    keyword(
        "dependencies",
        Value::Dependencies,
        "Fields, or schemas, that apply if a field is present.",
    ),
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

/// The keyword with a name.
pub(crate) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// The keyword of an older draft that is still supported.
pub(crate) fn find_older(name: &str) -> Option<&'static Keyword> {
    STILL_READ.iter().find(|keyword| keyword.name == name)
}
