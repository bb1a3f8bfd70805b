//! What stands somewhere in a value.

use serde_json::Value;

/// Whether a value, or anything in it, is as asked.
pub(crate) fn any(value: &Value, asked: &dyn Fn(&Value) -> bool) -> bool {
    asked(value)
        || match value {
            Value::Array(items) => items.iter().any(|item| any(item, asked)),
            Value::Object(fields) => fields.values().any(|field| any(field, asked)),
            _ => false,
        }
}

/// Whether a string stands in a value, not as a key, that is as asked.
pub(crate) fn has_string(value: &Value, asked: &dyn Fn(&str) -> bool) -> bool {
    any(value, &|value| value.as_str().is_some_and(asked))
}
