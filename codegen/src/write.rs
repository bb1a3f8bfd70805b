//! Putting outputs on disk: only what changed, and nothing of anybody else's is ever lost.

use crate::{GenerateError, MARK, Output, output_paths};
use handfast_spec::Sources;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// A file, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where.
    pub path: PathBuf,
    /// What became of it.
    pub change: Change,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It said something else.
    Updated,
    /// Something that did not bear our header stood there; it was kept beside it, with `.bak` behind its name.
    Replaced,
    /// It said the same already.
    Unchanged,
    /// It was ours, and no longer belongs to the output.
    Removed,
}

/// What writing would do. What the spec is read from is never removed.
///
/// # Errors
/// Where a file cannot be read, or something that is no file stands in the place of one.
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

/// Writes what changed, and removes what is stale. Every file is written beside its place first and then moved there, so
/// that a run that fails leaves all as it was.
///
/// # Errors
/// Where a file cannot be read or written.
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
                // What cannot be removed was never there.
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

/// Writes a file that nothing stands in the place of: what a run that was interrupted left there goes.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    use io::Write as _;
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path)?;
    }
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())
}

/// Where a file is written first: a name that nothing has, or only what a run that was interrupted left.
fn beside(path: &Path) -> PathBuf {
    let is_left = |path: &Path| {
        let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        is_file && fs::read(path).is_ok_and(|bytes| is_ours(&bytes))
    };
    numbered(path, ".handfast-new", |path| {
        path.symlink_metadata().is_err() || is_left(path)
    })
}

/// A name with `.bak` behind it that nothing has yet.
fn free_backup(path: &Path) -> PathBuf {
    numbered(path, ".bak", |path| path.symlink_metadata().is_err())
}

/// The first of the names with an ending behind them, and a number behind that, that may be taken.
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

/// Whether a file is ours, whichever spec it was made from; one that is empty is nothing that anybody would miss.
fn is_ours(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace) || header_of(bytes).is_some()
}

/// The header stands within so many bytes.
const HEAD: usize = 4096;

/// The line of a header, without the comment around it: nobody writes that at the beginning of one by chance.
fn header_of(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let opens = ["//! ", "// ", "\"$comment\": \""];
    let mut comments = head.lines().flat_map(|line| {
        let line = line.trim_start();
        opens.iter().filter_map(move |open| line.strip_prefix(open))
    });
    let line = comments.find(|comment| comment.starts_with(MARK))?;
    // In JSON the whole header is one line.
    Some(
        line.split(". Do not")
            .next()?
            .trim_end_matches('.')
            .to_owned(),
    )
}

/// Files that stand beside the outputs, bear the header of one of them, and belong to them no more: what an earlier state
/// of the same protocol asked for.
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
