//! `cargo xtask fresh`: the two commands of the README in a fresh clone with empty caches. A test that depends on the machine
//! it was written on fails here.

use crate::run::{output_in, root, seconds};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

/// The commands of the README.
const COMMANDS: [&str; 2] = ["cargo run -p codegen", "cargo xtask test"];

/// The name of the folder of a run, before the id of its process.
const PREFIX: &str = "handfast-fresh-";

/// Variables that lead to what this machine has built or installed. Those that configure cargo (registries, proxies) are kept,
/// as are its configuration files.
const REMOVED: [&str; 6] = [
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_NET_OFFLINE",
    "NODE_PATH",
    "VIRTUAL_ENV",
];

/// Variables that name a cache, and the folder of the run that they name instead.
const CACHES: [(&str, &str); 4] = [
    ("CARGO_HOME", "cargo"),
    ("npm_config_cache", "npm"),
    ("PIP_CACHE_DIR", "pip"),
    ("XDG_CACHE_HOME", "cache"),
];

/// Clones, runs both commands, reports their times and removes everything. Returns the exit code of the command that failed.
pub(crate) fn run() -> ExitCode {
    let folder = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
    remove_abandoned();
    let folder = TemporaryFolder(folder);
    match try_run(&folder.0) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(status)) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// A folder that is removed when the value is dropped.
struct TemporaryFolder(PathBuf);

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            eprintln!("{} could not be removed: {error}", self.0.display());
        }
    }
}

/// Removes the folders of interrupted runs, where `/proc` shows that their processes have ended.
fn remove_abandoned() {
    let processes = Path::new("/proc");
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let has_ended = |number: &str| {
            number.parse::<u32>().is_ok()
                && processes.join("self").exists()
                && !processes.join(number).exists()
        };
        if number.is_some_and(has_ended) {
            drop(TemporaryFolder(entry.path()));
        }
    }
}

/// Returns the status of the command that failed, or `None` where both succeeded.
fn try_run(folder: &Path) -> Result<Option<ExitStatus>, String> {
    let failure = |subject: &str| {
        let subject = subject.to_owned();
        move |error: io::Error| format!("{subject}: {error}")
    };
    for (_, cache) in CACHES {
        let cache = folder.join(cache);
        fs::create_dir_all(&cache).map_err(failure(&cache.display().to_string()))?;
    }
    copy_configuration(&folder.join("cargo")).map_err(failure("cargo's configuration"))?;
    // With a space in its name, as folders often have.
    let clone = folder.join("fresh clone");
    let head = clone_head(&clone)?;
    println!("a fresh clone of {head} in {}", clone.display());

    let mut times: Vec<(&str, Duration, ExitStatus)> = Vec::new();
    for line in COMMANDS {
        println!("\n$ {line}");
        let begun = Instant::now();
        let status = command(line, folder)
            .current_dir(&clone)
            .status()
            .map_err(failure(line))?;
        times.push((line, begun.elapsed(), status));
        if !status.success() {
            break;
        }
    }
    println!("\nfrom a fresh clone of {head}:");
    for (line, took, status) in &times {
        let verdict = if status.success() { "ok" } else { "FAILED" };
        println!("{line:<22} {verdict:<6} {:>9}", seconds(*took));
    }
    let failed = times.into_iter().map(|(_, _, status)| status);
    Ok(failed.into_iter().find(|status| !status.success()))
}

/// A command line in the environment of a build machine, where nothing has been built, downloaded or installed.
fn command(line: &str, folder: &Path) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    for name in REMOVED {
        command.env_remove(name);
    }
    // Cargo sets these for the program that it runs, which is this one.
    for (name, _) in std::env::vars_os() {
        let is_set_by_cargo = name.to_str().is_some_and(|name| {
            name == "CARGO" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if is_set_by_cargo {
            command.env_remove(&name);
        }
    }
    for (name, cache) in CACHES {
        command.env(name, folder.join(cache));
    }
    command.env("CI", "true");
    command
}

/// Copies cargo's configuration files: without them, a machine behind a mirror reaches no registry.
fn copy_configuration(to: &Path) -> io::Result<()> {
    let home = |name: &str, below: &str| -> Option<PathBuf> {
        let folder: OsString = std::env::var_os(name).filter(|folder| !folder.is_empty())?;
        Some(PathBuf::from(folder).join(below))
    };
    let Some(from) = home("CARGO_HOME", "").or_else(|| home("HOME", ".cargo")) else {
        return Ok(());
    };
    for name in ["config.toml", "config", "credentials.toml"] {
        let file = from.join(name);
        if file.is_file() {
            fs::copy(file, to.join(name))?;
        }
    }
    Ok(())
}

/// Clones `HEAD`, and returns its hash.
fn clone_head(clone: &Path) -> Result<String, String> {
    let git = |folder: &Path, line: &str| {
        output_in(folder, line).ok_or_else(|| format!("`{line}` failed; is git installed?"))
    };
    let here = root();
    let head = git(&here, "git rev-parse HEAD")?;
    if !git(&here, "git status --porcelain")?.is_empty() {
        println!("uncommitted changes are not tested");
    }
    let status = Command::new("git")
        .args(["clone", "--quiet", "--no-hardlinks", "--no-checkout"])
        .arg(&here)
        .arg(clone)
        .status();
    if !status.is_ok_and(|status| status.success()) {
        return Err("`git clone` failed".to_owned());
    }
    git(clone, &format!("git checkout --quiet --detach {head}"))?;
    Ok(head)
}
