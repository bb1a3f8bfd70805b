//! The I/O of a connection, shared by server and client: reads for the heartbeat, and writes the outbound queue in batches.

use crate::{
    descriptor::SessionDescriptor,
    heartbeat::{Heartbeat, HeartbeatAction},
    outbound::{Item, Outbound},
    transport::{CloseFrame, Transport, TransportError, TransportEvent},
};
use std::{
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;

/// The timeout for closing a transport, and for writing the queue before that.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A transport with its heartbeat and the batch that is being written.
pub(crate) struct TransportIo {
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) heartbeat: Option<Heartbeat>,
    /// How many bytes had arrived at the last read.
    arrived: u64,
    batch: Vec<Item>,
    flushing: bool,
}

impl TransportIo {
    pub(crate) fn new(transport: Box<dyn Transport>, session: &SessionDescriptor) -> Self {
        let heartbeat = session
            .heartbeat
            .filter(|_| session.roles.ping.is_some())
            .map(|interval| Heartbeat::new(interval, session.timeout));
        Self {
            transport,
            heartbeat,
            arrived: 0,
            batch: Vec::new(),
            flushing: false,
        }
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
    ) -> (Poll<Result<TransportEvent, TransportError>>, u64) {
        let event = self.transport.poll_receive(cx);
        let arrived = self.transport.read();
        let bytes = arrived - std::mem::replace(&mut self.arrived, arrived);
        if event.is_ready() || bytes > 0 {
            self.hear();
        }
        (event, bytes)
    }

    /// Records activity for the heartbeat.
    pub(crate) fn hear(&mut self) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.hear(Instant::now());
        }
    }

    /// Ready if the heartbeat has something to do.
    pub(crate) fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<HeartbeatAction> {
        match &mut self.heartbeat {
            Some(heartbeat) => heartbeat.poll(cx),
            None => Poll::Pending,
        }
    }

    /// Writes queued messages, and returns whether a batch was flushed. `written` is called with each batch before it is handed to the
    /// transport, and `flushed` after it was flushed.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        outbound: &Outbound,
        written: impl Fn(&[Item]),
        flushed: impl Fn(),
    ) -> Result<bool, TransportError> {
        let mut wrote = false;
        loop {
            if !self.flushing {
                outbound.take(&mut self.batch);
                if self.batch.is_empty() {
                    return Ok(wrote);
                }
                written(&self.batch);
                for item in self.batch.drain(..) {
                    self.transport.feed(item.packet)?;
                }
                // An idle connection does not keep the capacity of a large batch.
                self.batch.shrink_to(16);
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
