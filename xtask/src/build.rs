//! The programs and tests of the workspace, compiled once for all steps.
//!
//! `cargo run -p PACKAGE` gives the dependencies the features that this package asks for. Each package then has builds of its own of tokio,
//! serde and the runtime. The commands here name the whole workspace, so that what one step compiles serves the others.

use crate::run::{Failure, built, quoted, run, run_with};
use std::path::Path;

/// Builds with the features that `cargo test --workspace` gives the dependencies. There are no examples, but where they are asked for,
/// cargo counts the features that tests need.
const BUILD: &str = "build --quiet --workspace --examples";

/// Everything behind a feature of the runtime, in one build beside that of the other tests. Not of the whole workspace: what others have of the
/// runtime would be compiled again as well.
const FEATURES: &str = "-p handfast -p handfast-attacks --features handfast/metrics,handfast/jwt,handfast/chrono,handfast/jiff,handfast/time,handfast/url,handfast/uuid,handfast-attacks/tokens";

/// Compiles some programs of the workspace.
pub(crate) fn build(names: &[&str]) -> Result<(), Failure> {
    let programs: String = names.iter().map(|name| format!(" --bin {name}")).collect();
    run("", &format!("cargo {BUILD}{programs}"))
}

/// Compiles a program of the workspace and runs it with these arguments and environment variables.
pub(crate) fn program(
    name: &str,
    arguments: &str,
    variables: &[(&str, &str)],
) -> Result<(), Failure> {
    build(&[name])?;
    start(name, arguments, variables)
}

/// As [`program`], with everything that is behind a feature.
pub(crate) fn program_with_features(name: &str, arguments: &str) -> Result<(), Failure> {
    run(
        "",
        &format!("cargo build --quiet --examples {FEATURES} --bin {name}"),
    )?;
    start(name, arguments, &[])
}

/// Tests what is behind a feature: arguments of cargo say what of that.
pub(crate) fn test_with_features(tests: &str) -> Result<(), Failure> {
    run("", &format!("cargo test --quiet {FEATURES} {tests}"))
}

fn start(name: &str, arguments: &str, variables: &[(&str, &str)]) -> Result<(), Failure> {
    let program = built(name);
    let line = format!("{} {arguments}", quoted(Path::new(&program)));
    run_with("", line.trim_end(), variables)
}
