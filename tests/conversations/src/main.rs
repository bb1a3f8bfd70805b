//! `cargo run -p handfast-conversations [-- WORDS]`: holds the conversations with the TypeScript client in Node, or those with these words in their names.

use std::{
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
    let folder = handfast_bundles::bundle(here)?;
    let mut node = Command::new("node");
    node.arg(folder.join("node.cjs")).arg(here.join("cases"));
    let words: Vec<String> = std::env::args().skip(1).collect();
    node.arg(words.join(" "));
    let status = node.status();
    let status = status.map_err(|error| format!("`node` does not run: {error}"))?;
    Ok(status.success())
}
