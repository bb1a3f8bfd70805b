//! A conversation: identifies each message, with the help of the messages before it.

use super::capture::Text;
use super::channels::Channels;
use super::handshake::Handshake;
use super::message::{Candidate, Fields, Reader, envelope_problem};
use super::numbering::Numbering;
use super::report::{Line, Problem, ProblemKind};
use super::requests::{Requests, no_request, problem};
use handfast_schema::{Pointer, details};
use handfast_spec::model::{RoleKind, Side};
use serde_json::Value;

/// The state of a conversation.
pub(super) struct Conversation<'r, 'p> {
    reader: &'r Reader<'p>,
    handshake: Handshake<'r, 'p>,
    requests: Requests<'r, 'p>,
    channels: Channels<'r, 'p>,
    numbering: Numbering<'r, 'p>,
}

impl<'r, 'p> Conversation<'r, 'p> {
    pub(super) fn new(reader: &'r Reader<'p>) -> Self {
        Self {
            reader,
            handshake: Handshake::new(reader),
            requests: Requests::new(reader),
            channels: Channels::new(reader),
            numbering: Numbering::new(reader),
        }
    }

    /// The requests without an answer.
    pub(super) fn unanswered(self) -> Vec<(usize, String)> {
        self.requests.unanswered()
    }

    /// Takes the next message.
    pub(super) fn line(&mut self, number: usize, from: Side, text: &Text) -> Line {
        let mut line = Line {
            number,
            from: Some(from),
            ..Line::default()
        };
        let message = match text {
            Text::Raw(text) => match serde_json::from_str(text) {
                Ok(message) => message,
                Err(error) => {
                    line.problems
                        .push(problem(ProblemKind::Syntax, format!("not JSON: {error}")));
                    return line;
                }
            },
            Text::Value(message) => message.clone(),
        };
        let Value::Object(message) = message else {
            line.problems
                .push(problem(ProblemKind::Syntax, "not an object".to_owned()));
            return line;
        };
        self.describe(from, &message, &mut line);
        self.follow(from, &message, &mut line);
        self.requests.may_be_refused(from, &message, &line);
        line
    }

    /// Records a message, and relates it to the previous ones.
    fn follow(&mut self, from: Side, message: &Fields, line: &mut Line) {
        let Some(candidate) = self.which(from, message, line) else {
            return;
        };
        line.message = Some(candidate.name.clone());
        if self.handshake.take(from, &candidate, line) {
            self.requests.reconnect();
            self.channels.reconnect();
            self.numbering.reconnect();
        }
        self.numbering.take(from, &candidate, message, line);
        // A reply that says it failed is a failure whatever its tag, with any payload.
        let failed = candidate.role != Some(RoleKind::Error)
            && self.requests.is_reply(from, &candidate)
            && candidate.has_failed(message);
        let checked = self.reader.check(from, &candidate, message, failed);
        line.problems.extend(checked);
        let answered = self
            .requests
            .answer(from, &candidate, message, failed, line);
        self.requests.cancel(from, &candidate, message, line);
        let joins = self.channels.joins(&candidate, message);
        self.requests.ask(from, &candidate, message, joins, line);
        if !failed {
            self.channels
                .check(from, &candidate, message, answered.as_ref(), line);
        }
    }

    /// The fields that a report shows of any message: its id, channel and number.
    fn describe(&self, from: Side, message: &Fields, line: &mut Line) {
        let envelope = self.reader.envelope(from);
        let get = |field: &Option<handfast_spec::model::EnvelopeField>| {
            field
                .as_ref()
                .and_then(|field| message.get(&field.name))
                .cloned()
        };
        line.id = get(&envelope.reply_to).or_else(|| get(&envelope.id));
        line.channel = get(&envelope.channel).and_then(|value| value.as_str().map(str::to_owned));
        line.seq = get(&envelope.seq);
    }

    /// Identifies a message: by its tag, and if that leaves several candidates or none, by the request it answers.
    fn which(&self, from: Side, message: &Fields, line: &mut Line) -> Option<Candidate> {
        let candidates = self.reader.by_tag(from, message);
        if let [one] = candidates.as_slice()
            && one.sent.tag.is_some()
        {
            return Some((*one).clone());
        }
        let tag = self.reader.envelope(from).tagging.tag();
        if candidates.is_empty() {
            line.problems.push(match message.get(tag) {
                None => envelope_problem(Pointer::root(), details::required(tag)),
                Some(value) if value.is_string() || value.is_i64() => Problem {
                    kind: ProblemKind::UnknownType,
                    path: format!("/{tag}"),
                    keyword: String::new(),
                    allowed: None,
                    message: format!(
                        "no message that the {} sends has the type {value}",
                        name(from)
                    ),
                },
                Some(_) => {
                    let mut path = Pointer::root();
                    path.prepend_key(tag);
                    envelope_problem(path, details::types(self.reader.tag_types(from)))
                }
            });
            return None;
        }
        let envelope = &candidates[0].sent.envelope;
        let Some(pending) = self.requests.find(from, envelope, message, &candidates) else {
            line.problems
                .push(problem(ProblemKind::Reply, no_request(envelope, message)));
            // A message that is not a reply may have the same tag as replies.
            return candidates
                .into_iter()
                .find(|one| one.sent.tag.is_some() && !self.requests.is_reply(from, one))
                .inspect(|_| drop(line.problems.pop()))
                .cloned();
        };
        let failed = envelope
            .outcome
            .as_ref()
            .is_some_and(|outcome| message.get(&outcome.field) == Some(&outcome.failure));
        let fits = |candidate: &&&Candidate| {
            let error = candidate.role == Some(RoleKind::Error);
            if failed {
                error
            } else {
                !error && self.requests.answers(pending, candidate)
            }
        };
        let found = candidates
            .iter()
            .find(fits)
            .map(|candidate| (*candidate).clone());
        if found.is_none() {
            let what = if failed { "a failure" } else { "a reply" };
            let message = format!(
                "{what} to `{}` of line {}, for which the protocol declares no such message",
                pending.name, pending.line
            );
            line.problems.push(problem(ProblemKind::Reply, message));
        }
        found
    }
}

const fn name(end: Side) -> &'static str {
    match end {
        Side::Client => "client",
        Side::Server => "server",
    }
}
