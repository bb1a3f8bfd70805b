//! What has been evaluated of a value.

use serde_json::Value;
use std::collections::BTreeSet;

/// The children of a value that have been evaluated, for `unevaluatedProperties` and `unevaluatedItems`.
#[derive(Default)]
pub(super) struct Seen<'i> {
    pub(super) all_properties: bool,
    pub(super) properties: BTreeSet<&'i str>,
    pub(super) all_items: bool,
    pub(super) items: BTreeSet<usize>,
}

impl<'i> Seen<'i> {
    pub(super) fn merge(&mut self, other: Seen<'i>) {
        self.all_properties |= other.all_properties;
        self.all_items |= other.all_items;
        self.properties.extend(other.properties);
        self.items.extend(other.items);
    }

    /// Marks everything as evaluated: where a violation was reported already, unevaluated children are not reported
    /// as well.
    pub(super) const fn everything(&mut self) {
        self.all_properties = true;
        self.all_items = true;
    }

    pub(super) fn remember(&self) -> Evaluated {
        Evaluated {
            all_properties: self.all_properties,
            properties: self.properties.iter().map(|&key| key.to_owned()).collect(),
            all_items: self.all_items,
            items: self.items.clone(),
        }
    }

    /// Adds what was evaluated of a value before.
    pub(super) fn recall(&mut self, evaluated: &Evaluated, value: &'i Value) {
        self.all_properties |= evaluated.all_properties;
        self.all_items |= evaluated.all_items;
        self.items.extend(&evaluated.items);
        if let Value::Object(fields) = value {
            let keys = evaluated
                .properties
                .iter()
                .filter_map(|key| fields.get_key_value(key));
            self.properties.extend(keys.map(|(key, _)| key.as_str()));
        }
    }
}

/// What a schema evaluated of a value that it accepts, without borrowing from the value.
pub(super) struct Evaluated {
    pub(super) all_properties: bool,
    properties: Vec<String>,
    pub(super) all_items: bool,
    pub(super) items: BTreeSet<usize>,
}
