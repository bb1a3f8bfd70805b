//! The dialect of a schema: Handfast's or JSON Schema's, in the draft and with the vocabularies that a `$schema` names.

use super::draft::{Draft, Named};
use super::keywords::{self, Keyword};
use super::vocabulary::{Vocabularies, Vocabulary};
use super::{Lowering, Site, address};
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, NodeId};
use handfast_schema::{Dialect, Span};
use std::collections::BTreeMap;

/// How many meta-schemas may stand behind each other, each the `$schema` of the one before.
const MAX_META_SCHEMAS: usize = 8;

/// The settings `dialect` and `remotes`.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(super) dialect: Dialect,
    /// The draft of schemas without a `$schema`.
    pub(super) draft: Draft,
    /// Whether `format` is an assertion under `dialect: json-schema`.
    formats: bool,
    /// Whether integers without bounds are within ±(2⁵³−1) under `dialect: json-schema`.
    pub(super) safe_integers: bool,
    /// The files that stand for addresses, with the locations of these settings.
    pub(super) remotes: BTreeMap<String, Remote>,
}

/// A file that stands for an address.
#[derive(Debug)]
pub(super) struct Remote {
    /// Its path from the folder of the spec.
    pub(super) file: String,
    /// Where the spec says so.
    pub(super) at: Span,
    /// Its document once it was read, or `None` in it if it could not be read.
    pub(super) doc: Option<Option<usize>>,
}

impl Settings {
    /// The settings of a document whose form was checked.
    pub(crate) fn of(tree: &Document) -> Self {
        let root = |key| tree.get(tree.root, key);
        let dialect = root("dialect");
        let name = dialect.and_then(|at| {
            let text = tree.text(at);
            text.or_else(|| tree.text(tree.get(at, "name")?))
        });
        let formats = dialect.and_then(|at| tree.text(tree.get(at, "formats")?));
        let integers = dialect.and_then(|at| tree.text(tree.get(at, "integers")?));
        let draft = dialect.and_then(|at| Draft::of_setting(tree, tree.get(at, "draft")?));
        let remotes = root("remotes").map(|at| tree.entries(at));
        let remotes = remotes.unwrap_or_default().iter().filter_map(|entry| {
            let remote = Remote {
                file: tree.text(entry.value)?.to_owned(),
                at: tree.node(entry.value).span,
                doc: None,
            };
            Some((entry.key.trim_end_matches('#').to_owned(), remote))
        });
        let dialect = match name {
            Some("json-schema") => Dialect::JsonSchema,
            _ => Dialect::Handfast,
        };
        let is_plain = dialect == Dialect::JsonSchema;
        Self {
            dialect,
            draft: draft.filter(|_| is_plain).unwrap_or_default(),
            formats: formats == Some("assert"),
            safe_integers: is_plain && integers == Some("safe"),
            remotes: remotes.collect(),
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.dialect == Dialect::JsonSchema
    }
}

/// The dialect of one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResourceDialect {
    pub(super) draft: Draft,
    vocabularies: Vocabularies,
}

impl ResourceDialect {
    /// All that a draft has.
    pub(super) const fn of(draft: Draft) -> Self {
        Self {
            draft,
            vocabularies: Vocabularies::STANDARD,
        }
    }

    /// The keyword with a name; `None` if it has no meaning. `is_plain` is whether schemas are standard JSON Schema.
    pub(super) fn keyword(self, name: &str, is_plain: bool) -> Option<&'static Keyword> {
        let found = keywords::find(name, self.draft);
        if !is_plain {
            return found;
        }
        let found = found.or_else(|| keywords::find_older(name, self.draft))?;
        let of = Vocabulary::of(name, self.draft)?;
        let has = self.vocabularies;
        let known = has.has(of)
            || of == Vocabulary::FormatAnnotation && has.has(Vocabulary::FormatAssertion);
        known.then_some(found)
    }
}

impl Lowering<'_> {
    /// The keyword with a name in a resource; `None` if it has no meaning there.
    pub(super) fn keyword_of(&self, resource: usize, name: &str) -> Option<&'static Keyword> {
        self.resources[resource]
            .dialect
            .keyword(name, self.settings.is_plain())
    }

    /// The dialect of the resource that a node belongs to.
    pub(super) fn dialect_at(&self, site: Site) -> ResourceDialect {
        let resource = self.docs[site.doc].marks[site.node].resource;
        resource.map_or(ResourceDialect::of(self.settings.draft), |resource| {
            self.resources[resource].dialect
        })
    }

    /// Whether a format is an assertion in a resource. Handfast's own dialect asserts every format.
    pub(super) fn asserts_format(&self, dialect: ResourceDialect, format: &str) -> bool {
        !self.settings.is_plain()
            || dialect.draft.has_format(format)
                && (self.settings.formats || dialect.vocabularies.has(Vocabulary::FormatAssertion))
    }

    /// The dialect that the `$schema` of a resource's root names; without one, `default`.
    pub(super) fn dialect_of(
        &mut self,
        root: Site,
        tree: &Document,
        default: ResourceDialect,
    ) -> ResourceDialect {
        let Some((at, text)) = schema_keyword(tree, root.node) else {
            return default;
        };
        self.dialect_named(text, at, 0).unwrap_or(default)
    }

    /// The dialect of a meta-schema. `None` if it names no draft or, after a report, if it is unknown.
    fn dialect_named(&mut self, text: &str, at: Span, depth: usize) -> Option<ResourceDialect> {
        match Draft::named_by(text) {
            Some(Named::Draft(draft)) => return Some(ResourceDialect::of(draft)),
            Some(Named::Latest) => return None,
            Some(Named::Unsupported) => {
                let message = format!("`{text}` is not a supported draft");
                let help = "supported are draft 04, 06, 07, 2019-09 and 2020-12; rewrite the schema in one of them";
                self.out
                    .push(Diagnostic::error("S002", at, message).help(help));
                return None;
            }
            None => {}
        }
        let address = text.trim_end_matches('#');
        let meta = match self.by_id.get(address) {
            Some(resource) => Some(self.resources[*resource].root),
            None if self.settings.is_plain() && self.settings.remotes.contains_key(address) => {
                self.remote(address).map(|doc| Site {
                    doc,
                    node: self.docs[doc].tree.root,
                })
            }
            None => {
                let message = format!("unknown dialect `{text}`");
                let help = if self.settings.is_plain() {
                    format!(
                        "the drafts have addresses such as `{}`; name a custom meta-schema under `remotes`, with its file",
                        Draft::Draft2020.address()
                    )
                } else {
                    format!(
                        "the drafts have addresses such as `{}`; a custom meta-schema takes `dialect: json-schema`",
                        Draft::Draft2020.address()
                    )
                };
                self.out
                    .push(Diagnostic::error("S002", at, message).help(help));
                None
            }
        };
        meta.map(|meta| self.described_by(meta, at, text, depth))
    }

    /// The dialect that a meta-schema describes: the draft that it is written in, with the vocabularies that it lists.
    fn described_by(&mut self, meta: Site, at: Span, text: &str, depth: usize) -> ResourceDialect {
        let tree = std::rc::Rc::clone(&self.docs[meta.doc].tree);
        let standard = ResourceDialect::of(self.settings.draft);
        let own = match schema_keyword(&tree, meta.node) {
            Some((inner, own)) if depth < MAX_META_SCHEMAS && own != text => self
                .dialect_named(own, inner, depth + 1)
                .unwrap_or(standard),
            _ => standard,
        };
        let named = tree.get(meta.node, "$vocabulary");
        let Some(named) = named.filter(|_| own.draft >= Draft::Draft2019) else {
            return own;
        };
        let mut found = Vocabularies::CORE;
        for entry in tree.entries(named) {
            let required = tree.flag(entry.value) == Some(true);
            match Vocabulary::named(&entry.key, own.draft, required) {
                Some(one) => found = found.with(one),
                None if required => {
                    let message = format!(
                        "the dialect `{text}` requires the unknown vocabulary `{}`",
                        entry.key
                    );
                    self.out.push(
                        Diagnostic::error("S002", at, message).label(entry.at, "required here"),
                    );
                }
                None => {}
            }
        }
        ResourceDialect {
            vocabularies: found,
            ..own
        }
    }
}

/// The `$schema` of a node, and its location.
pub(super) fn schema_keyword(tree: &Document, node: NodeId) -> Option<(Span, &str)> {
    let at = tree.get(node, "$schema")?;
    Some((tree.node(at).span, tree.text(at)?))
}

/// The draft that the `$schema` of a node names by itself.
pub(super) fn own_draft(tree: &Document, node: NodeId) -> Option<Draft> {
    match Draft::named_by(schema_keyword(tree, node)?.1)? {
        Named::Draft(draft) => Some(draft),
        _ => None,
    }
}

/// Checks `dialect` and `remotes` of a document whose form was checked.
pub(crate) fn check(tree: &Document) -> Vec<Diagnostic> {
    let plain = Settings::of(tree).is_plain();
    let mut problems = Vec::new();
    let entry = |node: NodeId, key: &str| tree.map(node)?.get(key);
    if let Some(remotes) = entry(tree.root, "remotes") {
        for entry in tree.entries(remotes.value) {
            let address = entry.key.trim_end_matches('#');
            if address::scheme(address).is_none() || address.contains('#') {
                let message = format!("`{}` is not the address of a schema", entry.key);
                let help =
                    "an address has a scheme and no fragment: `https://example.com/text.json`";
                problems.push(Diagnostic::error("S030", entry.at, message).help(help));
            }
        }
        if problems.is_empty() && !plain {
            let message = "`remotes` has no effect without `dialect: json-schema`";
            problems.push(Diagnostic::warning("P028", remotes.at, message));
        }
    }
    let dialect = entry(tree.root, "dialect");
    for (key, because) in [
        ("formats", "always asserts formats"),
        ("integers", "always bounds integers"),
        (
            "draft",
            "is draft 2020-12 where no `$schema` says otherwise",
        ),
    ] {
        if let Some(setting) = dialect.and_then(|dialect| entry(dialect.value, key))
            && !plain
        {
            let message =
                format!("`{key}` has no effect in Handfast's own dialect, which {because}");
            problems.push(Diagnostic::warning("P028", setting.at, message));
        }
    }
    problems
}
