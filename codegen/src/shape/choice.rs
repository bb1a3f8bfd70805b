//! Unions that no tag tells apart: which variants they have, and what selects one.

use super::combine;
use super::facts::{Facts, Known, Part, Place};
use super::form::{Form, Literal, What};
use super::guards::{self, Guard};
use super::kinds::Kinds;
use super::reason::Reason;
use super::variant_names::{constant_name, kind_name, names};
use handfast_schema::{Schema, SchemaId, number::equal};
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

/// How deep unions in unions are taken apart.
const MAX_DEPTH: u32 = 8;

/// An `enum` with more values than this is a variant with a type of its own.
const MAX_CONSTANTS: usize = 64;

/// Several unions that all hold are not multiplied out to more variants than these.
const MAX_COMBINATIONS: usize = 64;

/// More properties than this are not repeated in the variants of a union.
const MAX_REPEATED: usize = 512;

/// An enum whose variants have no common tag.
pub(super) struct Choice {
    pub(super) variants: Vec<Variant>,
    /// How the branches of the schema decide, where the variants are its branches and may overlap.
    pub(super) overlap: Option<Overlap>,
}

/// How many branches have to accept a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlap {
    /// At least one: `anyOf`.
    Any,
    /// Exactly one: `oneOf`.
    One,
}

pub(super) struct Variant {
    /// Words for its name, the best first.
    pub(super) names: Vec<String>,
    pub(super) content: Content,
    /// The kinds of values that may be meant for it.
    pub(super) kinds: Kinds,
    /// What its objects have.
    pub(super) guards: Vec<Guard>,
    /// The schema of the branch, where that has to be asked.
    pub(super) branch: Option<SchemaId>,
}

pub(super) enum Content {
    Place(Place),
    Constant(Literal),
    Plain(What),
}

/// Every property that a schema declares, its branches included.
pub(super) fn all_properties<'s>(known: &Known<'s>, id: SchemaId) -> BTreeSet<&'s str> {
    let mut names = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![id];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) || seen.len() > MAX_REPEATED {
            continue;
        }
        let schema = &known.schemas[id];
        names.extend(schema.properties.iter().map(|(name, _)| name.as_str()));
        waiting.extend(schema.reference);
        for all in [&schema.all_of, &schema.any_of, &schema.one_of] {
            waiting.extend(all.iter().copied());
        }
    }
    names
}

/// Whether a schema only excludes values of a type: it adds no property, and no kind of value is left out.
pub(super) fn only_narrows(
    known: &Known<'_>,
    id: SchemaId,
    kinds: Kinds,
    declared: &BTreeSet<&str>,
) -> bool {
    if known.schemas[id].boolean == Some(true) {
        return true;
    }
    let Some(facts) = Facts::of(known, &Place::of(id)) else {
        return false;
    };
    let adds = all_properties(known, id);
    facts.kinds.contains(kinds)
        && adds.iter().all(|name| declared.contains(name))
        && facts.parts.iter().all(|(_, schema)| {
            schema.constant.is_none()
                && schema.enumeration.is_none()
                && schema.items.is_none()
                && schema.prefix_items.is_empty()
                && schema.pattern_properties.is_empty()
                && schema
                    .additional_properties
                    .is_none_or(|more| known.schemas[more].boolean.is_some())
        })
}

/// The type of a place with a union that says of what type a value is.
pub(super) fn of_union(
    known: &Known<'_>,
    place: &Place,
    facts: &Facts<'_>,
    reason: Reason,
) -> Option<Form> {
    let own_kinds = facts.own_kinds(place);
    let declared: BTreeSet<&str> = facts.properties().iter().map(|(name, _)| *name).collect();
    let mut owners = facts.unions.iter().copied().filter(|id| {
        let branches = combine::branches(&known.schemas[*id]);
        !branches
            .iter()
            .all(|branch| only_narrows(known, *branch, own_kinds, &declared))
    });
    let owner = owners.next()?;
    // Each variant is of another union as well.
    let more: Vec<SchemaId> = owners.filter(|id| *id != owner).collect();
    let combinations = more.iter().fold(1_usize, |all, id| {
        all.saturating_mul(combine::branches(&known.schemas[*id]).len())
    });
    let branches = combine::branches(&known.schemas[owner]);
    let leaves = leaves(known, branches);
    let base: Vec<Part> = facts
        .parts
        .iter()
        .filter(|(_, schema)| has_shape(schema))
        .map(|(id, _)| Part::Own(*id))
        .collect();
    if !base.is_empty() && declared.len() * leaves.len() > MAX_REPEATED {
        return None;
    }
    let is_plain = place.single() == Some(owner)
        && combine::is_union_alone(&known.schemas[owner])
        && combine::beyond(known.schemas, &known.schemas[owner]).is_none()
        && base.is_empty();
    let is_null = |leaf: &SchemaId| known.kinds(*leaf) == Kinds::NULL;
    let others = facts.kinds.less(Kinds::NULL);
    if facts.kinds.meets(Kinds::NULL) && leaves.iter().any(is_null) && !others.is_empty() {
        return Some(Form {
            what: What::Nullable(place.only(others)),
            beside: (!is_plain).then_some(reason),
        });
    }
    let overlap = match known.schemas[owner].one_of.is_empty() {
        true => Overlap::Any,
        false => Overlap::One,
    };
    let overlap = (is_plain && leaves == branches).then_some(overlap);
    let places = leaves.iter().map(|leaf| {
        let mut parts = vec![Part::Whole(*leaf)];
        parts.extend(base.iter().filter(|part| part.id() != *leaf));
        if combinations.saturating_mul(leaves.len()) <= MAX_COMBINATIONS {
            parts.extend(more.iter().map(|id| Part::Whole(*id)));
        }
        let kinds = facts.kinds;
        let place = Place {
            parts,
            kinds: if is_plain { place.kinds } else { kinds },
            either: Vec::new(),
        };
        (*leaf, place)
    });
    alternatives(known, places.collect(), (is_plain, overlap), reason)
}

/// The type of a place where one of several schemas holds, or, in an open one, none.
pub(super) fn of_either(known: &Known<'_>, either: &[SchemaId], is_open: bool) -> Form {
    let reason = Reason::PatternProperties;
    let places = either.iter().map(|id| (*id, Place::of(*id))).collect();
    if !is_open {
        let form = alternatives(known, places, (false, None), reason);
        return form.unwrap_or(Form::near(What::Json(Reason::NamesOnly), reason));
    }
    let Some(mut found) = variants(known, places) else {
        return Form::near(What::Json(Reason::TooManyParts), reason);
    };
    if found.all.is_empty() {
        return Form::near(What::Json(Reason::AnyValue), reason);
    }
    if let [only] = found.all.as_mut_slice() {
        only.names = vec!["Value".to_owned()];
    }
    found.all.push(Variant {
        names: vec!["Other".to_owned()],
        content: Content::Plain(What::Json(Reason::AnyValue)),
        kinds: Kinds::ALL,
        guards: Vec::new(),
        branch: None,
    });
    let variants = found.all;
    Form::near(What::Choice(Choice::apart(variants)), reason)
}

/// A branch, with what is known of it.
struct Leaf<'s> {
    id: SchemaId,
    place: Place,
    facts: Rc<Facts<'s>>,
}

/// The variants of several branches.
struct Variants<'s> {
    all: Vec<Variant>,
    /// What is known of the branch of each.
    facts: Vec<Rc<Facts<'s>>>,
    /// Whether each branch is a variant as it is.
    are_branches: bool,
}

fn variants<'s>(known: &Known<'s>, places: Vec<(SchemaId, Place)>) -> Option<Variants<'s>> {
    let mut leaves: Vec<Leaf<'_>> = Vec::new();
    for (id, place) in places {
        let facts = Rc::new(Facts::of(known, &place)?);
        if !facts.kinds.is_empty() {
            leaves.push(Leaf { id, place, facts });
        }
    }
    let merged = merged(&leaves);
    let mut found = Variants {
        all: Vec::new(),
        facts: Vec::new(),
        are_branches: merged.is_empty(),
    };
    let mut constants: Vec<&Value> = Vec::new();
    for leaf in &leaves {
        let mut own = Vec::new();
        let shared = merged
            .iter()
            .find(|(kinds, _)| kinds.contains(leaf.facts.kinds));
        if let Some((kinds, what)) = shared {
            if !found.all.iter().any(|variant| variant.kinds == *kinds) {
                own.push(Variant::plain(*kinds, what.again()));
            }
        } else if let Some(values) = inline_constants(known, leaf) {
            found.are_branches &= leaf.facts.is_only_values();
            for value in values {
                if constants.iter().any(|known| equal(known, value)) {
                    found.are_branches = false;
                } else {
                    constants.push(value);
                    own.push(Variant::constant(leaf.id, value));
                }
            }
        } else {
            own.push(Variant {
                names: names(known, leaf.id, leaf.facts.kinds),
                content: Content::Place(leaf.place.clone()),
                kinds: leaf.facts.kinds,
                guards: Vec::new(),
                branch: Some(leaf.id),
            });
        }
        for variant in own {
            found.all.push(variant);
            found.facts.push(Rc::clone(&leaf.facts));
        }
    }
    Some(found)
}

fn alternatives(
    known: &Known<'_>,
    places: Vec<(SchemaId, Place)>,
    (is_plain, overlap): (bool, Option<Overlap>),
    reason: Reason,
) -> Option<Form> {
    let Variants {
        mut all,
        facts,
        are_branches,
    } = variants(known, places)?;
    let mut is_exact = is_plain && are_branches;
    let has_content: Vec<bool> = all
        .iter()
        .map(|variant| matches!(variant.content, Content::Place(_)))
        .collect();
    let mut overlap = overlap.filter(|_| are_branches);
    match guards::guards(known, &facts, &has_content) {
        Some(guards) => {
            overlap = None;
            for (variant, guards) in all.iter_mut().zip(guards) {
                variant.guards = guards;
                variant.branch = None;
            }
        }
        None => is_exact = false,
    }
    one_type(all, (is_exact, overlap), reason)
}

/// The type of the variants: their enum, or what one variant, or constants alone, are without one.
fn one_type(
    mut variants: Vec<Variant>,
    (is_exact, overlap): (bool, Option<Overlap>),
    reason: Reason,
) -> Option<Form> {
    let is_constant = |variant: &Variant| matches!(variant.content, Content::Constant(_));
    if variants.iter().all(is_constant) {
        let values = variants.into_iter().filter_map(|one| match one.content {
            Content::Constant(value) => Some(value),
            _ => None,
        });
        let values: Vec<Literal> = values.collect();
        let open = false;
        let reason = match reason {
            Reason::Overlapping => Reason::Alternatives,
            other => other,
        };
        return (!values.is_empty()).then(|| Form::near(What::Literals { values, open }, reason));
    }
    if variants.len() > 1 {
        return Some(Form {
            what: What::Choice(Choice { variants, overlap }),
            beside: (!is_exact).then_some(reason),
        });
    }
    let what = match variants.pop()?.content {
        Content::Place(place) => What::Same(place),
        Content::Plain(what) => what,
        Content::Constant(_) => return None,
    };
    Some(Form::near(what, reason))
}

impl Choice {
    /// A choice whose variants do not overlap, or are not the branches of a schema.
    const fn apart(variants: Vec<Variant>) -> Self {
        let overlap = None;
        Self { variants, overlap }
    }
}

impl Variant {
    fn plain(kinds: Kinds, what: What) -> Self {
        Self {
            names: vec![kind_name(kinds).to_owned()],
            content: Content::Plain(what),
            kinds,
            guards: Vec::new(),
            branch: None,
        }
    }

    fn constant(leaf: SchemaId, value: &Value) -> Self {
        Self {
            names: vec![constant_name(value)],
            kinds: Kinds::of_value(value),
            content: Content::Constant(Literal {
                value: value.clone(),
                said_by: Some(leaf),
            }),
            guards: Vec::new(),
            branch: None,
        }
    }
}

/// The values of a branch that become variants of the union itself: scalars without a name of their own.
fn inline_constants<'s>(known: &Known<'_>, leaf: &Leaf<'s>) -> Option<Vec<&'s Value>> {
    let (values, open) = leaf.facts.values()?;
    let scalar = values
        .iter()
        .all(|value| !value.is_array() && !value.is_object());
    let is_named = known.schemas[leaf.id].reference.is_some();
    (scalar && !open && !is_named && values.len() <= MAX_CONSTANTS).then_some(values)
}

/// The kinds of scalars that several branches allow, not all as constants: they share a variant.
fn merged(leaves: &[Leaf<'_>]) -> Vec<(Kinds, What)> {
    let mut out = Vec::new();
    for kind in [Kinds::STRING, Kinds::NUMBER, Kinds::BOOLEAN] {
        let mut of_kind = leaves.iter().filter(|leaf| kind.contains(leaf.facts.kinds));
        let all: Vec<&Leaf<'_>> = of_kind.by_ref().collect();
        let is_list = all.iter().all(|leaf| leaf.facts.values().is_some());
        if all.len() < 2 || is_list && kind != Kinds::BOOLEAN {
            continue;
        }
        let is_whole = all.iter().all(|leaf| leaf.facts.kinds == Kinds::INTEGER);
        out.push(match kind {
            Kinds::STRING => (kind, What::Text),
            Kinds::NUMBER if is_whole => (kind, What::AnyInteger),
            Kinds::NUMBER => (kind, What::Number),
            _ => (kind, What::Boolean),
        });
    }
    out
}

/// The branches of a union, those of unions in it included.
fn leaves(known: &Known<'_>, branches: &[SchemaId]) -> Vec<SchemaId> {
    let mut out = Vec::new();
    let mut waiting: Vec<(SchemaId, u32)> =
        branches.iter().rev().map(|id| (*id, MAX_DEPTH)).collect();
    while let Some((id, depth)) = waiting.pop() {
        let schema = &known.schemas[id];
        let is_union = !schema.one_of.is_empty() || !schema.any_of.is_empty();
        let is_alone = is_union
            && schema.types.is_none()
            && combine::is_union_alone(schema)
            && combine::beyond(known.schemas, schema).is_none()
            && schema.reference.is_none();
        match depth.checked_sub(1) {
            Some(depth) if is_alone => {
                waiting.extend(
                    combine::branches(schema)
                        .iter()
                        .rev()
                        .map(|id| (*id, depth)),
                );
            }
            _ if !out.contains(&id) => out.push(id),
            _ => {}
        }
    }
    out
}

/// Whether a schema's own keywords say of what type a value is.
fn has_shape(schema: &Schema) -> bool {
    !schema.properties.is_empty()
        || !schema.pattern_properties.is_empty()
        || schema.additional_properties.is_some()
        || !schema.required.is_empty()
        || schema.items.is_some()
        || !schema.prefix_items.is_empty()
        || schema.constant.is_some()
        || schema.enumeration.is_some()
}

/// A choice between kinds of values. With `others`, values of all other kinds are valid as well.
pub(super) fn of_kinds(
    place: &Place,
    kinds: Kinds,
    others: bool,
    is_exact: bool,
    reason: Reason,
) -> Form {
    let mut variants: Vec<Variant> = Kinds::EACH
        .into_iter()
        .map(|kind| kind.and(kinds))
        .filter(|kind| !kind.is_empty())
        .map(|kind| Variant {
            names: vec![kind_name(kind).to_owned()],
            content: match kind {
                Kinds::NULL => Content::Constant(Literal {
                    value: Value::Null,
                    said_by: None,
                }),
                _ => Content::Place(place.only(kind)),
            },
            kinds: kind,
            guards: Vec::new(),
            branch: None,
        })
        .collect();
    if others {
        variants.push(Variant {
            names: vec!["Other".to_owned()],
            content: Content::Plain(What::Json(Reason::AnyValue)),
            kinds: Kinds::ALL.less(kinds),
            guards: Vec::new(),
            branch: None,
        });
    }
    Form {
        what: What::Choice(Choice::apart(variants)),
        beside: (!is_exact).then_some(reason),
    }
}
