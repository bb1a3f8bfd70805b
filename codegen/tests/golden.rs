//! The committed files are what is generated now, byte by byte. `UPDATE_GOLDEN=1` updates them.

use handfast_codegen::Generator;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Every protocol: its name here, its spec relative to the workspace, and extra options for its Rust.
const CASES: [(&str, &str, &str); 8] = [
    (
        "reference",
        "protocol.yaml",
        ", borrow: [chat.send, chat.message]",
    ),
    ("coinbase", "tests/protocols/coinbase.yaml", ""),
    ("slack", "tests/protocols/slack.yaml", ""),
    (
        "graphql_ws",
        "tests/protocols/graphql-ws.yaml",
        ", derive: [PartialEq]",
    ),
    ("home_assistant", "tests/protocols/home-assistant.yaml", ""),
    ("desk", "tests/protocols/desk.yaml", ", derive: [PartialEq]"),
    (
        "shapes",
        "tests/golden/specs/shapes.yaml",
        ", types: { uuid: 'uuid::Uuid' }",
    ),
    (
        "corners",
        "tests/golden/specs/corners.yaml",
        ", derive: [PartialEq, Deserialize]",
    ),
];

/// The crate that compiles them. The test is outside of it, so that it runs even if the files do not compile.
fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

/// The spec with our own output paths.
fn spec_of(path: &str, rust: &str) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(here().join("../..").join(path))?;
    let own = text
        .split_once("\ngenerate:")
        .map_or(text.as_str(), |(before, _)| before);
    Ok(format!(
        "{own}\ngenerate:\n  rust: {{ out: api.rs{rust} }}\n  schema: {{ out: schema.json }}\n"
    ))
}

#[test]
fn what_is_committed_is_what_is_generated() -> Result<(), Box<dyn Error>> {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut stale = Vec::new();
    for (name, path, rust) in CASES {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("golden")
            .join(name);
        fs::create_dir_all(&place)?;
        let spec = place.join("protocol.yaml");
        fs::write(&spec, spec_of(path, rust)?)?;
        let (outputs, ..) = Generator::new(spec)
            .prepare()
            .map_err(|failed| failed.to_string())?;
        assert!(outputs.len() >= 2, "{name}: {} outputs", outputs.len());
        let committed = here().join("src/generated").join(name);
        for output in outputs {
            let path: PathBuf = committed.join(&output.path);
            if update {
                fs::create_dir_all(&committed)?;
                fs::write(&path, &output.text)?;
            } else if fs::read_to_string(&path).unwrap_or_default() != output.text {
                stale.push(path);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "UPDATE_GOLDEN=1 cargo test -p handfast-codegen --test golden writes these anew: {stale:#?}"
    );
    Ok(())
}

#[test]
fn every_protocol_is_compiled() -> Result<(), Box<dyn Error>> {
    let library = fs::read_to_string(here().join("src/lib.rs"))?;
    for entry in fs::read_dir(here().join("src/generated"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        assert!(
            CASES.iter().any(|(case, ..)| *case == name),
            "{name} is no case"
        );
        assert!(
            library.contains(&format!("\npub mod {name};")),
            "{name} is not compiled"
        );
    }
    Ok(())
}
