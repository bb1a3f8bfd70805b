//! Running steps and commands, and telling of it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// One thing that is tested.
pub(crate) struct Step {
    /// By which it is asked for.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) what: &'static str,
    /// What does it.
    pub(crate) run: fn() -> Result<(), Failure>,
}

/// What failed: in words, or the command that repeats it.
pub(crate) enum Failure {
    /// A command said no.
    Command(String),
    /// Something is missing: what, and how one gets it.
    Missing(String),
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where cargo builds: where it put this program, whatever told it to.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .ancestors()
        .nth(2)
        .map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where cargo puts a program of the workspace: beside this one.
pub(crate) fn built(name: &str) -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let built = program.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    built.display().to_string()
}

/// A path as one word of a command line.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// The words of a command line: parted by spaces, but not within single quotes.
fn words(line: &str) -> impl Iterator<Item = String> {
    let mut is_quoted = false;
    line.split(move |c| {
        is_quoted ^= c == '\'';
        c == ' ' && !is_quoted
    })
    .map(|word| word.replace('\'', ""))
}

/// Runs a command line in a folder of the workspace.
pub(crate) fn run(folder: &str, line: &str) -> Result<(), Failure> {
    run_with(folder, line, &[])
}

/// Runs a command line with some variables set.
pub(crate) fn run_with(
    folder: &str,
    line: &str,
    variables: &[(&str, &str)],
) -> Result<(), Failure> {
    let mut words = words(line);
    let program = words.next().unwrap_or_default();
    println!("$ {}", shown(folder, line, variables));
    let status = Command::new(&program)
        .args(words)
        .envs(variables.iter().copied())
        .current_dir(root().join(folder))
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Command(shown(folder, line, variables))),
        Err(error) => Err(Failure::Missing(format!(
            "`{program}` does not run: {error}"
        ))),
    }
}

/// What a command line says, where it says it and ends well.
pub(crate) fn output(line: &str) -> Option<String> {
    output_in(&root(), line)
}

/// What a command line says in a folder, where it says it and ends well.
pub(crate) fn output_in(folder: &Path, line: &str) -> Option<String> {
    let mut words = line.split(' ');
    asked_in(folder, words.next()?, words)
}

/// What a program says to arguments that may have spaces in them, where it says it and ends well.
pub(crate) fn asked<'a>(
    program: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    asked_in(&root(), program, arguments)
}

fn asked_in<'a>(
    folder: &Path,
    program: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

fn shown(folder: &str, line: &str, variables: &[(&str, &str)]) -> String {
    let variables: String = variables
        .iter()
        .map(|(name, value)| format!("{name}='{value}' "))
        .collect();
    match folder {
        "" => format!("{variables}{line}"),
        folder => format!("(cd {folder} && {variables}{line})"),
    }
}

/// How a command of its own ends: what failed is said.
pub(crate) fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Command(line)) => eprintln!("failed: {line}"),
        Err(Failure::Missing(words)) => eprintln!("{words}"),
    }
    ExitCode::FAILURE
}

/// Runs steps one after the other, whether or not one fails, and sums up.
pub(crate) fn all<'s>(steps: impl Iterator<Item = &'s Step>) -> ExitCode {
    let start = Instant::now();
    let mut results: Vec<(&str, Duration, Option<Failure>)> = Vec::new();
    for step in steps {
        println!("\n== {}: {}", step.name, step.what);
        let begun = Instant::now();
        let failure = (step.run)().err();
        let took = begun.elapsed();
        match &failure {
            None => println!("-- {}: ok in {}", step.name, seconds(took)),
            Some(_) => println!("-- {}: FAILED after {}", step.name, seconds(took)),
        }
        results.push((step.name, took, failure));
    }
    println!();
    for (name, took, failure) in &results {
        let verdict = if failure.is_none() { "ok" } else { "FAILED" };
        println!("{name:<11} {verdict:<6} {:>8}", seconds(*took));
    }
    println!("{:<11} {:<6} {:>8}", "in all", "", seconds(start.elapsed()));
    let failed: Vec<_> = results
        .iter()
        .filter_map(|(name, _, failure)| Some((name, failure.as_ref()?)))
        .collect();
    for (i, (name, failure)) in failed.iter().enumerate() {
        let which = if i == 0 {
            "first to fail"
        } else {
            "failed too"
        };
        println!("\n{which}: {name}");
        match failure {
            Failure::Command(line) => println!("  repeat it: {line}"),
            Failure::Missing(words) => println!("  {words}"),
        }
        println!("  or the step: cargo xtask test {name}");
    }
    let passed = results.len() - failed.len();
    println!("\nxtask: {passed} passed, {} failed", failed.len());
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A time, for people.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
