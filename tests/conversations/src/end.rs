//! The end that is tested.

use crate::{conversation::Side, log::Log};
use handfast::{codec::Encoding, transport::MemoryTransport};
use serde_json::Value;

/// The end that a conversation tests, with its application.
pub(crate) trait End: Sized {
    /// The hash of its protocol.
    const HASH: &'static str;

    /// Which end it is.
    const SIDE: Side;

    /// An end whose messages have this encoding.
    fn new(encoding: Encoding) -> Self;

    /// Connects: the other end's transport, as soon as there is a connection.
    async fn open(&mut self) -> MemoryTransport;

    /// Whether it has connected unasked.
    fn has_opened(&mut self) -> bool;

    /// Lets the application do something. `None` if the words say what it learns.
    async fn act(&mut self, words: &[&str], value: &Value) -> Option<Result<(), String>>;

    /// What the application has learned.
    fn log(&self) -> &Log;
}
