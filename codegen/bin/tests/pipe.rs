//! The command line with a closed pipe as its output.

use std::{
    error::Error,
    path::Path,
    process::{Command, Stdio},
};

#[test]
fn a_reader_that_is_gone_is_no_panic() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let bad = "tests/protocols/chat.bad.ndjson";
    for arguments in [
        &["verify", bad][..],
        &["verify", bad, "--format", "json"],
        &["check", "--format", "json"],
        &["explain", "P014"],
        &["schema"],
    ] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let done = Command::new(env!("CARGO_BIN_EXE_codegen"))
            .args(arguments)
            .current_dir(&root)
            .stdout(Stdio::from(writer))
            .output()?;
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(!errors.contains("panicked"), "{arguments:?}: {errors}");
        assert_ne!(done.status.code(), Some(101), "{arguments:?}");
    }
    Ok(())
}
