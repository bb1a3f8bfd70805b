//! `generate.rust.types`: Rust types for formats.

use super::Checker;
use crate::diagnostic::{Diagnostic, did_you_mean};
use handfast_schema::format;
use std::collections::BTreeSet;

impl Checker<'_> {
    pub(super) fn foreign_types(&mut self) {
        let Some(types) = self.entry(&["generate", "rust", "types"]) else {
            return;
        };
        let entries = self.tree.entries(types.value);
        for entry in entries {
            let name = entry.key.as_str();
            if !format::KNOWN.contains(&name) {
                let text = format!("there is no format `{name}`");
                let help = did_you_mean(name, format::KNOWN)
                    .unwrap_or_else(|| format!("known are `{}`", format::KNOWN.join("`, `")));
                self.out
                    .push(Diagnostic::error("S014", entry.at, text).help(help));
            }
        }
        // A broken schema may have been the use.
        if self.out.errors() > 0 {
            return;
        }
        let schemas = self.protocol.schemas.iter();
        let (asserted, annotated): (Vec<_>, Vec<_>) = schemas
            .map(|(_, schema)| {
                (
                    schema.format.as_deref(),
                    schema.annotations.format.as_deref(),
                )
            })
            .unzip();
        let asserted: BTreeSet<&str> = asserted.into_iter().flatten().collect();
        let annotated: BTreeSet<&str> = annotated.into_iter().flatten().collect();
        for entry in entries {
            let name = entry.key.as_str();
            if asserted.contains(name) {
                continue;
            }
            let text = format!("the Rust type of the format `{name}` is never used");
            let help = annotated.contains(name).then(|| {
                "the format is an annotation here; write `dialect: { name: json-schema, formats: assert }`"
                    .to_owned()
            });
            self.out
                .push(Diagnostic::warning("P021", entry.at, text).maybe_help(help));
        }
    }
}
