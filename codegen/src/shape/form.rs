//! What type a place needs, before anything is declared: the type that says exactly what its schema says, or the nearest one.

use super::choice::{self, Choice};
use super::facts::{Facts, Known, Place};
use super::kinds::Kinds;
use super::{IntegerType, Reason, combine, exact};
use handfast_schema::{Schema, SchemaId, union};
use serde_json::Value;
use std::collections::BTreeSet;

/// The type of a place.
pub(super) struct Form {
    pub(super) what: What,
    /// Why the schema checks the value beside its type, if the type does not say it all.
    pub(super) beside: Option<Reason>,
}

/// A type, with the places of the types that it is made of.
pub(super) enum What {
    /// JSON.
    Json(Reason),
    /// The type of another place.
    Same(Place),
    Null,
    Boolean,
    Number,
    Integer(IntegerType),
    /// An integer of any size.
    AnyInteger,
    Text,
    /// A string that is of this type of another crate.
    Foreign(String),
    TextInteger {
        signed: bool,
    },
    Bytes,
    /// An array of a place, or of anything.
    List(Option<Place>),
    /// An object whose values are of a place, or anything.
    Map(Option<Place>),
    Nullable(Place),
    /// Values of one kind, and all of other kinds.
    Implied(Place),
    /// These have a name.
    Literals {
        values: Vec<Literal>,
        open: bool,
    },
    Struct(Product),
    Tagged {
        tag: String,
        branches: Vec<(Value, SchemaId)>,
    },
    Choice(Choice),
    Tuple(Sequence),
}

impl What {
    /// The same type, if it is made of no others.
    pub(super) const fn again(&self) -> Self {
        match self {
            Self::Number => Self::Number,
            Self::AnyInteger => Self::AnyInteger,
            Self::Boolean => Self::Boolean,
            _ => Self::Text,
        }
    }

    pub(super) const fn has_name(&self) -> bool {
        matches!(
            self,
            Self::Literals { .. }
                | Self::Struct(_)
                | Self::Tagged { .. }
                | Self::Choice(_)
                | Self::Tuple(_)
        )
    }
}

/// A constant, and what is said of it.
pub(super) struct Literal {
    pub(super) value: Value,
    pub(super) said_by: Option<SchemaId>,
}

/// An object with declared properties.
pub(super) struct Product {
    pub(super) fields: Vec<ProductField>,
    /// What other properties are.
    pub(super) rest: Option<Place>,
    pub(super) closed: Option<bool>,
}

pub(super) struct ProductField {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) required: bool,
}

/// An array whose first items are declared.
pub(super) struct Sequence {
    pub(super) items: Vec<Place>,
    /// How many of them are certainly there.
    pub(super) required: usize,
    /// What follows them.
    pub(super) rest: Option<Option<Place>>,
}

impl Form {
    const fn exact(what: What) -> Self {
        Self { what, beside: None }
    }

    pub(super) const fn near(what: What, reason: Reason) -> Self {
        Self {
            what,
            beside: Some(reason),
        }
    }

    const fn json(reason: Reason) -> Self {
        Self::exact(What::Json(reason))
    }
}

/// The type of a place. `is_named` says which schemas have a name of their own.
pub(super) fn form(known: &Known<'_>, place: &Place) -> Form {
    if !place.either.is_empty() {
        let ids: Vec<SchemaId> = place.either.iter().copied().flatten().collect();
        return choice::of_either(known, &ids, place.either.contains(&None));
    }
    if place.parts.is_empty() {
        return Form::json(Reason::AnyValue);
    }
    if let Some(id) = place.single() {
        let schema = &known.schemas[id];
        match schema.boolean {
            Some(true) => return Form::json(Reason::AnyValue),
            Some(false) => return Form::json(Reason::NoValue),
            None => {}
        }
        if let Some(what) = exact::exact(known, id, schema, place.kinds) {
            return Form::exact(what);
        }
    }
    nearest(known, place)
}

/// The nearest type: it can be every valid value, and the schema decides which values are valid.
fn nearest(known: &Known<'_>, place: &Place) -> Form {
    let Some(facts) = Facts::of(known, place) else {
        return Form::json(Reason::TooManyParts);
    };
    let reason = reason(known, place, &facts);
    let near = |what| Form::near(what, reason);
    if facts.kinds.is_empty() {
        return Form::json(Reason::NoValue);
    }
    if let Some(target) = narrowed_reference(known, place, &facts) {
        return near(What::Same(Place::of(target).only(place.kinds)));
    }
    if let Some((values, open)) = facts.values() {
        return constants(&values, open, reason);
    }
    if let Some(form) = choice::of_union(known, place, &facts, reason) {
        return form;
    }
    if facts.kinds == Kinds::ALL {
        let spoken = facts.spoken();
        if spoken.is_empty() {
            return Form::json(if facts.says_nothing() {
                Reason::AnyValue
            } else {
                Reason::NoType
            });
        }
        let is_plain = place.single().is_some() && facts.is_plain();
        if spoken.is_single() {
            let what = What::Implied(place.only(spoken));
            return if is_plain {
                Form::exact(what)
            } else {
                near(what)
            };
        }
        return choice::of_kinds(place, spoken, true, is_plain, reason);
    }
    let others = facts.kinds.less(Kinds::NULL);
    if others != facts.kinds && !others.is_empty() {
        let is_plain = place.single().is_some() && facts.is_plain();
        let what = What::Nullable(place.only(others));
        return if is_plain {
            Form::exact(what)
        } else {
            near(what)
        };
    }
    if !facts.kinds.is_single() {
        let is_plain = place.single().is_some() && facts.is_plain();
        return choice::of_kinds(place, facts.kinds, false, is_plain, reason);
    }
    near(of_kind(known, &facts))
}

/// The type of values of one kind.
fn of_kind(known: &Known<'_>, facts: &Facts<'_>) -> What {
    let schemas: Vec<&Schema> = facts.parts.iter().map(|(_, schema)| *schema).collect();
    if facts.kinds.meets(Kinds::OBJECT) {
        return object(known, facts);
    }
    if facts.kinds.meets(Kinds::ARRAY) {
        return list(known, facts);
    }
    if facts.kinds.meets(Kinds::STRING) {
        let is_bytes = |schema: &&Schema| schema.content_encoding.as_deref() == Some("base64");
        if let [schema] = schemas.as_slice()
            && let Some(path) = known.foreign(schema)
        {
            return What::Foreign(path.to_owned());
        }
        return if schemas.iter().any(is_bytes) {
            What::Bytes
        } else {
            What::Text
        };
    }
    if facts.kinds == Kinds::INTEGER {
        return exact::integer(known, &schemas);
    }
    if facts.kinds.meets(Kinds::NUMBER) {
        What::Number
    } else if facts.kinds.meets(Kinds::BOOLEAN) {
        What::Boolean
    } else {
        What::Null
    }
}

fn object(known: &Known<'_>, facts: &Facts<'_>) -> What {
    let schemas = known.schemas;
    let required = facts.required();
    let properties = facts.properties();
    let declared: BTreeSet<&str> = properties.iter().map(|(name, _)| *name).collect();
    let rest = rest(known, facts);
    if properties.is_empty() && required.is_empty() {
        return What::Map(rest);
    }
    let mut fields: Vec<ProductField> = properties
        .iter()
        .map(|(name, ids)| ProductField {
            name: (*name).to_owned(),
            place: Place::of_all(schemas, ids),
            required: required.contains(name),
        })
        .collect();
    let undeclared = required.iter().filter(|name| !declared.contains(*name));
    fields.extend(undeclared.map(|name| ProductField {
        name: (*name).to_owned(),
        place: rest.clone().unwrap_or_else(Place::any),
        required: true,
    }));
    What::Struct(Product {
        fields,
        rest,
        closed: Some(false),
    })
}

/// The place of the properties that are not declared, if anything is said of them.
fn rest(known: &Known<'_>, facts: &Facts<'_>) -> Option<Place> {
    let schemas = known.schemas;
    let is_false = |id: &SchemaId| schemas[*id].boolean == Some(false);
    let says = |id: &SchemaId| schemas[*id].boolean.is_none();
    let is_simple = evaluates_plainly(facts);
    let mut open: Vec<SchemaId> = Vec::new();
    for (_, schema) in &facts.parts {
        let patterns = schema.pattern_properties.iter().map(|(_, id)| *id);
        let patterns: Vec<SchemaId> = patterns.filter(|id| !is_false(id)).collect();
        let unevaluated = schema.unevaluated_properties.filter(|_| is_simple);
        match schema.additional_properties.or(unevaluated) {
            Some(more) if schemas[more].boolean != Some(true) => {
                let mut all = patterns;
                all.extend(Some(more).filter(says));
                if !all.iter().all(says) {
                    return None;
                }
                let mut targets = BTreeSet::new();
                all.retain(|id| targets.insert(union::resolve(schemas, *id)));
                return match all.as_slice() {
                    [] => None,
                    [one] => Some(Place::of(*one)),
                    all => Some(Place::of_either(all, false)),
                };
            }
            _ => open.extend(patterns.iter().filter(|id| says(id))),
        }
    }
    let mut targets = BTreeSet::new();
    open.retain(|id| targets.insert(union::resolve(schemas, *id)));
    (!open.is_empty()).then(|| Place::of_either(&open, true))
}

/// Whether what `unevaluatedProperties` and `unevaluatedItems` apply to is certain: the declared properties and the first items are all that
/// the schemas evaluate.
fn evaluates_plainly(facts: &Facts<'_>) -> bool {
    facts.unions.is_empty()
        && facts.parts.iter().all(|(_, schema)| {
            schema.condition.is_none()
                && schema.dependent_schemas.is_empty()
                && schema.dynamic_reference.is_none()
                // Several branches may evaluate, of which a variant is one.
                && schema.any_of.is_empty()
                && schema.pattern_properties.is_empty()
                && schema.additional_properties.is_none()
                && schema.contains.is_none()
        })
}

fn list(known: &Known<'_>, facts: &Facts<'_>) -> What {
    let schemas = known.schemas;
    let is_false = |id: SchemaId| schemas[id].boolean == Some(false);
    let mut prefix: Vec<Vec<SchemaId>> = Vec::new();
    let mut items: Vec<SchemaId> = Vec::new();
    let (mut least, mut most) = (0, usize::MAX);
    let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    for (_, schema) in &facts.parts {
        for (i, id) in schema.prefix_items.iter().enumerate() {
            if prefix.len() == i {
                prefix.push(Vec::new());
            }
            prefix[i].push(*id);
        }
        least = least.max(schema.min_items.map_or(0, whole));
        most = most.min(schema.max_items.map_or(usize::MAX, whole));
        let is_simple = facts.parts.len() == 1 && evaluates_plainly(facts);
        let unevaluated = schema.unevaluated_items.filter(|_| is_simple);
        let more = schema.items.or(unevaluated);
        if more.is_some_and(is_false) {
            most = most.min(schema.prefix_items.len());
        } else {
            items.extend(more);
        }
    }
    let items = (!items.is_empty()).then(|| Place::of_all(schemas, &items));
    prefix.truncate(most);
    if prefix.is_empty() {
        return What::List(items);
    }
    let required = least.min(prefix.len());
    What::Tuple(Sequence {
        required,
        rest: (most > prefix.len()).then_some(items),
        items: prefix
            .iter()
            .map(|ids| Place::of_all(schemas, ids))
            .collect(),
    })
}

/// The type of a list of constants.
fn constants(values: &[&Value], open: bool, reason: Reason) -> Form {
    let near = |what| Form::near(what, reason);
    let is_scalar = |value: &&Value| !value.is_array() && !value.is_object();
    match values {
        [] => Form::json(Reason::NoValue),
        [Value::Null] => near(What::Null),
        [Value::Bool(_), Value::Bool(_)] => near(What::Boolean),
        _ if values.iter().all(is_scalar) => near(What::Literals {
            values: values
                .iter()
                .map(|value| Literal {
                    value: (*value).clone(),
                    said_by: None,
                })
                .collect(),
            open: open && values.iter().all(|value| value.is_string()),
        }),
        _ => Form::json(Reason::Constants),
    }
}

/// The target of the one `$ref` of a place, if the schemas beside it only exclude values of its type.
fn narrowed_reference(known: &Known<'_>, place: &Place, facts: &Facts<'_>) -> Option<SchemaId> {
    let [target] = facts.references.as_slice() else {
        return None;
    };
    let of_target = Facts::of(known, &Place::of(*target))?;
    let inside: BTreeSet<SchemaId> = of_target.parts.iter().map(|(id, _)| *id).collect();
    if of_target.kinds.and(place.kinds) != facts.kinds {
        return None;
    }
    let declared: BTreeSet<&str> = choice::all_properties(known, *target);
    let only_narrows = facts.parts.iter().all(|(id, schema)| {
        inside.contains(id)
            || schema.constant.is_none()
                && schema.enumeration.is_none()
                && schema.prefix_items.is_empty()
                && schema.items.is_none()
                && schema.pattern_properties.is_empty()
                && schema
                    .additional_properties
                    .is_none_or(|more| known.schemas[more].boolean.is_some())
                && (schema.properties.iter()).all(|(name, _)| declared.contains(name.as_str()))
    });
    let unions_outside = facts.unions.iter().filter(|id| !inside.contains(id));
    let narrows = unions_outside.into_iter().all(|id| {
        combine::branches(&known.schemas[*id])
            .iter()
            .all(|branch| choice::only_narrows(known, *branch, of_target.kinds, &declared))
    });
    (only_narrows && narrows).then_some(*target)
}

/// Why the type of a place does not say it all.
fn reason(known: &Known<'_>, place: &Place, facts: &Facts<'_>) -> Reason {
    for (_, schema) in &facts.parts {
        if let Some(reason) = combine::beyond(known.schemas, schema) {
            return reason;
        }
    }
    let Some(first) = place.first() else {
        return Reason::AnyValue;
    };
    let schema = &known.schemas[first];
    if place.parts.len() > 1 || !schema.all_of.is_empty() {
        return Reason::AllOf;
    }
    if schema.reference.is_some() {
        return Reason::ReferenceBeside;
    }
    if !facts.unions.is_empty() {
        return if combine::is_union_alone(schema) {
            Reason::Overlapping
        } else {
            Reason::UnionBeside
        };
    }
    let mut strings = BTreeSet::new();
    let mut values = schema.enumeration.iter().flatten();
    if values.any(|value| value.is_string() && !strings.insert(value.as_str())) {
        return Reason::Repeated;
    }
    if schema.constant.is_some() || schema.enumeration.is_some() {
        return Reason::Values;
    }
    if !schema.prefix_items.is_empty() {
        return Reason::Tuple;
    }
    match schema.types {
        None => Reason::NoType,
        Some(_) => Reason::SeveralKinds,
    }
}
