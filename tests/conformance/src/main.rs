//! Runs generated validators, in Rust and in TypeScript, against test suites of others.

mod fuzz;
mod judge;
mod messages;
mod misses;
mod protocols;
mod suite;
mod texts;
mod values;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
handfast-conformance suite SDIST   the official suite of each draft, from the source package of PyPI's `jsonschema` that carries it
handfast-conformance fuzz SEED VERDICTS   random schemas and instances, in batches until so many verdicts were given
handfast-conformance protocols SEED COUNT   random protocols, in batches, whose code has to compile
handfast-conformance messages             whole messages, by all four that judge them
handfast-conformance texts                which texts are JSON";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["suite", sdist] => suite::run(Path::new(sdist)),
        ["texts"] => texts::run(),
        ["messages"] => messages::run(),
        ["fuzz", seed, verdicts] => match (seed.parse(), verdicts.parse()) {
            (Ok(seed), Ok(verdicts)) => fuzz::run(seed, verdicts),
            _ => Err(USAGE.into()),
        },
        ["protocols", seed, count] => match (seed.parse(), count.parse()) {
            (Ok(seed), Ok(count)) => protocols::run(seed, count),
            _ => Err(USAGE.into()),
        },
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
