//! Receiving: from a packet to its handler, an error reply or the end of the connection.

use super::{
    super::{
        Action, Received, Rejection,
        context::Request,
        encoder::SessionMessage,
        sessions::Doubt,
        system::{self, Urgent},
    },
    ARRIVAL, Connection, End, HANG_UP, ReadPause,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode, Side, TagBuf, Violation,
    descriptor::{CloseReason, EnvelopeDescriptor},
    envelope::MAX_ID,
    metrics,
    outbound::Repetition,
    replies::ErrorPayload,
    session::counting::NeverSent,
    system::{ReceivedNotice, ResumeAfter, Role},
    transport::{CloseFrame, Packet, TransportError, TransportEvent},
};
use handfast_schema::{Pointer, details};
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

    /// Answers a request whose id another has, or had.
    #[cold]
    fn repeated(&mut self, request: &Request, repetition: Repetition) {
        match repetition {
            Repetition::First => {}
            Repetition::Running | Repetition::Reused
                if self.close_for(CloseReason::IdReused, "another request has this id") => {}
            Repetition::Running => {}
            Repetition::Answered(packet) => {
                self.connection.outbound.answer(packet);
            }
            Repetition::Reused => {
                metrics::refused(Some(request.message), SessionCode::IdReused.as_str());
                let text = "another request has this id";
                let error = ErrorPayload::new(SessionCode::IdReused, text);
                self.report(true, request.id.as_ref(), &error);
            }
        }
    }

    /// Answers a request that is not handled because too many run beside others.
    #[cold]
    fn declined(&mut self, request: &Request) {
        metrics::refused(Some(request.message), SessionCode::TooMany.as_str());
        if !std::mem::replace(&mut self.logged.streams, true) {
            tracing::info!(
                connection = self.connection.id,
                "`limits.streams` is reached"
            );
        }
        let text = "too many streams and concurrent messages are being handled";
        let error = ErrorPayload::new(SessionCode::TooMany, text);
        self.fail(request.expects_reply, request.id.as_ref(), &error);
    }

    fn repeated_hello(&mut self, error: &DecodeError, within_rate: Option<bool>) {
        let text = "a second hello";
        if !self.close_for(CloseReason::RepeatedHello, text) {
            let answer = ErrorPayload::new(error.kind.session_code(), text);
            self.reject_as(error, &answer, within_rate);
        }
    }

    fn reject_invalid(&mut self, error: &DecodeError, within_rate: Option<bool>) {
        self.reject_as(error, &ErrorPayload::of(error), within_rate);
    }

    /// Answers what could not be decoded.
    fn reject_as(
        &mut self,
        error: &DecodeError,
        answer: &ErrorPayload<'_>,
        within_rate: Option<bool>,
    ) {
        let expects_reply = system::expects_reply(self.server.protocol, error.tag.as_ref());
        let name = self.name_of(error.tag.as_ref());
        if !self.check_rate(within_rate) {
            return self.reject_rate_limited(name, expects_reply, error.id.as_ref());
        }
        metrics::refused(name, error.kind.session_code().as_str());
        self.reject(expects_reply, error.id.as_ref(), answer);
    }

    /// Answers a join or a leave whose key cannot be read.
    fn reject_key(&mut self, id: Option<&Id>, within_rate: Option<bool>) {
        if !self.check_rate(within_rate) {
            return self.reject_rate_limited(None, true, id);
        }
        metrics::refused(None, SessionCode::Invalid.as_str());
        let content = Role::Join.content(self.server.protocol, Side::Client);
        self.reject(true, id, &Rejection::not_joinable(content).payload(&None));
    }

    /// The name of the message with a discriminant, if the protocol has it.
    pub(super) fn name_of(&self, tag: Option<&TagBuf>) -> Option<&'static str> {
        let client = self.server.protocol.client;
        let index = (client.lookup)(tag?.borrow())?;
        client.messages.get(index).map(|message| message.name)
    }

    /// Answers a bad message, and closes after too many in a row.
    pub(super) fn reject(
        &mut self,
        expects_reply: bool,
        id: Option<&Id>,
        error: &ErrorPayload<'_>,
    ) {
        if self.close_for(CloseReason::Invalid, "an invalid message") {
            return;
        }
        self.report(expects_reply, id, error);
        self.violated();
    }

    /// Answers a client that asks to resume though its session has begun: nothing is sent again.
    fn resume_late(&mut self, after: Option<u64>, within_rate: Option<bool>) {
        if !self.check_rate(within_rate) {
            return self.reject_rate_limited(None, false, None);
        }
        let connection = &self.connection;
        let (encoder, encoding) = (&connection.encoder, connection.encoding);
        if let Some(packet) = encoder.not_resumed(encoding, after, None) {
            connection.outbound.control(packet, 0);
        }
        if let Some(after) = after
            && !self.server.protocol.session.names_session()
        {
            self.server
                .sessions
                .doubt(connection.id, Doubt::Refused(after));
        }
        self.violated();
    }

    /// Closes after too many bad messages in a row.
    fn violated(&mut self) {
        self.invalid += 1;
        if self.invalid >= self.server.limits.violations.max(1) {
            tracing::info!(connection = self.connection.id, "too many invalid messages");
            self.connection
                .close(CloseReason::Violations, "too many bad messages", false);
            self.close = self.connection.outbound.closing();
        }
    }

    /// Closes the connection if the protocol has a code for this reason. Returns whether it has.
    fn close_for(&mut self, condition: CloseReason, reason: &'static str) -> bool {
        if self.server.protocol.closes_for(condition).is_none() {
            return false;
        }
        self.connection.close(condition, reason, false);
        self.close = self.connection.outbound.closing();
        true
    }

    pub(super) fn reject_rate_limited(
        &mut self,
        name: Option<&'static str>,
        expects_reply: bool,
        id: Option<&Id>,
    ) {
        metrics::refused(name, SessionCode::RateLimited.as_str());
        if !std::mem::replace(&mut self.logged.rate, true) {
            tracing::info!(connection = self.connection.id, "`limits.rate` is reached");
        }
        let error = ErrorPayload::new(
            SessionCode::RateLimited,
            "too many messages in too short a time",
        )
        .retryable();
        self.report(expects_reply, id, &error);
        self.rate_limited += 1;
        if self.rate_limited >= self.server.limits.violations.max(1) {
            self.connection
                .close(CloseReason::RateLimited, "too many messages", false);
            self.close = self.connection.outbound.closing();
        }
    }
}

/// The error of a message whose id is longer than [`MAX_ID`]. The reply omits the id.
fn long_id(envelope: &EnvelopeDescriptor) -> DecodeError {
    let name = envelope.id.map_or("id", |field| field.name);
    let mut path = Pointer::root();
    path.prepend_key(name);
    let violation = Violation::new(path, details::max_length(MAX_ID as u64));
    DecodeError::new(DecodeErrorKind::Envelope(vec![violation]))
}
