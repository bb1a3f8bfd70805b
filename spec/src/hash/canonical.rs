//! Canonical texts of values, and their digests.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for byte in &Sha256::digest(bytes)[..16] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A canonical text of a value, the same for equal values: keys sorted, numbers as doubles.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, to: &mut String) {
    match value {
        Value::Number(number) => {
            let double = number.as_f64().unwrap_or_default();
            // -0 is 0.
            to.push_str(&(double + 0.0).to_string());
        }
        Value::Array(items) => {
            to.push('[');
            for item in items {
                write_canonical(item, to);
                to.push(',');
            }
            to.push(']');
        }
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            to.push('{');
            for (key, value) in sorted {
                to.push_str(&Value::String(key.clone()).to_string());
                to.push(':');
                write_canonical(value, to);
                to.push(',');
            }
            to.push('}');
        }
        other => to.push_str(&other.to_string()),
    }
}
