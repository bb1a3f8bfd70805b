//! WebSocket (RFC 6455) by tungstenite.

use super::{Arrival, Closing, Packet, Transport, TransportError};
use futures_util::{Sink, Stream};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::CapacityError,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

/// The longest reason a close frame can bear: a control frame has 125 bytes, two of them the code.
const REASON: usize = 123;

/// How tungstenite is set up: a read buffer of 4 KiB (the default of 128 KiB is filled with zeros at each read), and no
/// message or frame larger than `limit` bytes.
pub fn config(limit: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit))
}

/// A WebSocket after its handshake.
#[derive(Debug)]
pub struct WebSocket<S> {
    inner: WebSocketStream<S>,
    limit: usize,
    close: Close,
    /// A message was too large: what is left of it still arrives.
    cut: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Close {
    Open,
    Sent,
    Flushed,
}

impl<S> WebSocket<S> {
    /// A stream that was made with [`config`] and the same `limit`.
    pub fn new(inner: WebSocketStream<S>, limit: usize) -> Self {
        Self {
            inner,
            limit,
            close: Close::Open,
            cut: false,
        }
    }
}

impl<S> WebSocket<S> {
    fn error(&self, error: Error) -> TransportError {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => {
                TransportError::TooLarge { limit: self.limit }
            }
            error => TransportError::Broken(error.into()),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for WebSocket<S> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Arrival, TransportError>> {
        Poll::Ready(match ready!(Pin::new(&mut self.inner).poll_next(cx)) {
            Some(Ok(Message::Text(text))) => Ok(Arrival::Packet(Packet::Text(text))),
            Some(Ok(Message::Binary(bytes))) => Ok(Arrival::Packet(Packet::Binary(bytes))),
            Some(Ok(Message::Close(frame))) => {
                Ok(Arrival::Closed(frame.map(|frame| {
                    Closing::new(frame.code.into(), frame.reason.as_str().to_owned())
                })))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Arrival::Alive),
            Some(Err(error)) => {
                let error = self.error(error);
                self.cut = matches!(error, TransportError::TooLarge { .. });
                Err(error)
            }
            None => Ok(Arrival::Closed(None)),
        })
    }

    fn feed(&mut self, packet: Packet) -> Result<(), TransportError> {
        let message = match packet {
            Packet::Text(text) => Message::Text(text),
            Packet::Binary(bytes) => Message::Binary(bytes),
        };
        Pin::new(&mut self.inner)
            .start_send(message)
            .map_err(|error| self.error(error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Pin::new(&mut self.inner)
            .poll_flush(cx)
            .map_err(|error| self.error(error))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &Closing) -> Poll<()> {
        if self.close == Close::Open {
            self.close = Close::Sent;
            let mut reason = &*closing.reason;
            while reason.len() > REASON {
                let end = reason.char_indices().next_back().map_or(0, |(at, _)| at);
                reason = &reason[..end];
            }
            let frame = CloseFrame {
                code: closing.code.into(),
                reason: reason.to_owned().into(),
            };
            // Refused where the other end closed first; its close is answered by the flush below.
            let _ = Pin::new(&mut self.inner).start_send(Message::Close(Some(frame)));
        }
        if self.close == Close::Sent {
            if ready!(Pin::new(&mut self.inner).poll_flush(cx)).is_err() {
                return Poll::Ready(());
            }
            self.close = Close::Flushed;
        }
        // What the other end still sends is read and dropped, until it agrees.
        while let Some(arrival) = ready!(Pin::new(&mut self.inner).poll_next(cx)) {
            if arrival.is_err() {
                break;
            }
        }
        if !self.cut {
            return Poll::Ready(());
        }
        // Nothing is read as messages after one that was too large. But closing a socket with unread bytes resets it, and a
        // reset can overtake the close frame: so they are read as bytes.
        let mut scratch = [0; 4 * 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(self.inner.get_mut()).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}
