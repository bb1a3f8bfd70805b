//! The JSON Schema of a whole protocol: one self-contained document for editors, other languages and gateways.
//! Handfast's two defaults are written out in it, so that any validator of draft 2020-12 agrees with the generated
//! code.

pub(crate) mod system;
pub(crate) mod write;

use handfast_schema::openness::{Purpose, UnknownFields, unknown_fields};
use handfast_schema::union::resolve;
use handfast_schema::{SchemaId, Schemas, Side, Validator};
use handfast_spec::model::{
    Envelope, EnvelopeField, FieldKind, Presence, Protocol, Sent, Tagging, TimestampForm,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use system::{System, scalar};
use write::Writer;

/// The URI of the dialect.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The bundle of a protocol, self-contained and without an `$id`.
///
/// Its roots are `#/$defs/receivedByServer` and `#/$defs/receivedByClient`, each a union over whole messages. The
/// document itself accepts what either accepts. The two sides differ in openness: a server refuses unknown fields, a
/// client accepts them. Handfast asserts `format`, so validators should have that switched on. For `int64` and
/// `uint64` a pattern expresses the syntax, but not the range.
pub fn bundle(protocol: &Protocol) -> Value {
    let (schemas, system) = system::system(protocol);
    let names = names(protocol);
    let mut defs = Map::new();
    for (side, receiver, root, from) in [
        (Side::Server, "server", "receivedByServer", Side::Client),
        (Side::Client, "client", "receivedByClient", Side::Server),
    ] {
        let writer = Writer::new(&schemas, Some(side), names.clone());
        let mut bundle = Bundle {
            protocol,
            schemas: &schemas,
            side,
            from,
            writer,
            validator: Validator::new(&schemas),
        };
        let messages = bundle.messages(&system);
        defs.insert(root.to_owned(), messages);
        let groups: Map<String, Value> = std::mem::take(&mut bundle.writer.written)
            .into_iter()
            .map(|(group, all)| {
                let all: Map<String, Value> = all.into_iter().collect();
                (group.to_owned(), json!({ "$defs": all }))
            })
            .collect();
        let about = format!("Definitions of what the {receiver} receives.");
        defs.insert(
            receiver.to_owned(),
            json!({ "$comment": about, "$defs": groups }),
        );
    }
    let mut out = Map::new();
    out.insert("$schema".into(), DRAFT.into());
    out.insert(
        "$comment".into(),
        "Check what a server receives against #/$defs/receivedByServer, and what a client receives against \
         #/$defs/receivedByClient. Formats are assertions: switch them on."
            .into(),
    );
    out.insert(
        "title".into(),
        format!("{} {}", protocol.name.text, protocol.version).into(),
    );
    if let Some(description) = &protocol.description {
        out.insert("description".into(), description.as_str().into());
    }
    out.insert(
        "anyOf".into(),
        json!([{ "$ref": "#/$defs/receivedByServer" }, { "$ref": "#/$defs/receivedByClient" }]),
    );
    out.insert("$defs".into(), Value::Object(defs));
    Value::Object(out)
}

/// A writer of single schemas as documents that share the targets of their references: for the receiving side, or,
/// without one, as the author wrote them and without annotations, which is the form the runtime's interpreter uses.
pub(crate) fn documents(protocol: &Protocol, side: Option<Side>) -> Writer<'_> {
    Writer::new(&protocol.schemas, side, names(protocol))
}

/// The names of the schemas that the author named.
fn names(protocol: &Protocol) -> BTreeMap<SchemaId, String> {
    let types = protocol.types.iter();
    types.map(|ty| (ty.schema, ty.name.text.clone())).collect()
}

/// One side of a bundle.
struct Bundle<'p> {
    protocol: &'p Protocol,
    schemas: &'p Schemas,
    side: Side,
    /// The side that sends what this side receives.
    from: Side,
    writer: Writer<'p>,
    validator: Validator<'p>,
}

impl Bundle<'_> {
    /// Writes all definitions, and returns the union of messages.
    fn messages(&mut self, system: &[System]) -> Value {
        let protocol = self.protocol;
        let mut all = Vec::new();
        let mut tags = Vec::new();
        for message in &protocol.messages {
            let sent = match self.from {
                Side::Client => &message.client,
                Side::Server => &message.server,
            };
            let Some(sent) = sent else { continue };
            let name = &message.name.text;
            if let Some(payload) = sent.payload {
                let payload = self.writer.schema(payload, Purpose::Whole);
                self.writer.define("payloads", name, payload);
            }
            let published = self.from == Side::Server && message.channel.is_some();
            let mut value = self.message("payloads", name, sent, published);
            if let (Value::Object(fields), Some(text)) = (&mut value, &message.description) {
                fields.insert("description".into(), text.as_str().into());
            }
            if let (Value::Object(fields), Some(_)) = (&mut value, &message.deprecated) {
                fields.insert("deprecated".into(), Value::Bool(true));
            }
            tags.push((sent.envelope.tagging.tag().to_owned(), sent.tag.clone()));
            all.push(self.writer.define("messages", name, value));
        }
        let from = self.from;
        for own in system.iter().filter(|own| own.from == from) {
            let envelope = match from {
                Side::Client => protocol.envelope.client.clone(),
                Side::Server => protocol.envelope.server.clone(),
            };
            let sent = Sent {
                tag: Some(own.tag.clone()),
                payload: own.payload,
                envelope,
            };
            if let Some(payload) = own.payload {
                let payload = self.writer.schema(payload, Purpose::Whole);
                self.writer.define("sessionPayloads", own.name, payload);
            }
            let value = self.message("sessionPayloads", own.name, &sent, false);
            tags.push((sent.envelope.tagging.tag().to_owned(), sent.tag.clone()));
            all.push(self.writer.define("session", own.name, value));
        }
        for error in &protocol.errors {
            if let Some(data) = error.data {
                let data = self.writer.schema(data, Purpose::Whole);
                self.writer.define("errors", &error.name.text, data);
            }
        }
        for ty in &protocol.types {
            self.writer.refer(ty.schema, Purpose::Whole);
        }
        self.writer.finish();
        if all.is_empty() {
            return json!({ "description": "Nothing.", "not": {} });
        }
        // Messages that share a tag, or have none, are identified by their request, which a schema cannot see.
        let mut known = BTreeSet::new();
        let apart = tags.iter().all(|(field, tag)| {
            let tag = tag.as_ref().map(|tag| scalar(tag).to_string());
            *field == tags[0].0 && tag.is_some_and(|tag| known.insert(tag))
        });
        let about = match self.side {
            Side::Server => "Every message that the server receives.",
            Side::Client => "Every message that a client receives.",
        };
        json!({ "description": about, (if apart { "oneOf" } else { "anyOf" }): all })
    }

    /// A whole message, whose payload is a definition in a group. A message `published` to a channel has the
    /// channel's key.
    fn message(&mut self, group: &'static str, name: &str, sent: &Sent, published: bool) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let tag = sent.envelope.tagging.tag();
        match &sent.tag {
            Some(value) => {
                properties.insert(tag.to_owned(), json!({ "const": scalar(value) }));
                required.push(tag.to_owned());
            }
            // A reply without a tag is recognized by the absence of the tag.
            None => drop(properties.insert(tag.to_owned(), Value::Bool(false))),
        }
        for (field, value) in fields(&sent.envelope) {
            properties.insert(field.name.clone(), value);
            let is_key = sent.envelope.channel.as_ref() == Some(field);
            if field.presence != Presence::Optional || (published && is_key) {
                required.push(field.name.clone());
            }
        }
        let mut out = Map::new();
        out.insert("type".into(), "object".into());
        let mut closed = self.side == Side::Server;
        let keyword = match &sent.envelope.tagging {
            Tagging::Adjacent { content, .. } => {
                let payload = match sent.payload {
                    Some(_) => self.writer.pointer(group, name),
                    None => self.nothing(),
                };
                properties.insert(content.clone(), payload);
                if sent
                    .payload
                    .is_some_and(|id| !may_be_absent(&self.validator, id, self.side))
                {
                    required.push(content.clone());
                }
                "additionalProperties"
            }
            Tagging::Flat { .. } => {
                if let Some(payload) = sent.payload {
                    let (part, own) = self.flat(payload);
                    out.insert("allOf".into(), json!([part]));
                    closed &= is_closed(self.schemas, payload);
                    if let Some(own) = own {
                        out.insert("unevaluatedProperties".into(), own);
                        closed = false;
                    }
                }
                "unevaluatedProperties"
            }
            // A future form of envelope, which no schema describes yet.
            _ => return Value::Bool(true),
        };
        if let Some(outcome) = &sent.envelope.outcome {
            let values = json!([outcome.success, outcome.failure]);
            properties.insert(outcome.field.clone(), json!({ "enum": values }));
            if sent.tag.is_none() {
                required.push(outcome.field.clone());
            }
        }
        out.insert("required".into(), json!(required));
        out.insert("properties".into(), Value::Object(properties));
        if closed {
            out.insert(keyword.into(), Value::Bool(false));
        }
        Value::Object(out)
    }

    /// The schema for a payload that is not declared.
    fn nothing(&self) -> Value {
        match self.side {
            Side::Server => json!({ "type": "object", "additionalProperties": false }),
            Side::Client => json!({ "type": "object" }),
        }
    }

    /// A payload whose fields are beside the tag, as a part of the message. Its rule for additional fields moves to
    /// the message, where they are additional to both.
    fn flat(&mut self, payload: SchemaId) -> (Value, Option<Value>) {
        let target = resolve(self.schemas, payload);
        let schema = &self.schemas[target];
        let own = schema
            .additional_properties
            .or(schema.unevaluated_properties);
        let Some(own) = own else {
            return (self.writer.schema(payload, Purpose::Part), None);
        };
        let mut part = self.writer.schema(target, Purpose::Part);
        if let Value::Object(part) = &mut part {
            part.remove("additionalProperties");
            part.remove("unevaluatedProperties");
        }
        (part, Some(self.writer.schema(own, Purpose::Whole)))
    }
}

/// The fields of an envelope beside tag and payload, with their schemas.
pub(crate) fn fields(envelope: &Envelope) -> Vec<(&EnvelopeField, Value)> {
    let Envelope {
        id,
        reply_to,
        version,
        channel,
        seq,
        epoch,
        timestamp,
        ..
    } = envelope;
    let plain = [id, reply_to, version, channel, seq, epoch];
    let of = |field| {
        let mut schema = field_schema(field, None);
        if seq.as_ref() == Some(field) && field.kind == FieldKind::Integer {
            schema["minimum"] = 0.into();
        }
        (field, schema)
    };
    let mut all: Vec<(&EnvelopeField, Value)> = plain.into_iter().flatten().map(of).collect();
    if let Some(timestamp) = timestamp {
        all.push((
            &timestamp.field,
            field_schema(&timestamp.field, Some(timestamp.form)),
        ));
    }
    all
}

fn field_schema(field: &EnvelopeField, time: Option<TimestampForm>) -> Value {
    let bound = handfast_schema::number::MAX_SAFE_INTEGER;
    let mut schema = match field.kind {
        FieldKind::Text if time == Some(TimestampForm::Rfc3339) => {
            json!({ "type": "string", "format": "date-time" })
        }
        FieldKind::Text => json!({ "type": "string" }),
        FieldKind::Integer if time.is_some() => {
            json!({ "type": "integer", "minimum": 0, "maximum": bound })
        }
        FieldKind::Integer => json!({ "type": "integer", "minimum": -bound, "maximum": bound }),
    };
    if field.presence == Presence::Nullable {
        let ty = schema["type"].take();
        schema["type"] = json!([ty, "null"]);
    }
    schema
}

/// Whether a payload may be absent: an absent payload counts as `{}`, if that is valid.
pub(crate) fn may_be_absent(validator: &Validator<'_>, payload: SchemaId, side: Side) -> bool {
    let empty = Value::Object(Map::new());
    validator.validate(payload, &empty, Some(side)).is_empty()
}

/// Whether a server refuses unknown fields in a payload.
fn is_closed(schemas: &Schemas, payload: SchemaId) -> bool {
    match unknown_fields(schemas, payload) {
        UnknownFields::AsWritten => false,
        UnknownFields::RefuseAdditional | UnknownFields::RefuseUnevaluated => true,
        UnknownFields::Delegate => {
            let target = resolve(schemas, payload);
            target == payload || is_closed(schemas, target)
        }
    }
}
