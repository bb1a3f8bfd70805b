//! The type that says exactly what a schema says.

use super::IntegerType;
use super::combine::{self, Merged};
use super::facts::{Known, Place};
use super::form::{Literal, Product, ProductField, Sequence, What};
use super::kinds::Kinds;
use handfast_schema::{
    Schema, SchemaId, Type, TypeSet,
    number::{MAX_SAFE_INTEGER, are_safe_integers},
    union::{self, Distinction},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The type that says exactly what a schema says of some kinds of values; `None` if there is none.
pub(super) fn exact(
    known: &Known<'_>,
    id: SchemaId,
    schema: &Schema,
    kinds: Kinds,
) -> Option<What> {
    let schemas = known.schemas;
    if let Some(target) = schema.reference {
        let place = Place::of(target).only(kinds);
        return schema.only_refers().then_some(What::Same(place));
    }
    if combine::beyond(schemas, schema).is_some() {
        return None;
    }
    if schema.constant.is_some() || schema.enumeration.is_some() {
        return literals(schema, kinds);
    }
    if !schema.one_of.is_empty() || !schema.any_of.is_empty() {
        if !combine::is_union_alone(schema) {
            return None;
        }
        let branches = combine::branches(schema);
        let union = union::union(schemas, branches)?;
        return match union.distinction {
            Distinction::Null(other) if kinds == Kinds::ALL => {
                Some(What::Nullable(Place::of(other)))
            }
            Distinction::Property(tag) if !union.nullable && kinds.contains(Kinds::OBJECT) => {
                // Every tag has a name of its own, and is text.
                let is_text = tag.branches.iter().all(|(value, _)| value.is_string());
                is_text.then_some(What::Tagged {
                    tag: tag.property,
                    branches: tag.branches,
                })
            }
            _ => None,
        };
    }
    if !schema.all_of.is_empty() {
        let merged = combine::merge(schemas, id)?;
        return Some(What::Struct(product(known, merged)));
    }
    let types = match schema.types {
        Some(types) => types,
        None if kinds.is_single() => kinds.types(),
        None => return None,
    };
    let mut left = TypeSet::NONE;
    for ty in types.iter() {
        if kinds.contains(Kinds::of_types(TypeSet::NONE.with(ty))) {
            left = left.with(ty);
        }
    }
    match left.without(Type::Null).single() {
        Some(other) if left.contains(Type::Null) => {
            let not_null = Kinds::ALL.less(Kinds::NULL).and(kinds);
            one_type(known, schema, other)?;
            Some(What::Nullable(Place::of(id).only(not_null)))
        }
        Some(one) => one_type(known, schema, one),
        None if left.single() == Some(Type::Null) => Some(What::Null),
        None => None,
    }
}

/// The type of the values of one type.
fn one_type(known: &Known<'_>, schema: &Schema, ty: Type) -> Option<What> {
    let schemas = known.schemas;
    Some(match ty {
        Type::Null => What::Null,
        Type::Boolean => What::Boolean,
        Type::Integer => integer(known, &[schema]),
        Type::Number => What::Number,
        Type::String => text(known, schema),
        Type::Array => return array(known, schema),
        Type::Object => {
            let is_false = |id: SchemaId| schemas[id].boolean == Some(false);
            let more = schema
                .additional_properties
                .filter(|more| schemas[*more].boolean != Some(true));
            // A schema that describes no field is any object: unknown fields are allowed.
            if schema.properties.is_empty()
                && schema.required.is_empty()
                && !more.is_some_and(is_false)
            {
                return Some(What::Map(more.map(Place::of)));
            }
            let declared: BTreeSet<&String> =
                schema.properties.iter().map(|(name, _)| name).collect();
            if schema.required.iter().any(|name| !declared.contains(name)) {
                return None;
            }
            let mut product = product(known, Merged::of(schema, schemas));
            product.rest = more.filter(|more| !is_false(*more)).map(Place::of);
            What::Struct(product)
        }
    })
}

fn product(known: &Known<'_>, merged: Merged) -> Product {
    let required: BTreeSet<&String> = merged.required.iter().collect();
    let fields = merged.properties.iter().map(|(name, id)| ProductField {
        name: name.clone(),
        place: Place::of(*id),
        required: required.contains(name),
    });
    Product {
        fields: fields.collect(),
        rest: None,
        closed: merged
            .closed
            .or((!known.schemas.has_defaults()).then_some(false)),
    }
}

fn array(known: &Known<'_>, schema: &Schema) -> Option<What> {
    let is_false = |id: SchemaId| known.schemas[id].boolean == Some(false);
    if schema.prefix_items.is_empty() {
        return match schema.items {
            Some(items) if is_false(items) => None,
            items => Some(What::List(items.map(Place::of))),
        };
    }
    // A tuple has two or more items, all of them required, and no others.
    let width = schema.prefix_items.len();
    let is_tuple = width >= 2
        && schema.items.is_some_and(is_false)
        && schema.min_items == Some(width as u64)
        && !schema.unique_items
        && schema.contains.is_none()
        && schema.max_items.is_none_or(|max| max >= width as u64);
    is_tuple.then(|| {
        What::Tuple(Sequence {
            items: schema.prefix_items.iter().copied().map(Place::of).collect(),
            required: width,
            rest: None,
        })
    })
}

fn text(known: &Known<'_>, schema: &Schema) -> What {
    if let Some(path) = known.foreign(schema) {
        return What::Foreign(path.to_owned());
    }
    if schema.content_encoding.as_deref() == Some("base64") {
        return What::Bytes;
    }
    let plain = !combine::has_string_rules(schema);
    match schema.format.as_deref() {
        Some("int64") if plain => What::TextInteger { signed: true },
        Some("uint64") if plain => What::TextInteger { signed: false },
        _ => What::Text,
    }
}

/// The type of integers within the bounds of schemas.
pub(super) fn integer(known: &Known<'_>, all: &[&Schema]) -> What {
    if are_safe_integers(known.schemas, all) {
        What::Integer(IntegerType::of(all))
    } else {
        What::AnyInteger
    }
}

/// An enum of scalars, of which its schema says nothing else.
fn literals(schema: &Schema, kinds: Kinds) -> Option<What> {
    let says_more = Type::ALL
        .into_iter()
        .any(|ty| combine::speaks_of(schema, ty));
    let combines =
        !schema.all_of.is_empty() || !schema.any_of.is_empty() || !schema.one_of.is_empty();
    if says_more || combines {
        return None;
    }
    let values = match (&schema.constant, schema.enumeration.as_deref()) {
        (Some(one), None) => std::slice::from_ref(one),
        // An enum without variants would have no values.
        (None, Some(all)) if !all.is_empty() => all,
        _ => return None,
    };
    let of_values = values
        .iter()
        .map(Kinds::of_value)
        .fold(Kinds::NONE, Kinds::or);
    let are_of_types = schema
        .types
        .is_none_or(|types| Kinds::of_types(types).contains(of_values));
    let are_strings = of_values == Kinds::STRING;
    // A string has one enum, whatever else its schema allows it to be; other scalars have one if they are several.
    let is_enum = match are_strings {
        true => (schema.types).is_none_or(|types| types.single() == Some(Type::String)),
        false => values.len() > 1 && of_values != Kinds::BOOLEAN,
    };
    if !is_enum || !are_of_types || !kinds.contains(of_values) || !values.iter().all(has_one_text) {
        return None;
    }
    // What lists a value twice words its violations so.
    let different: BTreeSet<String> = values.iter().map(Value::to_string).collect();
    if different.len() < values.len() {
        return None;
    }
    let literal = |value: &Value| Literal {
        value: value.clone(),
        said_by: None,
    };
    Some(What::Literals {
        values: values.iter().map(literal).collect(),
        open: schema.open,
    })
}

/// Whether a value is a scalar that no other text means, whatever the number.
fn has_one_text(value: &Value) -> bool {
    match value {
        Value::Number(n) => n
            .as_i64()
            .is_some_and(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs()),
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    }
}
