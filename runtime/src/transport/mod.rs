//! How frames travel: what a connection asks of a transport, over WebSocket and in memory.
//!
//! The loops of server and client know the trait [`Transport`] alone. A transport delivers whole messages in order, tells
//! why the other end closed, and applies backpressure through [`Transport::poll_flush`].

mod memory;
mod websocket;

pub use memory::{MemoryTransport, duplex};
pub use websocket::WebSocket;

use crate::{codec::Frame, descriptor::ProtocolDescriptor};
use bytes::Bytes;
use std::{
    borrow::Cow,
    fmt,
    task::{Context, Poll},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A message on the wire. Its bytes are counted references: a clone costs no copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Text.
    Text(Utf8Bytes),
    /// Bytes.
    Binary(Bytes),
}

impl Packet {
    /// How many bytes it has, without what the transport puts around them.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The packet, for a codec to read.
    pub fn frame(&self) -> Frame<'_> {
        match self {
            Self::Text(text) => Frame::Text(text.into()),
            Self::Binary(bytes) => Frame::Binary(bytes),
        }
    }

    /// What a codec wrote.
    ///
    /// # Errors
    /// Where bytes that should be text are not UTF-8.
    pub fn encoded(bytes: Vec<u8>, is_text: bool) -> Result<Self, std::string::FromUtf8Error> {
        if is_text {
            String::from_utf8(bytes).map(|text| Self::Text(text.into()))
        } else {
            Ok(Self::Binary(bytes.into()))
        }
    }
}

/// What a transport delivers.
#[derive(Debug)]
pub enum TransportEvent {
    /// A message.
    Packet(Packet),
    /// A sign of life that carries nothing, such as a ping of the transport's own, which it has answered.
    Alive,
    /// The other end closed, and said why where it did. Nothing comes after it.
    Closed(Option<CloseFrame>),
}

/// Why a connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The close code (RFC 6455, section 7.4).
    pub code: u16,
    /// Words for people; at most 123 bytes travel.
    pub reason: Cow<'static, str>,
}

impl CloseFrame {
    /// A code and words.
    pub fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// Whether a client of a protocol does not try again by itself: 1000, 1008, 4401, 4403, 4406 and 4409, or the
    /// codes that the protocol has in their place.
    pub fn is_final(&self, protocol: &ProtocolDescriptor) -> bool {
        protocol.is_final_close(self.code)
    }
}

impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            write!(f, "code {}", self.code)
        } else {
            write!(f, "code {}: {}", self.code, self.reason)
        }
    }
}

/// Why a transport broke.
#[derive(Debug)]
#[non_exhaustive]
pub enum TransportError {
    /// A message was larger than the limit. Nothing can be read after it, but a close can be sent.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The other end broke the rules of the transport. Nothing can be read after it, but a close can be sent.
    Protocol {
        /// The close code that says so (RFC 6455, section 7.4.1).
        code: u16,
        /// What was wrong.
        reason: &'static str,
    },
    /// The connection is no longer usable.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "a message has more than {limit} bytes"),
            Self::Protocol { reason, .. } => write!(f, "the other end sent {reason}"),
            Self::Broken(_) => f.write_str("the connection broke"),
        }
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLarge { .. } | Self::Protocol { .. } => None,
            Self::Broken(error) => Some(&**error),
        }
    }
}

/// A connection that carries whole messages, both ways, in order.
pub trait Transport: Send + 'static {
    /// The next thing to arrive. Cancel-safe: nothing is lost by not polling again.
    ///
    /// # Errors
    /// Where the connection broke; after that only [`Transport::poll_close`] is called.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>>;

    /// Takes a message to send. It is buffered; the caller keeps count and flushes before it feeds much more.
    ///
    /// # Errors
    /// Where the connection broke.
    fn feed(&mut self, packet: Packet) -> Result<(), TransportError>;

    /// Writes all that was fed. Pending is backpressure.
    ///
    /// # Errors
    /// Where the connection broke.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Writes what was fed, says why it closes, and waits for the other end to agree. Errors end it too. The caller
    /// bounds the time.
    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()>;

    /// How much was written so far, in whatever unit: where it grows, the other end takes what it is sent.
    fn written(&self) -> u64 {
        0
    }

    /// How much was read so far, in whatever unit: where it grows, the other end is there, though no message is whole yet.
    fn read(&self) -> u64 {
        0
    }

    /// Whether the other end is known to be gone, though what it sent was not read to its end.
    fn is_hung_up(&self) -> bool {
        false
    }
}

impl dyn Transport {
    /// The next thing to arrive.
    pub(crate) async fn receive(&mut self) -> Result<TransportEvent, TransportError> {
        std::future::poll_fn(|cx| self.poll_receive(cx)).await
    }

    /// Sends a message and flushes.
    pub(crate) async fn send(&mut self, packet: Packet) -> Result<(), TransportError> {
        self.feed(packet)?;
        std::future::poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Closes, for as long as the other end takes, up to `patience`.
    pub(crate) async fn close(&mut self, closing: &CloseFrame, patience: std::time::Duration) {
        let closed = std::future::poll_fn(|cx| self.poll_close(cx, closing));
        if tokio::time::timeout(patience, closed).await.is_err() {
            tracing::debug!("the other end did not answer the close in time");
        }
    }
}
