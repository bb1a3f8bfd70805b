//! Limits: hostile instances and schemas cannot exhaust the interpreter.

use handfast_schema::{
    FromJsonError, MAX_DEPTH, MAX_VIOLATIONS, Schemas, Side, Validator, validate,
};
use serde_json::{Value, json};

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| json!({ "a": inner }))
}

#[test]
fn depth_is_a_violation_and_not_a_crash() -> Result<(), FromJsonError> {
    let (schemas, root) = Schemas::from_json(&json!({ "properties": { "a": { "$ref": "#" } } }))?;
    assert!(
        validate(
            &schemas,
            root,
            &nested(MAX_DEPTH / 2 - 1),
            Some(Side::Server)
        )
        .is_empty()
    );
    let deep = nested(MAX_DEPTH * 2);
    let violations = Validator::new(&schemas).collect(root, &deep, Some(Side::Server));
    let [one] = violations.as_slice() else {
        panic!("{} violations", violations.len())
    };
    assert_eq!(one.keyword, "depth");
    assert_eq!(one.path.as_str().len(), MAX_DEPTH);
    Ok(())
}

/// The deepest value that a protocol may allow can be judged by schemas that pass through several others at each level, in a thread with the
/// stack of tokio's.
#[test]
fn the_deepest_values_are_judged() -> Result<(), FromJsonError> {
    const DEEPEST: usize = 128;
    let branch = |name: &str| json!({ "type": "object", "required": [name], "properties": { "a": { "$ref": "#/$defs/One" } } });
    let (schemas, root) = Schemas::from_json(&json!({
        "$ref": "#/$defs/One",
        "$defs": {
            "One": { "$ref": "#/$defs/Two" },
            "Two": { "anyOf": [branch("x"), branch("a"), { "type": "null" }], "not": branch("y") },
        },
    }))?;
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let judged = thread
        .spawn(move || validate(&schemas, root, &nested(DEEPEST - 1), Some(Side::Client)))
        .expect("a thread");
    let found = judged.join().expect("no overflow");
    assert_eq!(found, []);
    Ok(())
}

#[test]
fn time_does_not_grow_with_the_power_of_depth() -> Result<(), FromJsonError> {
    let branch = |name: &str| json!({ "properties": { "a": { "$ref": "#" } }, "required": [name] });
    for keyword in ["anyOf", "oneOf", "allOf"] {
        let (schemas, root) = Schemas::from_json(&json!({
            "type": ["object", "null"],
            keyword: [branch("x"), branch("y"), { "not": branch("z") }],
        }))?;
        for side in [None, Some(Side::Server), Some(Side::Client)] {
            let found = validate(&schemas, root, &nested(60), side);
            assert!(found.len() <= MAX_VIOLATIONS, "{keyword}: {}", found.len());
        }
    }
    Ok(())
}

/// Every keyword that tests a value does so once at each level. Twice would not finish in a lifetime.
#[test]
fn every_keyword_asks_once_of_each_level() -> Result<(), FromJsonError> {
    let at = |keyword: &str, schema: &Value| json!({ "properties": { "a": { keyword: schema.clone() } } });
    let deep = json!({ "$ref": "#" });
    let [x, y] = ["x", "y"].map(|name| json!({ "properties": { "a": deep }, "required": [name] }));
    let schemas = [
        json!({ "oneOf": [{ "oneOf": [x, y] }, { "oneOf": [y, x] }, { "type": "null" }] }),
        json!({ "not": at("not", &deep), "anyOf": [x, y, { "type": "null" }] }),
        json!({ "if": x, "then": y, "else": { "anyOf": [x, y, { "type": "null" }] } }),
        json!({ "anyOf": [x, y, { "type": "null" }], "unevaluatedProperties": deep }),
        json!({ "dependentSchemas": { "a": { "anyOf": [x, y] } }, "oneOf": [x, y, { "type": "null" }] }),
        json!({ "anyOf": [x, y, { "type": "null" }], "propertyNames": { "anyOf": [deep, { "type": "string" }] } }),
        json!({ "anyOf": [{ "contains": { "not": deep } }, x, y, { "type": "null" }] }),
    ];
    for schema in schemas {
        let (schemas, root) = Schemas::from_json(&schema)?;
        for side in [None, Some(Side::Server), Some(Side::Client)] {
            let found = validate(&schemas, root, &nested(60), side);
            assert!(found.len() <= MAX_VIOLATIONS, "{schema}: {}", found.len());
        }
    }
    Ok(())
}

#[test]
fn depth_through_the_longest_way_fits_a_small_stack() -> Result<(), FromJsonError> {
    let inner = json!({ "allOf": [{ "properties": { "a": { "$ref": "#" } } }] });
    let (schemas, root) = Schemas::from_json(&json!({
        "anyOf": [
            { "type": "string" },
            { "if": { "not": { "type": "array" } }, "then": inner },
        ],
    }))?;
    // A test has a stack of 2 MiB, like a server thread.
    for side in [None, Some(Side::Server)] {
        assert!(!validate(&schemas, root, &nested(MAX_DEPTH), side).is_empty());
    }
    Ok(())
}

#[test]
fn a_reference_without_progress_is_a_violation() -> Result<(), FromJsonError> {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#/$defs/B" }], "$defs": { "B": { "$ref": "#" } } }),
        json!({ "anyOf": [{ "$ref": "#" }, true] }),
        json!({ "not": { "$ref": "#" } }),
        json!({ "if": { "$ref": "#" }, "then": true }),
    ] {
        let (schemas, root) = Schemas::from_json(&schema)?;
        let found = validate(&schemas, root, &json!(1), None);
        assert!(
            found.iter().any(|violation| violation.keyword == "$ref"),
            "{schema}: {found:?}"
        );
        assert!(
            !Validator::new(&schemas).is_valid(root, &json!(1), None),
            "{schema}"
        );
    }
    Ok(())
}

#[test]
fn a_pattern_that_cannot_run_refuses() -> Result<(), FromJsonError> {
    let (schemas, root) = Schemas::from_json(&json!({ "pattern": "(?=a)" }))?;
    assert_eq!(validate(&schemas, root, &json!("a"), None).len(), 1);
    Ok(())
}

#[test]
fn a_dynamic_reference_goes_to_the_outermost_anchor() -> Result<(), FromJsonError> {
    // One resource: what is left of a dynamic reference is a reference.
    let (schemas, root) = Schemas::from_json(&json!({
        "$dynamicAnchor": "node",
        "properties": { "next": { "$dynamicRef": "#node" }, "v": { "type": "string" } },
    }))?;
    let instance = json!({ "next": { "next": { "v": 1 } } });
    let violations = validate(&schemas, root, &instance, None);
    assert_eq!(violations[0].path.as_str(), "/next/next/v");

    // Two resources, as files are: the base refers to `item` dynamically, the user of the base has an `item` of its own.
    let (mut schemas, root) = Schemas::from_json(&json!({
        "$ref": "#/$defs/list",
        "$defs": {
            "string": { "type": "string" },
            "list": { "items": { "$ref": "#/$defs/any" } },
            "any": true,
        },
    }))?;
    let find = |pointed: fn(&handfast_schema::Schema) -> bool| {
        schemas
            .iter()
            .find(|(_, schema)| pointed(schema))
            .map(|(id, _)| id)
    };
    let string = find(|schema| schema.types.is_some()).unwrap_or(root);
    let list = find(|schema| schema.items.is_some()).unwrap_or(root);
    let any = find(|schema| schema.boolean.is_some()).unwrap_or(root);
    let item = schemas[list].items.unwrap_or(root);
    for id in [list, any, item] {
        schemas[id].resource = Some(list);
    }
    schemas[any].dynamic_anchor = Some("item".to_owned());
    schemas[string].dynamic_anchor = Some("item".to_owned());
    schemas[item].reference = None;
    schemas[item].dynamic_reference = Some(handfast_schema::DynamicRef {
        initial: any,
        anchor: Some("item".to_owned()),
    });
    let holds = |schemas: &Schemas| {
        let validator = Validator::new(schemas);
        assert!(!validator.is_valid(root, &json!([1]), None));
        assert!(validator.is_valid(root, &json!(["a"]), None));
        assert!(validator.is_valid(list, &json!([1]), None));
    };
    holds(&schemas);
    // The list now means two things, and one of them has an id of its own.
    let before = schemas.len();
    assert_eq!(schemas.resolve_dynamic_refs(&[root, list]), Ok(true));
    assert!(schemas.len() > before);
    assert!(
        schemas
            .iter()
            .all(|(_, one)| one.dynamic_reference.is_none())
    );
    holds(&schemas);
    assert_eq!(schemas.resolve_dynamic_refs(&[root, list]), Ok(false));
    Ok(())
}

#[test]
fn what_is_listed_is_bounded_and_says_what_is_not() -> Result<(), FromJsonError> {
    let mut told = Vec::new();
    for (schema, instances) in handfast_testing::long_reports::long_reports() {
        let (schemas, root) = Schemas::from_json(&schema)?;
        for instance in instances {
            let all = validate(&schemas, root, &instance, None);
            for one in &all {
                assert!(one.path.as_str().chars().count() <= 257);
                assert!(one.message.chars().count() <= 1001);
            }
            let last = all.last().map(|one| {
                let ending: String = one.message.chars().rev().take(3).collect();
                (all.len(), one.keyword, ending, one.allowed.is_some())
            });
            told.extend(last.map(|(n, keyword, ending, allowed)| {
                let ending: String = ending.chars().rev().collect();
                format!("{n} {keyword} {ending} {allowed}")
            }));
        }
    }
    assert_eq!(
        told,
        [
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "80 type ing true",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "99 type ing true",
            "100 type ing true",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "101 violations ore false",
            "1 type ing true",
            "1 type ing true",
            "1 type ing true",
            "1 type ing true",
            "1 type ing true",
            "1 enum e … false",
            "1 pattern éé… false",
            "1 pattern éé$ true",
        ]
    );
    let (schemas, root) = Schemas::from_json(&json!({ "items": { "type": "string" } }))?;
    let count = |n: usize| {
        let all = validate(&schemas, root, &Value::Array(vec![json!(1); n]), None);
        all.last().map(|one| one.message.to_string())
    };
    assert_eq!(count(101).as_deref(), Some("and 1 more"));
    assert_eq!(count(999).as_deref(), Some("and 899 more"));
    assert_eq!(count(5000).as_deref(), Some("and at least 900 more"));
    Ok(())
}
