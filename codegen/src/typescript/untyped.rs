//! Places whose type is `unknown`, or contains it, although their schema says more.

use super::{
    context::Context,
    steps::{Step, steps},
    type_tree::{Ty, UntypedReason},
};
use crate::shape::Shapes;
use handfast_schema::{Schema, SchemaId};
use handfast_spec::model::Protocol;
use std::collections::BTreeSet;

/// What the types of a protocol say of its schemas.
///
/// A place is a property, an item, a value of a map, a place of a tuple or an alternative of a union, wherever a type of the
/// protocol has one. Each is counted once, however often it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How many places there are.
    pub places: usize,
    /// Those whose type says less than could be said, in the order of the types.
    pub untyped: Vec<UntypedPlace>,
}

/// A place whose type contains `unknown`, although its schema says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntypedPlace {
    /// Where it is, from the name of a type: `Config.rules[].when`, where `[]` is an item and `.*` a value of a map.
    pub path: String,
    /// Its schema.
    pub schema: SchemaId,
    /// Why.
    pub reason: UntypedReason,
}

/// Finds the places whose TypeScript contains `unknown` of which the schema says more. A place that may hold anything is
/// none of them.
pub fn untyped(protocol: &Protocol, shapes: &Shapes) -> Coverage {
    let cx = Context::new(protocol, shapes);
    let mut coverage = Coverage::default();
    let mut seen = BTreeSet::new();
    let roots = shapes
        .decls
        .iter()
        .map(|decl| (decl.schema, decl.ts.clone()));
    let params = protocol.channels.iter().flat_map(|channel| {
        let path = |name: &str| format!("{}.{name}", channel.name.text);
        (channel.params.iter()).map(move |param| (param.schema, path(&param.name.text)))
    });
    let mut waiting: Vec<(SchemaId, String)> = roots.chain(params).collect();
    waiting.reverse();
    while let Some((id, path)) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let inside = cx.places(id, &path);
        for (step, place) in &inside {
            let Some(reason) = step else { continue };
            coverage.places += 1;
            coverage.untyped.extend(reason.map(|reason| UntypedPlace {
                path: place.1.clone(),
                schema: place.0,
                reason,
            }));
        }
        waiting.extend(inside.into_iter().rev().map(|(_, place)| place));
    }
    coverage
}

/// Whether it is a place, and if so why it is untyped; its schema and its path.
type Found = (Option<Option<UntypedReason>>, (SchemaId, String));

impl Context<'_> {
    /// The places of a schema.
    fn places(&self, id: SchemaId, path: &str) -> Vec<Found> {
        let schema = &self.protocol.schemas[id];
        let (values, items) = rest(&self.own(id));
        let found = steps(schema).into_iter().map(|(step, inner)| {
            let ty = self.tree(inner);
            // A type may say nothing of a place that its own schema describes.
            let beside = |reason: Option<UntypedReason>| {
                ty.untyped()
                    .or_else(|| reason.filter(|_| ty != Ty::Unknown(None)))
            };
            let (reason, path) = match step {
                Step::Property(name) => (Some(ty.untyped()), format!("{path}.{name}")),
                Step::Value => (Some(beside(values)), format!("{path}.*")),
                Step::Item => {
                    let is_rest = !schema.prefix_items.contains(&inner);
                    (Some(beside(items.filter(|_| is_rest))), format!("{path}[]"))
                }
                Step::Branch => (Some(ty.untyped()), path.to_owned()),
                Step::Same => (None, path.to_owned()),
            };
            let says = |schema: &Schema| schema.boolean != Some(false);
            let reason = reason.filter(|_| says(&self.protocol.schemas[inner]));
            (reason, (inner, path))
        });
        found.collect()
    }
}

/// Why the index signature of an object, and the rest of an array, are untyped.
fn rest(own: &Ty) -> (Option<UntypedReason>, Option<UntypedReason>) {
    let (mut values, mut items) = (None, None);
    let members = match own {
        Ty::Union(members) => members.as_slice(),
        one => std::slice::from_ref(one),
    };
    for member in members {
        match member {
            Ty::Object(object) => {
                values = object.indexes.iter().find_map(|index| match index.ty {
                    Ty::Unknown(reason) => reason,
                    _ => None,
                });
            }
            Ty::List(_) | Ty::Tuple(_) => items = member.untyped(),
            _ => {}
        }
    }
    (values, items)
}
