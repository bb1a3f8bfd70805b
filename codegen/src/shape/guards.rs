//! Proves that no value fits two branches of a union, by the first token of a value or by the members of an object.

use super::facts::{Facts, Known, Place};
use super::kinds::Kinds;
use handfast_schema::number::equal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A union with more branches than this is not looked at: every pair is compared.
const MAX_BRANCHES: usize = 64;

/// What every object of a branch has, and no object of another branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// There is a property with this name.
    Has(String),
    /// There is none.
    Lacks(String),
    /// The property has one of these values.
    Value(String, Vec<Value>),
}

/// What is certain of the objects of a branch.
struct Objects<'s, 'f> {
    facts: &'f Facts<'s>,
    required: BTreeSet<&'s str>,
    /// The values of the required properties with a `const` or an `enum`.
    constants: BTreeMap<&'s str, Vec<&'s Value>>,
}

impl<'s, 'f> Objects<'s, 'f> {
    fn of(known: &Known<'s>, facts: &'f Facts<'s>) -> Self {
        let required = facts.required();
        let constants = facts.properties().into_iter().filter_map(|(name, ids)| {
            let values = required
                .contains(name)
                .then(|| Facts::of(known, &Place::of_all(known.schemas, &ids))?.values())??;
            let are_plain = values.0.iter().all(|value| is_plain(value));
            (are_plain && !values.1 && !values.0.is_empty()).then_some((name, values.0))
        });
        Self {
            facts,
            constants: constants.collect(),
            required,
        }
    }
}

/// Whether a constant has one spelling: `1` and `1.0` are the same number.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.is_i64(),
        Value::Array(_) | Value::Object(_) => false,
        _ => true,
    }
}

/// The guards of each branch, or `None` if some value may fit two branches. `has_content` is false for branches that are constants,
/// which are all different.
pub(super) fn guards<'s>(
    known: &Known<'s>,
    branches: &[Rc<Facts<'s>>],
    has_content: &[bool],
) -> Option<Vec<Vec<Guard>>> {
    if branches.len() > MAX_BRANCHES {
        return None;
    }
    let objects: Vec<Objects<'_, '_>> = branches
        .iter()
        .map(|facts| Objects::of(known, facts))
        .collect();
    let mut guards: Vec<Vec<Guard>> = vec![Vec::new(); branches.len()];
    for (i, one) in objects.iter().enumerate() {
        for (j, other) in objects.iter().enumerate().skip(i + 1) {
            let both = one.facts.kinds.and(other.facts.kinds);
            let are_constants = !has_content[i] && !has_content[j];
            if both.is_empty() || are_constants {
                continue;
            }
            if !Kinds::OBJECT.contains(both) {
                return None;
            }
            let (left, right) = apart(one, other)?;
            for (branch, guard) in [(i, left), (j, right)] {
                if !guards[branch].contains(&guard) {
                    guards[branch].push(guard);
                }
            }
        }
    }
    Some(guards)
}

/// Two guards that never hold together.
fn apart(one: &Objects<'_, '_>, other: &Objects<'_, '_>) -> Option<(Guard, Guard)> {
    let owned = |values: &[&Value]| values.iter().map(|value| (*value).clone()).collect();
    for (name, values) in &one.constants {
        let Some(others) = other.constants.get(name) else {
            continue;
        };
        let meets = |value: &&Value| others.iter().any(|other| equal(other, value));
        if !values.iter().any(meets) {
            let guard = |values| Guard::Value((*name).to_owned(), owned(values));
            return Some((guard(values), guard(others)));
        }
    }
    let has_alone = |one: &Objects<'_, '_>, other: &Objects<'_, '_>| {
        let mut names = one.required.iter();
        names
            .find(|name| other.facts.forbids(name))
            .map(|name| (*name).to_owned())
    };
    if let Some(name) = has_alone(one, other) {
        return Some((Guard::Has(name.clone()), Guard::Lacks(name)));
    }
    let name = has_alone(other, one)?;
    Some((Guard::Lacks(name.clone()), Guard::Has(name)))
}
