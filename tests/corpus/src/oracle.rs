//! Reads instances and asks Ajv for their verdicts, in each schema's own draft; kept between runs, since none of it is ours. Where Ajv and
//! Handfast differ, the `jsonschema` crate is asked.

use crate::Result;
use crate::case::{Case, Draft};
use crate::{folder, pool, root};
use jsonschema::{Retrieve, Uri, Validator};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

/// An instance as the oracle read it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Read {
    /// Its JSON; `None` if it is not read.
    pub(crate) json: Option<String>,
    /// Ajv's verdict, if it has one.
    pub(crate) valid: Option<bool>,
    /// Why it is not read.
    pub(crate) unreadable: Option<String>,
}

/// What the oracle says of a case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    /// Why Ajv does not compile the schema.
    pub(crate) error: Option<String>,
    pub(crate) instances: Vec<Read>,
}

/// Asks for all cases.
///
/// # Errors
/// Where the packages are not installed, or Node does not run.
pub(crate) fn ask(cases: &[Case]) -> Result<Vec<Said>> {
    let mut hasher = DefaultHasher::new();
    let lines: Vec<String> = cases
        .iter()
        .map(serde_json::to_string)
        .collect::<serde_json::Result<_>>()?;
    lines.hash(&mut hasher);
    include_str!("../node/oracle.js").hash(&mut hasher);
    for case in cases {
        for instance in &case.instances {
            let size = fs::metadata(&instance.path).map(|data| data.len());
            size.unwrap_or_default().hash(&mut hasher);
        }
    }
    let kept = folder("oracle")?.join(format!("{:016x}.json", hasher.finish()));
    if let Ok(text) = fs::read(&kept) {
        return Ok(serde_json::from_slice(&text)?);
    }
    let script = root().join("tests/corpus/node/oracle.js");
    if !script.with_file_name("node_modules").is_dir() {
        return Err("Ajv is not there: run `npm ci --prefix tests/corpus/node`".into());
    }
    let chunk = lines.len().div_ceil(pool::width()).max(1);
    let said = thread::scope(|scope| {
        let workers: Vec<_> = lines
            .chunks(chunk)
            .map(|lines| {
                let script = &script;
                scope.spawn(move || talk(Command::new("node").arg(script), lines))
            })
            .collect();
        let mut said: Vec<Said> = Vec::new();
        for worker in workers {
            for line in worker.join().map_err(|_| "a thread of the oracle fell")?? {
                said.push(serde_json::from_str(&line).map_err(|error| error.to_string())?);
            }
        }
        Ok::<_, String>(said)
    })?;
    fs::write(kept, serde_json::to_vec(&said)?)?;
    Ok(said)
}

/// Runs a program that answers each line with a line.
///
/// # Errors
/// Where it does not, with the line at which it ended.
pub(crate) fn talk(
    program: &mut Command,
    lines: &[String],
) -> std::result::Result<Vec<String>, String> {
    let text = |error: std::io::Error| error.to_string();
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(text)?;
    let mut to = child.stdin.take().ok_or("a program without input")?;
    let from = child.stdout.take().ok_or("a program without output")?;
    let answers: Vec<String> = thread::scope(|scope| {
        scope.spawn(move || {
            // A program that falls reads no more.
            let _ = lines.iter().try_for_each(|line| writeln!(to, "{line}"));
        });
        BufReader::new(from).lines().collect::<std::io::Result<_>>()
    })
    .map_err(text)?;
    let status = child.wait().map_err(text)?;
    match lines.get(answers.len()) {
        None => Ok(answers),
        Some(line) => {
            let shown: String = line.chars().take(300).collect();
            Err(format!("{program:?} ended with {status} at {shown}"))
        }
    }
}

struct Documents(BTreeMap<String, Value>);

impl Retrieve for Documents {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> std::result::Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let address = uri.as_str();
        let name = address.rsplit('/').next().unwrap_or_default();
        let found = self.0.get(address).or_else(|| self.0.get(name));
        Ok(found.cloned().ok_or("not at hand")?)
    }
}

/// A validator of the `jsonschema` crate for the payload of a message.
///
/// # Errors
/// Where it does not compile the schema.
pub(crate) fn second(case: &Case, message: &str) -> Result<Validator> {
    let mut documents = BTreeMap::new();
    for (address, file) in &case.remotes {
        documents.insert(address.clone(), case.files[file].value()?);
    }
    for (name, content) in &case.files {
        documents.insert(name.clone(), content.value()?);
    }
    let draft = match case.draft {
        Draft::Four => jsonschema::Draft::Draft4,
        Draft::Six => jsonschema::Draft::Draft6,
        Draft::Seven => jsonschema::Draft::Draft7,
        Draft::In2019 => jsonschema::Draft::Draft201909,
        Draft::In2020 => jsonschema::Draft::Draft202012,
    };
    let mut schema = documents[&case.root].clone();
    let fragment = &case.messages[message];
    if !fragment.is_empty() {
        documents.insert("urn:corpus:root".to_owned(), schema);
        schema = serde_json::json!({ "$ref": format!("urn:corpus:root{fragment}") });
    }
    jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(false)
        .with_retriever(Documents(documents))
        .build(&schema)
        .map_err(|error| error.to_string().into())
}
