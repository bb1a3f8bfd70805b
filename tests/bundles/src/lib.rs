//! Bundles the TypeScript client of a protocol with a program that drives it, for Node and for pages.

use handfast_codegen::Generator;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Generates the TypeScript of `protocol.yaml` in the folder of a suite, and bundles it with the suite's `js` by esbuild: `node.js` becomes
/// `node.cjs`, and `page.js` becomes `page.bundle.js`. Returns the folder with both, which is beside the running program.
///
/// # Errors
/// If the spec is wrong, a file cannot be written, or Node or esbuild is missing: in words.
pub fn bundle(suite: &Path) -> Result<PathBuf, String> {
    let name = suite.file_name().ok_or("the suite has no folder")?;
    let folder = folder(&name.to_string_lossy())?;
    bundle_spec(suite, &suite.join("protocol.yaml"), &folder)?;
    Ok(folder)
}

/// The folder of a name beside the running program.
///
/// # Errors
/// If the program does not know where it is: in words.
pub fn folder(name: &str) -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.parent().and_then(Path::parent);
    Ok(target.ok_or("the program is in no folder")?.join(name))
}

/// As [`bundle`], with another spec, into another folder.
///
/// # Errors
/// As those of [`bundle`].
pub fn bundle_spec(suite: &Path, spec: &Path, folder: &Path) -> Result<(), String> {
    let words = |error: io::Error| error.to_string();
    let (outputs, ..) = Generator::new(spec)
        .prepare()
        .map_err(|error| format!("{error:?}"))?;
    for output in outputs {
        let path = folder.join(output.path);
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(words)?;
        fs::write(path, output.text).map_err(words)?;
    }
    let status = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("build.js"))
        .arg(suite)
        .arg(folder)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!(
            "the client cannot be bundled: {status}; run `npm ci --prefix tests/typescript`"
        )),
        Err(error) => Err(format!("`node` does not run: {error}")),
    }
}
