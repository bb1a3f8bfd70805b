//! `cargo xtask autobahn`: the Autobahn test suite against both ends of the WebSocket transport. It runs on demand, because it needs
//! CPython 2.7, which systems no longer have. As root on Debian, this installs it.

use crate::run::{Failure, output, output_of, quoted, root, run, run_with, target};
use std::fs;
use std::path::{Path, PathBuf};

const REQUIREMENTS: &str = "tests/autobahn/requirements.txt";

/// The last version that creates environments for CPython 2.7.
const VIRTUALENV: &str = "virtualenv==20.21.1";

/// The last release of Debian with CPython 2.7. Mirrors of later releases carry it too.
const DEBIAN: &str = "bullseye";

/// Installs what is missing and runs the cases with these ids, or all cases.
pub(crate) fn autobahn(cases: &[&str]) -> Result<(), Failure> {
    let folder = target().join("autobahn");
    let python = environment(&folder)?;
    let reports = folder.join("reports");
    let mut line = format!(
        "cargo run --quiet -p handfast-autobahn -- {} {}",
        quoted(&python),
        quoted(&reports)
    );
    for case in cases {
        line = format!("{line} '{case}'");
    }
    let result = run("", &line);
    println!("reports: {}/*/index.html", reports.display());
    result
}

/// The interpreter of an environment with the packages. The environment is created where it is missing or the requirements changed.
fn environment(folder: &Path) -> Result<PathBuf, Failure> {
    let failure = |error: std::io::Error| Failure::Missing(error.to_string());
    let requirements = fs::read_to_string(root().join(REQUIREMENTS)).map_err(failure)?;
    let environment = folder.join("python");
    let python = environment.join("bin/python");
    // Written last, so that an environment without it is incomplete.
    let installed = environment.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == requirements) {
        return Ok(python);
    }
    let base = python2(folder)?;
    if environment.exists() {
        fs::remove_dir_all(&environment).map_err(failure)?;
    }
    let tool = folder.join("virtualenv");
    let tool = tool.display().to_string();
    let quiet = [
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("PIP_NO_PYTHON_VERSION_WARNING", "1"),
        ("PIP_ROOT_USER_ACTION", "ignore"),
    ];
    run_with(
        "",
        &format!("python3 -m pip install --quiet --upgrade --target '{tool}' {VIRTUALENV}"),
        &quiet,
    )?;
    run_with(
        "",
        &format!(
            "python3 -m virtualenv --quiet --no-periodic-update --python '{base}' {}",
            quoted(&environment)
        ),
        &[("PYTHONPATH", &tool)],
    )?;
    let pip = format!("{} -m pip install --quiet", quoted(&python));
    // Packages are built with what is installed, so that it is pinned too: build requirements come first.
    let first = requirements
        .lines()
        .find(|line| !line.starts_with('#'))
        .unwrap_or_default();
    run_with("", &format!("{pip} {first}"), &quiet)?;
    run_with(
        "",
        &format!("{pip} --no-deps --no-build-isolation -r {REQUIREMENTS}"),
        &quiet,
    )?;
    fs::write(installed, requirements).map_err(failure)?;
    Ok(python)
}

/// Finds CPython 2.7 in `$PYTHON2`, on the `PATH` or in pyenv, or installs Debian's.
fn python2(folder: &Path) -> Result<String, Failure> {
    let pyenv = || output("pyenv prefix 2.7.18").map(|prefix| format!("{prefix}/bin/python2.7"));
    let find = || {
        let named = std::env::var("PYTHON2").ok();
        let usual = ["python2.7", "python2"].map(str::to_owned);
        named
            .into_iter()
            .chain(usual)
            .chain(pyenv())
            .find(|program| is_python2(program))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    if output("id -u").as_deref() == Some("0") && is_debian() {
        install(folder)?;
    }
    find().ok_or_else(|| {
        Failure::Missing(
            "CPython 2.7 was not found: install it with its headers, or set $PYTHON2 to its path"
                .to_owned(),
        )
    })
}

fn is_python2(program: &str) -> bool {
    output_of(
        program,
        [
            "-c",
            "import platform, sys; print(platform.python_implementation(), sys.version_info[:2])",
        ],
    )
    .as_deref()
        == Some("('CPython', (2, 7))")
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

/// Installs the package of an older release of Debian, from the mirror that this machine uses.
fn install(folder: &Path) -> Result<(), Failure> {
    let missing =
        |reason: &str| Failure::Missing(format!("CPython 2.7 cannot be installed: {reason}"));
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let release = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .ok_or_else(|| missing("/etc/os-release does not name the release of Debian"))?;
    let sites = output_of(
        "apt-get",
        [
            "indextargets",
            "--format",
            "$(SITE) $(RELEASE)",
            "Created-By: Packages",
        ],
    )
    .unwrap_or_default();
    let site = sites
        .lines()
        .filter_map(|line| line.split_once(' '))
        .find_map(|(site, of)| (of == release).then_some(site))
        .ok_or_else(|| {
            missing("apt knows no mirror of this release; run `apt-get update` first")
        })?;

    let apt = folder.join("apt");
    fs::create_dir_all(apt.join("lists/partial")).map_err(|error| missing(&error.to_string()))?;
    let list = apt.join("sources.list");
    let keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    fs::write(
        &list,
        format!("deb [signed-by={keys}] {site} {DEBIAN} main\n"),
    )
    .map_err(|error| missing(&error.to_string()))?;
    // Only this list: the machine's own sources are not changed, and no installed package is replaced.
    let options = format!(
        "-o Dir::Etc::sourcelist={} -o Dir::Etc::sourceparts=- -o Dir::State::lists={} -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=",
        quoted(&list),
        quoted(&apt.join("lists"))
    );
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    run_with("", &format!("apt-get {options} update -qq"), &quiet)?;
    run_with(
        "",
        &format!(
            "apt-get {options} install -qq -y --no-install-recommends python2.7 python2.7-dev"
        ),
        &quiet,
    )
}
