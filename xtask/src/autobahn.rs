//! `cargo xtask autobahn`: the Autobahn test suite against both ends of the transport. On demand, because it needs CPython 2.7,
//! which systems no longer have; where this runs as root on Debian, that is installed.

use crate::run::{Failure, output, output_of, quoted, root, run, run_with, target};
use std::fs;
use std::path::{Path, PathBuf};

const REQUIREMENTS: &str = "tests/autobahn/requirements.txt";

/// The last that makes environments for CPython 2.7.
const VIRTUALENV: &str = "virtualenv==20.21.1";

/// The last release of Debian that has CPython 2.7. Its mirrors are those of the later ones.
const DEBIAN: &str = "bullseye";

/// Installs what is missing and runs the cases of these ids, or all of them.
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
    let done = run("", &line);
    println!("the reports: {}/*/index.html", reports.display());
    done
}

/// The interpreter of an environment that has the packages, which is made where it is not there or they changed.
fn environment(folder: &Path) -> Result<PathBuf, Failure> {
    let unwritten = |error: std::io::Error| Failure::Missing(error.to_string());
    let requirements = fs::read_to_string(root().join(REQUIREMENTS)).map_err(unwritten)?;
    let place = folder.join("python");
    let python = place.join("bin/python");
    let mark = place.join("requirements.txt");
    if fs::read_to_string(&mark).is_ok_and(|made_of| made_of == requirements) {
        return Ok(python);
    }
    let base = python2(folder)?;
    if place.exists() {
        fs::remove_dir_all(&place).map_err(unwritten)?;
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
            quoted(&place)
        ),
        &[("PYTHONPATH", &tool)],
    )?;
    let pip = format!("{} -m pip install --quiet", quoted(&python));
    // Builds see what is installed, and so what is pinned: what they need comes first.
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
    fs::write(mark, requirements).map_err(unwritten)?;
    Ok(python)
}

/// A CPython 2.7: `$PYTHON2`, one on the path, one of pyenv's, or Debian's.
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
            "there is no CPython 2.7, on which the Autobahn test suite runs: install it with its headers, or name it in $PYTHON2"
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

/// Installs Debian's own, of an older release, from the mirror that this machine has its packages from. Its list of sources
/// stays as it is.
fn install(folder: &Path) -> Result<(), Failure> {
    let missing =
        |words: &str| Failure::Missing(format!("CPython 2.7 cannot be installed: {words}"));
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let release = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .ok_or_else(|| missing("/etc/os-release names no release of Debian"))?;
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
            missing("apt names no mirror of this release; is `apt-get update` needed?")
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
    // Only this list: the machine's own stays as it is, and nothing that is installed is replaced.
    let own = format!(
        "-o Dir::Etc::sourcelist={} -o Dir::Etc::sourceparts=- -o Dir::State::lists={} -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=",
        quoted(&list),
        quoted(&apt.join("lists"))
    );
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    run_with("", &format!("apt-get {own} update -qq"), &quiet)?;
    run_with(
        "",
        &format!("apt-get {own} install -qq -y --no-install-recommends python2.7 python2.7-dev"),
        &quiet,
    )
}
