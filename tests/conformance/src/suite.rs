//! The official suite: JSON-Schema-Test-Suite, every draft from 04 on.

use crate::Result;
use crate::judge::{self, Answer, Generated, Question};
use crate::misses::Misses;
use handfast_schema::Span;
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

/// The parts of the suite of a draft: the name, and the folder.
const PARTS: [(&str, &str); 3] = [
    ("required", ""),
    ("optional", "optional"),
    ("format", "optional/format"),
];

/// A draft: its folder, its name in `dialect.draft`, and the number of cases in each part, so that none is overlooked.
struct Draft {
    folder: &'static str,
    setting: fn() -> Value,
    cases: [usize; PARTS.len()],
}

const DRAFTS: [Draft; 5] = [
    Draft {
        folder: "draft4",
        setting: || json!(4),
        cases: [610, 100, 153],
    },
    Draft {
        folder: "draft6",
        setting: || json!(6),
        cases: [829, 106, 214],
    },
    Draft {
        folder: "draft7",
        setting: || json!(7),
        cases: [913, 118, 434],
    },
    Draft {
        folder: "draft2019-09",
        setting: || json!("2019-09"),
        cases: [1227, 154, 483],
    },
    Draft {
        folder: "draft2020-12",
        setting: || json!("2020-12"),
        cases: [1257, 158, 491],
    },
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
    /// The indices of its draft and its part.
    place: [usize; 2],
    /// `draft/file | group | case`
    name: String,
    valid: bool,
    /// Its instance, or why there is none.
    asked: std::result::Result<usize, String>,
}

/// The suite while it is read.
struct Reading {
    remotes: Value,
    files: BTreeMap<String, Vec<u8>>,
    cases: Vec<Case>,
    questions: Vec<Question>,
    /// How many groups were read; the number of the last.
    groups: usize,
    protocols: BTreeMap<usize, Generated>,
    /// The protocols by what their schemas mean. Many groups are the same in several drafts.
    known: BTreeMap<String, usize>,
}

/// Runs the suite of a source package. Returns whether every result is as expected.
pub(crate) fn run(sdist: &Path) -> Result<bool> {
    let folder = unpack(sdist)?;
    let (remotes, files) = remotes(&folder.join("remotes"))?;
    let mut reading = Reading {
        remotes,
        files,
        cases: Vec::new(),
        questions: Vec::new(),
        groups: 0,
        protocols: BTreeMap::new(),
        known: BTreeMap::new(),
    };
    for (draft, of) in DRAFTS.iter().enumerate() {
        for (part, (_, below)) in PARTS.iter().enumerate() {
            for path in json_files(&folder.join("tests").join(of.folder).join(below))? {
                let file = path.file_name().unwrap_or_default().to_string_lossy();
                let file = Path::new(of.folder).join(below).join(&*file);
                let groups: Vec<Group> = serde_json::from_slice(&fs::read(&path)?)?;
                for group in groups {
                    reading.group([draft, part], &file.display().to_string(), group);
                }
            }
        }
    }
    println!(
        "{} groups, {} different ones compiled",
        reading.groups,
        reading.protocols.len()
    );
    let protocols = reading.protocols.iter();
    let protocols = protocols.map(|(number, one)| (*number, one)).collect();
    let judges = judge::compile("suite", &protocols)?;
    let answers = judges.ask(&reading.questions)?;
    report(&reading.cases, &answers)
}

impl Reading {
    /// Generates the protocol of a group, and adds its cases.
    fn group(&mut self, place: [usize; 2], file: &str, group: Group) {
        self.groups += 1;
        let formats = match PARTS[place[1]].0 {
            "format" => "assert",
            _ => "annotate",
        };
        let head = json!({
            "dialect": {
                "name": "json-schema",
                "draft": (DRAFTS[place[0]].setting)(),
                "formats": formats,
            },
            "remotes": self.remotes,
        });
        let messages = json!({ "m": { "from": "server", "payload": group.schema } });
        let generated = judge::generate(self.groups, &head, messages, &self.files);
        let number = generated.map(|generated| {
            let meaning = meaning(&generated);
            let number = *self.known.entry(meaning).or_insert(self.groups);
            if number == self.groups {
                self.protocols.insert(number, generated);
            }
            number
        });
        for test in group.tests {
            let asked = number.clone().map(|number| {
                let question = Question::payload(number, false, test.data.get());
                self.questions.push(question);
                self.questions.len() - 1
            });
            self.cases.push(Case {
                place,
                name: format!("{file} | {} | {}", group.description, test.description),
                valid: test.valid,
                asked,
            });
        }
    }
}

/// The schemas of a protocol, without where they were read.
fn meaning(generated: &Generated) -> String {
    let protocol = &generated.protocol;
    let mut schemas = protocol.schemas.clone();
    let ids: Vec<_> = schemas.iter().map(|(id, _)| id).collect();
    for id in ids {
        schemas[id].span = Span::default();
    }
    let payload = protocol.messages[0].server.as_ref();
    format!("{:?} {schemas:?}", payload.and_then(|sent| sent.payload))
}

/// Compares the results, and prints the totals and everything unexpected.
fn report(cases: &[Case], (rust, node): &(Vec<Answer>, Vec<Answer>)) -> Result<bool> {
    let mut misses = Misses::read()?;
    let mut good = true;
    let mut complain = |line: String| {
        println!("{line}");
        good = false;
    };
    let mut passed = [[[0; 2]; PARTS.len()]; DRAFTS.len()];
    let mut all = [[0; PARTS.len()]; DRAFTS.len()];
    for case in cases {
        let [draft, part] = case.place;
        all[draft][part] += 1;
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
        for (count, right) in passed[draft][part].iter_mut().zip(right) {
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
        "\n{:<22} {:>6} {:>6} {:>11}",
        "", "cases", "Rust", "TypeScript"
    );
    for (i, draft) in DRAFTS.iter().enumerate() {
        for (j, (part, _)) in PARTS.iter().enumerate() {
            let (expected, found, passed) = (draft.cases[j], all[i][j], passed[i][j]);
            let name = format!("{} {part}", draft.folder);
            println!("{name:<22} {found:>6} {:>6} {:>11}", passed[0], passed[1]);
            if found != expected {
                complain(format!(
                    "{name} has {expected} cases, and {found} were found"
                ));
            }
            if j == 0 && passed != [expected; 2] {
                complain("every required case has to pass".to_owned());
            }
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

/// The `remotes` section, and the files of the suite. The meta-schemas are known without.
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
    Ok((Value::Object(named), files))
}
