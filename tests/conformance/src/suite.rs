//! The official suite: JSON-Schema-Test-Suite, draft 2020-12.

use crate::Result;
use crate::judge::{self, Answer, Generated, Question};
use crate::misses::Misses;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The source package with the suite, as `pip` downloads it: its version and its SHA-256.
const REQUIREMENT: &str = include_str!("../suite.txt");

/// The base address of the suite's remote schemas.
const REMOTES: &str = "http://localhost:1234";

/// A part of the suite, and its number of cases, so that no part is overlooked.
const PARTS: [(&str, &str, usize); 3] = [
    ("required", "", 1257),
    ("optional", "optional", 158),
    ("format", "optional/format", 491),
];

#[derive(Deserialize)]
struct Group {
    description: String,
    schema: Value,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    description: String,
    data: Box<RawValue>,
    valid: bool,
}

/// A case, and its result.
struct Case {
    part: usize,
    /// `file | group | case`
    name: String,
    valid: bool,
    /// Its instance, or why there is none.
    asked: std::result::Result<usize, String>,
}

/// Runs the suite of a source package. Returns whether every result is as expected.
pub(crate) fn run(sdist: &Path) -> Result<bool> {
    let folder = unpack(sdist)?;
    let (remotes, files) = remotes(&folder.join("remotes"))?;
    let mut cases = Vec::new();
    let mut questions = Vec::new();
    let mut protocols: BTreeMap<usize, Generated> = BTreeMap::new();
    let mut number = 0;
    for (part, (_, below, _)) in PARTS.iter().enumerate() {
        for path in json_files(&folder.join("tests/draft2020-12").join(below))? {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let file = Path::new(below).join(&*file).display().to_string();
            let groups: Vec<Group> = serde_json::from_slice(&fs::read(&path)?)?;
            for group in groups {
                number += 1;
                let formats = if PARTS[part].0 == "format" {
                    "assert"
                } else {
                    "annotate"
                };
                let head = json!({
                    "dialect": { "name": "json-schema", "formats": formats },
                    "remotes": remotes,
                });
                let messages = json!({ "m": { "from": "server", "payload": group.schema } });
                let generated = judge::generate(number, &head, messages, &files);
                let refused = generated.as_ref().err().cloned();
                protocols.extend(generated.ok().map(|generated| (number, generated)));
                for test in group.tests {
                    let asked = match &refused {
                        Some(why) => Err(why.clone()),
                        None => {
                            questions.push(Question::payload(number, false, test.data.get()));
                            Ok(questions.len() - 1)
                        }
                    };
                    let name = format!("{file} | {} | {}", group.description, test.description);
                    cases.push(Case {
                        part,
                        name,
                        valid: test.valid,
                        asked,
                    });
                }
            }
        }
    }
    println!("{} groups, {} of them compiled", number, protocols.len());
    let judges = judge::compile(
        "suite",
        &protocols
            .iter()
            .map(|(number, one)| (*number, one))
            .collect(),
    )?;
    let answers = judges.ask(&questions)?;
    report(&cases, &answers)
}

/// Compares the results, and prints the totals and everything unexpected.
fn report(cases: &[Case], (rust, node): &(Vec<Answer>, Vec<Answer>)) -> Result<bool> {
    let mut misses = Misses::read()?;
    let mut good = true;
    let mut complain = |line: String| {
        println!("{line}");
        good = false;
    };
    let mut passed = [[0; 2]; PARTS.len()];
    let mut all = [0; PARTS.len()];
    for case in cases {
        all[case.part] += 1;
        let (ours, theirs) = match &case.asked {
            Ok(at) => (&rust[*at], &node[*at]),
            Err(why) => {
                if !misses.is_listed(&case.name) {
                    let why = why.lines().next().unwrap_or_default();
                    complain(format!("refused: {}\n    {why}", case.name));
                }
                continue;
            }
        };
        if ours != theirs {
            complain(format!(
                "unlike: {}\n    Rust       {ours:?}\n    TypeScript {theirs:?}",
                case.name
            ));
        }
        let right = [ours, theirs].map(|answer| {
            let fell = matches!(answer, Answer::Other(_));
            !fell && answer.is_valid() == case.valid
        });
        for (count, right) in passed[case.part].iter_mut().zip(right) {
            *count += usize::from(right);
        }
        match (right == [true; 2], misses.is_listed(&case.name)) {
            (true, true) => complain(format!("passes, and is listed as a miss: {}", case.name)),
            (false, false) => complain(format!(
                "wrong: {} is {}\n    Rust       {ours:?}\n    TypeScript {theirs:?}",
                case.name,
                if case.valid { "valid" } else { "invalid" }
            )),
            _ => {}
        }
    }
    for name in misses.unused() {
        complain(format!("listed as a miss, and no case: {name}"));
    }
    println!(
        "\n{:<9} {:>6} {:>6} {:>11}",
        "", "cases", "Rust", "TypeScript"
    );
    for (i, (name, _, expected)) in PARTS.iter().enumerate() {
        println!(
            "{name:<9} {:>6} {:>6} {:>11}",
            all[i], passed[i][0], passed[i][1]
        );
        if all[i] != *expected {
            complain(format!(
                "{name} has {expected} cases, and {} were found",
                all[i]
            ));
        }
        if i == 0 && passed[i] != [*expected; 2] {
            complain("every required case has to pass".to_owned());
        }
    }
    Ok(good)
}

/// Verifies the package and unpacks the suite.
fn unpack(sdist: &Path) -> Result<PathBuf> {
    let bytes = fs::read(sdist).map_err(|error| format!("{}: {error}", sdist.display()))?;
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = REQUIREMENT.trim().rsplit(':').next().unwrap_or_default();
    if digest != expected {
        return Err(format!(
            "{} is not the package that is meant: its SHA-256 is {digest}, and not {expected}",
            sdist.display()
        )
        .into());
    }
    let folder = judge::target().join("conformance/official");
    fs::create_dir_all(&folder)?;
    let done = Command::new("tar")
        .arg("-xzf")
        .arg(sdist.canonicalize()?)
        .current_dir(&folder)
        .status()
        .map_err(|error| format!("`tar` does not run: {error}"))?;
    if !done.success() {
        return Err("`tar` does not unpack the package".into());
    }
    Ok(folder.join("jsonschema-4.26.0/json"))
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The `remotes` section, and the files: those of the suite, and the meta-schemas of the draft.
fn remotes(folder: &Path) -> Result<(Value, BTreeMap<String, Vec<u8>>)> {
    let mut named = Map::new();
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        for path in json_files(&below)? {
            let name = path
                .strip_prefix(folder)?
                .to_string_lossy()
                .replace('\\', "/");
            named.insert(
                format!("{REMOTES}/{name}"),
                format!("remotes/{name}").into(),
            );
            files.insert(format!("remotes/{name}"), fs::read(&path)?);
        }
        for entry in fs::read_dir(&below)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    for meta in [
        &referencing::meta::DRAFT202012,
        &referencing::meta::DRAFT202012_CORE,
        &referencing::meta::DRAFT202012_APPLICATOR,
        &referencing::meta::DRAFT202012_UNEVALUATED,
        &referencing::meta::DRAFT202012_VALIDATION,
        &referencing::meta::DRAFT202012_META_DATA,
        &referencing::meta::DRAFT202012_FORMAT_ANNOTATION,
        &referencing::meta::DRAFT202012_FORMAT_ASSERTION,
        &referencing::meta::DRAFT202012_CONTENT,
    ] {
        let address = meta["$id"]
            .as_str()
            .ok_or("a meta-schema without an address")?;
        let file = format!(
            "meta/{}.json",
            address.rsplit('/').next().unwrap_or_default()
        );
        named.insert(address.to_owned(), file.clone().into());
        files.insert(file, meta.to_string().into_bytes());
    }
    Ok((Value::Object(named), files))
}
