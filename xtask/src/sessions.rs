//! `cargo xtask sessions SEED`: the simulations of sessions, for longer than a change has to pass them. `kill`, `strangers` and `leftovers`: the
//! proofs of `tests/sessions`.

use crate::build::program;
use crate::node;
use crate::printed::say;
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

/// How a proof is compiled.
pub(crate) enum Profile {
    /// With what the other steps have compiled.
    Dev,
    /// Optimized, for many rounds.
    Release,
}

/// Kills a server so many times.
pub(crate) fn kill(profile: &Profile, count: &str, seed: &str) -> Result<(), Failure> {
    node::packages()?;
    prove(profile, &format!("kill {count} {seed}"))
}

/// Tries so many times what strangers may not.
pub(crate) fn strangers(profile: &Profile, count: &str, seed: &str) -> Result<(), Failure> {
    prove(profile, &format!("strangers {count} {seed}"))
}

/// Makes so many connections, and counts what is left.
pub(crate) fn leftovers(profile: &Profile, count: &str) -> Result<(), Failure> {
    prove(profile, &format!("leftovers {count}"))
}

fn prove(profile: &Profile, what: &str) -> Result<(), Failure> {
    match profile {
        Profile::Dev => program("handfast-sessions", what, &[]),
        Profile::Release => run(
            "",
            &format!("cargo run --quiet --release -p handfast-sessions -- {what}"),
        ),
    }
}

/// Some of each, as every change has to pass it.
pub(crate) fn survive() -> Result<(), Failure> {
    if cfg!(target_os = "linux") {
        kill(&Profile::Dev, "8", "1")?;
    } else {
        say("without `kill`: it looks for processes in /proc");
    }
    strangers(&Profile::Dev, "15000", "1")?;
    leftovers(&Profile::Dev, "3000")?;
    prove(&Profile::Dev, "floods")
}
