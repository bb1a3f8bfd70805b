//! Transports: the trait [`Transport`], WebSocket and in-memory connections.
//!
//! Server and client depend on [`Transport`] only. A transport delivers whole messages in order, reports the close frame of the
//! other end, and applies backpressure through [`Transport::poll_flush`].

mod memory;
mod websocket;

pub use memory::{MemoryTransport, duplex};
pub use websocket::WebSocket;

use crate::{codec::Frame, descriptor::ProtocolDescriptor, encoded::EncodedMessage};
use bytes::Bytes;
use std::{
    borrow::Cow,
    fmt,
    task::{Context, Poll},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// The length of the longest message that shares memory with others, in bytes.
const SHORT: usize = 1024;

/// An encoded message. Cloning is cheap: the bytes are shared. Those of a message that a [`WebSocket`] received may be part of 8 KiB that it
/// shares with others; whoever keeps it for long copies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Packet {
    /// Returns its size in bytes, without the framing of the transport.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Returns whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether it is a text message.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Returns its bytes, which are UTF-8 if it is a text message.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Returns the packet as a [`Codec`](crate::codec::Codec) reads it.
    pub fn frame(&self) -> Frame<'_> {
        match self {
            Self::Text(text) => Frame::Text(text.into()),
            Self::Binary(bytes) => Frame::Binary(bytes),
        }
    }

    /// Returns the same with memory of its own: one that was received may share that of all that arrived with it, and keeps it.
    pub(crate) fn into_own(self) -> Self {
        match self {
            long if long.len() > SHORT => long,
            Self::Text(text) => Self::Text(text.as_str().into()),
            Self::Binary(bytes) => Self::Binary(Bytes::copy_from_slice(&bytes)),
        }
    }

    /// Creates a packet from the output of a codec.
    ///
    /// # Errors
    /// If `is_text` is set and the bytes are not UTF-8.
    pub fn encoded(bytes: Vec<u8>, is_text: bool) -> Result<Self, std::string::FromUtf8Error> {
        if is_text {
            String::from_utf8(bytes).map(|text| Self::Text(text.into()))
        } else {
            Ok(Self::Binary(bytes.into()))
        }
    }
}

/// An inbound event of a transport.
#[derive(Debug)]
pub enum TransportEvent {
    /// A message.
    Packet(Packet),
    /// Activity without a message, such as a ping of the transport protocol, to which the transport replies itself.
    Alive,
    /// The other end closed, with its close frame if it sent one. This is the last event.
    Closed(Option<CloseFrame>),
}

/// A close code and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The close code (RFC 6455, section 7.4).
    pub code: u16,
    /// A readable reason. A WebSocket truncates it to 123 bytes (RFC 6455, section 5.5).
    pub reason: Cow<'static, str>,
}

impl CloseFrame {
    /// Creates a close frame.
    pub fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// Returns whether a client of the protocol does not reconnect after this code: 1000, 1008, 4401, 4403, 4406 and 4409, or the
    /// codes that the protocol sets for these conditions.
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

/// Why a transport failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum TransportError {
    /// A message was larger than the limit. Nothing can be read any more, but a close frame can be sent.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The other end violated the transport protocol. Nothing can be read any more, but a close frame can be sent.
    Protocol {
        /// The close code for the violation (RFC 6455, section 7.4.1).
        code: u16,
        /// The violation.
        reason: &'static str,
    },
    /// The connection is unusable.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "a message is larger than {limit} bytes"),
            Self::Protocol { reason, .. } => write!(f, "the other end sent {reason}"),
            Self::Broken(_) => f.write_str("the connection failed"),
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

/// A connection that carries whole messages in both directions, in order.
///
/// Implement it to run a protocol over something other than WebSocket, and pass it to
/// [`ClientBuilder::over`](crate::client::ClientBuilder::over) or the `serve` method of the generated `Server`.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::transport::{CloseFrame, Transport, TransportError, TransportEvent};
/// use std::{
///     sync::{Arc, atomic::{AtomicUsize, Ordering}},
///     task::{Context, Poll},
/// };
///
/// /// Counts the messages that another transport sends.
/// struct Counted<T>(T, Arc<AtomicUsize>);
///
/// impl<T: Transport> Transport for Counted<T> {
///     fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<TransportEvent, TransportError>> {
///         self.0.poll_receive(cx)
///     }
///
///     fn feed(&mut self, message: &[u8], is_text: bool) -> Result<(), TransportError> {
///         self.1.fetch_add(1, Ordering::Relaxed);
///         self.0.feed(message, is_text)
///     }
///
///     fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
///         self.0.poll_flush(cx)
///     }
///
///     fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()> {
///         self.0.poll_close(cx, closing)
///     }
/// }
///
/// let sent = Arc::new(AtomicUsize::new(0));
/// let server = Server::new(App);
/// let client = ClientBuilder::<Chat, Client>::over({
///     let sent = sent.clone();
///     move || {
///         let (ours, theirs) = duplex(16);
///         let (server, sent) = (server.clone(), sent.clone());
///         tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
///         async { Ok::<_, Infallible>(Counted(ours, sent)) }
///     }
/// })
/// .auth(&Auth { token: "secret".into() })
/// .await?;
/// client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
/// assert_eq!(sent.load(Ordering::Relaxed), 2); // `hello` and `chat.send`
/// # Ok(())
/// # }
/// ```
pub trait Transport: Send + 'static {
    /// Polls for the next event. Cancel-safe.
    ///
    /// # Errors
    /// If the connection failed. After that, only [`Transport::poll_close`] is called.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>>;

    /// Buffers a message to send, which is UTF-8 if `is_text`. The caller bounds how much it feeds before it flushes.
    ///
    /// # Errors
    /// If the connection failed.
    fn feed(&mut self, message: &[u8], is_text: bool) -> Result<(), TransportError>;

    /// Writes all buffered messages. `Pending` is backpressure.
    ///
    /// # Errors
    /// If the connection failed.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Writes the buffered messages and a close frame, and waits for the close of the other end. It is ready on an error, too. The
    /// caller sets a timeout.
    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()>;

    /// Returns how much was written so far, in any unit. If it grows, the other end is reading.
    fn written(&self) -> u64 {
        0
    }

    /// Returns how much was read so far, in any unit. If it grows, the other end is alive, even if no message is complete.
    fn read(&self) -> u64 {
        0
    }

    /// Returns whether the other end is known to have hung up, even if messages of it are still unread.
    fn is_hung_up(&self) -> bool {
        false
    }
}

impl dyn Transport {
    /// Returns the next event.
    pub(crate) async fn receive(&mut self) -> Result<TransportEvent, TransportError> {
        std::future::poll_fn(|cx| self.poll_receive(cx)).await
    }

    /// Sends a message and flushes.
    pub(crate) async fn send(&mut self, message: &EncodedMessage) -> Result<(), TransportError> {
        self.feed(message.bytes(), message.is_text())?;
        std::future::poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Closes, and waits up to `timeout` for the other end.
    pub(crate) async fn close(&mut self, closing: &CloseFrame, timeout: std::time::Duration) {
        let closed = std::future::poll_fn(|cx| self.poll_close(cx, closing));
        if tokio::time::timeout(timeout, closed).await.is_err() {
            tracing::debug!("the other end did not close in time");
        }
    }
}
