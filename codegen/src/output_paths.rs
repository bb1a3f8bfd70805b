//! Checks output paths: they must be files, inside the folder of the spec unless it allows otherwise, and never an
//! input.

use crate::output::Output;
use handfast_schema::Span;
use handfast_spec::{Diagnostic, Label, Severity, Sources, model::Protocol};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The problems of output paths. `folder` is that of the spec; `outside` is whether outputs may leave it.
pub(crate) fn check(
    folder: &Path,
    protocol: &Protocol,
    outputs: &[Output],
    sources: &Sources,
    outside: bool,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<&Path> = BTreeSet::new();
    let paths: Vec<PathBuf> = outputs
        .iter()
        .map(|output| folder.join(&output.path))
        .collect();
    let keys: Vec<PathBuf> = paths.iter().map(|path| place(path)).collect();
    let places: BTreeSet<&Path> = keys.iter().map(PathBuf::as_path).collect();
    let inputs: BTreeSet<PathBuf> = sources.paths().map(place).collect();
    let inside = folder.canonicalize().ok();
    for ((output, path), key) in outputs.iter().zip(&paths).zip(&keys) {
        let at = span(protocol, output);
        let shown = output.path.display();
        let mut refuse = |message: String, help: &str| found.push(problem(at, message, help));
        if !seen.insert(key.as_path()) {
            let message = format!("two outputs have the path `{shown}`");
            refuse(
                message,
                "the runtime is copied beside the TypeScript: give the other output another name or folder",
            );
            continue;
        }
        if key.ancestors().skip(1).any(|above| places.contains(above)) {
            let message = format!("`{shown}` is below another output, which is a file");
            refuse(message, "give one of them another name");
            continue;
        }
        if let Some(above) = blocked(path) {
            let message = format!(
                "`{shown}` is below `{}`, which is not a folder",
                above.display()
            );
            refuse(message, "choose an existing folder, or a new one");
            continue;
        }
        if let Some(what) = obstacle(path) {
            refuse(
                format!("`{shown}` {what}"),
                "choose an existing file, or a new one",
            );
            continue;
        }
        if inputs.contains(key) {
            let message = format!("`{shown}` is an input of the spec");
            refuse(message, "an output would overwrite it: choose another file");
            continue;
        }
        let leaves = inside
            .as_ref()
            .is_some_and(|inside| real_parent(path).is_some_and(|real| !real.starts_with(inside)));
        if leaves && !outside {
            let message =
                format!("through a symbolic link, `{shown}` is outside the folder of the spec");
            refuse(
                message,
                "choose another folder, or write `outside: true` under `generate`",
            );
        }
    }
    found
}

fn problem(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic {
        code: "P033",
        severity: Severity::Error,
        message,
        primary: Label {
            span,
            text: String::new(),
        },
        labels: Vec::new(),
        help: Some(help.to_owned()),
    }
}

/// The `out` key of an output. The copied runtime belongs to that of the TypeScript.
fn span(protocol: &Protocol, output: &Output) -> Span {
    let generate = &protocol.generate;
    let rust = generate.rust.as_ref().map(|rust| &rust.out);
    let schema = generate.schema.as_ref().map(|schema| &schema.out);
    let typescript = generate
        .typescript
        .as_ref()
        .map(|typescript| &typescript.out);
    let own = [rust, schema].into_iter().flatten();
    own.into_iter()
        .find(|out| output.path == Path::new(&out.text))
        .or(typescript)
        .map_or(protocol.name.span, |out| out.span)
}

/// What prevents a file from being written to a path, as text; `None` if there is a regular file or nothing.
pub(crate) fn obstacle(path: &Path) -> Option<&'static str> {
    let there = fs::metadata(path).ok()?.file_type();
    if there.is_file() {
        None
    } else if there.is_dir() {
        Some("is a folder")
    } else {
        Some("is a pipe, a socket or a device")
    }
}

/// Whether two paths are the same file.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(one).is_some_and(|one| canonical(other) == Some(one))
}

/// The canonical form of a path: its nearest existing ancestor, with links resolved, and the rest of the path. In
/// lower case, since some file systems are case-insensitive.
fn place(path: &Path) -> PathBuf {
    let is_there = |above: &&Path| above.symlink_metadata().is_ok();
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) => {
            let above = path.ancestors().skip(1).find(is_there);
            let above = above.unwrap_or(Path::new(""));
            let rest = path.strip_prefix(above).unwrap_or(path);
            let real = real_parent(path).unwrap_or_else(|| above.to_owned());
            real.join(rest)
        }
    };
    real.to_string_lossy().to_lowercase().into()
}

/// The ancestor of a path that exists and is not a folder.
fn blocked(path: &Path) -> Option<&Path> {
    let above = path
        .ancestors()
        .skip(1)
        .find(|above| above.symlink_metadata().is_ok())?;
    (!above.is_dir()).then_some(above)
}

/// The folder of a file, with links resolved: that of the nearest existing ancestor.
fn real_parent(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find_map(|above| {
        let above = if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        };
        above.canonicalize().ok()
    })
}
