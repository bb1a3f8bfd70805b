//! An in-memory transport, for tests and for ends in one process.

use super::{CloseFrame, Packet, Transport, TransportError, TransportEvent};
use crate::encoded::EncodedMessage;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// One end of an in-memory connection. Created by [`duplex`].
#[derive(Debug)]
pub struct MemoryTransport {
    incoming: Arc<Pipe>,
    outgoing: Arc<Pipe>,
    buffered: VecDeque<Packet>,
    written: u64,
    /// The largest message that is accepted, in bytes.
    limit: usize,
}

/// Creates both ends of an in-memory connection. Each direction queues `capacity` messages (at least one); then it applies
/// backpressure to the writer.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::transport::{Packet, TransportEvent, duplex};
///
/// let (mut client, mut server) = duplex(16);
/// client.send("hello").await?;
/// let TransportEvent::Packet(packet) = server.receive().await? else {
///     return Err("a message was sent".into());
/// };
/// assert_eq!(packet, Packet::Text("hello".into()));
///
/// drop(client);
/// assert!(matches!(server.receive().await?, TransportEvent::Closed(None)));
/// # Ok(())
/// # }
/// ```
pub fn duplex(capacity: usize) -> (MemoryTransport, MemoryTransport) {
    let pipes = [(); 2].map(|()| {
        Arc::new(Pipe {
            capacity: capacity.max(1),
            state: Mutex::new(State::default()),
        })
    });
    let [a, b] = pipes;
    let end = |incoming: &Arc<Pipe>, outgoing: &Arc<Pipe>| MemoryTransport {
        incoming: incoming.clone(),
        outgoing: outgoing.clone(),
        buffered: VecDeque::new(),
        written: 0,
        limit: usize::MAX,
    };
    (end(&a, &b), end(&b, &a))
}

impl MemoryTransport {
    /// Sets the largest message that this end accepts, in bytes. There is no limit by default.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the next event. Cancel-safe.
    ///
    /// # Errors
    /// If the message is larger than the limit.
    pub async fn receive(&mut self) -> Result<TransportEvent, TransportError> {
        <dyn Transport>::receive(self).await
    }

    /// Sends a text message, and waits until the queue has room for it.
    ///
    /// # Errors
    /// If either end is closed or the other end was dropped.
    pub async fn send(&mut self, text: &str) -> Result<(), TransportError> {
        <dyn Transport>::send(self, &EncodedMessage::new(text.as_bytes(), true)).await
    }

    fn close_pipe(&mut self, closing: Option<CloseFrame>) {
        let mut out = self.outgoing.lock();
        if !out.closed {
            out.closed = true;
            out.closing = closing;
        }
        out.wake();
        drop(out);
    }
}

/// One direction.
#[derive(Debug)]
struct Pipe {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Packet>,
    closing: Option<CloseFrame>,
    /// The writer closed its end.
    closed: bool,
    /// The reader was dropped.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self) {
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }
}

fn closed_error() -> TransportError {
    TransportError::Broken("the other end is closed".into())
}

impl Transport for MemoryTransport {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>> {
        let mut pipe = self.incoming.lock();
        if let Some(packet) = pipe.queue.pop_front() {
            if let Some(writer) = pipe.writer.take() {
                writer.wake();
            }
            return Poll::Ready(if packet.len() > self.limit {
                Err(TransportError::TooLarge { limit: self.limit })
            } else {
                Ok(TransportEvent::Packet(packet))
            });
        }
        if pipe.closed {
            return Poll::Ready(Ok(TransportEvent::Closed(pipe.closing.take())));
        }
        pipe.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn feed(&mut self, message: &[u8], is_text: bool) -> Result<(), TransportError> {
        let packet = Packet::encoded(message.to_vec(), is_text)
            .map_err(|error| TransportError::Broken(error.into()))?;
        self.buffered.push_back(packet);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let mut pipe = self.outgoing.lock();
        while let Some(packet) = self.buffered.pop_front() {
            if pipe.abandoned || pipe.closed {
                return Poll::Ready(Err(closed_error()));
            }
            if pipe.queue.len() >= self.outgoing.capacity {
                self.buffered.push_front(packet);
                pipe.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            pipe.queue.push_back(packet);
            self.written += 1;
            if let Some(reader) = pipe.reader.take() {
                reader.wake();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()> {
        let flushed = self.poll_flush(cx);
        if flushed.is_pending() {
            return Poll::Pending;
        }
        self.close_pipe(Some(closing.clone()));
        Poll::Ready(())
    }

    fn written(&self) -> u64 {
        self.written
    }

    fn is_hung_up(&self) -> bool {
        self.incoming.lock().closed
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        self.close_pipe(None);
        let mut pipe = self.incoming.lock();
        pipe.abandoned = true;
        pipe.queue.clear();
        pipe.wake();
    }
}
