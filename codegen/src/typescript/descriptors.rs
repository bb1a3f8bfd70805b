//! The descriptors of messages, in an order in which each comes after those it names.

use super::{
    context::Context,
    envelope::{Envelopes, Tags},
    tags::message_tags,
    text::{self, scalar},
};
use crate::shape::PayloadShape;
use handfast_spec::model::{ErrorId, Message, MessageId, RoleKind, RolePlayer, Scalar, Sent, Side};
use handfast_templates::typescript::{Descriptor, lay_out};

/// A message and the sides that one descriptor describes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    id: MessageId,
    client: bool,
    server: bool,
}

impl Context<'_> {
    fn payload(&self, id: MessageId, end: Side) -> Option<&PayloadShape> {
        let shape = self.shapes.messages.get(id.0)?;
        match end {
            Side::Client => shape.client.as_ref(),
            Side::Server => shape.server.as_ref(),
        }
    }

    /// The type and the validator of a payload.
    pub(super) fn carried(&self, id: MessageId, end: Side) -> (String, String) {
        match self.payload(id, end).and_then(|payload| payload.decl) {
            Some(decl) => (
                self.names.types[decl.0].clone(),
                self.names.validators[decl.0].clone(),
            ),
            None => ("undefined".to_owned(), "hf.noPayload".to_owned()),
        }
    }

    /// Whether a message is part of its end's union. The proof of who a client is travels inside the hello.
    pub(super) fn is_in_union(&self, id: MessageId) -> bool {
        let hello = matches!(
            self.protocol.session.role(RoleKind::Hello),
            RolePlayer::Own { .. }
        );
        !(hello && self.protocol.session.auth == Some(id))
    }

    /// Whether a message needs a descriptor for each direction.
    fn is_split(&self, id: MessageId) -> bool {
        let message = &self.protocol.messages[id.0];
        match (&message.client, &message.server) {
            (Some(client), Some(server)) => {
                client.tag != server.tag
                    || own_envelope(self, client, Side::Client)
                    || own_envelope(self, server, Side::Server)
            }
            _ => false,
        }
    }

    pub(super) fn descriptor(&self, id: MessageId, end: Side) -> String {
        let name = &self.names.messages[id.0];
        match (self.is_split(id), end) {
            (false, _) => name.clone(),
            (true, Side::Client) => format!("{}Client", name.trim_end_matches('$')),
            (true, Side::Server) => format!("{}Server", name.trim_end_matches('$')),
        }
    }

    /// The types of errors, as a union.
    pub(super) fn errors_of(&self, errors: &[ErrorId]) -> String {
        let names: Vec<&str> = errors
            .iter()
            .map(|id| self.names.errors[id.0].0.as_str())
            .collect();
        names.join(" | ")
    }
}

/// What a side sends as a message.
pub(super) fn sent(message: &Message, end: Side) -> Option<&Sent> {
    match end {
        Side::Client => message.client.as_ref(),
        Side::Server => message.server.as_ref(),
    }
}

fn own_envelope(cx: &Context<'_>, sent: &Sent, end: Side) -> bool {
    sent.envelope
        != *match end {
            Side::Client => &cx.protocol.envelope.client,
            Side::Server => &cx.protocol.envelope.server,
        }
}

/// The messages that a request of the client's names, and which end's descriptor of them it names.
fn named_by(message: &Message) -> impl Iterator<Item = (&'static str, MessageId, Side)> {
    let reply = message.reply.clone().filter(|_| message.client.is_some());
    let reply = reply.unwrap_or_default();
    let answer = if reply.is_stream() { "ack" } else { "reply" };
    [
        (answer, reply.ack, Side::Server),
        ("stream", reply.stream, Side::Server),
        ("end", reply.end, Side::Server),
        ("cancel", reply.cancel, Side::Client),
    ]
    .into_iter()
    .filter_map(|(name, id, end)| Some((name, id?, end)))
}

/// Every descriptor, each behind those it names.
pub(super) fn order(cx: &Context<'_>) -> Vec<Part> {
    let messages = &cx.protocol.messages;
    let parts = |id: MessageId| {
        let message = &messages[id.0];
        let (client, server) = (message.client.is_some(), message.server.is_some());
        if cx.is_split(id) {
            let client = Part {
                id,
                client,
                server: false,
            };
            let server = Part {
                id,
                client: false,
                server,
            };
            return vec![server, client];
        }
        vec![Part { id, client, server }]
    };
    let part_of = |id: MessageId, end: Side| {
        parts(id).into_iter().find(|part| match end {
            Side::Client => part.client,
            Side::Server => part.server,
        })
    };
    let mut begun = vec![(false, false); messages.len()];
    let mut begin = |part: Part| {
        let (client, server) = &mut begun[part.id.0];
        let fresh = (part.client && !*client) || (part.server && !*server);
        *client |= part.client;
        *server |= part.server;
        fresh
    };
    let mut ordered = Vec::new();
    for id in (0..messages.len())
        .map(MessageId)
        .filter(|id| cx.is_in_union(*id))
    {
        for part in parts(id) {
            if !begin(part) {
                continue;
            }
            // Depth first, without recursion: a chain may be as long as the protocol.
            let mut stack = vec![(part, 0)];
            while let Some((part, next)) = stack.pop() {
                let named = named_by(&messages[part.id.0])
                    .filter(|_| part.client)
                    .nth(next);
                let Some((_, target, end)) = named else {
                    ordered.push(part);
                    continue;
                };
                stack.push((part, next + 1));
                stack.extend(
                    part_of(target, end)
                        .filter(|part| begin(*part))
                        .map(|part| (part, 0)),
                );
            }
        }
    }
    ordered
}

/// Adds the descriptor of a message, and the constants that it needs.
pub(super) fn descriptor(
    cx: &mut Context<'_>,
    part: Part,
    kinds: (Tags, Tags),
    made: &mut [(bool, bool)],
    envelopes: &mut Envelopes,
    items: &mut Vec<String>,
) {
    let id = part.id;
    let message = &cx.protocol.messages[id.0];
    let end = if part.client {
        Side::Client
    } else {
        Side::Server
    };
    let mut members = vec![format!("name: {}", text::string(&message.name.text))];
    let mut ty = Vec::new();
    if let Some(sent) = sent(message, end) {
        match &sent.tag {
            None => members.push("tag: null".to_owned()),
            Some(tag) if *tag != Scalar::Text(message.name.text.clone()) => {
                members.push(format!("tag: {}", scalar(tag)));
            }
            Some(_) => {}
        }
        if own_envelope(cx, sent, end) {
            let kind = if part.client { kinds.0 } else { kinds.1 };
            let stem = format!("{}Envelope", cx.descriptor(id, end).trim_end_matches('$'));
            let envelope = sent.envelope.clone();
            let name = envelopes.name(&envelope, kind, || cx.names.take_value(&stem), items);
            members.push(format!("envelope: {name}"));
        }
    }
    let is_request =
        part.client && named_by(message).any(|(name, ..)| matches!(name, "reply" | "stream"));
    if part.client {
        let (payload, validator) = cx.carried(id, Side::Client);
        members.push(format!("send: {validator}"));
        let kind = request_type(cx, id, &payload);
        if kind == CANCEL {
            members.push("isCancel: true".to_owned());
        }
        ty.push(kind);
    }
    if part.server {
        let (payload, validator) = cx.carried(id, Side::Server);
        members.push(format!("receive: {validator}"));
        ty.push(
            match message
                .channel
                .map(|channel| &cx.protocol.channels[channel.0])
            {
                Some(channel) => {
                    let channel = text::string(&channel.name.text);
                    members.push(format!("channel: {channel}"));
                    format!("hf.Published<{payload}, {channel}>")
                }
                None if cx.replies.contains(&id) => format!("hf.Reply<{payload}>"),
                None => format!("hf.Incoming<{payload}>"),
            },
        );
    }
    if part.client && message.volatile {
        members.push("volatile: true".to_owned());
    }
    if is_request {
        members.extend(request_members(cx, message, made));
    }
    let words = message.description.clone().unwrap_or_default();
    items.push(lay_out(&Descriptor {
        doc: text::doc("", &words, &message_tags(message)),
        exported: true,
        name: &cx.descriptor(id, end),
        ty: ty.join(" & "),
        members,
    }));
    let (client, server) = &mut made[id.0];
    *client |= part.client;
    *server |= part.server;
}

/// The members of a request's descriptor about replies and errors.
fn request_members(cx: &Context<'_>, message: &Message, made: &[(bool, bool)]) -> Vec<String> {
    let mut members = Vec::new();
    for (key, target, end) in named_by(message) {
        let name = cx.descriptor(target, end);
        let (client, server) = made[target.0];
        let is_there = match end {
            Side::Client => client,
            Side::Server => server,
        };
        // Of messages that reply to each other, one has to come first.
        members.push(if is_there {
            format!("{key}: {name}")
        } else {
            let kind = match key {
                "cancel" => "hf.Outgoing<undefined>".to_owned(),
                _ => format!("hf.Incoming<{}>", cx.carried(target, end).0),
            };
            format!("get {key}(): {kind} {{ return {name}; }}")
        });
    }
    let errors: Vec<&str> = message
        .errors
        .iter()
        .map(|id| cx.names.errors[id.0].1.as_str())
        .collect();
    members.push(format!("errors: [{}]", errors.join(", ")));
    if let Some(timeout) = message.timeout {
        members.push(format!("timeout: {}", timeout.as_millis()));
    }
    if message.idempotent {
        members.push("idempotent: true".to_owned());
    }
    if message
        .reply
        .as_ref()
        .is_some_and(|reply| reply.is_stream())
    {
        members.push("via: hf.openStream".to_owned());
    }
    members
}

/// The type of the descriptor of a message that cancels a stream.
const CANCEL: &str = "hf.Cancel";

/// The type of the descriptor of a message of the client.
fn request_type(cx: &Context<'_>, id: MessageId, payload: &str) -> String {
    let message = &cx.protocol.messages[id.0];
    let Some(reply) = message.reply.as_ref() else {
        if payload == "undefined" && cx.cancels.contains(&id) {
            return CANCEL.to_owned();
        }
        return format!("hf.Outgoing<{payload}>");
    };
    let errors = match message.errors.as_slice() {
        [] => String::new(),
        errors => format!(", {}", cx.errors_of(errors)),
    };
    let of =
        |id: Option<MessageId>| id.map_or("never".to_owned(), |id| cx.carried(id, Side::Server).0);
    if reply.is_stream() {
        let (ack, item, end) = (of(reply.ack), of(reply.stream), of(reply.end));
        return format!("hf.StreamRequest<{payload}, {ack}, {item}, {end}{errors}>");
    }
    match reply.ack {
        Some(_) => format!("hf.Request<{payload}, {}{errors}>", of(reply.ack)),
        None => format!("hf.Outgoing<{payload}>"),
    }
}
