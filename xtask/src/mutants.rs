//! `cargo xtask mutants`: proof that the tests of sessions notice what they are for, by mistakes that are made on purpose in a copy of the
//! sources.

mod list;

use crate::node::{self, TESTS};
use crate::run::{Failure, quoted, root, run, target};
use crate::typescript;
use list::MUTANTS;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A mistake, and what has to notice it.
struct Mutant {
    what: &'static str,
    file: &'static str,
    /// What is in the file once.
    from: &'static str,
    to: &'static str,
    noticed_by: NoticedBy,
}

enum NoticedBy {
    /// Cargo, with these arguments.
    Cargo(&'static str),
    /// A test file of `tests/typescript`.
    Node(&'static str),
}

/// Makes one mistake after the other, and fails if any is not noticed.
pub(crate) fn mutants() -> Result<(), Failure> {
    node::packages()?;
    let trace = typescript::trace()?;
    let copy = target().join("mutants");
    let mut missed = Vec::new();
    for mutant in &MUTANTS {
        copy_tree(&copy)?;
        // Packages are not copied.
        let (from, to) = [root(), copy.clone()]
            .map(|tree| tree.join(TESTS).join("node_modules"))
            .into();
        run("", &format!("ln -sfn {} {}", quoted(&from), quoted(&to)))?;
        let path = copy.join(mutant.file);
        let text = fs::read_to_string(&path).map_err(|error| missing(&path, &error))?;
        fs::write(&path, mutant.of(&text)?).map_err(|error| missing(&path, &error))?;
        let noticed = mutant.is_noticed(&copy, &trace)?;
        let verdict = if noticed {
            "noticed:    "
        } else {
            "NOT NOTICED:"
        };
        println!("{verdict} {}", mutant.what);
        if !noticed {
            missed.push(mutant.what);
        }
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(Failure::Missing(format!(
            "not noticed: {}",
            missed.join("; ")
        ))),
    }
}

impl Mutant {
    /// Makes the mistake in the text of its file.
    fn of(&self, text: &str) -> Result<String, Failure> {
        if text.matches(self.from).count() != 1 {
            let words = format!("{} no longer contains, once: {}", self.file, self.from);
            return Err(Failure::Missing(words));
        }
        Ok(text.replace(self.from, self.to))
    }

    /// Runs what has to notice it. What does not compile proves nothing.
    fn is_noticed(&self, copy: &Path, trace: &str) -> Result<bool, Failure> {
        let run = |folder: &Path, program: &str, arguments: &str, variable: (&str, &str)| {
            Command::new(program)
                .args(arguments.split(' '))
                .current_dir(folder)
                .env("CARGO_TARGET_DIR", target().join("mutants-target"))
                .envs([variable])
                .output()
                .map_err(|error| missing(copy, &error))
        };
        let few = ("HANDFAST_DISCONNECTS", "2000");
        match self.noticed_by {
            NoticedBy::Cargo(arguments) => {
                let output = run(copy, "cargo", arguments, few)?;
                let errors = String::from_utf8_lossy(&output.stderr);
                Ok(!output.status.success() && !errors.contains("could not compile"))
            }
            NoticedBy::Node(test) => {
                let tests = copy.join(TESTS);
                compiled(&run(copy, "cargo", "run --quiet -p codegen", few)?)?;
                compiled(&run(&tests, "npm", "run --silent build", few)?)?;
                let output = run(
                    &tests,
                    "node",
                    &format!("--test {test}"),
                    ("HANDFAST_TRACE", trace),
                )?;
                Ok(!output.status.success())
            }
        }
    }
}

fn compiled(output: &Output) -> Result<(), Failure> {
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::Missing(format!(
            "the mistake does not compile: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))),
    }
}

fn missing(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Missing(format!("{}: {error}", path.display()))
}

/// Copies what is committed or about to be: everything that git knows of.
fn copy_tree(to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| missing(to, &error))?;
    let files = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .map_err(|error| missing(to, &error))?;
    for name in String::from_utf8_lossy(&files.stdout).split_terminator('\0') {
        let (from, to) = (root().join(name), to.join(name));
        if !from.is_file() {
            continue;
        }
        // What is unchanged keeps its time, so that cargo does not compile it again.
        let contents = fs::read(&from).map_err(|error| missing(&from, &error))?;
        if fs::read(&to).is_ok_and(|old| old == contents) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(|error| missing(folder, &error))?;
        }
        fs::write(&to, contents).map_err(|error| missing(&to, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MUTANTS, root};
    use std::fs;

    #[test]
    fn each_mistake_can_be_made() {
        for mutant in &MUTANTS {
            let text = fs::read_to_string(root().join(mutant.file)).unwrap();
            assert!(mutant.of(&text).is_ok(), "{}", mutant.what);
        }
    }
}
