//! Random protocols: whatever passes the check generates code that compiles without warnings and is formatted like
//! `rustfmt` does.

mod constructs;
mod keys;
mod make;
mod names;
mod session;

use crate::Result;
use crate::judge::{self, Generated};
use handfast_testing::random::Rng;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The maximum number of protocols that are compiled together.
const BATCH: usize = 300;

/// How many protocols with problems are shown for each tool in a batch.
const SHOWN: usize = 12;

/// A type for a `format`, as applications have them.
const FOREIGN: &str = r#"
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Foreign(String);

impl handfast::ForeignString for Foreign {
    type Error = std::convert::Infallible;

    fn from_text(text: &str) -> Result<Self, Self::Error> {
        Ok(Self(text.to_owned()))
    }

    fn write_text(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

handfast::foreign!(Foreign);
"#;

/// The results of a run.
#[derive(Default)]
struct Tally {
    accepted: usize,
    /// Protocols that the check refused, by diagnostic.
    refused: BTreeMap<String, usize>,
    constructs: BTreeMap<&'static str, usize>,
    keys: BTreeSet<keys::Key>,
    bad: usize,
}

/// Makes this many protocols that pass the check, and compiles them in batches. Returns whether all compile, and
/// every construct occurred.
pub(crate) fn run(seed: u64, count: usize) -> Result<bool> {
    let mut tally = Tally::default();
    let language = handfast_spec::format_schema();
    let mut next = seed.wrapping_mul(1_000_003);
    while tally.accepted < count {
        let size = BATCH.min(count - tally.accepted);
        let batch = batch(&mut next, size, &language, &mut tally);
        tally.accepted += batch.len();
        compile(&batch, &mut tally)?;
    }
    let Tally {
        accepted,
        refused,
        constructs,
        keys,
        bad,
    } = tally;
    let all: usize = refused.values().sum();
    println!(
        "seed {seed}: {accepted} protocols compiled, {bad} of them with a mistake; {all} were refused before"
    );
    for (why, n) in &refused {
        println!("  refused {n}: {why}");
    }
    let made: Vec<String> = constructs
        .iter()
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    println!("  made {}", made.join(", "));
    let never = constructs
        .iter()
        .filter(|(_, n)| **n == 0 && count >= BATCH);
    let never: Vec<&&str> = never.map(|(name, _)| name).collect();
    for name in &never {
        println!("  never made: {name}");
    }
    let mut unused = keys::all(&language);
    unused.retain(|key| !keys.contains(key) && count >= BATCH);
    for (definition, key) in &unused {
        println!("  never used: the key `{key}` of a {definition}");
    }
    Ok(bad == 0 && never.is_empty() && unused.is_empty())
}

/// A protocol with its number, and the seed that reproduces it.
struct Subject {
    seed: u64,
    spec: Value,
    generated: Generated,
}

fn batch(
    next: &mut u64,
    size: usize,
    language: &Value,
    tally: &mut Tally,
) -> BTreeMap<usize, Subject> {
    let mut all = BTreeMap::new();
    while all.len() < size {
        let (number, seed) = (all.len(), *next);
        *next = next.wrapping_add(1);
        let spec = make::spec(&mut Rng::new(seed), number);
        match judge::from_spec(&spec, &BTreeMap::new()) {
            Ok(generated) => {
                constructs::count(&spec, &mut tally.constructs);
                keys::used(
                    language,
                    &language["$defs"]["spec"],
                    "spec",
                    &spec,
                    &mut tally.keys,
                );
                all.insert(
                    number,
                    Subject {
                        seed,
                        spec,
                        generated,
                    },
                );
            }
            Err(why) => {
                let why = why.lines().next().unwrap_or_default();
                // Without the names, which would make each message unique.
                let why = why.split('`').step_by(2).collect::<Vec<_>>().join("…");
                *tally.refused.entry(why).or_default() += 1;
            }
        }
    }
    all
}

fn compile(batch: &BTreeMap<usize, Subject>, tally: &mut Tally) -> Result<()> {
    let folder = judge::write("protocols", batch.values().map(|one| &one.generated))?;
    let (rust, node) = (folder.join("rust"), folder.join("node"));
    judge::manifest(&rust, "handfast-random-protocols", "features = []")?;
    let mut root = format!("//! Random protocols.\n\n{FOREIGN}\n");
    for number in batch.keys() {
        let _ = writeln!(root, "pub mod p{number};");
    }
    fs::write(rust.join("src/lib.rs"), root)?;
    let mut found = Vec::new();
    let checked = Command::new("cargo")
        .args([
            "check",
            "--quiet",
            "--message-format",
            "short",
            "--manifest-path",
        ])
        .arg(rust.join("Cargo.toml"))
        .env(
            "CARGO_TARGET_DIR",
            judge::target().join("conformance/target"),
        )
        .env_remove("CARGO_BUILD_TARGET")
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTFLAGS", "-Dwarnings")
        .output()?;
    if !checked.status.success() {
        found.push((
            "rustc",
            String::from_utf8_lossy(&checked.stderr).into_owned(),
        ));
    }
    let formatted = Command::new("rustfmt")
        .args(["--check", "-l", "--edition", "2024", "--config-path"])
        .arg(judge::root().join("rustfmt.toml"))
        .args(
            batch
                .keys()
                .map(|number| rust.join(format!("src/p{number}.rs"))),
        )
        .output()?;
    if !formatted.status.success() {
        let said = [formatted.stdout, formatted.stderr].concat();
        found.push(("rustfmt", String::from_utf8_lossy(&said).into_owned()));
    }
    found.extend(judge::compile_typescript(&node)?.map(|said| ("tsc", said)));
    report(batch, &found, &folder, tally)
}

/// Prints the problems of each protocol, with its seed and its spec.
fn report(
    batch: &BTreeMap<usize, Subject>,
    found: &[(&str, String)],
    folder: &Path,
    tally: &mut Tally,
) -> Result<()> {
    let mut bad = BTreeSet::new();
    for (who, said) in found {
        let mut of_these = BTreeSet::new();
        let mut is_of_one = false;
        for line in said.lines() {
            let Some(number) = number_in(line) else {
                continue;
            };
            is_of_one = true;
            let Some(subject) = batch.get(&number).filter(|_| of_these.insert(number)) else {
                continue;
            };
            if of_these.len() <= SHOWN {
                let spec = folder.join(format!("p{number}.spec.json"));
                fs::write(&spec, serde_json::to_string_pretty(&subject.spec)?)?;
                println!(
                    "seed {}: {who}: {line}\n    {}",
                    subject.seed,
                    spec.display()
                );
            }
        }
        if !is_of_one {
            return Err(format!("{who}: {said}").into());
        }
        println!("{who}: {} of {} protocols", of_these.len(), batch.len());
        bad.append(&mut of_these);
    }
    tally.bad += bad.len();
    Ok(())
}

/// The number of the protocol to whose file a line refers.
fn number_in(line: &str) -> Option<usize> {
    let (_, file) = line.split_once("src/")?;
    let rest = file.strip_prefix("ts/").unwrap_or(file).strip_prefix('p')?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
