//! Keywords that assert something about a value without looking at its children.

use super::{Out, Prepared};
use crate::number::{self, MAX_SAFE_INTEGER, double};
use crate::{Number, Schema, Type, TypeSet, details, format};
use serde_json::{Map, Value};

/// Whether a value is of one of the types.
pub(super) fn is_of(value: &Value, types: TypeSet) -> bool {
    match value {
        Value::Null => types.contains(Type::Null),
        Value::Bool(_) => types.contains(Type::Boolean),
        Value::Number(n) => {
            types.contains(Type::Number) || (types.contains(Type::Integer) && number::is_integer(n))
        }
        Value::String(_) => types.contains(Type::String),
        Value::Array(_) => types.contains(Type::Array),
        Value::Object(_) => types.contains(Type::Object),
    }
}

/// What applies where a schema leaves it open.
#[derive(Clone, Copy)]
pub(super) struct Defaults {
    /// Whether an open `enum` accepts other strings.
    pub(super) opens: bool,
    /// Whether integers without bounds are within ±(2⁵³−1).
    pub(super) safe_integers: bool,
}

/// Every assertion except those on the number or names of properties, which come after `contains`.
pub(super) fn value(
    schema: &Schema,
    prepared: &Prepared,
    value: &Value,
    defaults: Defaults,
    out: &mut Out,
) {
    if let Some(constant) = &schema.constant {
        out.check(number::equal(constant, value), || {
            details::constant(constant)
        });
    }
    if let Some(values) = &schema.enumeration {
        let open = schema.open && defaults.opens && value.is_string();
        out.check(
            open || values.iter().any(|one| number::equal(one, value)),
            || details::enumeration(values),
        );
    }
    match value {
        Value::Number(n) => numeric(schema, double(n), defaults.safe_integers, out),
        Value::String(text) => textual(schema, prepared, text, out),
        Value::Array(items) => {
            let n = items.len() as u64;
            if let Some(min) = schema.min_items {
                out.check(n >= min, || details::min_items(min));
            }
            if let Some(max) = schema.max_items {
                out.check(n <= max, || details::max_items(max));
            }
            if schema.unique_items {
                out.check(number::all_unique(items), details::unique_items);
            }
        }
        _ => {}
    }
}

/// The bounds of a number, as written or by default.
fn numeric(schema: &Schema, n: f64, safe_integers: bool, out: &mut Out) {
    if let Some(of) = &schema.multiple_of {
        out.check(number::is_multiple(n, double(of)), || {
            details::multiple_of(of)
        });
    }
    let integer = safe_integers
        && schema
            .types
            .is_some_and(|types| types.contains(Type::Integer) && !types.contains(Type::Number));
    let default = |written: bool, bound: i64| (integer && !written).then(|| Number::from(bound));
    let lowest = default(
        schema.minimum.is_some() || schema.exclusive_minimum.is_some(),
        -MAX_SAFE_INTEGER,
    );
    let highest = default(
        schema.maximum.is_some() || schema.exclusive_maximum.is_some(),
        MAX_SAFE_INTEGER,
    );
    if let Some(min) = schema.minimum.as_ref().or(lowest.as_ref()) {
        out.check(n >= double(min), || details::minimum(min));
    }
    if let Some(min) = &schema.exclusive_minimum {
        out.check(n > double(min), || details::exclusive_minimum(min));
    }
    if let Some(max) = schema.maximum.as_ref().or(highest.as_ref()) {
        out.check(n <= double(max), || details::maximum(max));
    }
    if let Some(max) = &schema.exclusive_maximum {
        out.check(n < double(max), || details::exclusive_maximum(max));
    }
}

fn textual(schema: &Schema, prepared: &Prepared, text: &str, out: &mut Out) {
    if schema.min_length.is_some() || schema.max_length.is_some() {
        let n = text.chars().count() as u64;
        if let Some(min) = schema.min_length {
            out.check(n >= min, || details::min_length(min));
        }
        if let Some(max) = schema.max_length {
            out.check(n <= max, || details::max_length(max));
        }
    }
    if let Some(pattern) = &schema.pattern {
        // A pattern that cannot be compiled refuses everything: fail closed. `spec` does not accept one.
        let matches = prepared
            .pattern
            .as_ref()
            .is_some_and(|regex| regex.is_match(text));
        out.check(matches, || details::pattern(pattern));
    }
    if let Some(name) = &schema.format {
        out.check(format::check(name, text).unwrap_or(true), || {
            details::format(name)
        });
    }
    if let Some(name) = &schema.content_encoding {
        let holds = format::encoding(name, text).unwrap_or(true);
        out.check(holds, || details::content_encoding(name));
    }
}

/// Assertions on the number or names of properties.
pub(super) fn object(
    schema: &Schema,
    prepared: &Prepared,
    fields: &Map<String, Value>,
    out: &mut Out,
) {
    let n = fields.len() as u64;
    if let Some(min) = schema.min_properties {
        out.check(n >= min, || details::min_properties(min));
    }
    if let Some(max) = schema.max_properties {
        out.check(n <= max, || details::max_properties(max));
    }
    for name in &prepared.required {
        out.check(fields.contains_key(name), || details::required(name));
    }
    for (because, names) in &schema.dependent_required {
        if fields.contains_key(because) {
            for name in names {
                out.check(fields.contains_key(name), || {
                    details::dependent_required(name, because)
                });
            }
        }
    }
}
