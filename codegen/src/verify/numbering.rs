//! The numbers of the server's messages in a session, if it resumes by them: each is one more than the one before.

use super::message::{Candidate, Fields, Reader, envelope_problem, whole};
use super::report::{Line, Problem, ProblemKind};
use super::requests::problem;
use handfast_schema::{Pointer, details};
use handfast_spec::model::{Presence, RoleKind, RolePlayer, Side};
use serde_json::Value;

/// The position in a session.
pub(super) struct Numbering<'r, 'p> {
    reader: &'r Reader<'p>,
    /// The number of the last message, if it is known.
    last: Option<u64>,
    /// The client asked for what comes after the last one, and nothing with a number has arrived since.
    resuming: bool,
}

impl<'r, 'p> Numbering<'r, 'p> {
    pub(super) const fn new(reader: &'r Reader<'p>) -> Self {
        Self {
            reader,
            last: None,
            resuming: false,
        }
    }

    /// A connection begins a session, until its client resumes another.
    pub(super) fn reconnect(&mut self) {
        (self.last, self.resuming) = (None, false);
    }

    /// Takes the next message.
    pub(super) fn take(
        &mut self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        line: &mut Line,
    ) {
        if !self.reader.protocol.session.numbered {
            return;
        }
        match (from, candidate.role) {
            (Side::Client, Some(RoleKind::Resume)) => {
                self.last = self.asked(candidate, message);
                self.resuming = true;
                return;
            }
            (Side::Client, _) => return,
            _ => {}
        }
        let envelope = &candidate.sent.envelope;
        let seq = envelope
            .seq
            .as_ref()
            .and_then(|field| message.get(&field.name));
        match (seq, candidate.role) {
            // The session is another, or its numbers go on after those that are missing.
            (None, Some(RoleKind::Gap)) => self.reconnect(),
            (None, Some(RoleKind::Error)) if self.resuming => self.reconnect(),
            (
                None,
                Some(
                    RoleKind::Ready
                    | RoleKind::Refuse
                    | RoleKind::Greeting
                    | RoleKind::Ping
                    | RoleKind::Pong
                    | RoleKind::Received,
                ),
            ) => {}
            (None, _) => {
                // If the field is required anyway, that was reported.
                if let Some(field) = &envelope.seq
                    && field.presence == Presence::Optional
                {
                    let detail = details::required(&field.name);
                    line.problems
                        .push(envelope_problem(Pointer::root(), detail));
                }
            }
            (Some(seq), _) => {
                let place = envelope.seq.as_ref().map(|field| &*field.name);
                self.advance(seq, place.unwrap_or_default(), line);
            }
        }
    }

    fn advance(&mut self, seq: &Value, field: &str, line: &mut Line) {
        let Some(seq) = number(seq) else { return };
        self.resuming = false;
        if let Some(last) = self.last.replace(seq)
            && last.checked_add(1) != Some(seq)
        {
            let words = format!(
                "the previous number in the session is {last}, and the next must be one more"
            );
            line.problems.push(Problem {
                path: format!("/{field}"),
                ..problem(ProblemKind::Channel, words)
            });
        }
    }

    /// The number that a client asks for what comes after.
    fn asked(&self, candidate: &Candidate, message: &Fields) -> Option<u64> {
        let payload = match candidate.sent.envelope.tagging.content() {
            Some(content) => message.get(content)?.clone(),
            None => Value::Object(message.clone()),
        };
        let pointer = match self.reader.protocol.session.role(RoleKind::Resume) {
            RolePlayer::Mapped { fields, .. } => {
                let (_, pointer) = fields.iter().find(|(field, _)| field == "seq")?;
                pointer.as_str()
            }
            _ => "/seq",
        };
        number(payload.pointer(pointer)?)
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => u64::try_from(whole(value)?).ok(),
    }
}
