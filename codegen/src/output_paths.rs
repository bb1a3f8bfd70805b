//! Where outputs may go: to files, inside of the folder of the spec unless it says otherwise, and never where something is read.

use crate::Output;
use handfast_schema::Span;
use handfast_spec::{Diagnostic, Label, Severity, Sources, model::Protocol};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What is wrong with the places of outputs. `folder` is that of the spec; `outside` is whether they may leave it.
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
            let message = format!("two outputs go to `{shown}`");
            refuse(
                message,
                "the runtime is copied beside the TypeScript: give the other a name or a folder of its own",
            );
            continue;
        }
        if key.ancestors().skip(1).any(|above| places.contains(above)) {
            let message = format!("`{shown}` lies below another output, which is a file");
            refuse(message, "give one of them another name");
            continue;
        }
        if let Some(above) = blocked(path) {
            let message = format!(
                "`{shown}` lies below `{}`, which is no folder",
                above.display()
            );
            refuse(message, "name a folder, or one that is not there yet");
            continue;
        }
        if let Some(what) = obstacle(path) {
            refuse(
                format!("`{shown}` {what}"),
                "name a file, or one that is not there yet",
            );
            continue;
        }
        if inputs.contains(key) {
            let message = format!("`{shown}` is a file that the spec is read from");
            refuse(
                message,
                "an output replaces what is there: name another file",
            );
            continue;
        }
        let leaves = inside
            .as_ref()
            .is_some_and(|inside| real_parent(path).is_some_and(|real| !real.starts_with(inside)));
        if leaves && !outside {
            let message = format!("a symbolic link leads `{shown}` out of the folder of the spec");
            refuse(
                message,
                "name another folder, or write `outside: true` under `generate`",
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

/// The `out` that asks for an output. What nobody asks for by its name is the runtime beside the TypeScript.
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

/// What stands in the place of a file and is none, in words; nothing where there is a file, or nothing at all.
pub(crate) fn obstacle(path: &Path) -> Option<&'static str> {
    let there = fs::metadata(path).ok()?.file_type();
    if there.is_file() {
        None
    } else if there.is_dir() {
        Some("is a folder")
    } else {
        Some("is no file but a pipe, a socket or a device")
    }
}

/// Whether two paths lead to one file.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(one).is_some_and(|one| canonical(other) == Some(one))
}

/// Where a path leads: the folder above it that is there, links followed, and what is not there yet below. Some file systems
/// do not tell capital letters from small ones, so that none are told apart.
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

/// What stands in the place of a folder that a file is to lie in, and is none.
fn blocked(path: &Path) -> Option<&Path> {
    let above = path
        .ancestors()
        .skip(1)
        .find(|above| above.symlink_metadata().is_ok())?;
    (!above.is_dir()).then_some(above)
}

/// The folder that a file lies in or will lie in, links followed: that of the nearest folder above which is there.
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
