//! Unions whose branches can be distinguished by one property or by null, so that only violations of the intended
//! branch are reported.

use crate::{Schema, SchemaId, Schemas, Type, TypeSet};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many references are followed before a union counts as one without a discriminant.
const MAX_STEPS: u32 = 64;

/// How to select the branch of a `oneOf` or an `anyOf`.
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// Whether one of the branches is `null`.
    pub nullable: bool,
    /// What distinguishes the others.
    pub distinction: Distinction,
}

/// What distinguishes the branches of a union other than `null`.
#[derive(Clone, Debug, PartialEq)]
pub enum Distinction {
    /// There is only one, and it does not accept null: every other value is meant for it.
    Null(SchemaId),
    /// All are objects with a required property of this name, which has a different constant string in each.
    Property(Discriminant),
}

/// The property whose value selects the branch of a union.
#[derive(Clone, Debug, PartialEq)]
pub struct Discriminant {
    /// Its name.
    pub property: String,
    /// Its value in each branch, and the branch as the union lists it, in the order written.
    pub branches: Vec<(Value, SchemaId)>,
}

impl Discriminant {
    /// The branch with that value.
    pub fn branch(&self, value: &Value) -> Option<SchemaId> {
        self.branches
            .iter()
            .find(|(name, _)| name == value)
            .map(|(_, id)| *id)
    }
}

/// Finds what distinguishes the branches of a union; `None` if nothing does.
pub fn union(schemas: &Schemas, branches: &[SchemaId]) -> Option<Union> {
    let (nulls, others): (Vec<SchemaId>, Vec<SchemaId>) = branches
        .iter()
        .partition(|id| is_null(&schemas[resolve(schemas, **id)]));
    if nulls.len() > 1 {
        return None;
    }
    let nullable = !nulls.is_empty();
    if let Some(discriminant) = discriminant(schemas, &others) {
        return Some(Union {
            nullable,
            distinction: Distinction::Property(discriminant),
        });
    }
    match others.as_slice() {
        [one] if nullable && refuses_null(schemas, *one, MAX_STEPS) => Some(Union {
            nullable,
            distinction: Distinction::Null(*one),
        }),
        _ => None,
    }
}

/// Follows `$ref` as long as it has no sibling that affects validation.
pub fn resolve(schemas: &Schemas, id: SchemaId) -> SchemaId {
    let mut id = id;
    for _ in 0..MAX_STEPS {
        match schemas[id].reference {
            Some(target) if schemas[id].only_refers() => id = target,
            _ => break,
        }
    }
    id
}

fn discriminant(schemas: &Schemas, branches: &[SchemaId]) -> Option<Discriminant> {
    let objects: Vec<&Schema> = branches
        .iter()
        .map(|id| &schemas[resolve(schemas, *id)])
        .collect();
    let (first, _) = objects.split_first()?;
    first.properties.iter().find_map(|(property, _)| {
        let mut found: Vec<(Value, SchemaId)> = Vec::with_capacity(branches.len());
        let mut values = BTreeSet::new();
        for (object, branch) in objects.iter().zip(branches) {
            let value = single_string(schemas, object, property)?;
            if !values.insert(value.as_str()) {
                return None;
            }
            found.push((value.clone(), *branch));
        }
        Some(Discriminant {
            property: property.clone(),
            branches: found,
        })
    })
}

/// The one string that a required property of an object may be.
fn single_string<'s>(schemas: &'s Schemas, object: &Schema, property: &str) -> Option<&'s Value> {
    let only_object = object.types == Some(TypeSet::NONE.with(Type::Object));
    if !only_object || !object.required.iter().any(|name| name == property) {
        return None;
    }
    let (_, id) = object
        .properties
        .iter()
        .find(|(name, _)| name == property)?;
    let schema = &schemas[resolve(schemas, *id)];
    let value = match (&schema.constant, schema.enumeration.as_deref()) {
        (Some(value), None) => value,
        (None, Some([value])) if !schema.open => value,
        _ => return None,
    };
    value.is_string().then_some(value)
}

fn is_null(schema: &Schema) -> bool {
    let bare = |keywords: Schema| {
        *schema
            == Schema {
                span: schema.span,
                annotations: schema.annotations.clone(),
                resource: schema.resource,
                ..keywords
            }
    };
    let types = Some(TypeSet::NONE.with(Type::Null));
    bare(Schema {
        types,
        ..Schema::default()
    }) || bare(Schema {
        constant: Some(Value::Null),
        ..Schema::default()
    })
}

fn refuses_null(schemas: &Schemas, id: SchemaId, steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else {
        return false;
    };
    let schema = &schemas[id];
    let all = |ids: &[SchemaId]| {
        !ids.is_empty() && ids.iter().all(|id| refuses_null(schemas, *id, steps / 2))
    };
    schema
        .types
        .is_some_and(|types| !types.contains(Type::Null))
        || schema
            .constant
            .as_ref()
            .is_some_and(|value| !value.is_null())
        || schema
            .enumeration
            .as_ref()
            .is_some_and(|values| !values.iter().any(Value::is_null))
        || schema
            .reference
            .is_some_and(|id| refuses_null(schemas, id, steps))
        || all(&schema.one_of)
        || all(&schema.any_of)
        || schema
            .all_of
            .iter()
            .any(|id| refuses_null(schemas, *id, steps / 2))
}
