//! Types written by hand, read by `#[protocol]` and described by `schemars`: what one reads, the schema of the other takes,
//! and the other way round.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{from_str, protocol};
use schemars::JsonSchema;
use serde_json::{Value, json};

#[protocol(closed)]
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Order {
    #[protocol(min_length = 1, max_length = 4)]
    #[schemars(length(min = 1, max = 4))]
    pub symbol: String,
    #[protocol(minimum = 1, maximum = 1000)]
    #[schemars(range(min = 1, max = 1000))]
    pub amount: i64,
    #[protocol(exclusive_minimum = 0)]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub limit: f64,
    pub side: Side,
    #[protocol(max_items = 2, items(pattern = "^[a-z]+$"))]
    #[schemars(length(max = 2), inner(regex(pattern = "^[a-z]+$")))]
    pub tags: Vec<String>,
}

#[protocol]
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum Side {
    #[protocol(name = "buy")]
    Buy,
    #[protocol(name = "sell")]
    Sell,
}

#[protocol(tag = "kind")]
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(tag = "kind", deny_unknown_fields)]
pub enum Shape {
    #[protocol(name = "circle")]
    #[schemars(rename = "circle")]
    Circle { radius: f64 },
    #[protocol(name = "point")]
    #[schemars(rename = "point")]
    Point,
}

/// Values in each field that are right, wrong by a rule, and wrong by type.
fn orders() -> Vec<Value> {
    let fields: [(&str, Vec<Value>); 5] = [
        (
            "symbol",
            vec![
                json!("ABC"),
                json!(""),
                json!("😀😀😀😀"),
                json!("ABCDE"),
                json!(1),
            ],
        ),
        (
            "amount",
            vec![
                json!(1),
                json!(1000.0),
                json!(0),
                json!(1001),
                json!(1.5),
                json!("1"),
            ],
        ),
        ("limit", vec![json!(0.5), json!(0), json!(-1), json!(null)]),
        (
            "side",
            vec![json!("buy"), json!("sell"), json!("Buy"), json!(0)],
        ),
        (
            "tags",
            vec![
                json!([]),
                json!(["a", "b"]),
                json!(["a", "B"]),
                json!(["a", "b", "c"]),
                json!({}),
            ],
        ),
    ];
    let good = |with: &[(&str, Value)]| {
        let mut order: serde_json::Map<String, Value> = fields
            .iter()
            .map(|(name, values)| ((*name).to_owned(), values[0].clone()))
            .collect();
        for (name, value) in with {
            order.insert((*name).to_owned(), value.clone());
        }
        order
    };
    let mut all = vec![json!([]), json!(null), good(&[("more", json!(1))]).into()];
    for (name, values) in &fields {
        let mut without = good(&[]);
        without.remove(*name);
        all.push(without.into());
        all.extend(
            values
                .iter()
                .map(|value| good(&[(name, value.clone())]).into()),
        );
    }
    all
}

fn compare<T>(
    schema: schemars::Schema,
    instances: &[Value],
    read: impl Fn(&str) -> Result<T, handfast::ValidationError>,
) {
    let validator = jsonschema::validator_for(schema.as_value()).expect("a schema");
    let (mut taken, mut refused) = (0, 0);
    for instance in instances {
        let ours = read(&instance.to_string());
        assert_eq!(
            ours.is_ok(),
            validator.is_valid(instance),
            "{instance}: {:?}",
            ours.err()
        );
        if ours.is_ok() {
            taken += 1
        } else {
            refused += 1
        }
    }
    assert!(
        taken >= 2 && refused >= 3,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn structs_and_their_rules() {
    compare(schemars::schema_for!(Order), &orders(), |text| {
        from_str::<Order>(text, handfast::Side::Server)
    });
}

#[test]
fn unions() {
    let shapes = [
        json!({ "kind": "circle", "radius": 1 }),
        json!({ "kind": "point" }),
        json!({ "kind": "circle" }),
        json!({ "kind": "point", "radius": 1 }),
        json!({ "kind": "square" }),
        json!({ "radius": 1 }),
        json!("point"),
    ];
    compare(schemars::schema_for!(Shape), &shapes, |text| {
        from_str::<Shape>(text, handfast::Side::Server)
    });
}
