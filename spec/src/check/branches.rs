//! Branches of `oneOf` that overlap for a client, which drops unknown fields, but not for a server, which refuses
//! them.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, Entry};
use handfast_schema::{Schema, SchemaId, Schemas, Type, union};
use std::collections::{BTreeMap, BTreeSet};

/// For each schema, the schemas that have it as a part and so apply to the same value.
pub(super) type Around = BTreeMap<SchemaId, Vec<SchemaId>>;

impl Checker<'_> {
    pub(super) fn branches(&mut self) {
        let schemas = &self.protocol.schemas;
        if !schemas.has_defaults() {
            return;
        }
        for id in self.received_by_client() {
            let branches = &schemas[id].one_of;
            if branches.len() < 2 || union::union(schemas, branches).is_some() {
                continue;
            }
            let Some((one, other)) = overlap(schemas, branches) else {
                continue;
            };
            let at = self
                .keyword(id, "oneOf")
                .map_or(schemas[id].span, |entry| entry.at);
            let text = format!(
                "a client would refuse valid values: branches {} and {} of `oneOf` overlap once unknown fields are dropped",
                one + 1,
                other + 1
            );
            let help = "give each branch a required field that distinguishes it from the others, such as `kind: { const: a }`, write `additionalProperties: false` in each, or make it an `anyOf`";
            self.out
                .push(Diagnostic::warning("S024", at, text).help(help));
        }
    }

    /// Whether a schema is a part of others that apply to the same value, and one of them declares a property: a
    /// branch may require a property of its parent.
    pub(super) fn is_declared_around(&self, around: &Around, id: SchemaId, name: &str) -> bool {
        let mut seen = BTreeSet::from([id]);
        let mut waiting = vec![id];
        while let Some(part) = waiting.pop() {
            for around in around.get(&part).into_iter().flatten() {
                if seen.insert(*around) {
                    let mut known = self.fields(*around).into_iter();
                    if known.any(|known| known.name == name) {
                        return true;
                    }
                    waiting.push(*around);
                }
            }
        }
        false
    }

    /// Which schemas have each schema as a part.
    pub(super) fn around(&self) -> Around {
        let mut all = Around::new();
        for (around, schema) in self.protocol.schemas.iter() {
            let single = [schema.reference, schema.then, schema.otherwise];
            let parts = schema
                .all_of
                .iter()
                .chain(&schema.any_of)
                .chain(&schema.one_of);
            let dependent = schema.dependent_schemas.iter().map(|(_, id)| id);
            for part in single.iter().flatten().chain(parts).chain(dependent) {
                all.entry(*part).or_default().push(around);
            }
        }
        all
    }

    /// The schemas that only test a value: what is written under `not`, `if`, `contains` and `propertyNames`. Types that these refer to describe
    /// values elsewhere.
    pub(super) fn tests(&self) -> BTreeSet<SchemaId> {
        let schemas = &self.protocol.schemas;
        let tests = schemas.iter().flat_map(|(_, schema)| {
            [
                schema.not,
                schema.condition,
                schema.contains,
                schema.property_names,
            ]
        });
        let mut waiting: Vec<SchemaId> = tests.flatten().collect();
        let mut all = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if all.insert(id) {
                let written = Schema {
                    reference: None,
                    dynamic_reference: None,
                    ..schemas[id].clone()
                };
                waiting.extend(written.subschemas());
            }
        }
        all
    }

    /// `{ title: string }` asserts nothing: a property was probably meant.
    pub(super) fn remarks(&mut self, schema: &Schema, tree: &Document, entries: &[Entry]) {
        if !schema.properties.is_empty() {
            return;
        }
        for entry in entries {
            let word = tree
                .text(entry.value)
                .filter(|_| ["title", "description", "default", "$comment"].contains(&&*entry.key));
            let Some(word) = word.filter(|word| Type::from_name(word).is_some()) else {
                continue;
            };
            // The default of a string may be any text.
            if entry.key == "default" && schema.types.is_some() {
                continue;
            }
            let text = format!(
                "`{}` is an annotation here, and asserts nothing about the value",
                entry.key
            );
            let help = format!(
                "if you mean a property, write `properties: {{ {}: {{ type: {word} }} }}`",
                entry.key
            );
            self.out
                .push(Diagnostic::note("S025", entry.at, text).help(help));
        }
    }

    /// Every schema reachable from what a client receives, in order.
    fn received_by_client(&self) -> BTreeSet<SchemaId> {
        let messages = self.protocol.messages.iter();
        let payloads = messages.filter_map(|message| message.server.as_ref()?.payload);
        let data = self.protocol.errors.iter().filter_map(|error| error.data);
        let channels = self.protocol.channels.iter();
        let infos = channels.filter_map(|channel| channel.presence?.info);
        let mut waiting: Vec<SchemaId> = payloads.chain(data).chain(infos).collect();
        let mut reached = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if reached.insert(id) {
                waiting.extend(self.protocol.schemas[id].subschemas());
            }
        }
        reached
    }
}

/// Two branches, by index, of which the second accepts values of the first for a client only.
fn overlap(schemas: &Schemas, branches: &[SchemaId]) -> Option<(usize, usize)> {
    let objects: Vec<Vec<Schema>> = branches
        .iter()
        .map(|id| objects(schemas, *id, MAX_INSIDE))
        .collect();
    objects.iter().enumerate().find_map(|(i, one)| {
        let overlaps = |other: &Vec<Schema>| {
            one.iter()
                .any(|one| other.iter().any(|other| takes(schemas, one, other)))
        };
        let other = objects
            .iter()
            .enumerate()
            .position(|(j, other)| i != j && overlaps(other))?;
        Some((i.min(other), i.max(other)))
    })
}

/// How deeply nested branches are inspected.
const MAX_INSIDE: usize = 4;

/// How many parts and branches of one schema are inspected.
const MAX_PARTS: usize = 16;

/// The plain objects that a branch may be: the branch itself, the merged parts of its `allOf`, or one of its own
/// branches.
fn objects(schemas: &Schemas, id: SchemaId, inside: usize) -> Vec<Schema> {
    let schema = &schemas[union::resolve(schemas, id)];
    if is_plain(schema) {
        return vec![schema.clone()];
    }
    let Some(inside) = inside
        .checked_sub(1)
        .filter(|_| schema.all_of.len() <= MAX_PARTS)
    else {
        return Vec::new();
    };
    let around = Schema {
        all_of: Vec::new(),
        any_of: Vec::new(),
        one_of: Vec::new(),
        ..schema.clone()
    };
    let own = is_plain(&around) || around.properties.is_empty();
    if own && schema.any_of.is_empty() && schema.one_of.is_empty() {
        let mut whole = around;
        for part in &schema.all_of {
            let parts = objects(schemas, *part, inside);
            let [part] = parts.as_slice() else {
                return Vec::new();
            };
            whole.properties.extend(part.properties.iter().cloned());
            whole.required.extend(part.required.iter().cloned());
        }
        return Some(whole).filter(is_plain).into_iter().collect();
    }
    let says_no_more = around.properties.is_empty() && schema.all_of.is_empty();
    let branches = schema.any_of.iter().chain(&schema.one_of);
    branches
        .filter(|_| says_no_more)
        .flat_map(|branch| objects(schemas, *branch, inside))
        .take(MAX_PARTS)
        .collect()
}

/// Whether a schema is an object with nothing but fields, of which a client drops the unknown ones.
fn is_plain(schema: &Schema) -> bool {
    !schema.properties.is_empty()
        && schema
            .types
            .is_none_or(|types| types.contains(Type::Object))
        && !schema.closes_itself()
        && schema.pattern_properties.is_empty()
        && schema.property_names.is_none()
        && schema.dependent_schemas.is_empty()
        && schema.constant.is_none()
        && schema.enumeration.is_none()
        && schema.reference.is_none()
        && schema.all_of.is_empty()
        && schema.any_of.is_empty()
        && schema.one_of.is_empty()
        && schema.not.is_none()
        && schema.condition.is_none()
}

/// Whether `other` accepts some values of `one` once the fields it does not know are dropped.
fn takes(schemas: &Schemas, one: &Schema, other: &Schema) -> bool {
    let property = |schema: &Schema, name: &str| {
        let mut all = schema.properties.iter();
        all.find(|(known, _)| known == name).map(|(_, id)| *id)
    };
    let unknown = one
        .properties
        .iter()
        .any(|(name, _)| property(other, name).is_none());
    let can_meet = |name: &String| match (property(one, name), property(other, name)) {
        (Some(one), Some(other)) => !are_disjoint(schemas, one, other),
        // A field that one of them does not know is absent there, and dropped by the other.
        (Some(_), None) => true,
        (None, _) => false,
    };
    unknown && one.required.iter().chain(&other.required).all(can_meet)
}

/// Whether no value matches both, judging by types and constants.
fn are_disjoint(schemas: &Schemas, one: SchemaId, other: SchemaId) -> bool {
    let (one, other) = (
        &schemas[union::resolve(schemas, one)],
        &schemas[union::resolve(schemas, other)],
    );
    if let (Some(one), Some(other)) = (one.types, other.types) {
        let is_number = |ty| matches!(ty, Type::Integer | Type::Number);
        let meet = one
            .iter()
            .any(|a| other.contains(a) || (is_number(a) && other.iter().any(is_number)));
        if !meet {
            return true;
        }
    }
    let values = |schema: &Schema| match (&schema.constant, &schema.enumeration) {
        (Some(value), _) => Some(vec![value.clone()]),
        (None, values) => values.clone(),
    };
    match (values(one), values(other)) {
        (Some(one), Some(other)) => !one.iter().any(|value| other.contains(value)),
        _ => false,
    }
}
