//! The interpreter against another implementation: random schemas, random instances, one verdict.

use handfast_schema::{Schemas, Validator, format, pattern};
use handfast_testing::random::{Rng, document, instance};
use serde_json::json;
use std::error::Error;

const SCHEMAS: u64 = 6000;
const INSTANCES: usize = 12;

#[test]
fn random_schemas_get_the_same_verdicts() -> Result<(), Box<dyn Error>> {
    let (mut good, mut bad) = (0, 0);
    for seed in 1..=SCHEMAS {
        let rng = &mut Rng::new(seed);
        let document = document(rng);
        let oracle = jsonschema::draft202012::options()
            .should_validate_formats(false)
            .build(&document)?;
        let (schemas, root) =
            Schemas::from_json(&document).map_err(|error| format!("seed {seed}: {error}"))?;
        let validator = Validator::new(&schemas);
        for _ in 0..INSTANCES {
            let instance = instance(rng, 3);
            let expected = oracle.is_valid(&instance);
            let violations = validator.validate(root, &instance, None);
            if violations
                .iter()
                .any(|violation| violation.message.contains("without end"))
            {
                continue;
            }
            let context = || format!("seed {seed}: {document}\n{instance}\n{violations:?}");
            assert_eq!(violations.is_empty(), expected, "{}", context());
            assert_eq!(
                validator.is_valid(root, &instance, None),
                expected,
                "{}",
                context()
            );
            if expected { good += 1 } else { bad += 1 }
        }
    }
    // A generator that only ever produces one verdict tests nothing.
    assert!(good > 10_000 && bad > 10_000, "{good} good and {bad} bad");
    Ok(())
}

/// Cases in which the oracle is wrong: it does not know index manipulation in relative JSON Pointers, and accepts any
/// decimal mark in times.
fn not_asked(format: &str, text: &str) -> Result<bool, pattern::PatternError> {
    const DATE: &str = r"\d{4}-\d\d-\d\d";
    const TIME: &str = r"\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)";
    let form = match format {
        "relative-json-pointer" => return Ok(text.contains(['+', '-'])),
        "date" => format!("^{DATE}$"),
        "time" => format!("^{TIME}$"),
        "date-time" => format!("^{DATE}[Tt]{TIME}$"),
        _ => return Ok(false),
    };
    Ok(!pattern::compile(&form)?.is_match(text))
}

#[test]
fn formats_agree() -> Result<(), Box<dyn Error>> {
    let seeds = [
        "2024-02-29",
        "12:30:59.5Z",
        "23:59:60Z",
        "2026-01-31T09:00:00.000Z",
        "P1Y2M3DT4H5M6S",
        "P4W",
        "ada@example.org",
        "\"a b\"@x.org",
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        "example.org",
        "a-b.c1",
        "127.0.0.1",
        "::1",
        "1:2:3:4:5:6:7:8",
        "::ffff:1.2.3.4",
        "https://u:p@h:80/a/b?c=d#e",
        "urn:isbn:1",
        "//host/path",
        "../a?b",
        "http://[::1]/",
        "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
        "/a/b~0c/~1",
        "0",
        "1/a",
        "0#",
        "^a[b-c]+(d|e)?$",
        "(?:x)",
        "",
    ];
    let alphabet: Vec<char> = "0129azAZ:/.-+~#?[]@\"%é TtPWYDMHS".chars().collect();
    let rng = &mut Rng::new(7);
    let mut texts: Vec<String> = seeds.iter().map(|seed| (*seed).to_owned()).collect();
    for _ in 0..20_000 {
        let mut chars: Vec<char> = rng.pick(&seeds).chars().collect();
        for _ in 0..=rng.below(2) {
            let at = rng.below(chars.len() + 1);
            match rng.below(3) {
                0 => chars.insert(at, *rng.pick(&alphabet)),
                1 if at < chars.len() => drop(chars.remove(at)),
                _ if at < chars.len() => chars[at] = *rng.pick(&alphabet),
                _ => {}
            }
        }
        texts.push(chars.into_iter().collect());
    }
    texts.sort();
    texts.dedup();
    let mut wrong = Vec::new();
    // The oracle has no 64-bit integers, and is built without internationalized names.
    let asked = |name: &&&str| !name.ends_with("int64") && !name.starts_with("idn-");
    for name in format::KNOWN.iter().filter(asked) {
        let schema = json!({ "format": name });
        let oracle = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&schema)?;
        for text in &texts {
            let ours = format::check(name, text) == Some(true);
            if !not_asked(name, text)? && ours != oracle.is_valid(&json!(text)) {
                wrong.push(format!("{name} {text:?}: ours says {ours}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
