//! `cargo run -p handfast-conversations [-- WORDS]`: holds the conversations with the TypeScript client in Node, or those with these words in their names.

use handfast_bundles::{bundle, bundle_spec, folder};
use handfast_conversations::specs::{mapped, numbered};
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
    let plain = bundle(here)?;
    let text = fs::read_to_string(here.join("protocol.yaml")).map_err(words)?;
    let mut folders = vec![(plain, "plain")];
    for (name, made) in [("numbered", numbered(&text)?), ("mapped", mapped(&text)?)] {
        let of_name = folder(&format!("conversations-{name}"))?;
        let spec = of_name.join("protocol.yaml");
        fs::create_dir_all(&of_name).map_err(words)?;
        fs::write(&spec, made).map_err(words)?;
        bundle_spec(here, &spec, &of_name)?;
        folders.push((of_name, name));
    }
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let mut all = true;
    for (folder, protocol) in folders {
        let mut node = Command::new("node");
        node.arg(folder.join("node.cjs")).arg(here.join("cases"));
        let status = node.arg(protocol).arg(asked.join(" ")).status();
        let status = status.map_err(|error| format!("`node` does not run: {error}"))?;
        all &= status.success();
    }
    Ok(all)
}
