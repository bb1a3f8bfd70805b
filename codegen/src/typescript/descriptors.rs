//! The descriptors of messages, in an order in which each comes after those it names.

use super::{
    bytes::Places,
    context::{ConstantKind, Context, Usage},
    envelope::{Envelopes, Tags},
    tags::message_tags,
    text::{self, scalar},
};
use crate::shape::PayloadShape;
use handfast_spec::model::{ErrorId, Message, MessageId, Scalar, Sent, Side};
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

    /// The type of a payload, and its validator, or the rule that is all of that.
    pub(super) fn carried(&self, id: MessageId, end: Side) -> (String, String) {
        let Some(decl) = self.payload(id, end).and_then(|payload| payload.decl) else {
            return ("undefined".to_owned(), "hf.noPayload".to_owned());
        };
        let usage = self.canonical(Usage::whole(self.shapes.decls[decl.0].schema));
        let rule = self
            .constants
            .get(&(usage.id, ConstantKind::Rule(usage.purpose)))
            .filter(|_| self.is_only_sent(usage.id));
        let validator = rule.unwrap_or(&self.names.validators[decl.0]);
        (self.names.types[decl.0].clone(), validator.clone())
    }

    /// Whether a message is part of its end's union: it is not one of the session's messages.
    pub(super) fn is_in_union(&self, id: MessageId) -> bool {
        !self.protocol.session.is_own(id)
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

/// The messages that a request of an end names, and which end's descriptor of them it names.
fn named_by(
    message: &Message,
    asker: Side,
) -> impl Iterator<Item = (&'static str, MessageId, Side)> {
    let reply = message.reply.clone();
    let reply = reply.filter(|_| sent(message, asker).is_some());
    let reply = reply.unwrap_or_default();
    let answer = if reply.is_stream() { "ack" } else { "reply" };
    let answerer = match asker {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    [
        (answer, reply.ack, answerer),
        ("stream", reply.stream, answerer),
        ("end", reply.end, answerer),
        ("cancel", reply.cancel, asker),
    ]
    .into_iter()
    .filter_map(|(name, id, end)| Some((name, id?, end)))
}

/// Whether a message is a request of an end.
pub(super) fn is_request(message: &Message, asker: Side) -> bool {
    named_by(message, asker).any(|(name, ..)| matches!(name, "reply" | "stream"))
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
                let message = &messages[part.id.0];
                let of_client = named_by(message, Side::Client).filter(|_| part.client);
                let of_server = named_by(message, Side::Server).filter(|_| part.server);
                let named = of_client.chain(of_server).nth(next);
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
    places: &mut Places,
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
    if part.client {
        let (payload, validator) = cx.carried(id, Side::Client);
        members.push(format!("send: {validator}"));
        let sent = message.client.as_ref().and_then(|sent| sent.payload);
        members.extend(cx.byte_members(sent, Side::Client, places, items));
        let kind = request_type(cx, id, &payload, Side::Client);
        if kind == CANCEL {
            members.push("isCancel: true".to_owned());
        } else if kind.starts_with(ANSWER) {
            members.push("isAnswer: true".to_owned());
        } else if !is_request(message, Side::Client) {
            members.push("by: hf.sendMessage".to_owned());
        }
        ty.push(kind);
    }
    if part.server {
        let (payload, validator) = cx.carried(id, Side::Server);
        members.push(format!("receive: {validator}"));
        let sent = message.server.as_ref().and_then(|sent| sent.payload);
        members.extend(cx.byte_members(sent, Side::Server, places, items));
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
                None if is_request(message, Side::Server) => {
                    request_type(cx, id, &payload, Side::Server)
                }
                None if cx.replies.contains(&id) => format!("hf.Reply<{payload}>"),
                None => format!("hf.Incoming<{payload}>"),
            },
        );
    }
    if part.client && message.volatile {
        members.push("volatile: true".to_owned());
    }
    if part.client && is_request(message, Side::Client) {
        members.extend(request_members(cx, message, made, Side::Client));
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
    }
    if part.server && is_request(message, Side::Server) {
        let asks = request_members(cx, message, made, Side::Server);
        members.push(format!("asks: {{ {} }}", asks.join(", ")));
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
fn request_members(
    cx: &Context<'_>,
    message: &Message,
    made: &[(bool, bool)],
    asker: Side,
) -> Vec<String> {
    let mut members = Vec::new();
    for (key, target, end) in named_by(message, asker) {
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
            let kind = match (key, end) {
                ("cancel", Side::Client) => "hf.Outgoing<undefined>".to_owned(),
                (_, Side::Client) => format!("hf.Outgoing<{}>", cx.carried(target, end).0),
                (_, Side::Server) => format!("hf.Incoming<{}>", cx.carried(target, end).0),
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
    members
}

/// The type of the descriptor of a message that cancels a stream.
const CANCEL: &str = "hf.Cancel";

/// The type of the descriptor of a message that answers a request of the server.
const ANSWER: &str = "hf.AnswerMessage<";

/// The type of the descriptor of a message of the client, or of a request of the server.
fn request_type(cx: &Context<'_>, id: MessageId, payload: &str, asker: Side) -> String {
    let message = &cx.protocol.messages[id.0];
    let Some(reply) = message.reply.as_ref() else {
        if payload == "undefined" && cx.cancels.contains(&id) {
            return CANCEL.to_owned();
        }
        if cx.answers.contains(&id) {
            return format!("{ANSWER}{payload}>");
        }
        return format!("hf.Outgoing<{payload}>");
    };
    let errors = match message.errors.as_slice() {
        [] => String::new(),
        errors => format!(", {}", cx.errors_of(errors)),
    };
    // What the server's handlers leave out has no payload; what the client never receives has no values.
    let (prefix, answerer, nothing) = match asker {
        Side::Client => ("hf.", Side::Server, "never"),
        Side::Server => ("hf.Server", Side::Client, "undefined"),
    };
    let of = |id: Option<MessageId>| id.map_or(nothing.to_owned(), |id| cx.carried(id, answerer).0);
    if reply.is_stream() {
        let (ack, item, end) = (of(reply.ack), of(reply.stream), of(reply.end));
        return format!("{prefix}StreamRequest<{payload}, {ack}, {item}, {end}{errors}>");
    }
    match reply.ack {
        Some(_) => format!("{prefix}Request<{payload}, {}{errors}>", of(reply.ack)),
        None => format!("hf.Outgoing<{payload}>"),
    }
}

/// The type of the handler of a request of the server.
pub(super) fn handler_type(cx: &Context<'_>, id: MessageId) -> String {
    let (payload, _) = cx.carried(id, Side::Server);
    let of = request_type(cx, id, &payload, Side::Server);
    let (kind, arguments) = of.split_once('<').unwrap_or((&of, ">"));
    let kind = if kind.ends_with("StreamRequest") {
        "hf.StreamRequestHandler"
    } else {
        "hf.RequestHandler"
    };
    format!("{kind}<{arguments}")
}
