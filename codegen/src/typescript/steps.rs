//! What the type of a schema contains.

use handfast_schema::{Schema, SchemaId};

/// What leads from a schema to one inside of its type.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Property(String),
    Item,
    Value,
    /// An alternative.
    Branch,
    /// It describes the same value.
    Same,
}

/// The schemas inside of the type of a schema.
pub(super) fn steps(schema: &Schema) -> Vec<(Step, SchemaId)> {
    let named = schema.properties.iter();
    let properties = named.map(|(name, id)| (Step::Property(name.clone()), *id));
    let values = schema.pattern_properties.iter().map(|(_, id)| *id);
    let values = values
        .chain(schema.additional_properties)
        .chain(schema.unevaluated_properties);
    let items = schema.prefix_items.iter().copied();
    let items = items.chain(schema.items).chain(schema.unevaluated_items);
    let dynamic = schema.dynamic_reference.as_ref();
    let same = schema.reference.into_iter();
    let same = same
        .chain(dynamic.map(|dynamic| dynamic.initial))
        .chain(schema.all_of.iter().copied())
        .chain(schema.then)
        .chain(schema.otherwise);
    let branches = schema.any_of.iter().chain(&schema.one_of).copied();
    properties
        .chain(values.map(|id| (Step::Value, id)))
        .chain(items.map(|id| (Step::Item, id)))
        .chain(same.map(|id| (Step::Same, id)))
        .chain(branches.map(|id| (Step::Branch, id)))
        .collect()
}
