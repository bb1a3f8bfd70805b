//! Integers without bounds: where they are within those of a double.

use handfast_schema::{Dialect, FromJsonError, Schemas, Side, Validator};
use serde_json::{Value, json};

/// Whether a client accepts a value, and whether anybody does without defaults.
fn accepts(schema: &Value, value: &Value) -> Result<[bool; 2], FromJsonError> {
    let (schemas, root) = Schemas::from_json_of(Dialect::JsonSchema, schema)?;
    let validator = Validator::new(&schemas);
    Ok([Some(Side::Client), None].map(|side| validator.is_valid(root, value, side)))
}

#[test]
fn the_setting_bounds_what_describes_a_value() -> Result<(), FromJsonError> {
    let wide = json!(9_007_199_254_740_992_u64);
    let integer = |more: Value| {
        let mut schema = json!({ "type": "integer", "integers": "safe" });
        schema
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        schema
    };
    for (schema, value, expected) in [
        (json!({ "type": "integer" }), wide.clone(), [true, true]),
        (integer(json!({})), wide.clone(), [false, true]),
        (
            integer(json!({})),
            json!(-9_007_199_254_740_992_i64),
            [false, true],
        ),
        (
            integer(json!({})),
            json!(9_007_199_254_740_991_u64),
            [true, true],
        ),
        (
            integer(json!({ "minimum": 0 })),
            wide.clone(),
            [false, true],
        ),
        (
            integer(json!({ "maximum": 1e300 })),
            wide.clone(),
            [true, true],
        ),
        // What tests a value is to the letter.
        (
            json!({ "not": integer(json!({})) }),
            wide.clone(),
            [false, false],
        ),
        (
            json!({ "contains": integer(json!({})) }),
            json!([wide]),
            [true, true],
        ),
        // Nothing else of Handfast's dialect applies.
        (
            json!({ "properties": { "a": integer(json!({})) } }),
            json!({ "b": 1 }),
            [true, true],
        ),
    ] {
        assert_eq!(accepts(&schema, &value)?, expected, "{schema} {value}");
    }
    assert!(accepts(&json!({ "integers": "wide" }), &json!(1)).is_err());
    Ok(())
}
