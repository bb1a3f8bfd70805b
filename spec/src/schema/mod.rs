//! Schemas: from the tree into [`Schemas`], with every `$ref` resolved.
//!
//! First a *survey* walks every node that can be a schema and notes its resource and its anchors. Then *lowering*
//! turns nodes into schemas; a `$ref` reserves the id of its target and queues it, so that cycles need no special
//! treatment and recursion goes no deeper than a file is nested.

mod address;
pub(crate) mod dialect;
pub(crate) mod draft;
mod files;
mod keyword_reader;
pub(crate) mod keywords;
mod lower;
mod meta_schema;
mod modifiers;
mod openapi;
mod pattern;
mod refs;
mod survey;
pub(crate) mod values;
mod vocabulary;
mod wrapped;

pub use address::resolve as resolve_address;

use crate::diagnostic::Diagnostics;
use crate::source::{Files, Sources};
use crate::tree::{Document, Entry, NodeId};
use dialect::{ResourceDialect, Settings};
use handfast_schema::{Schema, SchemaId, Schemas, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A node in one of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    /// The index of the document, which is also that of its source.
    pub(crate) doc: usize,
    /// The node.
    pub(crate) node: NodeId,
}

/// What the survey notes about a node.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// The resource it belongs to, if it is a schema.
    resource: Option<usize>,
    /// Its schema, once an id is reserved.
    id: Option<SchemaId>,
    /// Whether that schema has been filled.
    lowered: bool,
    /// Whether it has a name among the types.
    named: bool,
}

struct Doc {
    tree: Rc<Document>,
    /// Its path from the folder of the spec.
    path: String,
    /// The base of its relative references: its path, or the address it stands for.
    address: String,
    marks: Vec<Mark>,
}

/// A schema resource: what `#` and relative addresses refer to.
struct Resource {
    root: Site,
    base: String,
    dialect: ResourceDialect,
    anchors: BTreeMap<String, (Site, Span, bool)>,
    /// Whether any of its schemas was read.
    entered: bool,
}

/// A schema that is named after its `$ref`.
pub(crate) struct Reached {
    /// Its name.
    pub(crate) name: String,
    /// Where the name comes from.
    pub(crate) span: Span,
    /// The schema.
    pub(crate) schema: SchemaId,
}

/// The state of reading schemas.
pub(crate) struct Lowering<'a> {
    files: &'a Files<'a>,
    pub(crate) sources: &'a mut Sources,
    pub(crate) out: &'a mut Diagnostics,
    settings: Settings,
    docs: Vec<Doc>,
    /// Documents by path; `None` for a file that could not be read, which was reported once.
    by_path: BTreeMap<String, Option<usize>>,
    resources: Vec<Resource>,
    /// Resources by the address their `$id` gives them.
    by_id: BTreeMap<String, usize>,
    schemas: Schemas,
    sites: Vec<Site>,
    queue: Vec<Site>,
    reached: Vec<Reached>,
    discriminated: Vec<openapi::Discriminated>,
    /// Patterns found valid: compiling them is the most expensive part here, and protocols repeat them.
    good_patterns: BTreeSet<String>,
}

/// The result of lowering.
pub(crate) struct Lowered {
    /// The schemas.
    pub(crate) schemas: Schemas,
    /// The node of each schema.
    pub(crate) sites: Vec<Site>,
    /// The dialect of each schema.
    dialects: Vec<ResourceDialect>,
    /// Whether the schemas are standard JSON Schema.
    is_plain: bool,
    /// The documents.
    pub(crate) docs: Vec<Rc<Document>>,
    /// The schemas that are named after a `$ref`.
    pub(crate) reached: Vec<Reached>,
}

impl Lowered {
    /// The entry of a keyword that has a meaning in a schema.
    pub(crate) fn keyword(&self, schema: SchemaId, name: &str) -> Option<&Entry> {
        let (site, dialect) = self.of(schema)?;
        let entry = self.docs[site.doc].map(site.node)?.get(name)?;
        dialect.keyword(name, self.is_plain)?;
        let read = !self.ref_stands_alone(schema) || keywords::stands_beside_ref(name);
        read.then_some(entry)
    }

    /// The keywords that have no effect because a `$ref` stands alone, and the draft where it does.
    pub(crate) fn beside_ref(&self, schema: SchemaId) -> Vec<(&Entry, &'static str)> {
        let Some((site, dialect)) = self.of(schema).filter(|_| self.ref_stands_alone(schema))
        else {
            return Vec::new();
        };
        let entries = self.docs[site.doc].entries(site.node).iter();
        let idle = entries.filter(|entry| {
            keywords::asserts(&entry.key) && dialect.keyword(&entry.key, self.is_plain).is_some()
        });
        idle.map(|entry| (entry, dialect.draft.name())).collect()
    }

    fn of(&self, schema: SchemaId) -> Option<(Site, ResourceDialect)> {
        let at = schema.0 as usize;
        Some((*self.sites.get(at)?, *self.dialects.get(at)?))
    }

    fn ref_stands_alone(&self, schema: SchemaId) -> bool {
        self.of(schema).is_some_and(|(site, dialect)| {
            dialect.draft.ref_stands_alone() && survey::has_ref(&self.docs[site.doc], site.node)
        })
    }
}

impl<'a> Lowering<'a> {
    /// Starts with the document of the protocol itself and surveys every schema in it.
    pub(crate) fn new(
        tree: Rc<Document>,
        path: String,
        files: &'a Files<'a>,
        sources: &'a mut Sources,
        out: &'a mut Diagnostics,
    ) -> Self {
        let settings = Settings::of(&tree);
        let mut schemas = Schemas::new(settings.dialect);
        if settings.safe_integers {
            schemas.bound_integers();
        }
        let mut this = Self {
            files,
            sources,
            out,
            settings,
            docs: Vec::new(),
            by_path: BTreeMap::new(),
            resources: Vec::new(),
            by_id: BTreeMap::new(),
            schemas,
            sites: Vec::new(),
            queue: Vec::new(),
            reached: Vec::new(),
            discriminated: Vec::new(),
            good_patterns: BTreeSet::new(),
        };
        let doc = this.add(Rc::clone(&tree), &path, &path);
        this.by_path.insert(path, Some(doc));
        let root = tree.root;
        let under = |key: &str| {
            tree.get(root, key)
                .map(|id| tree.entries(id))
                .unwrap_or_default()
        };
        for entry in under("types") {
            this.survey_root(0, entry.value);
            this.docs[0].marks[entry.value].named = true;
        }
        let mut survey = |id: Option<NodeId>| id.map(|id| this.survey_root(0, id));
        for entry in under("errors") {
            survey(tree.get(entry.value, "data"));
        }
        for entry in under("channels") {
            let params = tree.get(entry.value, "params");
            for param in params.map(|id| tree.entries(id)).unwrap_or_default() {
                survey(Some(param.value));
            }
            let presence = tree.get(entry.value, "presence");
            survey(presence.and_then(|presence| tree.get(presence, "info")));
        }
        for entry in under("messages") {
            survey(tree.get(entry.value, "payload"));
            for end in ["client", "server"] {
                let part = tree.get(entry.value, end);
                survey(part.and_then(|part| tree.get(part, "payload")));
            }
        }
        this
    }

    /// The schema at a node of the protocol's own document.
    pub(crate) fn schema(&mut self, node: NodeId) -> SchemaId {
        self.lower(Site { doc: 0, node })
    }

    /// Lowers everything that references reached, and returns the result.
    pub(crate) fn finish(mut self) -> Lowered {
        while let Some(site) = self.queue.pop() {
            self.lower(site);
        }
        self.hide_contains();
        self.discriminate();
        self.unwrap_references();
        let dialects = self.sites.iter().map(|site| self.dialect_at(*site));
        Lowered {
            dialects: dialects.collect(),
            is_plain: self.settings.is_plain(),
            schemas: self.schemas,
            sites: self.sites,
            docs: self.docs.into_iter().map(|doc| doc.tree).collect(),
            reached: self.reached,
        }
    }

    fn add(&mut self, tree: Rc<Document>, path: &str, address: &str) -> usize {
        let marks = vec![Mark::default(); tree.len()];
        self.docs.push(Doc {
            tree,
            path: path.to_owned(),
            address: address.to_owned(),
            marks,
        });
        self.docs.len() - 1
    }

    /// The schema of a node, reserved on first use.
    fn reserve(&mut self, site: Site) -> SchemaId {
        if let Some(id) = self.docs[site.doc].marks[site.node].id {
            return id;
        }
        let span = self.docs[site.doc].tree.node(site.node).span;
        self.sites.push(site);
        let id = self.schemas.push(Schema {
            span,
            ..Schema::default()
        });
        self.docs[site.doc].marks[site.node].id = Some(id);
        id
    }
}
