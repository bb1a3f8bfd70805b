//! Texts that are JSON, and texts that are not: both sides must agree.

use crate::Result;
use crate::judge::{self, Answer, Question, message};
use handfast_testing::random::Rng;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Texts for one rule of the policy.
#[derive(Deserialize)]
struct Group {
    about: String,
    /// The message whose payload they are; empty for whole messages.
    of: String,
    /// Whether they are bytes, written as hexadecimal digits.
    #[serde(default)]
    hex: bool,
    good: Vec<Text>,
    bad: Vec<Text>,
    /// What Rust refuses but `JSON.parse` hides from TypeScript.
    #[serde(default)]
    hidden: Vec<Text>,
}

/// A text, or its parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Parts(Vec<Part>),
}

/// A text, or a repeated one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Once(String),
    Times(String, usize),
}

impl Text {
    fn whole(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Once(text) => text.clone(),
                    Part::Times(text, times) => text.repeat(*times),
                })
                .collect(),
        }
    }
}

/// Checks every text on both sides. Returns whether all results are as expected.
pub(crate) fn run() -> Result<bool> {
    let groups: Vec<Group> = serde_json::from_str(include_str!("../texts.json"))?;
    let payload = |schema| json!({ "from": "server", "payload": schema });
    let messages = json!({
        "any": payload(json!(true)),
        "number": payload(json!({ "type": "number" })),
        "integer": payload(json!({ "type": "integer" })),
        "text": payload(json!({ "type": "string" })),
        "map": payload(json!({ "type": "object", "additionalProperties": { "type": "number" } })),
        "twice": payload(json!({ "type": "array", "items": { "type": "number" }, "uniqueItems": true })),
        "fields": payload(json!({ "type": "object", "properties": { "a": { "type": "integer" } } })),
    });
    // The default depth of a protocol.
    let head = json!({ "limits": { "message": "8MiB" } });
    let generated = judge::generate(0, &head, messages, &BTreeMap::new())?;
    let judges = judge::compile("texts", &BTreeMap::from([(0, &generated)]))?;
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    for group in &groups {
        let all = [
            (&group.good, [true, true]),
            (&group.bad, [false, false]),
            (&group.hidden, [false, true]),
        ];
        let all = all
            .into_iter()
            .flat_map(|(texts, take)| texts.iter().map(move |text| (text, take)));
        for (text, take) in all {
            let text = text.whole();
            let bytes = if group.hex {
                bytes(&text)?
            } else {
                text.clone().into_bytes()
            };
            questions.push(Question {
                protocol: 0,
                by_server: false,
                message: if group.of.is_empty() {
                    bytes
                } else {
                    message(&group.of, &bytes)
                },
            });
            expected.push((group, text, take));
        }
    }
    let (rust, node) = judges.ask(&questions)?;
    let mut wrong = 0;
    for ((group, text, take), (rust, node)) in expected.iter().zip(rust.iter().zip(&node)) {
        let verdicts = [rust.is_valid(), node.is_valid()];
        if verdicts == *take && (take[0] != take[1] || alike(rust, node)) {
            continue;
        }
        wrong += 1;
        let text: String = text.chars().take(60).collect();
        println!(
            "{} ({}): {text:?} is to be taken: {take:?}\n    Rust       {rust:?}\n    TypeScript {node:?}",
            group.about, group.of
        );
    }
    println!("{} texts, {wrong} of them wrong", expected.len());
    let misread = misread(&judges)?;
    println!("{NUMBERS} random numbers, {misread} of them misread");
    Ok(wrong + misread == 0)
}

/// How many random numbers are checked.
const NUMBERS: usize = 20_000;

/// Counts the random numbers that are not read as the nearest double. Each is in an array with the shortest text of
/// that double, and the items of the array must be unique.
fn misread(judges: &judge::Judges) -> Result<usize> {
    let rng = &mut Rng::new(1);
    let mut texts = Vec::new();
    while texts.len() < NUMBERS {
        let text = number(rng);
        let nearest: f64 = text.parse()?;
        if nearest.is_finite() {
            texts.push(format!("[{text},{nearest:e}]"));
        }
    }
    let questions: Vec<Question> = texts
        .iter()
        .map(|text| Question {
            protocol: 0,
            by_server: false,
            message: message("twice", text.as_bytes()),
        })
        .collect();
    let (rust, node) = judges.ask(&questions)?;
    let mut misread = 0;
    for (text, answers) in texts.iter().zip(rust.iter().zip(&node)) {
        let (rust, node) = answers;
        let told = [rust, node]
            .iter()
            .all(|answer| matches!(answer, Answer::Invalid(_)));
        if !told || rust != node {
            misread += 1;
            println!("{text}\n    Rust       {rust:?}\n    TypeScript {node:?}");
        }
    }
    Ok(misread)
}

/// A random JSON number: few digits or many, with or without a fraction and an exponent.
fn number(rng: &mut Rng) -> String {
    let mut digits = |least: usize, more: usize| -> String {
        let count = least + rng.below(more);
        (0..count)
            .map(|_| char::from(*rng.pick(b"0123456789")))
            .collect()
    };
    let (whole, fraction, exponent) = (digits(0, 21), digits(0, 25), digits(1, 2));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let mut text = if rng.one_in(2) { "-" } else { "" }.to_owned() + whole;
    if !fraction.is_empty() && !rng.one_in(4) {
        text.extend([".", fraction.as_str()]);
    }
    if rng.one_in(3) {
        let sign: &str = ["e", "E+", "e-", "E-", "e+2", "e-3"][rng.below(6)];
        text.push_str(sign);
        text.push_str(&exponent);
    }
    text
}

/// Whether two sides refuse a text for the same reason: not JSON, or an invalid value.
fn alike(rust: &Answer, node: &Answer) -> bool {
    match (rust, node) {
        (Answer::Other(_), Answer::Other(_)) => true,
        (rust, node) => rust == node,
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
