//! The text of violations. It depends on the schema alone, so that both ends produce the same text. Only these
//! functions, and their counterparts in the TypeScript runtime, word a violation.

use crate::number::{json, text};
use crate::{Number, Type, TypeSet};
use serde_json::Value;
use std::borrow::Cow;

/// A violation without its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationDetail {
    /// The keyword of the schema that the instance violates.
    pub keyword: &'static str,
    /// What the schema allows, for people.
    pub message: Cow<'static, str>,
    /// What the schema allows: the keyword's value, or the name of the missing property. `None` if that is a schema.
    pub allowed: Option<Value>,
}

impl ViolationDetail {
    /// A message without a machine-readable part.
    pub fn new(keyword: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            keyword,
            message: message.into(),
            allowed: None,
        }
    }

    fn allowing(mut self, allowed: impl Into<Value>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }
}

/// `type`
pub fn types(types: TypeSet) -> ViolationDetail {
    let words: Vec<&str> = types
        .iter()
        .map(|ty| match ty {
            Type::Null => "null",
            Type::Boolean => "a boolean",
            Type::Integer => "an integer",
            Type::Number => "a number",
            Type::String => "a string",
            Type::Array => "an array",
            Type::Object => "an object",
        })
        .collect();
    let allowed: Value = match types.single() {
        Some(one) => one.name().into(),
        None => types.iter().map(Type::name).collect(),
    };
    ViolationDetail::new("type", format!("must be {}", or(&words))).allowing(allowed)
}

/// `const`
pub fn constant(value: &Value) -> ViolationDetail {
    ViolationDetail::new("const", format!("must be {}", json(value))).allowing(value.clone())
}

/// `enum`, or the discriminant of a union.
pub fn enumeration<'a>(values: impl IntoIterator<Item = &'a Value>) -> ViolationDetail {
    let allowed: Vec<Value> = values.into_iter().cloned().collect();
    let words: Vec<String> = allowed.iter().map(json).collect();
    let message = match words.as_slice() {
        [one] => format!("must be {one}"),
        all => format!("must be one of {}", all.join(", ")),
    };
    ViolationDetail::new("enum", message).allowing(allowed)
}

/// A parameter of a channel that contains the text behind it in the key, where another parameter follows.
pub fn delimited(text: &str) -> ViolationDetail {
    let text = json(&text.into());
    let words = format!("must not contain {text}, which follows it in the key of the channel");
    ViolationDetail::new("not", words)
}

/// A message that joins a channel, and has the parameters of another one.
pub fn other_channel(key: &str, other: &str) -> ViolationDetail {
    let (key, other) = (json(&key.into()), json(&other.into()));
    ViolationDetail::new("const", format!("must name the channel {key}, not {other}"))
}

/// `multipleOf`
pub fn multiple_of(n: &Number) -> ViolationDetail {
    ViolationDetail::new("multipleOf", format!("must be a multiple of {}", text(n)))
        .allowing(Value::Number(n.clone()))
}

/// `minimum`
pub fn minimum(n: &Number) -> ViolationDetail {
    ViolationDetail::new("minimum", format!("must be at least {}", text(n)))
        .allowing(Value::Number(n.clone()))
}

/// `maximum`
pub fn maximum(n: &Number) -> ViolationDetail {
    ViolationDetail::new("maximum", format!("must be at most {}", text(n)))
        .allowing(Value::Number(n.clone()))
}

/// `exclusiveMinimum`
pub fn exclusive_minimum(n: &Number) -> ViolationDetail {
    ViolationDetail::new(
        "exclusiveMinimum",
        format!("must be greater than {}", text(n)),
    )
    .allowing(Value::Number(n.clone()))
}

/// `exclusiveMaximum`
pub fn exclusive_maximum(n: &Number) -> ViolationDetail {
    ViolationDetail::new("exclusiveMaximum", format!("must be less than {}", text(n)))
        .allowing(Value::Number(n.clone()))
}

/// `minLength`
pub fn min_length(n: u64) -> ViolationDetail {
    let count = count(n, "character", "characters");
    ViolationDetail::new("minLength", format!("must be at least {count} long")).allowing(n)
}

/// `maxLength`
pub fn max_length(n: u64) -> ViolationDetail {
    let count = count(n, "character", "characters");
    ViolationDetail::new("maxLength", format!("must be at most {count} long")).allowing(n)
}

/// `minItems`
pub fn min_items(n: u64) -> ViolationDetail {
    let count = count(n, "item", "items");
    ViolationDetail::new("minItems", format!("must have at least {count}")).allowing(n)
}

/// `maxItems`
pub fn max_items(n: u64) -> ViolationDetail {
    let count = count(n, "item", "items");
    ViolationDetail::new("maxItems", format!("must have at most {count}")).allowing(n)
}

/// `maxContains`
pub fn max_contains(n: u64) -> ViolationDetail {
    let count = count(n, "item", "items");
    ViolationDetail::new(
        "maxContains",
        format!("must contain at most {count} of the kind counted"),
    )
    .allowing(n)
}

/// `minProperties`
pub fn min_properties(n: u64) -> ViolationDetail {
    let count = count(n, "property", "properties");
    ViolationDetail::new("minProperties", format!("must have at least {count}")).allowing(n)
}

/// `maxProperties`
pub fn max_properties(n: u64) -> ViolationDetail {
    let count = count(n, "property", "properties");
    ViolationDetail::new("maxProperties", format!("must have at most {count}")).allowing(n)
}

/// `pattern`
pub fn pattern(pattern: &str) -> ViolationDetail {
    ViolationDetail::new("pattern", format!("must match the pattern {pattern}")).allowing(pattern)
}

/// `format`
pub fn format(format: &str) -> ViolationDetail {
    ViolationDetail::new("format", format!("must be a valid {format}")).allowing(format)
}

/// `contentEncoding`
pub fn content_encoding(encoding: &str) -> ViolationDetail {
    ViolationDetail::new("contentEncoding", format!("must be {encoding}")).allowing(encoding)
}

/// `uniqueItems`
pub fn unique_items() -> ViolationDetail {
    ViolationDetail::new("uniqueItems", "must have no two equal items").allowing(true)
}

/// `contains`, which requires one match; with `minContains`, that keyword is the one violated.
pub fn contains(min: Option<u64>) -> ViolationDetail {
    let count = count(min.unwrap_or(1), "item", "items");
    let message = format!("must contain at least {count} of the kind asked for");
    match min {
        Some(min) => ViolationDetail::new("minContains", message).allowing(min),
        None => ViolationDetail::new("contains", message),
    }
}

/// `required`: reported at the object, once for each name.
pub fn required(name: &str) -> ViolationDetail {
    let name = Value::from(name);
    ViolationDetail::new("required", format!("must have the property {name}")).allowing(name)
}

/// `dependentRequired`: reported at the object, once for each name.
pub fn dependent_required(name: &str, because: &str) -> ViolationDetail {
    let (name, because) = (Value::from(name), Value::from(because));
    let message = format!("must have the property {name} beside {because}");
    ViolationDetail::new("dependentRequired", message).allowing(name)
}

/// An `additionalProperties` or `unevaluatedProperties` that forbids the property; reported at the property.
pub fn unknown_property(keyword: &'static str) -> ViolationDetail {
    ViolationDetail::new(keyword, "is not a known property")
}

/// An `items` or `unevaluatedItems` that forbids the item; reported at the item.
pub fn unknown_item(keyword: &'static str) -> ViolationDetail {
    ViolationDetail::new(keyword, "is one item too many")
}

/// `propertyNames`: reported at the property.
pub fn property_name() -> ViolationDetail {
    ViolationDetail::new("propertyNames", "has a name that is not allowed")
}

/// A `false` schema.
pub fn nothing() -> ViolationDetail {
    ViolationDetail::new("false", "is not allowed")
}

/// `not`
pub fn not() -> ViolationDetail {
    ViolationDetail::new("not", "must not be what the schema excludes")
}

/// `anyOf` without a discriminant.
pub fn any_of() -> ViolationDetail {
    ViolationDetail::new("anyOf", "must fit at least one of the alternatives")
}

/// `oneOf` without a discriminant, if no branch matches.
pub fn one_of_none() -> ViolationDetail {
    ViolationDetail::new("oneOf", "must fit one of the alternatives")
}

/// `oneOf` if several branches match.
pub fn one_of_many() -> ViolationDetail {
    ViolationDetail::new("oneOf", "must fit only one of the alternatives")
}

/// The interpreter's own depth limit.
pub fn too_deep() -> ViolationDetail {
    ViolationDetail::new("depth", "is nested too deeply to be checked")
}

/// References that lead back to themselves without descending into the value.
pub fn self_reference() -> ViolationDetail {
    ViolationDetail::new(
        "$ref",
        "cannot be checked: the schema refers to itself without end",
    )
}

fn count(n: u64, one: &str, many: &str) -> String {
    let noun = if n == 1 { one } else { many };
    format!("{} {noun}", text(&n.into()))
}

fn or(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
