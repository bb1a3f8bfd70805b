//! A single message: its candidates, and its problems as each of them.

use super::report::{Problem, ProblemKind};
use crate::json_schema::system::{System, scalar, system};
use crate::json_schema::{fields, may_be_absent};
use handfast_schema::{
    Pointer, SchemaId, Schemas, Side, Type, TypeSet, Validator, ViolationDetail, Violations,
    details,
};
use handfast_spec::model::{
    Envelope, MessageId, Outcome, Presence, Protocol, RoleKind, RolePlayer, Scalar, Sent, Tagging,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The fields of a message.
pub(super) type Fields = Map<String, Value>;

/// A message of the protocol or of the session that a message may be.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its name.
    pub(super) name: String,
    /// The message of the protocol, unless it is the session's own.
    pub(super) message: Option<MessageId>,
    /// The role, if it is the session's own or plays one.
    pub(super) role: Option<RoleKind>,
    /// What is sent.
    pub(super) sent: Sent,
}

impl Candidate {
    /// Whether the envelope of a reply says that the request failed.
    pub(super) fn has_failed(&self, message: &Fields) -> bool {
        let outcome = self.sent.envelope.outcome.as_ref();
        outcome.is_some_and(|outcome| message.get(&outcome.field) == Some(&outcome.failure))
    }
}

/// A protocol, prepared for reading messages.
pub(super) struct Reader<'p> {
    pub(super) protocol: &'p Protocol,
    validator: Validator<'static>,
    client: Vec<Candidate>,
    server: Vec<Candidate>,
}

impl<'p> Reader<'p> {
    pub(super) fn new(protocol: &'p Protocol) -> Self {
        let (schemas, own) = system(protocol);
        let candidates = |end| candidates(protocol, &own, end);
        Self {
            protocol,
            validator: Validator::owned(schemas),
            client: candidates(Side::Client),
            server: candidates(Side::Server),
        }
    }

    /// Everything that a side sends.
    pub(super) fn sent_by(&self, from: Side) -> &[Candidate] {
        match from {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The envelope of a direction.
    pub(super) fn envelope(&self, from: Side) -> &'p Envelope {
        match from {
            Side::Client => &self.protocol.envelope.client,
            Side::Server => &self.protocol.envelope.server,
        }
    }

    /// The candidates with a message's tag; for a message without a tag, those without one.
    pub(super) fn by_tag(&self, from: Side, message: &Fields) -> Vec<&Candidate> {
        self.sent_by(from)
            .iter()
            .filter(|candidate| {
                let value = message.get(candidate.sent.envelope.tagging.tag());
                match (&candidate.sent.tag, value) {
                    (Some(tag), Some(value)) => scalar(tag) == *value,
                    (None, None) => true,
                    _ => false,
                }
            })
            .collect()
    }

    /// The types of tags.
    pub(super) fn tag_types(&self, from: Side) -> TypeSet {
        let tags = self.sent_by(from).iter();
        let types = tags.filter_map(|candidate| match candidate.sent.tag.as_ref()? {
            Scalar::Text(_) => Some(Type::String),
            Scalar::Integer(_) => Some(Type::Integer),
        });
        types.fold(TypeSet::NONE, TypeSet::with)
    }

    /// The problems of a message as this candidate. If it `failed`, the payload is not checked.
    pub(super) fn check(
        &self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        failed: bool,
    ) -> Vec<Problem> {
        let envelope = &candidate.sent.envelope;
        let mut problems = check_envelope(envelope, message);
        let is_published = |id: MessageId| self.protocol.messages[id.0].channel.is_some();
        if let Some(field) = &envelope.channel
            && from == Side::Server
            && field.presence == Presence::Optional
            && !message.contains_key(&field.name)
            && candidate.message.is_some_and(is_published)
        {
            let detail = details::required(&field.name);
            problems.push(envelope_problem(Pointer::root(), detail));
        }
        if let Some(outcome) = &envelope.outcome {
            check_outcome(outcome, candidate, message, &mut problems);
        }
        // What a client sends is received by the server.
        let side = if from == Side::Client {
            Side::Server
        } else {
            Side::Client
        };
        let known = known(envelope);
        match &envelope.tagging {
            Tagging::Adjacent { content, .. } => {
                if side == Side::Server {
                    let mut unknown: Vec<&String> = message
                        .keys()
                        .filter(|key| !known.contains(key.as_str()) && *key != content)
                        .collect();
                    unknown.sort_unstable();
                    for key in unknown {
                        let mut path = Pointer::root();
                        path.prepend_key(key);
                        let detail = details::unknown_property("additionalProperties");
                        problems.push(envelope_problem(path, detail));
                    }
                }
                if failed {
                    return problems;
                }
                let payload = message.get(content);
                let found = self.payload(candidate.sent.payload, payload, side);
                match found {
                    Ok(violations) => problems.extend(invalid(violations, Some(content))),
                    Err(()) => {
                        let detail = details::required(content);
                        problems.push(problem(ProblemKind::Invalid, &Pointer::root(), detail));
                    }
                }
            }
            Tagging::Flat { .. } if failed => {}
            Tagging::Flat { .. } => {
                // The session's own payloads may have an envelope field as well: the key of a channel is in both.
                let own = candidate
                    .sent
                    .payload
                    .filter(|_| candidate.message.is_none());
                let own = own.map(|id| &self.validator.schemas()[id].properties);
                let is_own =
                    |key: &String| own.is_some_and(|all| all.iter().any(|(name, _)| name == key));
                let rest: Fields = message
                    .iter()
                    .filter(|(key, _)| is_own(key) || !known.contains(key.as_str()))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                let found = self.payload(candidate.sent.payload, Some(&Value::Object(rest)), side);
                problems.extend(invalid(found.unwrap_or_default(), None));
            }
            _ => {}
        }
        problems
    }

    /// Whether a value is valid for a schema of the protocol.
    pub(super) fn passes(&self, schema: SchemaId, value: &Value) -> bool {
        self.validator.validate(schema, value, None).is_empty()
    }

    /// The code of an error, and its location.
    pub(super) fn error_code(
        &self,
        candidate: &Candidate,
        message: &Fields,
    ) -> Option<(String, Value)> {
        let pointer = match self.protocol.session.role(RoleKind::Error) {
            RolePlayer::Own { .. } => "/code",
            RolePlayer::Mapped { fields, .. } => {
                let code = fields.iter().find(|(field, _)| field == "code");
                code?.1.as_str()
            }
            RolePlayer::Off => return None,
        };
        let path = match candidate.sent.envelope.tagging.content() {
            Some(content) => format!("/{content}{pointer}"),
            None => pointer.to_owned(),
        };
        let code = Value::Object(message.clone()).pointer(&path)?.clone();
        Some((path, code))
    }

    /// The violations of a payload; an error if it is required but missing.
    fn payload(
        &self,
        schema: Option<SchemaId>,
        payload: Option<&Value>,
        side: Side,
    ) -> Result<Violations, ()> {
        match (schema, payload) {
            (Some(schema), Some(payload)) => {
                Ok(self.validator.validate(schema, payload, Some(side)))
            }
            (Some(schema), None) if !may_be_absent(&self.validator, schema, side) => Err(()),
            (None, Some(payload)) => Ok(undeclared(payload, side)),
            (_, None) => Ok(Vec::new()),
        }
    }
}

/// Everything that a side sends: the protocol's messages, then the session's own.
fn candidates(protocol: &Protocol, own: &[System], end: Side) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (i, message) in protocol.messages.iter().enumerate() {
        let sent = match end {
            Side::Client => &message.client,
            Side::Server => &message.server,
        };
        let id = MessageId(i);
        let plays = |kind: &RoleKind| matches!(protocol.session.role(*kind), RolePlayer::Mapped { message, .. } if *message == id);
        let role = RoleKind::ALL.iter().map(|(kind, _)| *kind).find(plays);
        all.extend(sent.clone().map(|sent| Candidate {
            name: message.name.text.clone(),
            message: Some(id),
            role,
            sent,
        }));
    }
    for system in own.iter().filter(|system| system.from == end) {
        let envelope = match end {
            Side::Client => protocol.envelope.client.clone(),
            Side::Server => protocol.envelope.server.clone(),
        };
        let sent = Sent {
            tag: Some(system.tag.clone()),
            payload: system.payload,
            envelope,
        };
        let name = system.name.to_owned();
        all.push(Candidate {
            name,
            message: None,
            role: Some(system.kind),
            sent,
        });
    }
    all
}

/// The names of the envelope's fields, except for the payload.
fn known(envelope: &Envelope) -> BTreeSet<&str> {
    let mut known: BTreeSet<&str> = fields(envelope)
        .into_iter()
        .map(|(field, _)| field.name.as_str())
        .collect();
    known.insert(envelope.tagging.tag());
    known.extend(
        envelope
            .outcome
            .as_ref()
            .map(|outcome| outcome.field.as_str()),
    );
    known
}

/// A whole number, with or without a fraction of zero.
pub(super) fn whole(value: &Value) -> Option<i64> {
    let round = || {
        let n = value
            .as_f64()
            .filter(|n| n.fract() == 0.0 && n.abs() <= 9e15)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number that a double represents"
        )]
        let n = n as i64;
        Some(n)
    };
    value.as_i64().or_else(round)
}

fn check_envelope(envelope: &Envelope, message: &Fields) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (field, schema) in fields(envelope) {
        match message.get(&field.name) {
            Some(value) => {
                // The schemas of the fields are generated, and small.
                let Ok((schemas, root)) = Schemas::from_json(&schema) else {
                    continue;
                };
                for violation in handfast_schema::validate(&schemas, root, value, None) {
                    let (mut path, detail) = violation.into_parts();
                    path.prepend_key(&field.name);
                    problems.push(envelope_problem(path, detail));
                }
            }
            None if field.presence != Presence::Optional => {
                problems.push(envelope_problem(
                    Pointer::root(),
                    details::required(&field.name),
                ));
            }
            None => {}
        }
    }
    problems
}

fn check_outcome(
    outcome: &Outcome,
    candidate: &Candidate,
    message: &Fields,
    problems: &mut Vec<Problem>,
) {
    let is_error = candidate.role == Some(RoleKind::Error);
    let values = match is_error {
        true => vec![&outcome.failure],
        false => vec![&outcome.success, &outcome.failure],
    };
    match message.get(&outcome.field) {
        Some(value) if values.contains(&value) => {}
        Some(_) => {
            let mut path = Pointer::root();
            path.prepend_key(&outcome.field);
            problems.push(envelope_problem(path, details::enumeration(values)));
        }
        // If the tag identifies the message, no outcome is needed.
        None if candidate.sent.tag.is_some() => {}
        None => {
            problems.push(envelope_problem(
                Pointer::root(),
                details::required(&outcome.field),
            ));
        }
    }
}

/// The payload of a message without a declared one.
fn undeclared(payload: &Value, side: Side) -> Violations {
    use handfast_schema::Violation;
    let Value::Object(fields) = payload else {
        let detail = details::types(TypeSet::NONE.with(Type::Object));
        return vec![Violation::new(Pointer::root(), detail)];
    };
    if side == Side::Client {
        return Vec::new();
    }
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_unstable();
    names
        .into_iter()
        .map(|name| {
            let mut path = Pointer::root();
            path.prepend_key(name);
            Violation::new(path, details::unknown_property("additionalProperties"))
        })
        .collect()
}

fn invalid(violations: Violations, under: Option<&str>) -> impl Iterator<Item = Problem> {
    violations.into_iter().map(move |violation| {
        let (mut path, detail) = violation.into_parts();
        if let Some(key) = under {
            path.prepend_key(key);
        }
        problem(ProblemKind::Invalid, &path, detail.into())
    })
}

pub(super) fn envelope_problem(path: Pointer, detail: impl Into<ViolationDetail>) -> Problem {
    problem(ProblemKind::Envelope, &path, detail.into())
}

fn problem(kind: ProblemKind, path: &Pointer, detail: ViolationDetail) -> Problem {
    Problem {
        kind,
        path: path.as_str().to_owned(),
        keyword: detail.keyword.to_owned(),
        message: detail.message.into_owned(),
        allowed: detail.allowed,
    }
}
