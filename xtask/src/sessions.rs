//! `cargo xtask sessions SEED`: the simulations of sessions, for longer than a change has to pass them. `kill`, `strangers` and `leftovers`: the
//! proofs of `tests/sessions`. `cargo xtask mutants`: proof that they notice what they are for, by mistakes that are made on purpose in a
//! copy of the sources.

use crate::node;
use crate::run::{Failure, quoted, root, run, run_with, target};
use std::{fs, path::Path, process::Command};

/// A mistake, and what has to notice it.
struct Mutant {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// Arguments of cargo.
    noticed_by: &'static str,
}

const MACHINE: &str = "test -p handfast --lib session::simulation";

const SIMULATION: &str = "test -p handfast --test simulation";

const KILL: &str = "run -p handfast-sessions -- kill 8 1";

const STRANGERS: &str = "run -p handfast-sessions -- strangers 4000 1";

const LEFTOVERS: &str = "run -p handfast-sessions -- leftovers 3000";

const QUEUE: &str = "test -p handfast --lib outbound::tests";

const FLOODS: &str = "run -p handfast-sessions -- floods";

const MUTANTS: [Mutant; 18] = [
    Mutant {
        what: "a message is skipped when a session is resumed",
        file: "runtime/src/session/counting.rs",
        from: "let at = self.kept.partition_point(|kept| kept.number <= replayed);",
        to: "let at = self.kept.partition_point(|kept| kept.number <= replayed + 1);",
        noticed_by: MACHINE,
    },
    Mutant {
        what: "a message is repeated when a session is resumed",
        file: "runtime/src/session/counting.rs",
        from: "        self.acknowledge(received)?;\n        self.replayed = Some(received);",
        to: "        self.acknowledge(received.saturating_sub(1))?;\n        self.replayed = Some(received.saturating_sub(1));",
        noticed_by: MACHINE,
    },
    Mutant {
        what: "a message is not acknowledged",
        file: "runtime/src/session/counting.rs",
        from: "        self.last += 1;\n        self.bytes += bytes;",
        to: "        self.last += u64::from(self.bytes != 40);\n        self.bytes += bytes;",
        noticed_by: MACHINE,
    },
    Mutant {
        what: "a volatile message is not counted",
        file: "runtime/src/session/counting.rs",
        from: "        self.last += 1;\n        if let Some(packet) = kept.filter(|_| self.keeping) {",
        to: "        self.last += u64::from(kept.is_some());\n        if let Some(packet) = kept.filter(|_| self.keeping) {",
        noticed_by: MACHINE,
    },
    Mutant {
        what: "another principal resumes the session",
        file: "runtime/src/server/handshake.rs",
        from: "handle.principal.as_deref() == principal && ",
        to: "(handle.principal.as_deref() == principal || true) && ",
        noticed_by: "test -p handfast --test resume",
    },
    Mutant {
        what: "a token is valid for ever",
        file: "runtime/src/server/sessions.rs",
        from: "        for token in old {\n            state.by_token.remove(&token);\n        }",
        to: "        drop(old);",
        noticed_by: "test -p handfast --test resume",
    },
    Mutant {
        what: "a gap is not reported",
        file: "runtime/src/client/sequence.rs",
        from: "            if seq - last == step {",
        to: "            if seq - last >= step {",
        noticed_by: SIMULATION,
    },
    Mutant {
        what: "a request that was written and may run once is sent again",
        file: "runtime/src/client/core.rs",
        from: "            resendable: request.idempotent",
        to: "            resendable: (request.idempotent || true)",
        noticed_by: KILL,
    },
    Mutant {
        what: "the same in TypeScript",
        file: "templates/typescript/runtime/handfast/outbound.ts",
        from: "(again && request?.idempotent && ",
        to: "(again && request !== undefined && ",
        noticed_by: KILL,
    },
    Mutant {
        what: "a session is resumed in another encoding",
        file: "runtime/src/server/handshake.rs",
        from: " && handle.encoding == encoding;",
        to: " && (handle.encoding == encoding || true);",
        noticed_by: STRANGERS,
    },
    Mutant {
        what: "a stranger resumes a session",
        file: "runtime/src/server/handshake.rs",
        from: "handle.principal.as_deref() == principal && ",
        to: "(handle.principal.as_deref() == principal || true) && ",
        noticed_by: STRANGERS,
    },
    Mutant {
        what: "a channel is joined whatever the application says",
        file: "runtime/src/server/system.rs",
        from: "    if let Err(rejection) = service.authorize_join(&key, cx.clone()).await {",
        to: "    if let Err(rejection) = service.authorize_join(&key, cx.clone()).await.or(Ok::<_, Rejection>(())) {",
        noticed_by: STRANGERS,
    },
    Mutant {
        what: "credentials of another principal are accepted",
        file: "runtime/src/server/system.rs",
        from: "    if service.principal(&new).as_deref() != connection.principal.as_deref() {",
        to: "    if service.principal(&new).is_none() {",
        noticed_by: STRANGERS,
    },
    Mutant {
        what: "the tokens of a session that has ended are kept",
        file: "runtime/src/server/sessions.rs",
        from: "for token in state.tokens.remove(&session).unwrap_or_default() {",
        to: "for token in state.tokens.get(&session).cloned().unwrap_or_default() {",
        noticed_by: LEFTOVERS,
    },
    Mutant {
        what: "senders are remembered until there are twice as many",
        file: "runtime/src/server/allowances.rs",
        from: "        if senders.cleaned.is_none_or(due) || ",
        to: "        if senders.cleaned.is_none_or(|cleaned| due(cleaned) && false) || ",
        noticed_by: LEFTOVERS,
    },
    Mutant {
        what: "channels are kept until there are twice as many",
        file: "runtime/src/broker/in_memory.rs",
        from: "        if channels.swept.is_none_or(due) || ",
        to: "        if channels.swept.is_none_or(|swept| due(swept) && false) || ",
        noticed_by: LEFTOVERS,
    },
    Mutant {
        what: "errors about answers are queued without a limit",
        file: "runtime/src/server/connection.rs",
        from: "        if self.connection.outbound.is_full() {",
        to: "        if self.connection.outbound.is_full() && false {",
        noticed_by: FLOODS,
    },
    Mutant {
        what: "acknowledgements are queued one behind the other",
        file: "runtime/src/outbound.rs",
        from: "control.iter_mut().find(|item| item.mark == ACKNOWLEDGEMENT)",
        to: "control.iter_mut().find(|item| item.mark == 0 && item.mark == ACKNOWLEDGEMENT)",
        noticed_by: QUEUE,
    },
];

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

/// Makes one mistake after the other, and fails if one is not noticed.
pub(crate) fn mutants() -> Result<(), Failure> {
    node::packages()?;
    let copy = target().join("mutants");
    for mutant in &MUTANTS {
        copy_tree(&copy)?;
        // Packages are not copied.
        let (from, to) = [root(), copy.clone()]
            .map(|tree| tree.join(node::TESTS).join("node_modules"))
            .into();
        run("", &format!("ln -sfn {} {}", quoted(&from), quoted(&to)))?;
        let path = copy.join(mutant.file);
        let text = fs::read_to_string(&path).map_err(|error| missing(&path, &error))?;
        if text.matches(mutant.from).count() != 1 {
            let words = format!("{} no longer contains, once: {}", mutant.file, mutant.from);
            return Err(Failure::Missing(words));
        }
        let mutated = text.replace(mutant.from, mutant.to);
        fs::write(&path, mutated).map_err(|error| missing(&path, &error))?;
        let status = Command::new("cargo")
            .args(mutant.noticed_by.split(' '))
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", target().join("mutants-target"))
            .env("HANDFAST_DISCONNECTS", "2000")
            .output();
        let output = status.map_err(|error| missing(&copy, &error))?;
        let text = String::from_utf8_lossy(&output.stderr);
        // What does not compile proves nothing.
        let noticed = !output.status.success() && !text.contains("could not compile");
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
            return Err(Failure::Command {
                line: format!("cargo {} in {}", mutant.noticed_by, quoted(&copy)),
                output: Vec::new(),
            });
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
