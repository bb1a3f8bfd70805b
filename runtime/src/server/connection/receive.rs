//! What a connection reads: from an arrival to the handler it begins, to the error it is answered with, or to the end it brings.

use super::{
    super::{
        Received,
        encoder::{MAX_ID, is_long},
        error_payload::ErrorPayload,
        handler_queue::Declined,
        system::{self, Urgent},
    },
    ARRIVAL, Connection, End, HANG_UP, Paused,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode, Violation,
    descriptor::{CloseReason, EnvelopeDescriptor},
    transport::{CloseFrame, Packet, TransportError, TransportEvent},
};
use handfast_schema::{Pointer, details};
use std::task::{self, Poll};
use tokio::time::Instant;

impl Connection {
    /// Reads one message. Nothing is read while too much waits, or once the connection is about to end.
    pub(super) fn poll_read(&mut self, cx: &mut task::Context<'_>) -> Result<bool, End> {
        if self.close.is_some() {
            return Ok(false);
        }
        if self.inbound.is_full() {
            return self.poll_paused(cx).map(|()| false);
        }
        if let Some(paused) = self.paused.take()
            && let Some(rate) = &mut self.rate
        {
            // What was not read meanwhile comes all at once.
            rate.credit(paused.since.elapsed());
        }
        let (arrival, bytes) = self.io.poll_receive(cx);
        let now = Instant::now();
        self.spent = self.spent.saturating_add(bytes as usize);
        let Poll::Ready(arrival) = arrival else {
            return Ok(false);
        };
        self.spent += ARRIVAL;
        match arrival {
            Ok(TransportEvent::Alive) => self.control(now)?,
            Ok(TransportEvent::Packet(packet)) if packet.len() > self.server.limits.message => {
                return Err(self.too_large());
            }
            Ok(TransportEvent::Packet(packet)) => self.arrived(packet, now)?,
            Ok(TransportEvent::Closed(closing)) => {
                tracing::debug!(
                    connection = self.connection.id,
                    ?closing,
                    "the client closed"
                );
                return Err(End::Lost);
            }
            Err(TransportError::TooLarge { .. }) => return Err(self.too_large()),
            Err(TransportError::Protocol { code, reason }) => {
                tracing::info!(
                    connection = self.connection.id,
                    code,
                    reason,
                    "the client broke the rules of WebSocket"
                );
                return Err(End::Close(CloseFrame::new(code, reason)));
            }
            Err(error) => {
                tracing::debug!(
                    connection = self.connection.id,
                    error = &error as &dyn std::error::Error,
                    "lost"
                );
                return Err(End::Lost);
            }
        }
        Ok(true)
    }

    /// Nothing is read for now. That the client is not heard is no error of its own; whether it is there is asked of the
    /// transport.
    fn poll_paused(&mut self, cx: &mut task::Context<'_>) -> Result<(), End> {
        self.io.hear();
        if !std::mem::replace(&mut self.logged.inbound, true) {
            tracing::info!(
                connection = self.connection.id,
                "`limits.inbound` is reached: nothing more is read until there is room"
            );
        }
        let session = &self.server.protocol.session;
        let paused = self.paused.get_or_insert_with(|| Paused {
            sleep: Box::pin(tokio::time::sleep(HANG_UP)),
            since: Instant::now(),
            probed: Instant::now(),
        });
        while paused.sleep.as_mut().poll(cx).is_ready() {
            if self.io.transport.is_hung_up() {
                tracing::debug!(connection = self.connection.id, "the client hung up");
                return Err(End::Lost);
            }
            let now = Instant::now();
            paused.sleep.as_mut().reset(now + HANG_UP);
            // The end of a stream does not arrive where what was sent before it finds no room. But a system whose program is gone
            // answers whatever it is sent with a reset.
            if let (Some(ping), Some(heartbeat)) = (session.roles.ping, session.heartbeat)
                && now >= paused.probed + heartbeat
                && self.connection.outbound.is_idle()
            {
                paused.probed = now;
                self.connection
                    .answer(&self.connection.encoder.outgoing(Some(ping)));
            }
        }
        Ok(())
    }

    /// Counts what carries no message.
    fn control(&mut self, now: Instant) -> Result<(), End> {
        if self.control.take(now) {
            return Ok(());
        }
        tracing::info!(connection = self.connection.id, "too many pings");
        Err(self.end(CloseReason::RateLimited, "too many pings"))
    }

    /// A message came: it is handled at once where nothing has to be waited for, and otherwise when it is its turn; but what need not
    /// wait is acted on.
    fn arrived(&mut self, packet: Packet, now: Instant) -> Result<(), End> {
        if self.inbound.is_empty() && self.may_handle() {
            if let Some(Urgent::Ping | Urgent::Pong) = self.receive(&packet, None) {
                self.control(now)?;
            }
            return Ok(());
        }
        match system::urgent(&*self.service, &self.context(), &packet) {
            Some(Urgent::Ping) => {
                self.control(now)?;
                self.owes_pong = true;
            }
            Some(Urgent::Pong) => self.control(now)?,
            urgent => {
                let in_time = self.is_in_time(now);
                match urgent {
                    // What it cancels may wait, too: then it keeps its place behind that.
                    Some(Urgent::Cancel(id)) if in_time && self.handlers.has_stream(&id) => {
                        self.handlers.cancel(&id);
                    }
                    _ => self.inbound.push(packet, in_time),
                }
            }
        }
        Ok(())
    }

    fn too_large(&self) -> End {
        let limit = self.server.limits.message;
        let words = format!("a message may have {limit} bytes");
        self.fail(
            false,
            None,
            &ErrorPayload::new(SessionCode::TooLarge, words.clone()),
        );
        End::Close(CloseFrame::new(
            self.server.protocol.close_code(CloseReason::TooLarge),
            words,
        ))
    }

    /// Whether a message is within the rate of its connection, and within that of its address.
    fn is_in_time(&mut self, now: Instant) -> bool {
        let own = self.rate.as_mut().is_none_or(|rate| rate.take(now));
        own && self.connection.allowance.take(now)
    }

    /// The same for a message that may have been judged when it came.
    fn judged(&mut self, in_time: Option<bool>) -> bool {
        in_time.unwrap_or_else(|| self.is_in_time(Instant::now()))
    }

    /// Reads a message, and begins what it asks for. What it was, where it counts as a sign of life alone.
    pub(super) fn receive(&mut self, packet: &Packet, in_time: Option<bool>) -> Option<Urgent> {
        let source = self.connection.codec().source(packet.frame());
        let received = source
            .map_err(|message| {
                Box::new(DecodeError::new(DecodeErrorKind::Syntax {
                    offset: 0,
                    message,
                }))
            })
            .and_then(|source| self.service.receive(source, self.context()));
        let received = match received {
            Ok(received) => received,
            Err(rejected) => {
                match system::read(&self.service, &self.context(), packet, &rejected) {
                    Some(system::Request::Urgent(urgent)) => {
                        self.bad = 0;
                        if matches!(urgent, Urgent::Ping) {
                            self.say(self.server.protocol.session.roles.pong);
                        }
                        return Some(urgent);
                    }
                    Some(system::Request::Run(received)) => received,
                    None => {
                        self.bad(&rejected, in_time);
                        return None;
                    }
                }
            }
        };
        if received.id.as_ref().is_some_and(is_long) {
            self.bad(&long_id(&self.server.protocol.client.envelope), in_time);
            return None;
        }
        self.bad = 0;
        if !self.judged(in_time) {
            self.too_fast(received.asks, received.id.as_ref());
            return None;
        }
        self.fast = 0;
        self.begin(received);
        None
    }

    fn begin(&mut self, received: Received) {
        if let Err((id, declined)) = self.handlers.begin(received) {
            let error = match declined {
                Declined::IdInUse => {
                    ErrorPayload::new(SessionCode::IdReused, "a stream with this id is open")
                }
                Declined::TooMany => {
                    if !std::mem::replace(&mut self.logged.streams, true) {
                        tracing::info!(
                            connection = self.connection.id,
                            "`limits.streams` is reached"
                        );
                    }
                    ErrorPayload::new(SessionCode::TooMany, "too many streams are open")
                }
            };
            self.connection.fail(id.as_ref(), &error);
        }
    }

    fn bad(&mut self, rejected: &DecodeError, in_time: Option<bool>) {
        let asks = system::asks(self.server.protocol, rejected.tag.as_ref());
        if !self.judged(in_time) {
            return self.too_fast(asks, rejected.id.as_ref());
        }
        self.fail(asks, rejected.id.as_ref(), &ErrorPayload::of(rejected));
        self.bad += 1;
        if self.bad >= self.server.limits.violations.max(1) {
            tracing::info!(connection = self.connection.id, "too many bad messages");
            self.connection
                .close(CloseReason::Violations, "too many bad messages", false);
            self.close = self.connection.outbound.closing();
        }
    }

    fn too_fast(&mut self, asks: bool, id: Option<&Id>) {
        if !std::mem::replace(&mut self.logged.rate, true) {
            tracing::info!(connection = self.connection.id, "`limits.rate` is reached");
        }
        let error = ErrorPayload::new(
            SessionCode::RateLimited,
            "too many messages in too short a time",
        )
        .retryable();
        self.fail(asks, id, &error);
        self.fast += 1;
        if self.fast >= self.server.limits.violations.max(1) {
            self.connection
                .close(CloseReason::RateLimited, "too many messages", false);
            self.close = self.connection.outbound.closing();
        }
    }
}

/// The error of a message whose id is longer than [`MAX_ID`]. It is answered without the id.
fn long_id(envelope: &EnvelopeDescriptor) -> DecodeError {
    let name = envelope.id.map_or("id", |field| field.name);
    let mut path = Pointer::root();
    path.prepend_key(name);
    let violation = Violation::new(path, details::max_length(MAX_ID as u64));
    DecodeError::new(DecodeErrorKind::Envelope(vec![violation]))
}
