//! Keywords that change the meaning of others, and what only some drafts mean: what is left after it means in every draft
//! what draft 2020-12 says.

use super::draft::Draft;
use super::values::numeric_format;
use super::{Lowering, Site};
use crate::tree::Document;
use handfast_schema::{Number, Schema, SchemaId, Type, TypeSet};

impl Lowering<'_> {
    /// Applies keywords that change the meaning of others beside them.
    pub(super) fn modify(
        &mut self,
        site: Site,
        tree: &Document,
        id: SchemaId,
        schema: &mut Schema,
    ) {
        let draft = self.dialect_at(site).draft;
        if matches!(draft, Draft::Draft04 | Draft::OpenApi30) {
            let is_set = |name| is_set(tree, site, name);
            if is_set("exclusiveMinimum") {
                schema.exclusive_minimum = schema.minimum.take();
            }
            if is_set("exclusiveMaximum") {
                schema.exclusive_maximum = schema.maximum.take();
            }
        }
        if !self.settings.is_plain() {
            numbers_with_format(schema);
        }
        if draft == Draft::OpenApi30 {
            self.openapi(site, tree, id, schema);
        }
        drop_idle(schema);
    }

    /// In draft 2019-09, what `contains` matches does not count as evaluated, and in the nodes it does: where something
    /// asks, it moves out of sight, under two `not`.
    pub(super) fn hide_contains(&mut self) {
        let asks = |(_, one): (SchemaId, &Schema)| one.unevaluated_items.is_some();
        if !self.schemas.iter().any(asks) {
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
            let mut hidden = self.part_of(id, moved);
            for _ in 0..2 {
                let refused = Schema {
                    not: Some(hidden),
                    ..Schema::default()
                };
                hidden = self.part_of(id, refused);
            }
            self.schemas[id].all_of.push(hidden);
        }
    }

    /// Adds a schema that another one is made of.
    pub(super) fn part_of(&mut self, whole: SchemaId, part: Schema) -> SchemaId {
        let (span, resource) = (self.schemas[whole].span, self.schemas[whole].resource);
        self.sites.push(self.sites[whole.0 as usize]);
        self.schemas.push(Schema {
            span,
            resource,
            ..part
        })
    }
}

/// Drops what is not evaluated because the keyword that it depends on is absent (draft 2020-12, core 10.2.2.2 and 10.2.2.3, validation 6.4.4 and 6.4.5).
fn drop_idle(schema: &mut Schema) {
    if schema.condition.is_none() {
        (schema.then, schema.otherwise) = (None, None);
    }
    if schema.contains.is_none() {
        (schema.min_contains, schema.max_contains) = (None, None);
    }
}

/// Whether a keyword is `true`.
pub(super) fn is_set(tree: &Document, site: Site, name: &str) -> bool {
    tree.get(site.node, name).and_then(|at| tree.flag(at)) == Some(true)
}

/// In Handfast's dialect, `format: int32` and the like beside `type: integer` are bounds; what says nothing of a double
/// is an annotation.
fn numbers_with_format(schema: &mut Schema) {
    let is_among = |allowed: &[Type]| {
        let mut rest = schema.types.unwrap_or(TypeSet::NONE).without(Type::Null);
        let some = rest != TypeSet::NONE;
        for ty in allowed {
            rest = rest.without(*ty);
        }
        some && rest == TypeSet::NONE
    };
    let bounds = schema.format.as_deref().and_then(numeric_format);
    let [low, high] = match bounds {
        Some(Some(bounds)) if is_among(&[Type::Integer]) => bounds.map(Number::from),
        Some(None) if is_among(&[Type::Integer, Type::Number]) => {
            schema.annotations.format = schema.format.take();
            return;
        }
        _ => return,
    };
    schema.annotations.format = schema.format.take();
    let value = |number: &Option<Number>| number.as_ref().and_then(Number::as_f64);
    let (lowest, highest) = (low.as_f64(), high.as_f64());
    let narrow = [&schema.minimum, &schema.exclusive_minimum];
    if !narrow.into_iter().any(|given| value(given) >= lowest) {
        schema.minimum = Some(low);
    }
    let narrow = [&schema.maximum, &schema.exclusive_maximum];
    if !narrow
        .into_iter()
        .any(|given| value(given).is_some() && value(given) <= highest)
    {
        schema.maximum = Some(high);
    }
}
