//! One schema, in a process of its own: from the spec to its outputs, with what that took and what came of it.

use crate::Result;
use crate::case::Case;
use crate::places::{Places, rust, typescript};
use handfast_codegen::shape;
use handfast_schema::{SchemaId, Side, Validator};
use handfast_spec::{
    Diagnostic, Severity, load_str,
    model::{Message, Protocol},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What a process is asked.
#[derive(Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) case: Case,
    /// The name of the modules.
    pub(crate) module: String,
    /// The folders for Rust and for TypeScript.
    pub(crate) out: [PathBuf; 2],
    /// Instances: the message, and the payload as JSON.
    pub(crate) instances: Vec<(String, String)>,
}

/// What came of a schema.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Code and message of each error, and the place. Empty if the schema went through.
    pub(crate) errors: Vec<[String; 3]>,
    /// How the process ended, if it fell.
    pub(crate) fell: Option<String>,
    /// What it took, in seconds of a processor.
    pub(crate) seconds: f64,
    /// The most memory it had, in bytes.
    pub(crate) peak: u64,
    /// Bytes of the schema and of what it refers to.
    pub(crate) input: u64,
    /// Bytes of the generated Rust.
    pub(crate) rust_bytes: u64,
    /// Bytes of the generated TypeScript, its runtime aside.
    pub(crate) typescript_bytes: u64,
    /// Places in Rust.
    pub(crate) rust: Places,
    /// Places in TypeScript.
    pub(crate) typescript: Places,
    /// The name in TypeScript of the type of each message's payload.
    pub(crate) payloads: BTreeMap<String, String>,
    /// The violations of each instance, as keywords at paths, by the interpreter.
    pub(crate) verdicts: Vec<Vec<[String; 2]>>,
}

impl Outcome {
    /// Whether outputs were generated.
    pub(crate) fn is_through(&self) -> bool {
        self.errors.is_empty() && self.fell.is_none()
    }

    /// How many times the schema's size the larger output has.
    #[expect(clippy::cast_precision_loss, reason = "sizes of files")]
    pub(crate) fn ratio(&self) -> f64 {
        self.rust_bytes.max(self.typescript_bytes) as f64 / self.input.max(1) as f64
    }
}

/// Reads a job from the standard input, and writes the outcome to the standard output.
pub(crate) fn answer() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let job: Job = serde_json::from_str(&text)?;
    drop(text);
    let outcome = run(&job)?;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &outcome)?;
    out.flush()?;
    Ok(())
}

fn run(job: &Job) -> Result<Outcome> {
    let spec = job.case.spec(&job.module).to_string();
    let mut files = BTreeMap::new();
    for (name, content) in &job.case.files {
        files.insert(name.clone(), content.read()?);
    }
    let mut outcome = Outcome {
        input: files.values().map(|file| file.len() as u64).sum(),
        ..Outcome::default()
    };
    let start = (Instant::now(), processor_time());
    let loaded = load_str("protocol.json", spec.as_bytes(), &files);
    outcome.errors = errors(&loaded.diagnostics, &loaded.sources);
    let Some(protocol) = loaded.protocol.filter(|_| outcome.errors.is_empty()) else {
        outcome.seconds = since(start);
        return Ok(outcome);
    };
    let (outputs, problems) = handfast_codegen::outputs(&protocol, "protocol.json");
    outcome.seconds = since(start);
    outcome.peak = peak();
    outcome.errors = errors(&problems, &loaded.sources);
    if !outcome.errors.is_empty() {
        return Ok(outcome);
    }
    for output in &outputs {
        let is_rust = output.path.extension().is_some_and(|end| end == "rs");
        let path = job.out[usize::from(!is_rust)].join(&output.path);
        let name = output.path.to_string_lossy();
        let length = output.text.len() as u64;
        if is_rust {
            outcome.rust_bytes += length;
        } else if name.starts_with(&format!("{}.", job.module)) {
            outcome.typescript_bytes += length;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // What is as before is not compiled again.
        if !fs::read_to_string(&path).is_ok_and(|old| old == output.text) {
            fs::write(path, &output.text)?;
        }
    }
    let (shapes, _) = shape::shapes(&protocol);
    let named = |one: &shape::MessageShape| {
        let name = protocol.messages[one.id.0].name.text.clone();
        Some((name, one.server.as_ref()?.ts.clone()))
    };
    outcome.payloads = shapes.messages.iter().filter_map(named).collect();
    outcome.typescript = typescript::count(&protocol, &shapes);
    outcome.rust = rust::count(&protocol, &shapes);
    outcome.verdicts = verdicts(&protocol, &job.instances)?;
    Ok(outcome)
}

fn errors(diagnostics: &[Diagnostic], sources: &handfast_spec::Sources) -> Vec<[String; 3]> {
    let errors = diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error);
    errors
        .map(|one| {
            let rendered = handfast_spec::render(std::slice::from_ref(one), sources, false);
            let place = rendered.lines().find(|line| line.contains("-->"));
            let place = place.map_or("", |line| line.trim().trim_start_matches("--> "));
            [one.code.to_string(), one.message.clone(), place.to_owned()]
        })
        .take(20)
        .collect()
}

/// The violations that the interpreter finds in instances.
fn verdicts(protocol: &Protocol, instances: &[(String, String)]) -> Result<Vec<Vec<[String; 2]>>> {
    let payload = |one: &Message| Some((one.name.text.clone(), one.server.as_ref()?.payload?));
    let payloads: BTreeMap<String, SchemaId> =
        protocol.messages.iter().filter_map(payload).collect();
    let validator = Validator::new(&protocol.schemas);
    let mut all = Vec::new();
    for (message, instance) in instances {
        let root = payloads.get(message).ok_or("no such message")?;
        let value: Value = serde_json::from_str(instance)?;
        let violations = validator.validate(*root, &value, Some(Side::Client));
        let plain = violations
            .iter()
            .map(|one| [one.path.to_string(), one.keyword.to_string()]);
        all.push(plain.collect());
    }
    Ok(all)
}

/// The time that this thread had a processor, where the system says.
fn processor_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanos = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// The seconds since a start: of the processor, or else by the clock.
fn since((clock, processor): (Instant, Option<Duration>)) -> f64 {
    let of_processor = processor_time()
        .zip(processor)
        .map(|(now, then)| now.saturating_sub(then));
    of_processor
        .unwrap_or_else(|| clock.elapsed())
        .as_secs_f64()
}

/// The most memory that this process ever had, in bytes; 0 where the system does not say.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
