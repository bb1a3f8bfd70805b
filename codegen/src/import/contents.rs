//! What a file contains: a schema, or a document with schemas.

use serde_json::{Map, Value};
use std::{fmt, str::FromStr};

/// What a file contains.
pub(super) struct Contents {
    /// Whether the file as a whole is a schema.
    pub(super) is_schema: bool,
    /// Whether that schema says something of a value, beside its definitions.
    pub(super) says_something: bool,
    /// The path of each definition, as the tokens of a JSON Pointer.
    pub(super) definitions: Vec<Vec<String>>,
    /// The draft, if the kind of the document decides it.
    pub(super) draft: Option<Draft>,
}

/// The value of `dialect.draft`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft2019,
    Draft2020,
    OpenApi3,
}

impl Draft {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Draft4, "4"),
        (Self::Draft6, "6"),
        (Self::Draft7, "7"),
        (Self::Draft2019, "2019-09"),
        (Self::Draft2020, "2020-12"),
        (Self::OpenApi3, "openapi-3.0"),
    ];
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(draft, _)| draft == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for Draft {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, name)| *name == text);
        known
            .map(|(draft, _)| *draft)
            .ok_or_else(|| "expected 4, 6, 7, 2019-09, 2020-12 or openapi-3.0".to_owned())
    }
}

/// The keywords of all drafts that say something of a value.
const SAYING: [&str; 44] = [
    "$dynamicRef",
    "$recursiveRef",
    "$ref",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "discriminator",
    "else",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The other keywords by which a schema is recognized.
const OTHER: [&str; 7] = [
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "definitions",
    "uniqueItems",
];

/// Finds out what a file contains.
///
/// # Errors
/// Why it contains no schema, to be read after the name of the file.
pub(super) fn contents(root: &Value) -> Result<Contents, String> {
    let Value::Object(map) = root else {
        return Err("is not a schema: its root is not an object".to_owned());
    };
    if map.contains_key("handfast") {
        return Err("is a spec of Handfast itself: generate from it with `--spec`".to_owned());
    }
    let version = |key: &str| map.get(key).and_then(Value::as_str);
    let components = |draft: Option<Draft>| document(map, &["components", "schemas"], draft);
    if let Some(version) = version("openapi") {
        return Ok(components(
            version.starts_with("3.0").then_some(Draft::OpenApi3),
        ));
    }
    if map.contains_key("asyncapi") {
        // Its Schema Object is draft 07, and more that is annotations.
        return Ok(components(Some(Draft::Draft7)));
    }
    if map.contains_key("swagger") {
        return Ok(document(map, &["definitions"], Some(Draft::Draft4)));
    }
    let says_something = SAYING.iter().any(|keyword| map.contains_key(*keyword));
    let known = says_something || OTHER.iter().any(|keyword| map.contains_key(*keyword));
    if !known && map.get("types").is_some_and(Value::is_object) {
        return Ok(document(map, &["types"], None));
    }
    if !known {
        return Err(
            "is not a schema: it has no keyword of JSON Schema, and it is no document of OpenAPI or AsyncAPI".to_owned(),
        );
    }
    let mut definitions = definitions(map, &["$defs"]);
    definitions.extend(self::definitions(map, &["definitions"]));
    Ok(Contents {
        is_schema: true,
        says_something,
        definitions,
        draft: None,
    })
}

/// A document that is no schema itself.
fn document(map: &Map<String, Value>, path: &[&str], draft: Option<Draft>) -> Contents {
    Contents {
        is_schema: false,
        says_something: false,
        definitions: definitions(map, path),
        draft,
    }
}

fn definitions(map: &Map<String, Value>, path: &[&str]) -> Vec<Vec<String>> {
    let at = |map: &'_ Map<String, Value>| {
        let mut all = Some(map);
        for token in path {
            all = all?.get(*token)?.as_object();
        }
        all.map(|all| {
            all.iter()
                .filter(|(_, schema)| schema.is_object() || schema.is_boolean())
        })
        .map(|all| all.map(|(name, _)| name.clone()).collect::<Vec<_>>())
    };
    let tokens = |name: String| {
        path.iter()
            .map(|&token| token.to_owned())
            .chain([name])
            .collect()
    };
    at(map)
        .unwrap_or_default()
        .into_iter()
        .map(tokens)
        .collect()
}
