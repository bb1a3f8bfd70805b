//! The enums of the messages that each side sends.

use super::{
    RustContext,
    attribute::{attribute, scalar, text},
    derives::plain,
    docs, size,
    type_names::{channel_type, errors_of, message_name, payload, type_of},
};
use crate::shape::{MessageShape, PayloadShape};
use handfast_naming::rust_ident;
use handfast_spec::model::{
    Correlate, Envelope, EnvelopeField, FieldKind, Message, MessageId, Presence, Scalar, Sent,
    Side, Tagging, Timestamp, TimestampForm,
};

pub(super) fn messages(cx: &RustContext<'_>, items: &mut Vec<String>) {
    items.push(union(cx, Side::Client));
    items.push(union(cx, Side::Server));
}

/// Whether a message is a variant of its side's enum: it is not one of the session's messages.
fn is_in_union(cx: &RustContext<'_>, id: MessageId) -> bool {
    !cx.protocol.session.is_own(id)
}

fn sent(message: &Message, side: Side) -> Option<&Sent> {
    match side {
        Side::Client => message.client.as_ref(),
        Side::Server => message.server.as_ref(),
    }
}

fn union(cx: &RustContext<'_>, side: Side) -> String {
    let (name, flag, words, envelope) = match side {
        Side::Client => (
            "ClientMessage",
            "client",
            "The messages that the client sends.",
            &cx.protocol.envelope.client,
        ),
        Side::Server => (
            "ServerMessage",
            "server",
            "The messages that the server sends.",
            &cx.protocol.envelope.server,
        ),
    };
    let mut out = String::new();
    docs::outer(&mut out, "", words);
    let mut args = vec![flag.to_owned()];
    let envelope = envelope_arguments(envelope);
    if !envelope.is_empty() {
        args.push(format!("envelope({})", envelope.join(", ")));
    }
    args.extend(cx.krate());
    attribute(&mut out, "", "protocol", &args);
    out.push_str(plain(cx));
    let members: Vec<&MessageShape> = cx
        .shapes
        .messages
        .iter()
        .filter(|shape| is_in_union(cx, shape.id) && payload(shape, side).is_some())
        .collect();
    if members.is_empty() {
        out.push_str(&format!("pub enum {name} {{}}\n"));
        return out;
    }
    out.push_str(&format!("pub enum {name} {{\n"));
    for shape in members {
        let message = &cx.protocol.messages[shape.id.0];
        let (Some(payload), Some(sent)) = (payload(shape, side), sent(message, side)) else {
            continue;
        };
        docs::outer(&mut out, "    ", &docs::of_message(message));
        attribute(
            &mut out,
            "    ",
            "message",
            &arguments(cx, shape.id, message, sent, side, payload),
        );
        out.push_str(&format!(
            "    {}({}),\n",
            rust_ident(&message_name(message)),
            size::boxed_if_large(cx, payload.decl, &payload.rust)
        ));
    }
    out.push_str("}\n");
    out
}

fn arguments(
    cx: &RustContext<'_>,
    id: MessageId,
    message: &Message,
    sent: &Sent,
    side: Side,
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
    if side == Side::Server
        && let Some(channel) = message.channel
    {
        args.push(format!("channel = {}", channel_type(cx, channel)));
    }
    requests(cx, id, message, side, &mut args);
    if message.volatile {
        args.push("volatile".to_owned());
    }
    args.extend(own_envelope(cx, sent, side).map(|envelope| format!("envelope({envelope})")));
    if shares_tag(cx, id, sent, side) {
        args.push("shared".to_owned());
    }
    if side == Side::Server {
        let key = message.volatile_key.as_ref();
        args.extend(key.map(|field| format!("volatile_key = {}", text(field))));
    }
    args
}

/// The envelope that a message has of its own, as arguments.
pub(super) fn own_envelope(cx: &RustContext<'_>, sent: &Sent, side: Side) -> Option<String> {
    let usual = match side {
        Side::Client => &cx.protocol.envelope.client,
        Side::Server => &cx.protocol.envelope.server,
    };
    let (own, usual) = (
        envelope_arguments(&sent.envelope),
        envelope_arguments(usual),
    );
    (own != usual).then(|| own.join(", "))
}

/// Whether other messages of its side have the tag of a message.
fn shares_tag(cx: &RustContext<'_>, id: MessageId, own: &Sent, side: Side) -> bool {
    let mut others = (0..cx.protocol.messages.len())
        .map(MessageId)
        .filter(|other| *other != id && is_in_union(cx, *other));
    own.tag.is_some()
        && others.any(|other| {
            sent(&cx.protocol.messages[other.0], side).is_some_and(|other| other.tag == own.tag)
        })
}

/// The arguments about the reply of a message, and about how it is sent.
fn requests(
    cx: &RustContext<'_>,
    id: MessageId,
    message: &Message,
    side: Side,
    args: &mut Vec<String>,
) {
    let (other, cancels) = match side {
        Side::Client => (Side::Server, &cx.cancels[0]),
        Side::Server => (Side::Client, &cx.cancels[1]),
    };
    if let Some(reply) = &message.reply {
        let ty = |id: &Option<MessageId>, end| id.map(|id| type_of(cx, id, end));
        if reply.is_stream() {
            let parts = [
                ("ack", ty(&reply.ack, other)),
                ("item", ty(&reply.stream, other)),
                ("end", ty(&reply.end, other)),
                ("cancel", ty(&reply.cancel, side)),
            ];
            let parts: Vec<String> = parts
                .into_iter()
                .filter_map(|(name, ty)| Some(format!("{name} = {}", ty?)))
                .collect();
            args.push(format!("stream({})", parts.join(", ")));
        } else if let Some(reply) = ty(&reply.ack, other) {
            args.push(format!("reply = {reply}"));
        }
    } else if cancels.contains(&id) {
        args.push("cancels".to_owned());
    } else if side == Side::Client && cx.answers.contains(&id) {
        args.push("answers".to_owned());
    }
    if side == Side::Server && message.reply.is_none() {
        return;
    }
    args.extend(errors_of(cx, id).map(|errors| format!("errors = {errors}")));
    if side == Side::Client {
        for (what, channel) in cx.channel_roles.get(&id).into_iter().flatten() {
            let ty = channel_type(cx, *channel);
            args.push(format!("{what} = {ty}"));
        }
        if cx.protocol.session.auth == Some(id) {
            args.push("auth".to_owned());
        }
    }
    if let Some(timeout) = message.timeout {
        args.push(format!("timeout_ms = {}", timeout.as_millis()));
    }
    if side == Side::Client && message.idempotent {
        args.push("idempotent".to_owned());
    }
    if side == Side::Client && message.concurrent && is_handled(cx, id, message) {
        args.push("concurrent".to_owned());
    }
    match &message.deprecated {
        None => {}
        Some(deprecated) => match &deprecated.note {
            Some(note) => args.push(format!("deprecated = {}", text(note))),
            None => args.push("deprecated".to_owned()),
        },
    }
}

/// Whether a handler answers a message with one reply or none, so that `concurrent` has an effect.
fn is_handled(cx: &RustContext<'_>, id: MessageId, message: &Message) -> bool {
    let streams = message
        .reply
        .as_ref()
        .is_some_and(|reply| reply.is_stream());
    let handled = !cx.cancels[0].contains(&id) && !cx.answers.contains(&id);
    !streams && handled && cx.protocol.session.auth != Some(id)
}

/// The arguments of `envelope(…)`: the differences from the default.
fn envelope_arguments(envelope: &Envelope) -> Vec<String> {
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
    args
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
