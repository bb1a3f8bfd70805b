//! Values with more violations, or longer names, than a report lists; and schemas with longer messages.

use serde_json::{Map, Value, json};

/// A schema, and values to check.
pub fn long_reports() -> Vec<(Value, Vec<Value>)> {
    let numbers = |n: usize| Value::Array(vec![json!(1); n]);
    let long = |part: &str, n: usize| part.repeat(n);
    let named = |name: String| Value::Object(Map::from_iter([(name, json!(1))]));
    let texts: Vec<String> = (0..120).map(|n| format!("value number {n}")).collect();
    // In the reverse of the schema's order.
    let turned = |all: &[(&str, usize)]| {
        let lists = all
            .iter()
            .map(|(name, n)| ((*name).to_owned(), numbers(*n)));
        Value::Object(lists.collect())
    };
    let texts_in = json!({ "type": "array", "items": { "type": "string" } });
    let unknown: Map<String, Value> = (0..2300)
        .rev()
        .map(|n| (format!("n{n}"), json!(1)))
        .collect();
    vec![
        (
            json!({
                "type": "object",
                "properties": { "a": texts_in, "b": texts_in, "c": { "type": "array", "items": texts_in } },
                "minProperties": 9
            }),
            vec![
                turned(&[("b", 2500), ("a", 60)]),
                turned(&[("b", 1200), ("a", 900)]),
                turned(&[("b", 30), ("a", 2500)]),
                json!({ "c": [numbers(1500), numbers(1500)], "b": numbers(50), "a": numbers(20) }),
                Value::Object(unknown.clone()),
            ],
        ),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            vec![Value::Object(unknown)],
        ),
        (
            // A duplicate counts until the report is collected.
            json!({
                "type": "array",
                "items": { "allOf": [{ "type": "string" }, { "type": "string" }] }
            }),
            [80, 400, 499, 500, 1300].map(numbers).into(),
        ),
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
