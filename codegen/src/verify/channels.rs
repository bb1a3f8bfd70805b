//! Channels: checks keys, the replies to joins, and sequence numbers.

use super::message::{Candidate, Fields, Reader, envelope_problem, whole};
use super::pending::Pending;
use super::report::{Line, Problem, ProblemKind};
use super::requests::problem;
use handfast_schema::{Pointer, details};
use handfast_spec::model::{Channel, KeyPart, MessageId, Presence, RoleKind, Side, Tagging};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The maximum length of a key in bytes (docs/wire.md).
const MAX_KEY: usize = 1024;

/// The current sequence number of a channel.
struct Count {
    epoch: Option<Value>,
    seq: u64,
}

impl Count {
    /// The next number must be one more.
    fn advance(&mut self, seq: u64, channel: &Channel, place: String, line: &mut Line) {
        let before = std::mem::replace(&mut self.seq, seq);
        if before.checked_add(1) != Some(seq) {
            let words = format!(
                "the previous number in `{}` is {before}, and the next must be one more",
                channel.name.text
            );
            line.problems.push(at(place, words));
        }
    }
}

/// The channels of a connection, by their keys.
pub(super) struct Channels<'r, 'p> {
    reader: &'r Reader<'p>,
    counts: BTreeMap<String, Count>,
}

impl<'r, 'p> Channels<'r, 'p> {
    pub(super) const fn new(reader: &'r Reader<'p>) -> Self {
        Self {
            reader,
            counts: BTreeMap::new(),
        }
    }

    /// After a reconnect no channel is joined.
    pub(super) fn reconnect(&mut self) {
        self.counts.clear();
    }

    /// The key of the channel that a request joins.
    pub(super) fn joins(&self, candidate: &Candidate, message: &Fields) -> Option<String> {
        let payload = payload(candidate, message);
        match candidate.message {
            Some(id) => filled(self.joined_by(id)?, payload),
            None if candidate.role == Some(RoleKind::Join) => {
                Some(payload?.get("channel")?.as_str()?.to_owned())
            }
            None => None,
        }
    }

    fn joined_by(&self, message: MessageId) -> Option<&'p Channel> {
        let mut channels = self.reader.protocol.channels.iter();
        channels.find(|channel| channel.join == Some(message))
    }

    /// Checks the channel of a message. `answered` is the request it answers; `failed` is whether that failed.
    pub(super) fn check(
        &mut self,
        from: Side,
        candidate: &Candidate,
        message: &Fields,
        answered: Option<&Pending>,
        line: &mut Line,
    ) {
        self.key(candidate, message, line);
        if from == Side::Client {
            return self.addressed(candidate, message, line);
        }
        if let Some(joined) = answered.and_then(|pending| self.joined_in(pending)) {
            self.join_answer(joined, candidate, message, line);
        } else if let Some(channel) = candidate.message.and_then(|id| self.channel_of(id)) {
            self.published(channel, candidate, message, line);
        } else if candidate.role == Some(RoleKind::Gap) && candidate.message.is_none() {
            self.gap(candidate, message, line);
        } else if candidate.role == Some(RoleKind::Skip) && candidate.message.is_none() {
            self.skip(candidate, message, line);
        }
    }

    fn channel_of(&self, message: MessageId) -> Option<&'p Channel> {
        let channel = self.reader.protocol.messages[message.0].channel?;
        Some(&self.reader.protocol.channels[channel.0])
    }

    /// The key that a request joins, if it is a join.
    fn joined_in<'a>(&self, pending: &'a Pending) -> Option<&'a str> {
        let joins = match pending.message {
            Some(id) => self.joined_by(id).is_some(),
            None => pending.role == Some(RoleKind::Join),
        };
        pending.joins.as_deref().filter(|_| joins)
    }

    /// The key must belong to the channel of the message; for a join, to a channel without a join message of its own.
    fn key(&self, candidate: &Candidate, message: &Fields, line: &mut Line) {
        let own_join = candidate.message.is_none()
            && matches!(candidate.role, Some(RoleKind::Join | RoleKind::Leave));
        if own_join {
            let key = payload(candidate, message).and_then(|all| all.get("channel")?.as_str());
            // A channel with a join message of its own cannot be joined otherwise.
            let is_entered = |channel: &&Channel| match candidate.role {
                Some(RoleKind::Join) => channel.join.is_none(),
                _ => channel.leave.is_none(),
            };
            let mut channels = self.reader.protocol.channels.iter().filter(is_entered);
            if let Some(key) = key
                && !channels.any(|channel| self.is_key(channel, key))
            {
                let content = candidate.sent.envelope.tagging.content();
                let path = content
                    .map(|content| format!("/{content}"))
                    .unwrap_or_default();
                line.problems.push(at(
                    format!("{path}/channel"),
                    format!(
                        "`{key}` is not the key of a channel that this message joins or leaves"
                    ),
                ));
            }
            return;
        }
        let Some(channel) = candidate.message.and_then(|id| self.channel_of(id)) else {
            return;
        };
        let Some(field) = &candidate.sent.envelope.channel else {
            return;
        };
        match message.get(&field.name).map(Value::as_str) {
            Some(Some(key)) if !self.is_key(channel, key) => {
                let words = format!(
                    "`{key}` is not a key of the channel `{}`: `{}`",
                    channel.name.text,
                    channel.pattern()
                );
                line.problems.push(at(format!("/{}", field.name), words));
            }
            _ => {}
        }
    }

    /// What a client sends to a channel must identify it, by its key or by the parameters in its payload.
    fn addressed(&self, candidate: &Candidate, message: &Fields, line: &mut Line) {
        let Some(channel) = candidate.message.and_then(|id| self.channel_of(id)) else {
            return;
        };
        let field = candidate.sent.envelope.channel.as_ref();
        let key = field.and_then(|field| message.get(&field.name));
        let meant = filled(channel, payload(candidate, message));
        let (place, words) = match (key, meant) {
            (None, None) => (
                String::new(),
                format!(
                    "neither a key nor parameters identify the `{}`",
                    channel.name.text
                ),
            ),
            (Some(key), Some(meant)) if *key != *meant => (
                format!("/{}", field.map_or("", |field| &field.name)),
                format!("the parameters are those of `{meant}`, but the key is {key}"),
            ),
            _ => return,
        };
        line.problems.push(at(place, words));
    }

    /// The reply to a join has the key, and the position at which the client starts.
    fn join_answer(
        &mut self,
        joined: &str,
        candidate: &Candidate,
        message: &Fields,
        line: &mut Line,
    ) {
        if candidate.role == Some(RoleKind::Error) {
            return;
        }
        let envelope = &candidate.sent.envelope;
        // In a numbered session, a channel has no position.
        if self.reader.protocol.session.numbered {
            return;
        }
        for field in [&envelope.channel, &envelope.seq, &envelope.epoch]
            .into_iter()
            .flatten()
        {
            // If the field is required anyway, that was reported.
            if field.presence == Presence::Optional && !message.contains_key(&field.name) {
                let detail = details::required(&field.name);
                line.problems
                    .push(envelope_problem(Pointer::root(), detail));
            }
        }
        let get = |field: &Option<handfast_spec::model::EnvelopeField>| {
            field.as_ref().and_then(|field| message.get(&field.name))
        };
        if let (Some(field), Some(key)) = (&envelope.channel, get(&envelope.channel))
            && key != joined
        {
            let words = format!("the join of `{joined}` is answered with the key {key}");
            line.problems.push(at(format!("/{}", field.name), words));
        }
        if let Some(seq) = get(&envelope.seq).and_then(number) {
            let epoch = get(&envelope.epoch).cloned();
            self.counts.insert(joined.to_owned(), Count { epoch, seq });
        }
    }

    /// Published messages are numbered consecutively, unless they are volatile.
    fn published(
        &mut self,
        channel: &Channel,
        candidate: &Candidate,
        message: &Fields,
        line: &mut Line,
    ) {
        let envelope = &candidate.sent.envelope;
        let volatile = candidate
            .message
            .is_some_and(|id| self.reader.protocol.messages[id.0].volatile);
        if self.reader.protocol.session.numbered {
            return;
        }
        let Some(field) = &envelope.seq else { return };
        let seq = message.get(&field.name);
        let place = format!("/{}", field.name);
        let Some(seq) = seq else {
            if !volatile && field.presence == Presence::Optional {
                let detail = details::required(&field.name);
                line.problems
                    .push(envelope_problem(Pointer::root(), detail));
            }
            return;
        };
        if volatile {
            let words = format!(
                "`{}` is volatile, but has a sequence number",
                candidate.name
            );
            return line.problems.push(at(place, words));
        }
        let key = envelope
            .channel
            .as_ref()
            .and_then(|field| message.get(&field.name));
        let Some((seq, key)) = number(seq).zip(key.and_then(Value::as_str)) else {
            return;
        };
        let epoch = envelope
            .epoch
            .as_ref()
            .and_then(|field| message.get(&field.name));
        let Some(count) = self.counts.get_mut(key) else {
            let epoch = epoch.cloned();
            self.counts.insert(key.to_owned(), Count { epoch, seq });
            return;
        };
        if epoch.is_some() && epoch != count.epoch.as_ref() {
            let epoch = epoch.cloned();
            *count = Count { epoch, seq };
        } else {
            count.advance(seq, channel, place, line);
        }
    }

    /// The number of a message that is not for this client.
    fn skip(&mut self, candidate: &Candidate, message: &Fields, line: &mut Line) {
        let Some(payload) = payload(candidate, message) else {
            return;
        };
        let key = payload.get("channel").and_then(Value::as_str);
        let seq = payload.get("seq").and_then(number);
        let Some((key, seq)) = key.zip(seq) else {
            return;
        };
        let mut channels = self.reader.protocol.channels.iter();
        let Some(channel) = channels.find(|channel| self.is_key(channel, key)) else {
            let words = format!("`{key}` is not the key of a channel");
            return line.problems.push(at(String::new(), words));
        };
        if let Some(count) = self.counts.get_mut(key) {
            let content = candidate.sent.envelope.tagging.content();
            let place = content.map_or_else(|| "/seq".into(), |content| format!("/{content}/seq"));
            count.advance(seq, channel, place, line);
        }
    }

    /// Sequence numbers that are missing for good.
    fn gap(&mut self, candidate: &Candidate, message: &Fields, line: &mut Line) {
        let Some(payload) = payload(candidate, message) else {
            return;
        };
        let Some(key) = payload.get("channel").and_then(Value::as_str) else {
            return;
        };
        let mut channels = self.reader.protocol.channels.iter();
        if !channels.any(|channel| self.is_key(channel, key)) {
            let words = format!("`{key}` is not the key of a channel");
            line.problems.push(at(String::new(), words));
        }
        match (payload.get("to").and_then(number), self.counts.get_mut(key)) {
            (Some(to), Some(count)) => count.seq = to,
            _ => drop(self.counts.remove(key)),
        }
    }

    /// Whether a text is a key of a channel: its literal parts, with valid parameters between them.
    fn is_key(&self, channel: &Channel, key: &str) -> bool {
        if key.len() > MAX_KEY {
            return false;
        }
        let mut seen = BTreeSet::new();
        let mut waiting = vec![(0, 0)];
        while let Some((part, from)) = waiting.pop() {
            if !seen.insert((part, from)) {
                continue;
            }
            let rest = &key[from..];
            match channel.key.get(part) {
                None if rest.is_empty() => return true,
                None => {}
                Some(KeyPart::Text(text)) if rest.starts_with(text.as_str()) => {
                    waiting.push((part + 1, from + text.len()));
                }
                Some(KeyPart::Text(_)) => {}
                Some(KeyPart::Param(at)) => {
                    let is_last = part + 1 == channel.key.len();
                    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
                    let ends = ends.filter(|end| !is_last || *end == rest.len());
                    let next = match channel.key.get(part + 1) {
                        Some(KeyPart::Text(text)) => text.as_str(),
                        _ => "",
                    };
                    // A parameter that another follows ends at the first place where it may.
                    let mut behind = channel.key[part + 1..].iter();
                    let is_delimited = behind.any(|part| matches!(part, KeyPart::Param(_)));
                    let most = if is_delimited { 1 } else { usize::MAX };
                    let schema = channel.params[*at].schema;
                    let fits = ends
                        .filter(|end| rest[*end..].starts_with(next))
                        .take(most)
                        .filter(|end| self.reader.passes(schema, &Value::from(&rest[..*end])));
                    waiting.extend(fits.map(|end| (part + 1, from + end)));
                }
            }
        }
        false
    }
}

/// The payload of a message, if it is an object.
fn payload<'m>(candidate: &Candidate, message: &'m Fields) -> Option<&'m Fields> {
    match &candidate.sent.envelope.tagging {
        Tagging::Adjacent { content, .. } => message.get(content)?.as_object(),
        _ => Some(message),
    }
}

/// The sequence number of a message.
fn number(value: &Value) -> Option<u64> {
    u64::try_from(whole(value)?).ok()
}

/// The key of a channel with the parameters of a payload; `None` if one is missing.
fn filled(channel: &Channel, payload: Option<&Fields>) -> Option<String> {
    let parts = channel.key.iter().map(|part| match part {
        KeyPart::Text(text) => Some(text.as_str()),
        KeyPart::Param(at) => payload?.get(&channel.params[*at].name.text)?.as_str(),
    });
    parts.collect()
}

fn at(path: String, words: String) -> Problem {
    Problem {
        path,
        ..problem(ProblemKind::Channel, words)
    }
}
