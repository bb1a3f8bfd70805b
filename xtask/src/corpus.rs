//! Schemas of the world, and twenty of our own: `tests/corpus`.

use crate::build::program;
use crate::node;
use crate::run::{Failure, quoted, run};
use std::path::Path;

/// The folder of the packages that judge beside Handfast.
const ORACLE: &str = "tests/corpus/node";

/// The sample of twenty schemas.
pub(crate) fn sample() -> Result<(), Failure> {
    node::packages()?;
    program("handfast-corpus", "sample", &[])
}

/// Runs the program with these arguments, as a release: it measures. Paths are relative to the current folder.
pub(crate) fn corpus(arguments: &[&str]) -> Result<(), Failure> {
    node::packages()?;
    node::install(ORACLE)?;
    let mut line = String::from("cargo run --quiet --release -p handfast-corpus --");
    for argument in arguments {
        let path = Path::new(argument);
        let full = path.canonicalize().ok().filter(|path| path.is_dir());
        let full = full.map_or_else(|| (*argument).to_owned(), |path| quoted(&path));
        line.push(' ');
        line.push_str(&full);
    }
    run("", &line)
}
