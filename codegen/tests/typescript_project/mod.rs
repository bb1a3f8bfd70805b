//! Compiles and runs generated TypeScript.

use handfast_schema::{SchemaId, Side, Validator};
use handfast_spec::{Severity, load_str, model::Protocol, render};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The folder with the compilers.
pub(crate) fn compilers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/typescript")
}

pub(crate) fn load(spec: &Value, files: &BTreeMap<String, Vec<u8>>) -> Result<Protocol> {
    let loaded = load_str("protocol.yaml", spec.to_string().as_bytes(), files);
    let said = render(&loaded.diagnostics, &loaded.sources, false);
    let refused = loaded
        .diagnostics
        .iter()
        .any(|one| one.severity == Severity::Error);
    match loaded.protocol.filter(|_| !refused) {
        Some(protocol) => Ok(protocol),
        None => Err(said.into()),
    }
}

/// The generated files of a protocol, in an empty folder with this name.
pub(crate) fn generate(protocol: &Protocol, name: &str) -> Result<PathBuf> {
    let (outputs, diagnostics) = handfast_codegen::outputs(protocol, "protocol.yaml");
    let wrong: Vec<&str> = diagnostics.iter().map(|one| one.message.as_str()).collect();
    if outputs.is_empty() {
        return Err(wrong.join("\n").into());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    for output in outputs {
        let path = folder.join("src").join(&output.path);
        fs::create_dir_all(path.parent().ok_or("a path without a folder")?)?;
        fs::write(path, output.text)?;
    }
    let config = json!({
        "extends": compilers().canonicalize()?.join("tsconfig.json"),
        "compilerOptions": { "rootDir": "src", "outDir": "out", "noEmitOnError": true },
        "include": ["src/**/*.ts"],
    });
    fs::write(folder.join("tsconfig.json"), config.to_string())?;
    fs::write(folder.join("package.json"), r#"{ "type": "module" }"#)?;
    Ok(folder)
}

pub(crate) fn compile(folder: &Path, compiler: &str) -> Result<()> {
    let tsc = compilers().join(format!("node_modules/{compiler}/bin/tsc"));
    if !tsc.exists() {
        return Err(format!(
            "the compilers are not there: run `npm ci --prefix tests/typescript` ({})",
            tsc.display()
        )
        .into());
    }
    let done = Command::new("node")
        .arg(&tsc)
        .args(["--pretty", "false", "-p"])
        .arg(folder)
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    if done.status.success() && said.trim().is_empty() {
        return Ok(());
    }
    let said: Vec<&str> = said.lines().take(40).collect();
    Err(format!("{compiler} on {}:\n{}", folder.display(), said.join("\n")).into())
}

pub(crate) fn compile_with_both(folder: &Path) -> Result<()> {
    compile(folder, "typescript")?;
    compile(folder, "typescript-5.9")
}

/// Runs a module in a folder and returns its output.
pub(crate) fn run(folder: &Path, script: &str) -> Result<String> {
    let path = folder.join("run.js");
    fs::write(&path, script)?;
    let done = Command::new("node").arg(&path).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    Ok(String::from_utf8(done.stdout)?)
}

pub(crate) fn spec(messages: Value) -> Value {
    json!({
        "handfast": 1,
        "protocol": { "name": "demo", "version": "1.0.0" },
        "messages": messages,
        "generate": { "typescript": { "out": "api.ts" } },
    })
}

/// What a receiver reports about a message: the validator's name, whether it validates as a server, the value, and
/// every expected violation.
pub(crate) fn case(check: &str, side: Side, instance: &Value, violations: Value) -> Value {
    let direction = match side {
        Side::Server => "sent",
        Side::Client => "received",
    };
    json!({ "check": check, "direction": direction, "instance": instance.to_string(), "violations": violations })
}

pub(crate) fn violations(protocol: &Protocol, id: SchemaId, instance: &Value, side: Side) -> Value {
    Validator::new(&protocol.schemas)
        .validate(id, instance, Some(side))
        .into_iter()
        .map(|one| {
            let path = one.path.as_str();
            let mut entry = json!({ "path": path, "keyword": one.keyword, "message": one.message });
            if let Some(allowed) = &one.allowed {
                entry["allowed"] = allowed.clone();
            }
            entry
        })
        .collect()
}

/// Runs the cases, and returns those with other results.
pub(crate) fn differences(folder: &Path, cases: &[Value]) -> Result<String> {
    fs::write(folder.join("cases.json"), serde_json::to_string(cases)?)?;
    run(
        folder,
        "import { readFileSync } from 'node:fs';
         import * as api from './out/api.js';
         import { violationsOf } from './out/handfast.js';
         for (const c of JSON.parse(readFileSync(new URL('cases.json', import.meta.url)))) {
           const fields = v => JSON.stringify([v.path, v.keyword, v.message, v.allowed]);
           const expected = c.violations.map(fields);
           let found = [];
           try {
             const value = JSON.parse(c.instance);
             found = violationsOf(api[c.check], value, c.direction).map(fields);
             const is = api[c.check.replace('validate', 'is')](value, c.direction === 'sent');
             if (is !== (found.length === 0)) found.push(`and the guard says ${is}`);
           } catch (error) {
             found = [String(error)];
           }
           if (JSON.stringify(found) === JSON.stringify(expected)) continue;
           console.log(`${c.check} ${c.direction} ${c.instance}\\n  found    ${JSON.stringify(found)}\\n  expected ${JSON.stringify(expected)}`);
         }",
    )
}
