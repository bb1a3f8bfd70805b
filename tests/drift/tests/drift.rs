//! A message is added to the protocol and nobody handles it: both ends fail to compile, and name it.

mod copy;

use copy::{cargo, folder, root, told};
use handfast_codegen::Generator;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What is added: something from the client, something from the server.
const ADDED: &str = "
  chat.applaud:
    from: client
    description: Clap.
    payload: { type: object, required: [roomId], properties: { roomId: { $ref: '#/types/RoomId' } } }
  chat.applause: { from: server, channel: room, description: Somebody claps. }
";

/// A spec with outputs of our own, and with more messages where that is wanted.
fn spec(place: &Path, added: &str, outputs: &str) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(root().join("protocol.yaml"))?;
    let (before, _) = text
        .split_once("\ngenerate:")
        .ok_or("a section `generate`")?;
    let (messages, session) = before
        .split_once("\nsession:")
        .ok_or("a section `session`")?;
    let path = place.join("protocol.yaml");
    fs::write(
        &path,
        format!("{messages}{added}\nsession:{session}\ngenerate:\n{outputs}"),
    )?;
    Generator::new(path).run()?;
    Ok(())
}

#[test]
fn a_handler_that_is_missing_is_named() -> Result<(), Box<dyn Error>> {
    let place = folder("drift-rust")?;
    let handlers = fs::read_to_string(root().join("tests/drift/handlers.rs"))?;
    fs::create_dir_all(place.join("src"))?;
    fs::write(place.join("src/lib.rs"), handlers)?;
    let runtime = root().join("runtime");
    fs::write(
        place.join("Cargo.toml"),
        format!(
            "[package]\nname = \"drift\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nhandfast = {{ path = {runtime:?} }}\n[workspace]\n"
        ),
    )?;
    fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock"))?;
    let outputs = "  rust: { out: src/api.rs }\n";
    spec(&place, "", outputs)?;
    let good = cargo(&place, &["check", "--quiet"])?;
    assert!(good.status.success(), "{}", told(&good));

    spec(&place, ADDED, outputs)?;
    let bad = cargo(&place, &["check", "--quiet"])?;
    assert!(
        !bad.status.success(),
        "a handler is missing and nobody says so"
    );
    let told = told(&bad);
    assert!(told.contains("missing: `chat_applaud`"), "{told}");
    assert!(told.contains("impl api::ChatHandler for App"), "{told}");
    assert_eq!(
        told.matches("error[").count(),
        1,
        "one mistake is one error: {told}"
    );
    Ok(())
}

#[test]
#[ignore = "needs the packages of tests/typescript; `cargo xtask test typescript` runs it"]
fn a_case_that_is_missing_is_named() -> Result<(), Box<dyn Error>> {
    let place = folder("drift-typescript")?;
    let cases = fs::read_to_string(root().join("tests/drift/cases.ts"))?;
    fs::write(place.join("cases.ts"), cases)?;
    fs::write(
        place.join("tsconfig.json"),
        r#"{ "compilerOptions": { "target": "es2022", "module": "nodenext", "strict": true, "noEmit": true, "lib": ["es2022", "dom"], "types": [] }, "include": ["*.ts"] }"#,
    )?;
    fs::write(place.join("package.json"), r#"{ "type": "module" }"#)?;
    let outputs = "  typescript: { out: api.ts }\n";
    for compiler in ["typescript", "typescript-5.9"] {
        let modules = root().join("tests/typescript/node_modules");
        let tsc = || -> Result<(bool, String), Box<dyn Error>> {
            let output = Command::new("node")
                .arg(modules.join(compiler).join("bin/tsc"))
                .args(["-p", ".", "--pretty", "false"])
                .current_dir(&place)
                .output()?;
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok((output.status.success(), told))
        };
        spec(&place, "", outputs)?;
        let (is_good, told) = tsc()?;
        assert!(is_good, "{compiler}: {told}");
        spec(&place, ADDED, outputs)?;
        let (is_good, told) = tsc()?;
        assert!(!is_good, "{compiler}: a case is missing and nobody says so");
        assert!(
            told.contains("cases.ts") && told.contains("chat.applause"),
            "{compiler}: {told}"
        );
    }
    Ok(())
}
