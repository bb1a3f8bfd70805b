//! Rejections of sessions and joins.

use super::state::report_invalid;
use crate::{
    DeclaredErrors, DecodeError, HandlerError, SessionCode, TagBuf, ValidationError, Violation,
    replies::ErrorPayload,
    validate::{DEPTH, validate_error},
};
use handfast_schema::{Pointer, ViolationDetail, details};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The maximum length of the reason of a close frame, in bytes (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// Why the server rejects a session or a join.
///
/// ```
/// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
/// # use api::*;
/// use handfast::server::{ConnectionInfo, Rejection};
///
/// struct Private;
///
/// impl SessionHandler for Private {
///     type Session = ();
///
///     async fn connected(&self, connection: &ConnectionInfo) -> Result<(), Rejection> {
///         match connection.headers.get("X-Api-Key") {
///             Some(_) => Ok(()),
///             None => Err(Rejection::new("NO_KEY", "a key is required")),
///         }
///     }
/// }
/// # use handfast::{HandlerError, server::StreamResponder};
/// # handlers!(Private: room chat ticks);
/// # #[cfg(feature = "client")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::client::ConnectError;
///
/// let Err(ConnectError::Refused(error)) = connect(&Server::new(Private)).await else {
///     panic!("there is no such header");
/// };
/// assert_eq!(error.message, "a key is required");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "client"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rejection {
    /// The error code.
    pub code: TagBuf,
    /// A human-readable description.
    pub message: Cow<'static, str>,
    /// Whether the client may retry.
    pub retryable: bool,
    /// The data of a declared error, as JSON.
    pub data: Option<Box<RawValue>>,
    /// The violations of the payload's schema, if it is invalid.
    pub violations: Vec<Violation>,
}

impl Rejection {
    /// Creates a rejection that the client must not retry.
    pub fn new(code: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: TagBuf::Text(code.into().into()),
            message: message.into(),
            retryable: false,
            data: None,
            violations: Vec::new(),
        }
    }

    /// A rejection with a code of the session's own.
    fn of(code: SessionCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code.as_str(), message)
    }

    /// Creates a rejection from a declared error.
    ///
    /// In builds with debug assertions, an error that violates its schema is logged and replaced by `INTERNAL`.
    pub fn from_error<E: DeclaredErrors>(error: &E) -> Self {
        if cfg!(debug_assertions)
            && let Err(invalid) = validate_error(error, DEPTH)
        {
            report_invalid(error.message(), &invalid);
            return Self::of(SessionCode::Internal, "the server failed");
        }
        Self {
            code: error.code().into(),
            retryable: error.retryable(),
            data: error
                .data()
                .and_then(|data| serde_json::value::to_raw_value(&data).ok()),
            ..Self::new("", error.message())
        }
    }

    /// Creates a rejection from an internal error, such as that of a database. The error is logged; the client receives only the code
    /// `INTERNAL` and retries later.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error = error.into();
        tracing::error!(
            error = &*error as &dyn std::error::Error,
            "a session handler failed"
        );
        Self {
            retryable: true,
            ..Self::of(SessionCode::Internal, "the server failed")
        }
    }

    /// Rejects a hello without an authentication payload. `content` is the field with the payload of its message, if it has one.
    pub(crate) fn no_auth(content: Option<&str>) -> Self {
        let mut path = Pointer::root();
        content.into_iter().for_each(|name| path.prepend_key(name));
        Self {
            violations: vec![Violation::new(path, details::required("auth"))],
            ..Self::of(SessionCode::Invalid, "the payload does not fit")
        }
    }

    /// Rejects a key that no joinable channel has. `content` is the field with the payload of its message, if it has one.
    pub(crate) fn not_joinable(content: Option<&str>) -> Self {
        let mut path = Pointer::root();
        path.prepend_key("channel");
        content.into_iter().for_each(|name| path.prepend_key(name));
        Self {
            violations: vec![Violation::new(
                path,
                ViolationDetail::new("enum", "must be the key of a channel that can be joined"),
            )],
            ..Self::of(SessionCode::Invalid, "the payload does not fit")
        }
    }

    /// Returns the reason of the close frame that follows, which is logged as well: the message, and the first violation. It is cut to what a frame
    /// holds, since a path has the names of properties that the client made up.
    pub(crate) fn reason(&self) -> String {
        let mut reason = match self.violations.first() {
            Some(violation) => format!("{}: {violation}", self.message),
            None => self.message.clone().into_owned(),
        };
        let mut end = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
        reason
    }

    /// Returns the rejection as the payload of `refuse` or `error`. `data` is borrowed from `self.data`.
    pub(crate) fn payload<'a>(&'a self, data: &'a Option<&'a RawValue>) -> ErrorPayload<'a> {
        ErrorPayload {
            code: Some(self.code.borrow()),
            message: Cow::Borrowed(&self.message),
            retryable: self.retryable,
            data: data
                .as_ref()
                .map(|data| data as &dyn erased_serde::Serialize),
            violations: &self.violations,
            side: None,
        }
    }
}

/// Converts a declared error with [`Rejection::from_error`], an internal one with [`Rejection::internal`].
impl<E: DeclaredErrors> From<HandlerError<E>> for Rejection {
    fn from(error: HandlerError<E>) -> Self {
        match error {
            HandlerError::Declared(error) => Self::from_error(&error),
            HandlerError::Internal(error) => Self::internal(error),
        }
    }
}

/// Rejects a value that violates its schema, with code `INVALID`.
impl From<ValidationError> for Rejection {
    fn from(invalid: ValidationError) -> Self {
        Self {
            violations: invalid.violations,
            ..Self::of(SessionCode::Invalid, "the payload does not fit")
        }
    }
}

/// Rejects a message that could not be decoded.
impl From<Box<DecodeError>> for Rejection {
    fn from(rejected: Box<DecodeError>) -> Self {
        let error = ErrorPayload::of(&rejected);
        let message = error.message.clone().into_owned();
        Self {
            violations: rejected.kind.violations().to_vec(),
            ..Self::of(rejected.kind.session_code(), message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rejection;

    #[test]
    fn a_reason_contains_the_first_violation() {
        assert_eq!(
            Rejection::no_auth(Some("payload")).reason(),
            "the payload does not fit: /payload must have the property \"auth\""
        );
        assert_eq!(Rejection::new("NO", "not today").reason(), "not today");
        let long = Rejection::new("NO", format!("no{}", "é".repeat(99))).reason();
        assert_eq!(long, format!("no{}", "é".repeat(60)));
    }
}
