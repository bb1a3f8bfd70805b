//! Types of objects: declared properties, and index signatures for the others.
//!
//! TypeScript wants the type of every property to fit the index signatures that apply to its name. Where the schema has
//! another type for the rest than for a declared property, the index is the union of both.

use super::{
    context::Context,
    key_pattern::{self, Affixes, Names},
    tags::tags,
    text,
    type_tree::{Index, Member, Object, STRING_KEY, Ty, UntypedReason, either},
    types::words_of,
};
use handfast_schema::{Schema, SchemaId};
use std::collections::BTreeSet;

/// What a schema says of properties that it does not declare.
enum More {
    Nothing,
    Refused,
    /// Anything, as the schema says or as its dialect has it.
    Anything {
        implicit: bool,
    },
    Typed(Ty),
}

/// More schemas than this are not searched for what they evaluate.
const MAX_EVALUATED: usize = 256;

/// Whether other schemas describe the same value.
pub(super) fn has_in_place(schema: &Schema) -> bool {
    schema.reference.is_some()
        || schema.dynamic_reference.is_some()
        || schema.condition.is_some()
        || [&schema.all_of, &schema.any_of, &schema.one_of]
            .iter()
            .any(|all| !all.is_empty())
        || !schema.dependent_schemas.is_empty()
}

impl Context<'_> {
    /// What the keywords of objects say.
    pub(super) fn object(&self, schema: &Schema) -> Ty {
        let mut members = self.declared_members(schema);
        let mut more = self.more(schema);
        let declares = !members.is_empty()
            || !schema.required.is_empty()
            || !schema.pattern_properties.is_empty();
        if !declares && matches!(more, More::Nothing | More::Anything { .. }) {
            return Ty::Object(Object::any());
        }
        if !declares && matches!(more, More::Refused) {
            more = More::Typed(Ty::Never);
        }
        let indexes = self.indexes(schema, &mut members, more);
        let declared: BTreeSet<&String> = schema.properties.iter().map(|(name, _)| name).collect();
        for name in schema
            .required
            .iter()
            .filter(|name| !declared.contains(name))
        {
            let key = text::property(name);
            // It may be one of the names that a pattern matches.
            match members.iter_mut().find(|member| member.name == key) {
                Some(member) => member.optional = false,
                None => {
                    let index = indexes
                        .iter()
                        .find(|(names, _)| names.as_ref().is_none_or(|names| names.matches(name)));
                    let ty = index.map_or(Ty::Unknown(None), |(_, index)| index.ty.clone());
                    let ty = match ty {
                        Ty::Unknown(_) => Ty::Unknown(None),
                        known => known,
                    };
                    members.push(Member::plain(key, false, ty));
                }
            }
        }
        let indexes = indexes.into_iter().map(|(_, index)| index).collect();
        Ty::Object(Object { members, indexes })
    }

    /// The declared properties.
    fn declared_members(&self, schema: &Schema) -> Vec<Member> {
        let required: BTreeSet<&String> = schema.required.iter().collect();
        let member = |(name, id): &(String, SchemaId)| {
            let property = &self.protocol.schemas[*id];
            Member {
                name: text::property(name),
                optional: !required.contains(name),
                ty: self.tree(*id),
                words: words_of(&property.annotations, name).to_owned(),
                tags: tags(property),
            }
        };
        schema.properties.iter().map(member).collect()
    }

    fn more(&self, schema: &Schema) -> More {
        let in_place = has_in_place(schema);
        let unevaluated = schema.unevaluated_properties;
        match (schema.additional_properties, unevaluated) {
            (Some(more), _) => self.said(more),
            (None, Some(more)) => match self.said(more) {
                More::Typed(ty) if in_place => More::Typed(self.beside_evaluated(schema, ty)),
                More::Refused if in_place => More::Nothing,
                more => more,
            },
            (None, None) if self.protocol.schemas.has_defaults() => More::Nothing,
            (None, None) => More::Anything { implicit: true },
        }
    }

    fn said(&self, more: SchemaId) -> More {
        match self.tree(more) {
            Ty::Never => More::Refused,
            Ty::Unknown(None) => More::Anything { implicit: false },
            ty => More::Typed(ty),
        }
    }

    /// The type of unevaluated properties, and of all those that other schemas evaluate.
    fn beside_evaluated(&self, schema: &Schema, ty: Ty) -> Ty {
        let schemas = &self.protocol.schemas;
        let mut types = vec![ty, Ty::undefined()];
        let mut seen = BTreeSet::new();
        let mut waiting = in_place(schema);
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let part = &schemas[id];
            let inner = part.additional_properties.or(part.unevaluated_properties);
            let inner = inner.filter(|more| schemas[*more].boolean != Some(false));
            let named = part.properties.iter().chain(&part.pattern_properties);
            types.extend(
                named
                    .map(|(_, id)| *id)
                    .chain(inner)
                    .map(|id| self.tree(id)),
            );
            waiting.extend(in_place(part));
            if seen.len() > MAX_EVALUATED {
                return Ty::Unknown(Some(UntypedReason::Unevaluated));
            }
        }
        either(types)
    }

    /// The index signatures, those with fewer names first, each with the names that it applies to.
    fn indexes(
        &self,
        schema: &Schema,
        members: &mut Vec<Member>,
        more: More,
    ) -> Vec<(Option<Affixes>, Index)> {
        let mut affixed: Vec<(Affixes, Ty)> = Vec::new();
        let (mut all, mut others) = (Vec::new(), Vec::new());
        for (pattern, id) in &schema.pattern_properties {
            let ty = self.tree(*id);
            match key_pattern::names(pattern) {
                Names::All => all.push(ty),
                Names::Others => others.push(ty),
                Names::Affixed(some) => {
                    affixed.extend(some.into_iter().map(|affixes| (affixes, ty.clone())))
                }
                Names::These(names) => {
                    for name in names {
                        let key = text::property(&name);
                        if members.iter().all(|member| member.name != key) {
                            members.push(Member::plain(key, true, ty.clone()));
                        }
                    }
                }
            }
        }
        let rest = rest(more, all, others);
        let mut indexes: Vec<(Option<Affixes>, Index)> = Vec::new();
        for (affixes, _) in &affixed {
            let overlapping = affixed.iter().filter(|(other, _)| affixes.overlaps(other));
            let types: Vec<Ty> = overlapping.map(|(_, ty)| ty.clone()).collect();
            let matching = |member: &Member| {
                let name = schema
                    .properties
                    .iter()
                    .find(|(name, _)| text::property(name) == member.name);
                name.is_some_and(|(name, _)| affixes.matches(name))
            };
            let ty = widened(types, members.iter().filter(|member| matching(member)));
            let key = affixes.template();
            if indexes.iter().all(|(_, index)| index.key != key) {
                indexes.push((
                    Some(affixes.clone()),
                    Index {
                        key,
                        ty,
                        implicit: false,
                    },
                ));
            }
        }
        if let Some((ty, implicit)) = rest {
            let mut types = vec![ty];
            types.extend(indexes.iter().map(|(_, index)| index.ty.clone()));
            let ty = widened(types, members.iter());
            let key = STRING_KEY.to_owned();
            indexes.push((None, Index { key, ty, implicit }));
        }
        indexes
    }
}

/// The type of every other name, and whether the schema does not say itself that there are others.
fn rest(more: More, all: Vec<Ty>, others: Vec<Ty>) -> Option<(Ty, bool)> {
    let patterns = || all.iter().chain(&others).cloned();
    match more {
        // No other name is left.
        More::Anything { .. } if !all.is_empty() => Some((either(patterns()), false)),
        More::Anything { .. } if !others.is_empty() => {
            let says_more = either(others) != Ty::Unknown(None);
            let reason = says_more.then_some(UntypedReason::Pattern);
            Some((Ty::Unknown(reason), false))
        }
        More::Anything { implicit } => Some((Ty::Unknown(None), implicit)),
        More::Typed(ty) if all.is_empty() => Some((either(patterns().chain([ty])), false)),
        _ if all.is_empty() && others.is_empty() => None,
        _ => Some((either(patterns()), false)),
    }
}

/// The type of an index that has these types, and those of properties.
fn widened<'m>(types: Vec<Ty>, members: impl Iterator<Item = &'m Member>) -> Ty {
    let own = either(types);
    if matches!(own, Ty::Unknown(_)) {
        return own;
    }
    let mut all = own.clone().into_members();
    let mut absent = false;
    for member in members {
        all.push(member.ty.clone());
        absent |= member.optional;
    }
    if absent {
        all.push(Ty::undefined());
    }
    match either(all) {
        Ty::Unknown(_) => Ty::Unknown(Some(UntypedReason::Widened)),
        ty => ty,
    }
}

/// The schemas that describe the same value.
fn in_place(schema: &Schema) -> Vec<SchemaId> {
    let dynamic = schema
        .dynamic_reference
        .as_ref()
        .map(|dynamic| dynamic.initial);
    let single = [
        schema.reference,
        dynamic,
        schema.condition,
        schema.then,
        schema.otherwise,
    ];
    let lists = [&schema.all_of, &schema.any_of, &schema.one_of];
    single
        .into_iter()
        .flatten()
        .chain(lists.into_iter().flatten().copied())
        .chain(schema.dependent_schemas.iter().map(|(_, id)| *id))
        .collect()
}
