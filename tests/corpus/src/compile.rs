//! Compiles what was generated. What a compiler complains of is found by the file, and left out of the next try.

use crate::Result;
use crate::{folder, pool, root};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many bytes of Rust are one crate: so much takes the compiler about 1 GB.
const BATCH: u64 = 3 << 20;

/// The modules that do not compile, each with what the compiler said first.
pub(crate) type Broken = BTreeMap<String, String>;

/// A folder with generated Rust and one with generated TypeScript.
pub(crate) struct Workshop {
    /// `rust`, with the modules in `modules`.
    pub(crate) rust: PathBuf,
    /// `node`, with the modules in `src`.
    pub(crate) node: PathBuf,
}

impl Workshop {
    /// The one of this name. What a run before left is compiled only if it was not replaced: cargo keeps the rest.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let folder = folder(name)?;
        let (rust, node) = (folder.join("rust"), folder.join("node"));
        fs::create_dir_all(rust.join("modules"))?;
        fs::create_dir_all(node.join("src"))?;
        Ok(Self { rust, node })
    }

    /// Where modules are written: Rust and TypeScript.
    pub(crate) fn out(&self) -> [PathBuf; 2] {
        [self.rust.join("modules"), self.node.join("src")]
    }

    /// Compiles modules of TypeScript under every strict flag, and leaves JavaScript in `out`.
    ///
    /// # Errors
    /// Where the compiler does not run.
    pub(crate) fn typescript(&self, modules: &[String]) -> Result<Broken> {
        let workshop = root().join("tests/typescript");
        let tsc = workshop.join("node_modules/typescript/bin/tsc");
        if !tsc.exists() {
            let why =
                "the TypeScript compiler is not there: run `npm ci --prefix tests/typescript`";
            return Err(why.into());
        }
        let out = self.node.join("out");
        if out.is_dir() {
            fs::remove_dir_all(&out)?;
        }
        let config = json!({
            "extends": workshop.join("tsconfig.json"),
            "compilerOptions": { "rootDir": "src", "outDir": "out", "declaration": false, "isolatedDeclarations": false },
            "files": modules.iter().map(|module| format!("src/{module}.ts")).collect::<Vec<_>>(),
            "include": [],
        });
        fs::write(self.node.join("tsconfig.json"), config.to_string())?;
        fs::write(self.node.join("package.json"), r#"{ "type": "module" }"#)?;
        let done = Command::new("node")
            .arg(&tsc)
            .args(["--pretty", "false", "-p"])
            .arg(&self.node)
            .output()?;
        let said = String::from_utf8_lossy(&done.stdout);
        let mut broken = Broken::new();
        for line in said.lines() {
            let Some((file, rest)) = line.split_once('(').filter(|_| line.contains(": error TS"))
            else {
                continue;
            };
            let name = file.rsplit('/').next().unwrap_or_default();
            let module = name.split('.').next().unwrap_or_default();
            broken
                .entry(module.to_owned())
                .or_insert_with(|| format!("({rest}"));
        }
        eprintln!("{} modules of TypeScript do not compile", broken.len());
        if broken.is_empty() && !done.status.success() {
            let errors = String::from_utf8_lossy(&done.stderr);
            return Err(format!("tsc ended with {}: {said}{errors}", done.status).into());
        }
        Ok(broken)
    }

    /// Compiles the Rust, in crates of some modules each. Those of `judged` are built, with a program that reads instances by their
    /// types; the others are checked. Returns what does not compile, and the program.
    ///
    /// # Errors
    /// Where cargo does not run, or complains of nothing that is generated.
    pub(crate) fn rust(
        &self,
        modules: &[String],
        judged: &BTreeSet<String>,
    ) -> Result<(Broken, Option<PathBuf>)> {
        let mut broken = Broken::new();
        loop {
            let kept = modules.iter().filter(|one| !broken.contains_key(*one));
            let (built, checked): (Vec<&String>, Vec<&String>) =
                kept.partition(|one| judged.contains(*one));
            let batches = [self.batches(&built)?, self.batches(&checked)?];
            self.lay_out(&batches)?;
            let mut found = self.cargo(&["check", "--workspace", "--exclude", "judge"])?;
            if found.is_empty() {
                eprintln!("{} modules of Rust do not compile", broken.len());
                if built.is_empty() {
                    return Ok((broken, None));
                }
                found = self.cargo(&["build", "--package", "judge"])?;
                if found.is_empty() {
                    return Ok((broken, Some(target().join("debug/judge"))));
                }
            }
            for (module, why) in found {
                if broken.insert(module.clone(), why).is_some() {
                    return Err(format!("{module} was left out, and is compiled").into());
                }
            }
            eprintln!("{} modules do not compile so far", broken.len());
        }
    }

    fn batches(&self, modules: &[&String]) -> Result<Vec<Vec<String>>> {
        let mut batches: Vec<Vec<String>> = Vec::new();
        let mut room = 0;
        for module in modules {
            let path = self.rust.join(format!("modules/{module}.rs"));
            let size = fs::metadata(path)?.len();
            if size > room {
                batches.push(Vec::new());
                room = BATCH;
            }
            room = room.saturating_sub(size);
            if let Some(last) = batches.last_mut() {
                last.push((*module).clone());
            }
        }
        Ok(batches)
    }

    /// Writes a workspace: a crate for each batch, and the program.
    fn lay_out(&self, [built, checked]: &[Vec<Vec<String>>; 2]) -> Result<()> {
        let runtime = root().join("runtime");
        // All runs share a target folder, where cargo tells packages apart by name and version alone.
        let folder = self.rust.parent().and_then(Path::file_name);
        let version = format!("0.0.0-{}", folder.unwrap_or_default().display());
        let mut members = Vec::new();
        for (kind, batches) in [("built", built), ("checked", checked)] {
            for (number, batch) in batches.iter().enumerate() {
                let name = format!("{kind}{number}");
                write(
                    &self.rust.join(&name).join("Cargo.toml"),
                    &format!(
                        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n[dependencies]\nhandfast = {{ path = {runtime:?}, default-features = false }}\n"
                    ),
                )?;
                let mut text = String::from("//! Generated modules.\n");
                for module in batch {
                    let path = self.rust.join(format!("modules/{module}.rs"));
                    let _ = writeln!(text, "#[path = {path:?}]\npub mod {module};");
                }
                if kind == "built" {
                    text.push_str(&dispatch(batch));
                }
                write(&self.rust.join(&name).join("src/lib.rs"), &text)?;
                members.push(name);
            }
        }
        let mut manifest = format!(
            "[package]\nname = \"judge\"\nversion = \"{version}\"\nedition = \"2024\"\n\n[dependencies]\nserde_json = \"1\"\n"
        );
        let _ = writeln!(
            manifest,
            "handfast = {{ path = {runtime:?}, default-features = false }}"
        );
        let mut calls = String::new();
        for number in 0..built.len() {
            let _ = writeln!(
                manifest,
                "built{number} = {{ path = \"../built{number}\" }}"
            );
            let _ = writeln!(
                calls,
                "    if let Some(answer) = built{number}::read(module, source) {{ return Some(answer); }}"
            );
        }
        write(&self.rust.join("judge/Cargo.toml"), &manifest)?;
        let program = include_str!("judge_program.txt").replace("    // CALLS\n", &calls);
        write(&self.rust.join("judge/src/main.rs"), &program)?;
        members.push("judge".to_owned());
        let workspace = format!(
            "[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = false\n\n[profile.dev.package.\"*\"]\nopt-level = 2\n"
        );
        write(&self.rust.join("Cargo.toml"), &workspace)?;
        // The versions in the workspace.
        fs::copy(root().join("Cargo.lock"), self.rust.join("Cargo.lock"))?;
        Ok(())
    }

    /// Runs cargo on the workspace; returns the modules with errors.
    fn cargo(&self, arguments: &[&str]) -> Result<Broken> {
        let done = Command::new("cargo")
            .args(arguments)
            .args(["--keep-going", "--message-format=json", "--quiet"])
            .arg("--jobs")
            .arg(pool::width().to_string())
            .current_dir(&self.rust)
            .env("CARGO_TARGET_DIR", target())
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("CARGO_BUILD_JOBS")
            .env("CARGO_INCREMENTAL", "0")
            .env("RUSTFLAGS", "-Awarnings")
            .stderr(Stdio::piped())
            .output()?;
        let mut broken = Broken::new();
        for line in done.stdout.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Value>(line) else {
                continue;
            };
            let message = &line["message"];
            if line["reason"] != "compiler-message" || message["level"] != "error" {
                continue;
            }
            if let Some(module) = module_of(message) {
                let rendered = message["rendered"].as_str().unwrap_or_default();
                let shown: String = rendered.chars().take(600).collect();
                broken.entry(module).or_insert(shown);
            }
        }
        if broken.is_empty() && !done.status.success() {
            let errors = String::from_utf8_lossy(&done.stderr);
            let errors: String = errors.chars().take(3000).collect();
            return Err(format!("cargo ended with {}: {errors}", done.status).into());
        }
        Ok(broken)
    }
}

/// The generated module that a message of the compiler is about.
fn module_of(message: &Value) -> Option<String> {
    let spans = message["spans"].as_array()?;
    let name = |span: &Value| {
        let path = Path::new(span["file_name"].as_str()?);
        let is_ours = path
            .parent()
            .is_some_and(|folder| folder.ends_with("modules"));
        is_ours.then(|| {
            path.file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        })
    };
    let own = spans.iter().find_map(name);
    own.or_else(|| {
        let children = message["children"].as_array()?;
        children.iter().find_map(module_of)
    })
}

/// A function that reads an instance by the types of a module.
fn dispatch(batch: &[String]) -> String {
    let mut text = String::from(
        "\n/// Reads a message by the types of a module.\npub fn read(module: &str, source: handfast::codec::Source<'_>) -> Option<Result<(), Box<handfast::DecodeError>>> {\n    let side = handfast::Side::Client;\n    let pending = &handfast::NoPendingReplies;\n    Some(match module {\n",
    );
    for module in batch {
        let _ = writeln!(
            text,
            "        {module:?} => handfast::decode::<{module}::ServerMessage>(source, side, 512, pending).map(drop),"
        );
    }
    text.push_str("        _ => return None,\n    })\n}\n");
    text
}

/// The target folder of what is generated. It is that of the suites of `tests/conformance`, so that the runtime is compiled once for all.
fn target() -> PathBuf {
    folder("..").unwrap_or_default().join("conformance/target")
}

/// Writes a file unless it is the same already, so that cargo does not compile it again.
fn write(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)?;
    Ok(())
}
