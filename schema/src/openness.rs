//! Whether an object may have unknown fields depends on the receiving side, not on the type: unless the schema says
//! otherwise, a server refuses them. This module decides where that applies, from the schemas alone, so that the
//! interpreter, the emitted JSON Schema and the generators cannot differ.

use crate::{Schema, SchemaId, Schemas};
use std::collections::BTreeSet;

/// What a schema is used for where it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// It describes a value by itself: a payload, a property, an item, and the target of such a schema's `$ref`.
    Whole,
    /// It describes a value together with others, under `allOf` and the like. The enclosing schema decides on unknown
    /// fields.
    Part,
    /// It tests a value: under `not`, `if`, `contains` and `propertyNames`. No default applies.
    Test,
}

impl Purpose {
    /// The purpose of the properties and items of a schema with this purpose.
    #[must_use]
    pub const fn child(self) -> Self {
        match self {
            Self::Whole | Self::Part => Self::Whole,
            Self::Test => Self::Test,
        }
    }
}

/// How a server treats unknown fields of an object, given a schema with [`Purpose::Whole`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownFields {
    /// As the schema says: it decides on unknown fields itself, or describes no field (`true`, `{type: object}`) and
    /// so allows any object, or its dialect has no default.
    AsWritten,
    /// As with `additionalProperties: false` beside its `properties`.
    RefuseAdditional,
    /// The schema delegates to others, through one `$ref`, `oneOf` or `anyOf`: each of those has [`Purpose::Whole`].
    Delegate,
    /// As with `unevaluatedProperties: false` beside its `allOf` and the like, each of which is a [`Purpose::Part`].
    RefuseUnevaluated,
}

impl UnknownFields {
    /// The purpose of the subschemas that apply to the same value as a schema with this purpose.
    #[must_use]
    pub fn in_place(self, purpose: Purpose) -> Purpose {
        match purpose {
            Purpose::Whole if self == Self::Delegate => Purpose::Whole,
            Purpose::Whole | Purpose::Part => Purpose::Part,
            Purpose::Test => Purpose::Test,
        }
    }
}

/// How a server treats unknown fields, given this schema with [`Purpose::Whole`].
pub fn unknown_fields(schemas: &Schemas, id: SchemaId) -> UnknownFields {
    let schema = &schemas[id];
    if !schemas.has_defaults() || schema.boolean.is_some() || schema.closes_itself() {
        return UnknownFields::AsWritten;
    }
    let own = has_fields(schema);
    if applicators(schema).next().is_none() {
        return if own {
            UnknownFields::RefuseAdditional
        } else {
            UnknownFields::AsWritten
        };
    }
    if !own && stands_for_others(schema) {
        return UnknownFields::Delegate;
    }
    if describes_fields(schemas, id, &mut BTreeSet::new()) {
        UnknownFields::RefuseUnevaluated
    } else {
        UnknownFields::AsWritten
    }
}

fn has_fields(schema: &Schema) -> bool {
    !schema.properties.is_empty() || !schema.pattern_properties.is_empty()
}

/// Whether the schema delegates to exactly one of `$ref`, `$dynamicRef`, `oneOf` and `anyOf`.
fn stands_for_others(schema: &Schema) -> bool {
    let others = !schema.all_of.is_empty()
        || schema.condition.is_some()
        || !schema.dependent_schemas.is_empty();
    let ways = [
        schema.reference.is_some(),
        schema.dynamic_reference.is_some(),
        !schema.one_of.is_empty(),
        !schema.any_of.is_empty(),
    ];
    !others && ways.into_iter().filter(|way| *way).count() == 1
}

/// Every subschema that describes the same value as the schema; `not` and `if` describe nothing.
fn applicators(schema: &Schema) -> impl Iterator<Item = SchemaId> {
    let conditional = schema.condition.is_some();
    schema
        .reference
        .into_iter()
        .chain(
            schema
                .dynamic_reference
                .as_ref()
                .map(|dynamic| dynamic.initial),
        )
        .chain(schema.all_of.iter().copied())
        .chain(schema.any_of.iter().copied())
        .chain(schema.one_of.iter().copied())
        .chain(schema.then.filter(|_| conditional))
        .chain(schema.otherwise.filter(|_| conditional))
        .chain(schema.dependent_schemas.iter().map(|(_, schema)| *schema))
}

fn describes_fields(schemas: &Schemas, id: SchemaId, seen: &mut BTreeSet<SchemaId>) -> bool {
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let schema = &schemas[id];
        if has_fields(schema) {
            return true;
        }
        waiting.extend(applicators(schema));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn each_form_closes_in_its_own_way() -> Result<(), crate::FromJsonError> {
        let field = || json!({ "properties": { "a": true } });
        let cases: [(Value, UnknownFields); 13] = [
            (json!(true), UnknownFields::AsWritten),
            (json!({ "type": "object" }), UnknownFields::AsWritten),
            (field(), UnknownFields::RefuseAdditional),
            (
                json!({ "patternProperties": { "a": true } }),
                UnknownFields::RefuseAdditional,
            ),
            (
                json!({ "properties": { "a": true }, "additionalProperties": true }),
                UnknownFields::AsWritten,
            ),
            (
                json!({ "$ref": "#/$defs/A", "$defs": { "A": field() } }),
                UnknownFields::Delegate,
            ),
            (
                json!({ "type": "object", "oneOf": [field(), field()] }),
                UnknownFields::Delegate,
            ),
            (
                json!({ "anyOf": [field(), { "type": "null" }] }),
                UnknownFields::Delegate,
            ),
            (
                json!({ "allOf": [field()] }),
                UnknownFields::RefuseUnevaluated,
            ),
            (
                json!({ "properties": { "b": true }, "oneOf": [field()] }),
                UnknownFields::RefuseUnevaluated,
            ),
            (
                json!({ "allOf": [{ "type": "string" }] }),
                UnknownFields::AsWritten,
            ),
            (json!({ "not": field() }), UnknownFields::AsWritten),
            (
                json!({ "if": true, "then": field() }),
                UnknownFields::RefuseUnevaluated,
            ),
        ];
        for (schema, expected) in cases {
            let (schemas, root) = Schemas::from_json(&schema)?;
            assert_eq!(unknown_fields(&schemas, root), expected, "{schema}");
        }
        Ok(())
    }
}
