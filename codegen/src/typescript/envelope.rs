//! Envelopes, as the runtime describes them.

use super::{context::Context, text};
use handfast_spec::model::{
    Correlate, Envelope, EnvelopeField, FieldKind, Presence, Protocol, RoleKind, RolePlayer,
    Scalar, Sent, Side, Tagging, TimestampForm,
};
use handfast_templates::typescript::{Descriptor, lay_out};

/// What the tags of one direction hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    Text,
    Integer,
    Either,
}

/// Which kinds of tags an end sends.
pub(super) fn tags(cx: &Context<'_>, end: Side) -> Tags {
    let messages = cx.protocol.messages.iter().filter_map(|message| match end {
        Side::Client => message.client.as_ref()?.tag.as_ref(),
        Side::Server => message.server.as_ref()?.tag.as_ref(),
    });
    let roles = cx.protocol.session.roles.iter().filter_map(|role| {
        let sends = match role.kind {
            RoleKind::Hello => end == Side::Client,
            RoleKind::Ready
            | RoleKind::Refuse
            | RoleKind::Gap
            | RoleKind::Skip
            | RoleKind::Presence
            | RoleKind::Error
            | RoleKind::Greeting => end == Side::Server,
            RoleKind::Join
            | RoleKind::Leave
            | RoleKind::Ping
            | RoleKind::Pong
            | RoleKind::Negotiate
            | RoleKind::Received => true,
            RoleKind::Auth => cx.protocol.session.auth.is_some(),
            RoleKind::Resume => end == Side::Client && cx.protocol.session.numbered,
        };
        match &role.player {
            RolePlayer::Own { tag } if sends => Some(tag),
            _ => None,
        }
    });
    let (mut text, mut integer) = (false, false);
    for tag in messages.chain(roles) {
        match tag {
            Scalar::Text(_) => text = true,
            Scalar::Integer(_) => integer = true,
        }
    }
    match (text, integer) {
        (_, false) => Tags::Text,
        (false, true) => Tags::Integer,
        (true, true) => Tags::Either,
    }
}

fn is_optional(field: Option<&EnvelopeField>, name: &str, kind: FieldKind) -> bool {
    field.is_some_and(|field| {
        field.name == name && field.kind == kind && field.presence == Presence::Optional
    })
}

/// Whether an envelope is the runtime's `defaultEnvelope`.
fn is_default(envelope: &Envelope, tags: Tags) -> bool {
    let Tagging::Adjacent { tag, content } = &envelope.tagging else {
        return false;
    };
    tags == Tags::Text
        && tag == "type"
        && content == "payload"
        && is_optional(envelope.id.as_ref(), "id", FieldKind::Text)
        && envelope.reply_to.is_none()
        && envelope.correlate == Correlate::Id
        && envelope.outcome.is_none()
        && is_optional(envelope.version.as_ref(), "v", FieldKind::Integer)
        && is_optional(envelope.channel.as_ref(), "channel", FieldKind::Text)
        && is_optional(envelope.seq.as_ref(), "seq", FieldKind::Integer)
        && is_optional(envelope.epoch.as_ref(), "epoch", FieldKind::Text)
        && envelope.timestamp.as_ref().is_some_and(|timestamp| {
            timestamp.form == TimestampForm::Rfc3339
                && is_optional(Some(&timestamp.field), "timestamp", FieldKind::Text)
        })
}

/// Whether any message has another envelope than the default one.
pub(super) fn has_layout(cx: &Context<'_>) -> bool {
    let Protocol {
        envelope, messages, ..
    } = cx.protocol;
    let is_other = |envelope: &Envelope, end| !is_default(envelope, tags(cx, end));
    let sent = |sent: &Option<Sent>, end| {
        sent.as_ref()
            .is_some_and(|sent| is_other(&sent.envelope, end))
    };
    is_other(&envelope.client, Side::Client)
        || is_other(&envelope.server, Side::Server)
        || messages.iter().any(|message| {
            sent(&message.client, Side::Client) || sent(&message.server, Side::Server)
        })
}

fn field(field: Option<&EnvelopeField>) -> String {
    let Some(EnvelopeField {
        name,
        kind,
        presence,
        ..
    }) = field
    else {
        return "null".to_owned();
    };
    let kind = match kind {
        FieldKind::Text => "text",
        FieldKind::Integer => "integer",
    };
    let presence = match presence {
        Presence::Required => "required",
        Presence::Optional => "optional",
        Presence::Nullable => "nullable",
    };
    let name = text::string(name);
    format!("{{ name: {name}, kind: '{kind}', presence: '{presence}' }}")
}

/// Envelopes that have a name.
pub(super) struct Envelopes {
    known: Vec<(Envelope, Tags, String)>,
}

impl Envelopes {
    pub(super) fn new() -> Self {
        Self { known: Vec::new() }
    }

    /// The name of an envelope; one that is new is declared under `name`.
    pub(super) fn name(
        &mut self,
        envelope: &Envelope,
        tags: Tags,
        name: impl FnOnce() -> String,
        items: &mut Vec<String>,
    ) -> String {
        if is_default(envelope, tags) {
            return "hf.defaultEnvelope".to_owned();
        }
        let known = self
            .known
            .iter()
            .find(|(known, kind, _)| *kind == tags && known == envelope);
        if let Some((_, _, name)) = known {
            return name.clone();
        }
        let name = name();
        items.push(constant(&name, envelope, tags));
        self.known.push((envelope.clone(), tags, name.clone()));
        name
    }
}

fn constant(name: &str, envelope: &Envelope, tags: Tags) -> String {
    let kind = match tags {
        Tags::Text => "text",
        Tags::Integer => "integer",
        Tags::Either => "either",
    };
    let tag = text::string(envelope.tagging.tag());
    let content = envelope
        .tagging
        .content()
        .map_or("null, flat: hf.flatPayload".to_owned(), text::string);
    let correlate = match envelope.correlate {
        Correlate::Id => "id",
        Correlate::Order => "order",
    };
    let outcome = envelope
        .outcome
        .as_ref()
        .map_or("null".to_owned(), |outcome| {
            let (name, success, failure) = (
                text::string(&outcome.field),
                text::value(&outcome.success),
                text::value(&outcome.failure),
            );
            format!(
                "{{ name: {name}, kind: 'text', presence: 'optional', success: {success}, failure: {failure} }}"
            )
        });
    let timestamp = envelope
        .timestamp
        .as_ref()
        .map_or("null".to_owned(), |timestamp| {
            let form = match timestamp.form {
                TimestampForm::Rfc3339 => "hf.rfc3339",
                TimestampForm::UnixMs => "hf.unixMs",
                TimestampForm::UnixS => "hf.unixSeconds",
            };
            let field = field(Some(&timestamp.field)).replace(" }", "");
            format!("{field}, time: {form} }}")
        });
    lay_out(&Descriptor {
        doc: String::new(),
        exported: false,
        name,
        ty: "hf.Envelope".to_owned(),
        members: vec![
            format!("tag: {{ name: {tag}, kind: '{kind}' }}"),
            format!("content: {content}"),
            format!("id: {}", field(envelope.id.as_ref())),
            format!("replyTo: {}", field(envelope.reply_to.as_ref())),
            format!("correlate: '{correlate}'"),
            format!("outcome: {outcome}"),
            format!("version: {}", field(envelope.version.as_ref())),
            format!("channel: {}", field(envelope.channel.as_ref())),
            format!("seq: {}", field(envelope.seq.as_ref())),
            format!("epoch: {}", field(envelope.epoch.as_ref())),
            format!("timestamp: {timestamp}"),
        ],
    })
}

/// The constants of the client's and the server's envelope. The latter was written with the table of its messages.
pub(super) fn envelopes(cx: &Context<'_>, items: &mut Vec<String>) -> (String, String) {
    let (client, server) = (&cx.protocol.envelope.client, &cx.protocol.envelope.server);
    let mut known = Envelopes::new();
    let server = known.name(
        server,
        tags(cx, Side::Server),
        || "serverEnvelope".to_owned(),
        &mut Vec::new(),
    );
    let client = known.name(
        client,
        tags(cx, Side::Client),
        || "clientEnvelope".to_owned(),
        items,
    );
    (client, server)
}
