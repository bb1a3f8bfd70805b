//! Whole messages, checked by generated Rust, generated TypeScript, `verify`, and the JSON Schema bundle.

use crate::Result;
use crate::judge::{self, Answer, Generated, Question};
use handfast_codegen::verify::{ProblemKind, verify};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Protocols, and messages with the expected results.
const VECTORS: &str = include_str!("../messages.json");

/// A protocol, and its messages.
#[derive(Deserialize)]
struct Vector {
    description: String,
    spec: Value,
    /// Why the generated Rust is skipped, if it is.
    rust: Option<String>,
    cases: Vec<Case>,
}

/// A message, and the expected result.
#[derive(Deserialize)]
struct Case {
    from: String,
    message: Value,
    /// The code, if it is refused.
    code: Option<String>,
    /// The path and the keyword, if it is refused for a violation.
    #[serde(default)]
    violations: Vec<(String, String)>,
}

/// A result: a code, and the paths and keywords in order.
type Verdict = (Option<String>, Vec<(String, String)>);

/// Runs all four. Returns whether all of them give the expected results.
pub(crate) fn run() -> Result<bool> {
    let vectors: Vec<Vector> = serde_json::from_str(VECTORS)?;
    let mut protocols = BTreeMap::new();
    let mut questions = Vec::new();
    for (number, vector) in vectors.iter().enumerate() {
        protocols.insert(number, generated(number, vector)?);
        for case in &vector.cases {
            questions.push(Question {
                protocol: number,
                by_server: case.from == "client",
                message: case.message.to_string().into_bytes(),
            });
        }
    }
    let judges = judge::compile(
        "messages",
        &protocols
            .iter()
            .map(|(number, one)| (*number, one))
            .collect(),
    )?;
    let (rust, node) = judges.ask(&questions)?;
    let (mut asked, mut wrong) = (0, 0);
    let mut at = 0;
    for (vector, generated) in vectors.iter().zip(protocols.values()) {
        let bundle = handfast_codegen::json_schema::bundle(&generated.protocol);
        for case in &vector.cases {
            let expected = (case.code.clone(), case.violations.clone());
            let mut said = vec![("TypeScript", verdict(&node[at]))];
            if vector.rust.is_none() {
                said.push(("Rust", verdict(&rust[at])));
            }
            said.push(("verify", verified(generated, case)));
            said.push(("the bundle", bundled(&bundle, case, &expected)?));
            for (who, said) in said {
                asked += 1;
                if said != expected {
                    wrong += 1;
                    println!(
                        "{}: {who} on {} of the {}\n    says {said:?}\n    not  {expected:?}",
                        vector.description, case.message, case.from
                    );
                }
            }
            at += 1;
        }
    }
    println!("{asked} verdicts on {at} messages, {wrong} of them wrong");
    Ok(wrong == 0)
}

fn generated(number: usize, vector: &Vector) -> Result<Generated> {
    let mut head = vector.spec.clone();
    let messages = head["messages"].take();
    if let Some(head) = head.as_object_mut() {
        head.remove("messages");
    }
    let generated = judge::generate(number, &head, messages, &BTreeMap::new());
    generated.map_err(|why| format!("{}: {why}", vector.description).into())
}

/// The result of the generated code.
fn verdict(answer: &Answer) -> Verdict {
    let (code, violations) = match answer {
        Answer::Valid => (None, &Vec::new()),
        Answer::Invalid(all) => (Some("INVALID"), all),
        Answer::Envelope(all) => (Some("ENVELOPE"), all),
        Answer::Other(said) => (Some(said.as_str()), &Vec::new()),
    };
    let mut places: Vec<(String, String)> = violations
        .iter()
        .map(|(path, keyword, ..)| (path.clone(), keyword.clone()))
        .collect();
    places.sort();
    (code.map(str::to_owned), places)
}

/// The result of `verify` for a single message, without problems of the conversation.
fn verified(generated: &Generated, case: &Case) -> Verdict {
    let capture = json!({ "from": case.from, "message": case.message }).to_string();
    let report = verify(&generated.protocol, capture.as_bytes());
    let problems: Vec<_> = report
        .lines
        .iter()
        .flat_map(|line| &line.problems)
        .filter(|problem| {
            use ProblemKind::{Channel, Reply, Session};
            !matches!(problem.kind, Reply | Session | Channel)
        })
        .collect();
    let code = problems
        .first()
        .map(|problem| problem.kind.code().to_owned());
    let mut places: Vec<(String, String)> = problems
        .iter()
        .filter(|problem| !problem.keyword.is_empty())
        .map(|problem| (problem.path.clone(), problem.keyword.clone()))
        .collect();
    places.sort();
    (code, places)
}

/// The verdict of the bundle.
fn bundled(bundle: &Value, case: &Case, expected: &Verdict) -> Result<Verdict> {
    let side = match case.from.as_str() {
        "client" => "receivedByServer",
        _ => "receivedByClient",
    };
    let root = json!({ "$ref": format!("#/$defs/{side}"), "$defs": bundle["$defs"] });
    let validator = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&root)?;
    let is_right = validator.is_valid(&case.message) == expected.0.is_none();
    Ok(match is_right {
        true => expected.clone(),
        false => (Some("the opposite".to_owned()), Vec::new()),
    })
}
