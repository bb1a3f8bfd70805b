//! `cargo xtask sessions SEED`: the simulations of sessions, for longer than a change has to pass them. `kill`, `strangers` and `leftovers`: the
//! proofs of `tests/sessions`. `cargo xtask mutants`: proof that they notice what they are for, by mistakes that are made on purpose in a
//! copy of the sources.

use crate::node;
use crate::run::{Failure, quoted, root, run, run_with, target};
use std::{fs, path::Path, process::Command};

/// A mistake, and the tests that have to notice it.
struct Mutant {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    tests: &'static str,
}

const MACHINE: &str = "--lib session::simulation";

const MUTANTS: [Mutant; 7] = [
    Mutant {
        what: "a message is skipped when a session is resumed",
        file: "session/counting.rs",
        from: "let at = self.kept.partition_point(|kept| kept.number <= replayed);",
        to: "let at = self.kept.partition_point(|kept| kept.number <= replayed + 1);",
        tests: MACHINE,
    },
    Mutant {
        what: "a message is repeated when a session is resumed",
        file: "session/counting.rs",
        from: "        self.acknowledge(received)?;\n        self.replayed = Some(received);",
        to: "        self.acknowledge(received.saturating_sub(1))?;\n        self.replayed = Some(received.saturating_sub(1));",
        tests: MACHINE,
    },
    Mutant {
        what: "a message is not acknowledged",
        file: "session/counting.rs",
        from: "        self.last += 1;\n        self.bytes += bytes;",
        to: "        self.last += u64::from(self.bytes != 40);\n        self.bytes += bytes;",
        tests: MACHINE,
    },
    Mutant {
        what: "a volatile message is not counted",
        file: "session/counting.rs",
        from: "        self.last += 1;\n        if let Some((packet, cost)) = kept {",
        to: "        self.last += u64::from(kept.is_some());\n        if let Some((packet, cost)) = kept {",
        tests: MACHINE,
    },
    Mutant {
        what: "another principal resumes the session",
        file: "server/handshake.rs",
        from: "handle.principal.as_deref() == principal && ",
        to: "(handle.principal.as_deref() == principal || true) && ",
        tests: "--test resume",
    },
    Mutant {
        what: "a token is valid for ever",
        file: "server/sessions.rs",
        from: "        for token in old {\n            state.by_token.remove(&token);\n        }",
        to: "        drop(old);",
        tests: "--test resume",
    },
    Mutant {
        what: "a gap is not reported",
        file: "client/sequence.rs",
        from: "            if seq - last == step {",
        to: "            if seq - last >= step {",
        tests: "--test simulation",
    },
];

/// Runs both simulations with a seed.
pub(crate) fn sessions(seed: &str) -> Result<(), Failure> {
    for (disconnects, tests) in [("2000000", MACHINE), ("200000", "--test simulation")] {
        let command = format!("cargo test --release -p handfast {tests} -- --nocapture");
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
    leftovers(profile, "3000")
}

/// Makes one mistake after the other, and fails if one is not noticed.
pub(crate) fn mutants() -> Result<(), Failure> {
    let copy = target().join("mutants");
    for mutant in &MUTANTS {
        copy_tree(&copy)?;
        let path = copy.join("runtime/src").join(mutant.file);
        let text = fs::read_to_string(&path).map_err(|error| missing(&path, &error))?;
        if text.matches(mutant.from).count() != 1 {
            let words = format!("{} no longer contains, once: {}", mutant.file, mutant.from);
            return Err(Failure::Missing(words));
        }
        let mutated = text.replace(mutant.from, mutant.to);
        fs::write(&path, mutated).map_err(|error| missing(&path, &error))?;
        let status = Command::new("cargo")
            .args(["test", "--quiet", "-p", "handfast"])
            .args(mutant.tests.split(' '))
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", target().join("mutants-target"))
            .env("HANDFAST_DISCONNECTS", "2000")
            .output();
        let output = status.map_err(|error| missing(&copy, &error))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let noticed = text.contains("FAILED");
        println!(
            "{} {}",
            if noticed {
                "noticed:    "
            } else {
                "NOT NOTICED:"
            },
            mutant.what
        );
        if !noticed {
            let command = format!("cargo test -p handfast {}", mutant.tests);
            return Err(Failure::Command(format!("{command} in {}", quoted(&copy))));
        }
    }
    Ok(())
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
