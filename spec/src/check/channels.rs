//! Channels: their parameters, and the messages that join and leave them.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{MessageId, Param};
use handfast_schema::{Schema, SchemaId, Span, Type, TypeSet, number::are_safe_integers};

impl Checker<'_> {
    pub(super) fn channels(&mut self) {
        let protocol = self.protocol;
        for (channel, entry) in protocol.channels.iter().zip(self.section("channels")) {
            for param in &channel.params {
                if self.is_text(param.schema) {
                    continue;
                }
                let name = &param.name.text;
                let schema = &protocol.schemas[self.followed(param.schema)];
                let (text, help) = match schema.content_encoding {
                    Some(_) => (
                        format!("the parameter `{name}` is bytes"),
                        "the key of a channel is text: delete `contentEncoding`",
                    ),
                    None => (
                        format!("the parameter `{name}` is not a string"),
                        "the key of a channel is a string, and so are its parameters: `{ type: string }`",
                    ),
                };
                self.out
                    .push(Diagnostic::error("P037", param.name.span, text).help(help));
            }
            let map = self.tree.map(entry.value);
            for (key, target) in [("join", channel.join), ("leave", channel.leave)] {
                let Some(target) = target else { continue };
                let at = map
                    .and_then(|map| map.get(key))
                    .map_or(entry.at, |entry| self.place(entry));
                self.door(key, &channel.name.text, &channel.params, target, at);
            }
        }
    }

    /// Whether every value of a schema is a string with which a key can be made.
    fn is_text(&self, schema: SchemaId) -> bool {
        let schema = &self.protocol.schemas[self.followed(schema)];
        let mut values = schema
            .constant
            .iter()
            .chain(schema.enumeration.iter().flatten())
            .peekable();
        schema.content_encoding.is_none()
            && match schema.types {
                Some(types) => types.single() == Some(Type::String),
                None => values.peek().is_some() && values.all(serde_json::Value::is_string),
            }
    }

    /// The Rust type that `generate.rust.types` gives to the format of a schema.
    fn rust_type(&self, schema: SchemaId) -> Option<&str> {
        let format = self.protocol.schemas[self.followed(schema)]
            .format
            .as_ref()?;
        let rust = self.protocol.generate.rust.as_ref()?;
        let mut types = rust.types.iter();
        let found = types.find(|(name, _)| name == format);
        found.map(|(_, path)| &**path)
    }

    /// Whether every value of a schema is of this type, and is not one of some constants.
    fn is_any(&self, ty: Type, schema: SchemaId) -> bool {
        let schema = &self.protocol.schemas[self.followed(schema)];
        schema.types.and_then(TypeSet::single) == Some(ty)
            && schema.constant.is_none()
            && schema.enumeration.is_none()
    }

    /// Whether integers of which schemas say all this are within ±(2⁵³−1), where both languages write them alike.
    fn is_safe(&self, all: &[SchemaId]) -> bool {
        let schemas = &self.protocol.schemas;
        let all: Vec<&Schema> = all.iter().map(|id| &schemas[self.followed(*id)]).collect();
        are_safe_integers(schemas, &all)
    }

    /// The message that joins or leaves a channel.
    fn door(&mut self, key: &str, channel: &str, params: &[Param], id: MessageId, at: Span) {
        let target = &self.protocol.messages[id.0];
        let name = &target.name.text;
        let Some(sent) = &target.client else {
            if target.server.is_some() {
                let from = self.of_message(id, "from");
                let text = format!("`{name}` cannot {key} a channel: the client does not send it");
                self.out
                    .push(Diagnostic::error("P015", at, text).label(from, "who sends it"));
            }
            return;
        };
        if target.reply.is_none() {
            let (does, help) = match key {
                "join" => (
                    "joins",
                    "the reply says at which position a client starts: add `reply`",
                ),
                _ => (
                    "leaves",
                    "the reply confirms that no more messages of the channel follow: add `reply`",
                ),
            };
            let text = format!("`{name}` {does} a channel and has no reply");
            let label = target.name.span;
            self.out.push(
                Diagnostic::error("P039", at, text)
                    .label(label, "this message")
                    .help(help),
            );
        }
        if let Some(reply) = target.reply.as_ref().filter(|reply| reply.is_stream()) {
            let text = format!("`{name}` is to {key} a channel, and is answered with a stream");
            let help = "one message answers a join or a leave: `reply: NAME`. What follows is published to the channel";
            let label = reply
                .stream
                .map_or(target.name.span, |_| self.of_message(id, "reply"));
            self.out.push(
                Diagnostic::error("P039", at, text)
                    .label(label, "its reply")
                    .help(help),
            );
        }
        let fields = sent
            .payload
            .map(|payload| self.fields(payload))
            .unwrap_or_default();
        for param in params {
            let param = &param.name.text;
            let of_it = || fields.iter().filter(|field| field.name == *param);
            let found = of_it()
                .find(|field| field.required)
                .or_else(|| of_it().next());
            let (text, label) = match found {
                Some(field) if field.required => {
                    let all: Vec<SchemaId> = of_it()
                        .filter_map(|field| {
                            let owner = &self.protocol.schemas[field.owner];
                            let mut found = owner.properties.iter();
                            found
                                .find(|(name, _)| name == param)
                                .map(|(_, schema)| *schema)
                        })
                        .collect();
                    let is_integer = all.iter().any(|one| self.is_any(Type::Integer, *one));
                    let is_written_alike = is_integer && self.is_safe(&all)
                        || all
                            .iter()
                            .any(|one| self.is_text(*one) || self.is_any(Type::Boolean, *one));
                    let rust_type = all.iter().find_map(|one| self.rust_type(*one));
                    let (what, help) = if let Some(rust_type) = rust_type {
                        (
                            format!("has the Rust type `{rust_type}`"),
                            "the type may write it otherwise, and the key would be another: delete the `format` here, or the type in `generate.rust.types`".to_owned(),
                        )
                    } else if is_written_alike {
                        continue;
                    } else if is_integer {
                        (
                            "may be an integer of any size".to_owned(),
                            "beyond ±(2⁵³−1) Rust and TypeScript write an integer differently, and the keys would differ: give it a `minimum` and a `maximum` within that, or set `integers: safe` beside `dialect.name`".to_owned(),
                        )
                    } else {
                        (
                            "is not a string".to_owned(),
                            format!(
                                "the key of `{channel}` is made of it, and the parameter is a string: give it the schema of the parameter"
                            ),
                        )
                    };
                    let text =
                        format!("`{param}` of `{name}`, which identifies the channel, {what}");
                    let label = self.property(field.owner, param);
                    self.out.push(
                        Diagnostic::error("P037", at, text)
                            .label(label, "here")
                            .help(help),
                    );
                    continue;
                }
                Some(field) => (
                    format!("`{param}` of `{name}`, which identifies the channel, is optional"),
                    self.property(field.owner, param),
                ),
                None => (
                    format!(
                        "the payload of `{name}` lacks `{param}`, which identifies the channel"
                    ),
                    self.of_message(id, "payload"),
                ),
            };
            let help = format!(
                "`{key}` of `{channel}` needs every parameter: add `{param}` to `properties` and to `required`"
            );
            self.out.push(
                Diagnostic::error("P016", at, text)
                    .label(label, "here")
                    .help(help),
            );
        }
    }
}
