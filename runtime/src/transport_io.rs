//! A transport in use, at either end: what is read counts as a sign of life, and what is queued is written in batches.

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

/// How long closing may take, and writing what is queued before it.
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

    /// Whether a batch was handed to the transport and not flushed yet.
    #[cfg(feature = "server")]
    pub(crate) fn is_flushing(&self) -> bool {
        self.flushing
    }

    /// Reads, and returns how many bytes arrived. Part of a message is a sign of life, too: its sender can say nothing else before the rest.
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

    /// Notes a sign of life.
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

    /// Writes what is queued, and returns whether anything was. `written` is called with each batch before it is handed to the transport, and
    /// `flushed` after it was flushed.
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
                // A connection at rest keeps no room for a large batch.
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

/// Waits until everything that is queued was written, or writing failed, within [`CLOSE_TIMEOUT`]. `write` is what [`TransportIo::poll_write`]
/// returns.
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
