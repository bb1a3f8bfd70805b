//! Schemas made of schemas: what lies in an `allOf` is laid into one struct where that says the same.

use handfast_schema::{Schema, SchemaId, Schemas, Type, TypeSet, union};
use std::collections::BTreeMap;

/// An object, with the properties of every schema that it is made of.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) properties: Vec<(String, SchemaId)>,
    pub(super) required: Vec<String>,
    pub(super) closed: Option<bool>,
}

impl Merged {
    /// What a single schema says.
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

/// Why no type says what a schema does, where that lies in a keyword.
pub(super) fn beyond(schemas: &Schemas, schema: &Schema) -> Option<&'static str> {
    let enforced = Enforced::of(schemas, schema);
    let reasons = [
        (
            schema.condition.is_some(),
            "`if` makes what it may hold depend on what it holds",
        ),
        (schema.not.is_some(), "`not` says what it is no value of"),
        (
            schema.contains.is_some() && !enforced.contains,
            "`contains` asks for some of its items and not for all",
        ),
        (
            !schema.pattern_properties.is_empty(),
            "`patternProperties` gives its fields types by their names",
        ),
        (
            schema.property_names.is_some() && !enforced.names,
            "`propertyNames` says how its fields may be called",
        ),
        (
            !schema.dependent_required.is_empty() && !enforced.dependent,
            "`dependentRequired` makes some of its fields depend on others",
        ),
        (
            !schema.dependent_schemas.is_empty(),
            "`dependentSchemas` makes what it may hold depend on its fields",
        ),
        (
            schema.unevaluated_items.is_some() || schema.unevaluated_properties.is_some(),
            "`unevaluatedItems` and `unevaluatedProperties` speak of what other schemas leave",
        ),
        (
            schema.dynamic_reference.is_some(),
            "a `$dynamicRef` stands beside a `$ref`",
        ),
    ];
    reasons
        .into_iter()
        .find_map(|(bears, reason)| bears.then_some(reason))
}

/// Which of the keywords that only some types enforce the type of a schema does.
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
                // What is a field for certain: a discriminant may be none in Rust.
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

/// Whether a schema says something of values of a type. Unless its `type` leaves only others, it then says it of any value
/// of that type, whatever the schema is meant for.
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

/// Whether a schema says something of values that are not of a type.
fn speaks_of_others(schema: &Schema, ty: Type) -> bool {
    Type::ALL
        .into_iter()
        .any(|other| other != ty && speaks_of(schema, other))
}

/// Whether a union says nothing but its branches, and that they are objects.
pub(super) fn is_union_alone(schema: &Schema) -> bool {
    (schema.one_of.is_empty() || schema.any_of.is_empty())
        && schema.all_of.is_empty()
        && schema
            .types
            .is_none_or(|types| types.single() == Some(Type::Object))
        && !Type::ALL.into_iter().any(|ty| speaks_of(schema, ty))
}

/// Lays the objects of an `allOf`, and what stands beside it, into one. None where one of them is no plain object, where
/// two say different things of the same property, where one of them is closed, or where none describes a field: then the whole
/// says something else.
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
    // Without a `type` in any of them, what is no object passes all of them.
    (all_declared && is_object && !merged.properties.is_empty()).then_some(merged)
}

/// Whether two schemas are one, or say the same in the same words.
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

/// More schemas than this in one `allOf`, or one that contains itself, are left to the checker.
const MAX_PARTS: usize = 64;
