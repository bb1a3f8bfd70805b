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
    // Of what cargo can say, these two need no package that is not compiled for this test anyway: the members of the
    // workspace by themselves, and the tree of one package on this platform.
    let output = cargo(&root(), &["metadata", "--format-version", "1", "--no-deps"])?;
    assert!(output.status.success(), "{}", told(&output));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let folders: BTreeMap<&str, &Path> = metadata["packages"]
        .as_array()
        .ok_or("packages")?
        .iter()
        .filter_map(|package| {
            let manifest = Path::new(package["manifest_path"].as_str()?);
            Some((package["name"].as_str()?, manifest.parent()?))
        })
        .collect();
    // Dependencies of tests are not built to generate.
    let output = cargo(
        &root(),
        &[
            "tree",
            "--package=codegen",
            "--edges=normal,build",
            "--prefix=none",
            "--format={p}",
        ],
    )?;
    assert!(output.status.success(), "{}", told(&output));
    let tree = String::from_utf8(output.stdout)?;
    let reached: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let mut found = Vec::new();
    let ours: Vec<&Path> = reached
        .iter()
        .filter_map(|name| folders.get(name).copied())
        .collect();
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
