//! The steps of `cargo xtask test`, in the order in which they are run: what is quick to fail comes first.

use crate::prepare::{chromium, node, packages, root, run};
use std::process::Command;

/// One step.
pub(crate) struct Step {
    /// By which it is asked for.
    pub(crate) name: &'static str,
    /// What it checks.
    pub(crate) about: &'static str,
    /// Runs it.
    pub(crate) run: fn() -> Result<(), String>,
}

/// Every step.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "every Rust file is formatted",
        run: fmt,
    },
    Step {
        name: "generated",
        about: "what is generated is current, and the protocol is good",
        run: generated,
    },
    Step {
        name: "clippy",
        about: "no warning anywhere",
        run: clippy,
    },
    Step {
        name: "features",
        about: "the runtime builds without a server, a client, or either",
        run: features,
    },
    Step {
        name: "rust",
        about: "every Rust test, those that compile generated TypeScript included",
        run: rust,
    },
    Step {
        name: "docs",
        about: "the documentation builds without a warning",
        run: docs,
    },
    Step {
        name: "typescript",
        about: "the TypeScript runtime, the generated types, the page by itself",
        run: typescript,
    },
    Step {
        name: "browser",
        about: "two tabs of a real browser talk through the example's server",
        run: browser,
    },
];

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(args).current_dir(root());
    cargo
}

fn fmt() -> Result<(), String> {
    run(&mut cargo(&["fmt", "--all", "--check"]))
}

fn generated() -> Result<(), String> {
    run(&mut cargo(&[
        "run",
        "--quiet",
        "--package",
        "codegen",
        "--",
        "check",
    ]))
}

fn clippy() -> Result<(), String> {
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn features() -> Result<(), String> {
    for features in ["", "server", "client"] {
        run(cargo(&[
            "check",
            "--package",
            "handfast",
            "--no-default-features",
            "--features",
            features,
        ])
        .env("RUSTFLAGS", "--deny warnings")
        // Other flags would make cargo build everything anew in the same folder, and then again.
        .env("CARGO_TARGET_DIR", root().join("target/features")))?;
    }
    Ok(())
}

fn rust() -> Result<(), String> {
    node()?;
    run(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))
}

fn docs() -> Result<(), String> {
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn typescript() -> Result<(), String> {
    node()?;
    let chromium = chromium()?;
    run(Command::new("npm")
        .args(["test"])
        .current_dir(packages())
        .env("CHROMIUM", chromium))
}

fn browser() -> Result<(), String> {
    node()?;
    let chromium = chromium()?;
    run(&mut cargo(&["build", "--quiet", "--package", "chat"]))?;
    run(Command::new("node")
        .args(["--test", "test/two-tabs.js"])
        .current_dir(packages())
        .env("CHROMIUM", chromium)
        .env("CHAT", root().join("target/debug/chat")))
}
