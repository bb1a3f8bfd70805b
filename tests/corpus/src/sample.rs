//! Twenty small schemas, each of a form that schemas of the world have, with valid and invalid instances.

use crate::case::{Case, Content, Instance, MESSAGE};
use crate::oracle::{Read, Said};
use crate::references::Addresses;
use crate::run::{self, Extent, Run};
use crate::{Result, root, store};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// A file of the sample.
#[derive(Deserialize)]
struct Sample {
    #[serde(rename = "about")]
    _about: String,
    dialect: Option<Value>,
    schema: Box<RawValue>,
    valid: Vec<Box<RawValue>>,
    invalid: Vec<Box<RawValue>>,
}

/// Runs the sample; returns whether it misses what is listed, and nothing else.
pub(crate) fn run() -> Result<bool> {
    let mut cases = Vec::new();
    let mut said = Vec::new();
    for path in store::files(&root().join("tests/corpus/sample"))? {
        let sample: Sample = serde_json::from_slice(&fs::read(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let content = Content::Text(sample.schema.get().to_owned());
        let file = format!("{name}.json");
        let mut case = Case::of_content(&name, &file, content, &Addresses::default())?;
        case.dialect = sample.dialect;
        let mut instances = Vec::new();
        for (kind, stated, all) in [
            ("valid", true, sample.valid),
            ("invalid", false, sample.invalid),
        ] {
            for (number, instance) in all.into_iter().enumerate() {
                case.instances.push(Instance {
                    path: PathBuf::from(format!("{kind}/{number}")),
                    message: MESSAGE.to_owned(),
                    stated: Some(stated),
                });
                instances.push(Read {
                    json: Some(instance.get().to_owned()),
                    ..Read::default()
                });
            }
        }
        cases.push(case);
        said.push(Said {
            error: None,
            instances,
        });
    }
    let run = run::run("sample", cases, said, Extent::Full)?;
    compare(&run)
}

/// What each schema misses.
type Misses = BTreeMap<String, BTreeSet<String>>;

fn compare(run: &Run) -> Result<bool> {
    let listed: Misses = serde_json::from_str(include_str!("../misses.json"))?;
    let found = misses(run);
    let mut good = true;
    for (case, outcome) in run.cases.iter().zip(&run.outcomes) {
        let nothing = BTreeSet::new();
        let name = &case.name;
        let (listed, found) = (listed.get(name).unwrap_or(&nothing), &found[name]);
        let verdict = if found.is_empty() {
            "typed and right"
        } else {
            "misses something"
        };
        println!("{name:<20} {:>3} places   {verdict}", outcome.rust.all);
        for miss in found {
            let is_listed = listed.contains(miss);
            good &= is_listed;
            println!(
                "    {miss}{}",
                if is_listed {
                    ""
                } else {
                    "   NOT LISTED in tests/corpus/misses.json"
                }
            );
        }
        for miss in listed.difference(found) {
            good = false;
            println!("    {miss}   NO LONGER: take it out of tests/corpus/misses.json");
        }
    }
    let known: BTreeSet<&String> = run.cases.iter().map(|case| &case.name).collect();
    for name in listed.keys().filter(|name| !known.contains(name)) {
        good = false;
        println!("{name} is in tests/corpus/misses.json, and no schema");
    }
    if !good {
        let all = misses(run);
        let all: Misses = all
            .into_iter()
            .filter(|(_, misses)| !misses.is_empty())
            .collect();
        println!("\nwhat is missed:\n{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(good)
}

fn misses(run: &Run) -> Misses {
    let mut all = Misses::new();
    for (number, (case, outcome)) in run.cases.iter().zip(&run.outcomes).enumerate() {
        let mut found = BTreeSet::new();
        if let Some(how) = &outcome.fell {
            found.insert(format!("falls: {how}"));
        }
        if let Some([code, message, _]) = outcome.errors.first() {
            found.insert(format!("refused: {code} {message}"));
        }
        for (language, places) in [("Rust", &outcome.rust), ("TypeScript", &outcome.typescript)] {
            for (reason, (count, _)) in &places.untyped {
                found.insert(format!("{count} without a type in {language}: {reason}"));
            }
        }
        for (language, broken) in ["Rust", "TypeScript"]
            .iter()
            .zip(run.broken.iter().flatten())
        {
            if let Some(why) = broken.get(&number) {
                println!("{}: {why}", case.name);
                found.insert(format!("does not compile in {language}"));
            }
        }
        for verdict in run.verdicts.iter().filter(|one| one.case == number) {
            for (judge, answer) in &verdict.ours {
                if verdict.is_wrong(answer) {
                    println!("{} {}: {judge:?} says {answer:?}", case.name, verdict.name);
                    found.insert(format!("wrong by {judge:?}: {}", verdict.name));
                }
            }
        }
        all.insert(case.name.clone(), found);
    }
    all
}
