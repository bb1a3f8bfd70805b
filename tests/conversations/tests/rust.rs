//! Every conversation with the server, and with the Rust client.

use handfast::codec::Encoding;
use handfast_conversations::{Side, all, hold};

fn every_conversation_with(side: Side) -> Result<(), Box<dyn std::error::Error>> {
    let (mut held, mut failed) = (0, Vec::new());
    let wanted = std::env::var("CONVERSATION").unwrap_or_default();
    for conversation in all()? {
        let is_of_side = conversation.only.is_none_or(|only| only == side);
        if !is_of_side || !conversation.name.contains(&wanted) {
            continue;
        }
        let encodings = [Encoding::Json, Encoding::MsgPack, Encoding::Cbor];
        // Text that is no JSON is nothing in the others.
        let count = if conversation.has_text() { 1 } else { 3 };
        for encoding in encodings.into_iter().take(count) {
            held += 1;
            let conversation = conversation.clone();
            let name = conversation.name.clone();
            // Each has a runtime of its own: what one leaves behind is not the next one's.
            let done = std::thread::spawn(move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_time().start_paused(true).build();
                let runtime = runtime.map_err(|error| error.to_string())?;
                runtime.block_on(hold(&conversation, side, encoding))
            });
            let done = done.join();
            if let Err(error) = done.unwrap_or_else(|_| Err("it panicked".to_owned())) {
                failed.push(format!("{name}, in {encoding:?}\n    {error}"));
            }
        }
    }
    println!("{held} conversations");
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(held > 0, "no conversation is called `{wanted}`");
    Ok(())
}

#[test]
fn with_the_server() -> Result<(), Box<dyn std::error::Error>> {
    every_conversation_with(Side::Server)
}

#[test]
fn with_the_client() -> Result<(), Box<dyn std::error::Error>> {
    every_conversation_with(Side::Client)
}

/// The titles of the files name sections that exist.
#[test]
fn every_file_names_its_sections() -> Result<(), Box<dyn std::error::Error>> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let wire = std::fs::read_to_string(here.join("../../docs/wire.md"))?;
    for entry in std::fs::read_dir(here.join("cases"))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let title = text.lines().next().unwrap_or_default();
        let mut sections = title.split('"').skip(1).step_by(2).peekable();
        assert!(sections.peek().is_some(), "{}: {title}", path.display());
        for section in sections {
            let heading = format!("## {section}");
            let exists = wire.lines().any(|line| line == heading);
            assert!(exists, "{}: there is no `{heading}`", path.display());
        }
    }
    Ok(())
}
