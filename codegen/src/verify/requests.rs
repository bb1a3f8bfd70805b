//! Pending requests, and the messages that answer or cancel them.

use super::message::{Candidate, Fields, Reader, envelope_problem};
use super::pending::{Ended, Pending, Queue, key};
use super::report::{Line, Problem, ProblemKind};
use crate::json_schema::system::scalar;
use handfast_schema::{Pointer, details};
use handfast_spec::model::{Correlate, Envelope, ErrorCode, Presence, Reply, RoleKind, Side};
use serde_json::Value;
use std::collections::BTreeMap;

/// The position of an answer among the answers to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The only one, or the last.
    Last,
    /// More may follow.
    More,
}

/// The requests of a conversation.
pub(super) struct Requests<'r, 'p> {
    reader: &'r Reader<'p>,
    /// The pending ones.
    pending: Queue,
    /// Cancelled streams, whose messages in transit may still arrive; and streams that have ended, since a cancel may
    /// cross the end.
    ended: Ended,
    /// Those whose connection was lost.
    lost: Queue,
    /// Other messages that may be refused, by id: the line and the message.
    refusable: BTreeMap<(bool, String), (usize, String)>,
}

impl<'r, 'p> Requests<'r, 'p> {
    pub(super) fn new(reader: &'r Reader<'p>) -> Self {
        Self {
            reader,
            pending: Queue::default(),
            ended: Ended::default(),
            lost: Queue::default(),
            refusable: BTreeMap::new(),
        }
    }

    /// A new connection starts: earlier requests are not answered.
    pub(super) fn reconnect(&mut self) {
        self.lost.append(&mut self.pending);
        self.ended = Ended::default();
        self.refusable.clear();
    }

    /// The requests without an answer: their lines and names.
    pub(super) fn unanswered(self) -> Vec<(usize, String)> {
        let waits = |pending: &&Pending| {
            // A request that is only answered if it fails has succeeded, and a stream that nothing ends goes on.
            self.reply_of(pending).is_some_and(|reply| {
                !reply.is_stream() || reply.end.is_some() || reply.cancel.is_some()
            }) || pending.message.is_none()
        };
        let waiting = self.lost.iter().chain(self.pending.iter()).filter(waits);
        waiting
            .map(|pending| (pending.line, pending.name.clone()))
            .collect()
    }

    fn reply_of(&self, pending: &Pending) -> Option<&'p Reply> {
        let message = pending.message?;
        self.reader.protocol.messages[message.0].reply.as_ref()
    }

    /// Whether a message answers a request, and whether more may follow.
    fn answer_to(&self, pending: &Pending, candidate: &Candidate) -> Option<Answer> {
        if candidate.role == Some(RoleKind::Error) {
            return Some(Answer::Last);
        }
        let Some(message) = candidate.message else {
            // Handfast's own `join` and `leave`, and credentials, are answered by messages with their own name.
            let of_session = pending.message.is_none() || pending.role == Some(RoleKind::Auth);
            return (of_session && pending.role == candidate.role).then_some(Answer::Last);
        };
        if pending.role == Some(RoleKind::Ping) && candidate.role == Some(RoleKind::Pong) {
            return Some(Answer::Last);
        }
        let reply = self.reply_of(pending)?;
        let message = Some(message);
        if reply.end == message {
            Some(Answer::Last)
        } else if reply.ack == message {
            Some(if reply.is_stream() {
                Answer::More
            } else {
                Answer::Last
            })
        } else if reply.stream == message {
            Some(Answer::More)
        } else {
            None
        }
    }

    /// Whether a message answers this request.
    pub(super) fn answers(&self, pending: &Pending, candidate: &Candidate) -> bool {
        self.answer_to(pending, candidate).is_some()
    }

    /// Whether a message of this side answers any request of the other side.
    pub(super) fn is_reply(&self, from: Side, candidate: &Candidate) -> bool {
        let Some(id) = candidate.message else {
            return matches!(
                candidate.role,
                Some(RoleKind::Join | RoleKind::Leave | RoleKind::Auth)
            );
        };
        self.asked_by(other(from), |reply| {
            [reply.ack, reply.stream, reply.end].contains(&Some(id))
        })
    }

    /// Whether a request of a side has such a reply.
    fn asked_by(&self, end: Side, has: impl Fn(&Reply) -> bool) -> bool {
        self.reader.protocol.messages.iter().any(|message| {
            let is_sent = match end {
                Side::Client => message.client.is_some(),
                Side::Server => message.server.is_some(),
            };
            is_sent && message.reply.as_ref().is_some_and(&has)
        })
    }

    /// The request of the other side that a message answers, given its candidates.
    pub(super) fn find(
        &self,
        from: Side,
        envelope: &Envelope,
        message: &Fields,
        candidates: &[&Candidate],
    ) -> Option<&Pending> {
        let named =
            id_of_answer(envelope, message).and_then(|id| self.pending.named(other(from), id));
        named.or_else(|| self.next_in_line(from, candidates))
    }

    /// The first request of the other side in order. Streams, and requests that are only answered if they fail, can
    /// be overtaken.
    fn next_in_line(&self, from: Side, candidates: &[&Candidate]) -> Option<&Pending> {
        for one in self.pending.in_order().filter(|one| one.from != from) {
            if candidates.iter().any(|it| self.answers(one, it)) {
                return Some(one);
            }
            let lets_pass = self.reply_of(one).is_none_or(Reply::is_stream);
            if one.message.is_none() || !lets_pass {
                return None;
            }
        }
        None
    }

    /// Requests that are only answered if they fail have succeeded once a later request is answered.
    fn succeed_before(&mut self, answered: &Pending) {
        let before = self
            .pending
            .in_order()
            .take_while(|one| one.line < answered.line);
        let done = before.filter(|one| one.from == answered.from && self.reply_of(one).is_none());
        let done: Vec<usize> = done.map(|one| one.line).collect();
        for line in done {
            self.pending.remove(line);
        }
    }

    /// Records the request that a message answers, and returns it. `failed` is whether the envelope says so.
    pub(super) fn answer(
        &mut self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        failed: bool,
        line: &mut Line,
    ) -> Option<Pending> {
        let envelope = &candidate.sent.envelope;
        let is_error = candidate.role == Some(RoleKind::Error);
        let is_pong = candidate.role == Some(RoleKind::Pong) && candidate.message.is_some();
        // The server's own join is an answer; the client's is a request.
        let is_reply = self.is_reply(from, candidate)
            && !(candidate.message.is_none() && from == Side::Client);
        if !is_reply && !is_error && !is_pong {
            return None;
        }
        let refused = match is_error {
            true => self.refused(from, candidate, message),
            false => None,
        };
        let pending = self.find(from, envelope, message, &[candidate]).cloned();
        // A second request with the id of a pending one is refused, and the first goes on.
        let is_second = |(at, _): &(usize, String)| {
            let code = self.reader.error_code(candidate, message);
            let is_reused = code.is_some_and(|(_, code)| code == "ID_REUSED");
            pending
                .as_ref()
                .is_none_or(|one| is_reused && one.line < *at)
        };
        if let Some(refused) = refused.filter(is_second) {
            line.answers = Some(refused);
            return None;
        }
        let Some(pending) = pending else {
            self.unasked(from, candidate, message, is_error || is_pong, line);
            return None;
        };
        line.answers = Some((pending.line, pending.name.clone()));
        if pending.in_order {
            self.succeed_before(&pending);
        }
        match self.answer_to(&pending, candidate) {
            _ if failed => drop(self.pending.remove(pending.line)),
            Some(Answer::Last) => {
                let ended = self.pending.remove(pending.line);
                let is_stream = |one: &Pending| self.reply_of(one).is_some_and(Reply::is_stream);
                if let Some(ended) = ended.filter(is_stream) {
                    self.ended.push(ended);
                }
            }
            Some(Answer::More) => {}
            None => {
                let message = format!(
                    "this is not a reply to `{}` of line {}",
                    pending.name, pending.line
                );
                line.problems.push(problem(ProblemKind::Reply, message));
            }
        }
        if is_error {
            self.check_code(&pending, candidate, message, line);
        }
        Some(pending)
    }

    /// Records a message that expects no answer, or that was not understood: an error may still have its id.
    pub(super) fn may_be_refused(&mut self, from: Side, message: &Fields, line: &Line) {
        let envelope = self.reader.envelope(from);
        let id = own_id(envelope, message);
        let Some(id) = id.filter(|id| !id.is_null()) else {
            return;
        };
        if self
            .pending
            .named(from, id)
            .is_none_or(|one| one.line != line.number)
        {
            let name = line.message.clone().unwrap_or_else(|| "?".to_owned());
            self.refusable.insert(key(from, id), (line.number, name));
        }
    }

    /// The refusal of a message that expects no answer.
    fn refused(
        &self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
    ) -> Option<(usize, String)> {
        let id = id_of_answer(&candidate.sent.envelope, message)?;
        self.refusable.get(&key(other(from), id)).cloned()
    }

    /// Reports an answer without a request, unless it may be unsolicited.
    fn unasked(
        &self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        may_be: bool,
        line: &mut Line,
    ) {
        let envelope = &candidate.sent.envelope;
        let id = id_of_answer(envelope, message);
        // It was in transit when its stream was cancelled.
        let is_late = |one: &&Pending| one.cancelled && self.answers(one, candidate);
        if let Some(late) = self.ended.of(other(from), id).find(is_late) {
            line.answers = Some((late.line, late.name.clone()));
            return;
        }
        // An error need not answer anything, and neither need a push that also is a reply.
        let by_id = envelope.correlate == Correlate::Id;
        let pushed = candidate
            .message
            .is_some_and(|id| self.reader.protocol.messages[id.0].channel.is_some());
        let is_answer = line
            .problems
            .iter()
            .any(|problem| problem.kind == ProblemKind::Reply);
        if !is_answer && !((may_be || pushed) && (id.is_none() || !by_id)) {
            line.problems
                .push(problem(ProblemKind::Reply, no_request(envelope, message)));
        }
    }

    /// Records that a message cancels a stream.
    pub(super) fn cancel(
        &mut self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        line: &mut Line,
    ) {
        let Some(cancel) = candidate.message else {
            return;
        };
        let cancels = |reply: &Reply| reply.cancel == Some(cancel);
        if !self.asked_by(from, cancels) {
            return;
        }
        let envelope = &candidate.sent.envelope;
        let id = own_id(envelope, message);
        let is_meant = |one: &&Pending| one.from == from && self.reply_of(one).is_some_and(cancels);
        let named = id.and_then(|id| self.pending.named(from, id));
        let open = named.filter(is_meant);
        let open = open.or_else(|| self.pending.in_order().find(is_meant));
        let found = open.or_else(|| self.ended.of(from, id).find(is_meant));
        if let Some(found) = found {
            line.cancels = Some((found.line, found.name.clone()));
            let found = found.line;
            if let Some(mut cancelled) = self.pending.remove(found) {
                cancelled.cancelled = true;
                self.ended.push(cancelled);
            }
            return;
        }
        let words = match id {
            Some(id) => format!("there is no stream with the id {id} to cancel"),
            None => "there is no stream to cancel".to_owned(),
        };
        line.problems.push(problem(ProblemKind::Reply, words));
    }

    /// A declared error must have a code that its request declares.
    fn check_code(
        &self,
        pending: &Pending,
        candidate: &Candidate,
        message: &Fields,
        line: &mut Line,
    ) {
        let Some(request) = pending.message else {
            return;
        };
        let Some((path, code)) = self.reader.error_code(candidate, message) else {
            return;
        };
        let protocol = self.reader.protocol;
        let is = |error: &ErrorCode| scalar(&error.code) == code;
        let Some(declared) = protocol.errors.iter().position(is) else {
            return;
        };
        let request = &protocol.messages[request.0];
        if !request.errors.iter().any(|id| id.0 == declared) {
            line.problems.push(Problem {
                kind: ProblemKind::Reply,
                path,
                keyword: String::new(),
                allowed: None,
                message: format!("`{}` does not declare the error {code}", request.name.text),
            });
        }
    }

    /// Records a request.
    pub(super) fn ask(
        &mut self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        joins: Option<String>,
        line: &mut Line,
    ) {
        let asks = match candidate.message {
            Some(id) => {
                let declared = &self.reader.protocol.messages[id.0];
                match &declared.reply {
                    // A message of both sides is a request if the other side has the reply.
                    Some(reply) => self.is_sent_by(other(from), reply),
                    None => {
                        let is_auth = self.reader.protocol.session.auth == Some(id);
                        from == Side::Client && (!declared.errors.is_empty() || is_auth)
                    }
                }
            }
            None => {
                from == Side::Client
                    && matches!(
                        candidate.role,
                        Some(RoleKind::Join | RoleKind::Leave | RoleKind::Auth)
                    )
            }
        };
        let pings = candidate.role == Some(RoleKind::Ping) && candidate.message.is_some();
        if !asks && !pings {
            return;
        }
        let envelope = &candidate.sent.envelope;
        let id = own_id(envelope, message);
        if envelope.correlate == Correlate::Id {
            let Some(field) = &envelope.id else { return };
            let Some(id) = id else {
                // If the field is required of every message, the envelope check reported it.
                if asks && field.presence == Presence::Optional {
                    let detail = details::required(&field.name);
                    line.problems
                        .push(envelope_problem(Pointer::root(), detail));
                }
                return;
            };
            if let Some(other) = self.pending.named(from, id) {
                let message = format!(
                    "the id {id} is still in use by `{}` of line {}",
                    other.name, other.line
                );
                line.problems.push(problem(ProblemKind::Reply, message));
                return;
            }
        }
        self.pending.push(Pending {
            line: line.number,
            from,
            name: candidate.name.clone(),
            message: candidate.message,
            role: candidate.role,
            id: id.cloned(),
            in_order: envelope.correlate == Correlate::Order,
            joins,
            cancelled: false,
        });
    }

    fn is_sent_by(&self, end: Side, reply: &Reply) -> bool {
        [reply.ack, reply.stream, reply.end]
            .into_iter()
            .flatten()
            .any(|id| {
                let message = &self.reader.protocol.messages[id.0];
                match end {
                    Side::Client => message.client.is_some(),
                    Side::Server => message.server.is_some(),
                }
            })
    }
}

fn own_id<'m>(envelope: &Envelope, message: &'m Fields) -> Option<&'m Value> {
    message.get(&envelope.id.as_ref()?.name)
}

fn id_of_answer<'m>(envelope: &Envelope, message: &'m Fields) -> Option<&'m Value> {
    let field = envelope.reply_to.as_ref().or(envelope.id.as_ref())?;
    message.get(&field.name).filter(|value| !value.is_null())
}

pub(super) fn no_request(envelope: &Envelope, message: &Fields) -> String {
    match (envelope.correlate, id_of_answer(envelope, message)) {
        (Correlate::Id, Some(id)) => format!("no request with the id {id} is pending"),
        (Correlate::Id, None) => "a reply needs an id".to_owned(),
        (Correlate::Order, _) => "no request is pending".to_owned(),
    }
}

pub(super) const fn other(end: Side) -> Side {
    match end {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

pub(super) fn problem(kind: ProblemKind, message: String) -> Problem {
    Problem {
        kind,
        path: String::new(),
        keyword: String::new(),
        message,
        allowed: None,
    }
}
