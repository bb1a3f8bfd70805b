//! What a schema is read as: Handfast's dialect, or JSON Schema's with the vocabularies that a `$schema` names.

use super::keywords::{self, Keyword};
use super::{Lowering, Site, address};
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, NodeId};
use handfast_schema::{Dialect, Span};
use std::collections::BTreeMap;

/// The address of the dialect that is read.
pub(super) const STANDARD: &str = "https://json-schema.org/draft/2020-12/schema";

/// Where the vocabularies of draft 2020-12 have their names.
const VOCABULARY: &str = "https://json-schema.org/draft/2020-12/vocab/";

/// What `dialect` and `remotes` say.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(super) dialect: Dialect,
    /// Whether `format` is an assertion under `dialect: json-schema`.
    formats: bool,
    /// The files that stand for addresses, with the places where that is said.
    pub(super) remotes: BTreeMap<String, Remote>,
}

/// A file that stands for an address.
#[derive(Debug)]
pub(super) struct Remote {
    /// Its path from the folder of the spec.
    pub(super) file: String,
    /// Where that is said.
    pub(super) at: Span,
    /// Its document, once it was read; none in it where it could not be.
    pub(super) doc: Option<Option<usize>>,
}

impl Settings {
    /// What a document whose form was checked says.
    pub(crate) fn of(tree: &Document) -> Self {
        let root = |key| tree.get(tree.root, key);
        let dialect = root("dialect");
        let name = dialect.and_then(|at| {
            let text = tree.text(at);
            text.or_else(|| tree.text(tree.get(at, "name")?))
        });
        let formats = dialect.and_then(|at| tree.text(tree.get(at, "formats")?));
        let remotes = root("remotes").map(|at| tree.entries(at));
        let remotes = remotes.unwrap_or_default().iter().filter_map(|entry| {
            let remote = Remote {
                file: tree.text(entry.value)?.to_owned(),
                at: tree.node(entry.value).span,
                doc: None,
            };
            Some((entry.key.trim_end_matches('#').to_owned(), remote))
        });
        Self {
            dialect: match name {
                Some("json-schema") => Dialect::JsonSchema,
                _ => Dialect::Handfast,
            },
            formats: formats == Some("assert"),
            remotes: remotes.collect(),
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.dialect == Dialect::JsonSchema
    }
}

/// Vocabularies of draft 2020-12: those that a resource's keywords are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vocabularies(u8);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vocabulary {
    Core,
    Applicator,
    Unevaluated,
    Validation,
    MetaData,
    FormatAnnotation,
    FormatAssertion,
    Content,
}

impl Vocabulary {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Core, "core"),
        (Self::Applicator, "applicator"),
        (Self::Unevaluated, "unevaluated"),
        (Self::Validation, "validation"),
        (Self::MetaData, "meta-data"),
        (Self::FormatAnnotation, "format-annotation"),
        (Self::FormatAssertion, "format-assertion"),
        (Self::Content, "content"),
    ];

    /// The vocabulary of a keyword; none where it is one of ours.
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "open" => return None,
            // Names in code decide no verdict.
            "rust" | "ts" => Self::Core,
            word if word.starts_with('$') || word == "definitions" => Self::Core,
            "prefixItems"
            | "items"
            | "contains"
            | "additionalProperties"
            | "properties"
            | "patternProperties"
            | "dependentSchemas"
            | "propertyNames"
            | "if"
            | "then"
            | "else"
            | "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "dependencies" => Self::Applicator,
            "unevaluatedItems" | "unevaluatedProperties" => Self::Unevaluated,
            "title" | "description" | "default" | "deprecated" | "readOnly" | "writeOnly"
            | "examples" => Self::MetaData,
            "format" => Self::FormatAnnotation,
            "contentEncoding" | "contentMediaType" | "contentSchema" => Self::Content,
            _ => Self::Validation,
        })
    }
}

impl Vocabularies {
    /// Those of the standard dialect.
    pub(super) const STANDARD: Self = Self(!(1 << Vocabulary::FormatAssertion as u8));

    const fn with(self, one: Vocabulary) -> Self {
        Self(self.0 | 1 << one as u8)
    }

    const fn has(self, one: Vocabulary) -> bool {
        self.0 & (1 << one as u8) != 0
    }
}

impl Lowering<'_> {
    /// The keyword of a name in a resource; none where it means nothing there.
    pub(super) fn keyword_of(&self, resource: usize, name: &str) -> Option<&'static Keyword> {
        if !self.settings.is_plain() {
            return keywords::find(name);
        }
        let found = keywords::find(name).or_else(|| keywords::find_older(name))?;
        let of = Vocabulary::of(name)?;
        let has = self.resources[resource].vocabularies;
        let known = has.has(of)
            || of == Vocabulary::FormatAnnotation && has.has(Vocabulary::FormatAssertion);
        known.then_some(found)
    }

    /// Whether `format` is an assertion in a resource.
    pub(super) fn asserts_formats(&self, resource: usize) -> bool {
        !self.settings.is_plain()
            || self.settings.formats
            || self.resources[resource]
                .vocabularies
                .has(Vocabulary::FormatAssertion)
    }

    /// The vocabularies that the `$schema` of a resource's root names; those of the resource around it where there is none.
    pub(super) fn vocabularies(
        &mut self,
        site: Site,
        tree: &Document,
        around: Vocabularies,
    ) -> Vocabularies {
        let dialect = tree.get(site.node, "$schema");
        let Some((at, text)) = dialect.and_then(|at| Some((at, tree.text(at)?))) else {
            return around;
        };
        if !self.settings.is_plain() {
            return around;
        }
        let at = tree.node(at).span;
        let address = text.trim_end_matches('#');
        if address == STANDARD {
            return Vocabularies::STANDARD;
        }
        let meta = match self.by_id.get(address) {
            Some(resource) => Some(self.resources[*resource].root),
            None if self.settings.remotes.contains_key(address) => {
                self.remote(address).map(|doc| Site {
                    doc,
                    node: self.docs[doc].tree.root,
                })
            }
            None => {
                let message = format!("the dialect `{text}` is not known here");
                let help = format!(
                    "schemas are read as `{STANDARD}`; a meta-schema of one's own is named under `remotes`, with its file"
                );
                self.out
                    .push(Diagnostic::error("S002", at, message).help(help));
                None
            }
        };
        meta.map_or(Vocabularies::STANDARD, |meta| self.named_by(meta, at, text))
    }

    /// What the `$vocabulary` of a meta-schema names; the standard ones where it has none.
    fn named_by(&mut self, meta: Site, at: Span, text: &str) -> Vocabularies {
        let tree = std::rc::Rc::clone(&self.docs[meta.doc].tree);
        // A meta-schema of an older draft means something else by the same words.
        let own = tree.get(meta.node, "$schema").and_then(|at| tree.text(at));
        if is_other_draft(text) || own.is_some_and(is_other_draft) {
            let message = format!("the dialect `{text}` is that of another draft");
            let help = format!("schemas are read as `{STANDARD}`");
            self.out
                .push(Diagnostic::error("S002", at, message).help(help));
            return Vocabularies::STANDARD;
        }
        let Some(named) = tree.get(meta.node, "$vocabulary") else {
            return Vocabularies::STANDARD;
        };
        let mut found = Vocabularies(0).with(Vocabulary::Core);
        for entry in tree.entries(named) {
            let known = entry.key.strip_prefix(VOCABULARY);
            let known = known.and_then(|name| Vocabulary::ALL.iter().find(|(_, one)| *one == name));
            match known {
                Some((one, _)) => found = found.with(*one),
                None if tree.flag(entry.value) == Some(true) => {
                    let message = format!(
                        "the dialect `{text}` requires the vocabulary `{}`, which is not known here",
                        entry.key
                    );
                    self.out.push(
                        Diagnostic::error("S002", at, message).label(entry.at, "required here"),
                    );
                }
                None => {}
            }
        }
        found
    }
}

/// Whether an address is that of another draft's meta-schema.
fn is_other_draft(address: &str) -> bool {
    let rest = address
        .strip_prefix("https://json-schema.org/")
        .or_else(|| address.strip_prefix("http://json-schema.org/"));
    rest.is_some_and(|rest| !rest.starts_with("draft/2020-12/"))
}

/// What is wrong with `dialect` and `remotes` of a document whose form was checked.
pub(crate) fn check(tree: &Document) -> Vec<Diagnostic> {
    let plain = Settings::of(tree).is_plain();
    let mut problems = Vec::new();
    let entry = |node: NodeId, key: &str| tree.map(node)?.get(key);
    if let Some(remotes) = entry(tree.root, "remotes") {
        for entry in tree.entries(remotes.value) {
            let address = entry.key.trim_end_matches('#');
            if address::scheme(address).is_none() || address.contains('#') {
                let message = format!("`{}` is no address of a schema", entry.key);
                let help = "an address begins with a scheme and has no fragment: `https://example.com/text.json`";
                problems.push(Diagnostic::error("S030", entry.at, message).help(help));
            }
        }
        if problems.is_empty() && !plain {
            let message = "`remotes` has no effect without `dialect: json-schema`";
            problems.push(Diagnostic::warning("P028", remotes.at, message));
        }
    }
    let dialect = entry(tree.root, "dialect");
    if let Some(formats) = dialect.and_then(|dialect| entry(dialect.value, "formats"))
        && !plain
    {
        let message = "`formats` has no effect on Handfast's own dialect, which asserts them";
        problems.push(Diagnostic::warning("P028", formats.at, message));
    }
    problems
}
