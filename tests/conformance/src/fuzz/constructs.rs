//! Counts the constructs that schemas are made of: a construct that the grammar never produces is not tested.

use super::schemas::{KEYWORDS, SLOW};
use super::usual::BEYOND;
use crate::values::has_string;
use handfast_testing::random::Rng;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Two keywords in one schema; the same one twice is that keyword alone.
pub(super) type Pair = (&'static str, &'static str);

/// The keywords of one schema.
type Keywords = Map<String, Value>;

/// The constructs, besides keywords.
type Construct = (&'static str, fn(&Keywords) -> bool);

const CONSTRUCTS: &[Construct] = &[
    ("a schema that says nothing", Map::is_empty),
    ("annotations alone", |all| {
        !all.is_empty() && all.keys().all(|key| ANNOTATIONS.contains(&key.as_str()))
    }),
    ("items of a bare `object`", |all| {
        is_bare(all, "items", "object")
    }),
    ("items of a bare `array`", |all| {
        is_bare(all, "items", "array")
    }),
    ("a property of a bare `object`", |all| {
        values(all, "properties").any(|one| is_type(one, "object"))
    }),
    ("properties beside `additionalProperties: {}`", |all| {
        all.contains_key("properties") && all.get("additionalProperties").is_some_and(says_nothing)
    }),
    (
        "properties beside `additionalProperties: {description}`",
        |all| {
            let more = all.get("additionalProperties").and_then(Value::as_object);
            all.contains_key("properties")
                && more.is_some_and(|more| more.contains_key("description"))
        },
    ),
    ("parts of `allOf` that describe the same property", |all| {
        let mut seen: Vec<&String> = Vec::new();
        let parts = list(all, "allOf").filter_map(|part| part.get("properties")?.as_object());
        parts.flat_map(Map::keys).any(|key| {
            let is_twice = seen.contains(&key);
            seen.push(key);
            is_twice
        })
    }),
    (
        "`oneOf` of objects without a common required property",
        |all| {
            let parts: Vec<&Value> = list(all, "oneOf").collect();
            let is_loose = |part: &&Value| {
                is_type_of(part, "object")
                    && part.get("properties").is_some()
                    && part.get("required").is_none()
            };
            parts.len() > 1 && parts.iter().all(is_loose)
        },
    ),
    ("`uniqueItems` of objects", |all| {
        all.contains_key("uniqueItems")
            && all
                .get("items")
                .is_some_and(|items| is_type_of(items, "object"))
    }),
    ("a union that contains itself", |all| {
        all.get("anyOf")
            .or(all.get("oneOf"))
            .is_some_and(|parts| has_string(parts, &|text| text.ends_with("/node")))
    }),
    ("a tagged union", |all| !branches(all).is_empty()),
    ("a branch that requires what it does not declare", |all| {
        branches(all).iter().any(|branch| {
            let declared = branch.get("properties").and_then(Value::as_object);
            list(branch, "required")
                .filter_map(Value::as_str)
                .any(|name| declared.is_some_and(|all| !all.contains_key(name)))
        })
    }),
    ("a pattern that backtracking makes slow", |all| {
        all.get("pattern")
            .and_then(Value::as_str)
            .is_some_and(|pattern| SLOW.contains(&pattern))
    }),
    ("a name of generated code as a property", |all| {
        let all = all.get("properties").and_then(Value::as_object);
        all.is_some_and(|all| all.contains_key("strict") || all.contains_key("value"))
    }),
    ("a property outside of ASCII", |all| {
        let all = all.get("properties").and_then(Value::as_object);
        all.is_some_and(|all| all.contains_key("Größe"))
    }),
    ("a property beside one that differs by `_`", |all| {
        let all = all.get("properties").and_then(Value::as_object);
        all.is_some_and(|all| all.contains_key("_a") && all.contains_key("a"))
    }),
    ("`$dynamicRef`", |all| all.contains_key("$dynamicRef")),
];

/// Constructs that only foreign schemas may have.
const FOREIGN: &[Construct] = &[
    ("an `enum` of nothing", |all| {
        all.get("enum")
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty)
    }),
    ("an annotation of the wrong kind", |all| {
        all.get("deprecated").is_some_and(Value::is_string)
            || all.get("examples").is_some_and(Value::is_string)
            || all.get("description").is_some_and(Value::is_null)
    }),
];

const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
];

/// The constructs that a run has produced.
#[derive(Default)]
pub(super) struct Produced {
    pairs: BTreeMap<Pair, usize>,
    constructs: BTreeMap<&'static str, usize>,
    /// The keywords of branches of tagged unions, besides their properties.
    beyond: BTreeMap<&'static str, usize>,
}

impl Produced {
    /// Counts the constructs of a schema and its subschemas.
    pub(super) fn count(&mut self, schema: &Value) {
        let Some(keywords) = schema.as_object() else {
            return;
        };
        for (name, is) in CONSTRUCTS.iter().chain(FOREIGN) {
            *self.constructs.entry(name).or_default() += usize::from(is(keywords));
        }
        for name in BEYOND {
            let is_there = branches(keywords)
                .iter()
                .any(|branch| branch.contains_key(name));
            *self.beyond.entry(name).or_default() += usize::from(is_there);
        }
        let known = KEYWORDS.iter().map(|(name, _)| *name);
        let present: Vec<&'static str> =
            known.filter(|name| keywords.contains_key(*name)).collect();
        if let [alone] = present[..] {
            *self.pairs.entry((alone, alone)).or_default() += 1;
        }
        for (i, one) in present.iter().enumerate() {
            for other in &present[i + 1..] {
                *self.pairs.entry((one, other)).or_default() += 1;
            }
        }
        for (key, value) in keywords {
            match (key.as_str(), value) {
                (
                    "properties" | "patternProperties" | "dependentSchemas" | "$defs",
                    Value::Object(all),
                ) => {
                    all.values().for_each(|one| self.count(one));
                }
                ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                    all.iter().for_each(|one| self.count(one));
                }
                ("const" | "enum" | "default" | "examples", _) => {}
                (_, Value::Object(_)) => self.count(value),
                _ => {}
            }
        }
    }

    /// The constructs that were never produced; with `foreign`, those of foreign schemas too.
    pub(super) fn missing(&self, foreign: bool) -> Vec<String> {
        let foreign = FOREIGN.iter().filter(|_| foreign);
        let constructs = CONSTRUCTS.iter().chain(foreign).map(|(name, _)| *name);
        let constructs =
            constructs.filter(|name| self.constructs.get(name).is_none_or(|n| *n == 0));
        let beyond = BEYOND
            .iter()
            .filter(|name| self.beyond.get(*name).is_none_or(|n| *n == 0));
        let beyond = beyond.map(|name| format!("a branch with `{name}`"));
        constructs.map(str::to_owned).chain(beyond).collect()
    }

    /// The keywords that were never produced alone, and the pairs that never were.
    pub(super) fn missing_pairs(&self) -> Vec<String> {
        let missing = pairs().into_iter();
        let missing = missing.filter(|pair| !self.pairs.contains_key(pair));
        let named = missing.map(|(one, other)| match one == other {
            true => format!("`{one}` alone"),
            false => format!("`{one}` with `{other}`"),
        });
        named.collect()
    }

    /// How often each construct was produced, and how many pairs of keywords were.
    pub(super) fn summary(&self) -> String {
        let constructs = self
            .constructs
            .iter()
            .map(|(name, n)| format!("{n} {name}"));
        let beyond = self
            .beyond
            .iter()
            .map(|(name, n)| format!("{n} a branch with `{name}`"));
        let constructs: Vec<String> = constructs.chain(beyond).collect();
        let (some, all) = (self.pairs.len(), pairs().len());
        format!(
            "{some} of {all} pairs of keywords; {}",
            constructs.join(", ")
        )
    }
}

/// Every keyword alone and every pair, in the order of the table.
fn pairs() -> Vec<Pair> {
    let names = KEYWORDS.map(|(name, _)| name);
    let of = |(i, one): (usize, &&'static str)| {
        let one = *one;
        names[i..]
            .iter()
            .map(move |other| (one, *other))
            .collect::<Vec<_>>()
    };
    names.iter().enumerate().flat_map(of).collect()
}

/// All pairs in random order.
pub(super) fn shuffled(rng: &mut Rng) -> Vec<Pair> {
    let mut pairs = pairs();
    for i in (1..pairs.len()).rev() {
        pairs.swap(i, rng.below(i + 1));
    }
    pairs
}

fn says_nothing(schema: &Value) -> bool {
    schema.as_object().is_some_and(Map::is_empty)
}

/// Whether a schema has this type, and nothing else.
fn is_type(schema: &Value, ty: &str) -> bool {
    schema.as_object().is_some_and(|all| all.len() == 1) && is_type_of(schema, ty)
}

fn is_type_of(schema: &Value, ty: &str) -> bool {
    schema.get("type").is_some_and(|one| one == ty)
}

fn is_bare(all: &Keywords, key: &str, ty: &str) -> bool {
    all.get(key).is_some_and(|one| is_type(one, ty))
}

fn values<'a>(all: &'a Keywords, key: &str) -> impl Iterator<Item = &'a Value> {
    let fields = all.get(key).and_then(Value::as_object);
    fields.into_iter().flat_map(Map::values)
}

fn list<'a>(all: &'a Keywords, key: &str) -> impl Iterator<Item = &'a Value> {
    all.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The branches of a union that are distinguished by a required property with a `const`.
fn branches(all: &Keywords) -> Vec<&Keywords> {
    let branches = list(all, "oneOf")
        .chain(list(all, "anyOf"))
        .filter_map(Value::as_object);
    branches
        .filter(|branch| {
            let tag = branch.get("properties").and_then(|all| all.get("c"));
            tag.is_some_and(|tag| tag.get("const").is_some())
                && list(branch, "required").any(|name| name == "c")
        })
        .collect()
}
