//! From the tree to the model: names become indices, defaults are applied. The form of each value was checked before;
//! an invalid value was reported already, and its default is used instead.

mod channels;
mod envelope;
mod messages;
mod session;
mod settings;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{ChannelId, ErrorId, GivenNames, MessageId, Name, NamedType, Protocol, Scalar};
use crate::schema::{Lowered, Lowering};
use crate::tree::{Document, NodeId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The model of a document whose form was checked.
pub(crate) fn resolve(document: &Document, lowering: Lowering<'_>) -> (Protocol, Lowered) {
    let resolver = Resolver {
        tree: document,
        schemas: lowering,
        messages: BTreeMap::new(),
        channels: BTreeMap::new(),
        errors: BTreeMap::new(),
    };
    resolver.protocol()
}

/// Adds the schemas that are named after their `$ref` to the types.
fn name_reached(types: &mut Vec<NamedType>, lowered: &mut Lowered) {
    // Schemas of `dialect: json-schema` may be someone else's, so a name that is already used gets a number.
    let numbers = !lowered.schemas.has_defaults();
    let mut taken: BTreeSet<String> = types.iter().map(|ty| ty.name.text.clone()).collect();
    for reached in std::mem::take(&mut lowered.reached) {
        let mut text = reached.name.clone();
        for n in 2_u32.. {
            if taken.insert(text.clone()) || !numbers {
                break;
            }
            text = format!("{}{n}", reached.name);
        }
        let name = Name {
            text,
            span: reached.span,
        };
        types.push(NamedType {
            name,
            schema: reached.schema,
        });
    }
}

/// A tree, and the indices of its names.
struct Resolver<'a> {
    tree: &'a Document,
    schemas: Lowering<'a>,
    messages: BTreeMap<&'a str, MessageId>,
    channels: BTreeMap<&'a str, ChannelId>,
    errors: BTreeMap<&'a str, ErrorId>,
}

impl<'a> Resolver<'a> {
    fn protocol(mut self) -> (Protocol, Lowered) {
        let tree = self.tree;
        let at = |key: &str| tree.get(tree.root, key);
        let under = |key: &str| at(key).map(|id| tree.entries(id)).unwrap_or_default();
        let names = |key: &str| {
            under(key)
                .iter()
                .map(|entry| entry.key.as_str())
                .enumerate()
        };
        self.messages = names("messages")
            .map(|(at, name)| (name, MessageId(at)))
            .collect();
        self.channels = names("channels")
            .map(|(at, name)| (name, ChannelId(at)))
            .collect();
        self.errors = names("errors")
            .map(|(at, name)| (name, ErrorId(at)))
            .collect();

        let mut types = Vec::new();
        for entry in under("types") {
            let name = Name {
                text: entry.key.clone(),
                span: entry.at,
            };
            let schema = self.schemas.schema(entry.value);
            types.push(NamedType { name, schema });
        }
        let head = at("protocol");
        let text = |key: &str| head.and_then(|head| self.text(head, key));
        let name = head.and_then(|head| tree.get(head, "name"));
        let name = name.and_then(|id| self.name(id)).unwrap_or_else(|| Name {
            text: String::new(),
            span: tree.node(tree.root).span,
        });
        let version = text("version").and_then(|text| text.parse().ok());
        let version = version.unwrap_or_else(|| semver::Version::new(1, 0, 0));
        let accepts = text("accepts").and_then(|text| text.parse().ok());
        let accepts = accepts.or_else(|| version.major.to_string().parse().ok());
        let description = text("description").map(str::to_owned);

        let errors = under("errors")
            .iter()
            .map(|entry| self.error(entry))
            .collect();
        let channels: Vec<_> = under("channels")
            .iter()
            .map(|entry| self.channel(entry))
            .collect();
        let envelope = self.envelopes(at("envelope"));
        let messages = under("messages")
            .iter()
            .map(|entry| self.message(entry, &envelope));
        let mut messages: Vec<_> = messages.collect();
        let presence = channels.iter().any(|channel| channel.presence.is_some());
        let session = self.session(at("session"), &messages, presence);
        Self::early_ids(&session, &mut messages);
        let limits = self.limits(at("limits"));
        let encodings = self.encodings(at("encodings"), &name.text, version.major);
        let closes = self.closes(at("closes"));
        let generate = self.generate(at("generate"));

        let mut lowered = self.schemas.finish();
        name_reached(&mut types, &mut lowered);
        let protocol = Protocol {
            name,
            version,
            accepts: accepts.unwrap_or(semver::VersionReq::STAR),
            description,
            hash: String::new(),
            schemas: std::mem::take(&mut lowered.schemas),
            types,
            errors,
            channels,
            messages,
            envelope,
            session,
            limits,
            encodings,
            closes,
            generate,
        };
        (protocol, lowered)
    }

    fn text(&self, map: NodeId, key: &str) -> Option<&'a str> {
        self.tree.text(self.tree.get(map, key)?)
    }

    fn owned(&self, map: NodeId, key: &str) -> Option<String> {
        self.text(map, key).map(str::to_owned)
    }

    fn flag(&self, map: NodeId, key: &str) -> bool {
        self.tree
            .get(map, key)
            .and_then(|id| self.tree.flag(id))
            .unwrap_or(false)
    }

    fn count(&self, map: NodeId, key: &str) -> Option<u64> {
        self.tree.number(self.tree.get(map, key)?)?.as_u64()
    }

    fn duration(&self, map: NodeId, key: &str) -> Option<Duration> {
        crate::parse::grammar::duration(self.text(map, key)?)
    }

    fn size(&self, map: NodeId, key: &str) -> Option<u64> {
        let id = self.tree.get(map, key)?;
        match self.tree.text(id) {
            Some(text) => crate::parse::grammar::size(text),
            None => self.tree.number(id)?.as_u64(),
        }
    }

    fn name(&self, id: NodeId) -> Option<Name> {
        let text = self.tree.text(id)?.to_owned();
        Some(Name {
            text,
            span: self.tree.node(id).span,
        })
    }

    fn names(&self, map: NodeId) -> GivenNames {
        let name = |key| self.tree.get(map, key).and_then(|id| self.name(id));
        GivenNames {
            rust: name("rust"),
            ts: name("ts"),
        }
    }

    fn scalar(&self, map: NodeId, key: &str) -> Option<Scalar> {
        let id = self.tree.get(map, key)?;
        match self.tree.text(id) {
            Some(text) => Some(Scalar::Text(text.to_owned())),
            None => self.tree.number(id)?.as_i64().map(Scalar::Integer),
        }
    }

    /// The message with the name at a node; an unknown name is reported.
    fn message_at(&mut self, id: NodeId) -> Option<MessageId> {
        let text = self.tree.text(id)?;
        let known = self.messages.get(text).copied();
        if known.is_none() {
            let names = self.messages.keys().copied();
            let near = self
                .schemas
                .out
                .wants_suggestions()
                .then(|| did_you_mean(text, names))
                .flatten();
            self.unknown("P011", "message", id, text, near);
        }
        known
    }

    fn message_of(&mut self, map: NodeId, key: &str) -> Option<MessageId> {
        let id = self.tree.get(map, key)?;
        self.message_at(id)
    }

    fn error_at(&mut self, id: NodeId) -> Option<ErrorId> {
        let text = self.tree.text(id)?;
        let known = self.errors.get(text).copied();
        if known.is_none() {
            let names = self.errors.keys().copied();
            let near = self
                .schemas
                .out
                .wants_suggestions()
                .then(|| did_you_mean(text, names))
                .flatten();
            self.unknown("P012", "error", id, text, near);
        }
        known
    }

    fn channel_at(&mut self, id: NodeId) -> Option<ChannelId> {
        let text = self.tree.text(id)?;
        let known = self.channels.get(text).copied();
        if known.is_none() {
            let names = self.channels.keys().copied();
            let near = self
                .schemas
                .out
                .wants_suggestions()
                .then(|| did_you_mean(text, names))
                .flatten();
            self.unknown("P013", "channel", id, text, near);
        }
        known
    }

    fn unknown(
        &mut self,
        code: &'static str,
        what: &str,
        id: NodeId,
        text: &str,
        near: Option<String>,
    ) {
        let at = self.tree.node(id).span;
        let help = near.unwrap_or_else(|| format!("declare it under `{what}s`"));
        let message = format!("there is no {what} `{text}`");
        self.schemas
            .out
            .push(Diagnostic::error(code, at, message).help(help));
    }
}
