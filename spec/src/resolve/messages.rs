//! Messages.

use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::model::{Deprecated, Directions, Envelope, ErrorId, Message, Name, Reply, Scalar, Sent};
use crate::tree::{Entry, Kind, NodeId};

impl Resolver<'_> {
    pub(super) fn message(&mut self, entry: &Entry, envelope: &Directions<Envelope>) -> Message {
        let at = entry.value;
        let tree = self.tree;
        let [client, server] = self.sent(entry, envelope);
        Message {
            name: Name {
                text: entry.key.clone(),
                span: entry.at,
            },
            description: self.owned(at, "description"),
            client,
            server,
            channel: tree.get(at, "channel").and_then(|id| self.channel_at(id)),
            reply: tree.get(at, "reply").map(|id| self.reply(id)),
            errors: self.errors(at),
            timeout: self.duration(at, "timeout"),
            volatile: self.flag(at, "volatile"),
            volatile_key: self.owned(at, "volatileKey"),
            concurrent: self.flag(at, "concurrent"),
            idempotent: self.flag(at, "idempotent"),
            deprecated: tree
                .get(at, "deprecated")
                .and_then(|id| match &tree.node(id).kind {
                    Kind::Bool(true) => Some(Deprecated { note: None }),
                    Kind::Text(note) => Some(Deprecated {
                        note: Some(note.clone()),
                    }),
                    _ => None,
                }),
            since: self.text(at, "since").and_then(|text| text.parse().ok()),
            names: self.names(at),
        }
    }

    /// The message as the client and as the server sends it.
    fn sent(&mut self, entry: &Entry, envelope: &Directions<Envelope>) -> [Option<Sent>; 2] {
        let at = entry.value;
        let tree = self.tree;
        let from = self.text(at, "from");
        let sends = |end: &str| from.is_some_and(|from| from == end || from == "both");
        let payload = tree.get(at, "payload").map(|id| self.schemas.schema(id));
        let mut sent = [None, None];
        for (slot, (end, envelope)) in sent
            .iter_mut()
            .zip([("client", &envelope.client), ("server", &envelope.server)])
        {
            let part = tree.map(at).and_then(|map| map.get(end));
            if !sends(end) {
                if let Some(part) = part
                    && from.is_some()
                {
                    let message = format!("the {end} does not send `{}`", entry.key);
                    let help = "with `from: both`, both sides send it";
                    self.schemas
                        .out
                        .push(Diagnostic::error("P031", part.at, message).help(help));
                }
                continue;
            }
            let part = part.map(|part| part.value);
            let mut envelope = envelope.clone();
            for block in [Some(at), part].into_iter().flatten() {
                if let Some(block) = tree.get(block, "envelope") {
                    self.apply(&mut envelope, block);
                }
            }
            let own = part.and_then(|part| tree.get(part, "payload"));
            let payload = own.map(|id| self.schemas.schema(id)).or(payload);
            let name = || Some(Scalar::Text(entry.key.clone()));
            let tag = self.tag(at).unwrap_or_else(name);
            let tag = part.and_then(|part| self.tag(part)).unwrap_or(tag);
            *slot = Some(Sent {
                tag,
                payload,
                envelope,
            });
        }
        sent
    }

    /// The errors that a message lists.
    fn errors(&mut self, at: NodeId) -> Vec<ErrorId> {
        let tree = self.tree;
        let errors = tree
            .get(at, "errors")
            .and_then(|id| tree.list(id))
            .unwrap_or_default();
        let mut seen: Vec<(ErrorId, NodeId)> = Vec::new();
        for id in errors {
            let Some(error) = self.error_at(*id) else {
                continue;
            };
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == error) {
                let message = "this error is listed twice";
                let first = tree.node(*first).span;
                let place = tree.node(*id).span;
                self.schemas
                    .out
                    .push(Diagnostic::warning("P028", place, message).label(first, "first here"));
            } else {
                seen.push((error, *id));
            }
        }
        seen.into_iter().map(|(error, _)| error).collect()
    }

    /// The tag of a block, if it has one; null means that there is none.
    fn tag(&self, block: NodeId) -> Option<Option<Scalar>> {
        let id = self.tree.get(block, "tag")?;
        match self.tree.node(id).kind {
            Kind::Null => Some(None),
            _ => self.scalar(block, "tag").map(Some),
        }
    }

    fn reply(&mut self, id: NodeId) -> Reply {
        if self.tree.text(id).is_some() {
            return Reply {
                ack: self.message_at(id),
                ..Reply::default()
            };
        }
        Reply {
            ack: self.message_of(id, "ack"),
            stream: self.message_of(id, "stream"),
            end: self.message_of(id, "end"),
            cancel: self.message_of(id, "cancel"),
        }
    }
}
