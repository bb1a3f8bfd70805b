//! Replies: who sends them, and how they are matched to their requests.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Correlate, FieldKind, Message, MessageId, Sent};
use handfast_schema::{SchemaId, Span, Type};

const fn kind_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "a string",
        FieldKind::Integer => "an integer",
    }
}

impl Checker<'_> {
    /// A reply must be sent by the other side, and must be correlated.
    pub(super) fn reply(&mut self, id: MessageId, message: &Message) {
        let Some(reply) = &message.reply else { return };
        let block = self.block(id);
        let node = self.tree.get(block, "reply");
        let uses = [
            ("ack", reply.ack, false),
            ("stream", reply.stream, false),
            ("end", reply.end, false),
            ("cancel", reply.cancel, true),
        ];
        for (key, target, same_end) in uses {
            let Some(target_id) = target else { continue };
            let target = &self.protocol.messages[target_id.0];
            let at = node.and_then(|node| self.tree.map(node)?.get(key));
            let at = at.map_or_else(|| self.of_message(id, "reply"), |entry| self.place(entry));
            for (end, asked, other) in [
                (
                    "client",
                    &message.client,
                    if same_end {
                        &target.client
                    } else {
                        &target.server
                    },
                ),
                (
                    "server",
                    &message.server,
                    if same_end {
                        &target.server
                    } else {
                        &target.client
                    },
                ),
            ] {
                let Some(asked) = asked else { continue };
                // A message that neither side sends was reported already.
                if target.client.is_none() && target.server.is_none() {
                    continue;
                }
                let Some(other) = other else {
                    let name = &target.name.text;
                    let sender = if (end == "client") == same_end {
                        "client"
                    } else {
                        "server"
                    };
                    let what = if same_end { "cancels" } else { "answers" };
                    let text = format!(
                        "`{name}` {what} a request of the {end}, but the {sender} does not send it"
                    );
                    let from = self.of_message(target_id, "from");
                    let help = format!("write `from: {sender}` or `from: both` for `{name}`");
                    self.out.push(
                        Diagnostic::error("P015", at, text)
                            .label(from, "who sends it")
                            .help(help),
                    );
                    continue;
                };
                if key == "cancel" {
                    self.bare_cancel(message, target_id, other, at);
                }
                if end == "server" {
                    self.answered_by_client(message, target, at);
                } else if key == "stream" && self.streams_in_order(message, at) {
                    continue;
                }
                self.correlated(end, message, asked, &target.name.text, other, at);
            }
        }
    }

    /// A cancel is sent by the session, without a payload.
    fn bare_cancel(&mut self, asks: &Message, id: MessageId, cancel: &Sent, at: Span) {
        let Some(payload) = cancel.payload.filter(|payload| self.demands(*payload, 0)) else {
            return;
        };
        let fields = self.fields(payload);
        let what = match fields.iter().find(|field| field.required) {
            Some(field) => format!("`{}`", field.name),
            None => "the payload".to_owned(),
        };
        let (name, asks) = (&self.protocol.messages[id.0].name.text, &asks.name.text);
        let text = format!("nothing fills {what} of `{name}`, which cancels `{asks}`");
        let label = self.of_message(id, "payload");
        let help = "a cancel is sent without a payload: delete its `payload`, or do not require anything of it";
        self.out.push(
            Diagnostic::error("P046", at, text)
                .label(label, "the payload")
                .help(help),
        );
    }

    /// Whether a schema does not accept the empty object, for which an absent payload stands.
    fn demands(&self, payload: SchemaId, depth: usize) -> bool {
        if depth > 32 {
            return false;
        }
        let schema = &self.protocol.schemas[payload];
        let types = schema.types;
        let is_object = types.is_none_or(|types| types.contains(Type::Object));
        let mut values = schema
            .constant
            .iter()
            .chain(schema.enumeration.iter().flatten());
        let is_listed = (schema.constant.is_none() && schema.enumeration.is_none())
            || values.any(|value| value.as_object().is_some_and(serde_json::Map::is_empty));
        let is_empty = schema.required.is_empty() && schema.min_properties.unwrap_or_default() == 0;
        let demands = |id: &SchemaId| self.demands(*id, depth + 1);
        let all_demand =
            |branches: &[SchemaId]| !branches.is_empty() && branches.iter().all(demands);
        !is_object
            || !is_listed
            || !is_empty
            || schema.reference.iter().chain(&schema.all_of).any(demands)
            || all_demand(&schema.any_of)
            || all_demand(&schema.one_of)
    }

    /// Whether replies to the client are matched by order. The envelope of the server says so, from which both ends know it.
    pub(super) fn replies_in_order(&self) -> bool {
        self.protocol.envelope.server.correlate == Correlate::Order
    }

    /// Both ends match all replies in one way.
    pub(super) fn correlation(&mut self) {
        let protocol = self.protocol;
        let envelope = &protocol.envelope;
        let help = "write `correlate` once, under `envelope` itself";
        if envelope.client.correlate != envelope.server.correlate {
            let parts = [
                &["envelope", "client", "correlate"][..],
                &["envelope", "server", "correlate"],
            ];
            if let Some(entry) = parts.into_iter().find_map(|path| self.entry(path)) {
                let at = self.place(entry);
                let text =
                    "`correlate` differs between the ends, and replies are matched in one way";
                self.out
                    .push(Diagnostic::error("P020", at, text).help(help));
            }
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            let differs = [
                ("client", &message.client, &envelope.client),
                ("server", &message.server, &envelope.server),
            ]
            .into_iter()
            .find(|(_, sent, usual)| {
                let sent = sent.as_ref();
                sent.is_some_and(|sent| sent.envelope.correlate != usual.correlate)
            });
            if let Some((end, ..)) = differs {
                let name = &message.name.text;
                let text = format!(
                    "`correlate` of `{name}` differs from that of the envelope, and replies are matched in one way"
                );
                let at = self.of_envelope(MessageId(index), end, "correlate");
                self.out
                    .push(Diagnostic::error("P020", at, text).help(help));
            }
        }
    }

    fn correlated(
        &mut self,
        end: &str,
        asks: &Message,
        asked: &Sent,
        answer: &str,
        sent: &Sent,
        at: Span,
    ) {
        if end == "client" && self.replies_in_order() {
            return;
        }
        let id = &asked.envelope.id;
        let answers = sent
            .envelope
            .reply_to
            .as_ref()
            .or(sent.envelope.id.as_ref());
        if let (Some(id), Some(its)) = (id, answers)
            && id.kind != its.kind
        {
            let asks = &asks.name.text;
            let text = format!(
                "`{answer}` cannot be matched to its request: the id of `{asks}` is {}, and its own {}",
                kind_name(id.kind),
                kind_name(its.kind)
            );
            let help = "an answer repeats the id of its request: give both the same `type`";
            self.out
                .push(Diagnostic::error("P020", at, text).help(help));
            return;
        }
        let lacks = if asked.envelope.id.is_none() {
            &asks.name.text
        } else if sent.envelope.id.is_none() && sent.envelope.reply_to.is_none() {
            answer
        } else {
            return;
        };
        let text = format!("`{answer}` cannot be matched to its request: `{lacks}` has no id");
        let help = "give the envelope an `id`, or write `correlate: order` if replies come in the order of the requests";
        self.out
            .push(Diagnostic::error("P020", at, text).help(help));
    }

    /// Reports a stream whose items would be matched by order, and returns whether it is one. Other messages are answered while it runs, and what arrives after
    /// a cancel is no other stream's: only an id says to which an item belongs.
    fn streams_in_order(&mut self, asks: &Message, at: Span) -> bool {
        if !self.replies_in_order() {
            return false;
        }
        let text = format!(
            "`{}` cannot be answered with a stream: replies are matched by order",
            asks.name.text
        );
        let help = "a stream runs beside other messages, so its items need an id: give the envelope an `id` and write `correlate: id`, or delete `stream` and send the items as messages of their own";
        self.out
            .push(Diagnostic::error("P020", at, text).help(help));
        true
    }

    /// What a request of the server needs beyond that: ids, and an answer that is no request itself.
    fn answered_by_client(&mut self, asks: &Message, answer: &Message, at: Span) {
        let (name, answer_name) = (&asks.name.text, &answer.name.text);
        if asks.channel.is_some() {
            let text = format!("`{name}` is published to a channel, and has a reply");
            let help = "a request is sent to one client: delete `channel`, or `reply`";
            self.out
                .push(Diagnostic::error("P020", at, text).help(help));
        } else if self.protocol.envelope.client.correlate == Correlate::Order {
            let text = format!(
                "`{answer_name}` cannot be matched to its request: the client does not answer in order"
            );
            let help = format!(
                "requests of the server are matched by id: give the envelope an `id`, and write `correlate: id` for what the server sends, or make `{name}` a message without a `reply`"
            );
            self.out
                .push(Diagnostic::error("P020", at, text).help(help));
        } else if answer.reply.is_some() && answer.client.is_some() {
            let text = format!(
                "`{answer_name}` answers `{name}`, and is a request itself: the server cannot distinguish the two"
            );
            let help = format!("answer `{name}` with another message");
            self.out
                .push(Diagnostic::error("P020", at, text).help(help));
        }
    }

    /// Whether the server sends requests, so that the client sends errors.
    pub(super) fn has_server_requests(&self) -> bool {
        let mut messages = self.protocol.messages.iter();
        messages.any(|message| message.server.is_some() && message.reply.is_some())
    }
}
