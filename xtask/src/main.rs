//! `cargo xtask test`: every check that a change has to pass, in steps, each with its time. A failure is reported with the
//! command that repeats it. `cargo xtask fresh` runs the same in a fresh clone. Checks that take too long for every change are
//! commands of their own (`fuzz`, `protocols`, `sessions`, `kill`, `strangers`, `leftovers`, `mutants`, `autobahn`), and so is what needs a download each time (`advisories`)
//! or what others publish (`schemastore`, `published`).

mod autobahn;
mod build;
mod corpus;
mod deny;
mod format;
mod fresh;
mod kept_output;
mod lanes;
mod mutants;
mod node;
mod printed;
mod run;
mod sessions;
mod steps;
#[cfg(test)]
mod suites;
mod typescript;

use sessions::Profile;
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test             Run all steps, two at a time
cargo xtask test --list      List the steps
cargo xtask test STEP…       Run some of the steps
cargo xtask fmt              Format all Rust, also where rustfmt gives up
cargo xtask fresh            Run both commands of the README in a fresh clone of HEAD with empty caches
cargo xtask advisories       Check the dependencies for known vulnerabilities
cargo xtask fuzz SEED        Compare a million verdicts of all validators on random schemas
cargo xtask protocols SEED   Compile the code generated from 3,000 random protocols
cargo xtask sessions SEED    Lose two million connections in the simulation of sessions, and 200,000 in that of clients and a server
cargo xtask scenarios SEED   Run the scenarios of bad networks with a cut at every byte on every platform, Chromium included
cargo xtask kill SEED        Kill a server 100 times while clients of both languages send to it
cargo xtask strangers SEED   Try 100,000 times to join, resume, answer or read what belongs to others
cargo xtask leftovers        Make 100,000 connections, and count what is left of them
cargo xtask mutants          Make mistakes in sessions on purpose, at both ends: each has to be noticed
cargo xtask schemastore FOLDER   Try every schema of a checkout of SchemaStore: types, sizes, compilers, verdicts against Ajv; with --quick, no compilers
cargo xtask published FOLDER…    The same of the schemas that Discord, MCP, CloudEvents and GeoJSON publish, from checkouts
cargo xtask large            The same of one schema of 3.6 MB with 800 types that contain each other
cargo xtask autobahn         Run the Autobahn test suite against both ends of the WebSocket transport
cargo xtask autobahn CASE…   Run some of its cases, such as 7.3.1 or '6.*'

TypeScript needs Node 20 or newer and npm; packages are installed by `npm ci`. The steps `browser`, `scenarios` and `servers` need Chromium, from
$CHROMIUM or /usr/bin/chromium; as root on Debian or Ubuntu, xtask installs it. Autobahn needs CPython 2.7, from $PYTHON2, the
PATH or pyenv; as root on Debian, xtask installs it. The step `deny` builds cargo-deny in the target folder once.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test", "--list"] => {
            for step in steps::STEPS {
                println!("{:<11} {}", step.name, step.proves);
            }
            ExitCode::SUCCESS
        }
        ["test", names @ ..] if names.iter().all(|name| !name.starts_with('-')) => {
            let unknown = names.iter().find(|name| steps::find(name).is_none());
            if let Some(name) = unknown {
                eprintln!("there is no step `{name}`; `cargo xtask test --list` lists them");
                return ExitCode::FAILURE;
            }
            if names.is_empty() {
                run::check_space();
            }
            let is_asked = |name: &str| names.is_empty() || names.contains(&name);
            let steps = steps::STEPS.iter().filter(|step| is_asked(step.name));
            lanes::all(&steps.collect::<Vec<_>>(), &steps::ALONE)
        }
        ["sessions", seed] if seed.parse::<u64>().is_ok() => {
            run::exit_code(sessions::sessions(seed))
        }
        ["scenarios", seed] if seed.parse::<u64>().is_ok() => {
            run::exit_code(steps::scenarios(&[&format!("--seed {seed}")]))
        }
        ["kill", seed] if seed.parse::<u64>().is_ok() => {
            run::exit_code(sessions::kill(&Profile::Release, "100", seed))
        }
        ["strangers", seed] if seed.parse::<u64>().is_ok() => {
            run::exit_code(sessions::strangers(&Profile::Release, "100000", seed))
        }
        ["leftovers"] => run::exit_code(sessions::leftovers(&Profile::Release, "100000")),
        ["mutants"] => run::exit_code(mutants::mutants()),
        ["fmt"] => run::exit_code(format::format()),
        ["fresh"] => fresh::run(),
        ["advisories"] => run::exit_code(deny::advisories()),
        ["schemastore" | "published" | "large", ..] => run::exit_code(corpus::corpus(&arguments)),
        ["autobahn", cases @ ..] if cases.iter().all(|case| !case.starts_with('-')) => {
            run::exit_code(autobahn::autobahn(cases))
        }
        [what @ ("fuzz" | "protocols"), seed] if seed.parse::<u64>().is_ok() => {
            let count = if *what == "fuzz" { "1000000" } else { "3000" };
            run::exit_code(steps::random(what, seed, count))
        }
        [] | ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::FAILURE
        }
    }
}
