//! One connection of a client: reading, writing and the heartbeat.

use super::{backpressure::Backpressure, core::Core, receive::Heard};
use crate::{
    descriptor::CloseReason,
    session::link::{Link, LinkAction},
    system::ReceivedNotice,
    transport::{CloseFrame, Transport, TransportError, TransportEvent},
    transport_io::{Clock, TransportIo, write_all},
};
use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
};
use tokio::time::{Instant, Sleep};

/// How many iterations one poll runs before it yields.
const POLL_BUDGET: usize = 64;

/// One connection of a client.
pub(crate) struct Session {
    io: TransportIo,
    core: Arc<Core>,
    backpressure: Backpressure,
    /// The timer of the next rejoin.
    rejoining: Option<Pin<Box<Sleep>>>,
}

/// How a connection ends.
pub(crate) enum SessionEnd {
    /// The application closed the client.
    Closed(CloseFrame),
    /// The server closed, the transport failed, or the heartbeat timed out.
    Broken(Option<CloseFrame>),
}

impl Session {
    pub(crate) fn new(
        transport: Box<dyn Transport>,
        core: Arc<Core>,
        link: Link,
        clock: Clock,
    ) -> Self {
        Self {
            io: TransportIo::new(transport, link, clock),
            core,
            backpressure: Backpressure::default(),
            rejoining: None,
        }
    }

    pub(crate) async fn run(&mut self) -> SessionEnd {
        let end = std::future::poll_fn(|cx| self.poll(cx)).await;
        if let SessionEnd::Closed(closing) = &end {
            let core = self.core.clone();
            write_all(&core.outbound, |cx| self.poll_write(cx)).await;
            self.io.close(closing).await;
        }
        end
    }

    /// Returns what the next connection of the same session needs.
    pub(crate) fn into_link(self) -> Link {
        self.io.link
    }

    fn poll(&mut self, cx: &mut task::Context<'_>) -> Poll<SessionEnd> {
        self.core.outbound.running();
        for _ in 0..POLL_BUDGET {
            if let Some(close) = self.core.outbound.closing() {
                return Poll::Ready(SessionEnd::Closed(close.closing));
            }
            let read = match self.poll_read(cx) {
                Ok(read) => read,
                Err(closing) => return Poll::Ready(SessionEnd::Broken(closing)),
            };
            self.rejoin(cx);
            let wrote = match self.poll_write(cx) {
                Ok(wrote) => wrote,
                Err(error) => {
                    tracing::debug!(error = &error as &dyn Error, "the connection was lost");
                    return Poll::Ready(SessionEnd::Broken(None));
                }
            };
            if self.core.take_ping_request() {
                self.io.link.ping_now();
            }
            match self.io.poll_link(cx, Instant::now()) {
                Poll::Ready(LinkAction::Ping) => self.core.ping(),
                Poll::Ready(LinkAction::Acknowledge(received)) => self.core.acknowledge(received),
                Poll::Ready(LinkAction::Silent) => {
                    let code = self.core.descriptor.close_code(CloseReason::Silent);
                    let closing = CloseFrame::new(code, "the heartbeat timed out");
                    return Poll::Ready(SessionEnd::Broken(Some(self.break_off(cx, closing))));
                }
                Poll::Pending => {}
            }
            if !(read || wrote || self.core.outbound.rest(cx.waker(), None)) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Does the work that is due for rejoins.
    fn rejoin(&mut self, cx: &mut task::Context<'_>) {
        loop {
            let timer = self.rejoining.as_mut();
            let is_over = timer.is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
            if !(is_over | self.core.take_rejoin_due()) {
                return;
            }
            self.rejoining = None;
            let next = self.core.rejoin(Instant::now());
            self.rejoining = next.map(|at| Box::pin(tokio::time::sleep_until(at)));
        }
    }

    /// Sends a close frame without waiting for the reply.
    fn break_off(&mut self, cx: &mut task::Context<'_>, closing: CloseFrame) -> CloseFrame {
        let _ = self.io.transport.poll_close(cx, &closing);
        closing
    }

    fn poll_read(&mut self, cx: &mut task::Context<'_>) -> Result<bool, Option<CloseFrame>> {
        if self.backpressure.holds(&self.core, cx) {
            // The server is not silent: nobody listens.
            self.io.link.hear(self.io.clock.now());
            return Ok(false);
        }
        let (arrival, _) = self.io.poll_receive(cx, self.io.clock.now());
        let Poll::Ready(arrival) = arrival else {
            return Ok(false);
        };
        match arrival {
            Ok(TransportEvent::Packet(packet)) => {
                let heard = self.core.receive(&packet);
                self.heard(heard, packet.len());
            }
            Ok(TransportEvent::Alive) => {}
            Ok(TransportEvent::Closed(closing)) => return Err(closing),
            Err(error) => {
                tracing::debug!(error = &error as &dyn Error, "the connection was lost");
                let closing = match error {
                    TransportError::TooLarge { .. } => {
                        if let Some(suppressed) = self.core.log.allow() {
                            let limit = self.core.limits.message;
                            tracing::warn!(
                                limit,
                                suppressed,
                                "the server sent a message that exceeds `limits.message`: the connection is closed"
                            );
                        }
                        let code = self.core.descriptor.close_code(CloseReason::TooLarge);
                        CloseFrame::new(code, "a message was too large")
                    }
                    TransportError::Protocol { code, reason } => CloseFrame::new(code, reason),
                    TransportError::Broken(_) => return Err(None),
                };
                return Err(Some(self.break_off(cx, closing)));
            }
        }
        Ok(true)
    }

    /// Counts a message, or handles it if it is about counting.
    fn heard(&mut self, heard: Heard, bytes: usize) {
        let now = self.io.clock.now();
        let mut answer = None;
        let acknowledge = match heard {
            Heard::Message => self.io.count(bytes, self.io.clock.now()),
            Heard::Numbered(number) => {
                self.io.link.number(number, bytes, now);
                self.io.link.acknowledge(false, now)
            }
            Heard::Ping(pong) => {
                answer = pong;
                self.io.link.acknowledge(true, now)
            }
            Heard::Pong => None,
            Heard::Received(notice) => {
                if let Some(sent) = notice.sent {
                    self.io.link.skip(sent, now);
                }
                if let Some(received) = notice.received
                    && self.core.outbound.acknowledge(received).is_err()
                    && let Some(suppressed) = self.core.log.allow()
                {
                    tracing::warn!(
                        received,
                        suppressed,
                        "the server acknowledges messages that were never sent"
                    );
                }
                None
            }
        };
        if let Some(received) = acknowledge {
            self.core.acknowledge(received);
        }
        if let Some(pong) = answer {
            self.core.pong(pong);
        }
    }

    fn poll_write(&mut self, cx: &mut task::Context<'_>) -> Result<bool, TransportError> {
        let core = &self.core;
        self.io.poll_write(
            cx,
            &core.outbound,
            &|last| {
                core.received_notice(&ReceivedNotice {
                    received: None,
                    sent: Some(last),
                })
            },
            |marks| core.written(marks.into_iter()),
            || core.flushed(),
        )
    }
}
