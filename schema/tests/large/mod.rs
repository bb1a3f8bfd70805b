//! Values with more wrong with them, and with longer names, than is listed; and schemas with longer words.

use serde_json::{Map, Value, json};

/// A schema, and values to be asked.
pub(crate) fn large() -> Vec<(Value, Vec<Value>)> {
    let numbers = |n: usize| Value::Array(vec![json!(1); n]);
    let long = |part: &str, n: usize| part.repeat(n);
    let named = |name: String| Value::Object(Map::from_iter([(name, json!(1))]));
    let texts: Vec<String> = (0..120).map(|n| format!("value number {n}")).collect();
    vec![
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            [99, 100, 101, 150, 999, 1000, 1001, 1300]
                .map(numbers)
                .into(),
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            vec![
                named(long("a", 255)),
                named(long("a", 256)),
                named(long("\u{1f980}", 255)),
                named(long("\u{1f980}", 256)),
                named(long("~/", 100)),
            ],
        ),
        (json!({ "enum": texts }), vec![json!("no"), json!(texts[7])]),
        (
            json!({ "type": "string", "pattern": format!("^{}$", long("\u{e9}", 990)) }),
            vec![json!("no")],
        ),
        (
            json!({ "type": "string", "pattern": format!("^{}$", long("\u{e9}", 970)) }),
            vec![json!("no")],
        ),
    ]
}
