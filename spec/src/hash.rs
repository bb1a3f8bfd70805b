//! The hash of what a protocol means on the wire, as 32 hexadecimal digits.
//!
//! Two specs have the same hash if they agree on the envelope, the tags and directions, the assertions of payloads,
//! how requests are answered, the codes of errors, the keys of channels, the roles and the encodings. Descriptions,
//! the order of keys, times, limits and outputs have no influence. Messages are identified by their tags, not by
//! their names in code. A schema is identified by its assertions, so a type may be renamed or inlined.

use crate::model::{
    Correlate, Envelope, EnvelopeField, FieldKind, KeyPart, Message, MessageId, Presence, Protocol,
    RoleKind, RolePlayer, Scalar, Sent, TimestampForm,
};
use handfast_schema::{Schema, SchemaId, Schemas, Type};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

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
    let shapes = Shapes::new(&protocol.schemas, payloads.chain(data).chain(params));
    let meaning = meaning(protocol, &shapes);
    hex(canonical(&meaning).as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for byte in &Sha256::digest(bytes)[..16] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A canonical text of a value, the same for equal values: keys sorted, numbers as doubles.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, to: &mut String) {
    match value {
        Value::Number(number) => {
            let double = number.as_f64().unwrap_or_default();
            // -0 is 0.
            to.push_str(&(double + 0.0).to_string());
        }
        Value::Array(items) => {
            to.push('[');
            for item in items {
                write_canonical(item, to);
                to.push(',');
            }
            to.push(']');
        }
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            to.push('{');
            for (key, value) in sorted {
                to.push_str(&Value::String(key.clone()).to_string());
                to.push(':');
                write_canonical(value, to);
                to.push(',');
            }
            to.push('}');
        }
        other => to.push_str(&other.to_string()),
    }
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
        channels.push(json!([
            key,
            params,
            door(channel.join),
            door(channel.leave)
        ]));
    }
    channels.sort_by_cached_key(canonical);
    let roles = protocol.session.roles.iter().zip(RoleKind::ALL);
    let roles: Map<String, Value> = roles
        .map(|(role, (_, name))| (name.to_owned(), player(protocol, &role.player)))
        .collect();
    let phases = &protocol.session.phases;
    let mut before: Vec<Value> = phases
        .before_ready
        .iter()
        .map(|id| reference(protocol, *id))
        .collect();
    before.sort_by_cached_key(canonical);
    let encodings: Vec<Value> = protocol
        .encodings
        .iter()
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
    if !protocol.schemas.has_defaults() {
        meaning["dialect"] = json!("json-schema");
    }
    meaning
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

/// Digests of schemas by their assertions: equal if two schemas assert the same.
///
/// The digest of a schema is made of its own keywords and the digests of its parts. Types may be recursive, so this
/// works by partition refinement: all schemas start alike, and each round distinguishes those whose parts the
/// previous round distinguished, until a round changes nothing. The result does not depend on the starting point, on
/// names, or on inlining.
struct Shapes<'a> {
    schemas: &'a Schemas,
    digests: BTreeMap<SchemaId, Digest32>,
}

type Digest32 = [u8; 32];

/// A schema without its parts, and its parts.
struct Skeleton {
    words: Digest32,
    /// Parts whose order matters.
    parts: Vec<SchemaId>,
    /// Parts whose order does not matter: the branches of each of `allOf`, `anyOf` and `oneOf`.
    branches: [Vec<SchemaId>; 3],
}

impl<'a> Shapes<'a> {
    fn new(schemas: &'a Schemas, roots: impl IntoIterator<Item = SchemaId>) -> Self {
        let mut this = Self {
            schemas,
            digests: BTreeMap::new(),
        };
        let mut skeletons = BTreeMap::new();
        let mut open: Vec<SchemaId> = roots.into_iter().map(|id| this.target(id)).collect();
        while let Some(id) = open.pop() {
            if skeletons.contains_key(&id) {
                continue;
            }
            let skeleton = this.skeleton(id);
            open.extend(&skeleton.parts);
            open.extend(skeleton.branches.iter().flatten());
            skeletons.insert(id, skeleton);
        }
        this.digests = skeletons
            .iter()
            .map(|(id, skeleton)| (*id, skeleton.words))
            .collect();
        let mut classes = 0;
        loop {
            let distinct: BTreeSet<&Digest32> = this.digests.values().collect();
            if distinct.len() == classes {
                return this;
            }
            classes = distinct.len();
            let next = skeletons
                .iter()
                .map(|(id, skeleton)| (*id, this.round(skeleton)));
            this.digests = next.collect();
        }
    }

    fn round(&self, skeleton: &Skeleton) -> Digest32 {
        let digest = |id: &SchemaId| self.digests.get(id).copied().unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(skeleton.words);
        for part in &skeleton.parts {
            hasher.update(digest(part));
        }
        for branches in &skeleton.branches {
            let mut branches: Vec<_> = branches.iter().map(digest).collect();
            branches.sort_unstable();
            for branch in branches {
                hasher.update(branch);
            }
        }
        hasher.finalize().into()
    }

    /// The target of a schema that is only a reference.
    fn target(&self, mut id: SchemaId) -> SchemaId {
        // Circular references were reported as an error; the bound protects callers that hash anyway.
        for _ in 0..self.schemas.len() {
            let schema = &self.schemas[id];
            match schema.reference {
                Some(next) if is_plain_reference(schema) => id = next,
                _ => break,
            }
        }
        id
    }

    fn shape(&self, id: SchemaId) -> Value {
        let digest = self
            .digests
            .get(&self.target(id))
            .copied()
            .unwrap_or_default();
        json!(hex(&digest))
    }

    fn skeleton(&self, id: SchemaId) -> Skeleton {
        let schema = &self.schemas[id];
        let mut map = Map::new();
        let mut say = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), value);
            }
        };
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            (!names.is_empty()).then(|| json!(names))
        };
        // `true` asserts nothing, so it contributes nothing.
        say(
            "boolean",
            schema.boolean.filter(|any| !any).map(Value::from),
        );
        let types = schema
            .types
            .map(|types| types.iter().map(Type::name).collect::<Vec<_>>());
        say("type", types.map(|types| json!(types)));
        say("const", schema.constant.clone().map(|value| json!([value])));
        say(
            "enum",
            schema.enumeration.as_ref().map(|values| {
                let mut values: Vec<_> = values.iter().map(canonical).collect();
                values.sort();
                json!(values)
            }),
        );
        say("open", schema.open.then_some(Value::Bool(true)));
        for (key, number) in [
            ("multipleOf", &schema.multiple_of),
            ("maximum", &schema.maximum),
            ("exclusiveMaximum", &schema.exclusive_maximum),
            ("minimum", &schema.minimum),
            ("exclusiveMinimum", &schema.exclusive_minimum),
        ] {
            say(key, number.clone().map(Value::Number));
        }
        for (key, count) in [
            ("maxLength", schema.max_length),
            ("minLength", schema.min_length),
            ("minContains", schema.min_contains),
            ("maxContains", schema.max_contains),
            ("maxItems", schema.max_items),
            ("minItems", schema.min_items),
            ("maxProperties", schema.max_properties),
            ("minProperties", schema.min_properties),
        ] {
            say(key, count.map(Value::from));
        }
        say("pattern", schema.pattern.clone().map(Value::from));
        say("format", schema.format.clone().map(Value::from));
        say(
            "contentEncoding",
            schema.content_encoding.clone().map(Value::from),
        );
        say(
            "uniqueItems",
            schema.unique_items.then_some(Value::Bool(true)),
        );
        say("required", sorted(&schema.required));
        let mut dependent = Map::new();
        for (name, names) in &schema.dependent_required {
            dependent.insert(name.clone(), sorted(names).unwrap_or_default());
        }
        say(
            "dependentRequired",
            (!dependent.is_empty()).then_some(Value::Object(dependent)),
        );
        say(
            "$dynamicAnchor",
            schema.dynamic_anchor.clone().map(Value::from),
        );

        // The keywords say which parts there are; the parts follow in the same order.
        let mut parts = Vec::new();
        let dynamic = schema.dynamic_reference.as_ref();
        for (key, part) in [
            ("items", schema.items),
            ("contains", schema.contains),
            ("unevaluatedItems", schema.unevaluated_items),
            ("additionalProperties", schema.additional_properties),
            ("propertyNames", schema.property_names),
            ("unevaluatedProperties", schema.unevaluated_properties),
            ("not", schema.not),
            ("if", schema.condition),
            ("then", schema.then),
            ("else", schema.otherwise),
            ("$ref", schema.reference),
            ("$dynamicRef", dynamic.map(|dynamic| dynamic.initial)),
        ] {
            say(key, part.map(|_| Value::Bool(true)));
            parts.extend(part);
        }
        for (key, all) in [
            ("properties", &schema.properties),
            ("patternProperties", &schema.pattern_properties),
            ("dependentSchemas", &schema.dependent_schemas),
        ] {
            let mut all: Vec<_> = all.iter().collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            let names: Vec<_> = all.iter().map(|(name, _)| name).collect();
            say(key, (!names.is_empty()).then(|| json!(names)));
            parts.extend(all.iter().map(|(_, id)| *id));
        }
        say("prefixItems", Some(json!(schema.prefix_items.len())));
        parts.extend(&schema.prefix_items);
        let branches = [&schema.all_of, &schema.any_of, &schema.one_of];
        say("branches", Some(json!(branches.map(Vec::len))));
        let followed = |ids: &Vec<SchemaId>| ids.iter().map(|id| self.target(*id)).collect();
        Skeleton {
            words: Sha256::digest(canonical(&Value::Object(map)).as_bytes()).into(),
            parts: followed(&parts),
            branches: branches.map(followed),
        }
    }
}

/// Whether a schema has no assertion beside its `$ref`.
fn is_plain_reference(schema: &Schema) -> bool {
    let bare = Schema {
        span: schema.span,
        annotations: schema.annotations.clone(),
        reference: schema.reference,
        resource: schema.resource,
        ..Schema::default()
    };
    bare == *schema
}
