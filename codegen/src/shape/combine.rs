//! Combined schemas: the parts of an `allOf` are merged into one struct if that has the same meaning.

use super::Reason;
use handfast_schema::{Schema, SchemaId, Schemas, Type, TypeSet, union};
use std::collections::BTreeMap;

/// An object, with the properties of all the schemas it is made of.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) properties: Vec<(String, SchemaId)>,
    pub(super) required: Vec<String>,
    pub(super) closed: Option<bool>,
}

impl Merged {
    /// The properties of a single schema.
    pub(super) fn of(schema: &Schema, schemas: &Schemas) -> Self {
        Self {
            properties: schema.properties.clone(),
            required: schema.required.clone(),
            closed: schema
                .additional_properties
                .and_then(|more| schemas[more].boolean.map(|open| !open)),
        }
    }
}

/// The branches of the union of a schema; of its `oneOf` if it has both.
pub(super) fn branches(schema: &Schema) -> &[SchemaId] {
    if schema.one_of.is_empty() {
        &schema.any_of
    } else {
        &schema.one_of
    }
}

/// The keyword that no type can express, as a reason.
pub(super) fn beyond(schemas: &Schemas, schema: &Schema) -> Option<Reason> {
    let enforced = Enforced::of(schemas, schema);
    let reasons = [
        (schema.condition.is_some(), Reason::Condition),
        (schema.not.is_some(), Reason::Not),
        (
            schema.contains.is_some() && !enforced.contains,
            Reason::Contains,
        ),
        (
            !schema.pattern_properties.is_empty(),
            Reason::PatternProperties,
        ),
        (
            schema.property_names.is_some() && !enforced.names,
            Reason::PropertyNames,
        ),
        (
            !schema.dependent_required.is_empty() && !enforced.dependent,
            Reason::DependentRequired,
        ),
        (
            !schema.dependent_schemas.is_empty(),
            Reason::DependentSchemas,
        ),
        (
            schema.unevaluated_items.is_some() || schema.unevaluated_properties.is_some(),
            Reason::Unevaluated,
        ),
        (schema.dynamic_reference.is_some(), Reason::DynamicReference),
    ];
    reasons
        .into_iter()
        .find_map(|(applies, reason)| applies.then_some(reason))
}

/// Which of the keywords that only some types enforce are enforced by the type of a schema.
#[derive(Default)]
struct Enforced {
    /// `contains`, of a list.
    contains: bool,
    /// `propertyNames`, of a map.
    names: bool,
    /// `dependentRequired`, of a struct.
    dependent: bool,
}

impl Enforced {
    fn of(schemas: &Schemas, schema: &Schema) -> Self {
        let others = schema.reference.is_some()
            || schema.constant.is_some()
            || schema.enumeration.is_some()
            || !schema.all_of.is_empty()
            || !schema.any_of.is_empty()
            || !schema.one_of.is_empty();
        if others {
            return Self::default();
        }
        let types = schema.types.unwrap_or(TypeSet::NONE);
        match types.without(Type::Null).single() {
            Some(Type::Array) => Self {
                contains: schema.prefix_items.is_empty(),
                ..Self::default()
            },
            Some(Type::Object) if schema.properties.is_empty() => Self {
                names: schema.required.is_empty(),
                ..Self::default()
            },
            Some(Type::Object) => {
                // Only what is certainly a field: a discriminant may have none in Rust.
                let properties = schema.properties.iter().map(|(name, id)| (name, id));
                let properties: BTreeMap<&String, &SchemaId> =
                    match schema.dependent_required.is_empty() {
                        true => BTreeMap::new(),
                        false => properties.collect(),
                    };
                let is_field = |name: &String| {
                    properties.get(name).is_some_and(|id| {
                        let property = &schemas[union::resolve(schemas, **id)];
                        property.constant.is_none() && property.enumeration.is_none()
                    })
                };
                let mut dependent = schema.dependent_required.iter();
                Self {
                    dependent: dependent
                        .all(|(because, names)| is_field(because) && names.iter().all(is_field)),
                    ..Self::default()
                }
            }
            _ => Self::default(),
        }
    }
}

/// Whether a schema constrains strings beyond their type.
pub(super) const fn has_string_rules(schema: &Schema) -> bool {
    schema.min_length.is_some()
        || schema.max_length.is_some()
        || schema.pattern.is_some()
        || schema.content_encoding.is_some()
}

/// Whether a schema constrains values of a type. Unless its `type` excludes them, the constraint then applies to all
/// values of that type, whatever the schema is meant for.
pub(super) fn speaks_of(schema: &Schema, ty: Type) -> bool {
    if schema.types.is_some_and(|types| !types.contains(ty)) {
        return false;
    }
    match ty {
        Type::Null | Type::Boolean => false,
        Type::Integer | Type::Number => {
            schema.multiple_of.is_some()
                || schema.minimum.is_some()
                || schema.maximum.is_some()
                || schema.exclusive_minimum.is_some()
                || schema.exclusive_maximum.is_some()
        }
        Type::String => has_string_rules(schema) || schema.format.is_some(),
        Type::Array => {
            !schema.prefix_items.is_empty()
                || schema.items.is_some()
                || schema.min_items.is_some()
                || schema.max_items.is_some()
                || schema.unique_items
        }
        Type::Object => {
            !schema.properties.is_empty()
                || !schema.required.is_empty()
                || schema.additional_properties.is_some()
                || schema.min_properties.is_some()
                || schema.max_properties.is_some()
        }
    }
}

/// Whether a schema constrains values that are not of a type.
fn speaks_of_others(schema: &Schema, ty: Type) -> bool {
    Type::ALL
        .into_iter()
        .any(|other| other != ty && speaks_of(schema, other))
}

/// Whether a union has no constraint but its branches, and these are objects.
pub(super) fn is_union_alone(schema: &Schema) -> bool {
    (schema.one_of.is_empty() || schema.any_of.is_empty())
        && schema.all_of.is_empty()
        && schema
            .types
            .is_none_or(|types| types.single() == Some(Type::Object))
        && !Type::ALL.into_iter().any(|ty| speaks_of(schema, ty))
}

/// Merges the objects of an `allOf`, and its siblings, into one. `None` if one of them is not a plain object, if two
/// define the same property differently, if one of them is closed, or if none has a field: then a merged object would
/// not have the same meaning.
pub(super) fn merge(schemas: &Schemas, id: SchemaId) -> Option<Merged> {
    let mut merged = Merged::default();
    let mut parts = vec![id];
    let mut steps = 0;
    let mut is_object = false;
    let mut declared = BTreeMap::new();
    while let Some(part) = parts.pop() {
        steps += 1;
        let schema = &schemas[union::resolve(schemas, part)];
        let plain = schema
            .types
            .is_none_or(|types| types.single() == Some(Type::Object))
            && schema.reference.is_none()
            && schema.boolean.is_none()
            && schema.additional_properties.is_none()
            && schema.one_of.is_empty()
            && schema.any_of.is_empty()
            && schema.constant.is_none()
            && schema.enumeration.is_none()
            && schema.min_properties.is_none()
            && schema.max_properties.is_none()
            && !speaks_of_others(schema, Type::Object)
            && schema.dependent_required.is_empty()
            && beyond(schemas, schema).is_none();
        if !plain || steps > MAX_PARTS {
            return None;
        }
        is_object |= schema.types.is_some();
        for (name, property) in &schema.properties {
            match declared.insert(name.clone(), *property) {
                None => merged.properties.push((name.clone(), *property)),
                Some(other) if is_alike(schemas, other, *property) => {}
                Some(_) => return None,
            }
        }
        merged.required.extend(schema.required.iter().cloned());
        parts.extend(schema.all_of.iter().rev());
    }
    let all_declared = merged
        .required
        .iter()
        .all(|name| declared.contains_key(name));
    // If none of them has a `type`, all of them accept values that are not objects.
    (all_declared && is_object && !merged.properties.is_empty()).then_some(merged)
}

/// Whether two schemas are the same, or equal.
fn is_alike(schemas: &Schemas, one: SchemaId, other: SchemaId) -> bool {
    let (one, other) = (union::resolve(schemas, one), union::resolve(schemas, other));
    let (first, second) = (&schemas[one], &schemas[other]);
    one == other
        || *first
            == Schema {
                span: first.span,
                annotations: first.annotations.clone(),
                resource: first.resource,
                ..second.clone()
            }
}

/// An `allOf` with more schemas than this, or a recursive one, is validated by the interpreter instead.
const MAX_PARTS: usize = 64;
