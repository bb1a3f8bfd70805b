//! Defaults that are not valid where they are.

use super::Checker;
use crate::diagnostic::Diagnostic;
use handfast_schema::{Schema, SchemaId, Schemas, Side, Validator};
use std::collections::{BTreeMap, BTreeSet};

/// How deep the place of a default is followed.
const MAX_DEPTH: usize = 64;

/// Where a schema is written inside of another one.
#[derive(Clone, Copy)]
enum Place<'s> {
    /// It is a part of its `allOf`.
    Part,
    Property(&'s str),
    Items,
}

/// The schema that each schema is written in, and where.
type Written<'s> = BTreeMap<SchemaId, (SchemaId, Place<'s>)>;

impl Checker<'_> {
    /// Defaults that are refused by what applies to their place. A default is documentation and never filled in, but one that could not
    /// be sent is a mistake.
    pub(super) fn defaults(&mut self) {
        // A schema that could not be read would refuse or accept everything.
        if self.out.errors() > 0 {
            return;
        }
        let protocol = self.protocol;
        let with_default: Vec<(SchemaId, &Schema)> = (protocol.schemas.iter())
            .filter(|(id, schema)| {
                schema.annotations.default.is_some()
                    && self.lowered.sites.get(id.0 as usize).is_some()
            })
            .collect();
        if with_default.is_empty() {
            return;
        }
        let written = written(&protocol.schemas);
        let mut schemas = protocol.schemas.clone();
        let judges: Vec<SchemaId> = with_default
            .iter()
            .map(|(id, _)| {
                let all = describing(&protocol.schemas, &written, *id, MAX_DEPTH);
                match all.as_slice() {
                    [one] => *one,
                    _ => schemas.push(Schema {
                        all_of: all,
                        ..Schema::default()
                    }),
                }
            })
            .collect();
        // Without that, each part would refuse the fields of the others; where it fails, that is reported elsewhere.
        if schemas.merge_shared_fields().is_err() {
            return;
        }
        let validator = Validator::new(&schemas);
        for ((id, schema), judge) in with_default.into_iter().zip(judges) {
            let Some(default) = &schema.annotations.default else {
                continue;
            };
            let violations = validator.validate(judge, default, Some(Side::Server));
            let (Some(first), Some(site)) =
                (violations.first(), self.lowered.sites.get(id.0 as usize))
            else {
                continue;
            };
            let at = self.keyword_place(id, &self.lowered.docs[site.doc], "default");
            let text = format!("the default does not fit its own schema: {first}");
            let help = "a default is documentation and is never filled in; write one that is valid";
            self.out
                .push(Diagnostic::warning("S021", at.unwrap_or(schema.span), text).help(help));
        }
    }
}

fn written(schemas: &Schemas) -> Written<'_> {
    let mut written = Written::new();
    for (around, schema) in schemas.iter() {
        let parts = schema.all_of.iter().map(|part| (*part, Place::Part));
        let properties = schema.properties.iter();
        let properties = properties.map(|(name, id)| (*id, Place::Property(name)));
        let items = schema.items.map(|items| (items, Place::Items));
        for (id, place) in parts.chain(properties).chain(items) {
            written.insert(id, (around, place));
        }
    }
    written
}

/// The schemas that describe the place of a schema whatever the value is: the schema, with the parts of the `allOf` that it is in, and what these say of the same child.
fn describing(
    schemas: &Schemas,
    written: &Written<'_>,
    id: SchemaId,
    depth: usize,
) -> Vec<SchemaId> {
    let mut whole = id;
    while let Some((around, Place::Part)) = written.get(&whole) {
        whole = *around;
    }
    let mut all = vec![whole];
    let Some((around, place)) = written.get(&whole).filter(|_| depth > 0) else {
        return all;
    };
    for part in parts(schemas, describing(schemas, written, *around, depth - 1)) {
        let schema = &schemas[part];
        let child = match place {
            Place::Part => None,
            Place::Property(name) => {
                let mut properties = schema.properties.iter();
                let found = properties.find(|(property, _)| property == name);
                found.map(|(_, id)| *id)
            }
            Place::Items => schema.items,
        };
        all.extend(child.filter(|child| *child != whole));
    }
    all
}

/// Schemas with those that they consist of.
fn parts(schemas: &Schemas, all: Vec<SchemaId>) -> BTreeSet<SchemaId> {
    let mut found = BTreeSet::new();
    let mut waiting = all;
    while let Some(id) = waiting.pop() {
        if found.insert(id) {
            let schema = &schemas[id];
            waiting.extend(
                schema
                    .reference
                    .into_iter()
                    .chain(schema.all_of.iter().copied()),
            );
        }
    }
    found
}
