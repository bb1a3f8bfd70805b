//! Lowers one node of the tree into one [`Schema`].

use super::draft::Draft;
use super::keyword_reader::KeywordReader;
use super::{Lowering, Site, keywords};
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, Kind};
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
                    self.modify(site, &tree, &mut schema);
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

    /// Applies keywords that change the meaning of others beside them.
    fn modify(&self, site: Site, tree: &Document, schema: &mut Schema) {
        let draft = self.dialect_at(site).draft;
        if matches!(draft, Draft::Draft04 | Draft::OpenApi30) {
            let is_set =
                |name| tree.get(site.node, name).and_then(|at| tree.flag(at)) == Some(true);
            if is_set("exclusiveMinimum") {
                schema.exclusive_minimum = schema.minimum.take();
            }
            if is_set("exclusiveMaximum") {
                schema.exclusive_maximum = schema.maximum.take();
            }
        }
    }

    /// In draft 2019-09, what `contains` matches does not count as evaluated, and in the nodes it does: where something
    /// asks, it moves out of sight, under two `not`.
    pub(super) fn hide_contains(&mut self) {
        if !self
            .schemas
            .iter()
            .any(|(_, one)| one.unevaluated_items.is_some())
        {
            return;
        }
        for at in 0..self.sites.len() {
            let site = self.sites[at];
            let id = SchemaId(u32::try_from(at).unwrap_or(u32::MAX));
            let contains = self.schemas[id].contains;
            if contains.is_none() || self.dialect_at(site).draft != Draft::Draft2019 {
                continue;
            }
            let schema = &mut self.schemas[id];
            let moved = Schema {
                contains: schema.contains.take(),
                min_contains: schema.min_contains.take(),
                max_contains: schema.max_contains.take(),
                ..Schema::default()
            };
            let moved = self.part_of(id, moved);
            let refused = Schema {
                not: Some(moved),
                ..Schema::default()
            };
            let refused = self.part_of(id, refused);
            let hidden = Schema {
                not: Some(refused),
                ..Schema::default()
            };
            let hidden = self.part_of(id, hidden);
            self.schemas[id].all_of.push(hidden);
        }
    }

    /// Adds a schema that another one is made of.
    fn part_of(&mut self, whole: SchemaId, part: Schema) -> SchemaId {
        let (span, resource) = (self.schemas[whole].span, self.schemas[whole].resource);
        self.sites.push(self.sites[whole.0 as usize]);
        self.schemas.push(Schema {
            span,
            resource,
            ..part
        })
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
