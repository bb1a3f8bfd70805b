//! How messages are delivered and handled: `volatileKey` and `concurrent`.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Message, MessageId, Sent};
use handfast_schema::{SchemaId, Type};

impl Checker<'_> {
    pub(super) fn delivery(&mut self, id: MessageId, message: &Message) {
        if let Some(field) = &message.volatile_key {
            self.volatile_key(id, message, field);
        }
        if message.concurrent {
            self.concurrent(id, message);
        }
    }

    /// The field that identifies a volatile message: a required scalar of what the server sends.
    fn volatile_key(&mut self, id: MessageId, message: &Message, field: &str) {
        let name = &message.name.text;
        let at = self.of_message(id, "volatileKey");
        // A message that nobody sends was reported already.
        let Some(sent) = &message.server else {
            if message.client.is_some() {
                let text =
                    format!("`volatileKey` has no effect on `{name}`: the server does not send it");
                self.out.push(Diagnostic::warning("P028", at, text));
            }
            return;
        };
        if !message.volatile {
            let text = format!("`{name}` has a `volatileKey`, but is not volatile");
            let help = "only a message that may be dropped can be replaced: add `volatile: true`, or delete `volatileKey`";
            self.out
                .push(Diagnostic::error("P042", at, text).help(help));
        }
        self.key_field(id, message, sent, field);
    }

    fn key_field(&mut self, id: MessageId, message: &Message, sent: &Sent, field: &str) {
        let name = &message.name.text;
        let at = self.of_message(id, "volatileKey");
        let fields = sent.payload.map(|payload| self.fields(payload));
        let mut fields = fields.iter().flatten();
        let found = fields.find(|known| known.name == *field);
        let (text, label, help) = match found {
            None => (
                format!("the payload of `{name}` lacks `{field}`, which is its `volatileKey`"),
                self.of_message(id, "payload"),
                format!(
                    "name a field of the payload, or add `{field}` to its `properties` and to `required`"
                ),
            ),
            Some(found) if !found.required => (
                format!("`{field}` of `{name}`, which is its `volatileKey`, is optional"),
                self.property(found.owner, field),
                format!(
                    "add `{field}` to `required`: without it, nothing says which message is replaced"
                ),
            ),
            Some(found) => {
                let schema = &self.protocol.schemas[found.owner];
                let property = schema.properties.iter().find(|(name, _)| name == field);
                if property.is_none_or(|(_, schema)| self.is_scalar(*schema)) {
                    return;
                }
                (
                    format!("`{field}` of `{name}`, which is its `volatileKey`, is not a scalar"),
                    self.property(found.owner, field),
                    "a key is a string, a number or a boolean: give the field such a `type`, or name another field".to_owned(),
                )
            }
        };
        self.out.push(
            Diagnostic::error("P042", at, text)
                .label(label, "here")
                .help(help),
        );
    }

    /// Whether every value of a schema is a string, a number, a boolean or null.
    fn is_scalar(&self, schema: SchemaId) -> bool {
        let schema = &self.protocol.schemas[self.followed(schema)];
        if let Some(types) = schema.types {
            return !types.contains(Type::Object) && !types.contains(Type::Array);
        }
        let mut values = schema
            .constant
            .iter()
            .chain(schema.enumeration.iter().flatten());
        let is_scalar = |value: &serde_json::Value| !value.is_object() && !value.is_array();
        (schema.constant.is_some() || schema.enumeration.is_some()) && values.all(is_scalar)
    }

    /// What makes the order of a message matter.
    fn concurrent(&mut self, id: MessageId, message: &Message) {
        let name = &message.name.text;
        let at = self.of_message(id, "concurrent");
        let is_cancel = |other: &Message| {
            let cancel = other.reply.as_ref().and_then(|reply| reply.cancel);
            cancel == Some(id)
        };
        // A request of the client whose reply has this name is of no matter: the server sends that.
        let is_answer = |other: &Message| {
            let reply = other.server.as_ref().and(other.reply.as_ref());
            reply.is_some_and(|reply| [reply.ack, reply.stream, reply.end].contains(&Some(id)))
        };
        let messages = &self.protocol.messages;
        let is_auth = self.protocol.session.auth == Some(id);
        let why = match &message.client {
            // A message that nobody sends was reported already.
            None if message.server.is_none() => return,
            None => Some("the server does not handle it: the client does not send it"),
            _ if message
                .reply
                .as_ref()
                .is_some_and(|reply| reply.is_stream()) =>
            {
                Some("streams run beside other messages anyway")
            }
            _ if is_auth || messages.iter().any(is_cancel) || messages.iter().any(is_answer) => {
                Some("no handler handles it")
            }
            _ => None,
        };
        if let Some(why) = why {
            let text = format!("`concurrent` has no effect on `{name}`: {why}");
            self.out.push(Diagnostic::warning("P028", at, text));
            return;
        }
        let mut channels = self.protocol.channels.iter();
        let place = channels.find_map(|channel| {
            let verb = match (channel.join == Some(id), channel.leave == Some(id)) {
                (true, _) => "joins",
                (_, true) => "leaves",
                _ => return None,
            };
            Some((verb, &channel.name))
        });
        if let Some((verb, channel)) = place {
            let text = format!(
                "`{name}` {verb} `{}`, and cannot be concurrent",
                channel.text
            );
            let help =
                "the order of joins and leaves says who is in the channel: delete `concurrent`";
            self.out.push(
                Diagnostic::error("P043", at, text)
                    .label(channel.span, "the channel")
                    .help(help),
            );
        }
        if message.reply.is_some() && self.replies_in_order() {
            let text = format!("`{name}` cannot be concurrent: its reply is matched by order");
            let help = "replies then come in the order in which handlers end: delete `concurrent`, or give the envelope an `id` and delete `correlate: order`";
            self.out
                .push(Diagnostic::error("P043", at, text).help(help));
        }
    }
}
