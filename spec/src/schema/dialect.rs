//! The dialect of a schema: Handfast's, or JSON Schema with the vocabularies that a `$schema` names.

use super::keywords::{self, Keyword};
use super::{Lowering, Site, address};
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, NodeId};
use handfast_schema::{Dialect, Span};
use std::collections::BTreeMap;

/// The URI of the supported dialect.
pub(super) const STANDARD: &str = "https://json-schema.org/draft/2020-12/schema";

/// The base URI of the vocabularies of draft 2020-12.
const VOCABULARY: &str = "https://json-schema.org/draft/2020-12/vocab/";

/// The settings `dialect` and `remotes`.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(super) dialect: Dialect,
    /// Whether `format` is an assertion under `dialect: json-schema`.
    formats: bool,
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

/// A set of vocabularies of draft 2020-12: the source of a resource's keywords.
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

    /// The vocabulary of a keyword; `None` for one of Handfast's own.
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "open" => return None,
            // Names in code do not affect validation.
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
    /// The vocabularies of the standard dialect.
    pub(super) const STANDARD: Self = Self(!(1 << Vocabulary::FormatAssertion as u8));

    const fn with(self, one: Vocabulary) -> Self {
        Self(self.0 | 1 << one as u8)
    }

    const fn has(self, one: Vocabulary) -> bool {
        self.0 & (1 << one as u8) != 0
    }
}

impl Lowering<'_> {
    /// The keyword with a name in a resource; `None` if it has no meaning there.
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

    /// The vocabularies named by the `$schema` of a resource's root; by default those of the enclosing resource.
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
                let message = format!("unknown dialect `{text}`");
                let help = format!(
                    "schemas are read as `{STANDARD}`; name a custom meta-schema under `remotes`, with its file"
                );
                self.out
                    .push(Diagnostic::error("S002", at, message).help(help));
                None
            }
        };
        meta.map_or(Vocabularies::STANDARD, |meta| self.named_by(meta, at, text))
    }

    /// The vocabularies in the `$vocabulary` of a meta-schema; by default the standard ones.
    fn named_by(&mut self, meta: Site, at: Span, text: &str) -> Vocabularies {
        let tree = std::rc::Rc::clone(&self.docs[meta.doc].tree);
        // In a meta-schema of an older draft, the same keywords mean something else.
        let own = tree.get(meta.node, "$schema").and_then(|at| tree.text(at));
        if is_other_draft(text) || own.is_some_and(is_other_draft) {
            let message = format!("the dialect `{text}` belongs to another draft");
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
        found
    }
}

/// Whether an address is the meta-schema of another draft.
fn is_other_draft(address: &str) -> bool {
    let rest = address
        .strip_prefix("https://json-schema.org/")
        .or_else(|| address.strip_prefix("http://json-schema.org/"));
    rest.is_some_and(|rest| !rest.starts_with("draft/2020-12/"))
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
    if let Some(formats) = dialect.and_then(|dialect| entry(dialect.value, "formats"))
        && !plain
    {
        let message =
            "`formats` has no effect in Handfast's own dialect, which always asserts formats";
        problems.push(Diagnostic::warning("P028", formats.at, message));
    }
    problems
}
