//! Answers of the client to requests of the server. They overtake the queue, because a handler may wait for one, and they are not answered.
//! An error about one has no id: that of the answer is an id of the server.

use super::{
    super::{Answer, pending_calls::Answered},
    Connection,
};
use crate::{
    DecodeError, DecodeErrorKind, Id, SessionCode,
    calls::{Failure, StreamShape},
    metrics,
    replies::ErrorPayload,
    system::RemoteError,
};

impl Connection {
    /// Handles an answer of so many bytes.
    pub(super) fn answered(
        &mut self,
        id: Option<&Id>,
        answer: Answer,
        bytes: usize,
        within_rate: Option<bool>,
    ) {
        let name = Some(answer.message);
        if !self.check_rate(within_rate) {
            return self.excess_answer(name, id);
        }
        let connection = self.connection.clone();
        let answered = match (id, connection.calls_so_far()) {
            (Some(id), Some(calls)) => calls.deliver(id, answer.delivery, bytes),
            _ => (Answered::NeverSent, None),
        };
        self.settle(name, id, answered);
    }

    /// Handles an answer that cannot be decoded, or whose envelope reports a failure.
    pub(super) fn invalid_answer(&mut self, error: Box<DecodeError>, within_rate: Option<bool>) {
        let id = error.id.clone();
        if error.kind == DecodeErrorKind::Failed {
            let mapped = self.server.protocol.session.mapped.error;
            let error = RemoteError::failed(error.payload.as_deref(), mapped);
            return self.call_failed(id.as_ref(), error, within_rate);
        }
        let name = self.name_of(error.tag.as_ref());
        if !self.check_rate(within_rate) {
            return self.excess_answer(name, id.as_ref());
        }
        metrics::refused(name, error.kind.session_code().as_str());
        self.reject(false, None, &ErrorPayload::of(&error));
        if let Some(id) = id {
            self.connection.fail_call(&id, Failure::Decode(error));
        }
    }

    /// Handles the client's report that a request of the server has failed.
    pub(super) fn call_failed(
        &mut self,
        id: Option<&Id>,
        error: RemoteError,
        within_rate: Option<bool>,
    ) {
        if !self.check_rate(within_rate) {
            return self.excess_answer(None, id);
        }
        let connection = self.connection.clone();
        let (Some(id), Some(calls)) = (id, connection.calls_so_far()) else {
            tracing::debug!(
                connection = self.connection.id,
                "the client reports an error"
            );
            return;
        };
        let (answered, _) = calls.fail(id, Failure::Remote(error));
        self.settle(None, Some(id), (answered, None));
    }

    /// Judges an answer by what it was to the requests of the server.
    fn settle(
        &mut self,
        name: Option<&'static str>,
        id: Option<&Id>,
        (answered, stream): (Answered, Option<StreamShape>),
    ) {
        let text = match answered {
            Answered::Expected => {
                self.invalid = 0;
                self.rate_limited = 0;
                None
            }
            Answered::NeverSent => Some("it answers no request"),
            Answered::Unexpected => Some("it is not the reply that the request asks for"),
        };
        if let Some(text) = text {
            metrics::refused(name, SessionCode::Envelope.as_str());
            let error = ErrorPayload::new(SessionCode::Envelope, text);
            self.reject(false, None, &error);
        }
        if let Some(id) = id {
            self.connection.give_up(id, stream);
        }
    }

    /// Handles an answer beyond the rate limit: its request fails.
    fn excess_answer(&mut self, name: Option<&'static str>, id: Option<&Id>) {
        self.reject_rate_limited(name, false, None);
        if let Some(id) = id {
            let error = RemoteError::rate_limited();
            self.connection.fail_call(id, Failure::Remote(error));
        }
    }
}
