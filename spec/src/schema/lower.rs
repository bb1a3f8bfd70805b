//! Lowers one node of the tree into one [`Schema`].

use super::keyword_reader::KeywordReader;
use super::{Lowering, Site, keywords};
use crate::diagnostic::Diagnostic;
use crate::tree::Kind;
use handfast_schema::{Schema, SchemaId};
use std::rc::Rc;

impl Lowering<'_> {
    /// Fills in the schema of a node.
    pub(super) fn lower(&mut self, site: Site) -> SchemaId {
        let id = self.reserve(site);
        let mark = &mut self.docs[site.doc].marks[site.node];
        if mark.lowered {
            return id;
        }
        mark.lowered = true;
        let resource = mark.resource;
        let tree = Rc::clone(&self.docs[site.doc].tree);
        let mut schema = Schema {
            span: self.schemas[id].span,
            ..Schema::default()
        };
        if let Some(resource) = resource {
            let root = self.resources[resource].root;
            schema.resource = Some(self.reserve(root));
            self.dynamic_anchors(resource);
        }
        match &tree.node(site.node).kind {
            Kind::Bool(flag) => schema.boolean = Some(*flag),
            Kind::Map(map) => {
                let alone = resource.is_some_and(|at| self.ref_stands_alone(at, &tree, site.node));
                for entry in map.iter() {
                    if !alone || keywords::stands_beside_ref(&entry.key) {
                        KeywordReader::new(self, site, &tree, entry).read(&mut schema);
                    }
                }
                if !alone {
                    self.modify(site, &tree, id, &mut schema);
                }
                schema.simplify();
            }
            Kind::Broken => {}
            other => {
                let message = format!(
                    "a schema is a mapping, `true` or `false`, but this is {}",
                    other.what()
                );
                self.out
                    .push(Diagnostic::error("S002", schema.span, message));
            }
        }
        self.schemas[id] = schema;
        id
    }

    /// When a resource is entered, all its dynamic anchors are collected.
    fn dynamic_anchors(&mut self, resource: usize) {
        if std::mem::replace(&mut self.resources[resource].entered, true) {
            return;
        }
        let anchors: Vec<Site> = self.resources[resource]
            .anchors
            .values()
            .filter(|(_, _, dynamic)| *dynamic)
            .map(|(site, ..)| *site)
            .collect();
        for site in anchors {
            self.reserve(site);
            self.queue.push(site);
        }
    }
}
