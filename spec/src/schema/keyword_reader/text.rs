//! Keywords whose value is a string.

use super::KeywordReader;
use crate::diagnostic::Diagnostic;
use crate::schema::draft::{Draft, Named};
use crate::schema::{Site, pattern};
use handfast_schema::{DynamicRef, Schema, Span};

impl KeywordReader<'_, '_> {
    /// Stores a string.
    pub(super) fn textual(&mut self, text: &str, to: &mut Schema) {
        let at = self.tree.node(self.entry.value).span;
        let owned = || Some(text.to_owned());
        match self.entry.key.as_str() {
            "$ref" => to.reference = self.lowering.refer(self.site, text, at).map(|(id, _)| id),
            "$dynamicRef" => {
                let anchor = text
                    .split_once('#')
                    .map(|(_, fragment)| fragment.to_owned());
                to.dynamic_reference =
                    self.lowering
                        .refer(self.site, text, at)
                        .map(|(initial, target)| {
                            let target_tree = &self.lowering.docs[target.doc].tree;
                            let borne = target_tree.get(target.node, "$dynamicAnchor");
                            let borne = borne
                                .and_then(|node| target_tree.text(node))
                                .map(str::to_owned);
                            DynamicRef {
                                initial,
                                anchor: anchor.filter(|one| borne.as_ref() == Some(one)),
                            }
                        });
            }
            "$anchor" | "$dynamicAnchor" => {
                let colons = self.dialect.draft == Draft::Draft2019;
                let word = |c: char| {
                    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') || colons && c == ':'
                };
                let start = |c: char| c.is_ascii_alphabetic() || c == '_';
                if !text.starts_with(start) || !text.chars().all(word) {
                    let message = format!("`{text}` cannot be an anchor");
                    let help = "an anchor has letters, digits, `-`, `_` and `.`, and begins with a letter or `_`";
                    self.lowering
                        .out
                        .push(Diagnostic::error("S015", at, message).help(help));
                } else if self.entry.key == "$dynamicAnchor" {
                    to.dynamic_anchor = owned();
                }
            }
            "$recursiveRef" => {
                let target = self.lowering.refer(self.site, text, at);
                to.dynamic_reference = target.map(|(initial, target)| DynamicRef {
                    initial,
                    anchor: self.is_recursive(target).then(String::new),
                });
            }
            "$schema" => self.inner_dialect(text, at),
            "$comment" => to.annotations.comment = owned(),
            "title" => to.annotations.title = owned(),
            "description" => to.annotations.description = owned(),
            "contentMediaType" => to.annotations.content_media_type = owned(),
            "format" => {
                let openapi = self.dialect.draft == Draft::OpenApi30;
                let plain = self.lowering.settings.is_plain();
                if openapi && !plain && text == "byte" {
                    to.content_encoding = Some("base64".to_owned());
                } else if openapi && matches!(text, "binary" | "password") {
                    to.annotations.format = owned();
                } else if self.lowering.asserts_format(self.dialect, text) {
                    to.format = owned();
                } else {
                    to.annotations.format = owned();
                }
            }
            "contentEncoding" if self.lowering.settings.is_plain() => {
                to.annotations.content_encoding = owned();
            }
            "contentEncoding" => to.content_encoding = owned(),
            "pattern" if pattern::check(self.lowering, text, at) => to.pattern = owned(),
            // `$id` was read by the survey; an invalid pattern was reported.
            _ => {}
        }
    }

    /// Whether a schema is the root of a resource with `$recursiveAnchor: true`.
    pub(super) fn is_recursive(&self, site: Site) -> bool {
        let resource = self.lowering.docs[site.doc].marks[site.node].resource;
        let anchors = resource.map(|resource| &self.lowering.resources[resource].anchors);
        let anchor = anchors.and_then(|anchors| anchors.get(""));
        anchor.is_some_and(|(root, ..)| *root == site)
    }

    /// A `$schema` counts at the root of a resource, where the survey reads it.
    fn inner_dialect(&mut self, text: &str, at: Span) {
        let resource = self.lowering.docs[self.site.doc].marks[self.site.node].resource;
        let root = resource.map(|resource| self.lowering.resources[resource].root);
        let same = Draft::named_by(text) == Some(Named::Draft(self.dialect.draft));
        if root != Some(self.site) && !same {
            let draft = self.dialect.draft.name();
            let message = format!("this `$schema` has no effect: what is around it is {draft}");
            let help = "a `$schema` counts for a whole file or payload, and beside an `$id`";
            self.lowering
                .out
                .push(Diagnostic::warning("S020", at, message).help(help));
        }
    }
}
