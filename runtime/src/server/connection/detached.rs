//! A session without a connection: it waits to be resumed.

use super::{
    super::{attach::Attach, encoder::SessionMessage, expiry::announced, state::Admission},
    Connection, End, Stall,
};
use crate::{
    descriptor::CloseReason,
    handshake::Early,
    metrics,
    system::{Ready, Role},
    transport::{CloseFrame, Transport},
    transport_io::CLOSE_TIMEOUT,
};
use std::{
    sync::Arc,
    task::{self, Poll},
};
use tokio::time::Instant;

impl Connection {
    /// Decides whether the session survives the end of its connection, and waits until it is resumed. Returns how the session ends, or the
    /// connection that resumes it.
    pub(super) async fn survive(&mut self, end: End) -> End {
        let silent = "idle timeout: no message or pong arrived in time";
        let closing = match &end {
            End::Lost => Some(CloseFrame::new(1000, "")),
            End::Stalled => None,
            End::Silent => Some(self.close_frame(CloseReason::Silent, silent)),
            End::Closed(_) | End::Attach(_) | End::Close(_) => return end,
        };
        let resume = self.server.protocol.session.resume;
        let (Some(resume), true) = (resume, self.is_resumable()) else {
            return match (end, closing) {
                (End::Silent, Some(closing)) => {
                    // The peer no longer reads the queue.
                    self.connection.outbound.end();
                    End::Close(closing)
                }
                (End::Lost, _) => End::Closed(None),
                (end, _) => end,
            };
        };
        self.detach(closing);
        tracing::debug!(
            connection = self.connection.id,
            "the session waits to be resumed"
        );
        let expired = tokio::time::sleep(resume);
        let mut expired = std::pin::pin!(expired);
        std::future::poll_fn(|cx| {
            if expired.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Lost);
            }
            self.poll_detached(cx)
        })
        .await
    }

    fn is_resumable(&self) -> bool {
        let outbound = &self.connection.outbound;
        outbound.is_keeping() && outbound.closing().is_none() && !self.server.is_shutting_down()
    }

    /// Gives the connection up.
    fn detach(&mut self, closing: Option<CloseFrame>) {
        let transport = self.io.detach();
        // A lost connection is given up with 1000, which its client does not get.
        let code = closing.as_ref().map(|closing| closing.code);
        let code = code.filter(|code| *code != 1000);
        let admission = self.admission.take();
        // Nothing is received, and its address has one connection less.
        self.allowance = Arc::default();
        if let Some(closing) = closing {
            close(transport, closing, admission);
        }
        metrics::closed(self.server.protocol, code);
        self.connection.outbound.detach();
        let address = self
            .context
            .caller
            .peer
            .info
            .address
            .map(|address| address.ip());
        let address = address.filter(|address| !self.server.is_exempt(*address));
        let inbound = self.inbound.bytes();
        self.server
            .sessions
            .detach(&self.connection, address, inbound);
        self.server.hub.set_away(&self.connection);
        self.hook("detached", |service| {
            service.detached(&self.context.caller.peer.session)
        });
    }

    /// Runs the handlers until there is another connection.
    fn poll_detached(&mut self, cx: &mut task::Context<'_>) -> Poll<End> {
        self.connection.outbound.running();
        loop {
            self.poll_expiry_detached(cx);
            // Only a server that shuts down finishes what is being handled. Nobody can resume the session meanwhile.
            let is_closing = self.connection.outbound.closing().is_some();
            if is_closing && (!self.server.is_shutting_down() || self.closing(cx).is_some()) {
                return Poll::Ready(End::Lost);
            }
            if let Some(attach) = self.connection.take_attach() {
                return Poll::Ready(End::Attach(attach));
            }
            let handled = self.poll_handlers(cx);
            // Its handlers and streams go on, and fill its queue.
            self.connection.grown(Some(self.inbound.bytes()));
            let seen = self.close.as_ref().map(|close| close.graceful);
            let is_closed = self.connection.outbound.rest_detached(cx.waker()) != seen;
            if !(handled || is_closed || self.connection.has_attach()) {
                return Poll::Pending;
            }
        }
    }

    /// Resumes the session on another connection. An earlier one is closed.
    pub(super) fn attach(&mut self, attach: Attach) {
        if let Some(admission) = self.admission.take() {
            let frame = self.close_frame(
                CloseReason::TakenOver,
                "another connection resumed the session",
            );
            metrics::closed(self.server.protocol, Some(frame.code));
            let transport = self.io.detach();
            close(transport, frame, Some(admission));
            self.connection.outbound.detach();
        }
        let Attach {
            transport,
            received,
            token,
            next_token,
            peer,
            admission,
            allowance,
            control,
            early,
            back: _,
        } = attach;
        let protocol = self.server.protocol;
        let session = self
            .service
            .refreshed(&self.context.caller.peer.session, peer.session);
        self.set_peer(Arc::new(super::Peer { session, ..peer }));
        let expires = self.service.expires(&self.context.caller.peer.session);
        let numbered = protocol.session.numbered;
        let ready = Ready {
            version: Some(protocol.version.to_owned()),
            hash: protocol.announced_hash(),
            session: next_token,
            resumed: true,
            received: Some(self.io.link.acknowledged()),
            expires: expires.map(announced),
        };
        let connection = &self.connection;
        let message = SessionMessage::new(Role::Ready, &ready);
        // If messages have numbers, ready came before the client asked to resume.
        let packet = match numbered {
            false => connection.encoder.session(connection.encoding, &message),
            true => None,
        };
        self.server.sessions.attached(connection);
        self.server.hub.set_away(connection);
        self.server
            .sessions
            .set_token(connection, Some(&token), &ready.session);
        // A client that asks after ready may not know that it was heard, and uses the same token again.
        self.unconfirmed = !numbered;
        connection.set_peer(self.context.caller.peer.clone());
        (self.admission, self.allowance, self.control) = (Some(admission), allowance, control);
        (self.paused, self.pong_pending) = (None, None);
        let timing = &protocol.session;
        self.stall = Stall::new(timing.heartbeat.unwrap_or_default() + timing.timeout);
        let (link, clock) = (&mut self.io.link, self.io.clock);
        link.attach(
            &timing.of_side(true),
            !numbered,
            true,
            self.server.limits.outbound,
            clock.now(),
        );
        self.io.attach(transport);
        if connection.outbound.resume(received, packet).is_ok() {
            self.hook("resumed", |service| service.resumed(self.context.clone()));
            self.keep_early(early);
        } else {
            // The session was asked when it took the connection.
            connection.close(
                CloseReason::Internal,
                "the session cannot be resumed",
                false,
            );
        }
    }

    /// Keeps what the client sent before ready: it is handled after what waits already, and before what the client sends now.
    fn keep_early(&mut self, early: Early<bool>) {
        let now = Instant::now();
        for (packet, within_rate) in early.into_messages() {
            if self.inbound.is_full() {
                self.connection.close(CloseReason::RateLimited, "", false);
                return;
            }
            let within_session = self.rate.as_mut().is_none_or(|rate| rate.take(now));
            self.inbound.push(packet, within_rate && within_session);
        }
    }
}

/// Closes a transport that is no longer used. Until that is done, it counts as a connection: otherwise a client could have more than it may.
fn close(mut transport: Box<dyn Transport>, frame: CloseFrame, admission: Option<Admission>) {
    tokio::spawn(async move {
        transport.close(&frame, CLOSE_TIMEOUT).await;
        drop(admission);
    });
}
