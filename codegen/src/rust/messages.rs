//! The unions of what either end sends, and the errors of requests.

use super::{
    Cx,
    attribute::{attribute, text},
    docs,
    types::boxed_if_large,
};
use crate::{
    names,
    shape::{MessageShape, PayloadShape},
};
use handfast_spec::model::{
    Correlate, Envelope, EnvelopeField, ErrorId, FieldKind, Message, MessageId, Presence, RoleKind,
    RolePlayer, Scalar, Sent, Side, Tagging, Timestamp, TimestampForm,
};

pub(super) fn messages(cx: &Cx<'_>, items: &mut Vec<String>) {
    items.push(union(cx, Side::Client));
    items.push(union(cx, Side::Server));
}

/// A literal of a tag or a code.
pub(super) fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(value) => text(value),
        Scalar::Integer(n) => n.to_string(),
    }
}

/// The documentation of a message: its description, since when it is, and whether it is to be used.
pub(super) fn documentation(message: &Message, description: Option<&str>) -> String {
    let mut words = description.map_or_else(|| format!("`{}`", message.name.text), str::to_owned);
    if let Some(since) = &message.since {
        words.push_str(&format!("\n\nSince {since}."));
    }
    if let Some(deprecated) = &message.deprecated {
        match &deprecated.note {
            Some(note) => words.push_str(&format!("\n\nDeprecated: {note}.")),
            None => words.push_str("\n\nDeprecated."),
        }
    }
    words
}

/// Whether a message is part of its end's union. The proof of who a client is travels inside the hello.
fn is_in_union(cx: &Cx<'_>, id: MessageId) -> bool {
    let hello = matches!(
        cx.protocol.session.role(RoleKind::Hello),
        RolePlayer::Own { .. }
    );
    !(hello && cx.protocol.session.auth == Some(id))
}

fn side(shape: &MessageShape, end: Side) -> Option<&PayloadShape> {
    match end {
        Side::Client => shape.client.as_ref(),
        Side::Server => shape.server.as_ref(),
    }
}

fn sent(message: &Message, end: Side) -> Option<&Sent> {
    match end {
        Side::Client => message.client.as_ref(),
        Side::Server => message.server.as_ref(),
    }
}

/// The type of a message as one end sends it.
pub(super) fn type_of(cx: &Cx<'_>, id: MessageId, end: Side) -> String {
    side(&cx.shapes.messages[id.0], end)
        .map(|payload| payload.rust.clone())
        .unwrap_or_default()
}

/// The name of the enum of errors that a message may be answered with.
pub(super) fn errors_of(cx: &Cx<'_>, id: MessageId) -> Option<String> {
    let message = &cx.protocol.messages[id.0];
    (!message.errors.is_empty()).then(|| format!("{}Error", base(message)))
}

/// Every enum of errors: its name, its documentation, and the errors.
pub(super) fn errors_by_set<'p>(cx: &Cx<'p>) -> Vec<(String, String, &'p [ErrorId])> {
    cx.protocol
        .messages
        .iter()
        .filter(|message| !message.errors.is_empty())
        .map(|message| {
            let name = format!("{}Error", base(message));
            (
                name,
                format!("Why `{}` is refused.", message.name.text),
                message.errors.as_slice(),
            )
        })
        .collect()
}

fn base(message: &Message) -> String {
    names::pascal(&message.names.rust.as_ref().unwrap_or(&message.name).text)
}

fn union(cx: &Cx<'_>, end: Side) -> String {
    let (name, flag, words, envelope) = match end {
        Side::Client => (
            "ClientMessage",
            "client",
            "Everything the client sends.",
            &cx.protocol.envelope.client,
        ),
        Side::Server => (
            "ServerMessage",
            "server",
            "Everything the server sends.",
            &cx.protocol.envelope.server,
        ),
    };
    let mut out = String::new();
    docs::outer(&mut out, "", words);
    let mut args = vec![flag.to_owned()];
    args.extend(envelope_arguments(envelope));
    args.extend(cx.krate());
    attribute(&mut out, "", "protocol", &args);
    out.push_str(super::types::plain(cx));
    let members: Vec<&MessageShape> = cx
        .shapes
        .messages
        .iter()
        .filter(|shape| is_in_union(cx, shape.id) && side(shape, end).is_some())
        .collect();
    if members.is_empty() {
        out.push_str(&format!("pub enum {name} {{}}\n"));
        return out;
    }
    out.push_str(&format!("pub enum {name} {{\n"));
    for shape in members {
        let message = &cx.protocol.messages[shape.id.0];
        let (Some(payload), Some(sent)) = (side(shape, end), sent(message, end)) else {
            continue;
        };
        docs::outer(
            &mut out,
            "    ",
            &documentation(message, message.description.as_deref()),
        );
        attribute(
            &mut out,
            "    ",
            "message",
            &arguments(cx, shape.id, message, sent, end, payload),
        );
        out.push_str(&format!(
            "    {}({}),\n",
            names::rust_ident(&base(message)),
            boxed_if_large(cx, payload.decl, &payload.rust)
        ));
    }
    out.push_str("}\n");
    out
}

fn arguments(
    cx: &Cx<'_>,
    id: MessageId,
    message: &Message,
    sent: &Sent,
    end: Side,
    payload: &PayloadShape,
) -> Vec<String> {
    let mut args = Vec::new();
    match &sent.tag {
        Some(tag) => {
            args.push(scalar(tag));
            if *tag != Scalar::Text(message.name.text.clone()) {
                args.push(format!("name = {}", text(&message.name.text)));
            }
        }
        None => args.push(format!("name = {}", text(&message.name.text))),
    }
    if payload.decl.is_none() {
        args.push("bare".to_owned());
    }
    if end == Side::Client {
        requests(cx, id, message, &mut args);
    } else if let Some(channel) = message.channel {
        args.push(format!(
            "channel = {}",
            super::protocol::channel_type(cx, channel)
        ));
    }
    if message.volatile {
        args.push("volatile".to_owned());
    }
    args
}

/// What is said of a message that the client sends: what answers it, and how.
fn requests(cx: &Cx<'_>, id: MessageId, message: &Message, args: &mut Vec<String>) {
    if let Some(reply) = &message.reply {
        let ty = |id: &Option<MessageId>, end| id.map(|id| type_of(cx, id, end));
        if reply.is_stream() {
            let parts = [
                ("ack", ty(&reply.ack, Side::Server)),
                ("item", ty(&reply.stream, Side::Server)),
                ("end", ty(&reply.end, Side::Server)),
                ("cancel", ty(&reply.cancel, Side::Client)),
            ];
            let parts: Vec<String> = parts
                .into_iter()
                .filter_map(|(name, ty)| Some(format!("{name} = {}", ty?)))
                .collect();
            args.push(format!("stream({})", parts.join(", ")));
        } else if let Some(reply) = ty(&reply.ack, Side::Server) {
            args.push(format!("reply = {reply}"));
        }
    }
    if cx.cancels.contains(&id) {
        args.push("cancels".to_owned());
    }
    args.extend(errors_of(cx, id).map(|errors| format!("errors = {errors}")));
    for (what, channel) in cx.doors.get(&id).into_iter().flatten() {
        let ty = super::protocol::channel_type(cx, *channel);
        args.push(format!("{what} = {ty}"));
    }
    if cx.protocol.session.auth == Some(id) {
        args.push("auth".to_owned());
    }
    if let Some(timeout) = message.timeout {
        args.push(format!("timeout_ms = {}", timeout.as_millis()));
    }
    if message.idempotent {
        args.push("idempotent".to_owned());
    }
    match &message.deprecated {
        None => {}
        Some(deprecated) => match &deprecated.note {
            Some(note) => args.push(format!("deprecated = {}", text(note))),
            None => args.push("deprecated".to_owned()),
        },
    }
}

/// `envelope(…)`: what differs from the default.
fn envelope_arguments(envelope: &Envelope) -> Option<String> {
    let mut args = Vec::new();
    let tag = envelope.tagging.tag();
    if tag != "type" {
        args.push(format!("tag = {}", text(tag)));
    }
    match &envelope.tagging {
        Tagging::Adjacent { content, .. } if content == "payload" => {}
        Tagging::Adjacent { content, .. } => args.push(format!("content = {}", text(content))),
        _ => args.push("content = none".to_owned()),
    }
    for (name, field, default, kind) in [
        ("id", &envelope.id, Some("id"), FieldKind::Text),
        ("reply_to", &envelope.reply_to, None, FieldKind::Text),
        ("version", &envelope.version, Some("v"), FieldKind::Integer),
        (
            "channel",
            &envelope.channel,
            Some("channel"),
            FieldKind::Text,
        ),
        ("seq", &envelope.seq, Some("seq"), FieldKind::Integer),
        ("epoch", &envelope.epoch, Some("epoch"), FieldKind::Text),
    ] {
        args.extend(field_argument(name, field.as_ref(), default, kind));
    }
    args.extend(timestamp_argument(envelope.timestamp.as_ref()));
    if envelope.correlate == Correlate::Order {
        args.push("by_order".to_owned());
    }
    if let Some(outcome) = &envelope.outcome {
        args.push(format!(
            "outcome(field = {}, success = {}, failure = {})",
            text(&outcome.field),
            text(&outcome.success.to_string()),
            text(&outcome.failure.to_string())
        ));
    }
    (!args.is_empty()).then(|| format!("envelope({})", args.join(", ")))
}

fn field_argument(
    name: &str,
    field: Option<&EnvelopeField>,
    default: Option<&str>,
    kind: FieldKind,
) -> Option<String> {
    let Some(field) = field else {
        return default.map(|_| format!("{name} = none"));
    };
    if field.kind == kind && field.presence == Presence::Optional {
        return (default != Some(&field.name)).then(|| format!("{name} = {}", text(&field.name)));
    }
    Some(format!("{name}({})", field_parts(field, kind).join(", ")))
}

fn field_parts(field: &EnvelopeField, default: FieldKind) -> Vec<String> {
    let mut parts = vec![format!("name = {}", text(&field.name))];
    if field.kind != default {
        parts.push(match field.kind {
            FieldKind::Integer => "integer".to_owned(),
            FieldKind::Text => "text".to_owned(),
        });
    }
    match field.presence {
        Presence::Optional => {}
        Presence::Required => parts.push("required".to_owned()),
        Presence::Nullable => parts.push("nullable".to_owned()),
    }
    parts
}

fn timestamp_argument(timestamp: Option<&Timestamp>) -> Option<String> {
    let Some(Timestamp { field, form }) = timestamp else {
        return Some("timestamp = none".to_owned());
    };
    let (form_name, kind) = match form {
        TimestampForm::Rfc3339 => ("rfc3339", FieldKind::Text),
        TimestampForm::UnixMs => ("unix_ms", FieldKind::Integer),
        TimestampForm::UnixS => ("unix_s", FieldKind::Integer),
    };
    let plain = field.name == "timestamp"
        && *form == TimestampForm::Rfc3339
        && field.presence == Presence::Optional;
    let mut parts = field_parts(field, kind);
    parts.push(form_name.to_owned());
    (!plain).then(|| format!("timestamp({})", parts.join(", ")))
}
