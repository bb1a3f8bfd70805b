//! Whatever state the output is in, generating works: no crate that it needs has generated code in it.

mod copy;

use copy::{cargo, folder, root, told};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// How every output begins.
const MARK: &str = "Made by Handfast";

fn generated_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            generated_below(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path)?;
            if text
                .lines()
                .take(20)
                .any(|line| line.starts_with("//! ") && line.contains(MARK))
            {
                found.push(path);
            }
        }
    }
    Ok(())
}

#[test]
fn what_generates_needs_nothing_generated() -> Result<(), Box<dyn Error>> {
    let output = cargo(&root(), &["metadata", "--format-version", "1", "--offline"])?;
    assert!(output.status.success(), "{}", told(&output));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let folders: BTreeMap<String, PathBuf> = array(&metadata["packages"])
        .iter()
        .filter(|package| package["source"].is_null())
        .filter_map(|package| {
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            Some((text(&package["id"]), manifest.parent()?.to_owned()))
        })
        .collect();
    let nodes: BTreeMap<String, Value> = array(&metadata["resolve"]["nodes"])
        .into_iter()
        .map(|node| (text(&node["id"]), node))
        .collect();
    let start = folders
        .iter()
        .find(|(_, folder)| folder.ends_with("codegen/bin"));
    let mut open = vec![start.ok_or("the generator's package")?.0.clone()];
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !reached.insert(id.clone()) {
            continue;
        }
        for dependency in array(&nodes[&id]["deps"]) {
            // Those of tests are not built to generate.
            let is_needed = array(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"] != "dev");
            if is_needed {
                open.push(text(&dependency["pkg"]));
            }
        }
    }
    let mut found = Vec::new();
    let ours: Vec<&PathBuf> = reached.iter().filter_map(|id| folders.get(id)).collect();
    assert!(ours.len() >= 4, "{ours:?}");
    for folder in ours {
        let source = folder.join("src");
        generated_below(if source.is_dir() { &source } else { folder }, &mut found)?;
    }
    assert_eq!(
        found,
        Vec::<PathBuf>::new(),
        "generated code in a crate that generates"
    );
    // The search finds what there is.
    generated_below(&root().join("tests/golden/src"), &mut found)?;
    assert!(found.len() >= 4, "{found:?}");
    Ok(())
}

/// The files of a folder, and what is in them.
type Files = Vec<(PathBuf, Vec<u8>)>;

#[test]
fn lost_and_corrupted_output_is_written_anew() -> Result<(), Box<dyn Error>> {
    let place = folder("lost")?;
    let spec = place.join("protocol.yaml");
    fs::copy(root().join("protocol.yaml"), &spec)?;
    let manifest = root().join("Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let run = [
        "run",
        "--quiet",
        "--offline",
        "-p",
        "codegen",
        "--manifest-path",
        &manifest,
    ];
    let generate = || -> Result<Files, Box<dyn Error>> {
        let output = cargo(&place, &run)?;
        assert!(output.status.success(), "{}", told(&output));
        let mut files = Vec::new();
        all_below(&place, &mut files)?;
        Ok(files)
    };
    let first = generate()?;
    assert!(first.len() >= 3, "{}", first.len());
    let outputs = || {
        first
            .iter()
            .map(|(path, _)| path)
            .filter(|path| **path != spec)
    };
    for path in outputs() {
        fs::remove_file(path)?;
    }
    assert!(generate()? == first, "after all of it was deleted");
    for path in outputs() {
        let bytes = fs::read(path)?;
        fs::write(
            path,
            [&bytes[..bytes.len() / 2], b"\xff\xfe fn ( {{{"].concat(),
        )?;
    }
    assert!(generate()? == first, "after all of it was corrupted");
    for path in outputs() {
        fs::write(path, "")?;
    }
    assert!(generate()? == first, "after all of it was emptied");
    Ok(())
}

fn all_below(folder: &Path, files: &mut Files) -> Result<(), Box<dyn Error>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|one| one.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            all_below(&path, files)?;
        } else {
            files.push((path.clone(), fs::read(&path)?));
        }
    }
    Ok(())
}
