//! `cargo deny`: licences, bans and sources of the dependencies. Advisories have to be downloaded, and what they say changes without
//! a change here: the workflow file checks them.

use crate::run::{Failure, quoted, run, target};

/// The version that the workflow file uses as well.
const VERSION: &str = "0.20.2";

/// Checks the dependencies, and installs `cargo-deny` in the target folder first where it is missing.
pub(crate) fn deny() -> Result<(), Failure> {
    // A folder for each version: another one is installed where the constant changes.
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
            "{} --locked --config .ci/deny.toml check licenses bans sources",
            quoted(&program)
        ),
    )
}
