//! The table of keywords.

use super::{Keyword, Value};
use crate::schema::draft::{Draft, Drafts};

const ALL: Drafts = Drafts::ALL;
const OPENAPI: Drafts = Drafts::OPENAPI;
const JSON_SCHEMA: Drafts = Drafts::since(Draft::Draft04);
const SINCE_06: Drafts = Drafts::since(Draft::Draft06);
const SINCE_07: Drafts = Drafts::since(Draft::Draft07);
const SINCE_2019: Drafts = Drafts::since(Draft::Draft2019);
const SINCE_2020: Drafts = Drafts::since(Draft::Draft2020);
const UNTIL_07: Drafts = Drafts::between(Draft::Draft04, Draft::Draft07);
const UNTIL_2019: Drafts = Drafts::between(Draft::Draft04, Draft::Draft2019);
const ONLY_04: Drafts = Drafts::between(Draft::Draft04, Draft::Draft04);
const ONLY_2019: Drafts = Drafts::between(Draft::Draft2019, Draft::Draft2019);

const fn keyword(name: &'static str, value: Value, drafts: Drafts, doc: &'static str) -> Keyword {
    Keyword {
        name,
        value,
        drafts,
        doc,
    }
}

/// Every keyword.
pub(super) static KEYWORDS: &[Keyword] = &[
    keyword(
        "$schema",
        Value::Text,
        JSON_SCHEMA,
        "The draft of this schema, and of those inside it.",
    ),
    keyword(
        "$vocabulary",
        Value::Vocabulary,
        SINCE_2019,
        "The vocabularies of a dialect.",
    ),
    keyword(
        "$id",
        Value::Reference,
        SINCE_06,
        "The address of this schema, relative.",
    ),
    keyword(
        "id",
        Value::Reference,
        ONLY_04,
        "The address of this schema, in draft 04.",
    ),
    keyword(
        "$anchor",
        Value::Anchor,
        SINCE_2019,
        "A name that `$ref: '#name'` refers to.",
    ),
    keyword(
        "$dynamicAnchor",
        Value::Anchor,
        SINCE_2020,
        "A name that `$dynamicRef: '#name'` looks for.",
    ),
    keyword(
        "$recursiveAnchor",
        Value::Flag,
        ONLY_2019,
        "Whether `$recursiveRef` may lead to this resource.",
    ),
    keyword(
        "$ref",
        Value::Reference,
        ALL,
        "Another schema: `#/types/…`, or one of a file beside this one.",
    ),
    keyword(
        "$dynamicRef",
        Value::Reference,
        SINCE_2020,
        "The outermost schema of that dynamic anchor.",
    ),
    keyword(
        "$recursiveRef",
        Value::Reference,
        ONLY_2019,
        "The outermost resource with `$recursiveAnchor`.",
    ),
    keyword("$defs", Value::SchemaMap, SINCE_2019, "Schemas for `$ref`."),
    keyword(
        "definitions",
        Value::SchemaMap,
        UNTIL_07,
        "Schemas for `$ref`.",
    ),
    keyword(
        "$comment",
        Value::Text,
        SINCE_07,
        "A comment for maintainers of the schema.",
    ),
    keyword(
        "title",
        Value::Text,
        ALL,
        "A short name; it names the branch of a union.",
    ),
    keyword(
        "description",
        Value::Text,
        ALL,
        "A description. It becomes documentation.",
    ),
    keyword(
        "default",
        Value::Any,
        ALL,
        "The value to assume if there is none. It is never filled in.",
    ),
    keyword(
        "examples",
        Value::Values,
        SINCE_06,
        "Examples of valid values.",
    ),
    keyword(
        "example",
        Value::Any,
        OPENAPI,
        "An example of a valid value.",
    ),
    keyword(
        "deprecated",
        Value::Flag,
        SINCE_2019.or(OPENAPI),
        "Deprecated.",
    ),
    keyword(
        "readOnly",
        Value::Flag,
        SINCE_07.or(OPENAPI),
        "Set by the server.",
    ),
    keyword(
        "writeOnly",
        Value::Flag,
        SINCE_07.or(OPENAPI),
        "Never sent by the server.",
    ),
    keyword(
        "xml",
        Value::Any,
        OPENAPI,
        "How the value is written as XML.",
    ),
    keyword(
        "externalDocs",
        Value::Any,
        OPENAPI,
        "Where more documentation is.",
    ),
    keyword(
        "type",
        Value::Types,
        ALL,
        "The type, or the types, that a value may have.",
    ),
    keyword(
        "nullable",
        Value::Flag,
        OPENAPI,
        "Whether null is valid as well.",
    ),
    keyword("const", Value::Any, SINCE_06, "The only valid value."),
    keyword("enum", Value::Values, ALL, "The valid values."),
    keyword(
        "multipleOf",
        Value::Positive,
        ALL,
        "The value is a multiple of this number.",
    ),
    keyword("maximum", Value::Number, ALL, "The largest valid number."),
    keyword(
        "exclusiveMaximum",
        Value::Number,
        SINCE_06,
        "Valid numbers are below this one.",
    ),
    keyword(
        "exclusiveMaximum",
        Value::Flag,
        ONLY_04.or(OPENAPI),
        "Whether `maximum` itself is not valid.",
    ),
    keyword("minimum", Value::Number, ALL, "The smallest valid number."),
    keyword(
        "exclusiveMinimum",
        Value::Number,
        SINCE_06,
        "Valid numbers are above this one.",
    ),
    keyword(
        "exclusiveMinimum",
        Value::Flag,
        ONLY_04.or(OPENAPI),
        "Whether `minimum` itself is not valid.",
    ),
    keyword(
        "maxLength",
        Value::Count,
        ALL,
        "The maximum length of a string, in code points.",
    ),
    keyword(
        "minLength",
        Value::Count,
        ALL,
        "The minimum length of a string, in code points.",
    ),
    keyword(
        "pattern",
        Value::Pattern,
        ALL,
        "A regular expression (ECMA-262) that must match somewhere in the string.",
    ),
    keyword(
        "format",
        Value::Text,
        ALL,
        "The format of a string: `date-time`, `uuid`, …",
    ),
    keyword(
        "contentEncoding",
        Value::Text,
        SINCE_07,
        "The encoding of bytes in the string: `base64`.",
    ),
    keyword(
        "contentMediaType",
        Value::Text,
        SINCE_07,
        "The media type of the string's content.",
    ),
    keyword(
        "contentSchema",
        Value::Schema,
        SINCE_2019,
        "The schema of the string's content.",
    ),
    keyword(
        "prefixItems",
        Value::Schemas,
        SINCE_2020,
        "The schemas of the first items, one by one.",
    ),
    keyword(
        "items",
        Value::Schema,
        SINCE_2020.or(OPENAPI),
        "The schema of the items after `prefixItems`.",
    ),
    keyword(
        "items",
        Value::Items,
        UNTIL_2019,
        "The schema of the items, or a list: the schemas of the first items, one by one.",
    ),
    keyword(
        "additionalItems",
        Value::Schema,
        UNTIL_2019,
        "The schema of the items after those that a list of `items` describes.",
    ),
    keyword(
        "contains",
        Value::Schema,
        SINCE_06,
        "A schema that some item must match.",
    ),
    keyword(
        "minContains",
        Value::Count,
        SINCE_2019,
        "The minimum number of items that match `contains`.",
    ),
    keyword(
        "maxContains",
        Value::Count,
        SINCE_2019,
        "The maximum number of items that match `contains`.",
    ),
    keyword(
        "maxItems",
        Value::Count,
        ALL,
        "The maximum number of items.",
    ),
    keyword(
        "minItems",
        Value::Count,
        ALL,
        "The minimum number of items.",
    ),
    keyword("uniqueItems", Value::Flag, ALL, "No two items are equal."),
    keyword(
        "unevaluatedItems",
        Value::Schema,
        SINCE_2019,
        "The schema of items that nothing else evaluated.",
    ),
    keyword(
        "properties",
        Value::SchemaMap,
        ALL,
        "The schemas of the fields.",
    ),
    keyword(
        "patternProperties",
        Value::SchemaMap,
        JSON_SCHEMA,
        "The schemas of fields whose names match a pattern.",
    ),
    keyword(
        "additionalProperties",
        Value::Schema,
        ALL,
        "The schema of further fields; `false` refuses them.",
    ),
    keyword(
        "propertyNames",
        Value::Schema,
        SINCE_06,
        "The schema of the fields' names.",
    ),
    keyword(
        "maxProperties",
        Value::Count,
        ALL,
        "The maximum number of fields.",
    ),
    keyword(
        "minProperties",
        Value::Count,
        ALL,
        "The minimum number of fields.",
    ),
    keyword(
        "required",
        Value::Names,
        ALL,
        "The fields that must be present.",
    ),
    keyword(
        "dependentRequired",
        Value::NamesMap,
        SINCE_2019,
        "Fields that must be present if another is.",
    ),
    keyword(
        "dependentSchemas",
        Value::SchemaMap,
        SINCE_2019,
        "Schemas that apply if a field is present.",
    ),
    keyword(
        "dependencies",
        Value::Dependencies,
        UNTIL_07,
        "Fields, or schemas, that apply if a field is present.",
    ),
    keyword(
        "unevaluatedProperties",
        Value::Schema,
        SINCE_2019,
        "The schema of fields that nothing else evaluated.",
    ),
    keyword("allOf", Value::Schemas, ALL, "All of these must match."),
    keyword(
        "anyOf",
        Value::Schemas,
        ALL,
        "At least one of these must match.",
    ),
    keyword(
        "oneOf",
        Value::Schemas,
        ALL,
        "Exactly one of these must match.",
    ),
    keyword(
        "discriminator",
        Value::Discriminator,
        OPENAPI,
        "The property that names the branch of a union.",
    ),
    keyword("not", Value::Schema, ALL, "This must not match."),
    keyword(
        "if",
        Value::Schema,
        SINCE_07,
        "Decides between `then` and `else`.",
    ),
    keyword("then", Value::Schema, SINCE_07, "Must match if `if` does."),
    keyword(
        "else",
        Value::Schema,
        SINCE_07,
        "Must match if `if` does not.",
    ),
    keyword(
        "open",
        Value::Flag,
        ALL,
        "Beside an `enum` of strings: a client accepts unknown values.",
    ),
    keyword(
        "rust",
        Value::RustName,
        ALL,
        "The name of the type or field in Rust.",
    ),
    keyword(
        "ts",
        Value::TsName,
        ALL,
        "The name of the type or field in TypeScript.",
    ),
];
