//! What several schemas say together of one value, as far as a type can say it.

use super::combine;
use super::kinds::Kinds;
use handfast_schema::{Schema, SchemaId, Schemas, number::equal};
use handfast_spec::model::Protocol;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// More schemas than this for one value are not looked at.
const MAX_PARTS: usize = 64;

/// How deep unions are followed to find the kinds of values.
const MAX_DEPTH: u32 = 64;

/// The schemas of a protocol, and the kinds of values that each allows, found once.
pub(super) struct Known<'s> {
    pub(super) schemas: &'s Schemas,
    kinds: RefCell<BTreeMap<SchemaId, Kinds>>,
    /// The names of the schemas that have one.
    names: BTreeMap<SchemaId, &'s str>,
    /// The Rust types of formats.
    foreign: &'s [(String, String)],
}

impl<'s> Known<'s> {
    pub(super) fn new(protocol: &'s Protocol) -> Self {
        let types = protocol.types.iter();
        Self {
            schemas: &protocol.schemas,
            kinds: RefCell::default(),
            names: types.map(|ty| (ty.schema, ty.name.text.as_str())).collect(),
            foreign: (protocol.generate.rust.as_ref()).map_or(&[], |rust| &rust.types),
        }
    }

    /// The name of a schema.
    pub(super) fn name(&self, id: SchemaId) -> Option<String> {
        self.names.get(&id).map(|name| (*name).to_owned())
    }

    /// The Rust type of strings of a schema, if its format has one.
    pub(super) fn foreign(&self, schema: &Schema) -> Option<&'s str> {
        let format = schema.format.as_deref()?;
        let mut types = self.foreign.iter();
        let (_, path) = types.find(|(name, _)| name == format)?;
        schema.content_encoding.is_none().then_some(path)
    }

    /// The same place, meant for all kinds of values if its schema allows no others.
    pub(super) fn whole(&self, mut place: Place) -> Place {
        if place
            .single()
            .is_some_and(|id| place.kinds.contains(self.kinds(id)))
        {
            place.kinds = Kinds::ALL;
        }
        place
    }

    /// The kinds of values that a schema may allow.
    pub(super) fn kinds(&self, id: SchemaId) -> Kinds {
        self.kinds_within(id, MAX_DEPTH)
    }

    fn kinds_within(&self, id: SchemaId, depth: u32) -> Kinds {
        if let Some(known) = self.kinds.borrow().get(&id) {
            return *known;
        }
        let Some(depth) = depth.checked_sub(1) else {
            return Kinds::ALL;
        };
        // What contains itself may be anything there.
        self.kinds.borrow_mut().insert(id, Kinds::ALL);
        let facts = Facts::within(self, &Place::of(id), depth);
        let kinds = facts.map_or(Kinds::ALL, |facts| facts.kinds);
        self.kinds.borrow_mut().insert(id, kinds);
        kinds
    }
}

/// A schema that holds for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// All of it.
    Whole(SchemaId),
    /// Its own keywords, without what `$ref`, `allOf`, `anyOf` and `oneOf` add.
    Own(SchemaId),
}

impl Part {
    pub(super) const fn id(self) -> SchemaId {
        match self {
            Self::Whole(id) | Self::Own(id) => id,
        }
    }
}

/// A place for a value: the schemas that all hold for it, and the kinds of values that are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) parts: Vec<Part>,
    pub(super) kinds: Kinds,
    /// Instead of parts: schemas of which one holds, or, if the last is `None`, perhaps none.
    pub(super) either: Vec<Option<SchemaId>>,
}

impl Place {
    pub(super) fn of(id: SchemaId) -> Self {
        Self {
            parts: vec![Part::Whole(id)],
            kinds: Kinds::ALL,
            either: Vec::new(),
        }
    }

    /// A place where all of these schemas hold. `true` says nothing beside others.
    pub(super) fn of_all(schemas: &Schemas, ids: &[SchemaId]) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for id in ids {
            let part = Part::Whole(*id);
            if !parts.contains(&part) && schemas[*id].boolean != Some(true) {
                parts.push(part);
            }
        }
        if parts.is_empty() {
            parts.extend(ids.first().map(|id| Part::Whole(*id)));
        }
        Self {
            parts,
            kinds: Kinds::ALL,
            either: Vec::new(),
        }
    }

    /// A place where one of these schemas holds, or, in an open one, perhaps none.
    pub(super) fn of_either(ids: &[SchemaId], is_open: bool) -> Self {
        let others = is_open.then_some(None);
        Self {
            parts: Vec::new(),
            kinds: Kinds::ALL,
            either: ids.iter().copied().map(Some).chain(others).collect(),
        }
    }

    /// A place of which nothing is said.
    pub(super) const fn any() -> Self {
        Self {
            parts: Vec::new(),
            kinds: Kinds::ALL,
            either: Vec::new(),
        }
    }

    /// The same place for some kinds of values.
    pub(super) fn only(&self, kinds: Kinds) -> Self {
        Self {
            parts: self.parts.clone(),
            kinds: self.kinds.and(kinds),
            either: self.either.clone(),
        }
    }

    /// The only schema that holds here, for all kinds of values.
    pub(super) fn whole(&self) -> Option<SchemaId> {
        self.single().filter(|_| self.kinds == Kinds::ALL)
    }

    /// The only schema that holds here.
    pub(super) fn single(&self) -> Option<SchemaId> {
        match self.parts.as_slice() {
            [Part::Whole(id)] => Some(*id),
            _ => None,
        }
    }

    /// The first schema, which has the words for people.
    pub(super) fn first(&self) -> Option<SchemaId> {
        self.parts.first().map(|part| part.id())
    }
}

/// The schemas of a place, those that they refer to and combine included.
pub(super) struct Facts<'s> {
    pub(super) schemas: &'s Schemas,
    /// Each says what its own keywords say.
    pub(super) parts: Vec<(SchemaId, &'s Schema)>,
    /// The schemas whose unions hold here as well.
    pub(super) unions: Vec<SchemaId>,
    /// The kinds of values that may be valid.
    pub(super) kinds: Kinds,
    /// The targets of `$ref`s in the schemas of the place itself.
    pub(super) references: Vec<SchemaId>,
}

impl<'s> Facts<'s> {
    /// `None` if there are too many.
    pub(super) fn of(known: &Known<'s>, place: &Place) -> Option<Self> {
        Self::within(known, place, MAX_DEPTH)
    }

    fn within(known: &Known<'s>, place: &Place, depth: u32) -> Option<Self> {
        let schemas = known.schemas;
        let mut facts = Self {
            schemas,
            parts: Vec::new(),
            unions: Vec::new(),
            kinds: place.kinds,
            references: Vec::new(),
        };
        let mut seen: BTreeSet<SchemaId> = BTreeSet::new();
        // Each with whether it is beyond a reference.
        let mut waiting: Vec<(Part, bool)> = place
            .parts
            .iter()
            .rev()
            .map(|part| (*part, false))
            .collect();
        while let Some((part, referred)) = waiting.pop() {
            let id = part.id();
            if !seen.insert(id) {
                continue;
            }
            if facts.parts.len() == MAX_PARTS {
                return None;
            }
            let schema = &schemas[id];
            if schema.boolean == Some(false) {
                facts.kinds = Kinds::NONE;
            }
            facts.kinds = facts.kinds.and(own_kinds(schema));
            facts.parts.push((id, schema));
            if matches!(part, Part::Own(_)) {
                continue;
            }
            if !schema.any_of.is_empty() || !schema.one_of.is_empty() {
                facts.unions.push(id);
            }
            waiting.extend(
                schema
                    .all_of
                    .iter()
                    .rev()
                    .map(|id| (Part::Whole(*id), referred)),
            );
            let dynamic = schema.dynamic_reference.as_ref();
            let targets = schema
                .reference
                .into_iter()
                .chain(dynamic.map(|dynamic| dynamic.initial));
            for target in targets {
                if !referred {
                    facts.references.push(target);
                }
                waiting.push((Part::Whole(target), true));
            }
        }
        for id in &facts.unions {
            for branches in [&schemas[*id].any_of, &schemas[*id].one_of] {
                if !branches.is_empty() {
                    let any = branches.iter().fold(Kinds::NONE, |all, branch| {
                        all.or(known.kinds_within(*branch, depth))
                    });
                    facts.kinds = facts.kinds.and(any);
                }
            }
        }
        Some(facts)
    }

    /// The values that `const` and `enum` leave, if there is one of them; and whether a client accepts others.
    pub(super) fn values(&self) -> Option<(Vec<&'s Value>, bool)> {
        let mut lists = self.parts.iter().filter_map(|(_, schema)| {
            let one = schema.constant.as_ref().map(std::slice::from_ref);
            one.or(schema.enumeration.as_deref())
        });
        let mut values: Vec<&Value> = Vec::new();
        for value in lists.next()? {
            let kind = Kinds::of_value(value);
            if self.kinds.meets(kind) && !values.iter().any(|known| equal(known, value)) {
                values.push(value);
            }
        }
        for list in lists {
            values.retain(|value| list.iter().any(|other| equal(other, value)));
        }
        let open = self.parts.iter().any(|(_, schema)| schema.open);
        Some((values, open))
    }

    /// The kinds of values that the schemas allow without their unions.
    pub(super) fn own_kinds(&self, place: &Place) -> Kinds {
        let parts = self.parts.iter();
        parts.fold(place.kinds, |all, (_, schema)| all.and(own_kinds(schema)))
    }

    /// Whether it is one schema whose every keyword speaks of one kind of values by itself.
    pub(super) fn is_plain(&self) -> bool {
        self.unions.is_empty() && self.values().is_none() && self.is_one()
    }

    /// Whether it is one schema with nothing but constants.
    pub(super) fn is_only_values(&self) -> bool {
        self.unions.is_empty() && self.spoken().is_empty() && self.is_one()
    }

    fn is_one(&self) -> bool {
        let [(_, schema)] = self.parts.as_slice() else {
            return false;
        };
        schema.reference.is_none() && combine::beyond(self.schemas, schema).is_none()
    }

    /// Whether no keyword says anything, or only that every type is allowed.
    pub(super) fn says_nothing(&self) -> bool {
        self.unions.is_empty()
            && self.parts.iter().all(|(_, schema)| {
                **schema
                    == Schema {
                        span: schema.span,
                        annotations: schema.annotations.clone(),
                        resource: schema.resource,
                        boolean: schema.boolean,
                        types: schema.types,
                        reference: schema.reference,
                        all_of: schema.all_of.clone(),
                        ..Schema::default()
                    }
            })
    }

    /// The kinds of values that keywords speak of.
    pub(super) fn spoken(&self) -> Kinds {
        let of = |schema: &Schema| {
            let string = schema.min_length.is_some()
                || schema.max_length.is_some()
                || schema.pattern.is_some()
                || schema.content_encoding.is_some()
                || schema.format.is_some();
            let number = schema.multiple_of.is_some()
                || schema.minimum.is_some()
                || schema.maximum.is_some()
                || schema.exclusive_minimum.is_some()
                || schema.exclusive_maximum.is_some();
            let array = !schema.prefix_items.is_empty()
                || schema.items.is_some()
                || schema.contains.is_some()
                || schema.min_items.is_some()
                || schema.max_items.is_some()
                || schema.unique_items
                || schema.unevaluated_items.is_some();
            let object = !schema.properties.is_empty()
                || !schema.required.is_empty()
                || !schema.pattern_properties.is_empty()
                || !schema.dependent_required.is_empty()
                || !schema.dependent_schemas.is_empty()
                || schema.additional_properties.is_some()
                || schema.unevaluated_properties.is_some()
                || schema.property_names.is_some()
                || schema.min_properties.is_some()
                || schema.max_properties.is_some();
            [
                (string, Kinds::STRING),
                (number, Kinds::NUMBER),
                (array, Kinds::ARRAY),
                (object, Kinds::OBJECT),
            ]
            .into_iter()
            .filter(|(speaks, _)| *speaks)
            .fold(Kinds::NONE, |all, (_, kind)| all.or(kind))
        };
        self.parts
            .iter()
            .fold(Kinds::NONE, |all, (_, schema)| all.or(of(schema)))
    }

    /// The schemas of each declared property, in the order of their first declaration.
    pub(super) fn properties(&self) -> Vec<(&'s str, Vec<SchemaId>)> {
        let mut all: Vec<(&str, Vec<SchemaId>)> = Vec::new();
        let mut places = BTreeMap::new();
        for (_, schema) in &self.parts {
            for (name, id) in &schema.properties {
                let place = *places.entry(name.as_str()).or_insert_with(|| {
                    all.push((name, Vec::new()));
                    all.len() - 1
                });
                all[place].1.push(*id);
            }
        }
        all
    }

    pub(super) fn required(&self) -> BTreeSet<&'s str> {
        let names = self.parts.iter().flat_map(|(_, schema)| &schema.required);
        names.map(String::as_str).collect()
    }

    /// Whether a property with this name is never valid.
    pub(super) fn forbids(&self, name: &str) -> bool {
        let is_false = |id: &SchemaId| self.schemas[*id].boolean == Some(false);
        self.parts.iter().any(|(_, schema)| {
            let declared = schema.properties.iter().find(|(own, _)| own == name);
            match declared {
                Some((_, id)) => is_false(id),
                None => {
                    schema.pattern_properties.is_empty()
                        && schema.additional_properties.as_ref().is_some_and(is_false)
                }
            }
        })
    }
}

/// The kinds of values that a schema's own keywords allow.
fn own_kinds(schema: &Schema) -> Kinds {
    let types = schema.types.map_or(Kinds::ALL, Kinds::of_types);
    let one = schema.constant.as_ref().map(std::slice::from_ref);
    match one.or(schema.enumeration.as_deref()) {
        Some(values) => types.and(
            values
                .iter()
                .fold(Kinds::NONE, |all, value| all.or(Kinds::of_value(value))),
        ),
        None => types,
    }
}
