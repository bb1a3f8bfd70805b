//! The output of the command line, as text and as JSON.

use serde_json::Value;
use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SPEC: &str = "\
handfast: 1
protocol: { name: demo, version: 1.0.0 }
messages: { news: { from: server } }
session: { roles: off }
generate: { rust: { out: api.rs } }
";

fn folder(name: &str, spec: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("protocol.yaml"), spec)?;
    Ok(folder)
}

fn codegen(folder: &Path, arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_codegen"))
        .args(arguments)
        .current_dir(folder)
        .output()
}

#[test]
fn json_names_what_is_stale() -> Result<(), Box<dyn Error>> {
    let folder = folder("stale", SPEC)?;
    let stale = || -> Result<(Option<i32>, Vec<String>), Box<dyn Error>> {
        let done = codegen(&folder, &["check", "--format", "json"])?;
        let reported: Vec<Value> = serde_json::from_slice(&done.stdout)?;
        let stale = reported.iter().filter(|one| one["stale"] == true);
        let messages = stale.filter_map(|one| Some(one["message"].as_str()?.to_owned()));
        Ok((done.status.code(), messages.collect()))
    };
    assert_eq!(stale()?, (Some(1), vec!["`api.rs` is missing".to_owned()]));
    assert!(codegen(&folder, &[])?.status.success());
    assert_eq!(stale()?, (Some(0), Vec::new()));
    fs::write(folder.join("api.rs"), "")?;
    let changed = vec!["`api.rs` is out of date".to_owned()];
    assert_eq!(stale()?, (Some(1), changed));
    Ok(())
}

/// Only `check` reports what a protocol gives up, whether or not there are errors.
#[test]
fn only_check_reports_notes() -> Result<(), Box<dyn Error>> {
    let bad = SPEC.replace("from: server", "from: sever");
    for (name, spec) in [("notes", SPEC), ("notes-bad", &bad)] {
        let folder = folder(name, spec)?;
        let reported = |arguments: &[&str]| -> Result<String, Box<dyn Error>> {
            let done = codegen(&folder, arguments)?;
            let text = [done.stdout, done.stderr].concat();
            Ok(String::from_utf8(text)?)
        };
        for arguments in [&[][..], &["generate"], &["--format", "json"]] {
            let text = reported(arguments)?;
            assert!(!text.contains("G001"), "{arguments:?}: {text}");
        }
        assert!(reported(&["check"])?.contains("note[G001]"), "{name}");
        assert!(
            reported(&["check", "--format", "json"])?.contains("G001"),
            "{name}"
        );
        assert_eq!(
            reported(&[])?.contains("error[P004]"),
            spec != SPEC,
            "{name}"
        );
    }
    Ok(())
}
