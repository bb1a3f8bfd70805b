//! Generates and compiles protocols, and runs their validators: one Rust program and one Node program with all of
//! them.

use crate::Result;
use handfast_codegen::Output;
use handfast_spec::{Severity, load_str, model::Protocol, render};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// A protocol that passed the check, and its outputs.
pub(crate) struct Generated {
    pub(crate) protocol: Protocol,
    pub(crate) outputs: Vec<Output>,
}

/// Reads a protocol with a number and its messages, and generates its outputs. `head` is the rest of the spec.
///
/// # Errors
/// The diagnostics, if the check refuses the protocol.
pub(crate) fn generate(
    number: usize,
    head: &Value,
    messages: Value,
    files: &BTreeMap<String, Vec<u8>>,
) -> std::result::Result<Generated, String> {
    let mut spec = json!({
        "handfast": 1,
        "protocol": { "name": format!("p{number}"), "version": "1.0.0" },
        "limits": { "message": "8MiB", "depth": 128 },
        "messages": messages,
        "generate": {
            "rust": { "out": format!("p{number}.rs") },
            "typescript": { "out": format!("p{number}.ts"), "sides": "both" },
        },
    });
    for (key, value) in head.as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    from_spec(&spec, files)
}

/// Reads a whole spec, and generates its outputs.
///
/// # Errors
/// The diagnostics, if the check refuses the protocol.
pub(crate) fn from_spec(
    spec: &Value,
    files: &BTreeMap<String, Vec<u8>>,
) -> std::result::Result<Generated, String> {
    let loaded = load_str("protocol.json", spec.to_string().as_bytes(), files);
    let errors = loaded
        .diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Error);
    let errors: Vec<_> = errors.cloned().collect();
    let Some(protocol) = loaded.protocol.filter(|_| errors.is_empty()) else {
        return Err(render(&errors, &loaded.sources, false));
    };
    let (outputs, problems) = handfast_codegen::outputs(&protocol, "protocol.json");
    if outputs.is_empty() {
        return Err(render(&problems, &loaded.sources, false));
    }
    Ok(Generated { protocol, outputs })
}

/// A violation: path, keyword, message, and what is allowed.
pub(crate) type Violation = (String, String, String, Value);

/// A value whose numbers are doubles, as both languages compare them.
pub(crate) fn in_doubles(value: Value) -> Value {
    match value {
        Value::Number(n) => json!(n.as_f64().map(|n| n + 0.0)),
        Value::Array(items) => items.into_iter().map(in_doubles).collect(),
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(key, value)| (key, in_doubles(value)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

/// The result of a validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The instance is valid.
    Valid,
    /// It has violations.
    Invalid(Vec<Violation>),
    /// The envelope has violations.
    Envelope(Vec<Violation>),
    /// Another failure: not JSON, or the validator crashed.
    Other(String),
}

impl Answer {
    pub(crate) const fn is_valid(&self) -> bool {
        matches!(self, Self::Valid)
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    violations: Vec<Violation>,
    #[serde(default)]
    envelope: bool,
    other: Option<String>,
}

/// An instance to check: the number of a protocol, the receiver, and the message.
pub(crate) struct Question {
    pub(crate) protocol: usize,
    pub(crate) by_server: bool,
    /// The whole message, which may be invalid UTF-8.
    pub(crate) message: Vec<u8>,
}

impl Question {
    /// The message `m` with this payload.
    pub(crate) fn payload(protocol: usize, by_server: bool, payload: &str) -> Self {
        Self {
            protocol,
            by_server,
            message: message("m", payload.as_bytes()),
        }
    }
}

/// A message with this payload, as written.
pub(crate) fn message(of: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!(r#"{{"type":"{of}","payload":"#).into_bytes();
    message.extend(payload);
    message.push(b'}');
    message
}

/// The compiled programs.
pub(crate) struct Judges {
    rust: PathBuf,
    node: PathBuf,
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// The target folder of cargo.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Writes outputs to a new folder with this name: Rust below `rust/src`, everything else below `node/src`.
pub(crate) fn write<'g>(
    name: &str,
    all: impl IntoIterator<Item = &'g Generated>,
) -> Result<PathBuf> {
    let folder = target().join("conformance").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("rust/src"))?;
    fs::create_dir_all(folder.join("node/src"))?;
    for output in all.into_iter().flat_map(|one| &one.outputs) {
        let to = match output.path.extension().and_then(|end| end.to_str()) {
            Some("rs") => folder.join("rust/src"),
            _ => folder.join("node/src"),
        };
        let path = to.join(&output.path);
        fs::create_dir_all(path.parent().ok_or("a path without a folder")?)?;
        // All protocols have the same runtime.
        if !path.exists() {
            fs::write(path, &output.text)?;
        }
    }
    Ok(folder)
}

/// Compiles protocols, by their numbers, in a folder with this name.
pub(crate) fn compile(name: &str, all: &BTreeMap<usize, &Generated>) -> Result<Judges> {
    let folder = write(name, all.values().copied())?;
    let numbers: Vec<usize> = all.keys().copied().collect();
    let (rust, node) = thread::scope(|scope| {
        let rust = scope.spawn(|| compile_rust(&folder.join("rust"), name, &numbers).map_err(text));
        let node = scope.spawn(|| compile_node(&folder.join("node"), &numbers).map_err(text));
        (rust.join(), node.join())
    });
    let fell = |_| "a compiler's thread fell".to_owned();
    Ok(Judges {
        rust: rust.map_err(fell)??,
        node: node.map_err(fell)??,
    })
}

fn text(error: Box<dyn std::error::Error>) -> String {
    error.to_string()
}

fn compile_rust(folder: &Path, name: &str, numbers: &[usize]) -> Result<PathBuf> {
    let program = format!("handfast-judge-{name}");
    manifest(folder, &program, "default-features = false")?;
    let mut main = String::from("//! Reads payloads by their generated types.\n\n");
    for number in numbers {
        let _ = writeln!(main, "#[rustfmt::skip]\nmod p{number};");
    }
    main.push_str(include_str!("asked.rs"));
    main.push_str(
        "\nfn decode(protocol: usize, by_server: bool, source: handfast::codec::Source<'_>) -> Option<Box<handfast::DecodeError>> {\n    match (protocol, by_server) {\n",
    );
    for number in numbers {
        let _ = writeln!(
            main,
            "        ({number}, false) => decoded::<p{number}::ServerMessage>(source, handfast::Side::Client),\n        \
             ({number}, true) => decoded::<p{number}::ClientMessage>(source, handfast::Side::Server),"
        );
    }
    main.push_str("        _ => None,\n    }\n}\n");
    fs::write(folder.join("src/main.rs"), main)?;
    // Separate from the workspace, which may be building at the same time.
    let built = target().join("conformance/target");
    let done = Command::new("cargo")
        .args(["build", "--quiet", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", &built)
        .env_remove("CARGO_BUILD_TARGET")
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTFLAGS", "-Awarnings")
        .output()?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let said: Vec<&str> = said.lines().take(60).collect();
        return Err(format!("the generated Rust does not compile:\n{}", said.join("\n")).into());
    }
    Ok(built.join("debug").join(program))
}

/// Writes the manifest of a package, and its lock file.
pub(crate) fn manifest(folder: &Path, package: &str, features: &str) -> Result<()> {
    let runtime = root().join("runtime");
    let manifest = format!(
        "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nhandfast = {{ path = {runtime:?}, {features} }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n\n\
         [profile.dev]\ndebug = false\n\n[profile.dev.package.\"*\"]\nopt-level = 2\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    // The versions in the workspace.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// Runs the TypeScript compiler on a folder with sources in `src`, under every strict flag; returns its errors.
pub(crate) fn compile_typescript(folder: &Path) -> Result<Option<String>> {
    let workshop = root().join("tests/typescript");
    let tsc = workshop.join("node_modules/typescript/bin/tsc");
    if !tsc.exists() {
        let why = "the TypeScript compiler is not there: run `npm ci --prefix tests/typescript`";
        return Err(why.into());
    }
    let config = json!({
        "extends": workshop.join("tsconfig.json"),
        "compilerOptions": { "rootDir": "src", "outDir": "out", "noEmitOnError": true, "rewriteRelativeImportExtensions": true },
        "include": ["src/**/*.ts"],
    });
    fs::write(folder.join("tsconfig.json"), config.to_string())?;
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#)?;
    let done = Command::new("node")
        .arg(&tsc)
        .args(["--pretty", "false", "-p"])
        .arg(folder)
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    Ok((!done.status.success() || !said.is_empty()).then_some(said))
}

fn compile_node(folder: &Path, numbers: &[usize]) -> Result<PathBuf> {
    let mut main = String::new();
    for number in numbers {
        let _ = writeln!(main, "import * as p{number} from './out/p{number}.js';");
    }
    let names: Vec<String> = numbers.iter().map(|n| format!("{n}: p{n}")).collect();
    let _ = writeln!(main, "const protocols = {{ {} }};", names.join(", "));
    main.push_str(include_str!("asked.js"));
    fs::write(folder.join("main.js"), main)?;
    if let Some(said) = compile_typescript(folder)? {
        let said: Vec<&str> = said.lines().take(60).collect();
        return Err(format!(
            "the generated TypeScript does not compile:\n{}",
            said.join("\n")
        )
        .into());
    }
    Ok(folder.join("main.js"))
}

impl Judges {
    /// The results of Rust and TypeScript for each instance.
    pub(crate) fn ask(&self, questions: &[Question]) -> Result<(Vec<Answer>, Vec<Answer>)> {
        let (rust, node) = thread::scope(|scope| {
            let rust = scope.spawn(|| ask(&mut Command::new(&self.rust), questions).map_err(text));
            let node =
                scope.spawn(|| ask(Command::new("node").arg(&self.node), questions).map_err(text));
            (rust.join(), node.join())
        });
        let fell = |_| "a judge's thread fell".to_owned();
        Ok((rust.map_err(fell)??, node.map_err(fell)??))
    }
}

/// Runs a program that answers each line with a line.
fn ask(program: &mut Command, questions: &[Question]) -> Result<Vec<Answer>> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut to = BufWriter::new(child.stdin.take().ok_or("a program without input")?);
    let from = BufReader::new(child.stdout.take().ok_or("a program without output")?);
    let answers = thread::scope(|scope| -> Result<Vec<Answer>> {
        let writer = scope.spawn(move || -> std::io::Result<()> {
            for one in questions {
                let message = match std::str::from_utf8(&one.message) {
                    Ok(text) => json!(text),
                    Err(_) => json!(one.message),
                };
                let line = json!([one.protocol, one.by_server, message]);
                writeln!(to, "{line}")?;
            }
            to.flush()
        });
        let mut answers = Vec::with_capacity(questions.len());
        for line in from.lines() {
            let line: Line = serde_json::from_str(&line?)?;
            answers.push(match line.other {
                Some(other) => Answer::Other(other),
                None if line.violations.is_empty() => Answer::Valid,
                None => {
                    let violations = line.violations.into_iter();
                    let plain = violations.map(|(path, keyword, words, allowed)| {
                        (path, keyword, words, in_doubles(allowed))
                    });
                    match line.envelope {
                        true => Answer::Envelope(plain.collect()),
                        false => Answer::Invalid(plain.collect()),
                    }
                }
            });
        }
        let wrote = writer.join().map_err(|_| "a judge's thread fell")?;
        if answers.len() == questions.len() {
            wrote?;
        }
        Ok(answers)
    })?;
    let status = child.wait()?;
    if answers.len() != questions.len() {
        let at = &questions[answers.len()];
        return Err(format!(
            "{program:?} ended with {status} at protocol {} and {}",
            at.protocol,
            String::from_utf8_lossy(&at.message)
        )
        .into());
    }
    Ok(answers)
}
