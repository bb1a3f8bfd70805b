//! `cargo run -p handfast-conversations [-- WORDS]`: holds the conversations with the TypeScript client in Node, or those with these words in their names.

use handfast_bundles::{bundle_spec, folder};
use handfast_conversations::{Conversation, Form, Side, all};
use serde_json::Value;
use std::{
    fs, io,
    path::Path,
    process::{Command, ExitCode},
};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every conversation was held.
fn run() -> Result<bool, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = |error: io::Error| error.to_string();
    let plain = fs::read_to_string(here.join("protocol.yaml")).map_err(words)?;
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let asked = asked.join(" ");
    let conversations = all()?;
    let mut are_held = true;
    for form in Form::ALL {
        let folder = folder(&format!("conversations-{}", form.name()))?;
        fs::create_dir_all(&folder).map_err(words)?;
        let spec = folder.join("protocol.yaml");
        fs::write(&spec, form.spec(&plain)?).map_err(words)?;
        bundle_spec(here, &spec, &folder)?;
        let held = conversations.iter().filter(|one| {
            one.form == form && one.only != Some(Side::Server) && one.name.contains(&asked)
        });
        let cases: Vec<_> = held.map(Conversation::to_json).collect();
        let file = folder.join("cases.json");
        fs::write(&file, Value::Array(cases).to_string()).map_err(words)?;
        let mut node = Command::new("node");
        let status = node
            .arg(folder.join("node.cjs"))
            .arg(file)
            .arg(form.name())
            .status();
        let status = status.map_err(|error| format!("`node` does not run: {error}"))?;
        are_held &= status.success();
    }
    Ok(are_held)
}
