//! Schemas: from the tree into [`Schemas`], with every `$ref` resolved.
//!
//! First a *survey* walks every node that can be a schema and notes its resource and its anchors. Then *lowering*
//! turns nodes into schemas; a `$ref` reserves the id of its target and queues it, so that cycles need no special
//! treatment and recursion goes no deeper than a file is nested.

mod address;
pub(crate) mod dialect;
mod files;
mod keyword_reader;
pub(crate) mod keywords;
mod lower;
mod pattern;
mod refs;
mod values;

pub use address::resolve as resolve_address;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Files, Sources};
use crate::tree::{Document, Kind, NodeId};
use dialect::{Settings, Vocabularies};
use handfast_schema::{Schema, SchemaId, Schemas, Span};
use keywords::Value;
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
    vocabularies: Vocabularies,
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
    /// Patterns found valid: compiling them is the most expensive part here, and protocols repeat them.
    good_patterns: BTreeSet<String>,
}

/// The result of lowering.
pub(crate) struct Lowered {
    /// The schemas.
    pub(crate) schemas: Schemas,
    /// The node of each schema.
    pub(crate) sites: Vec<Site>,
    /// The documents.
    pub(crate) docs: Vec<Rc<Document>>,
    /// The schemas that are named after a `$ref`.
    pub(crate) reached: Vec<Reached>,
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
        let schemas = Schemas::new(settings.dialect);
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
        Lowered {
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

    /// Surveys a schema that is the root of a resource.
    fn survey_root(&mut self, doc: usize, node: NodeId) {
        let base = self.docs[doc].address.clone();
        let root = Site { doc, node };
        let tree = Rc::clone(&self.docs[doc].tree);
        let vocabularies = self.vocabularies(root, &tree, Vocabularies::STANDARD);
        self.resources.push(Resource {
            root,
            base,
            vocabularies,
            anchors: BTreeMap::new(),
            entered: false,
        });
        self.survey(doc, &tree, node, self.resources.len() - 1);
    }

    fn survey(&mut self, doc: usize, tree: &Document, node: NodeId, resource: usize) {
        if self.docs[doc].marks[node].resource.is_some() {
            return;
        }
        let resource = self.identify(doc, tree, node, resource);
        self.docs[doc].marks[node].resource = Some(resource);
        for entry in tree.entries(node) {
            let Some(keyword) = self.keyword_of(resource, &entry.key) else {
                continue;
            };
            match keyword.value {
                Value::Schema => self.survey(doc, tree, entry.value, resource),
                Value::Schemas => {
                    for item in tree.list(entry.value).unwrap_or_default() {
                        self.survey(doc, tree, *item, resource);
                    }
                }
                Value::SchemaMap => {
                    for inner in tree.entries(entry.value) {
                        self.survey(doc, tree, inner.value, resource);
                    }
                }
                Value::Dependencies => {
                    for inner in tree.entries(entry.value) {
                        if tree.list(inner.value).is_none() {
                            self.survey(doc, tree, inner.value, resource);
                        }
                    }
                }
                Value::Anchor => {
                    let Some(name) = tree.text(entry.value) else {
                        continue;
                    };
                    let at = tree.node(entry.value).span;
                    let dynamic = entry.key == "$dynamicAnchor";
                    let site = Site { doc, node };
                    let anchors = &mut self.resources[resource].anchors;
                    if let Some((other, first, was_dynamic)) = anchors.get(name).copied() {
                        // A schema may have both kinds of anchor with the same name.
                        if other != site || was_dynamic == dynamic {
                            let message = format!("the anchor `{name}` is declared twice");
                            self.out.push(
                                Diagnostic::error("S015", at, message)
                                    .at("again here")
                                    .label(first, "first here"),
                            );
                        }
                    } else {
                        anchors.insert(name.to_owned(), (site, at, dynamic));
                    }
                }
                _ => {}
            }
        }
    }

    /// Begins a new resource where a schema has an `$id`.
    fn identify(&mut self, doc: usize, tree: &Document, node: NodeId, resource: usize) -> usize {
        let Some(id) = tree.get(node, "$id") else {
            return resource;
        };
        let Kind::Text(text) = &tree.node(id).kind else {
            return resource;
        };
        let at = tree.node(id).span;
        let (path, fragment) = text.split_once('#').unwrap_or((text, ""));
        let around = &self.resources[resource].base;
        let plain = self.settings.is_plain();
        let base = if plain {
            Some(address::resolve(around, path))
        } else {
            refs::join(around, path).filter(|_| address::scheme(path).is_none() && !path.is_empty())
        };
        let Some(base) = base.filter(|_| fragment.is_empty()) else {
            let message = format!("`{text}` cannot be the `$id` of a schema here");
            let help = if plain {
                "an `$id` is an address without a fragment; `$anchor` names a location"
            } else {
                "an `$id` is a relative path without a fragment that stays in the folder of the spec; `$anchor` names a location"
            };
            self.out
                .push(Diagnostic::error("S017", at, message).help(help));
            return resource;
        };
        let root = Site { doc, node };
        let around = self.resources[resource].vocabularies;
        let vocabularies = self.vocabularies(root, tree, around);
        self.resources.push(Resource {
            root,
            base: base.clone(),
            vocabularies,
            anchors: BTreeMap::new(),
            entered: false,
        });
        let new = self.resources.len() - 1;
        if let Some(first) = self.by_id.get(&base) {
            let Site {
                doc: site_doc,
                node,
            } = self.resources[*first].root;
            let first = self.docs[site_doc].tree.get(node, "$id");
            let first = first.map_or(at, |id| self.docs[site_doc].tree.node(id).span);
            let message = format!("the `$id` `{text}` is given twice");
            self.out
                .push(Diagnostic::error("S015", at, message).label(first, "first here"));
        } else {
            self.by_id.insert(base, new);
        }
        new
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
