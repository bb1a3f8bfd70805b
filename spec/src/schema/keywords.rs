//! The vocabulary of JSON Schema 2020-12, and the few keywords of our own, as one table.

/// A keyword.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// Its name.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) value: Value,
    /// What it says.
    pub(crate) doc: &'static str,
}

/// What the value of a keyword is.
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

/// What is for people alone, and decides no verdict.
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
        "The dialect; 2020-12 is the one there is.",
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
        "A name that `$ref: '#name'` points at.",
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
        "A word to those who maintain the schema.",
    ),
    keyword(
        "title",
        Value::Text,
        "A short name; a branch of a union is called by it.",
    ),
    keyword(
        "description",
        Value::Text,
        "What it is for. It becomes documentation.",
    ),
    keyword(
        "default",
        Value::Any,
        "What the absence of a value means. It is never filled in.",
    ),
    keyword("examples", Value::Values, "Values that fit."),
    keyword("deprecated", Value::Flag, "Not to be used any more."),
    keyword("readOnly", Value::Flag, "Set by the server."),
    keyword("writeOnly", Value::Flag, "Never sent by the server."),
    keyword(
        "type",
        Value::Types,
        "The type, or the types, that a value may have.",
    ),
    keyword("const", Value::Any, "The one value that fits."),
    keyword("enum", Value::Values, "The values that fit."),
    keyword(
        "multipleOf",
        Value::Positive,
        "A number that divides the value.",
    ),
    keyword("maximum", Value::Number, "The largest number that fits."),
    keyword(
        "exclusiveMaximum",
        Value::Number,
        "Numbers below this one fit.",
    ),
    keyword("minimum", Value::Number, "The smallest number that fits."),
    keyword(
        "exclusiveMinimum",
        Value::Number,
        "Numbers above this one fit.",
    ),
    keyword(
        "maxLength",
        Value::Count,
        "The most code points a string may have.",
    ),
    keyword(
        "minLength",
        Value::Count,
        "The fewest code points a string may have.",
    ),
    keyword(
        "pattern",
        Value::Pattern,
        "A regular expression (ECMA-262) that is found in the string.",
    ),
    keyword(
        "format",
        Value::Text,
        "What a string is: `date-time`, `uuid`, …",
    ),
    keyword(
        "contentEncoding",
        Value::Text,
        "How bytes are written in the string: `base64`.",
    ),
    keyword(
        "contentMediaType",
        Value::Text,
        "What the string's content is.",
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
    keyword("contains", Value::Schema, "A schema that some item fits."),
    keyword(
        "minContains",
        Value::Count,
        "How many items fit `contains`, at the least.",
    ),
    keyword(
        "maxContains",
        Value::Count,
        "How many items fit `contains`, at the most.",
    ),
    keyword("maxItems", Value::Count, "The most items there may be."),
    keyword("minItems", Value::Count, "The fewest items there may be."),
    keyword("uniqueItems", Value::Flag, "No two items are equal."),
    keyword(
        "unevaluatedItems",
        Value::Schema,
        "The schema of items that nothing else spoke of.",
    ),
    keyword("properties", Value::SchemaMap, "The schemas of the fields."),
    keyword(
        "patternProperties",
        Value::SchemaMap,
        "The schemas of fields whose names match.",
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
        "The most fields there may be.",
    ),
    keyword(
        "minProperties",
        Value::Count,
        "The fewest fields there may be.",
    ),
    keyword(
        "required",
        Value::Names,
        "The fields that have to be there.",
    ),
    keyword(
        "dependentRequired",
        Value::NamesMap,
        "Fields that have to be there where another is.",
    ),
    keyword(
        "dependentSchemas",
        Value::SchemaMap,
        "Schemas that hold where a field is there.",
    ),
    keyword(
        "unevaluatedProperties",
        Value::Schema,
        "The schema of fields that nothing else spoke of.",
    ),
    keyword("allOf", Value::Schemas, "Every one of these fits."),
    keyword("anyOf", Value::Schemas, "At least one of these fits."),
    keyword("oneOf", Value::Schemas, "Exactly one of these fits."),
    keyword("not", Value::Schema, "This does not fit."),
    keyword("if", Value::Schema, "Decides between `then` and `else`."),
    keyword("then", Value::Schema, "Fits where `if` does."),
    keyword("else", Value::Schema, "Fits where `if` does not."),
    keyword(
        "open",
        Value::Flag,
        "Beside an `enum` of strings: a client takes values it does not know.",
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
        "Fields, or schemas, that hold where a field is there.",
    ),
];

/// Words of older drafts, and what 2020-12 says instead.
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
    ("optional", "leave the field out of `required`"),
    (
        "discriminator",
        "give each branch of `oneOf` a property with its own `const`",
    ),
    ("example", "write `examples`, a list"),
];

/// The keyword of a name.
pub(crate) fn find(name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name)
}

/// The keyword of an older draft that is still read.
pub(crate) fn find_older(name: &str) -> Option<&'static Keyword> {
    STILL_READ.iter().find(|keyword| keyword.name == name)
}
