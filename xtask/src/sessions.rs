//! `cargo xtask sessions SEED`: the simulations of sessions, for longer than a change has to pass them. `kill`, `strangers` and `leftovers`: the
//! proofs of `tests/sessions`.

use crate::node;
use crate::run::{Failure, run, run_with};

/// Arguments of cargo that run the simulation of the machine, and that of clients and a server.
pub(crate) const MACHINE: &str = "test -p handfast --lib session::simulation";
pub(crate) const SIMULATION: &str = "test -p handfast --test simulation";

/// Runs both simulations with a seed.
pub(crate) fn sessions(seed: &str) -> Result<(), Failure> {
    for (disconnects, tests) in [("2000000", MACHINE), ("200000", SIMULATION)] {
        let command = format!("cargo {tests} --release -- --nocapture");
        let variables = [
            ("HANDFAST_SEED", seed),
            ("HANDFAST_DISCONNECTS", disconnects),
        ];
        run_with("", &command, &variables)?;
    }
    Ok(())
}

/// Kills a server so many times.
pub(crate) fn kill(profile: &str, count: &str, seed: &str) -> Result<(), Failure> {
    node::packages()?;
    prove(profile, &format!("kill {count} {seed}"))
}

/// Tries so many times what strangers may not.
pub(crate) fn strangers(profile: &str, count: &str, seed: &str) -> Result<(), Failure> {
    prove(profile, &format!("strangers {count} {seed}"))
}

/// Makes so many connections, and counts what is left.
pub(crate) fn leftovers(profile: &str, count: &str) -> Result<(), Failure> {
    prove(profile, &format!("leftovers {count}"))
}

fn prove(profile: &str, what: &str) -> Result<(), Failure> {
    run(
        "",
        &format!("cargo run --quiet {profile} -p handfast-sessions -- {what}"),
    )
}

/// Some of each, as every change has to pass it.
pub(crate) fn survive() -> Result<(), Failure> {
    // As a profile: that of development, which the other steps have compiled.
    let profile = "--profile dev";
    if cfg!(target_os = "linux") {
        kill(profile, "8", "1")?;
    } else {
        println!("without `kill`: it looks for processes in /proc");
    }
    strangers(profile, "15000", "1")?;
    leftovers(profile, "3000")?;
    prove(profile, "floods")
}
