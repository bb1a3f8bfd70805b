//! A run over cases: generates, compiles, and asks everybody for verdicts.

use crate::Result;
use crate::case::Case;
use crate::compile::{Broken, Workshop};
use crate::one::{Job, Outcome};
use crate::oracle::{self, Said};
use crate::{pool, root};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::thread;
use std::time::Instant;

/// How much is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Nothing is compiled: verdicts are the interpreter's.
    Quick,
    /// The TypeScript is compiled, and asked.
    TypeScript,
    /// Everything.
    Full,
}

/// A validator of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Judge {
    Interpreter,
    TypeScript,
    Rust,
}

/// The violations that a validator reports, as paths and keywords.
pub(crate) type Violations = Vec<[String; 2]>;

/// The answer of a validator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) violations: Violations,
    /// It failed in another way.
    pub(crate) other: Option<String>,
}

/// An instance, and what all say of it.
pub(crate) struct Verdict {
    pub(crate) case: usize,
    /// The name of the instance.
    pub(crate) name: String,
    pub(crate) message: String,
    /// As JSON.
    pub(crate) instance: String,
    pub(crate) stated: Option<bool>,
    pub(crate) ajv: Option<bool>,
    /// The verdict of the `jsonschema` crate, which is asked where Ajv and one of ours differ.
    pub(crate) second: Option<bool>,
    pub(crate) ours: BTreeMap<Judge, Answer>,
}

impl Verdict {
    /// Which verdict is right, as far as the others say: what the `jsonschema` crate says if it was asked, or else Ajv, or else the author.
    pub(crate) fn right(&self) -> Option<bool> {
        self.second.or(self.ajv).or(self.stated)
    }

    /// Whether the answer of a validator is wrong.
    pub(crate) fn is_wrong(&self, answer: &Answer) -> bool {
        answer.other.is_some()
            || self
                .right()
                .is_some_and(|right| right != answer.violations.is_empty())
    }
}

/// What came of all cases.
pub(crate) struct Run {
    pub(crate) cases: Vec<Case>,
    pub(crate) said: Vec<Said>,
    pub(crate) outcomes: Vec<Outcome>,
    /// The cases that do not compile, each with an error: in Rust, and in TypeScript. `None` if nothing was compiled.
    pub(crate) broken: Option<[BTreeMap<usize, String>; 2]>,
    pub(crate) verdicts: Vec<Verdict>,
}

/// The name of the modules of a case.
fn module(number: usize) -> String {
    format!("s{number}")
}

/// Runs cases, of which the oracle has said something, with the folder of this name for what is generated.
///
/// # Errors
/// Where a tool that is needed is missing or fails.
pub(crate) fn run(name: &str, cases: Vec<Case>, said: Vec<Said>, extent: Extent) -> Result<Run> {
    let workshop = Workshop::new(name)?;
    let start = Instant::now();
    let announce = |what: &str| eprintln!("{what} ({:.0?})", start.elapsed());
    announce("generating");
    let jobs: Vec<Job> = cases
        .iter()
        .zip(&said)
        .enumerate()
        .map(|(number, (case, said))| Job {
            case: case.clone(),
            module: module(number),
            out: workshop.out(),
            instances: instances(case, said),
        })
        .collect();
    let outcomes = pool::run(&jobs)?;
    drop(jobs);
    let mut run = Run {
        verdicts: by_interpreter(&cases, &said, &outcomes),
        cases,
        said,
        outcomes,
        broken: None,
    };
    if extent != Extent::Quick {
        announce("compiling");
        run.compile(&workshop, extent)?;
    }
    announce("comparing");
    run.settle();
    Ok(run)
}

/// The instances that were read: messages and payloads.
fn instances(case: &Case, said: &Said) -> Vec<(String, String)> {
    let both = case.instances.iter().zip(&said.instances);
    both.filter_map(|(instance, read)| Some((instance.message.clone(), read.json.clone()?)))
        .collect()
}

/// The verdicts, so far as the interpreter gave them.
fn by_interpreter(cases: &[Case], said: &[Said], outcomes: &[Outcome]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (number, (case, said)) in cases.iter().zip(said).enumerate() {
        let mut answers = outcomes[number].verdicts.iter();
        for (instance, read) in case.instances.iter().zip(&said.instances) {
            if read.json.is_none() {
                continue;
            }
            let Some(violations) = answers.next() else {
                break;
            };
            let answer = Answer {
                violations: violations.clone(),
                other: None,
            };
            let path = instance.path.display().to_string();
            let short: Vec<&str> = path.rsplit('/').take(3).collect();
            let short = short.into_iter().rev().collect::<Vec<_>>().join("/");
            verdicts.push(Verdict {
                case: number,
                name: format!("{short} as {}", instance.message),
                message: instance.message.clone(),
                instance: read.json.clone().unwrap_or_default(),
                stated: instance.stated,
                ajv: read.valid,
                second: None,
                ours: BTreeMap::from([(Judge::Interpreter, answer)]),
            });
        }
    }
    verdicts
}

impl Run {
    /// Compiles everything, and asks what was compiled.
    fn compile(&mut self, workshop: &Workshop, extent: Extent) -> Result<()> {
        let through =
            |(number, outcome): (usize, &Outcome)| outcome.is_through().then(|| module(number));
        let modules: Vec<String> = self
            .outcomes
            .iter()
            .enumerate()
            .filter_map(through)
            .collect();
        let judged: BTreeSet<String> = self.verdicts.iter().map(|one| module(one.case)).collect();
        let text = |error: Box<dyn std::error::Error>| error.to_string();
        let (typescript, rust) = thread::scope(|scope| {
            let typescript = scope.spawn(|| workshop.typescript(&modules).map_err(text));
            let rust = match extent {
                Extent::Full => workshop.rust(&modules, &judged).map_err(text),
                _ => Ok(Default::default()),
            };
            (typescript.join(), rust)
        });
        let typescript = typescript.map_err(|_| "the thread of a compiler fell")??;
        let (rust, program) = rust?;
        let folder = workshop.node.join("out");
        let script = root().join("tests/corpus/node/judge.js");
        let mut node = Command::new("node");
        self.ask(node.arg(script).arg(folder), Judge::TypeScript, &typescript)?;
        if let Some(program) = program {
            self.ask(&mut Command::new(program), Judge::Rust, &rust)?;
        }
        let numbered = |broken: Broken| {
            let number = |module: &str| module.strip_prefix('s').and_then(|n| n.parse().ok());
            // What is in no module of a case is the runtime, which all have.
            let of = |(module, why): (String, String)| (number(&module).unwrap_or(usize::MAX), why);
            broken.into_iter().map(of).collect()
        };
        self.broken = Some([numbered(rust), numbered(typescript)]);
        Ok(())
    }

    /// Asks a program for verdicts on every instance of what compiles.
    fn ask(&mut self, program: &mut Command, judge: Judge, broken: &Broken) -> Result<()> {
        let mut lines = Vec::new();
        let mut of = Vec::new();
        for (i, verdict) in self.verdicts.iter().enumerate() {
            let module = module(verdict.case);
            if broken.contains_key(&module) {
                continue;
            }
            let payload = &self.outcomes[verdict.case].payloads[&verdict.message];
            let line = [&module, &verdict.message, &verdict.instance, payload];
            lines.push(serde_json::to_string(&line)?);
            of.push(i);
        }
        let answers = oracle::talk(program, &lines)?;
        for (i, answer) in of.into_iter().zip(answers) {
            let answer: Answer = serde_json::from_str(&answer)?;
            self.verdicts[i].ours.insert(judge, answer);
        }
        Ok(())
    }

    /// Asks the `jsonschema` crate where Ajv has another verdict than one of ours, or none.
    fn settle(&mut self) {
        let mut validators = BTreeMap::new();
        for verdict in &mut self.verdicts {
            // Without a word of Ajv, the author's verdict holds.
            if verdict.ajv.is_none() && self.said[verdict.case].error.is_none() {
                continue;
            }
            let differs = verdict.ours.values().any(|answer| {
                answer.other.is_some() || verdict.ajv != Some(answer.violations.is_empty())
            });
            if !differs {
                continue;
            }
            let case = &self.cases[verdict.case];
            let message = &verdict.message;
            let validator = validators
                .entry((verdict.case, message.clone()))
                .or_insert_with(|| {
                    oracle::second(case, message).map_err(|error| error.to_string())
                });
            let value = serde_json::from_str::<Value>(&verdict.instance);
            if let (Ok(validator), Ok(value)) = (validator, value) {
                verdict.second = Some(validator.is_valid(&value));
            }
        }
    }
}
