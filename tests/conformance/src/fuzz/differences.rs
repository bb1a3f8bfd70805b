//! Known differences of the other validators, each with a rule and an explanation.

use crate::values::any;
use serde_json::Value;

/// A rule.
pub(super) struct KnownDifference {
    /// The validator.
    pub(super) judge: &'static str,
    /// The explanation, and which side is right.
    pub(super) why: &'static str,
    /// Whether it may be the cause of a difference.
    pub(super) applies: fn(&Value, &Value) -> bool,
}

pub(super) const ALL: &[KnownDifference] = &[
    KnownDifference {
        judge: "Ajv",
        why: "Ajv divides doubles for `multipleOf`: it takes 0.3 for no multiple of 0.1, and 1e300 for none of 1",
        applies: |schema, instance| {
            mentions(schema, "multipleOf")
                && any(instance, &|value| {
                    value
                        .as_f64()
                        .is_some_and(|n| n.fract() != 0.0 || n.abs() > 1e15)
                })
        },
    },
    KnownDifference {
        judge: "jsonschema",
        why: "the jsonschema crate takes the remainder of large doubles as they are, and we of the shortest decimals that name them",
        applies: |schema, instance| {
            mentions(schema, "multipleOf")
                && any(instance, &|value| {
                    value.as_f64().is_some_and(|n| n.abs() > 1e15)
                })
        },
    },
    KnownDifference {
        judge: "Ajv",
        why: "Ajv does not see whether a property whose name is empty is there",
        applies: |schema, _| {
            let words = ["required", "dependentRequired", "dependentSchemas"];
            words.iter().any(|word| {
                let found = |value: &Value| value.get(*word).is_some_and(names_nothing);
                any(schema, &found)
            })
        },
    },
    KnownDifference {
        judge: "jsonschema",
        why: "the jsonschema crate lets `.` in a pattern match U+2028 and U+2029, which are ends of lines in ECMA-262",
        applies: |schema, instance| {
            has_text(schema, &|text| text.contains('.'))
                && has_text(instance, &|text| text.contains(['\u{2028}', '\u{2029}']))
        },
    },
    KnownDifference {
        judge: "jsonschema",
        why: "the jsonschema crate takes `\\w`, `\\d` and `\\s` for those of Unicode in a pattern with look-ahead; in ECMA-262 the first two are ASCII",
        applies: |schema, instance| {
            has_text(schema, &|text| text.contains("(?!") || text.contains("(?="))
                && has_text(instance, &|text| !text.is_ascii())
        },
    },
    KnownDifference {
        judge: "Ajv",
        why: "Ajv counts for `unevaluatedItems` and `unevaluatedProperties` what a failed branch of `oneOf` or `anyOf` has looked at, and all items beside `contains`",
        applies: |schema, _| {
            let watches = ["unevaluatedItems", "unevaluatedProperties"];
            watches.iter().any(|word| mentions(schema, word))
                && ["oneOf", "anyOf", "contains"]
                    .iter()
                    .any(|word| mentions(schema, word))
        },
    },
    KnownDifference {
        judge: "Ajv",
        why: "Ajv takes names that every object of JavaScript has for ones that were evaluated",
        applies: |schema, instance| {
            mentions(schema, "unevaluatedProperties")
                && ["constructor", "toString"]
                    .iter()
                    .any(|name| has_key(instance, name))
        },
    },
    KnownDifference {
        judge: "Ajv",
        why: "Ajv asks no `contains` that refers to the schema around it of an empty array",
        applies: |schema, instance| {
            any(schema, &|value| {
                value
                    .get("contains")
                    .is_some_and(|inner| mentions(inner, "$ref"))
            }) && any(instance, &|value| {
                value.as_array().is_some_and(Vec::is_empty)
            })
        },
    },
    KnownDifference {
        judge: "Ajv",
        why: "Ajv loses properties that are called `__proto__`, of schemas and of instances",
        applies: |schema, instance| {
            [schema, instance]
                .into_iter()
                .any(|one| has_key(one, "__proto__"))
        },
    },
];

/// Whether a schema contains a keyword.
fn mentions(schema: &Value, keyword: &str) -> bool {
    any(schema, &|value| value.get(keyword).is_some())
}

/// Whether a value contains a name, as a key or as text.
fn has_key(value: &Value, name: &str) -> bool {
    any(value, &|value| value.get(name).is_some() || value == name)
}

/// Whether a value contains a text with this property, as a key or as text.
fn has_text(value: &Value, asked: &dyn Fn(&str) -> bool) -> bool {
    any(value, &|value| {
        value.as_str().is_some_and(asked)
            || value
                .as_object()
                .is_some_and(|fields| fields.keys().any(|key| asked(key)))
    })
}

/// Whether a value contains the empty name, as a key or as text.
fn names_nothing(value: &Value) -> bool {
    has_key(value, "")
}
