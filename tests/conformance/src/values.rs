//! Searches in values.

use serde_json::Value;

/// Whether a value or any of its descendants has a property.
pub(crate) fn any(value: &Value, asked: &dyn Fn(&Value) -> bool) -> bool {
    asked(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any(item, asked)),
            Value::Object(fields) => fields.values().any(|field| any(field, asked)),
            _ => false,
        }
}

/// Whether a value contains a string with a property, other than as a key.
pub(crate) fn has_string(value: &Value, asked: &dyn Fn(&str) -> bool) -> bool {
    any(value, &|value| value.as_str().is_some_and(asked))
}
