//! An output, and why there is none.

use handfast_spec::{Diagnostic, Sources};
use std::path::PathBuf;
use std::{fmt, io};

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its path, relative to the folder of the spec.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// Why nothing was generated. Its `Debug` is text as well, since that is what is shown if `main` returns it.
#[non_exhaustive]
pub enum GenerateError {
    /// The spec has errors.
    Spec {
        /// All diagnostics, in source order.
        diagnostics: Vec<Diagnostic>,
        /// The files that were read.
        sources: Sources,
    },
    /// A file could not be read or written.
    Io {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Something a build script needs is missing.
    BuildScript(&'static str),
}

impl fmt::Debug for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match self {
            Self::Io { source, .. } => write!(f, ": {source}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec {
                diagnostics,
                sources,
            } => f.write_str(&handfast_spec::render(diagnostics, sources, false)),
            Self::Io { path, .. } => write!(f, "cannot read or write `{}`", path.display()),
            Self::BuildScript(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for GenerateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
