//! Existing protocols, and captures of them: the good ones verify clean, the bad ones give the report beside them.
//! `HANDFAST_BLESS=1` updates the reports.

use handfast_codegen::verify::{Report, verify};
use handfast_spec::model::Protocol;
use std::error::Error;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/protocols")
}

fn protocol(path: &Path) -> Result<Protocol, Box<dyn Error>> {
    let loaded = handfast_spec::load(path);
    let said = handfast_spec::render(&loaded.diagnostics, &loaded.sources, false);
    loaded
        .protocol
        .ok_or_else(|| format!("{}:\n{said}", path.display()).into())
}

fn report(protocol: &Protocol, capture: &str) -> Result<Report, Box<dyn Error>> {
    Ok(verify(
        protocol,
        std::fs::read(folder().join(capture))?.as_slice(),
    ))
}

fn captures_of(name: &str) -> Result<(), Box<dyn Error>> {
    captures_with(&format!("{name}.yaml"), name)
}

fn captures_with(spec: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let protocol = protocol(&folder().join(spec))?;
    let good = report(&protocol, &format!("{name}.ndjson"))?;
    assert!(good.is_clean(), "{}", good.render());
    assert!(good.lines.len() >= 25, "only {} messages", good.lines.len());
    assert!(good.unanswered.is_empty(), "{}", good.render());

    let bad = report(&protocol, &format!("{name}.bad.ndjson"))?;
    assert!(!bad.is_clean());
    let path = folder().join(format!("{name}.bad.txt"));
    if std::env::var_os("HANDFAST_BLESS").is_some() {
        std::fs::write(&path, bad.render())?;
    }
    assert_eq!(
        bad.render(),
        std::fs::read_to_string(&path)?,
        "{}",
        path.display()
    );
    Ok(())
}

#[test]
fn the_reference_protocol() -> Result<(), Box<dyn Error>> {
    captures_with("../../protocol.yaml", "chat")
}

#[test]
fn graphql_ws() -> Result<(), Box<dyn Error>> {
    captures_of("graphql-ws")
}

#[test]
fn home_assistant() -> Result<(), Box<dyn Error>> {
    captures_of("home-assistant")
}

#[test]
fn desk() -> Result<(), Box<dyn Error>> {
    captures_of("desk")
}

#[test]
fn coinbase() -> Result<(), Box<dyn Error>> {
    captures_of("coinbase")
}

#[test]
fn slack() -> Result<(), Box<dyn Error>> {
    captures_of("slack")
}

#[test]
fn a_report_as_json() -> Result<(), Box<dyn Error>> {
    let protocol = protocol(&folder().join("coinbase.yaml"))?;
    let capture = concat!(
        r#"{"from":"client","message":{"type":"subscribe","channels":["ticker"]}}"#,
        "\n\n",
        r#"{"from":"server","text":"{\"type\":\"subscriptions\",\"channels\":[{}]}"}"#,
        "\n",
        "oops\n",
    );
    let report = verify(&protocol, capture.as_bytes());
    let expected = serde_json::json!({
        "clean": false,
        "messages": 3,
        "problems": 2,
        "lines": [
            { "line": 1, "from": "client", "message": "subscribe", "problems": [] },
            {
                "line": 3,
                "from": "server",
                "message": "subscriptions",
                "answers": { "line": 1, "message": "subscribe" },
                "problems": [{
                    "code": "INVALID",
                    "path": "/channels/0",
                    "keyword": "required",
                    "message": "must have the property \"name\"",
                    "allowed": "name",
                }],
            },
            {
                "line": 4,
                "problems": [{
                    "code": "CAPTURE",
                    "path": "",
                    "keyword": "",
                    "message": "the line is not JSON: expected value at line 1 column 1",
                }],
            },
        ],
        "unanswered": [],
    });
    assert_eq!(report.to_json(), expected);
    Ok(())
}
