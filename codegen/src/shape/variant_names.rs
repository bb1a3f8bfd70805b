//! Words for the variants of unions that no tag tells apart.

use super::facts::{Facts, Known, Place};
use super::kinds::Kinds;
use handfast_schema::{SchemaId, union};
use serde_json::Value;

/// A longer text than this names no variant.
const MAX_WORDS: usize = 40;

/// Words for the variant of a branch: its title, the name of its type, its tag, and its kind.
pub(super) fn names(known: &Known<'_>, id: SchemaId, kinds: Kinds) -> Vec<String> {
    let mut out = Vec::new();
    // What it has in common with others does not name it.
    let own = Facts::of(known, &Place::of(id));
    let schema = &known.schemas[id];
    let target = union::resolve(known.schemas, id);
    for id in [id, target] {
        let annotations = &known.schemas[id].annotations;
        let title = annotations.rust.as_ref().or(annotations.title.as_ref());
        let is_short = |title: &&String| (1..=MAX_WORDS).contains(&title.trim().len());
        out.extend(title.filter(is_short).cloned());
    }
    if let Some(reference) = schema.reference {
        out.extend(known.name(reference));
    }
    if let Some(facts) = own.filter(|own| own.kinds.and(kinds) == Kinds::OBJECT) {
        let required = facts.required();
        let properties = facts.properties();
        let tags = properties.iter().filter_map(|(name, ids)| {
            let place = Place::of_all(known.schemas, ids);
            let facts = Facts::of(known, &place)?;
            let (values, open) = facts.values()?;
            let values: Vec<String> = values.into_iter().map(constant_name).collect();
            let words = values.join(" or ");
            let is_tag = required.contains(name) && !open && !values.is_empty();
            (is_tag && words.len() <= MAX_WORDS).then_some((words, values.len() == 1))
        });
        let (single, several): (Vec<_>, Vec<_>) = tags.partition(|(_, is_single)| *is_single);
        let tags = |all: Vec<(String, bool)>| all.into_iter().map(|(words, _)| words);
        let single: Vec<String> = tags(single).collect();
        out.extend(single.first().cloned());
        let all = single.join(" ");
        out.extend((single.len() > 1 && all.len() <= MAX_WORDS).then_some(all));
        out.extend(tags(several).next());
        if let [one] = required.iter().copied().collect::<Vec<_>>().as_slice() {
            out.push((*one).to_owned());
        }
    }
    let others = kinds.less(Kinds::NULL);
    out.push(kind_name(if others.is_empty() { kinds } else { others }).to_owned());
    out
}

/// The name of a variant for values of one kind.
pub(super) fn kind_name(kinds: Kinds) -> &'static str {
    match kinds {
        Kinds::NULL => "Null",
        Kinds::BOOLEAN => "Boolean",
        Kinds::INTEGER => "Integer",
        Kinds::NUMBER => "Number",
        Kinds::STRING => "String",
        Kinds::ARRAY => "List",
        Kinds::OBJECT => "Object",
        _ => "Value",
    }
}

/// The words for a constant.
pub(super) fn constant_name(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
