//! Node, npm and a browser: found, installed where that may be, or named.

use crate::run::{Failure, output, root, run, run_with};
use std::path::Path;

/// The oldest Node that runs the tests.
const NODE: u32 = 20;

/// Where the tests of TypeScript are.
pub(crate) const TESTS: &str = "tests/typescript";

/// Says what is missing before a command fails for want of it.
fn node() -> Result<(), Failure> {
    let missing = |what: &str| {
        Failure::Missing(format!(
            "{what}; install Node {NODE} or newer with npm, from https://nodejs.org or your system's packages"
        ))
    };
    let version = output("node --version").ok_or_else(|| missing("`node` is not there"))?;
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        return Err(missing(&format!("Node {version} is too old")));
    }
    output("npm --version").ok_or_else(|| missing("`npm` is not there"))?;
    Ok(())
}

/// Installs the packages that the lock file names, unless that was done since it changed.
pub(crate) fn packages() -> Result<(), Failure> {
    node()?;
    let time = |name: &str| {
        let path = root().join(TESTS).join(name);
        path.metadata().and_then(|data| data.modified()).ok()
    };
    let installed = time("node_modules/.package-lock.json");
    if installed.is_some() && installed >= time("package-lock.json") {
        return Ok(());
    }
    // All that the tests need are packages for development, which NODE_ENV or a user's settings may leave out.
    run(TESTS, "npm ci --include=dev --no-audit --no-fund")
}

/// A Chromium, which is installed where that is possible.
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
            "there is no Chromium: install it (Debian: `apt-get install chromium`), at {usual} or where $CHROMIUM says"
        ))
    })
}
