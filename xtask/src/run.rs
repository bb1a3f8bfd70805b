//! Running commands.

use crate::kept_output::KeptOutput;
use crate::printed::{is_terminal, outputs, say};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

/// A step of `cargo xtask test`.
pub(crate) struct Step {
    /// The name on the command line.
    pub(crate) name: &'static str,
    /// What a success proves.
    pub(crate) proves: &'static str,
    /// Runs it.
    pub(crate) run: fn() -> Result<(), Failure>,
}

/// Why a step failed.
pub(crate) enum Failure {
    /// This command did not succeed.
    Command {
        /// As it is written in a shell.
        line: String,
        /// The end of what it printed, unless that is in a terminal.
        output: Vec<String>,
    },
    /// Something is missing: the text names it and says how to get it.
    Missing(String),
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Cargo's target folder: the one that contains this program, however it was configured.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    program
        .ancestors()
        .nth(2)
        .map_or_else(|| root().join("target"), PathBuf::from)
}

/// The path of another program of the workspace: cargo puts it beside this one.
pub(crate) fn built(name: &str) -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let built = program.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    built.display().to_string()
}

/// A path as one word of a command line.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

/// Splits a command line at spaces outside single quotes.
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

/// Runs a command line in a folder of the workspace, with additional environment variables.
pub(crate) fn run_with(
    folder: &str,
    line: &str,
    variables: &[(&str, &str)],
) -> Result<(), Failure> {
    let mut words = words(line);
    let program = words.next().unwrap_or_default();
    say(&format!("$ {}", shown(folder, line, variables)));
    let mut command = Command::new(&program);
    command
        .args(words)
        .envs(build_once().iter().copied())
        .envs(variables.iter().copied())
        .current_dir(root().join(folder));
    let output = Arc::new(KeptOutput::default());
    let status = if is_terminal() {
        command.status()
    } else {
        status(&mut command, &output)
    };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Command {
            line: shown(folder, line, variables),
            output: output.lines(),
        }),
        Err(error) => Err(Failure::Missing(format!(
            "`{program}` cannot be run: {error}"
        ))),
    }
}

/// How long the output of a command that has ended is waited for: what it started, and has not ended, may still hold it.
const GRACE: Duration = Duration::from_secs(5);

/// Runs a command, prints what it prints, and keeps some of it.
fn status(command: &mut Command, output: &Arc<KeptOutput>) -> std::io::Result<ExitStatus> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (done, both) = mpsc::channel();
    let [printed, errors] = outputs();
    copy(output, child.stdout.take(), printed, done.clone());
    copy(output, child.stderr.take(), errors, done);
    let status = child.wait();
    // Nothing is sent: it ends when both threads have.
    let _ = both.recv_timeout(GRACE);
    status
}

/// Copies an output in a thread of its own, which drops `done` at the end.
fn copy(
    output: &Arc<KeptOutput>,
    from: Option<impl Read + Send + 'static>,
    to: impl Write + Send + 'static,
    done: Sender<()>,
) {
    let output = output.clone();
    thread::spawn(move || {
        if let Some(from) = from {
            output.copy(from, to);
        }
        drop(done);
    });
}

/// On a build machine, which builds everything once: no incremental compilation, as it would only fill the disk, and nothing for debuggers. Without that,
/// crates are the same whether tests or build scripts use them, and are compiled once.
fn build_once() -> &'static [(&'static str, &'static str)] {
    match std::env::var_os("CI") {
        Some(_) => &[("CARGO_INCREMENTAL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "0")],
        None => &[],
    }
}

/// The standard output of a command line, or `None` where it fails.
pub(crate) fn output(line: &str) -> Option<String> {
    output_in(&root(), line)
}

/// The standard output of a command line in a folder, or `None` where it fails.
pub(crate) fn output_in(folder: &Path, line: &str) -> Option<String> {
    let mut words = line.split(' ');
    output_of_in(folder, words.next()?, words)
}

/// The standard output of a program whose arguments may contain spaces, or `None` where it fails.
pub(crate) fn output_of<'a>(
    program: &str,
    arguments: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    output_of_in(&root(), program, arguments)
}

fn output_of_in<'a>(
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

/// Reports a failure, and returns the exit code.
pub(crate) fn exit_code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Command { line, .. }) => eprintln!("failed: {line}"),
        Err(Failure::Missing(words)) => eprintln!("{words}"),
    }
    ExitCode::FAILURE
}

/// How many gigabytes the target folder takes when every step has run on a build machine (23), with some to spare.
const NEEDED: u64 = 30;

/// Warns where the disk will be full before every step has run: an error of the compiler then says so in the middle of one.
pub(crate) fn check_space() {
    let target = target();
    let path = target.display().to_string();
    let used = output_of("du", ["-sk", &path]);
    let free = output_of("df", ["-Pk", &path]);
    let kilobytes = |text: &str, column: usize| -> Option<u64> {
        text.lines()
            .last()?
            .split_whitespace()
            .nth(column)?
            .parse()
            .ok()
    };
    let (Some(used), Some(free)) = (
        used.and_then(|text| kilobytes(&text, 0)),
        free.and_then(|text| kilobytes(&text, 3)),
    ) else {
        return;
    };
    let [used, free] = [used, free].map(|kilobytes| kilobytes / (1 << 20));
    if used + free < NEEDED {
        println!(
            "warning: {path} takes about {NEEDED} GB for all steps; it has {used} GB now, and {free} GB are free"
        );
    }
}

/// Formats a duration for people.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
