//! Runs the tools.

use crate::{Made, Result, Shape, root};
use handfast_spec::{Severity, load_str, render};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic;
use std::process::{Command, Stdio};

/// What the tools made, by tool and shape.
pub(crate) struct All {
    pub(crate) rust: Vec<(&'static str, Vec<Made>)>,
    pub(crate) typescript: Vec<(&'static str, Vec<Made>)>,
}

#[derive(Deserialize)]
struct Answer {
    text: Option<String>,
    error: Option<String>,
}

impl From<Answer> for Made {
    fn from(answer: Answer) -> Self {
        answer.text.ok_or_else(|| answer.error.unwrap_or_default())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    quicktype_rust: Answer,
    quicktype_typescript: Answer,
    schema_to_typescript: Answer,
}

/// Has every tool make types of every shape.
///
/// # Errors
/// Where the packages are not installed.
pub(crate) fn make(shapes: &[Shape]) -> Result<All> {
    let (ours_rust, ours_typescript) = shapes.iter().map(handfast).unzip();
    let typify = shapes.iter().map(typify).collect();
    let (mut quicktype_rust, mut quicktype_typescript) = (Vec::new(), Vec::new());
    let mut schema_to_typescript = Vec::new();
    for answers in of_npm()? {
        quicktype_rust.push(answers.quicktype_rust.into());
        quicktype_typescript.push(answers.quicktype_typescript.into());
        schema_to_typescript.push(answers.schema_to_typescript.into());
    }
    Ok(All {
        rust: vec![
            ("Rust: handfast", ours_rust),
            ("typify", typify),
            ("quicktype", quicktype_rust),
        ],
        typescript: vec![
            ("TypeScript: handfast", ours_typescript),
            ("quicktype", quicktype_typescript),
            ("json-schema-to-typescript", schema_to_typescript),
        ],
    })
}

fn of_npm() -> Result<Vec<Answers>> {
    let folder = root().join("benches/shapes/node");
    if !folder.join("node_modules").is_dir() {
        return Err("the tools are not there: run `npm ci --prefix benches/shapes/node`".into());
    }
    let mut child = Command::new("node")
        .arg(folder.join("tools.js"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut to = child.stdin.take().ok_or("node without input")?;
    to.write_all(include_bytes!("../shapes.json"))?;
    drop(to);
    let done = child.wait_with_output()?;
    Ok(serde_json::from_slice(&done.stdout)?)
}

/// Rust and TypeScript by Handfast.
fn handfast(shape: &Shape) -> (Made, Made) {
    let spec = json!({
        "handfast": 1,
        "protocol": { "name": "shapes", "version": "1.0.0" },
        "dialect": "json-schema",
        "messages": { "shape": { "from": "server", "payload": { "$ref": "./shape.json" } } },
        "generate": { "rust": { "out": "api.rs" }, "typescript": { "out": "api.ts" } },
    });
    let file = shape.schema.get().as_bytes().to_vec();
    let files = BTreeMap::from([("shape.json".to_owned(), file)]);
    let loaded = load_str("protocol.json", spec.to_string().as_bytes(), &files);
    let mut problems = loaded.diagnostics;
    let outputs = loaded.protocol.map(|protocol| {
        let (outputs, more) = handfast_codegen::outputs(&protocol, "protocol.json");
        problems.extend(more);
        outputs
    });
    problems.retain(|one| one.severity == Severity::Error);
    let find = |name: &str| {
        let mut all = outputs.iter().flatten();
        let found = all.find(|output| output.path.to_string_lossy() == name);
        let why = || render(&problems, &loaded.sources, false);
        found.map(|output| output.text.clone()).ok_or_else(why)
    };
    (find("api.rs"), find("api.ts"))
}

fn typify(shape: &Shape) -> Made {
    let schema: schemars_08::schema::RootSchema =
        serde_json::from_str(shape.schema.get()).map_err(|error| error.to_string())?;
    let make = || {
        let mut space = typify::TypeSpace::new(&typify::TypeSpaceSettings::default());
        let added = space.add_root_schema(schema);
        added.map_err(|error| error.to_string())?;
        Ok(space.to_stream().to_string())
    };
    // It panics on some schemas.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let made = panic::catch_unwind(panic::AssertUnwindSafe(make));
    panic::set_hook(hook);
    made.unwrap_or_else(|_| Err("it panics".to_owned()))
}
