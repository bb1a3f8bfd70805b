//! Unused declarations, and names that two types would share.

use super::Checker;
use crate::diagnostic::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};

impl Checker<'_> {
    pub(super) fn unused(&mut self) {
        let protocol = self.protocol;
        let mut names = BTreeMap::new();
        for ty in &protocol.types {
            if let Some(first) = names.insert(&ty.name.text, ty.name.span) {
                let text = format!("two types would have the name `{}`", ty.name.text);
                let help = "give one of them another key";
                self.out.push(
                    Diagnostic::error("S016", ty.name.span, text)
                        .label(first, "the other")
                        .help(help),
                );
            }
        }
        // A reference that did not resolve, or a broken message, may have been the use.
        if self.out.errors() > 0 {
            return;
        }
        let targets: BTreeSet<(u32, u32)> = protocol
            .schemas
            .iter()
            .flat_map(|(_, schema)| {
                let dynamic = schema
                    .dynamic_reference
                    .as_ref()
                    .map(|dynamic| dynamic.initial);
                [schema.reference, dynamic]
            })
            .flatten()
            .map(|id| {
                (
                    protocol.schemas[id].span.source,
                    protocol.schemas[id].span.start,
                )
            })
            .collect();
        let unused = |what: &str, name: &str, at| {
            let text = format!("the {what} `{name}` is never used");
            Diagnostic::warning("P021", at, text)
        };
        let mut found = Vec::new();
        for (ty, _) in protocol.types.iter().zip(self.section("types")) {
            let span = protocol.schemas[ty.schema].span;
            let within = (span.source, span.start)..=(span.source, span.end.max(span.start));
            if targets.range(within).next().is_none() {
                found.push(unused("type", &ty.name.text, ty.name.span));
            }
        }
        let errors: BTreeSet<_> = protocol
            .messages
            .iter()
            .flat_map(|one| &one.errors)
            .collect();
        for (index, error) in protocol.errors.iter().enumerate() {
            if !errors.contains(&crate::model::ErrorId(index)) {
                found.push(unused("error", &error.name.text, error.name.span));
            }
        }
        let channels: BTreeSet<_> = protocol
            .messages
            .iter()
            .filter_map(|one| one.channel)
            .collect();
        for (index, channel) in protocol.channels.iter().enumerate() {
            let is_used = channels.contains(&crate::model::ChannelId(index));
            if !is_used && channel.presence.is_none() {
                found.push(unused("channel", &channel.name.text, channel.name.span));
            }
        }
        for one in found {
            self.out.push(one);
        }
    }
}
