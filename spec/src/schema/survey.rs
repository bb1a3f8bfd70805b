//! The survey: which resource each schema belongs to, and the anchors of each resource.

use super::dialect::{self, ResourceDialect};
use super::draft::Draft;
use super::keywords::Value;
use super::{Lowering, Resource, Site, address, refs};
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, Entry, Kind, NodeId};
use handfast_schema::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What may stand beside a `$ref` that stands alone: schemas that are only there to be referred to.
const DEFINITIONS: [&str; 2] = ["definitions", "$defs"];

impl Lowering<'_> {
    /// Surveys a schema that is the root of a resource.
    pub(super) fn survey_root(&mut self, doc: usize, node: NodeId) {
        let tree = Rc::clone(&self.docs[doc].tree);
        let default = ResourceDialect::of(self.settings.draft);
        let dialect = self.dialect_of(Site { doc, node }, &tree, default);
        let resource = self.begin(doc, node, dialect);
        self.survey(doc, &tree, node, resource);
    }

    /// Surveys the schemas of a file that is an OpenAPI document.
    pub(super) fn survey_openapi(&mut self, doc: usize, draft: Draft) {
        let tree = Rc::clone(&self.docs[doc].tree);
        let resource = self.begin(doc, tree.root, ResourceDialect::of(draft));
        self.docs[doc].marks[tree.root].resource = Some(resource);
        let components = tree.get(tree.root, "components");
        let schemas = components.and_then(|at| tree.get(at, "schemas"));
        for entry in schemas.map(|at| tree.entries(at)).unwrap_or_default() {
            self.survey(doc, &tree, entry.value, resource);
        }
    }

    /// Begins the resource of a whole schema, under the address of its document.
    fn begin(&mut self, doc: usize, node: NodeId, dialect: ResourceDialect) -> usize {
        self.resources.push(Resource {
            root: Site { doc, node },
            base: self.docs[doc].address.clone(),
            dialect,
            anchors: BTreeMap::new(),
            entered: false,
        });
        self.resources.len() - 1
    }

    pub(super) fn survey(&mut self, doc: usize, tree: &Document, node: NodeId, resource: usize) {
        if self.docs[doc].marks[node].resource.is_some() {
            return;
        }
        let resource = self.identify(doc, tree, node, resource);
        self.docs[doc].marks[node].resource = Some(resource);
        let site = Site { doc, node };
        let alone = self.ref_stands_alone(resource, tree, node);
        for entry in tree.entries(node) {
            if alone && !DEFINITIONS.contains(&entry.key.as_str()) {
                continue;
            }
            let Some(keyword) = self.keyword_of(resource, &entry.key) else {
                continue;
            };
            match keyword.value {
                Value::Schema => self.survey(doc, tree, entry.value, resource),
                Value::Items if tree.list(entry.value).is_none() => {
                    self.survey(doc, tree, entry.value, resource);
                }
                Value::Schemas | Value::Items => {
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
                    if let Some(name) = tree.text(entry.value) {
                        let at = tree.node(entry.value).span;
                        self.anchor(resource, site, name, at, entry.key == "$dynamicAnchor");
                    }
                }
                Value::Flag if entry.key == "$recursiveAnchor" => {
                    self.recursive_anchor(resource, site, tree, entry);
                }
                _ => {}
            }
        }
    }

    /// Whether a node is a `$ref` whose siblings are ignored.
    pub(super) fn ref_stands_alone(&self, resource: usize, tree: &Document, node: NodeId) -> bool {
        self.resources[resource].dialect.draft.ref_stands_alone() && has_ref(tree, node)
    }

    fn anchor(&mut self, resource: usize, site: Site, name: &str, at: Span, dynamic: bool) {
        let is_plain = self.settings.is_plain();
        let anchors = &mut self.resources[resource].anchors;
        let Some((other, first, was_dynamic)) = anchors.get(name).copied() else {
            anchors.insert(name.to_owned(), (site, at, dynamic));
            return;
        };
        // A schema may have both kinds of anchor with the same name.
        if other != site || was_dynamic == dynamic {
            let message = format!("the anchor `{name}` is declared twice");
            let problem = twice(is_plain, at, message).at("again here");
            self.out.push(problem.label(first, "first here"));
        }
    }

    /// `$recursiveAnchor: true` at the root of a resource is a dynamic anchor without a name.
    fn recursive_anchor(&mut self, resource: usize, site: Site, tree: &Document, entry: &Entry) {
        let is_root = self.resources[resource].root == site;
        if is_root && tree.flag(entry.value) == Some(true) {
            let at = tree.node(entry.value).span;
            let anchors = &mut self.resources[resource].anchors;
            anchors.insert(String::new(), (site, at, true));
        }
    }

    /// Begins a new resource where a schema has an `$id`, which draft 04 calls `id`.
    fn identify(&mut self, doc: usize, tree: &Document, node: NodeId, resource: usize) -> usize {
        let around = self.resources[resource].dialect;
        // A resource names its own draft, and so how it is identified.
        let draft = dialect::own_draft(tree, node).unwrap_or(around.draft);
        if draft.ref_stands_alone() && has_ref(tree, node) {
            return resource;
        }
        let Some(id) = draft.id_keyword().and_then(|key| tree.get(node, key)) else {
            return resource;
        };
        let Kind::Text(text) = &tree.node(id).kind else {
            return resource;
        };
        let site = Site { doc, node };
        let at = tree.node(id).span;
        let (path, fragment) = address::split_fragment(text);
        // A fragment is an anchor, or nothing: in older drafts, people write pointers to where a schema is.
        let anchor = Some(fragment)
            .filter(|name| draft.ids_name_anchors() && !name.is_empty() && !name.starts_with('/'));
        if path.is_empty() && (draft.ids_name_anchors() || text.as_str() == "#") {
            if let Some(name) = anchor {
                self.anchor(resource, site, name, at, false);
            }
            return resource;
        }
        let base = &self.resources[resource].base;
        let plain = self.settings.is_plain();
        let base = if plain {
            Some(address::resolve(base, path))
        } else {
            refs::join(base, path).filter(|_| address::scheme(path).is_none() && !path.is_empty())
        };
        let allowed = fragment.is_empty() || draft.ids_name_anchors();
        let Some(base) = base.filter(|_| allowed) else {
            self.bad_id(text, at);
            return resource;
        };
        let new = self.identified(site, tree, resource, &base, (text, at));
        if let Some(name) = anchor {
            self.anchor(new, site, name, at, false);
        }
        new
    }

    fn bad_id(&mut self, text: &str, at: Span) {
        let message = format!("`{text}` cannot be the `$id` of a schema here");
        let help = if self.settings.is_plain() {
            "an `$id` is an address without a fragment; `$anchor` names a location"
        } else {
            "an `$id` is a relative path without a fragment that stays in the folder of the spec; `$anchor` names a location"
        };
        self.out
            .push(Diagnostic::error("S017", at, message).help(help));
    }

    /// Adds a resource that has an address of its own.
    fn identified(
        &mut self,
        root: Site,
        tree: &Document,
        around: usize,
        base: &str,
        (text, at): (&str, Span),
    ) -> usize {
        let dialect = self.resources[around].dialect;
        // That of the root of a document was read when its survey began.
        let dialect = if self.resources[around].root == root {
            dialect
        } else {
            self.dialect_of(root, tree, dialect)
        };
        self.resources.push(Resource {
            root,
            base: base.to_owned(),
            dialect,
            anchors: BTreeMap::new(),
            entered: false,
        });
        let new = self.resources.len() - 1;
        let Some(first) = self.by_id.get(base) else {
            self.by_id.insert(base.to_owned(), new);
            return new;
        };
        let first = self.resources[*first].root;
        let same_file = self.docs[first.doc].path == self.docs[root.doc].path;
        // One file may be read under several addresses.
        if !(same_file && first.node == root.node) {
            let ids = ["$id", "id"].map(|key| self.docs[first.doc].tree.get(first.node, key));
            let first = ids
                .into_iter()
                .flatten()
                .next()
                .map_or(at, |id| self.docs[first.doc].tree.node(id).span);
            let message = format!("the `$id` `{text}` is given twice");
            let problem = twice(self.settings.is_plain(), at, message);
            self.out.push(problem.label(first, "first here"));
        }
        new
    }
}

/// Whether a node has a `$ref` with a reference.
pub(super) fn has_ref(tree: &Document, node: NodeId) -> bool {
    tree.get(node, "$ref")
        .is_some_and(|to| tree.text(to).is_some())
}

/// The report of a name that is given twice: a warning in a schema that may be someone else's.
fn twice(is_plain: bool, at: Span, message: String) -> Diagnostic {
    if is_plain {
        Diagnostic::warning("S015", at, message).help("a reference to it means the first")
    } else {
        let help = "a reference must mean one of them: give each a name of its own";
        Diagnostic::error("S015", at, message).help(help)
    }
}
