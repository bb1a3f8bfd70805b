//! `cargo deny`: what the dependencies may be.

use crate::run::{Failure, quoted, run, target};

const VERSION: &str = "0.20.2";

/// Checks licences, bans and sources.
pub(crate) fn deny() -> Result<(), Failure> {
    check("licenses bans sources")
}

/// Checks whether a dependency has a known vulnerability. This is no step of `cargo xtask test`: advisories have to be downloaded, and
/// new ones appear without a change here.
pub(crate) fn advisories() -> Result<(), Failure> {
    check("advisories")
}

/// Runs some checks of `cargo-deny`, which is installed in the target folder where it is missing.
fn check(checks: &str) -> Result<(), Failure> {
    // Each version has a folder: a change of the constant installs another one.
    let folder = target().join(format!("cargo-deny-{VERSION}"));
    let program = folder.join(format!("bin/cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        // Not optimized: its release profile takes minutes to build, and checking takes two seconds either way.
        run(
            "",
            &format!(
                "cargo install cargo-deny --version {VERSION} --locked --debug --config profile.dev.debug=false --root {}",
                quoted(&folder)
            ),
        )?;
    }
    run(
        "",
        &format!(
            "{} --locked --config .ci/deny.toml check {checks}",
            quoted(&program)
        ),
    )
}
