//! The vectors that both Rust and TypeScript run: a schema, an instance, the receiver, and every violation.

use handfast_schema::{Schemas, Side, Validator};
use serde_json::{Value, json};
use std::error::Error;

/// What the oracle does not know or interprets differently: 64-bit integers, internationalized names, encodings,
/// integers beyond doubles, and the dot and boundaries of ECMA-262.
fn only_ours(about: &str, schema: &str) -> bool {
    ["int64", "base", "idn-"]
        .iter()
        .any(|word| schema.contains(word))
        || about == "bounds: numbers compare as doubles"
        || about.starts_with("pattern: a dot")
        || about.starts_with("pattern: digits")
        || about.starts_with("format: texts at the edges")
}

#[test]
fn every_vector_holds() -> Result<(), Box<dyn Error>> {
    let groups: Vec<Value> = serde_json::from_str(include_str!("vectors.json"))?;
    let mut run = 0;
    let mut wrong = Vec::new();
    for group in &groups {
        let (about, schema) = (&group["about"], &group["schema"]);
        let (schemas, root) =
            Schemas::from_json(schema).map_err(|error| format!("{about}: {error}"))?;
        let validator = Validator::new(&schemas);
        for case in group["cases"].as_array().ok_or("a group without cases")? {
            let side = match case["side"].as_str() {
                Some("server") => Some(Side::Server),
                Some("client") => Some(Side::Client),
                Some(other) => return Err(format!("{about}: no side is called {other}").into()),
                None => None,
            };
            let instance = &case["instance"];
            let found: Value = validator
                .validate(root, instance, side)
                .into_iter()
                .map(|violation| {
                    let mut told = json!({
                        "path": violation.path.as_str(),
                        "keyword": violation.keyword,
                        "message": violation.message,
                    });
                    if let Some(allowed) = &violation.allowed {
                        told["allowed"] = allowed.clone();
                    }
                    told
                })
                .collect();
            run += 1;
            let expected = &case["violations"];
            if found != *expected {
                wrong.push(format!(
                    "{about}: {instance} for {side:?}\n  {found}\n  {expected}"
                ));
            }
            let valid = expected == &json!([]);
            assert_eq!(
                validator.is_valid(root, instance, side),
                valid,
                "{about}: {instance}"
            );
            if side.is_none() && !only_ours(about.as_str().unwrap_or_default(), &schema.to_string())
            {
                let oracle = jsonschema::draft202012::options()
                    .should_validate_formats(true)
                    .build(schema)?;
                assert_eq!(
                    oracle.is_valid(instance),
                    valid,
                    "the oracle on {about}: {instance}"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(run >= 120, "only {run} vectors");
    Ok(())
}
