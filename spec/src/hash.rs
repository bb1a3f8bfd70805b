//! The hash of what a protocol means on the wire, as 32 hexadecimal digits.
//!
//! Two specs have the same hash if they agree on the envelope, the tags and directions, the assertions of payloads,
//! how requests are answered, the codes of errors, the keys of channels, the roles, the encodings and the close codes. Descriptions,
//! the order of keys, times, limits and outputs have no influence. Messages are identified by their tags, not by
//! their names in code. A schema is identified by its assertions, so a type may be renamed or inlined.

pub(crate) mod canonical;
mod shapes;

use crate::model::{
    CloseCondition, Correlate, Encoding, Envelope, EnvelopeField, FieldKind, KeyPart, Message,
    MessageId, Presence, Protocol, Resuming, Role, RoleKind, RolePlayer, RoleUses, Scalar, Sent,
    TimestampForm,
};
use canonical::{canonical, hex};
use serde_json::{Map, Value, json};
use shapes::Shapes;

/// The hash of a protocol.
pub(crate) fn hash(protocol: &Protocol) -> String {
    let sent = protocol
        .messages
        .iter()
        .flat_map(|one| [&one.client, &one.server]);
    let payloads = sent.flatten().filter_map(|sent| sent.payload);
    let data = protocol.errors.iter().filter_map(|error| error.data);
    let params = protocol
        .channels
        .iter()
        .flat_map(|one| &one.params)
        .map(|param| param.schema);
    let infos = protocol
        .channels
        .iter()
        .filter_map(|one| one.presence?.info);
    let roots = payloads.chain(data).chain(params).chain(infos);
    let shapes = Shapes::new(&protocol.schemas, roots);
    let meaning = meaning(protocol, &shapes);
    hex(canonical(&meaning).as_bytes())
}

fn meaning(protocol: &Protocol, shapes: &Shapes<'_>) -> Value {
    let mut messages = Vec::new();
    for message in &protocol.messages {
        messages.push(self::message(protocol, message, shapes));
    }
    messages.sort_by_cached_key(canonical);
    let mut errors: Vec<Value> = Vec::new();
    for error in &protocol.errors {
        let data = error.data.map(|data| shapes.shape(data));
        errors.push(json!([scalar(&error.code), error.retryable, data]));
    }
    errors.sort_by_cached_key(canonical);
    let mut channels = Vec::new();
    for channel in &protocol.channels {
        let key = channel.key.iter().map(|part| match part {
            KeyPart::Text(text) => json!(text),
            KeyPart::Param(place) => json!([channel.params[*place].name.text]),
        });
        let key: Vec<Value> = key.collect();
        let params: Map<String, Value> = channel
            .params
            .iter()
            .map(|param| (param.name.text.clone(), shapes.shape(param.schema)))
            .collect();
        let door = |id: Option<MessageId>| id.map(|id| reference(protocol, id));
        let mut meaning = vec![
            json!(key),
            params.into(),
            door(channel.join).into(),
            door(channel.leave).into(),
        ];
        // Younger than the hash: channels without it keep theirs.
        if let Some(presence) = channel.presence {
            meaning.push(json!([presence.info.map(|info| shapes.shape(info))]));
        }
        channels.push(Value::from(meaning));
    }
    channels.sort_by_cached_key(canonical);
    let roles = protocol.session.roles.iter().zip(RoleKind::ALL);
    // A role that was added to the language later is part of the meaning where it is not at its default.
    let roles: Map<String, Value> = roles
        .filter(|(role, (_, name))| !is_new_default(protocol, role, name))
        .map(|(role, (_, name))| (name.to_owned(), player(protocol, &role.player)))
        .collect();
    let phases = &protocol.session.phases;
    let mut before: Vec<Value> = phases
        .before_ready
        .iter()
        .map(|id| reference(protocol, *id))
        .collect();
    before.sort_by_cached_key(canonical);
    // Their order is a preference, and what is sent is the same.
    let mut encodings: Vec<&Encoding> = protocol.encodings.iter().collect();
    encodings.sort_by_key(|encoding| encoding.kind);
    let encodings: Vec<Value> = encodings
        .into_iter()
        .map(|encoding| json!([format!("{:?}", encoding.kind), encoding.subprotocol]))
        .collect();
    let mut meaning = json!({
        "envelope": [envelope(&protocol.envelope.client), envelope(&protocol.envelope.server)],
        "messages": messages,
        "errors": errors,
        "channels": channels,
        "roles": roles,
        "auth": protocol.session.auth.map(|id| reference(protocol, id)),
        "first": format!("{:?}", phases.first),
        "beforeReady": before,
        "ids": phases.ids_before_ready,
        "encodings": encodings,
    });
    if protocol.session.numbered {
        meaning["numbered"] = json!(true);
    }
    // Younger than the hash: the usual codes are no part of it.
    let closes: Map<String, Value> = protocol
        .closes
        .iter()
        .zip(CloseCondition::ALL)
        .filter(|(close, (.., usual))| close.code != *usual)
        .map(|(close, (_, name, _))| (name.to_owned(), json!(close.code)))
        .collect();
    if !closes.is_empty() {
        meaning["closes"] = closes.into();
    }
    if !protocol.schemas.has_defaults() {
        meaning["dialect"] = json!("json-schema");
        if protocol.schemas.safe_integers() {
            meaning["integers"] = json!("safe");
        }
    }
    meaning
}

/// Whether a role is younger than the hash and as it is by default. If all older roles are off, so is that one.
fn is_new_default(protocol: &Protocol, role: &Role, name: &str) -> bool {
    if !role.kind.is_new() {
        return false;
    }
    let mut older = protocol.session.roles.iter();
    if older.all(|role| role.kind.is_new() || role.player == RolePlayer::Off) {
        return role.player == RolePlayer::Off;
    }
    let (messages, session) = (&protocol.messages, &protocol.session);
    let uses = RoleUses {
        resuming: Resuming::of(session.resume, session.numbered),
        presence: protocol.has_presence(),
    };
    role.player
        == role
            .kind
            .default_player(name, messages, &session.roles, uses)
}

fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => json!(text),
        Scalar::Integer(number) => json!({ "integer": number.to_string() }),
    }
}

/// A message by what identifies it on the wire; one without a tag by its name.
fn reference(protocol: &Protocol, id: MessageId) -> Value {
    let message = &protocol.messages[id.0];
    let tag = |sent: &Option<Sent>| {
        let sent = sent.as_ref()?;
        Some(
            sent.tag
                .as_ref()
                .map_or_else(|| json!([message.name.text]), scalar),
        )
    };
    json!([tag(&message.client), tag(&message.server)])
}

fn message(protocol: &Protocol, message: &Message, shapes: &Shapes<'_>) -> Value {
    let sent = |sent: &Option<Sent>| {
        let sent = sent.as_ref()?;
        let payload = sent.payload.map(|payload| shapes.shape(payload));
        let tag = sent
            .tag
            .as_ref()
            .map_or_else(|| json!([message.name.text]), scalar);
        Some(json!([tag, payload, envelope(&sent.envelope)]))
    };
    let (client, server) = (sent(&message.client), sent(&message.server));
    let reply = message.reply.as_ref().map(|reply| {
        let parts = [reply.ack, reply.stream, reply.end, reply.cancel];
        let parts: Vec<_> = parts
            .into_iter()
            .map(|id| id.map(|id| reference(protocol, id)))
            .collect();
        json!(parts)
    });
    let mut errors: Vec<Value> = message
        .errors
        .iter()
        .map(|id| scalar(&protocol.errors[id.0].code))
        .collect();
    errors.sort_by_cached_key(canonical);
    let channel = message.channel.map(|id| {
        let channel = &protocol.channels[id.0];
        let key = channel.key.iter().map(|part| match part {
            KeyPart::Text(text) => json!(text),
            KeyPart::Param(place) => json!([channel.params[*place].name.text]),
        });
        key.collect::<Vec<Value>>()
    });
    json!([client, server, reply, errors, channel, message.volatile])
}

fn player(protocol: &Protocol, player: &RolePlayer) -> Value {
    match player {
        RolePlayer::Own { tag } => json!({ "own": scalar(tag) }),
        RolePlayer::Off => json!("off"),
        RolePlayer::Mapped { message, fields } => {
            let fields: Map<String, Value> = fields
                .iter()
                .map(|(field, pointer)| (field.clone(), json!(pointer)))
                .collect();
            json!([reference(protocol, *message), fields])
        }
    }
}

fn envelope(envelope: &Envelope) -> Value {
    let field = |field: &Option<EnvelopeField>| {
        let field = field.as_ref()?;
        let kind = match field.kind {
            FieldKind::Text => "string",
            FieldKind::Integer => "integer",
        };
        let presence = match field.presence {
            Presence::Required => "required",
            Presence::Optional => "optional",
            Presence::Nullable => "nullable",
        };
        Some(json!([field.name, kind, presence]))
    };
    let timestamp = envelope.timestamp.as_ref().map(|timestamp| {
        let form = match timestamp.form {
            TimestampForm::Rfc3339 => "rfc3339",
            TimestampForm::UnixMs => "unix-ms",
            TimestampForm::UnixS => "unix-s",
        };
        json!([field(&Some(timestamp.field.clone())), form])
    });
    let outcome = envelope.outcome.as_ref();
    json!([
        envelope.tagging.tag(),
        envelope.tagging.content(),
        field(&envelope.id),
        field(&envelope.reply_to),
        matches!(envelope.correlate, Correlate::Order),
        outcome.map(|outcome| json!([outcome.field, outcome.success, outcome.failure])),
        field(&envelope.version),
        field(&envelope.channel),
        field(&envelope.seq),
        field(&envelope.epoch),
        timestamp,
    ])
}
