//! Why a client could not authenticate again.

use super::CallError;
use crate::{NoError, system::RemoteError};
use std::{error::Error, fmt, sync::Arc};

/// Why a client could not authenticate again. Its session goes on with the credentials that the server has.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::client::RefreshError;
///
/// let client = connect().await?;
/// match client.refresh_auth().await {
///     Ok(()) => println!("messages from now on have the new credentials"),
///     Err(RefreshError::Refused(error)) => println!("log in again: {}", error.message),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RefreshError {
    /// The protocol has no message for this, or the client has no credentials.
    Unsupported,
    /// The function of `auth_with` returned an error.
    Auth(Arc<dyn Error + Send + Sync>),
    /// The server does not accept the credentials. The code is one that the protocol's auth message declares, or one of the session's own:
    /// `OTHER_PRINCIPAL` if they are those of another user.
    Refused(RemoteError),
    /// The client is closed, the server did not answer in time, or its answer cannot be read.
    Failed(CallError<NoError>),
}

impl RefreshError {
    /// Whether the same may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unsupported => false,
            Self::Refused(error) => error.retryable,
            Self::Auth(_) | Self::Failed(_) => true,
        }
    }
}

/// Errors of `auth_with` are equal if they are the same.
impl PartialEq for RefreshError {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unsupported, Self::Unsupported) => true,
            (Self::Auth(one), Self::Auth(other)) => Arc::ptr_eq(one, other),
            (Self::Refused(one), Self::Refused(other)) => one == other,
            (Self::Failed(one), Self::Failed(other)) => one == other,
            _ => false,
        }
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => f.write_str(
                "the client cannot authenticate again: the protocol has no message for that, or `auth_with` was not called",
            ),
            Self::Auth(error) => write!(f, "the client cannot authenticate again: {error}"),
            Self::Refused(error) => write!(f, "the server refused new credentials: {error}"),
            Self::Failed(error) => write!(f, "the client could not authenticate again: {error}"),
        }
    }
}

impl Error for RefreshError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unsupported => None,
            Self::Auth(error) => Some(&**error),
            Self::Refused(error) => Some(error),
            Self::Failed(error) => Some(error),
        }
    }
}
