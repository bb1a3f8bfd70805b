//! Envelopes: the defaults, and the blocks that change them.

use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::model::{
    Correlate, Directions, Envelope, EnvelopeField, FieldKind, Outcome, Presence, Tagging,
    Timestamp, TimestampForm,
};
use crate::tree::{Kind, NodeId};
use handfast_schema::Span;

fn field(name: &str, kind: FieldKind) -> EnvelopeField {
    EnvelopeField {
        name: name.to_owned(),
        kind,
        presence: Presence::Optional,
        span: Span::default(),
    }
}

fn default_timestamp() -> Timestamp {
    Timestamp {
        field: field("timestamp", FieldKind::Text),
        form: TimestampForm::Rfc3339,
    }
}

/// The default envelope.
fn default_envelope() -> Envelope {
    Envelope {
        tagging: Tagging::Adjacent {
            tag: "type".into(),
            content: "payload".into(),
        },
        id: Some(field("id", FieldKind::Text)),
        reply_to: None,
        correlate: Correlate::Id,
        outcome: None,
        version: Some(field("v", FieldKind::Integer)),
        channel: Some(field("channel", FieldKind::Text)),
        seq: Some(field("seq", FieldKind::Integer)),
        epoch: Some(field("epoch", FieldKind::Text)),
        timestamp: Some(default_timestamp()),
    }
}

impl Resolver<'_> {
    /// The envelopes of both directions.
    pub(super) fn envelopes(&mut self, block: Option<NodeId>) -> Directions<Envelope> {
        let mut base = default_envelope();
        let Some(block) = block else {
            return Directions {
                client: base.clone(),
                server: base,
            };
        };
        self.apply(&mut base, block);
        let mut both = Directions {
            client: base.clone(),
            server: base,
        };
        if let Some(part) = self.tree.get(block, "client") {
            self.apply(&mut both.client, part);
        }
        if let Some(part) = self.tree.get(block, "server") {
            self.apply(&mut both.server, part);
        }
        both
    }

    /// Applies a block.
    pub(super) fn apply(&mut self, to: &mut Envelope, block: NodeId) {
        let tree = self.tree;
        let at = |key: &str| tree.get(block, key);
        let mut tag = to.tagging.tag().to_owned();
        let mut content = to.tagging.content().map(str::to_owned);
        if let Some(id) = at("tag") {
            match &tree.node(id).kind {
                Kind::Text(text) if text != "off" => tag.clone_from(text),
                Kind::Broken => {}
                other => {
                    let message = match other {
                        Kind::List(_) => "a tag in several fields is not supported yet",
                        Kind::Text(_) | Kind::Null => {
                            "an envelope without a tag is not supported yet"
                        }
                        _ => "`tag` is the name of a field",
                    };
                    let node = tree.node(id).span;
                    let key = tree.map(block).and_then(|map| map.get("tag"));
                    let place = key
                        .filter(|_| node.start == node.end)
                        .map_or(node, |key| key.at);
                    let help = "an envelope is an object with a tag, and with the payload in a field of its own or flat beside the tag";
                    self.schemas
                        .out
                        .push(Diagnostic::error("P023", place, message).help(help));
                }
            }
        }
        if let Some(id) = at("content") {
            match &tree.node(id).kind {
                Kind::Null => content = None,
                Kind::Text(text) => content = Some(text.clone()),
                _ => {}
            }
        }
        to.tagging = match content {
            Some(content) => Tagging::Adjacent { tag, content },
            None => Tagging::Flat { tag },
        };
        self.field(&mut to.id, at("id"), "id", FieldKind::Text);
        self.field(&mut to.version, at("version"), "v", FieldKind::Integer);
        self.field(&mut to.channel, at("channel"), "channel", FieldKind::Text);
        self.field(&mut to.seq, at("seq"), "seq", FieldKind::Integer);
        self.field(&mut to.epoch, at("epoch"), "epoch", FieldKind::Text);
        if let Some(id) = at("timestamp") {
            self.timestamp(&mut to.timestamp, id);
        }
        if let Some(id) = at("correlate") {
            self.correlate(to, id);
        }
        if let Some(id) = at("outcome") {
            if tree.text(id) == Some("off") {
                to.outcome = None;
            }
            let value = |key: &str| tree.get(id, key).map(|id| tree.json(id));
            if let (Some(field), Some(success), Some(failure)) =
                (self.owned(id, "field"), value("success"), value("failure"))
            {
                if handfast_schema::number::equal(&success, &failure) {
                    let message = "success and failure have the same value";
                    let place = tree.get(id, "failure").map_or(id, |failure| failure);
                    let place = tree.node(place).span;
                    self.schemas
                        .out
                        .push(Diagnostic::error("P036", place, message));
                }
                to.outcome = Some(Outcome {
                    field,
                    success,
                    failure,
                });
            }
        }
    }

    fn presence(&self, id: NodeId) -> Option<Option<Presence>> {
        Some(match self.text(id, "presence")? {
            "required" => Some(Presence::Required),
            "optional" => Some(Presence::Optional),
            "nullable" => Some(Presence::Nullable),
            _ => None,
        })
    }

    fn field(
        &self,
        to: &mut Option<EnvelopeField>,
        id: Option<NodeId>,
        name: &str,
        kind: FieldKind,
    ) {
        let Some(id) = id else { return };
        let mut new = to.clone().unwrap_or_else(|| field(name, kind));
        new.span = self.tree.node(id).span;
        match &self.tree.node(id).kind {
            Kind::Text(text) if text == "off" => {
                *to = None;
                return;
            }
            Kind::Text(text) => new.name.clone_from(text),
            Kind::Map(_) => {
                if let Some(name) = self.owned(id, "name") {
                    new.name = name;
                }
                match self.text(id, "type") {
                    Some("string") => new.kind = FieldKind::Text,
                    Some("integer") => new.kind = FieldKind::Integer,
                    _ => {}
                }
                match self.presence(id) {
                    Some(Some(presence)) => new.presence = presence,
                    Some(None) => {
                        *to = None;
                        return;
                    }
                    None => {}
                }
            }
            _ => return,
        }
        *to = Some(new);
    }

    fn timestamp(&self, to: &mut Option<Timestamp>, id: NodeId) {
        let mut new = to.clone().unwrap_or_else(default_timestamp);
        match self.text(id, "as") {
            Some("rfc3339") => new.form = TimestampForm::Rfc3339,
            Some("unix-ms") => new.form = TimestampForm::UnixMs,
            Some("unix-s") => new.form = TimestampForm::UnixS,
            _ => {}
        }
        let mut inner = Some(new.field);
        self.field(&mut inner, Some(id), "timestamp", FieldKind::Text);
        *to = inner.map(|mut field| {
            field.kind = match new.form {
                TimestampForm::Rfc3339 => FieldKind::Text,
                TimestampForm::UnixMs | TimestampForm::UnixS => FieldKind::Integer,
            };
            Timestamp {
                field,
                form: new.form,
            }
        });
    }

    fn correlate(&mut self, to: &mut Envelope, id: NodeId) {
        match &self.tree.node(id).kind {
            Kind::Text(text) => {
                to.correlate = if text == "order" {
                    Correlate::Order
                } else {
                    Correlate::Id
                };
                to.reply_to = None;
            }
            Kind::Map(_) => {
                to.correlate = Correlate::Id;
                let span = self.tree.node(id).span;
                let mut request = to
                    .id
                    .clone()
                    .unwrap_or_else(|| field("id", FieldKind::Text));
                if let Some(name) = self.owned(id, "request") {
                    request.name = name;
                    request.span = span;
                }
                if let Some(name) = self.owned(id, "reply") {
                    // A reply that has the id in the request's own field needs no second field.
                    let apart = name != request.name;
                    to.reply_to = apart.then_some(EnvelopeField {
                        name,
                        kind: request.kind,
                        presence: Presence::Optional,
                        span,
                    });
                }
                to.id = Some(request);
            }
            _ => {}
        }
    }
}
