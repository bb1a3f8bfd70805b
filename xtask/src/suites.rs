//! Tests that no suite is forgotten: each is run by a step, and listed in `tests/README.md`. And that the workflow file builds with the
//! oldest Rust that the manifests promise.

use crate::node::TESTS;
use crate::run::root;
use crate::typescript::TestFiles;
use std::fs;
use std::path::Path;

/// Folders with nothing of ours.
const SKIPPED: [&str; 4] = [".git", "build", "node_modules", "target"];

/// The paths of all files and folders below a folder of the repository, with slashes; those of folders end with one.
fn paths_below(folder: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("a readable folder") {
        let entry = entry.expect("a readable folder");
        let name = entry.file_name().to_string_lossy().into_owned();
        if SKIPPED.contains(&&*name) {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            let path = format!("{folder}{name}/");
            paths.extend(paths_below(&path));
            paths.push(path);
        } else {
            paths.push(format!("{folder}{name}"));
        }
    }
    paths
}

/// Whether the text of a JavaScript file imports one of the functions of Node's runner that declare tests. Helpers import hooks.
fn declares_tests(text: &str) -> bool {
    text.lines()
        .filter_map(|line| line.strip_suffix(" from 'node:test';"))
        .flat_map(|imported| imported.split(|c: char| !c.is_alphanumeric()))
        .any(|name| ["describe", "it", "suite", "test"].contains(&name))
}

#[test]
fn one_step_runs_each_test_file_of_javascript() {
    let files = TestFiles::find(&root().join(TESTS)).expect("readable test files");
    assert!(!files.node.is_empty() && !files.browser.is_empty());
    for path in paths_below("") {
        if !path.ends_with(".js") {
            continue;
        }
        let text = fs::read_to_string(root().join(&path)).expect("a readable file");
        if !path.ends_with(".test.js") && !declares_tests(&text) {
            continue;
        }
        let steps = [("typescript", &files.node), ("browser", &files.browser)]
            .into_iter()
            .filter(|(_, files)| files.iter().any(|file| path == format!("{TESTS}/{file}")))
            .map(|(step, _)| step)
            .collect::<Vec<_>>();
        assert_eq!(steps.len(), 1, "{path} is run by {steps:?}");
    }
}

/// `tests/README.md` links to each folder in `tests` and to each crate's folder of tests.
#[test]
fn the_readme_of_the_tests_lists_every_suite() {
    let readme = fs::read_to_string(root().join("tests/README.md")).expect("a readme");
    for path in paths_below("") {
        let Some(folder) = path.strip_suffix('/') else {
            continue;
        };
        let link = match folder.strip_prefix("tests/") {
            Some(name) if !name.contains('/') => name.to_owned(),
            None if folder.ends_with("/tests") && is_crate(folder) => format!("../{folder}"),
            _ => continue,
        };
        assert!(
            readme.contains(&format!("]({link})")),
            "tests/README.md does not list {folder}: add what it proves and how to run it alone"
        );
    }
}

/// Whether a folder lies in a crate's own.
fn is_crate(folder: &str) -> bool {
    let parent = Path::new(folder).parent().expect("a parent");
    root().join(parent).join("Cargo.toml").is_file()
}

/// Where a manifest says `test = false`, to spare a build without tests, cargo would skip tests without a word.
#[test]
fn no_test_is_in_a_target_without_tests() {
    for path in paths_below("") {
        let Some(folder) = path.strip_suffix("Cargo.toml") else {
            continue;
        };
        let manifest = fs::read_to_string(root().join(&path)).expect("a manifest");
        let source = format!("{folder}src/");
        if !manifest.contains("\ntest = false") || !root().join(&source).is_dir() {
            continue;
        }
        for path in paths_below(&source) {
            if path.ends_with(".rs") {
                let text = fs::read_to_string(root().join(&path)).expect("a readable file");
                let has_test = text
                    .lines()
                    .map(str::trim_start)
                    .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
                assert!(
                    !has_test,
                    "{path} has a test that `{folder}Cargo.toml` turns off"
                );
            }
        }
    }
}

#[test]
fn the_workflow_builds_with_the_oldest_supported_rust() {
    let oldest = env!("CARGO_PKG_RUST_VERSION");
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).expect("a workflow");
    assert!(workflow.contains(&format!("cargo +{oldest} build --workspace")));
}
