//! The error of a handler.

use crate::NoError;
use std::{error::Error, fmt};

/// Why a handler did not return its reply: an error that the protocol declares for the request, or any other error.
///
/// A declared error is sent to the client. Any other error is logged with its sources, and the client receives only the code `INTERNAL`.
///
/// Declared errors convert with `?` and [`Into`]; other errors need an explicit call, so that none is hidden by accident:
///
/// ```
/// use handfast::{HandlerError, protocol};
///
/// #[protocol(errors)]
/// #[derive(Debug, PartialEq)]
/// pub enum SaveError {
///     #[error("NAME_TAKEN", message = "the name is taken")]
///     NameTaken,
/// }
///
/// fn save(name: &str, file: &str) -> Result<(), HandlerError<SaveError>> {
///     if name == "ada" {
///         return Err(SaveError::NameTaken.into());
///     }
///     std::fs::read(file).map_err(HandlerError::internal)?;
///     Ok(())
/// }
///
/// assert!(matches!(save("ada", ""), Err(HandlerError::Declared(SaveError::NameTaken))));
/// assert!(matches!(save("bob", "/there is no such file"), Err(HandlerError::Internal(_))));
/// ```
#[derive(Debug)]
pub enum HandlerError<E = NoError> {
    /// An error that the protocol declares for the request. It is sent to the client.
    Declared(E),
    /// Any other error. It is logged, and answered with the code `INTERNAL`.
    Internal(Box<dyn Error + Send + Sync>),
}

impl<E> HandlerError<E> {
    /// Creates an internal error, for example from an error of a database or from a text.
    pub fn internal(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl<E> From<E> for HandlerError<E> {
    fn from(error: E) -> Self {
        Self::Declared(error)
    }
}

impl<E: fmt::Display> fmt::Display for HandlerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Declared(error) => error.fmt(f),
            Self::Internal(_) => f.write_str("the handler failed"),
        }
    }
}

impl<E: Error + 'static> Error for HandlerError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Declared(error) => error.source(),
            Self::Internal(error) => Some(&**error),
        }
    }
}
