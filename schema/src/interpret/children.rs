//! Keywords that apply to the children of an object or an array.

use super::{Out, Prepared, Run, Seen, Step};
use crate::openness::Purpose;
use crate::{Schema, SchemaId, details};
use serde_json::{Map, Value};

/// An object and the schema applied to it.
pub(super) struct Object<'v, 'i> {
    pub(super) schema: &'v Schema,
    pub(super) prepared: &'v Prepared,
    pub(super) fields: &'i Map<String, Value>,
    /// Whether unknown fields are refused by default.
    pub(super) additional: bool,
}

impl<'v> Run<'v> {
    pub(super) fn properties<'i>(
        &mut self,
        object: &Object<'v, 'i>,
        purpose: Purpose,
        mut seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        let Object {
            schema,
            prepared,
            fields,
            ..
        } = object;
        if schema.additional_properties.is_some()
            && let Some(seen) = &mut seen
        {
            seen.all_properties = true;
        }
        for (name, id) in &schema.properties {
            // The key is borrowed from the instance, whose lifetime `seen` has.
            if let Some((key, value)) = fields.get_key_value(name) {
                self.property(object, key, value, Some(*id), purpose, &mut seen, out);
            }
        }
        let looks_at_others = object.additional
            || schema.additional_properties.is_some()
            || schema.property_names.is_some()
            || !schema.pattern_properties.is_empty();
        if looks_at_others {
            let mut others: Vec<(&String, &Value)> = fields
                .iter()
                .filter(|(key, _)| !prepared.properties.contains_key(*key))
                .collect();
            others.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in others {
                self.property(object, key, value, None, purpose, &mut seen, out);
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one property is what two loops have in common"
    )]
    fn property<'i>(
        &mut self,
        object: &Object<'v, 'i>,
        key: &'i str,
        value: &'i Value,
        declared: Option<SchemaId>,
        purpose: Purpose,
        seen: &mut Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        let Object {
            schema,
            prepared,
            additional,
            ..
        } = object;
        if out.decided() {
            return;
        }
        let start = out.list.len();
        if let Some(names) = schema.property_names {
            let name = Value::from(key);
            let accepted = self.accepts_child(names, &name, Purpose::Test);
            out.check(accepted, details::property_name);
        }
        out.under(start, Step::Key(key));
        let mut known = false;
        if let Some(id) = declared {
            known = true;
            self.child(id, Step::Key(key), value, purpose.child(), out);
        }
        for (regex, id) in &prepared.pattern_properties {
            if regex.as_ref().is_some_and(|regex| regex.is_match(key)) {
                known = true;
                self.child(*id, Step::Key(key), value, purpose.child(), out);
            }
        }
        if known {
            if let Some(seen) = seen {
                seen.properties.insert(key);
            }
        } else if let Some(id) = schema.additional_properties {
            if self.validator.schemas[id].boolean == Some(false) {
                refuse_property("additionalProperties", key, out);
            } else {
                self.child(id, Step::Key(key), value, purpose.child(), out);
            }
        } else if *additional {
            refuse_property("additionalProperties", key, out);
        }
    }

    pub(super) fn items<'i>(
        &mut self,
        schema: &'v Schema,
        items: &'i [Value],
        purpose: Purpose,
        seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        let prefix = schema.prefix_items.len();
        for (index, (item, id)) in items.iter().zip(&schema.prefix_items).enumerate() {
            self.child(*id, Step::Index(index), item, purpose.child(), out);
        }
        if let Some(id) = schema.items {
            let refused = self.validator.schemas[id].boolean == Some(false);
            for (index, item) in items.iter().enumerate().skip(prefix) {
                if out.decided() {
                    break;
                }
                if refused {
                    refuse_item("items", index, out);
                } else {
                    self.child(id, Step::Index(index), item, purpose.child(), out);
                }
            }
        }
        if let Some(seen) = seen {
            seen.items.extend(0..prefix.min(items.len()));
            seen.all_items |= schema.items.is_some();
        }
    }

    pub(super) fn contains<'i>(
        &mut self,
        schema: &'v Schema,
        items: &'i [Value],
        mut seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        let Some(id) = schema.contains else { return };
        let mut n = 0;
        for (index, item) in items.iter().enumerate() {
            if self.accepts_child(id, item, Purpose::Test) {
                n += 1;
                if let Some(seen) = &mut seen {
                    seen.items.insert(index);
                }
            }
        }
        let min = schema.min_contains.unwrap_or(1);
        out.check(n >= min, || details::contains(schema.min_contains));
        if let Some(max) = schema.max_contains {
            out.check(n <= max, || details::max_contains(max));
        }
    }

    /// Applies `unevaluated…` to the children not evaluated so far. `closed` stands for `unevaluatedProperties:
    /// false`.
    pub(super) fn unevaluated<'i>(
        &mut self,
        schema: &'v Schema,
        value: &'i Value,
        closed: bool,
        purpose: Purpose,
        seen: &mut Seen<'i>,
        out: &mut Out,
    ) {
        if let (Value::Array(items), Some(id)) = (value, schema.unevaluated_items) {
            if !seen.all_items {
                let refused = self.validator.schemas[id].boolean == Some(false);
                for (index, item) in items.iter().enumerate() {
                    if seen.items.contains(&index) {
                        continue;
                    }
                    if refused {
                        refuse_item("unevaluatedItems", index, out);
                    } else {
                        self.child(id, Step::Index(index), item, purpose.child(), out);
                    }
                }
            }
            seen.all_items = true;
        }
        if let Value::Object(fields) = value
            && (closed || schema.unevaluated_properties.is_some())
        {
            if !seen.all_properties {
                let mut others: Vec<(&String, &Value)> = fields
                    .iter()
                    .filter(|(key, _)| !seen.properties.contains(key.as_str()))
                    .collect();
                others.sort_unstable_by_key(|(key, _)| *key);
                for (key, value) in others {
                    match schema.unevaluated_properties {
                        Some(id) if self.validator.schemas[id].boolean != Some(false) => {
                            self.child(id, Step::Key(key), value, purpose.child(), out);
                        }
                        _ => refuse_property("unevaluatedProperties", key, out),
                    }
                }
            }
            seen.all_properties = true;
        }
    }
}

fn refuse_property(keyword: &'static str, key: &str, out: &mut Out) {
    let start = out.list.len();
    out.push(|| details::unknown_property(keyword));
    out.under(start, Step::Key(key));
}

fn refuse_item(keyword: &'static str, index: usize, out: &mut Out) {
    let start = out.list.len();
    out.push(|| details::unknown_item(keyword));
    out.under(start, Step::Index(index));
}
