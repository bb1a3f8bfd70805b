//! The TypeScript tests: which of them a step runs is decided by what a file contains, so that a new one is never forgotten.

use crate::build::{build, program};
use crate::node::{self, TESTS};
use crate::run::{Failure, built, root, run, run_with, target};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What a test file imports that drives a browser.
const BROWSER: &str = "from 'playwright-core'";

/// What a test file imports that starts the server of an example.
const SERVER: &str = "from './server.js'";

/// The files with tests in `tests/typescript/test`, by the step that runs them. Paths are relative to `tests/typescript`.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct TestFiles {
    /// Every `*.test.js` that needs nothing but Node.
    pub(crate) node: Vec<String>,
    /// Every file that drives a browser, or needs the servers of the examples.
    pub(crate) browser: Vec<String>,
}

impl TestFiles {
    /// Finds the test files of a folder such as `tests/typescript`.
    pub(crate) fn find(folder: &Path) -> io::Result<Self> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder.join("test"))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".js") {
                names.push(name);
            }
        }
        names.sort();
        let mut files = Self::default();
        for name in names {
            let path = format!("test/{name}");
            let text = fs::read_to_string(folder.join(&path))?;
            if text.contains(BROWSER) || text.contains(SERVER) {
                files.browser.push(path);
            } else if name.ends_with(".test.js") {
                files.node.push(path);
            }
        }
        Ok(files)
    }
}

fn test_files() -> Result<TestFiles, Failure> {
    TestFiles::find(&root().join(TESTS))
        .map_err(|error| Failure::Missing(format!("{TESTS}/test: {error}")))
}

/// Compiles the TypeScript, once: two steps need it, and one may be reading it when the other begins.
fn compile() -> Result<(), Failure> {
    static IS_COMPILED: Mutex<bool> = Mutex::new(false);
    let mut is_compiled = IS_COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_compiled {
        run(TESTS, "npm run --silent build")?;
        *is_compiled = true;
    }
    Ok(())
}

/// Runs what needs nothing but Node.
pub(crate) fn typescript() -> Result<(), Failure> {
    node::packages()?;
    compile()?;
    let trace = trace()?;
    run_with(
        TESTS,
        &format!("node --test {}", test_files()?.node.join(" ")),
        &[("HANDFAST_TRACE", &trace)],
    )?;
    program("handfast-conversations", "", &[])?;
    run(
        "",
        "cargo test --quiet --workspace --test graphql_ws --test home_assistant -- --ignored",
    )?;
    run(
        "",
        "cargo test --quiet --workspace --test drift -- --ignored",
    )
}

/// Writes down what the simulator of sessions does, because the machine in TypeScript has to do that as well, and returns the file.
pub(crate) fn trace() -> Result<String, Failure> {
    let trace = target().join("session-trace.json").display().to_string();
    run_with(
        "",
        "cargo test --workspace --lib session::simulation",
        &[
            ("HANDFAST_TRACE", &trace),
            ("HANDFAST_DISCONNECTS", "20000"),
        ],
    )?;
    Ok(trace)
}

/// Runs what drives a browser.
pub(crate) fn browser() -> Result<(), Failure> {
    node::packages()?;
    let chromium = node::chromium()?;
    compile()?;
    build(&["chat", "counter"])?;
    let variables = [
        ("CHROMIUM", &*chromium),
        ("CHAT", &built("chat")),
        ("COUNTER", &built("counter")),
    ];
    // One after the other: each starts a browser of its own.
    for file in test_files()?.browser {
        run_with(TESTS, &format!("node --test {file}"), &variables)?;
    }
    Ok(())
}
