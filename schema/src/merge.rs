//! Merges what the parts of an `allOf` say about the same property: `allOf` of `{links: {self}}` and `{links:
//! {collection}}` is one object whose `links` has both fields, and unknown fields are refused once. If each part
//! refused them separately, no value of `links` would pass a server.
//!
//! A schema whose parts overlap is rewritten: what they say about the shared child moves into an `allOf` of its own
//! beside them, and is removed from the parts. Conditional parts (a branch, a `then`, a dependent schema) stay where
//! they are and leave unknown fields to the merged schema, which knows their fields. All consumers can then apply the
//! rules of [`crate::openness`] without knowing of overlaps.

use crate::union::resolve;
use crate::{Schema, SchemaId, Schemas};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

/// How many schemas may be added to a small set; a large one may grow by sixteen for each schema.
const MAX_ADDED: usize = 1 << 14;

/// How many parts may describe one child.
const MAX_PARTS: usize = 256;

/// How many schemas that apply to the same value are inspected.
const MAX_WALKED: usize = 1024;

/// Longer reference chains than this are left as they are: no validator follows them so far.
const MAX_DEPTH: usize = 256;

/// The parts share so many children that merging would take too many schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyMerges;

impl fmt::Display for TooManyMerges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the parts of `allOf` describe the same properties in too many ways")
    }
}

impl std::error::Error for TooManyMerges {}

/// A child of a value that several schemas may describe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Property(String),
    /// Every item of an array.
    Items,
    /// Every property of an object that declares none.
    Values,
}

/// The schemas that describe a child: those that always apply, and those that apply to some values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Described {
    certain: Vec<SchemaId>,
    possible: Vec<SchemaId>,
}

impl Schemas {
    /// Rewrites every schema whose parts describe the same child, so that unknown fields are refused once. Schemas
    /// without defaults are left as they are, since they refuse none. Dynamic references must have been resolved.
    ///
    /// # Errors
    /// When more than 256 parts describe one child, or when merging would add more than 16,384 schemas and more than
    /// sixteen for each existing one.
    pub fn merge_shared_fields(&mut self) -> Result<(), TooManyMerges> {
        if !self.has_defaults() {
            return Ok(());
        }
        let first = self.len();
        let mut overlaps = Merger {
            fields: with_fields(self),
            schemas: self,
            originals: BTreeMap::new(),
            merged: BTreeMap::new(),
            waiting: Vec::new(),
            made: BTreeMap::new(),
            opened: BTreeMap::new(),
            any: None,
            depth: 0,
        };
        let most = MAX_ADDED.max(16 * first);
        for next in 0..first {
            overlaps.settle(SchemaId(u32::try_from(next).unwrap_or(u32::MAX)))?;
            // The schema of a shared child has parts of its own.
            while let Some(id) = overlaps.waiting.pop() {
                overlaps.settle(id)?;
                if overlaps.schemas.len() - first > most {
                    return Err(TooManyMerges);
                }
            }
        }
        Ok(())
    }
}

struct Merger<'s> {
    schemas: &'s mut Schemas,
    /// Whether a schema, or one of its subschemas, describes a field; by schema id.
    fields: Vec<bool>,
    /// The originals of rewritten schemas.
    originals: BTreeMap<SchemaId, Schema>,
    merged: BTreeMap<Described, SchemaId>,
    /// Schemas of shared children that are still to be merged.
    waiting: Vec<SchemaId>,
    /// Parts without their shared children.
    made: BTreeMap<Stripped, SchemaId>,
    opened: BTreeMap<SchemaId, SchemaId>,
    /// `true`
    any: Option<SchemaId>,
    depth: usize,
}

/// A part, the children it shares and how they are removed.
type Stripped = (Rc<BTreeSet<Slot>>, SchemaId, Stripping);

/// How the shared children are removed from a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stripping {
    /// Whether it applies to every value.
    certain: bool,
    /// Whether a surrounding schema needs to know which fields it evaluates.
    kept: bool,
}

impl Merger<'_> {
    fn original(&self, id: SchemaId) -> &Schema {
        self.originals.get(&id).unwrap_or(&self.schemas[id])
    }

    fn add(&mut self, schema: Schema, fields: bool) -> SchemaId {
        self.fields.push(fields);
        self.schemas.push(schema)
    }

    fn any(&mut self) -> SchemaId {
        let any = Schema {
            boolean: Some(true),
            ..Schema::default()
        };
        *match self.any {
            Some(ref id) => id,
            None => {
                let id = self.add(any, false);
                self.any.insert(id)
            }
        }
    }

    /// Rewrites a schema if its parts overlap.
    fn settle(&mut self, id: SchemaId) -> Result<(), TooManyMerges> {
        let shared: BTreeMap<Slot, Described> = self
            .described(id)
            .into_iter()
            .filter(|(_, described)| self.is_shared(described))
            .collect();
        if shared.is_empty() {
            return Ok(());
        }
        let parts = shared
            .values()
            .map(|described| described.certain.len() + described.possible.len());
        if parts.max() > Some(MAX_PARTS) {
            return Err(TooManyMerges);
        }
        let slots = Rc::new(shared.keys().cloned().collect());
        let original = self.original(id).clone();
        let stripping = Stripping {
            certain: true,
            kept: original.closes_itself(),
        };
        let mut schema = self.stripped(&original, &slots, stripping);
        let mut together = Schema {
            span: original.span,
            resource: original.resource,
            ..Schema::default()
        };
        for (slot, described) in shared {
            let merged = self.merged(described);
            let annotations = self.schemas[merged].annotations.clone();
            // By reference, since it may contain itself.
            let merged = Schema {
                span: self.schemas[merged].span,
                annotations,
                reference: Some(merged),
                resource: original.resource,
                ..Schema::default()
            };
            let merged = self.add(merged, true);
            match slot {
                Slot::Property(name) => together.properties.push((name, merged)),
                Slot::Items => together.items = Some(merged),
                Slot::Values => together.additional_properties = Some(merged),
            }
        }
        let together = self.add(together, true);
        schema.all_of.push(together);
        self.originals.entry(id).or_insert(original);
        self.schemas[id] = schema;
        Ok(())
    }

    /// The schemas that apply to the same value as `root`, `root` first, and whether each applies unconditionally.
    fn parts(&self, root: SchemaId) -> Vec<(SchemaId, bool)> {
        let mut places: BTreeMap<SchemaId, usize> = BTreeMap::new();
        let mut parts: Vec<(SchemaId, bool)> = Vec::new();
        let mut waiting = vec![(root, true)];
        while let Some((id, certain)) = waiting.pop() {
            match places.get(&id) {
                Some(place) if parts[*place].1 || !certain => continue,
                Some(place) => parts[*place].1 = true,
                None => {
                    places.insert(id, parts.len());
                    parts.push((id, certain));
                }
            }
            if parts.len() == MAX_WALKED {
                break;
            }
            let schema = self.original(id);
            let sometimes = schema
                .any_of
                .iter()
                .chain(&schema.one_of)
                .chain(schema.dependent_schemas.iter().map(|(_, id)| id))
                .chain(&schema.then)
                .chain(&schema.otherwise);
            waiting.extend(sometimes.map(|id| (*id, false)));
            waiting.extend(schema.all_of.iter().rev().map(|id| (*id, certain)));
            waiting.extend(schema.reference.map(|id| (id, certain)));
        }
        parts
    }

    /// The schemas that describe each child, if more than one schema applies to the value.
    fn described(&self, root: SchemaId) -> BTreeMap<Slot, Described> {
        let mut all: BTreeMap<Slot, Described> = BTreeMap::new();
        // Most schemas have no parts, and a chain of references is inspected from its end.
        let schema = self.original(root);
        if stands_alone(schema) || !self.fields[root.0 as usize] || schema.only_refers() {
            return all;
        }
        let parts = self.parts(root);
        let mut seen: BTreeSet<(Slot, bool, SchemaId)> = BTreeSet::new();
        let (mut has_prefix, mut has_names) = (false, false);
        for (part, certain) in parts {
            let schema = self.original(part);
            let declares = !schema.properties.is_empty() || !schema.pattern_properties.is_empty();
            has_prefix |= !schema.prefix_items.is_empty();
            has_names |= declares;
            let properties = schema
                .properties
                .iter()
                .map(|(name, id)| (Slot::Property(name.clone()), *id));
            let items = schema.items.map(|id| (Slot::Items, id));
            let values = schema.additional_properties.map(|id| (Slot::Values, id));
            for (slot, id) in properties.chain(items).chain(values) {
                let described = all.entry(slot.clone()).or_default();
                let list = if certain {
                    &mut described.certain
                } else {
                    &mut described.possible
                };
                if seen.insert((slot, certain, resolve(self.schemas, id))) {
                    list.push(id);
                }
            }
        }
        for described in all.values_mut() {
            let Described { certain, possible } = described;
            let targets = certain.iter().map(|id| resolve(self.schemas, *id));
            let targets: BTreeSet<SchemaId> = targets.collect();
            possible.retain(|id| !targets.contains(&resolve(self.schemas, *id)));
        }
        // Which items and properties these apply to depends on their sibling keywords.
        if has_prefix {
            all.remove(&Slot::Items);
        }
        if has_names {
            all.remove(&Slot::Values);
        }
        all
    }

    /// Whether two schemas would refuse unknown fields of the same child.
    fn is_shared(&self, described: &Described) -> bool {
        let all = described.certain.iter().chain(&described.possible);
        !described.certain.is_empty() && all.filter(|id| self.fields[id.0 as usize]).count() > 1
    }

    /// The schema of a shared child.
    fn merged(&mut self, described: Described) -> SchemaId {
        if let Some(id) = self.merged.get(&described) {
            return *id;
        }
        let first = self.original(described.certain[0]);
        let mut schema = Schema {
            span: first.span,
            annotations: first.annotations.clone(),
            resource: first.resource,
            all_of: described.certain.clone(),
            ..Schema::default()
        };
        let any = self.any();
        for id in &described.possible {
            // If it matches, its fields are known.
            let part = Schema {
                any_of: vec![*id, any],
                ..Schema::default()
            };
            let part = self.add(part, true);
            schema.all_of.push(part);
        }
        let id = self.add(schema, true);
        self.merged.insert(described, id);
        self.waiting.push(id);
        id
    }

    fn strip(&mut self, id: SchemaId, slots: &Rc<BTreeSet<Slot>>, of: Stripping) -> SchemaId {
        let key = (Rc::clone(slots), id, of);
        if let Some(made) = self.made.get(&key) {
            return *made;
        }
        if self.depth == MAX_DEPTH {
            return id;
        }
        // A recursive schema stays as it is.
        self.made.insert(key.clone(), id);
        let original = self.original(id).clone();
        let inner = Stripping {
            kept: of.kept || original.closes_itself() || original.unevaluated_items.is_some(),
            ..of
        };
        self.depth += 1;
        let schema = self.stripped(&original, slots, inner);
        self.depth -= 1;
        if schema == original {
            return id;
        }
        let made = self.add(schema, true);
        self.made.insert(key, made);
        made
    }

    /// A part without its shared children.
    fn stripped(&mut self, original: &Schema, slots: &Rc<BTreeSet<Slot>>, of: Stripping) -> Schema {
        let mut schema = original.clone();
        let left = |overlaps: &mut Self, slot: &Slot, id: SchemaId| {
            if !slots.contains(slot) {
                Some(id)
            } else if !of.certain {
                Some(overlaps.open(id))
            } else if of.kept {
                Some(overlaps.any())
            } else {
                None
            }
        };
        schema.properties = original
            .properties
            .iter()
            .filter_map(|(name, id)| {
                let id = left(self, &Slot::Property(name.clone()), *id)?;
                Some((name.clone(), id))
            })
            .collect();
        schema.items = original.items.and_then(|id| left(self, &Slot::Items, id));
        schema.additional_properties = original
            .additional_properties
            .and_then(|id| left(self, &Slot::Values, id));
        for id in schema.reference.iter_mut().chain(&mut schema.all_of) {
            *id = self.strip(*id, slots, of);
        }
        let sometimes = schema
            .any_of
            .iter_mut()
            .chain(&mut schema.one_of)
            .chain(schema.dependent_schemas.iter_mut().map(|(_, id)| id))
            .chain(&mut schema.then)
            .chain(&mut schema.otherwise);
        for id in sometimes {
            let of = Stripping {
                certain: false,
                ..of
            };
            *id = self.strip(*id, slots, of);
        }
        schema
    }

    /// A copy that refuses no unknown fields at any depth: the schema of the shared child does that.
    fn open(&mut self, id: SchemaId) -> SchemaId {
        if let Some(opened) = self.opened.get(&id) {
            return *opened;
        }
        if !self.fields[id.0 as usize] || self.depth == MAX_DEPTH {
            return id;
        }
        self.depth += 1;
        let mut schema = self.original(id).clone();
        let made = self.add(Schema::default(), true);
        self.opened.insert(id, made);
        let tests = [
            schema.not,
            schema.condition,
            schema.contains,
            schema.property_names,
        ];
        schema.map_subschemas(|id| self.open(id));
        [
            schema.not,
            schema.condition,
            schema.contains,
            schema.property_names,
        ] = tests;
        if !schema.closes_itself() {
            schema.unevaluated_properties = Some(self.any());
        }
        self.schemas[made] = schema;
        self.depth -= 1;
        made
    }
}

/// Whether no other schema applies to the same value.
fn stands_alone(schema: &Schema) -> bool {
    schema.reference.is_none()
        && schema.all_of.is_empty()
        && schema.any_of.is_empty()
        && schema.one_of.is_empty()
        && schema.condition.is_none()
        && schema.dependent_schemas.is_empty()
}

/// Which schemas describe a field, directly or in a subschema.
fn with_fields(schemas: &Schemas) -> Vec<bool> {
    let mut fields = vec![false; schemas.len()];
    let mut users: Vec<Vec<SchemaId>> = vec![Vec::new(); schemas.len()];
    let mut changed = Vec::new();
    for (id, schema) in schemas.iter() {
        if !schema.properties.is_empty() || !schema.pattern_properties.is_empty() {
            fields[id.0 as usize] = true;
            changed.push(id);
        }
        for used in schema.subschemas() {
            users[used.0 as usize].push(id);
        }
    }
    while let Some(id) = changed.pop() {
        for user in &users[id.0 as usize] {
            if !std::mem::replace(&mut fields[user.0 as usize], true) {
                changed.push(*user);
            }
        }
    }
    fields
}
