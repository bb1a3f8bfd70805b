//! Writes outputs to disk: only what changed, and without ever losing a file that Handfast did not generate.

use crate::header::recognized;
use crate::output::{GenerateError, Output};
use crate::output_paths;
use handfast_spec::Sources;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// A file, and what was done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// What was done with it.
    pub change: Change,
}

/// What is done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It did not exist.
    Created,
    /// Its content was different.
    Updated,
    /// An existing file that Handfast did not generate was replaced; it is kept with `.bak` appended to its name.
    Replaced,
    /// Its content was the same already.
    Unchanged,
    /// A generated file that no longer belongs to the outputs was removed.
    Removed,
}

/// What writing would do. Inputs of the spec are never removed.
///
/// # Errors
/// If a file cannot be read, or if a path is something other than a file.
pub fn plan(
    folder: &Path,
    outputs: &[Output],
    inputs: &Sources,
) -> Result<Vec<File>, GenerateError> {
    let mut files = Vec::new();
    for output in outputs {
        let path = folder.join(&output.path);
        if let Some(what) = output_paths::obstacle(&path) {
            let source = io::Error::other(what);
            return Err(GenerateError::Io { path, source });
        }
        let change = match fs::read(&path) {
            Ok(old) if old == output.text.as_bytes() => Change::Unchanged,
            Ok(old) if is_ours(&old) => Change::Updated,
            Ok(_) => Change::Replaced,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Change::Created,
            Err(source) => return Err(GenerateError::Io { path, source }),
        };
        files.push(File { path, change });
    }
    for path in stale(folder, outputs, inputs)? {
        files.push(File {
            path,
            change: Change::Removed,
        });
    }
    Ok(files)
}

/// Writes what changed, and removes what is stale. Every file is first written beside its destination and then moved
/// there, so that a run that fails changes nothing.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write(
    folder: &Path,
    outputs: &[Output],
    inputs: &Sources,
) -> Result<Vec<File>, GenerateError> {
    let files = plan(folder, outputs, inputs)?;
    let mut ready: Vec<(PathBuf, &Path)> = Vec::new();
    let prepared = outputs
        .iter()
        .zip(&files)
        .filter(|(_, file)| !matches!(file.change, Change::Unchanged | Change::Removed));
    for (output, file) in prepared {
        let beside = beside(&file.path);
        let written = file
            .path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| write_new(&beside, &output.text));
        if let Err(source) = written {
            ready.push((beside, &file.path));
            for (beside, _) in &ready {
                // A file that cannot be removed did not exist.
                let _ = fs::remove_file(beside);
            }
            return Err(GenerateError::Io {
                path: file.path.clone(),
                source,
            });
        }
        ready.push((beside, &file.path));
    }
    for file in files.iter().filter(|file| file.change == Change::Replaced) {
        let kept = free_backup(&file.path);
        fs::rename(&file.path, kept).map_err(|source| GenerateError::Io {
            path: file.path.clone(),
            source,
        })?;
    }
    for (beside, path) in &ready {
        fs::rename(beside, path).map_err(|source| GenerateError::Io {
            path: path.to_path_buf(),
            source,
        })?;
    }
    for file in files.iter().filter(|file| file.change == Change::Removed) {
        fs::remove_file(&file.path).map_err(|source| GenerateError::Io {
            path: file.path.clone(),
            source,
        })?;
    }
    Ok(files)
}

/// Writes a new file, and replaces one left by an interrupted run.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    use io::Write as _;
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path)?;
    }
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())
}

/// A temporary path for a file: one that is free, or left by an interrupted run.
fn beside(path: &Path) -> PathBuf {
    let is_left = |path: &Path| {
        let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        is_file && fs::read(path).is_ok_and(|bytes| is_ours(&bytes))
    };
    numbered(path, ".handfast-new", |path| {
        path.symlink_metadata().is_err() || is_left(path)
    })
}

/// A free path with `.bak` appended.
fn free_backup(path: &Path) -> PathBuf {
    numbered(path, ".bak", |path| path.symlink_metadata().is_err())
}

/// The first path with this suffix, numbered if needed, that may be used.
fn numbered(path: &Path, ending: &str, is_free: impl Fn(&Path) -> bool) -> PathBuf {
    let name = |n: u32| {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        if n > 1 {
            name.push(n.to_string());
        }
        path.with_file_name(name)
    };
    (1..u32::MAX)
        .map(name)
        .find(|path| is_free(path))
        .unwrap_or_else(|| name(1))
}

/// Whether a file was generated by Handfast, from any spec; an empty file may also be overwritten.
fn is_ours(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace) || header_of(bytes).is_some()
}

/// The header is within so many bytes.
const HEAD: usize = 4096;

/// The line of a header, without comment markers: nobody begins a file with that by chance.
fn header_of(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let opens = ["//! ", "// ", "\"$comment\": \""];
    let mut comments = head.lines().flat_map(|line| {
        let line = line.trim_start();
        opens.iter().filter_map(move |open| line.strip_prefix(open))
    });
    let line = comments.find_map(recognized)?;
    // In JSON the whole header is one line.
    Some(
        line.split(". Do not")
            .next()?
            .trim_end_matches('.')
            .to_owned(),
    )
}

/// Files beside the outputs with the header of one of them that are no longer outputs: leftovers of an earlier
/// version of the same protocol.
fn stale(
    folder: &Path,
    outputs: &[Output],
    inputs: &Sources,
) -> Result<Vec<PathBuf>, GenerateError> {
    let headers: BTreeSet<String> = outputs
        .iter()
        .filter_map(|output| header_of(output.text.as_bytes()))
        .collect();
    let current: BTreeSet<PathBuf> = outputs
        .iter()
        .map(|output| folder.join(&output.path))
        .collect();
    let folders: BTreeSet<&Path> = current.iter().filter_map(|path| path.parent()).collect();
    let mut stale = Vec::new();
    for folder in folders {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => {
                return Err(GenerateError::Io {
                    path: folder.to_owned(),
                    source,
                });
            }
        };
        for entry in entries {
            let path = entry
                .map_err(|source| GenerateError::Io {
                    path: folder.to_owned(),
                    source,
                })?
                .path();
            let known = path
                .extension()
                .is_some_and(|e| e == "rs" || e == "ts" || e == "json");
            if !known || current.contains(&path) || !path.is_file() || !has_header(&path, &headers)
            {
                continue;
            }
            let is_kept = |kept: &Path| output_paths::is_same(&path, kept);
            if !inputs.paths().any(is_kept) && !current.iter().any(|path| is_kept(path)) {
                stale.push(path);
            }
        }
    }
    stale.sort();
    Ok(stale)
}

fn has_header(path: &Path, headers: &BTreeSet<String>) -> bool {
    use io::Read as _;
    let mut head = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
        .is_ok_and(|_| header_of(&head).is_some_and(|header| headers.contains(&header)))
}
