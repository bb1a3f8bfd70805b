//! The words of violations. They depend on the schema alone, so the generator can write them down as constants and
//! the runtime can make them when they are needed; both call these functions and nothing else words a violation.

use crate::{Number, TypeSet};
use serde_json::Value;

/// `type`
pub fn types(types: TypeSet) -> String {
    let names: Vec<&str> = types
        .iter()
        .map(|ty| match ty {
            crate::Type::Null => "null",
            crate::Type::Boolean => "a boolean",
            crate::Type::Integer => "an integer",
            crate::Type::Number => "a number",
            crate::Type::String => "a string",
            crate::Type::Array => "an array",
            crate::Type::Object => "an object",
        })
        .collect();
    format!("must be {}", or(&names))
}

/// `const`
pub fn constant(value: &Value) -> String {
    format!("must be {value}")
}

/// `enum`, and a union told apart by a property.
pub fn enumeration<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let values: Vec<String> = values.into_iter().map(Value::to_string).collect();
    match values.as_slice() {
        [one] => format!("must be {one}"),
        all => format!("must be one of {}", all.join(", ")),
    }
}

/// `multipleOf`
pub fn multiple_of(n: &Number) -> String {
    format!("must be a multiple of {n}")
}

/// `minimum`
pub fn minimum(n: &Number) -> String {
    format!("must be at least {n}")
}

/// `maximum`
pub fn maximum(n: &Number) -> String {
    format!("must be at most {n}")
}

/// `exclusiveMinimum`
pub fn exclusive_minimum(n: &Number) -> String {
    format!("must be greater than {n}")
}

/// `exclusiveMaximum`
pub fn exclusive_maximum(n: &Number) -> String {
    format!("must be less than {n}")
}

/// `minLength`
pub fn min_length(n: u64) -> String {
    format!(
        "must be at least {} long",
        count(n, "character", "characters")
    )
}

/// `maxLength`
pub fn max_length(n: u64) -> String {
    format!(
        "must be at most {} long",
        count(n, "character", "characters")
    )
}

/// `pattern`
pub fn pattern(pattern: &str) -> String {
    format!("must match the pattern {pattern}")
}

/// `format`
pub fn format(format: &str) -> String {
    format!("must be a valid {format}")
}

/// `contentEncoding`
pub fn content_encoding(encoding: &str) -> String {
    format!("must be {encoding}")
}

/// `minItems`
pub fn min_items(n: u64) -> String {
    format!("must have at least {}", count(n, "item", "items"))
}

/// `maxItems`
pub fn max_items(n: u64) -> String {
    format!("must have at most {}", count(n, "item", "items"))
}

/// `uniqueItems`
pub const UNIQUE_ITEMS: &str = "must have no two equal items";

/// `contains` and `minContains`
pub fn contains(n: u64) -> String {
    format!(
        "must contain at least {} of the kind asked for",
        count(n, "item", "items")
    )
}

/// `maxContains`
pub fn max_contains(n: u64) -> String {
    format!(
        "must contain at most {} of the kind counted",
        count(n, "item", "items")
    )
}

/// `minProperties`
pub fn min_properties(n: u64) -> String {
    format!("must have at least {}", count(n, "property", "properties"))
}

/// `maxProperties`
pub fn max_properties(n: u64) -> String {
    format!("must have at most {}", count(n, "property", "properties"))
}

/// `required`: said at the object, once for each name.
pub fn required(name: &str) -> String {
    format!("must have the property {}", Value::from(name))
}

/// `dependentRequired`: said at the object, once for each name.
pub fn dependent_required(name: &str, because: &str) -> String {
    format!(
        "must have the property {} beside {}",
        Value::from(name),
        Value::from(because)
    )
}

/// `additionalProperties` and `unevaluatedProperties` that refuse: said at the property.
pub const UNKNOWN_PROPERTY: &str = "is not a known property";

/// `items` and `unevaluatedItems` that refuse: said at the item.
pub const UNKNOWN_ITEM: &str = "is one item too many";

/// `propertyNames`: said at the property.
pub const PROPERTY_NAME: &str = "has a name that is not allowed";

/// A `false` schema.
pub const NOTHING: &str = "is not allowed";

/// `not`
pub const NOT: &str = "must not be what the schema excludes";

/// `anyOf` without a discriminant.
pub const ANY_OF: &str = "must fit at least one of the alternatives";

/// `oneOf` without a discriminant, where none fits.
pub const ONE_OF_NONE: &str = "must fit one of the alternatives";

/// `oneOf` where several fit.
pub const ONE_OF_MANY: &str = "must fit only one of the alternatives";

/// The interpreter's own limit on depth.
pub const TOO_DEEP: &str = "is nested too deeply to be checked";

/// References that come back to themselves without looking at anything further in.
pub const ENDLESS: &str = "cannot be checked: the schema refers to itself without end";

fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn or(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
