//! Node, npm and a browser: found, installed where possible, or named as missing.

use crate::run::{Failure, output, root, run, run_with};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The oldest version of Node that the tests support.
const OLDEST_NODE: u32 = 20;

/// Held while something is installed.
static INSTALLING: Mutex<()> = Mutex::new(());

/// The folder of the TypeScript tests.
pub(crate) const TESTS: &str = "tests/typescript";

/// Fails where Node or npm is missing, before a command fails because of it.
fn check_node() -> Result<(), Failure> {
    let missing = |what: &str| {
        Failure::Missing(format!(
            "{what}; install Node {OLDEST_NODE} or newer with npm, from nodejs.org or the packages of your system"
        ))
    };
    let version = output("node --version").ok_or_else(|| missing("`node` was not found"))?;
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST_NODE) {
        return Err(missing(&format!("Node {version} is too old")));
    }
    output("npm --version").ok_or_else(|| missing("`npm` was not found"))?;
    Ok(())
}

/// Installs the packages of the TypeScript tests.
pub(crate) fn packages() -> Result<(), Failure> {
    install(TESTS)
}

/// Installs the packages of a folder's lock file, unless that has been done since it changed.
pub(crate) fn install(folder: &str) -> Result<(), Failure> {
    check_node()?;
    // Steps run side by side: one installs, and the others wait.
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let time = |name: &str| {
        let path = root().join(folder).join(name);
        path.metadata().and_then(|data| data.modified()).ok()
    };
    let installed = time("node_modules/.package-lock.json");
    if installed.is_some() && installed >= time("package-lock.json") {
        return Ok(());
    }
    // The packages are all development dependencies, which NODE_ENV or a user's settings may exclude.
    run(folder, "npm ci --include=dev --no-audit --no-fund")
}

/// The path of Chromium, which is installed where possible.
pub(crate) fn chromium() -> Result<String, Failure> {
    let usual = "/usr/bin/chromium";
    let find = || {
        let named = std::env::var("CHROMIUM").ok();
        named
            .into_iter()
            .chain([
                usual.to_owned(),
                "/usr/bin/chromium-browser".to_owned(),
                "/usr/bin/google-chrome".to_owned(),
            ])
            .find(|path| Path::new(path).is_file())
    };
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = find() {
        return Ok(found);
    }
    let is_root = output("id -u").as_deref() == Some("0");
    if is_root
        && Path::new("/etc/debian_version").is_file()
        && output("apt-get --version").is_some()
    {
        let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
        run_with("", "apt-get update -qq", &quiet)?;
        run_with(
            "",
            "apt-get install -qq -y --no-install-recommends chromium",
            &quiet,
        )?;
    }
    find().ok_or_else(|| {
        Failure::Missing(format!(
            "Chromium was not found: install it at {usual}, or set $CHROMIUM to its path"
        ))
    })
}
