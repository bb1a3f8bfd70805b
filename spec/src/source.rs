//! The files of a spec, numbered in the order in which they were first read.

use handfast_schema::Span;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// The maximum number of files of a spec.
pub const MAX_FILES: usize = 256;

/// One file of a spec.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in diagnostics: relative to the folder of the spec, or as given.
    pub name: String,
    /// Its path on disk; `None` if it is in memory.
    pub path: Option<PathBuf>,
    /// Its text. Bytes that are not UTF-8 are replaced by U+FFFD.
    pub text: String,
    lines: Vec<u32>,
}

impl Source {
    /// The line and the column of a byte, both starting at 1. The column counts Unicode scalar values.
    pub fn position(&self, byte: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0) as usize;
        let mut end = (byte as usize).min(self.text.len()).max(start);
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self
            .text
            .get(start..end)
            .map_or(0, |head| head.chars().count());
        (line, column + 1)
    }
}

/// Every file that was read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// Adds a file and returns its index.
    pub(crate) fn add(&mut self, name: String, path: Option<PathBuf>, text: String) -> u32 {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(breaks.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX)))
            .collect();
        self.files.push(Source {
            name,
            path,
            text,
            lines,
        });
        u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX)
    }

    /// The file with an index.
    pub fn get(&self, source: u32) -> Option<&Source> {
        self.files.get(source as usize)
    }

    /// Every file, in the order of reading; the first is the protocol itself.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.files.iter()
    }

    /// The path of every file on disk that was read, for `cargo::rerun-if-changed`.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().filter_map(|file| file.path.as_deref())
    }

    /// The text of a span; empty if there is none.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
    }

    /// The span of a part of the text of a scalar; `None` for a folded scalar.
    pub(crate) fn part(&self, scalar: Span, text: &str, part: &Range<usize>) -> Option<Span> {
        let part = inside(self.text(scalar), text, part)?;
        let offset = |at: usize| Some(scalar.start + u32::try_from(at).ok()?);
        Some(Span {
            start: offset(part.start)?,
            end: offset(part.end)?,
            ..scalar
        })
    }
}

/// Where a part of a text is in its scalar as it is written, with quotes and escapes.
fn inside(written: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let has_escapes = written.starts_with('"');
    if let Some(from) = written.find(text).filter(|_| !has_escapes) {
        return Some(from + part.start..from + part.end);
    }
    let mut at = usize::from(has_escapes);
    let (mut start, mut end) = (at, None);
    for (place, c) in text.char_indices() {
        if place == part.start {
            start = at;
        }
        if place == part.end {
            end = Some(at);
        }
        let rest = written.get(at..)?;
        let escaped = rest.strip_prefix('\\').filter(|_| has_escapes);
        at += match escaped.and_then(|rest| rest.chars().next()) {
            Some('u') if u32::from(c) > 0xffff => 12,
            Some('u') => 6,
            Some('x') => 4,
            Some('U') => 10,
            Some(escaped) => 1 + escaped.len_utf8(),
            None if rest.starts_with(c) => c.len_utf8(),
            None => return None,
        };
    }
    Some(start..end.unwrap_or(at))
}

/// Where files are read from.
pub(crate) enum Files<'a> {
    /// A folder, outside of which nothing is read.
    Folder(PathBuf),
    /// Names and contents in memory.
    Memory(&'a BTreeMap<String, Vec<u8>>),
}

/// Why a file could not be read.
pub(crate) enum ReadError {
    /// It is outside the folder of the spec.
    Outside,
    /// The reason, as the system reports it.
    Unreadable(String),
    /// It has more bytes than [`MAX_FILE_BYTES`].
    TooLarge(u64),
}

/// The content of a file.
pub(crate) struct ReadFile {
    /// Its path on disk, canonical.
    pub(crate) path: Option<PathBuf>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Files<'_> {
    /// Reads the file at a path that is relative to the folder, uses `/` and contains no `.` or `..`.
    pub(crate) fn read(&self, relative: &str) -> Result<ReadFile, ReadError> {
        match self {
            Self::Memory(files) => {
                let bytes = files.get(relative).cloned();
                let bytes = bytes.ok_or_else(|| ReadError::Unreadable("no such file".into()))?;
                Ok(ReadFile { path: None, bytes })
            }
            Self::Folder(folder) => {
                let path = folder.join(relative);
                let path = path.canonicalize().map_err(|error| unreadable(&error))?;
                let folder = folder.canonicalize().map_err(|error| unreadable(&error))?;
                if !path.starts_with(&folder) {
                    return Err(ReadError::Outside);
                }
                let bytes = read_bounded(&path)?;
                Ok(ReadFile {
                    path: Some(path),
                    bytes,
                })
            }
        }
    }
}

/// Reads a regular file of at most [`MAX_FILE_BYTES`].
pub(crate) fn read_bounded(path: &Path) -> Result<Vec<u8>, ReadError> {
    use std::io::Read;
    // Checked before opening: opening a pipe blocks until there is a writer.
    let meta = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !meta.is_file() {
        let what = if meta.is_dir() {
            "it is a folder"
        } else {
            "it is a pipe, a socket or a device"
        };
        return Err(ReadError::Unreadable(what.into()));
    }
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mut bytes = Vec::new();
    // The length is counted while reading: a file may grow, and some report no length.
    let mut bounded = file.take(MAX_FILE_BYTES + 1);
    bounded
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    let length = bytes.len() as u64;
    if length > MAX_FILE_BYTES {
        Err(ReadError::TooLarge(meta.len().max(length)))
    } else {
        Ok(bytes)
    }
}

/// The text for an I/O error; the common ones have the same text on every system.
fn unreadable(error: &std::io::Error) -> ReadError {
    ReadError::Unreadable(match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    })
}
