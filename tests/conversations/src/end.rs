//! The end that is tested.

use crate::log::Log;
use handfast::transport::MemoryTransport;
use serde_json::Value;

/// The end that a conversation tests, with its application.
pub(crate) trait End {
    /// The hash of its protocol.
    const HASH: &'static str;

    /// Connects: the other end's transport, as soon as there is a connection.
    async fn open(&mut self) -> MemoryTransport;

    /// Whether it has connected unasked.
    fn has_opened(&mut self) -> bool;

    /// Lets the application do something. `None` if the words say what it learns.
    async fn act(&mut self, words: &[&str], value: &Value) -> Option<Result<(), String>>;

    /// What the application has learned.
    fn log(&self) -> &Log;
}
