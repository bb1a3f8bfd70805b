//! A conversation: which requests wait for an answer, and which message answers which.

use super::message::{Candidate, Fields, Reader, envelope_problem};
use super::{Line, Problem, ProblemKind, Text};
use handfast_schema::{Pointer, words};
use handfast_spec::model::{Correlate, End, Envelope, MessageId, Reply, RoleKind, RolePlayer};
use serde_json::Value;

/// A request that was sent.
#[derive(Clone, Debug)]
struct Pending {
    line: usize,
    from: End,
    name: String,
    /// None where it is the session's own, as `join` is.
    message: Option<MessageId>,
    role: Option<RoleKind>,
    id: Option<Value>,
}

/// What an answer is to its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The only one, or the last.
    Last,
    /// More may come.
    More,
}

/// Follows a conversation.
pub(super) struct Follower<'r, 'p> {
    reader: &'r Reader<'p>,
    pending: Vec<Pending>,
}

impl<'r, 'p> Follower<'r, 'p> {
    pub(super) const fn new(reader: &'r Reader<'p>) -> Self {
        Self {
            reader,
            pending: Vec::new(),
        }
    }

    /// The requests that nothing has answered.
    pub(super) fn unanswered(self) -> Vec<(usize, String)> {
        let waits = |pending: &Pending| {
            // What is answered only where it fails has succeeded.
            self.reply_of(pending).is_some() || pending.message.is_none()
        };
        let waiting = self.pending.iter().filter(|pending| waits(pending));
        waiting
            .map(|pending| (pending.line, pending.name.clone()))
            .collect()
    }

    /// Takes the next message.
    pub(super) fn line(&mut self, number: usize, from: End, text: &Text) -> Line {
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
        let Some(candidate) = self.which(from, &message, &mut line) else {
            return line;
        };
        line.message = Some(candidate.name.clone());
        line.problems
            .extend(self.reader.check(from, &candidate, &message));
        self.answer(from, &candidate, &message, &mut line);
        self.ask(from, &candidate, &message, &mut line);
        line
    }

    /// What a report says of any message: its id, channel and number.
    fn describe(&self, from: End, message: &Fields, line: &mut Line) {
        let envelope = self.reader.envelope(from);
        let get = |field: &Option<handfast_spec::model::Field>| {
            field
                .as_ref()
                .and_then(|field| message.get(&field.name))
                .cloned()
        };
        line.id = get(&envelope.reply_to).or_else(|| get(&envelope.id));
        line.channel = get(&envelope.channel).and_then(|value| value.as_str().map(str::to_owned));
        line.seq = get(&envelope.seq);
    }

    /// Which message this is: by its tag, and where that leaves several or none, by the request it answers.
    fn which(&self, from: End, message: &Fields, line: &mut Line) -> Option<Candidate> {
        let candidates = self.reader.by_tag(from, message);
        if let [one] = candidates.as_slice()
            && one.sent.tag.is_some()
        {
            return Some((*one).clone());
        }
        let tag = self.reader.envelope(from).layout.tag();
        let value = message.get(tag).filter(|value| !value.is_null());
        if candidates.is_empty() {
            line.problems.push(match value {
                Some(value) => Problem {
                    kind: ProblemKind::UnknownType,
                    path: format!("/{tag}"),
                    keyword: String::new(),
                    allowed: None,
                    message: format!(
                        "no message that the {} sends has the type {value}",
                        name(from)
                    ),
                },
                None => envelope_problem(Pointer::root(), words::required(tag)),
            });
            return None;
        }
        let envelope = &candidates[0].sent.envelope;
        let Some(at) = self.find(from, envelope, message, &candidates) else {
            line.problems
                .push(problem(ProblemKind::Reply, no_request(envelope, message)));
            // A message that is no reply may still have a tag that replies share.
            return candidates
                .into_iter()
                .find(|one| one.sent.tag.is_some() && !self.is_reply(one))
                .inspect(|_| drop(line.problems.pop()))
                .cloned();
        };
        let pending = &self.pending[at];
        let failed = envelope
            .outcome
            .as_ref()
            .is_some_and(|outcome| message.get(&outcome.field) == Some(&outcome.failure));
        let fits = |candidate: &&&Candidate| {
            let error = candidate.role == Some(RoleKind::Error);
            if failed {
                error
            } else {
                !error && self.answers(pending, candidate).is_some()
            }
        };
        let found = candidates
            .iter()
            .find(fits)
            .map(|candidate| (*candidate).clone());
        if found.is_none() {
            let what = if failed { "a failure" } else { "a reply" };
            let message = format!(
                "{what} to `{}` of line {}, for which the protocol has no such message",
                pending.name, pending.line
            );
            line.problems.push(problem(ProblemKind::Reply, message));
        }
        found
    }

    fn reply_of(&self, pending: &Pending) -> Option<&'p Reply> {
        let message = pending.message?;
        self.reader.protocol.messages[message.0].reply.as_ref()
    }

    /// Whether a message answers a request, and whether more may follow.
    fn answers(&self, pending: &Pending, candidate: &Candidate) -> Option<Answer> {
        if candidate.role == Some(RoleKind::Error) {
            return Some(Answer::Last);
        }
        let Some(message) = candidate.message else {
            // Our own `join` and `leave` are answered by messages of their own name.
            return (pending.message.is_none() && pending.role == candidate.role)
                .then_some(Answer::Last);
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

    /// Whether any request is answered by this message.
    fn is_reply(&self, candidate: &Candidate) -> bool {
        let messages = &self.reader.protocol.messages;
        let own = matches!(candidate.role, Some(RoleKind::Join | RoleKind::Leave));
        candidate.message.is_none() && own
            || candidate.message.is_some_and(|id| {
                messages
                    .iter()
                    .filter_map(|message| message.reply.as_ref())
                    .any(|reply| [reply.ack, reply.stream, reply.end].contains(&Some(id)))
            })
    }

    /// The request that a message answers.
    fn find(
        &self,
        from: End,
        envelope: &Envelope,
        message: &Fields,
        candidates: &[&Candidate],
    ) -> Option<usize> {
        let mut asked = self
            .pending
            .iter()
            .enumerate()
            .filter(|(_, one)| one.from != from);
        match envelope.correlate {
            Correlate::Id => {
                let id = id_of_answer(envelope, message)?;
                asked
                    .find(|(_, one)| one.id.as_ref() == Some(id))
                    .map(|(at, _)| at)
            }
            Correlate::Order => asked
                .find(|(_, one)| candidates.iter().any(|it| self.answers(one, it).is_some()))
                .map(|(at, _)| at),
        }
    }

    /// Notes what a message answers.
    fn answer(&mut self, from: End, candidate: &Candidate, message: &Fields, line: &mut Line) {
        let envelope = &candidate.sent.envelope;
        let is_error = candidate.role == Some(RoleKind::Error);
        let is_pong = candidate.role == Some(RoleKind::Pong) && candidate.message.is_some();
        // The server's own join answers the client's; the client's asks.
        let is_reply =
            self.is_reply(candidate) && !(candidate.message.is_none() && from == End::Client);
        if !is_reply && !is_error && !is_pong {
            return;
        }
        let at = self.find(from, envelope, message, &[candidate]);
        let Some(at) = at else {
            // An error need not answer anything, and neither need a push that some reply looks like.
            let by_id = envelope.correlate == Correlate::Id;
            let id = id_of_answer(envelope, message);
            let pushed = candidate
                .message
                .is_some_and(|id| self.reader.protocol.messages[id.0].channel.is_some());
            let unasked = is_error || is_pong || pushed;
            let told = line
                .problems
                .iter()
                .any(|problem| problem.kind == ProblemKind::Reply);
            if !told && !(unasked && (id.is_none() || !by_id)) {
                line.problems
                    .push(problem(ProblemKind::Reply, no_request(envelope, message)));
            }
            return;
        };
        let pending = self.pending[at].clone();
        line.answers = Some((pending.line, pending.name.clone()));
        match self.answers(&pending, candidate) {
            Some(Answer::Last) => drop(self.pending.remove(at)),
            Some(Answer::More) => {}
            None => {
                let message = format!(
                    "`{}` of line {} is not answered by this",
                    pending.name, pending.line
                );
                line.problems.push(problem(ProblemKind::Reply, message));
            }
        }
        if is_error {
            self.check_code(&pending, candidate, message, line);
        }
    }

    /// An error of the author's bears a code that its request declares.
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
        let pointer = match self.reader.protocol.session.role(RoleKind::Error) {
            RolePlayer::Own { .. } => "/code",
            RolePlayer::Mapped { fields, .. } => {
                let code = fields.iter().find(|(field, _)| field == "code");
                match code {
                    Some((_, pointer)) => pointer.as_str(),
                    None => return,
                }
            }
            RolePlayer::Off => return,
        };
        let content = candidate.sent.envelope.layout.content();
        let path = match content {
            Some(content) => format!("/{content}{pointer}"),
            None => pointer.to_owned(),
        };
        let message = Value::Object(message.clone());
        let Some(code) = message.pointer(&path) else {
            return;
        };
        let protocol = self.reader.protocol;
        let is = |error: &handfast_spec::model::ErrorCode| {
            crate::json_schema::system::scalar(&error.code) == *code
        };
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

    /// Notes a request.
    fn ask(&mut self, from: End, candidate: &Candidate, message: &Fields, line: &mut Line) {
        let asks = match candidate.message {
            Some(id) => {
                let declared = &self.reader.protocol.messages[id.0];
                match &declared.reply {
                    // A message of both ends is a request where the other end has the reply.
                    Some(reply) => self.is_sent_by(other(from), reply),
                    None => {
                        from == End::Client && !declared.errors.is_empty() && self.is_request(id)
                    }
                }
            }
            None => {
                from == End::Client
                    && matches!(candidate.role, Some(RoleKind::Join | RoleKind::Leave))
            }
        };
        let pings = candidate.role == Some(RoleKind::Ping) && candidate.message.is_some();
        if !asks && !pings {
            return;
        }
        let envelope = &candidate.sent.envelope;
        let id = envelope
            .id
            .as_ref()
            .and_then(|field| message.get(&field.name));
        if envelope.correlate == Correlate::Id {
            let Some(field) = &envelope.id else { return };
            let Some(id) = id else {
                // The envelope has said so where the field is required of every message.
                if asks && field.presence == handfast_spec::model::Presence::Optional {
                    let told = words::required(&field.name);
                    line.problems.push(envelope_problem(Pointer::root(), told));
                }
                return;
            };
            let taken = |one: &&Pending| one.from == from && one.id.as_ref() == Some(id);
            if let Some(other) = self.pending.iter().find(taken) {
                let message = format!(
                    "the id {id} is still that of `{}` of line {}",
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
        });
    }

    fn is_sent_by(&self, end: End, reply: &Reply) -> bool {
        [reply.ack, reply.stream, reply.end]
            .into_iter()
            .flatten()
            .any(|id| {
                let message = &self.reader.protocol.messages[id.0];
                match end {
                    End::Client => message.client.is_some(),
                    End::Server => message.server.is_some(),
                }
            })
    }

    /// Whether a message with errors and no reply is waited for: not the one whose payload the hello carries.
    fn is_request(&self, id: MessageId) -> bool {
        self.reader.protocol.session.auth != Some(id)
    }
}

fn id_of_answer<'m>(envelope: &Envelope, message: &'m Fields) -> Option<&'m Value> {
    let field = envelope.reply_to.as_ref().or(envelope.id.as_ref())?;
    message.get(&field.name).filter(|value| !value.is_null())
}

fn no_request(envelope: &Envelope, message: &Fields) -> String {
    match (envelope.correlate, id_of_answer(envelope, message)) {
        (Correlate::Id, Some(id)) => format!("no request with the id {id} waits for an answer"),
        (Correlate::Id, None) => "a reply without an id answers nothing".to_owned(),
        (Correlate::Order, _) => "no request waits for this answer".to_owned(),
    }
}

const fn other(end: End) -> End {
    match end {
        End::Client => End::Server,
        End::Server => End::Client,
    }
}

const fn name(end: End) -> &'static str {
    match end {
        End::Client => "client",
        End::Server => "server",
    }
}

fn problem(kind: ProblemKind, message: String) -> Problem {
    Problem {
        kind,
        path: String::new(),
        keyword: String::new(),
        message,
        allowed: None,
    }
}
