//! What the variables of a conversation stand for: strings that begin with `$`.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The values of variables. `$_` is a variable that is never bound.
pub(crate) struct Bindings(BTreeMap<String, Value>);

impl Bindings {
    pub(crate) fn new(hash: &str) -> Self {
        Self(BTreeMap::from([("$hash".to_owned(), hash.into())]))
    }

    /// Replaces variables by their values. One without a value stands for itself: what only the played side makes up.
    pub(crate) fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(name) => self.0.get(name).unwrap_or(value).clone(),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => {
                let filled = fields
                    .iter()
                    .map(|(key, value)| (key.clone(), self.fill(value)));
                Value::Object(filled.collect())
            }
            _ => value.clone(),
        }
    }

    /// Whether a value is as expected. Variables without a value get the one at their place.
    pub(crate) fn accept(&mut self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(name), _) if name == "$_" => true,
            (Value::String(name), _) if name.starts_with('$') => {
                self.0.entry(name.clone()).or_insert_with(|| actual.clone()) == actual
            }
            (Value::Array(expected), Value::Array(actual)) => {
                expected.len() == actual.len()
                    && expected.iter().zip(actual).all(|(a, b)| self.accept(a, b))
            }
            (Value::Object(expected), Value::Object(actual)) => self.fields(expected, actual),
            _ => expected == actual,
        }
    }

    /// The order of fields is not of interest. When a message was sent is not, either.
    fn fields(&mut self, expected: &Map<String, Value>, actual: &Map<String, Value>) -> bool {
        let is_known = |key: &String| key == "timestamp" || expected.contains_key(key);
        actual.keys().all(is_known)
            && expected.iter().all(|(key, value)| {
                let actual = actual.get(key);
                actual.is_some_and(|actual| self.accept(value, actual))
            })
    }
}
