//! Differential fuzzing: several validators check random instances against random schemas.
//!
//! Under `dialect: json-schema` there are four: the generated Rust, the generated TypeScript, the `jsonschema` crate
//! and Ajv. Under Handfast's own dialect and `integers: safe`, which no other validator implements, there are two, run
//! for both receivers.
//! The generated ones must agree with each other and with the interpreter on every violation; the others on the
//! verdict.

mod constructs;
mod differences;
mod formats;
mod instances;
pub(crate) mod schemas;
mod usual;

use crate::Result;
use crate::judge::{self, Answer, Generated, Question};
use constructs::{Pair, Produced};
use differences::KnownDifference;
use handfast_schema::{Side, Validator};
use handfast_testing::random::Rng;
use schemas::For;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

/// The maximum number of schemas that are compiled together.
const SCHEMAS: usize = 300;

/// The number of instances for a schema.
const INSTANCES: usize = 110;

/// The number of keyword pairs put into a schema.
const PAIRS: usize = 5;

/// A run with at least this many schemas must produce every construct.
const ENOUGH: usize = 300;

/// The number of differences that are shown.
const SHOWN: usize = 40;

/// A schema and its instances.
struct Subject {
    seed: u64,
    reader: For,
    schema: Value,
    instances: Vec<Value>,
    generated: Generated,
}

/// What the grammar has still to produce for a dialect, and what it has produced.
struct Grammar {
    wanted: Vec<Pair>,
    produced: Produced,
}

/// The results of a run.
#[derive(Default)]
struct Tally {
    verdicts: usize,
    valid: usize,
    schemas: usize,
    refused: BTreeMap<String, usize>,
    /// Validators that gave no verdict.
    silent: BTreeMap<String, usize>,
    known: BTreeMap<&'static str, usize>,
    differences: usize,
    /// The seeds and validators of the differences shown: one of each is enough.
    shown: BTreeSet<(u64, &'static str)>,
}

/// Runs batches until this many verdicts were given. Returns whether every difference is explained.
pub(crate) fn run(seed: u64, verdicts: usize) -> Result<bool> {
    let mut tally = Tally::default();
    formats::run(seed, verdicts, &mut tally)?;
    let mut grammars = [For::Ours, For::All].map(|reader| {
        let wanted = constructs::shuffled(&mut Rng::new(seed));
        let produced = Produced::default();
        (reader, Grammar { wanted, produced })
    });
    let mut batch = 0;
    while tally.verdicts < verdicts {
        let left = (verdicts - tally.verdicts) / (INSTANCES * 4) + 1;
        let first = seed
            .wrapping_mul(1_000_003)
            .wrapping_add(batch * SCHEMAS as u64);
        let subjects = subjects(first, left.min(SCHEMAS), &mut grammars, &mut tally);
        judge_all(subjects, &mut tally)?;
        batch += 1;
    }
    let Tally {
        verdicts,
        valid,
        schemas,
        ..
    } = tally;
    println!("seed {seed}: {verdicts} verdicts on {schemas} schemas, {valid} of them valid");
    for (why, n) in &tally.refused {
        println!("  refused {n}: {why}");
    }
    for (why, n) in &tally.silent {
        println!("  silent {n}: {why}");
    }
    for (why, n) in &tally.known {
        println!("  known {n}: {why}");
    }
    println!("{} unexplained differences", tally.differences);
    let mut is_whole = true;
    for (reader, grammar) in &grammars {
        println!("  made for {reader:?}: {}", grammar.produced.summary());
        if schemas >= ENOUGH {
            let mut missing = grammar.produced.missing(*reader == For::All);
            // Handfast's own dialect refuses some pairs: contradictions are errors there.
            if *reader == For::All {
                missing.extend(grammar.produced.missing_pairs());
            }
            is_whole &= missing.is_empty();
            for name in missing {
                println!("  never made: {name}");
            }
        }
    }
    Ok(tally.differences == 0 && is_whole)
}

fn subjects(
    first: u64,
    count: usize,
    grammars: &mut [(For, Grammar); 2],
    tally: &mut Tally,
) -> BTreeMap<usize, Subject> {
    let mut subjects = BTreeMap::new();
    for number in 0..count {
        let seed = first.wrapping_add(number as u64);
        let rng = &mut Rng::new(seed);
        let (reader, from) = match number % 3 {
            0 => (For::Ours, "both"),
            _ => (For::All, "server"),
        };
        let grammar = &mut grammars[usize::from(reader == For::All)].1;
        let pairs = grammar.wanted.len().saturating_sub(PAIRS);
        let pairs = grammar.wanted.split_off(pairs);
        let schema = schemas::document(rng, reader, &pairs, number % 5 == 4, number / 3);
        let head = match reader {
            For::All => json!({ "dialect": "json-schema" }),
            // Which no other validator implements either.
            For::Ours if number % 4 == 0 => {
                json!({ "dialect": { "name": "json-schema", "integers": "safe" } })
            }
            For::Ours => json!({}),
        };
        let messages = json!({ "m": { "from": from, "payload": schema } });
        let generated = match judge::generate(number, &head, messages, &BTreeMap::new()) {
            Ok(generated) => generated,
            Err(why) => {
                // They may be accepted in another schema.
                grammar.wanted.splice(0..0, pairs);
                let why = why.lines().next().unwrap_or_default();
                // Without the names, which would make each message unique.
                let why = why.split('`').step_by(2).collect::<Vec<_>>().join("…");
                *tally
                    .refused
                    .entry(format!("{reader:?}: {why}"))
                    .or_default() += 1;
                continue;
            }
        };
        grammar.produced.count(&schema);
        let instances = (0..INSTANCES)
            .map(|_| instances::instance(rng, &schema))
            .collect();
        let subject = Subject {
            seed,
            reader,
            schema,
            instances,
            generated,
        };
        subjects.insert(number, subject);
    }
    tally.schemas += subjects.len();
    subjects
}

fn judge_all(subjects: BTreeMap<usize, Subject>, tally: &mut Tally) -> Result<()> {
    let mut questions = Vec::new();
    for (number, subject) in &subjects {
        let sides: &[bool] = match subject.reader {
            For::All => &[false],
            For::Ours => &[false, true],
        };
        for by_server in sides {
            questions.extend(
                subject
                    .instances
                    .iter()
                    .map(|instance| Question::payload(*number, *by_server, &instance.to_string())),
            );
        }
    }
    let generated = subjects
        .iter()
        .map(|(number, one)| (*number, &one.generated));
    let judges = judge::compile("fuzz", &generated.collect())?;
    let (rust, node) = judges.ask(&questions)?;
    let ajv = ajv(&subjects)?;
    let mut at = 0;
    for (number, subject) in &subjects {
        for side in [Side::Client, Side::Server] {
            if side == Side::Server && subject.reader == For::All {
                continue;
            }
            let range = at..at + subject.instances.len();
            at = range.end;
            ours(
                subject,
                side,
                &rust[range.clone()],
                &node[range.clone()],
                tally,
            );
            if subject.reader == For::All {
                others(subject, &rust[range], ajv.get(number), tally);
            }
        }
    }
    Ok(())
}

impl Subject {
    fn tell(&self, tally: &mut Tally, judge: &'static str, instance: &Value, what: &str) {
        tally.differences += 1;
        if tally.shown.len() < SHOWN && tally.shown.insert((self.seed, judge)) {
            println!(
                "seed {} ({:?}): {what}\n    schema   {}\n    instance {instance}",
                self.seed, self.reader, self.schema
            );
        }
    }
}

/// The two generated validators, and the interpreter.
fn ours(subject: &Subject, side: Side, rust: &[Answer], node: &[Answer], tally: &mut Tally) {
    let protocol = &subject.generated.protocol;
    let message = &protocol.messages[0];
    let sent = message.server.as_ref().or(message.client.as_ref());
    let Some(payload) = sent.and_then(|sent| sent.payload) else {
        return;
    };
    let validator = Validator::new(&protocol.schemas);
    for ((instance, rust), node) in subject.instances.iter().zip(rust).zip(node) {
        tally.verdicts += 2;
        tally.valid += usize::from(rust.is_valid()) + usize::from(node.is_valid());
        let violations: Vec<_> = validator
            .validate(payload, instance, Some(side))
            .into_iter()
            .map(|one| {
                let path = format!("/payload{}", one.path);
                let allowed = one.allowed.clone().unwrap_or(Value::Null);
                (
                    path,
                    one.keyword.to_owned(),
                    one.message.to_string(),
                    judge::in_doubles(allowed),
                )
            })
            .collect();
        let interpreter = match violations.as_slice() {
            [] => Answer::Valid,
            _ => Answer::Invalid(violations),
        };
        if rust != node || *rust != interpreter {
            let what = format!(
                "{side:?}\n    Rust        {rust:?}\n    TypeScript  {node:?}\n    interpreter {interpreter:?}"
            );
            subject.tell(tally, "ours", instance, &what);
        }
    }
}

/// The two other implementations, by their verdicts.
fn others(subject: &Subject, ours: &[Answer], ajv: Option<&Value>, tally: &mut Tally) {
    let crate_ = jsonschema::draft202012::options()
        .should_validate_formats(false)
        .build(&subject.schema);
    let silent = |tally: &mut Tally, why: String| {
        *tally.silent.entry(why).or_default() += 1;
    };
    if crate_.is_err() {
        silent(
            tally,
            "the jsonschema crate takes the schema for none".to_owned(),
        );
    }
    for (i, (instance, ours)) in subject.instances.iter().zip(ours).enumerate() {
        let theirs = crate_.as_ref().ok().map(|one| one.is_valid(instance));
        compare(subject, instance, ours, ("jsonschema", theirs), tally);
        let said = match ajv {
            Some(Value::Array(all)) => all.get(i),
            said => said,
        };
        if let Some(Value::String(why)) = said {
            silent(
                tally,
                format!("Ajv: {}", why.chars().take(60).collect::<String>()),
            );
        }
        let theirs = said.and_then(Value::as_bool);
        compare(subject, instance, ours, ("Ajv", theirs), tally);
    }
}

fn compare(
    subject: &Subject,
    instance: &Value,
    ours: &Answer,
    (judge, theirs): (&'static str, Option<bool>),
    tally: &mut Tally,
) {
    let Some(theirs) = theirs else { return };
    tally.verdicts += 1;
    tally.valid += usize::from(theirs);
    if theirs == ours.is_valid() {
        return;
    }
    let known = differences::ALL.iter().find(|known: &&KnownDifference| {
        known.judge == judge && (known.applies)(&subject.schema, instance)
    });
    match known {
        Some(known) => *tally.known.entry(known.why).or_default() += 1,
        None => {
            let verdict = if theirs { "valid" } else { "invalid" };
            let what = format!("{judge} says {verdict}, and we {ours:?}");
            subject.tell(tally, judge, instance, &what);
        }
    }
}

/// The verdicts of Ajv: for each schema a list, or why there is none.
fn ajv(subjects: &BTreeMap<usize, Subject>) -> Result<BTreeMap<usize, Value>> {
    let folder = judge::target().join("conformance/fuzz/node");
    let script = folder.join("ajv.js");
    std::fs::write(&script, include_str!("fuzz/ajv.js"))?;
    let package = judge::root().join("tests/typescript/package.json");
    let mut child = Command::new("node")
        .arg(&script)
        .arg(package)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut to = child.stdin.take().ok_or("a program without input")?;
    let asked: Vec<(usize, String)> = subjects
        .iter()
        .filter(|(_, one)| one.reader == For::All)
        .map(|(number, one)| {
            let texts: Vec<String> = one.instances.iter().map(Value::to_string).collect();
            (*number, json!([one.schema, texts]).to_string())
        })
        .collect();
    let (numbers, lines): (Vec<usize>, Vec<String>) = asked.into_iter().unzip();
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        for line in lines {
            writeln!(to, "{line}")?;
        }
        Ok(())
    });
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| "a judge's thread fell")??;
    let said = String::from_utf8(output.stdout)?;
    let said = said.lines().map(serde_json::from_str::<Value>);
    numbers
        .into_iter()
        .zip(said)
        .map(|(number, said)| Ok((number, said?)))
        .collect()
}
