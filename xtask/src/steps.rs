//! The steps of `cargo xtask test`, in the order in which they begin: those that are quick and find most come first. Two run at a time.

use crate::build::{program, program_with_features, test_with_features};
use crate::corpus;
use crate::deny::deny;
use crate::format;
use crate::node;
use crate::printed::say;
use crate::run::{Failure, Step, quoted, run, run_with, target};
use crate::sessions;
use crate::typescript::{browser, typescript};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        proves: "the source is formatted",
        run: format::check,
    },
    Step {
        name: "clippy",
        proves: "no lint warns, tests included; nothing newer than the oldest supported Rust is used",
        run: || run("", "cargo clippy --workspace --all-targets -- -D warnings"),
    },
    Step {
        name: "features",
        proves: "the crates compile with fewer and more than their default features",
        run: features,
    },
    Step {
        name: "deny",
        proves: "dependencies have allowed licences, sources and versions",
        run: deny,
    },
    Step {
        name: "rust",
        proves: "the Rust tests pass: unit, golden, property and compile-fail tests, server and client",
        run: rust,
    },
    Step {
        name: "check",
        proves: "the examples' protocols are valid, their output is current, and recorded traffic verifies",
        run: check,
    },
    Step {
        name: "docs",
        proves: "the documentation builds, and its links resolve",
        run: || {
            let deny = [("RUSTDOCFLAGS", "-D warnings")];
            run_with("", "cargo doc --workspace --no-deps --quiet", &deny)
        },
    },
    Step {
        name: "guide",
        proves: "the code of docs/guide compiles and runs, and prints what the guide shows",
        run: || {
            node::packages()?;
            program("handfast-guide", "", &[])
        },
    },
    Step {
        name: "typescript",
        proves: "the TypeScript compiles under both compilers, its tests pass, and the bundled page is current",
        run: typescript,
    },
    Step {
        name: "suite",
        proves: "generated validators pass the official suite of every draft of JSON Schema, the same in Rust and TypeScript",
        run: suite,
    },
    Step {
        name: "corpus",
        proves: "twenty schemas of the forms that real ones have go through, compile, are judged right, and have types, as far as is listed",
        run: corpus::sample,
    },
    Step {
        name: "texts",
        proves: "both ends accept and reject the same texts as JSON",
        run: || {
            node::packages()?;
            program(CONFORMANCE, "texts", &[])
        },
    },
    Step {
        name: "messages",
        proves: "Rust, TypeScript, `verify` and the JSON Schema bundle agree on whole messages",
        run: || {
            node::packages()?;
            program(CONFORMANCE, "messages", &[])
        },
    },
    Step {
        name: "fuzz",
        proves: "generated validators agree with each other and with other implementations on random schemas",
        run: || {
            node::packages()?;
            program(CONFORMANCE, "fuzz 1 150000", &[])
        },
    },
    Step {
        name: "protocols",
        proves: "code generated from random protocols compiles without a warning, and is formatted",
        run: || {
            node::packages()?;
            program(CONFORMANCE, "protocols 3 300", &[])
        },
    },
    Step {
        name: "attacks",
        proves: "a server under attack stays within its limits, serves others, and recovers",
        run: attacks,
    },
    Step {
        name: "sessions",
        proves: "sessions survive a server that is killed, keep strangers out, and leave nothing behind",
        run: sessions::survive,
    },
    Step {
        name: "servers",
        proves: "both clients cope with hostile and unlucky servers, in Rust, Node and Chromium",
        run: servers,
    },
    Step {
        name: "scenarios",
        proves: "the TypeScript client, in Node and Chromium, loses, repeats and reorders nothing on bad networks; with the Rust client, `rust` proves it",
        run: || scenarios(&["node", "chromium --every 16"]),
    },
    Step {
        name: "browser",
        proves: "the examples' pages work in Chromium, and two tabs exchange messages through each server",
        run: browser,
    },
];

/// Steps that measure what a busy machine would change: they run when the others have ended.
pub(crate) const ALONE: [&str; 1] = ["attacks"];

/// Finds a step by its name.
pub(crate) fn find(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

fn features() -> Result<(), Failure> {
    for line in [
        "cargo check --quiet -p handfast --no-default-features",
        "cargo check --quiet -p handfast --no-default-features --features client",
        "cargo check --quiet -p handfast --no-default-features --features server",
        "cargo check --quiet -p handfast --no-default-features --features metrics",
        "cargo check --quiet -p handfast --no-default-features --features chrono,jiff,time,url,uuid",
        "cargo clippy --quiet -p handfast --features jwt,chrono,jiff,time,url,uuid --all-targets -- -D warnings",
        "cargo check --quiet -p handfast-codegen --no-default-features",
    ] {
        run("", line)?;
    }
    Ok(())
}

/// Runs `fuzz` or `protocols` with another seed and count than the steps do.
pub(crate) fn random(what: &str, seed: &str, count: &str) -> Result<(), Failure> {
    node::packages()?;
    program(CONFORMANCE, &format!("{what} {seed} {count}"), &[])
}

/// Some of the Rust tests compile generated TypeScript, which takes packages.
fn rust() -> Result<(), Failure> {
    node::packages()?;
    run("", "cargo test --workspace --no-fail-fast")?;
    // What is behind a feature. `jwt` needs a compiler of C.
    test_with_features("--test metrics --test foreign_types --test jwt")?;
    test_with_features("--doc jwt")
}

fn check() -> Result<(), Failure> {
    program("codegen", "check", &[])?;
    program(
        "codegen",
        "check --spec examples/counter/protocol.yaml",
        &[],
    )?;
    for (name, spec) in [
        ("chat", "protocol.yaml"),
        ("coinbase", "tests/protocols/coinbase.yaml"),
        ("slack", "tests/protocols/slack.yaml"),
        ("graphql-ws", "tests/protocols/graphql-ws.yaml"),
        ("home-assistant", "tests/protocols/home-assistant.yaml"),
        ("desk", "tests/protocols/desk.yaml"),
    ] {
        let capture = format!("tests/protocols/{name}.ndjson");
        let spec = format!("--spec {spec}");
        program("codegen", &format!("verify {capture} {spec}"), &[])?;
    }
    Ok(())
}

const CONFORMANCE: &str = "handfast-conformance";

/// The suite is in a package that is downloaded once.
fn suite() -> Result<(), Failure> {
    node::packages()?;
    let folder = target().join("json-schema-test-suite");
    let package = folder.join("jsonschema-4.26.0.tar.gz");
    if !package.is_file() {
        let line = format!(
            "python3 -m pip download --quiet --no-deps --no-binary jsonschema --require-hashes -r tests/conformance/suite.txt -d {}",
            quoted(&folder)
        );
        run("", &line).map_err(|_| {
            Failure::Missing(format!(
                "pip failed: save the source package of `jsonschema` 4.26.0 as {}",
                package.display()
            ))
        })?;
    }
    program(CONFORMANCE, &format!("suite {}", quoted(&package)), &[])
}

/// The resources of the server are read from `/proc`.
fn attacks() -> Result<(), Failure> {
    if cfg!(target_os = "linux") {
        program("handfast-attacks", "", &[])?;
        // What holds most, once more with the smaller bound of sessions that cannot be resumed.
        program(
            "handfast-attacks",
            "--not-counting invalid says-to-itself hang-full-and-go stream-never-read",
            &[],
        )?;
        program_with_features(
            "handfast-attacks",
            "tokens-forged tokens-costly tokens-long",
        )
    } else {
        say("skipped: it reads the memory and the sockets of a process as Linux reports them");
        Ok(())
    }
}

/// Runs the scenarios on some platforms, each with the options behind its name.
pub(crate) fn scenarios(platforms: &[&str]) -> Result<(), Failure> {
    node::packages()?;
    let chromium = node::chromium()?;
    for platform in platforms {
        let variables = [("CHROMIUM", &*chromium)];
        program("handfast-scenarios", platform, &variables)?;
    }
    Ok(())
}

fn servers() -> Result<(), Failure> {
    node::packages()?;
    let chromium = node::chromium()?;
    program("handfast-hostile-servers", "", &[("CHROMIUM", &chromium)])
}
