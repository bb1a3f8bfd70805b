//! `cargo xtask test`: everything that has to hold before a change is taken, one step after the other, each with its
//! time; what fails is named with the command that repeats it. `cargo xtask fresh`: the same from a fresh clone. Runs too long for every change
//! have commands of their own: `fuzz`, `protocols`, and `autobahn`, the test suite of WebSocket.

mod autobahn;
mod fresh;
mod node;
mod run;
mod steps;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test           everything
cargo xtask test --list    the steps
cargo xtask test STEP…     some of them
cargo xtask fresh          both commands of the README, in a fresh clone of HEAD with nothing cached
cargo xtask fuzz SEED      a million verdicts on random schemas, by all judges
cargo xtask protocols SEED what is generated from 3,000 random protocols, compiled
cargo xtask autobahn       the Autobahn test suite against both ends of the WebSocket transport
cargo xtask autobahn CASE… some of its cases, such as 7.3.1 or '6.*'

Steps of Node need Node 20 or newer and npm; packages are installed by `npm ci`. The browser step needs Chromium, at
$CHROMIUM or /usr/bin/chromium; where this runs as root on Debian or Ubuntu, it is installed. Autobahn needs CPython 2.7, at $PYTHON2, on the path or of
pyenv's; where this runs as root on Debian, it is installed.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test", "--list"] => {
            for step in steps::STEPS {
                println!("{:<11} {}", step.name, step.what);
            }
            ExitCode::SUCCESS
        }
        ["test", names @ ..] if names.iter().all(|name| !name.starts_with('-')) => {
            let unknown = names.iter().find(|name| steps::find(name).is_none());
            if let Some(name) = unknown {
                eprintln!("there is no step `{name}`; `cargo xtask test --list` has them all");
                return ExitCode::FAILURE;
            }
            let is_asked = |name: &str| names.is_empty() || names.contains(&name);
            run::all(steps::STEPS.iter().filter(|step| is_asked(step.name)))
        }
        ["fresh"] => fresh::run(),
        ["autobahn", cases @ ..] if cases.iter().all(|case| !case.starts_with('-')) => {
            run::ended(autobahn::autobahn(cases))
        }
        [what @ ("fuzz" | "protocols"), seed] if seed.parse::<u64>().is_ok() => {
            let count = if *what == "fuzz" { "1000000" } else { "3000" };
            run::ended(steps::random(what, seed, count))
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
