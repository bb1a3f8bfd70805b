//! Recursive schemas: verdicts on values are memoized there, or the time would double with each
//! level.

use crate::shape::order::components;
use handfast_schema::{Schema, Schemas, union::union};

/// Whether a schema contains itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recursion {
    None,
    /// Each value is validated by one schema.
    Plain,
    /// Several schemas validate the same value.
    Alternatives,
}

/// What each schema is.
pub(super) fn of(schemas: &Schemas) -> Vec<Recursion> {
    let edges: Vec<Vec<usize>> = schemas
        .iter()
        .map(|(_, schema)| {
            let inside = schema.subschemas();
            inside.into_iter().map(|id| id.0 as usize).collect()
        })
        .collect();
    let component = components(&edges);
    let mut recursion = vec![Recursion::None; edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        if targets.iter().any(|to| component[*to] == component[from]) {
            recursion[component[from]] = Recursion::Plain;
        }
    }
    for (i, (_, schema)) in schemas.iter().enumerate() {
        let place = &mut recursion[component[i]];
        if *place != Recursion::None && asks(schemas, schema) {
            *place = Recursion::Alternatives;
        }
    }
    (component.iter()).map(|root| recursion[*root]).collect()
}

/// Whether a schema tests values against other schemas.
fn asks(schemas: &Schemas, schema: &Schema) -> bool {
    let undecided = |branches: &[_]| !branches.is_empty() && union(schemas, branches).is_none();
    undecided(&schema.any_of)
        || undecided(&schema.one_of)
        || schema.all_of.len() > 1
        || schema.not.is_some()
        || schema.condition.is_some()
        || schema.contains.is_some()
        || !schema.dependent_schemas.is_empty()
}
