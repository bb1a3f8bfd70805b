//! What is answered to a message that is not handled: a repeated request, one for which there is no room, and what is not valid.

use super::{
    super::{Rejection, context::Request, sessions::Doubt, system},
    Connection,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode, Side, TagBuf, Violation,
    descriptor::{CloseReason, EnvelopeDescriptor},
    envelope::MAX_ID,
    metrics,
    outbound::Repetition,
    replies::ErrorPayload,
    system::Role,
};
use handfast_schema::{Pointer, details};

impl Connection {
    /// As [`Self::fail`], about a message that was not begun: a request that runs under the same id goes on, and has an answer of its own.
    fn report(&mut self, expects_reply: bool, id: Option<&Id>, error: &ErrorPayload<'_>) {
        if self.may_fail(expects_reply)
            && let Some(packet) = self.connection.error(id, error)
        {
            self.connection.outbound.answer(packet);
        } else if !std::mem::replace(&mut self.logged.unreported, true) {
            tracing::info!(
                connection = self.connection.id,
                code = ?error.code,
                error = &*error.message,
                "a message is refused, and the client does not learn of it"
            );
        }
    }

    /// Answers a request whose id another has, or had.
    #[cold]
    pub(super) fn repeated(&mut self, request: &Request, repetition: Repetition) {
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
    pub(super) fn declined(&mut self, request: &Request) {
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

    pub(super) fn repeated_hello(&mut self, error: &DecodeError, within_rate: Option<bool>) {
        let text = "a second hello";
        if !self.close_for(CloseReason::RepeatedHello, text) {
            let answer = ErrorPayload::new(error.kind.session_code(), text);
            self.reject_as(error, &answer, within_rate);
        }
    }

    pub(super) fn reject_invalid(&mut self, error: &DecodeError, within_rate: Option<bool>) {
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
    pub(super) fn reject_key(&mut self, id: Option<&Id>, within_rate: Option<bool>) {
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
    pub(super) fn resume_late(&mut self, after: Option<u64>, within_rate: Option<bool>) {
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
pub(super) fn long_id(envelope: &EnvelopeDescriptor) -> DecodeError {
    let name = envelope.id.map_or("id", |field| field.name);
    let mut path = Pointer::root();
    path.prepend_key(name);
    let violation = Violation::new(path, details::max_length(MAX_ID as u64));
    DecodeError::new(DecodeErrorKind::Envelope(vec![violation]))
}
