//! WebSocket (RFC 6455): frames over a byte stream, for both ends.
//!
//! [`frame_reader`] and [`frame`] do no I/O; this module moves bytes between them and a stream. Handfast has its own framing to bound
//! what a peer can cause: at most one pong is queued (§5.5.3), however many pings arrive while the stream cannot be written, and
//! [`Transport::written`] shows how much the peer reads.

mod buffers;
mod frame;
mod frame_reader;

use super::{CloseFrame, Transport, TransportError, TransportEvent};
use buffers::{Input, Parsed};
use frame::{Control, Mask, OpCode};
use frame_reader::{Event, FrameReader};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// The role of this end: a client masks what it sends (RFC 6455, section 5.3), a server does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

/// How often one poll reads the stream.
const READS_PER_POLL: usize = 4;

/// How many events are parsed at once. They have no more bytes than one read of the stream and the message that it completes.
const AHEAD: usize = 32;

/// After this end closed: how many bytes are parsed as frames while it waits for the close of the peer, and how many are read in all.
/// A peer that keeps sending does not delay the close beyond that.
const DRAIN_LIMITS: (usize, usize) = (64 * 1024, 1024 * 1024);

/// A WebSocket connection (RFC 6455) whose handshake is done.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::transport::{Packet, Transport, TransportEvent, WebSocket};
/// use std::future::poll_fn;
///
/// // Any byte stream will do: TCP, TLS, or a pipe in memory.
/// let (ours, theirs) = tokio::io::duplex(1024);
/// let mut client = WebSocket::client(ours, 64 * 1024);
/// let mut server = WebSocket::server(theirs, 64 * 1024);
///
/// client.feed(b"hello", true)?;
/// poll_fn(|cx| client.poll_flush(cx)).await?;
/// let event = poll_fn(|cx| server.poll_receive(cx)).await?;
/// assert!(matches!(event, TransportEvent::Packet(Packet::Text(text)) if text == "hello"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
// What is looked at whenever a connection has something to send comes first.
#[repr(C, align(64))]
pub struct WebSocket<S> {
    io: S,
    /// Bytes were written and not flushed.
    unflushed: bool,
    close: Close,
    /// The input can no longer be parsed as frames.
    unreadable: bool,
    /// The close code of the other end, once it closed.
    peer: Option<Option<u16>>,
    /// The pong for the newest ping, until all frames before it are written.
    pong: Option<Box<Control>>,
    /// Encoded frames, and how many bytes of them are written.
    out: Vec<u8>,
    out_written: usize,
    masks: Option<Box<Masks>>,
    /// How many bytes were written to the stream.
    written: u64,
    /// How many bytes were read from it.
    read: u64,
    /// What was parsed and not returned yet.
    parsed: Parsed,
    /// Bytes that were read and not parsed yet.
    unparsed: Input,
    reader: FrameReader,
    /// How many bytes were read since this end closed.
    drained: usize,
    hung_up: fn(&S) -> bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Close {
    Open,
    Sent,
    Flushed,
}

/// Unpredictable masking keys (RFC 6455, section 10.3), fetched from the operating system for many frames at once.
struct Masks {
    keys: [u8; 256],
    at: usize,
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masks")
    }
}

impl Masks {
    fn new() -> Box<Self> {
        Box::new(Self {
            keys: [0; 256],
            at: 256,
        })
    }

    fn next(&mut self) -> Result<Mask, TransportError> {
        if self.at == self.keys.len() {
            getrandom::fill(&mut self.keys)
                .map_err(|error| TransportError::Broken(error.to_string().into()))?;
            self.at = 0;
        }
        let key = &self.keys[self.at..self.at + 4];
        self.at += 4;
        Ok(Mask([key[0], key[1], key[2], key[3]]))
    }
}

impl<S> WebSocket<S> {
    /// Creates the server's end on a stream whose handshake is done. Messages larger than `limit` bytes are refused with
    /// [`TransportError::TooLarge`].
    pub fn server(io: S, limit: usize) -> Self {
        Self::new(io, Role::Server, limit)
    }

    /// Creates the client's end on a stream whose handshake is done. Messages larger than `limit` bytes are refused with
    /// [`TransportError::TooLarge`].
    pub fn client(io: S, limit: usize) -> Self {
        Self::new(io, Role::Client, limit)
    }

    fn new(io: S, role: Role, limit: usize) -> Self {
        Self {
            io,
            reader: FrameReader::new(role, limit),
            unparsed: Input::default(),
            parsed: Parsed::default(),
            out: Vec::new(),
            out_written: 0,
            unflushed: false,
            pong: None,
            written: 0,
            read: 0,
            masks: (role == Role::Client).then(Masks::new),
            close: Close::Open,
            drained: 0,
            peer: None,
            unreadable: false,
            hung_up: |_| false,
        }
    }

    /// Sets bytes that were read beyond the handshake. They are parsed before the stream is read.
    #[must_use]
    pub fn unread(mut self, bytes: &[u8]) -> Self {
        self.unparsed.unread(bytes);
        self
    }

    /// Sets a function that detects whether the other end hung up without reading the stream. It is what
    /// [`Transport::is_hung_up`] returns.
    #[must_use]
    pub fn hung_up_by(mut self, hung_up: fn(&S) -> bool) -> Self {
        self.hung_up = hung_up;
        self
    }

    /// Queues a frame.
    fn frame(&mut self, code: OpCode, payload: &[u8]) -> Result<(), TransportError> {
        let mask = self.masks.as_mut().map(|masks| masks.next()).transpose()?;
        if self.out.capacity() == 0 {
            self.out = buffers::for_writing();
        }
        frame::write(&mut self.out, code, payload, mask);
        Ok(())
    }

    /// Returns the next event from bytes that were already read.
    fn parse(&mut self) -> Result<Option<Event>, TransportError> {
        if let Some(event) = self.parsed.pop() {
            return event.map(Some);
        }
        let mut input = self.unparsed.unparsed();
        if input.is_empty() {
            return Ok(None);
        }
        // All that has arrived is parsed at once, because the code of a handler would not leave that of the parser in the processor's cache.
        buffers::begin_messages(input.len());
        for _ in 0..AHEAD {
            let event = self.reader.read(&mut input);
            let is_last = input.is_empty() || matches!(event, Err(_) | Ok(Some(Event::Close(_))));
            if let Some(event) = event.transpose() {
                self.parsed.push(event);
            }
            if is_last {
                break;
            }
        }
        let rest = input.len();
        self.unparsed.parsed(rest);
        self.parsed.pop().transpose()
    }
}

impl<S: AsyncWrite + Unpin> WebSocket<S> {
    /// Writes all queued frames, then the pong.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            while self.out_written < self.out.len() {
                let taken = Pin::new(&mut self.io).poll_write(cx, &self.out[self.out_written..]);
                let taken = ready!(taken).map_err(broken)?;
                if taken == 0 {
                    return Poll::Ready(Err(broken(std::io::ErrorKind::WriteZero)));
                }
                self.out_written += taken;
                self.written += taken as u64;
                self.unflushed = true;
            }
            self.out_written = 0;
            self.out.clear();
            match self.pong.take() {
                Some(pong) => self.frame(OpCode::Pong, pong.bytes())?,
                None => break,
            }
        }
        buffers::written(std::mem::take(&mut self.out));
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx)).map_err(broken)?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

fn broken(error: impl Into<std::io::Error>) -> TransportError {
    TransportError::Broken(error.into().into())
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> WebSocket<S> {
    /// Reads from the stream, if everything was parsed. Returns how many bytes; none at its end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let io = Pin::new(&mut self.io);
        ready!(self.unparsed.read(|buffer| io.poll_read(cx, buffer)))?;
        let bytes = self.unparsed.unparsed().len();
        self.read += bytes as u64;
        if self.close != Close::Open {
            self.drained += bytes;
        }
        Poll::Ready(Ok(bytes))
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, TransportError>> {
        for _ in 0..READS_PER_POLL {
            if let Some(event) = self.parse()? {
                return Poll::Ready(Ok(event));
            }
            if ready!(self.poll_fill(cx)).map_err(broken)? == 0 {
                return Poll::Ready(Ok(Event::Close(None)));
            }
        }
        if let Some(event) = self.parse()? {
            return Poll::Ready(Ok(event));
        }
        // Yields, above all to the timers of the same task: they do not fire once the task has used up Tokio's cooperative budget.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for WebSocket<S> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>> {
        if (self.pong.is_some() || self.unflushed)
            && let Poll::Ready(Err(error)) = self.poll_out(cx)
        {
            return Poll::Ready(Err(error));
        }
        let event = match ready!(self.poll_event(cx)) {
            Ok(event) => event,
            Err(error) => {
                self.unreadable = true;
                return Poll::Ready(Err(error));
            }
        };
        Poll::Ready(Ok(match event {
            Event::Message(packet) => TransportEvent::Packet(packet),
            Event::Ping(data) => {
                self.pong = Some(data);
                if let Poll::Ready(Err(error)) = self.poll_out(cx) {
                    return Poll::Ready(Err(error));
                }
                TransportEvent::Alive
            }
            Event::Pong | Event::Nothing => TransportEvent::Alive,
            Event::Close(closing) => {
                self.peer = Some(closing.as_ref().map(|closing| closing.code));
                // No pong is sent after a close frame was received (RFC 6455, section 5.5.2).
                self.pong = None;
                TransportEvent::Closed(closing)
            }
        }))
    }

    fn feed(&mut self, message: &[u8], is_text: bool) -> Result<(), TransportError> {
        let code = if is_text {
            OpCode::Text
        } else {
            OpCode::Binary
        };
        self.frame(code, message)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll_out(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()> {
        if self.close == Close::Open {
            self.close = Close::Sent;
            self.pong = None;
            // A close is echoed with its own code (RFC 6455, section 5.5.1).
            let payload = match self.peer {
                Some(code) => frame::close(code, ""),
                None => frame::close(Some(closing.code), &closing.reason),
            };
            if self.frame(OpCode::Close, payload.bytes()).is_err() {
                return Poll::Ready(());
            }
        }
        if self.close == Close::Sent {
            if ready!(self.poll_out(cx)).is_err() {
                return Poll::Ready(());
            }
            self.close = Close::Flushed;
        }
        // Messages of the other end are dropped until it closes.
        while self.peer.is_none() && !self.unreadable {
            match ready!(self.poll_event(cx)) {
                Ok(Event::Close(closing)) => {
                    self.peer = Some(closing.map(|closing| closing.code));
                }
                Ok(_) => self.unreadable = self.drained > DRAIN_LIMITS.0,
                Err(_) => self.unreadable = true,
            }
        }
        if self.reader.role() == Role::Server {
            // The server closes the TCP connection first (section 7.1.1).
            let ended = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
            if ended.is_err() || !self.unreadable {
                return Poll::Ready(());
            }
        }
        // A client waits for the server to do so. Closing a socket with unread bytes would reset it, and the reset could overtake the
        // close frame: so input that cannot be parsed is read and dropped.
        self.unparsed.clear();
        while self.drained < DRAIN_LIMITS.1 && matches!(ready!(self.poll_fill(cx)), Ok(1..)) {
            self.unparsed.clear();
        }
        Poll::Ready(())
    }

    fn written(&self) -> u64 {
        self.written
    }

    fn read(&self) -> u64 {
        self.read
    }

    fn is_hung_up(&self) -> bool {
        (self.hung_up)(&self.io)
    }
}
