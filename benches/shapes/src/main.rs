//! What Handfast, typify, quicktype and json-schema-to-typescript make of thirty shapes that schemas have, as a table in Markdown.
//!
//! ```text
//! npm ci --prefix benches/shapes/node
//! cargo run --release -p handfast-bench-shapes
//! ```
//!
//! Each shape is a property of an object. *type*: it holds every valid instance, and none of the misfits, which are wrong by their kind or
//! by what is required. *loose*: it holds some misfit. *not*: it is a JSON value, or holds all misfits. *wrong*: it refuses a valid instance.
//! *fails*: the tool refuses the schema, or what it makes does not compile.

mod rust;
mod tools;
mod typescript;

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A shape, with instances.
#[derive(Deserialize)]
struct Shape {
    name: String,
    schema: Box<RawValue>,
    valid: Vec<Box<RawValue>>,
    misfits: Vec<Box<RawValue>>,
}

impl Shape {
    /// The instances, the valid ones first.
    fn instances(&self) -> impl Iterator<Item = &str> {
        self.valid.iter().chain(&self.misfits).map(|one| one.get())
    }

    /// What a type is that holds these instances, in their order.
    fn verdict(&self, holds: &[bool]) -> &'static str {
        let (valid, misfits) = holds.split_at(self.valid.len().min(holds.len()));
        if valid.contains(&false) {
            "wrong"
        } else if misfits.iter().all(|held| *held) {
            "not"
        } else if misfits.contains(&true) {
            "loose"
        } else {
            "type"
        }
    }
}

/// What a tool made of a shape: the text, or why there is none.
type Made = std::result::Result<String, String>;

/// The results of a tool, by the number of the shape.
type Verdicts = BTreeMap<usize, &'static str>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// A folder of ours in the target folder.
fn folder(name: &str) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root().join("target"), PathBuf::from);
    let folder = target.join("shapes").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn run() -> Result<()> {
    let shapes: Vec<Shape> = serde_json::from_str(include_str!("../shapes.json"))?;
    let made = tools::make(&shapes)?;
    let rust = rust::judge(&shapes, &made.rust)?;
    let typescript = typescript::judge(&shapes, &made.typescript)?;
    let columns: Vec<(&str, &Verdicts)> = rust
        .iter()
        .chain(&typescript)
        .map(|(name, verdicts)| (*name, verdicts))
        .collect();
    print!("| |");
    for (name, _) in &columns {
        print!(" {name} |");
    }
    println!("\n|---|{}", "---|".repeat(columns.len()));
    for (number, shape) in shapes.iter().enumerate() {
        print!("| {} |", shape.name);
        for (_, verdicts) in &columns {
            print!(" {} |", verdicts[&number]);
        }
        println!();
    }
    print!("| *types of {}* |", shapes.len());
    for (_, verdicts) in &columns {
        print!(
            " {} |",
            verdicts
                .values()
                .filter(|verdict| **verdict == "type")
                .count()
        );
    }
    println!();
    Ok(())
}
