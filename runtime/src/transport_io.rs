//! The I/O of a connection, shared by server and client: reads for the link, and writes the outbound queue in batches.

use crate::{
    encoded::EncodedMessage,
    outbound::Outbound,
    session::link::{Link, LinkAction},
    transport::{CloseFrame, Transport, TransportError, TransportEvent},
};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::{Instant, Sleep};

/// The timeout for closing a transport, and for writing the queue before that.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The time of a session's state machine: how long ago its clock was created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Duration {
        self.of(Instant::now())
    }

    pub(crate) fn of(self, now: Instant) -> Duration {
        now.duration_since(self.0)
    }

    pub(crate) fn at(self, time: Duration) -> Instant {
        self.0 + time
    }
}

/// A transport with its link and the batch that is being written. What is looked at whenever the task is woken comes first.
#[repr(C)]
pub(crate) struct TransportIo {
    pub(crate) transport: Box<dyn Transport>,
    /// How many bytes had arrived at the last read.
    arrived: u64,
    /// When the timer fires.
    deadline: Instant,
    /// What the timer wakes. Polling a timer costs more than looking at the clock.
    timed: Option<Waker>,
    flushing: bool,
    pub(crate) clock: Clock,
    pub(crate) link: Link,
    /// Fires when the link has something to do, or earlier.
    timer: Pin<Box<Sleep>>,
}

impl TransportIo {
    pub(crate) fn new(transport: Box<dyn Transport>, link: Link, clock: Clock) -> Self {
        let deadline = clock.at(link.timeout().unwrap_or_default());
        Self {
            transport,
            arrived: 0,
            deadline,
            timed: None,
            flushing: false,
            clock,
            link,
            timer: Box::pin(tokio::time::sleep_until(deadline)),
        }
    }

    /// Gives up the transport, and returns it. Until [`Self::attach`] there is none.
    #[cfg(feature = "server")]
    pub(crate) fn detach(&mut self) -> Box<dyn Transport> {
        self.flushing = false;
        std::mem::replace(&mut self.transport, Box::new(Detached))
    }

    /// Uses another transport.
    #[cfg(feature = "server")]
    pub(crate) fn attach(&mut self, transport: Box<dyn Transport>) {
        self.transport = transport;
        self.arrived = 0;
    }

    /// Whether a batch was handed to the transport and is not flushed yet.
    #[cfg(feature = "server")]
    pub(crate) fn is_flushing(&self) -> bool {
        self.flushing
    }

    /// Polls for an event, and returns how many bytes arrived. Part of a message counts as activity, too: its sender can send nothing
    /// else before the rest.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        now: Duration,
    ) -> (Poll<Result<TransportEvent, TransportError>>, u64) {
        let event = self.transport.poll_receive(cx);
        let arrived = self.transport.read();
        let bytes = arrived - std::mem::replace(&mut self.arrived, arrived);
        if event.is_ready() || bytes > 0 {
            self.link.hear(now);
        }
        (event, bytes)
    }

    /// Counts a message that arrived. Returns the number to acknowledge if it is time for that.
    pub(crate) fn count(&mut self, bytes: usize, now: Duration) -> Option<u64> {
        if !self.link.is_counting() {
            return None;
        }
        self.link.count(bytes, now);
        self.link.acknowledge(false, now)
    }

    fn reset(&mut self, due: Duration) {
        self.deadline = self.clock.at(due);
        self.timer.as_mut().reset(self.deadline);
    }

    /// Ready if the link has something to do. Activity does not reset the timer: what is due is computed again when the timer fires.
    pub(crate) fn poll_link(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<LinkAction> {
        loop {
            let Some(due) = self.link.timeout() else {
                return Poll::Pending;
            };
            if self.clock.at(due) < self.deadline {
                self.reset(due);
                self.timed = None;
            }
            let is_timed = |timed: &Waker| timed.will_wake(cx.waker());
            if now < self.deadline && self.timed.as_ref().is_some_and(is_timed) {
                return Poll::Pending;
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                self.timed = Some(cx.waker().clone());
                return Poll::Pending;
            }
            self.timed = None;
            let action = self.link.handle_timeout(self.clock.now());
            if let Some(due) = self.link.timeout() {
                self.reset(due);
            }
            if let Some(action) = action {
                return Poll::Ready(action);
            }
        }
    }

    /// Writes queued messages, and returns whether a batch was flushed. `written` is called with the marks of each batch before it is
    /// written, if it has any, and `flushed` after it was flushed; `skip` is that of [`Outbound::take`].
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &Outbound,
        skip: &dyn Fn(u64) -> Option<EncodedMessage>,
        written: impl Fn(Vec<u64>),
        flushed: impl Fn(),
    ) -> Result<bool, TransportError> {
        let mut wrote = false;
        loop {
            if !self.flushing {
                let (marks, any) =
                    outbound.take(skip, |bytes, is_text| self.transport.feed(bytes, is_text));
                if !marks.is_empty() {
                    written(marks);
                }
                if !any? {
                    return Ok(wrote);
                }
                self.flushing = true;
            }
            match self.transport.poll_flush(cx)? {
                Poll::Pending => return Ok(wrote),
                Poll::Ready(()) => {
                    self.flushing = false;
                    wrote = true;
                    flushed();
                }
            }
        }
    }

    /// Closes the transport, within [`CLOSE_TIMEOUT`].
    pub(crate) async fn close(&mut self, frame: &CloseFrame) {
        self.transport.close(frame, CLOSE_TIMEOUT).await;
    }
}

/// The transport of a session that has none.
#[cfg(feature = "server")]
struct Detached;

#[cfg(feature = "server")]
impl Transport for Detached {
    fn poll_receive(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>> {
        Poll::Ready(Ok(TransportEvent::Closed(None)))
    }

    fn feed(&mut self, _: &[u8], _: bool) -> Result<(), TransportError> {
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &CloseFrame) -> Poll<()> {
        Poll::Ready(())
    }
}

/// Writes the whole queue, for at most [`CLOSE_TIMEOUT`] or until writing fails. `write` calls [`TransportIo::poll_write`].
pub(crate) async fn write_all(
    outbound: &Outbound,
    mut write: impl FnMut(&mut Context<'_>) -> Result<bool, TransportError>,
) {
    let written = std::future::poll_fn(|cx| match write(cx) {
        Ok(_) if !outbound.is_idle() => Poll::Pending,
        _ => Poll::Ready(()),
    });
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, written).await;
}
