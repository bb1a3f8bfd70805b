//! The bundle: another implementation loads it, and gives the same verdicts as `verify` on the messages of the
//! captures and on thousands of mutations of them.

use handfast_codegen::json_schema::bundle;
use handfast_codegen::verify::{Problem, ProblemKind, verify};
use handfast_spec::model::Protocol;
use handfast_testing::random::Rng;
use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};

/// A value that is rarely valid.
fn odd(rng: &mut Rng) -> Value {
    let all = [
        json!(null),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e17),
        json!(""),
        json!("x"),
        json!("BTC-EUR"),
        json!(true),
        json!([]),
        json!({}),
        json!("x".repeat(2001)),
        json!("1.5"),
        json!({ "kind": "image" }),
        json!(["1", "2", "3"]),
        json!("image"),
        json!("snippet"),
    ];
    all[rng.below(all.len())].clone()
}

fn any_key(rng: &mut Rng, fields: &serde_json::Map<String, Value>) -> String {
    fields
        .keys()
        .nth(rng.below(fields.len().max(1)))
        .cloned()
        .unwrap_or_default()
}

/// Changes one nested value.
fn damage(rng: &mut Rng, value: &mut Value) {
    let deeper = rng.below(4) != 0;
    match value {
        Value::Object(fields) if !fields.is_empty() && deeper => {
            let key = any_key(rng, fields);
            if let Some(field) = fields.get_mut(&key) {
                damage(rng, field);
            }
        }
        Value::Array(items) if !items.is_empty() && deeper => {
            let at = rng.below(items.len());
            damage(rng, &mut items[at]);
        }
        Value::Object(fields) => match rng.below(3) {
            0 => drop(fields.remove(&any_key(rng, fields))),
            1 => drop(fields.insert("unheardOf".to_owned(), odd(rng))),
            _ => *value = odd(rng),
        },
        Value::Array(items) if rng.below(2) == 0 => {
            let item = items.first().cloned().unwrap_or(Value::Null);
            items.push(item);
        }
        value => *value = odd(rng),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/protocols")
}

fn protocol(path: &Path) -> Result<Protocol, Box<dyn Error>> {
    let loaded = handfast_spec::load(path);
    let said = handfast_spec::render(&loaded.diagnostics, &loaded.sources, false);
    loaded.protocol.ok_or_else(|| said.into())
}

fn compiled(document: &Value) -> Result<jsonschema::Validator, Box<dyn Error>> {
    Ok(jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(document)?)
}

/// One of the two roots of a bundle.
fn root(bundle: &Value, root: &str) -> Result<jsonschema::Validator, Box<dyn Error>> {
    let mut document = bundle.clone();
    if let Value::Object(fields) = &mut document {
        fields.remove("anyOf");
        fields.insert("$ref".to_owned(), json!(format!("#/$defs/{root}")));
    }
    compiled(&document)
}

fn same_verdicts(spec: &str, capture: &str) -> Result<(), Box<dyn Error>> {
    let protocol = protocol(&folder().join(spec))?;
    let bundle = bundle(&protocol);
    assert!(
        jsonschema::draft202012::meta::is_valid(&bundle),
        "the bundle is a schema"
    );
    let whole = compiled(&bundle)?;
    let server = root(&bundle, "receivedByServer")?;
    let client = root(&bundle, "receivedByClient")?;

    let rng = &mut Rng::new(41);
    let (mut good, mut bad) = (0, 0);
    let text = std::fs::read_to_string(folder().join(capture))?;
    for line in text.lines().filter(|line| !line.is_empty()) {
        let line: Value = serde_json::from_str(line)?;
        let original: Value = match line["text"].as_str() {
            Some(text) => serde_json::from_str(text)?,
            None => line["message"].clone(),
        };
        for round in 0..150 {
            let mut message = original.clone();
            for _ in 0..round % 3 {
                damage(rng, &mut message);
            }
            let validator = if line["from"] == "client" {
                &server
            } else {
                &client
            };
            let entry = json!({ "from": line["from"], "message": message }).to_string();
            let report = verify(&protocol, entry.as_bytes());
            let problems: Vec<_> = report.lines[0]
                .problems
                .iter()
                .filter(|it| a_schema_sees(it))
                .collect();
            let valid = problems.is_empty();
            let context = || {
                let errors: Vec<String> = validator
                    .iter_errors(&message)
                    .map(|error| error.to_string())
                    .collect();
                format!("{entry}\n{problems:?}\n{errors:?}")
            };
            assert_eq!(validator.is_valid(&message), valid, "{}", context());
            assert!(
                !valid || whole.is_valid(&message),
                "the whole document: {entry}"
            );
            if valid { good += 1 } else { bad += 1 }
        }
    }
    assert!(good > 1000 && bad > 1000, "{good} good and {bad} bad");
    Ok(())
}

/// A schema sees one message only: not its request, nor that a request needs an id.
fn a_schema_sees(problem: &Problem) -> bool {
    use ProblemKind::{Channel, Envelope, Reply, Session};
    let by_context = ["\"id\"", "\"seq\"", "\"epoch\""]
        .iter()
        .any(|name| problem.message.ends_with(name));
    let is_seen = !matches!(problem.kind, Reply | Session | Channel);
    is_seen && (problem.kind != Envelope || !by_context)
}

#[test]
fn the_reference_protocol() -> Result<(), Box<dyn Error>> {
    same_verdicts("../../protocol.yaml", "chat.ndjson")
}

#[test]
fn a_flat_protocol() -> Result<(), Box<dyn Error>> {
    same_verdicts("coinbase.yaml", "coinbase.ndjson")
}

#[test]
fn descriptions_are_carried() -> Result<(), Box<dyn Error>> {
    let bundle = bundle(&protocol(&folder().join("../../protocol.yaml"))?);
    for (pointer, description) in [
        ("/description", "Chat rooms, typing and live prices."),
        (
            "/$defs/server/$defs/types/$defs/RoomId/description",
            "The name of a room, as it stands in an address.",
        ),
        (
            "/$defs/server/$defs/messages/$defs/chat.send/description",
            "Say something in a room.",
        ),
        (
            "/$defs/client/$defs/errors/$defs/ROOM_FULL/properties/limit/description",
            "How many fit.",
        ),
    ] {
        assert_eq!(
            bundle.pointer(pointer),
            Some(&json!(description)),
            "{pointer}"
        );
    }
    Ok(())
}
