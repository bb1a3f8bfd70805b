//! Texts that are nearly valid for a format, checked on both sides.

use super::{Tally, instances};
use crate::Result;
use crate::judge::{self, Question, message};
use handfast_schema::format::{self, KNOWN};
use handfast_testing::random::Rng;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// One text of a format is checked for this many verdicts: a twelfth of the run is for formats.
const APART: usize = 500;

/// Checks mistyped texts of each format on both sides, and compares with the rule itself.
pub(super) fn run(seed: u64, verdicts: usize, tally: &mut Tally) -> Result<()> {
    let named: Vec<(String, &str)> = KNOWN
        .iter()
        .enumerate()
        .map(|(i, format)| (format!("m{i}"), *format))
        .collect();
    let messages: Map<String, _> = named
        .iter()
        .map(|(name, format)| {
            let payload = json!({ "type": "string", "format": format });
            (
                name.clone(),
                json!({ "from": "server", "payload": payload }),
            )
        })
        .collect();
    let generated = judge::generate(0, &json!({}), messages.into(), &BTreeMap::new())?;
    let judges = judge::compile("formats", &BTreeMap::from([(0, &generated)]))?;
    let rng = &mut Rng::new(seed);
    let mut texts = Vec::new();
    for (name, format) in &named {
        for _ in 0..verdicts / APART {
            texts.push((name, *format, instances::nearly(rng, format)));
        }
    }
    let questions: Vec<Question> = texts
        .iter()
        .map(|(name, _, text)| Question {
            protocol: 0,
            by_server: false,
            message: message(name, json!(text).to_string().as_bytes()),
        })
        .collect();
    let (rust, node) = judges.ask(&questions)?;
    for ((_, format, text), answers) in texts.iter().zip(rust.iter().zip(&node)) {
        let (rust, node) = answers;
        tally.verdicts += 2;
        tally.valid += usize::from(rust.is_valid()) + usize::from(node.is_valid());
        if rust != node || Some(rust.is_valid()) != format::check(format, text) {
            tally.differences += 1;
            println!("{format} {text:?}\n    Rust       {rust:?}\n    TypeScript {node:?}");
        }
    }
    Ok(())
}
