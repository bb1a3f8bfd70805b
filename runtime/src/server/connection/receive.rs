//! Receiving: from a packet to its handler, an error reply or the end of the connection.

use super::{
    super::{
        Action, Received,
        encoder::SessionMessage,
        sessions::Doubt,
        system::{self, Urgent},
    },
    ARRIVAL, Connection, End, HANG_UP, ReadPause,
    rejecting::long_id,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode,
    descriptor::CloseReason,
    outbound::Repetition,
    replies::ErrorPayload,
    session::counting::NeverSent,
    system::{ReceivedNotice, ResumeAfter, Role},
    transport::{CloseFrame, Packet, TransportError, TransportEvent},
};
use std::task::{self, Poll};
use tokio::time::Instant;

impl Connection {
    /// Reads one message, unless the inbound queue is full or the connection is closing.
    pub(super) fn poll_read(&mut self, cx: &mut task::Context<'_>) -> Result<bool, End> {
        if let Some(close) = &self.close
            && !(close.graceful && self.connection.awaits_answers())
        {
            return Ok(false);
        }
        if self.inbound.is_full() {
            return self.poll_paused(cx).map(|()| false);
        }
        if let Some(paused) = self.paused.take()
            && let Some(rate) = &mut self.rate
        {
            // The messages sent during the pause arrive all at once.
            rate.credit(paused.since.elapsed());
        }
        let now = self.now;
        let (arrival, bytes) = self.io.poll_receive(cx, self.time);
        self.budget_used = self.budget_used.saturating_add(bytes as usize);
        let Poll::Ready(arrival) = arrival else {
            return Ok(false);
        };
        self.budget_used += ARRIVAL;
        match arrival {
            Ok(TransportEvent::Alive) => {
                if self.server.protocol.session.numbered && std::mem::take(&mut self.unconfirmed) {
                    self.heard(None);
                }
                self.control(now)?;
            }
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
                return Err(self.closed_by_client(closing.as_ref()));
            }
            Err(TransportError::TooLarge { .. }) => return Err(self.too_large()),
            Err(TransportError::Protocol { code, reason }) => {
                tracing::info!(
                    connection = self.connection.id,
                    code,
                    reason,
                    "the client violated the WebSocket protocol"
                );
                return Err(End::Close(CloseFrame::new(code, reason)));
            }
            Err(error) => {
                tracing::debug!(
                    connection = self.connection.id,
                    error = &error as &dyn std::error::Error,
                    "the connection is lost"
                );
                return Err(End::Lost);
            }
        }
        Ok(true)
    }

    /// Reading is paused, so the idle timeout does not apply; the transport is asked whether the peer has hung up.
    fn poll_paused(&mut self, cx: &mut task::Context<'_>) -> Result<(), End> {
        self.io.link.hear(self.time);
        if !std::mem::replace(&mut self.logged.inbound, true) {
            tracing::info!(
                connection = self.connection.id,
                "`limits.inbound` is reached: reading is paused until there is room"
            );
        }
        let session = &self.server.protocol.session;
        let paused = self.paused.get_or_insert_with(|| {
            Box::new(ReadPause {
                sleep: Box::pin(tokio::time::sleep(HANG_UP)),
                since: Instant::now(),
                probed: Instant::now(),
            })
        });
        while paused.sleep.as_mut().poll(cx).is_ready() {
            if self.io.transport.is_hung_up() {
                tracing::debug!(connection = self.connection.id, "the client hung up");
                return Err(End::Lost);
            }
            let now = Instant::now();
            paused.sleep.as_mut().reset(now + HANG_UP);
            // The end of a TCP stream is not seen while earlier data is unread. But the system of a peer whose program is gone answers
            // whatever it receives with a reset.
            if let Some(heartbeat) = session.of_side(true).heartbeat
                && now >= paused.probed + heartbeat
                && self.connection.outbound.is_idle()
            {
                paused.probed = now;
                self.connection.control(&SessionMessage::bare(Role::Ping));
            }
        }
        Ok(())
    }

    /// Counts a control frame or session ping.
    fn control(&mut self, now: Instant) -> Result<(), End> {
        if self.control.take(now) {
            return Ok(());
        }
        tracing::info!(connection = self.connection.id, "too many pings");
        Err(self.end(CloseReason::RateLimited, "too many pings"))
    }

    /// Handles a message at once if nothing has to finish first, and queues it otherwise. Pings, pongs and cancels skip the queue.
    fn arrived(&mut self, packet: Packet, now: Instant) -> Result<(), End> {
        let length = packet.len();
        if std::mem::take(&mut self.unconfirmed) {
            self.heard(Some(&packet));
        }
        if self.io.link.is_counting()
            && let Packet::Text(text) = &packet
            && let Some(notice) = ReceivedNotice::quick(text, self.server.protocol)
        {
            return self.received(Some(&notice), now);
        }
        if self.inbound.is_empty() && self.may_handle() && self.close.is_none() {
            match self.receive(&packet, None) {
                Some(Urgent::Ping(_) | Urgent::Pong) => self.control(now)?,
                Some(Urgent::Received(notice)) => self.received(notice.as_ref(), now)?,
                Some(Urgent::Cancel(_) | Urgent::Answer | Urgent::Auth) | None => {
                    self.count(length);
                }
            }
            return Ok(());
        }
        match system::urgent(&*self.service, &self.context, &packet) {
            Some(Urgent::Ping(ping)) => {
                self.control(now)?;
                self.pong_pending = Some(Box::new(ping));
            }
            Some(Urgent::Pong) => self.control(now)?,
            Some(Urgent::Received(notice)) => self.received(notice.as_ref(), now)?,
            urgent => {
                // A server that shuts down reads for the answers that its handlers wait for, and handles nothing new. The client is to know what
                // was dropped, so nothing is counted from there on.
                let is_dropped = self.close.is_some()
                    && match &urgent {
                        Some(Urgent::Answer) => false,
                        Some(Urgent::Cancel(id)) => !self.handlers.has_stream(id),
                        _ => true,
                    };
                self.has_dropped |= is_dropped;
                if !self.has_dropped {
                    self.count(length);
                }
                let within_rate = self.within_rate(now);
                match urgent {
                    Some(Urgent::Answer) => {
                        self.receive(&packet, Some(within_rate));
                    }
                    // If the request that it cancels is still queued, the cancel must stay behind it.
                    Some(Urgent::Cancel(id)) if within_rate && self.handlers.has_stream(&id) => {
                        self.handlers.cancel(&id);
                    }
                    _ if is_dropped => {}
                    _ => self.inbound.push(packet, within_rate),
                }
            }
        }
        Ok(())
    }

    /// The client was heard for the first time on this connection. To resume the session before would be the first that it says, so it counts in this one,
    /// unless it says that; it may then be lost before that is handled.
    #[cold]
    fn heard(&self, packet: Option<&Packet>) {
        let server = &self.server;
        let resumes = packet.filter(|_| server.protocol.session.numbered);
        let resumes = resumes.and_then(|packet| {
            let source = self.connection.codec().source(packet.frame()).ok()?;
            match system::find(&source, server.protocol)? {
                (head, Some(Role::Resume)) => Some(ResumeAfter::read(&head).ok()),
                _ => None,
            }
        });
        let (sessions, id) = (&server.sessions, self.connection.id);
        match resumes {
            Some(Some(after)) => sessions.doubt(id, Doubt::Refused(after.seq)),
            Some(None) => {}
            None => sessions.confirm(id),
        }
    }

    /// Counts a message, and acknowledges if it is time for that.
    fn count(&mut self, bytes: usize) {
        if let Some(received) = self.io.count(bytes, self.time) {
            self.connection.acknowledge(received);
        }
    }

    /// Handles an acknowledgement, if it can be read. One that says nothing new counts as a control message.
    fn received(&mut self, notice: Option<&ReceivedNotice>, now: Instant) -> Result<(), End> {
        let numbered = self.server.protocol.session.numbered;
        if !(self.io.link.is_counting() || numbered) {
            let error = ErrorPayload::new(SessionCode::UnknownType, "messages are not counted");
            self.reject(false, None, &error);
            return Ok(());
        }
        let Some(notice) = notice else {
            let text = "the acknowledgement does not fit";
            let error = ErrorPayload::new(SessionCode::Invalid, text);
            self.reject(false, None, &error);
            return Ok(());
        };
        if let Some(sent) = notice.sent.filter(|_| !numbered) {
            self.io.link.skip(sent, self.io.clock.now());
        }
        let outbound = &self.connection.outbound;
        match notice
            .received
            .map(|received| outbound.acknowledge(received))
        {
            Some(Ok(true)) => self.invalid = 0,
            Some(Ok(false)) | None => self.control(now)?,
            Some(Err(NeverSent)) => {
                let text = "it acknowledges messages that were never sent";
                let error = ErrorPayload::new(SessionCode::Invalid, text);
                self.reject(false, None, &error);
            }
        }
        Ok(())
    }

    /// Whether a message is within the rate limits of its connection and its sender.
    fn within_rate(&mut self, now: Instant) -> bool {
        let own = self.rate.as_mut().is_none_or(|rate| rate.take(now));
        own && self.allowance.take(now)
    }

    /// As [`Self::within_rate`], for a message that may have been checked when it arrived.
    pub(super) fn check_rate(&mut self, within_rate: Option<bool>) -> bool {
        within_rate.unwrap_or_else(|| self.within_rate(self.now))
    }

    /// Decodes a message and starts its handler. Returns what it was if it was a ping or pong.
    pub(super) fn receive(&mut self, packet: &Packet, within_rate: Option<bool>) -> Option<Urgent> {
        let source = self.connection.codec().source(packet.frame());
        let received = source
            .map_err(|message| {
                Box::new(DecodeError::new(DecodeErrorKind::Syntax {
                    offset: 0,
                    message,
                }))
            })
            .and_then(|source| self.service.receive(source, self.context.clone()));
        let received = match received {
            Ok(received) => received,
            Err(error) => match self.of_session(error, packet, within_rate) {
                Ok(received) => received,
                Err(urgent) => return urgent,
            },
        };
        let Received {
            request, action, ..
        } = &received;
        if let Action::Answer(_) = action {
            self.begin_answer(received, packet.len(), within_rate);
            return None;
        }
        if request.id.as_ref().is_some_and(Id::is_long) {
            self.reject_invalid(&long_id(&self.server.protocol.client.envelope), within_rate);
            return None;
        }
        self.invalid = 0;
        if !self.check_rate(within_rate) {
            let name = Some(request.message);
            self.reject_rate_limited(name, request.expects_reply, request.id.as_ref());
            return None;
        }
        self.rate_limited = 0;
        self.begin(received, packet);
        None
    }

    /// Handles what is no message of the application. Returns it if it has a handler, and otherwise what it was if it was a ping or pong.
    #[cold]
    fn of_session(
        &mut self,
        error: Box<DecodeError>,
        packet: &Packet,
        within_rate: Option<bool>,
    ) -> Result<Received, Option<Urgent>> {
        match system::read(&self.service, &self.context, packet, &error) {
            Some(system::Request::Urgent(urgent)) => {
                if !matches!(urgent, Urgent::Received(_)) {
                    self.invalid = 0;
                }
                if let Urgent::Ping(ping) = &urgent {
                    self.pong(ping);
                }
                return Err(Some(urgent));
            }
            Some(system::Request::Run(received)) => return Ok(received),
            Some(system::Request::Hello) => self.repeated_hello(&error, within_rate),
            Some(system::Request::Resume(after)) => self.resume_late(after, within_rate),
            Some(system::Request::Failed(id, error)) => {
                self.call_failed(id.as_ref(), error, within_rate);
            }
            Some(system::Request::NoKey(id)) => self.reject_key(id.as_ref(), within_rate),
            None if system::is_answer(&self.context, &error) => {
                self.invalid_answer(error, within_rate);
            }
            None => self.reject_invalid(&error, within_rate),
        }
        Err(None)
    }

    #[cold]
    fn begin_answer(&mut self, received: Received, bytes: usize, within_rate: Option<bool>) {
        if let Action::Answer(answer) = received.action {
            self.answered(received.request.id.as_ref(), *answer, bytes, within_rate);
        }
    }

    fn begin(&mut self, received: Received, packet: &Packet) {
        let by_order = self.server.protocol.server.envelope.by_order;
        let request = &received.request;
        if let Some(id) = &request.id
            && request.expects_reply
            && !by_order
        {
            let repetition = self.connection.outbound.begin_request(id, packet.bytes());
            if repetition != Repetition::First {
                return self.repeated(request, repetition);
            }
        }
        if let Err(request) = self.handlers.begin(received) {
            self.declined(&request);
        }
    }
}
