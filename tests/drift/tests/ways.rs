//! The ways to generate: the command line, a build script, and a `codegen` member of another workspace.

mod copy;

use copy::{cargo, copy as copy_folder, folder, root, told};
use std::error::Error;
use std::fs;

/// Points the path dependencies of a copied manifest at the workspace.
fn point(manifest: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let text = fs::read_to_string(manifest)?;
    fs::write(
        manifest,
        text.replace("../../../", &format!("{}/", root().display())),
    )?;
    Ok(())
}

#[test]
fn a_codegen_member_of_another_workspace() -> Result<(), Box<dyn Error>> {
    let place = folder("other-workspace")?;
    copy_folder(&root().join("tests/other-workspace"), &place)?;
    point(&place.join("app/Cargo.toml"))?;
    point(&place.join("codegen/Cargo.toml"))?;
    fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock"))?;
    let api = place.join("app/src/api.rs");
    assert!(!api.exists(), "nothing generated is committed there");

    // It is the command there too, and the application's own crate needs not compile for it.
    let generated = cargo(&place, &["run", "--quiet", "-p", "codegen"])?;
    assert!(generated.status.success(), "{}", told(&generated));
    assert!(String::from_utf8_lossy(&generated.stdout).contains("wrote  app/src/api.rs"));
    assert!(fs::read_to_string(&api)?.contains("pub struct Say {"));
    let again = cargo(&place, &["run", "--quiet", "-p", "codegen"])?;
    assert!(String::from_utf8_lossy(&again.stdout).contains("left  app/src/api.rs"));

    let checked = cargo(&place, &["check", "--quiet", "-p", "app"])?;
    assert!(checked.status.success(), "{}", told(&checked));
    assert_eq!(told(&checked), "", "without a warning");

    // A mistake is told in words.
    let spec = place.join("protocol.yaml");
    fs::write(
        &spec,
        fs::read_to_string(&spec)?.replace("from: client", "from: cleint"),
    )?;
    let refused = cargo(&place, &["run", "--quiet", "-p", "codegen"])?;
    assert!(!refused.status.success());
    assert!(
        told(&refused).contains("did you mean `client`?"),
        "{}",
        told(&refused)
    );
    Ok(())
}

#[test]
fn the_command_line() -> Result<(), Box<dyn Error>> {
    let place = folder("command-line")?;
    fs::copy(root().join("protocol.yaml"), place.join("protocol.yaml"))?;
    let inner = place.join("some/folder/below");
    fs::create_dir_all(&inner)?;
    let manifest = root().join("Cargo.toml");
    let manifest = manifest.to_string_lossy();
    let codegen = |arguments: &[&str]| {
        let run = [
            "run",
            "--quiet",
            "-p",
            "codegen",
            "--manifest-path",
            &manifest,
            "--",
        ];
        cargo(&inner, &[&run, arguments].concat())
    };
    // The nearest spec above is meant.
    let wrote = codegen(&[])?;
    assert!(wrote.status.success(), "{}", told(&wrote));
    assert!(
        String::from_utf8_lossy(&wrote.stdout).contains("wrote  "),
        "{wrote:?}"
    );
    let left = codegen(&[])?;
    assert!(
        !String::from_utf8_lossy(&left.stdout).contains("wrote  "),
        "{left:?}"
    );
    assert!(codegen(&["check"])?.status.success());
    fs::write(place.join("examples/chat/src/api.rs"), "")?;
    let stale = codegen(&["check"])?;
    assert_eq!(stale.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&stale.stdout).contains("cargo run -p codegen"),
        "{stale:?}"
    );
    Ok(())
}
