//! WebSocket (RFC 6455): frames over a byte stream, for both ends.
//!
//! [`incoming`] and [`frame`] know no I/O; this module moves bytes between them and a stream. The framing is our own because of what
//! a peer may not cause: a stream that is written to in one place keeps one pong at the most (§5.5.3) however many pings
//! arrive while it cannot be written, and tells how much the peer takes.

mod frame;
mod frame_reader;

use super::{CloseFrame, Packet, Transport, TransportError, TransportEvent};
use frame::{Control, Mask, OpCode};
use frame_reader::{Event, FrameReader};
use std::{
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Which end a stream is: a client masks what it sends (RFC 6455, section 5.3), a server does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

/// How many bytes are read at once. They lie on the stack, so that a connection at rest has no buffer for them.
const READ: usize = 16 * 1024;

/// How often a stream is read for one event.
const READS: usize = 4;

/// How many bytes are read as frames once this end closed, and how many at all. What still comes is of no use to anybody, and whoever goes on
/// sending is not waited for.
const CLOSING: (usize, usize) = (64 * 1024, 1024 * 1024);

/// How much of an empty write buffer is kept for the next message.
const KEEP: usize = 1024;

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct WebSocket<S> {
    io: S,
    incoming: FrameReader,
    /// What was read and not looked at yet.
    rest: Rest,
    /// Frames that are not written yet, and how much of them is.
    out: Vec<u8>,
    out_at: usize,
    /// Bytes were written that the stream has not flushed.
    unflushed: bool,
    /// The answer to the newest ping, until there is nothing before it.
    pong: Option<Control>,
    /// How many bytes the stream has taken.
    written: u64,
    /// How many bytes came out of it.
    read: u64,
    masks: Option<Box<Masks>>,
    close: Close,
    /// How much was read since this end closed.
    drained: usize,
    /// What the other end closed with.
    peer: Option<Option<u16>>,
    /// The input cannot be read as frames any more.
    cut: bool,
    hung_up: fn(&S) -> bool,
}

#[derive(Debug, Default)]
struct Rest {
    bytes: Vec<u8>,
    at: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Close {
    Open,
    Sent,
    Flushed,
}

/// Masking keys, fetched from the operating system for many frames at once. They cannot be predicted (RFC 6455, section 10.3).
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
    /// A server's end of a stream whose handshake is done. No message of more than `limit` bytes is taken.
    pub fn server(io: S, limit: usize) -> Self {
        Self::new(io, Role::Server, limit)
    }

    /// A client's end of a stream whose handshake is done. No message of more than `limit` bytes is taken.
    pub fn client(io: S, limit: usize) -> Self {
        Self::new(io, Role::Client, limit)
    }

    fn new(io: S, role: Role, limit: usize) -> Self {
        Self {
            io,
            incoming: FrameReader::new(role, limit),
            rest: Rest::default(),
            out: Vec::new(),
            out_at: 0,
            unflushed: false,
            pong: None,
            written: 0,
            read: 0,
            masks: (role == Role::Client).then(Masks::new),
            close: Close::Open,
            drained: 0,
            peer: None,
            cut: false,
            hung_up: |_| false,
        }
    }

    /// Reads these bytes before any of the stream: what was read behind the handshake.
    #[must_use]
    pub fn unread(mut self, bytes: &[u8]) -> Self {
        self.rest.bytes.extend_from_slice(bytes);
        self
    }

    /// How to learn that the other end hung up while its input is not read.
    #[must_use]
    pub fn hung_up_by(mut self, hung_up: fn(&S) -> bool) -> Self {
        self.hung_up = hung_up;
        self
    }

    /// Adds a frame to what has to be written.
    fn frame(&mut self, code: OpCode, payload: &[u8]) -> Result<(), TransportError> {
        let mask = self.masks.as_mut().map(|masks| masks.next()).transpose()?;
        frame::write(&mut self.out, code, payload, mask);
        Ok(())
    }

    /// Takes the next event out of what was read already.
    fn parse(&mut self) -> Result<Option<Event>, TransportError> {
        let mut input = &self.rest.bytes[self.rest.at..];
        let event = self.incoming.read(&mut input);
        self.rest.at = self.rest.bytes.len() - input.len();
        if self.rest.at == self.rest.bytes.len() {
            // Given back: most connections are at rest most of the time.
            self.rest = Rest::default();
        }
        event
    }
}

impl<S: AsyncWrite + Unpin> WebSocket<S> {
    /// Writes all frames, and the pong behind them.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            while self.out_at < self.out.len() {
                let taken = Pin::new(&mut self.io).poll_write(cx, &self.out[self.out_at..]);
                let taken = ready!(taken).map_err(broken)?;
                if taken == 0 {
                    return Poll::Ready(Err(broken(std::io::ErrorKind::WriteZero)));
                }
                self.out_at += taken;
                self.written += taken as u64;
                self.unflushed = true;
            }
            self.out_at = 0;
            self.out.clear();
            match self.pong.take() {
                Some(pong) => self.frame(OpCode::Pong, pong.bytes())?,
                None => break,
            }
        }
        self.out.shrink_to(KEEP);
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
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, TransportError>> {
        for _ in 0..READS {
            if let Some(event) = self.parse()? {
                return Poll::Ready(Ok(event));
            }
            let mut bytes = [const { MaybeUninit::uninit() }; READ];
            let mut buffer = ReadBuf::uninit(&mut bytes);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)).map_err(broken)?;
            let mut input = buffer.filled();
            self.read += input.len() as u64;
            if input.is_empty() {
                return Poll::Ready(Ok(Event::Close(None)));
            }
            if self.close != Close::Open {
                self.drained += input.len();
            }
            let event = self.incoming.read(&mut input);
            // Only what lies behind a whole message is kept.
            self.rest.bytes.extend_from_slice(input);
            if let Some(event) = event? {
                return Poll::Ready(Ok(event));
            }
        }
        // Others have their turn: the timers of the same task, first of all, which say nothing once it has used up what the runtime grants it.
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
                self.cut = true;
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
                // Nothing is answered after a close (RFC 6455, section 5.5.2).
                self.pong = None;
                TransportEvent::Closed(closing)
            }
        }))
    }

    fn feed(&mut self, packet: Packet) -> Result<(), TransportError> {
        match &packet {
            Packet::Text(text) => self.frame(OpCode::Text, text.as_bytes()),
            Packet::Binary(bytes) => self.frame(OpCode::Binary, bytes),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.poll_out(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()> {
        if self.close == Close::Open {
            self.close = Close::Sent;
            self.pong = None;
            // A close is answered with its own code (RFC 6455, section 5.5.1).
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
        // What the other end still sends is read and dropped, until it agrees.
        while self.peer.is_none() && !self.cut {
            match ready!(self.poll_event(cx)) {
                Ok(Event::Close(closing)) => {
                    self.peer = Some(closing.map(|closing| closing.code));
                }
                Ok(_) => self.cut = self.drained > CLOSING.0,
                Err(_) => self.cut = true,
            }
        }
        if self.incoming.role() == Role::Server {
            // The server ends the stream (section 7.1.1).
            let ended = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
            if ended.is_err() || !self.cut {
                return Poll::Ready(());
            }
        }
        // A client waits for that end. And closing a socket with unread bytes resets it, and a reset can overtake the close
        // frame: so what cannot be read as frames is read as bytes.
        self.rest = Rest::default();
        while self.drained < CLOSING.1 {
            let mut bytes = [const { MaybeUninit::uninit() }; READ];
            let mut buffer = ReadBuf::uninit(&mut bytes);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => self.drained += buffer.filled().len(),
                _ => break,
            }
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
