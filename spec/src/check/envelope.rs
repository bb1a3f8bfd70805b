//! Envelopes: field names must be unique, also among the fields of a flat payload.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Envelope, MessageId, Sent, Tagging};
use handfast_schema::{Span, Type};

/// Every field of an envelope beside the tag, with its role in the envelope.
fn fields(envelope: &Envelope) -> Vec<(&'static str, &str, Span)> {
    let mut all = vec![("tag", envelope.tagging.tag(), Span::default())];
    all.extend(
        envelope
            .tagging
            .content()
            .map(|name| ("content", name, Span::default())),
    );
    for (role, field) in [
        ("id", &envelope.id),
        ("correlate", &envelope.reply_to),
        ("version", &envelope.version),
        ("channel", &envelope.channel),
        ("seq", &envelope.seq),
        ("epoch", &envelope.epoch),
    ] {
        all.extend(
            field
                .as_ref()
                .map(|field| (role, field.name.as_str(), field.span)),
        );
    }
    let timestamp = envelope
        .timestamp
        .as_ref()
        .map(|timestamp| &timestamp.field);
    all.extend(timestamp.map(|field| ("timestamp", field.name.as_str(), field.span)));
    let outcome = envelope
        .outcome
        .as_ref()
        .map(|outcome| outcome.field.as_str());
    all.extend(outcome.map(|name| ("outcome", name, Span::default())));
    all
}

impl Checker<'_> {
    pub(super) fn envelopes(&mut self) {
        let protocol = self.protocol;
        if let Some(block) = self
            .entry(&["envelope"])
            .map(|entry| (entry.at, entry.value))
        {
            self.distinct(&protocol.envelope.client, block);
            self.distinct(&protocol.envelope.server, block);
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            let sent = [("client", &message.client), ("server", &message.server)];
            for (end, sent) in sent {
                let Some(sent) = sent else { continue };
                let block = self.block(id);
                let part = self.tree.get(block, end);
                let own = [part, Some(block)].into_iter().flatten();
                let own = own
                    .filter_map(|block| self.tree.map(block)?.get("envelope"))
                    .next();
                if let Some(entry) = own {
                    self.distinct(&sent.envelope, (entry.at, entry.value));
                }
                if matches!(sent.envelope.tagging, Tagging::Flat { .. }) {
                    self.flat(id, sent);
                }
            }
        }
    }

    /// The location of a role in a block, or the block itself.
    fn role_place(&self, (at, block): (Span, usize), role: &str, span: Span) -> Span {
        if span != Span::default() {
            return span;
        }
        let map = self.tree.map(block);
        map.and_then(|map| map.get(role))
            .map_or(at, |entry| self.place(entry))
    }

    fn distinct(&mut self, envelope: &Envelope, block: (Span, usize)) {
        let all = fields(envelope);
        for (index, (role, name, span)) in all.iter().enumerate() {
            let Some((other, _, first)) = all[..index].iter().find(|(_, known, _)| known == name)
            else {
                continue;
            };
            let text = format!("the envelope has two fields `{name}`: `{other}` and `{role}`");
            let at = self.role_place(block, role, *span);
            let first = self.role_place(block, other, *first);
            let mut problem = Diagnostic::error("P024", at, text);
            if first != at {
                problem = problem.label(first, "first here");
            }
            let help = match *role {
                "content" => {
                    "rename one of them: `content: …`, or `content: null` if the payload is flat"
                        .to_owned()
                }
                "correlate" => {
                    "rename one of them: `correlate: { request: …, reply: … }`".to_owned()
                }
                "outcome" => "rename one of them: `outcome: { field: … }`".to_owned(),
                _ => format!("rename one of them: `{role}: …`, or `{role}: off`"),
            };
            self.out.push(problem.help(help));
        }
    }

    fn flat(&mut self, id: MessageId, sent: &Sent) {
        let Some(payload) = sent.payload else { return };
        let name = &self.protocol.messages[id.0].name.text;
        let shape = &self.protocol.schemas[self.followed(payload)];
        if shape
            .types
            .is_some_and(|types| types.single() != Some(Type::Object))
        {
            let text = format!("the payload of `{name}` is flat, but not an object");
            let at = shape.span;
            let help = "write `type: object`, or give the envelope a `content`";
            self.out
                .push(Diagnostic::error("P040", at, text).help(help));
            return;
        }
        let envelope = fields(&sent.envelope);
        for field in self.fields(payload) {
            let Some((role, _, span)) = envelope.iter().find(|(_, name, _)| *name == field.name)
            else {
                continue;
            };
            let text = format!(
                "the field `{}` of `{name}` has the same name as the envelope's `{role}`, and the payload is flat",
                field.name
            );
            let at = self.property(field.owner, &field.name);
            let mut problem = Diagnostic::error("P017", at, text);
            let declared = match self.entry(&["envelope", role]) {
                _ if *span != Span::default() => Some(*span),
                Some(entry) => Some(self.place(entry)),
                None => None,
            };
            if let Some(declared) = declared {
                problem = problem.label(declared, "the envelope's");
            }
            let help = format!(
                "rename one of them, or turn the envelope's off: `envelope: {{ {role}: off }}`"
            );
            self.out.push(problem.help(if *role == "tag" {
                "rename one of them: `envelope: { tag: … }`".to_owned()
            } else {
                help
            }));
        }
    }
}
