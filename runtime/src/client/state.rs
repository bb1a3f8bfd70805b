//! The connection state of a client, and version skew.

use crate::transport::CloseFrame;
use std::{fmt, time::Instant};

/// A server that was generated from a different spec with an accepted version.
///
/// Returned by [`Client::skew`](super::Client::skew).
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A server that was generated from another spec, played by hand.
/// let (ours, mut theirs) = duplex(16);
/// tokio::spawn(async move {
///     let _hello = theirs.receive().await;
///     let ready = r#"{"type":"ready","payload":{"version":"1.0.7","hash":"d1ff","session":"s"}}"#;
///     theirs.send(ready).await?;
///     theirs.receive().await
/// });
/// let ours = std::sync::Mutex::new(Some(ours));
/// let client = ClientBuilder::<Chat, Client>::over(move || {
///     let transport = ours.lock().ok().and_then(|mut ours| ours.take()).ok_or("there is one connection");
///     async { transport }
/// })
/// .auth(&Auth { token: "secret".into() })
/// .await?;
///
/// let skew = client.skew().ok_or("the hashes differ")?;
/// assert_eq!((&*skew.version, &*skew.hash), ("1.0.7", "d1ff"));
/// eprintln!("{skew}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionSkew {
    /// The server's version.
    pub version: String,
    /// The hash of the server's spec.
    pub hash: String,
}

impl fmt::Display for VersionSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "skew: the server was generated from a different spec, version {} ({}); generate both ends from the same spec",
            self.version, self.hash
        )
    }
}

/// The connection state of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// The client is connecting for the first time.
    Connecting,
    /// The session is open. [`Client::resumed`](super::Client::resumed) says whether it is the one before.
    Connected,
    /// The connection was lost, and the client is reconnecting.
    Reconnecting {
        /// The close frame by which the connection ended, or the last attempt to connect, if there was one.
        closing: Option<CloseFrame>,
        /// When the client makes its next attempt, unless [`Client::retry_now`](super::Client::retry_now) hurries it. Each attempt that fails has another.
        retry_at: Instant,
    },
    /// The client is closed for good, with the close frame if one is known.
    Closed(Option<CloseFrame>),
}
