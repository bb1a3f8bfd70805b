//! Which types without a name get one, so that no type is without end, and that what is written grows with the spec only.
//!
//! Those are types that contain themselves, those that are used more than once and not short, what is nested deeply, and the
//! properties of an object whose index signature repeats their types.

use super::{
    context::Context,
    steps::{Step, steps},
};
use crate::names;
use handfast_schema::{Schema, SchemaId, Schemas};
use std::collections::{BTreeMap, BTreeSet};

/// A type that is used more than once, or that an index signature repeats, is written in place up to this many parts.
const MAX_REPEATED: usize = 3;

/// Types are nested in each other up to this depth.
const MAX_DEPTH: usize = 8;

/// A type with more parts than this is taken for one that leads to others.
const MAX_LOOKED_AT: usize = 256;

/// A title that is longer than this is no name.
const MAX_TITLE: usize = 40;

/// The schemas whose types get a name, with the names that they may have, the best first.
pub(super) fn anonymous(
    cx: &Context<'_>,
    is_named: &dyn Fn(SchemaId) -> bool,
) -> Vec<(SchemaId, Vec<String>)> {
    let schemas = &cx.protocol.schemas;
    let roots = cx
        .shapes
        .decls
        .iter()
        .map(|decl| (decl.schema, decl.ts.clone()));
    let params = cx.protocol.channels.iter().flat_map(|channel| {
        (channel.params.iter()).map(|param| (param.schema, names::pascal(&param.name.text)))
    });
    let mut walk = Walk::default();
    for (root, name) in roots.chain(params) {
        walk.from(schemas, root, &name, is_named);
    }
    let found = walk.chosen(schemas, is_named);
    let found = walk.found_order.iter().filter(|id| found.contains(id));
    found
        .map(|id| (*id, walk.candidates(schemas, *id)))
        .collect()
}

/// The places of a tuple that may be absent.
fn optional_places(schema: &Schema) -> &[SchemaId] {
    let required = usize::try_from(schema.min_items.unwrap_or(0)).unwrap_or(usize::MAX);
    schema.prefix_items.get(required..).unwrap_or_default()
}

/// Whether a type without a name is a list that leads to a type with one, which may be what the list is in. TypeScript resolves a list in an
/// optional place at once, and not when it is needed, as it does elsewhere and with names.
fn is_list_of_names(schemas: &Schemas, id: SchemaId) -> bool {
    let mut waiting = vec![id];
    let mut seen = BTreeSet::new();
    let (mut has_list, mut has_name) = (false, false);
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let schema = &schemas[id];
        has_list |= schema.items.is_some() || !schema.prefix_items.is_empty();
        has_name |= schema.reference.is_some() || seen.len() > MAX_LOOKED_AT;
        if has_list && has_name {
            return true;
        }
        if schema.reference.is_none() {
            waiting.extend(steps(schema).into_iter().map(|(_, id)| id));
        }
    }
    false
}

#[derive(Default)]
struct Walk {
    /// How often types refer to each.
    uses: BTreeMap<SchemaId, usize>,
    /// Where each was found: in the type of which other one, or of which root.
    origins: BTreeMap<SchemaId, (Option<SchemaId>, String)>,
    found_order: Vec<SchemaId>,
    /// Each after those inside of it.
    left_order: Vec<SchemaId>,
    /// Those that contain themselves.
    recursive: BTreeSet<SchemaId>,
}

impl Walk {
    fn from(
        &mut self,
        schemas: &Schemas,
        root: SchemaId,
        name: &str,
        is_named: &dyn Fn(SchemaId) -> bool,
    ) {
        if self.origins.contains_key(&root) {
            return;
        }
        self.origins.insert(root, (None, name.to_owned()));
        let mut open = BTreeSet::from([root]);
        // Depth first, without recursion: a chain of types may be as long as the protocol.
        let mut stack = vec![(root, steps(&schemas[root]).into_iter())];
        while let Some((from, rest)) = stack.last_mut() {
            let from = *from;
            let Some((step, id)) = rest.next() else {
                open.remove(&from);
                self.left_order.push(from);
                stack.pop();
                continue;
            };
            *self.uses.entry(id).or_default() += 1;
            if is_named(id) {
                continue;
            }
            if open.contains(&id) {
                self.recursive.insert(id);
            }
            if self.origins.contains_key(&id) {
                continue;
            }
            let step = match step {
                Step::Property(name) => names::pascal(&name),
                Step::Item => "Item".to_owned(),
                Step::Value => "Value".to_owned(),
                Step::Branch | Step::Same => String::new(),
            };
            self.origins.insert(id, (Some(from), step));
            self.found_order.push(id);
            open.insert(id);
            stack.push((id, steps(&schemas[id]).into_iter()));
        }
    }

    /// Those that get a name.
    fn chosen(&self, schemas: &Schemas, is_named: &dyn Fn(SchemaId) -> bool) -> BTreeSet<SchemaId> {
        let mut chosen = self.recursive.clone();
        // How many parts each has, and how deep it is, where what has a name is one part.
        let mut sizes: BTreeMap<SchemaId, (usize, usize)> = BTreeMap::new();
        for id in &self.left_order {
            let schema = &schemas[*id];
            let inside = steps(schema);
            if has_typed_rest(schemas, schema) {
                let repeats = |step: &Step| {
                    matches!(step, Step::Property(_)) || schema.pattern_properties.len() > 1
                };
                for (_, inner) in inside.iter().filter(|(step, _)| repeats(step)) {
                    let (target, parts) = target(schemas, *inner, &sizes);
                    if parts > MAX_REPEATED && !is_named(target) {
                        chosen.insert(target);
                    }
                }
            }
            for item in optional_places(schema) {
                if !is_named(*item) && is_list_of_names(schemas, *item) {
                    chosen.insert(*item);
                }
            }
            let values = schema.enumeration.as_ref().map_or(0, Vec::len);
            let (mut parts, mut depth) = (1 + values, 0);
            for (_, inner) in &inside {
                let is_named = is_named(*inner) || chosen.contains(inner);
                let of = sizes.get(inner).filter(|_| !is_named);
                let (inner_parts, inner_depth) = of.copied().unwrap_or((1, 0));
                parts = parts.saturating_add(inner_parts);
                depth = depth.max(inner_depth + 1);
            }
            sizes.insert(*id, (parts, depth));
            let shared = self.uses.get(id).is_some_and(|uses| *uses > 1);
            let repeats = shared && parts > MAX_REPEATED;
            if (repeats || depth >= MAX_DEPTH) && !is_named(*id) && !schema.only_refers() {
                chosen.insert(*id);
            }
        }
        chosen
    }

    fn candidates(&self, schemas: &Schemas, id: SchemaId) -> Vec<String> {
        let annotations = &schemas[id].annotations;
        let title = annotations.title.as_ref();
        let title = title
            .filter(|title| title.len() <= MAX_TITLE)
            .map(|title| names::pascal(title));
        let mut all: Vec<String> = annotations.ts.clone().into_iter().chain(title).collect();
        // The path to it, as long as it must be, up to the type that has a name.
        let mut path = String::new();
        let mut at = Some(id);
        while let Some((from, step)) = at.and_then(|id| self.origins.get(&id)) {
            path.insert_str(0, step);
            if !step.is_empty() && !path.starts_with("Item") && !path.starts_with("Value") {
                all.push(path.clone());
            }
            at = *from;
        }
        all.retain(|name| !name.is_empty());
        if all.is_empty() {
            all.push("Value".to_owned());
        }
        all
    }
}

/// What a schema without further keywords refers to, and how many parts that has.
fn target(
    schemas: &Schemas,
    mut id: SchemaId,
    sizes: &BTreeMap<SchemaId, (usize, usize)>,
) -> (SchemaId, usize) {
    for _ in 0..64 {
        match schemas[id].reference.filter(|_| schemas[id].only_refers()) {
            Some(target) => id = target,
            None => break,
        }
    }
    (id, sizes.get(&id).map_or(0, |(parts, _)| *parts))
}

/// Whether the index signature of an object may repeat the types of its properties.
fn has_typed_rest(schemas: &Schemas, schema: &Schema) -> bool {
    let rest = [schema.additional_properties, schema.unevaluated_properties];
    !schema.pattern_properties.is_empty()
        || rest
            .into_iter()
            .flatten()
            .any(|rest| schemas[rest].boolean.is_none())
}
