//! What `cargo xtask test` does, in order: what is quick and tells most comes first.

use crate::node::{self, TESTS};
use crate::run::{Failure, Step, built, quoted, root, run, run_with, target};

pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        what: "the source is formatted",
        run: || run("", "cargo fmt --all -- --check"),
    },
    Step {
        name: "clippy",
        what: "no lint warns, tests included",
        run: || run("", "cargo clippy --workspace --all-targets -- -D warnings"),
    },
    Step {
        name: "features",
        what: "the crates compile with less than their default features",
        run: features,
    },
    Step {
        name: "rust",
        what: "unit, golden and property tests, and those of the macro, the server and the client",
        run: rust,
    },
    Step {
        name: "check",
        what: "protocol.yaml is good, and what is generated from it is current",
        run: check,
    },
    Step {
        name: "docs",
        what: "the documentation builds, and its links lead somewhere",
        run: || {
            let deny = [("RUSTDOCFLAGS", "-D warnings")];
            run_with("", "cargo doc --workspace --no-deps --quiet", &deny)
        },
    },
    Step {
        name: "typescript",
        what: "the TypeScript compiles under both compilers, and its tests pass",
        run: typescript,
    },
    Step {
        name: "suite",
        what: "generated validators pass the official suite of JSON Schema, alike in Rust and TypeScript",
        run: suite,
    },
    Step {
        name: "texts",
        what: "both ends take and refuse the same texts as JSON",
        run: || {
            node::packages()?;
            run("", &format!("{CONFORMANCE} texts"))
        },
    },
    Step {
        name: "messages",
        what: "all that judges whole messages says the same: Rust, TypeScript, verify and the JSON Schema",
        run: || {
            node::packages()?;
            run("", &format!("{CONFORMANCE} messages"))
        },
    },
    Step {
        name: "fuzz",
        what: "generated validators agree with each other and with other judges on random schemas",
        run: || {
            node::packages()?;
            run("", &format!("{CONFORMANCE} fuzz 1 150000"))
        },
    },
    Step {
        name: "protocols",
        what: "what is generated from random protocols compiles without a warning, and is formatted",
        run: || {
            node::packages()?;
            run("", &format!("{CONFORMANCE} protocols 1 300"))
        },
    },
    Step {
        name: "attacks",
        what: "a server under attack stays within its bounds, serves others, and is itself again afterwards",
        run: attacks,
    },
    Step {
        name: "servers",
        what: "both clients behave with hostile and unlucky servers, in Rust, Node and Chromium",
        run: servers,
    },
    Step {
        name: "page",
        what: "the committed script of the example's page is what its sources make",
        run: page,
    },
    Step {
        name: "browser",
        what: "the example's page works in Chromium, and two tabs talk through its server",
        run: browser,
    },
];

/// The step of a name.
pub(crate) fn find(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

fn features() -> Result<(), Failure> {
    for line in [
        "cargo check --quiet -p handfast --no-default-features",
        "cargo check --quiet -p handfast --no-default-features --features client",
        "cargo check --quiet -p handfast --no-default-features --features server",
        "cargo check --quiet -p handfast-codegen --no-default-features",
    ] {
        run("", line)?;
    }
    Ok(())
}

/// More random schemas, or protocols, than a test run has: so many verdicts, or protocols, from a seed.
pub(crate) fn random(what: &str, seed: &str, count: &str) -> Result<(), Failure> {
    node::packages()?;
    run("", &format!("{CONFORMANCE} {what} {seed} {count}"))
}

/// Some of the Rust tests compile generated TypeScript.
fn rust() -> Result<(), Failure> {
    node::packages()?;
    run("", "cargo test --workspace --no-fail-fast")
}

fn check() -> Result<(), Failure> {
    run("", "cargo run --quiet -p codegen -- check")?;
    for (name, spec) in [
        ("chat", "protocol.yaml"),
        ("coinbase", "tests/protocols/coinbase.yaml"),
        ("slack", "tests/protocols/slack.yaml"),
    ] {
        let capture = format!("tests/protocols/{name}.ndjson");
        let spec = format!("--spec {spec}");
        run(
            "",
            &format!("cargo run --quiet -p codegen -- verify {capture} {spec}"),
        )?;
    }
    Ok(())
}

fn typescript() -> Result<(), Failure> {
    node::packages()?;
    run(TESTS, "npm run --silent build")?;
    run(TESTS, &format!("node --test{}", test_files()?))?;
    run(
        "",
        "cargo test --quiet -p handfast-drift --test drift -- --ignored",
    )
}

/// All files of tests but those that have a step of their own, each behind a space.
fn test_files() -> Result<String, Failure> {
    let folder = root().join(TESTS).join("test");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| Failure::Missing(format!("{}: {error}", folder.display())))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".test.js"))
        .filter(|name| !["bundle.test.js", "page.test.js"].contains(&name.as_str()))
        .collect();
    names.sort();
    Ok(names.iter().map(|name| format!(" test/{name}")).collect())
}

const CONFORMANCE: &str = "cargo run --quiet -p handfast-conformance --";

/// The suite lies in a package that is downloaded once.
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
                "the suite could not be downloaded with pip: put the source package of `jsonschema` 4.26.0 at {}",
                package.display()
            ))
        })?;
    }
    run("", &format!("{CONFORMANCE} suite {}", quoted(&package)))
}

/// What the server takes is read from `/proc`.
fn attacks() -> Result<(), Failure> {
    if cfg!(target_os = "linux") {
        run("", "cargo run --quiet -p handfast-attacks")
    } else {
        println!("skipped: the memory and the sockets of a process are read as Linux tells them");
        Ok(())
    }
}

fn servers() -> Result<(), Failure> {
    node::packages()?;
    let chromium = node::chromium()?;
    run_with(
        "",
        "cargo run --quiet -p handfast-hostile-servers",
        &[("CHROMIUM", &chromium)],
    )
}

fn page() -> Result<(), Failure> {
    node::packages()?;
    run(TESTS, "npm run --silent build")?;
    run(TESTS, "node --test test/bundle.test.js")
}

fn browser() -> Result<(), Failure> {
    node::packages()?;
    let chromium = node::chromium()?;
    run(TESTS, "npm run --silent build")?;
    run_with(
        TESTS,
        "node --test test/page.test.js",
        &[("CHROMIUM", &chromium)],
    )?;
    run("", "cargo build --quiet -p chat")?;
    run_with(
        TESTS,
        "node --test test/two-tabs.js",
        &[("CHROMIUM", &chromium), ("CHAT", &built("chat"))],
    )
}
