//! Places: a payload, a property, an item, a map's value, a tuple's place, a variant. A place has no type if its type contains a
//! JSON value of which the schema says more than nothing.

pub(crate) mod rust;
pub(crate) mod typescript;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The places of some types.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Places {
    /// All of them.
    pub(crate) all: u64,
    /// Those that their schema checks beside a type that does not say it all.
    pub(crate) beside: u64,
    /// Those without a type, by the reason, with an example.
    pub(crate) untyped: BTreeMap<String, (u64, String)>,
}

impl Places {
    /// How many have no type.
    pub(crate) fn untyped(&self) -> u64 {
        self.untyped.values().map(|(count, _)| count).sum()
    }

    fn add(&mut self, place: &str, reason: Option<&str>) {
        self.all += 1;
        if let Some(reason) = reason {
            self.add_untyped(place, reason);
        }
    }

    fn add_untyped(&mut self, place: &str, reason: &str) {
        let entry = self.untyped.entry(reason.to_owned());
        entry.or_insert_with(|| (0, place.to_owned())).0 += 1;
    }

    /// Adds those of another; its examples get its name.
    pub(crate) fn extend(&mut self, other: &Self, name: &str) {
        self.all += other.all;
        self.beside += other.beside;
        for (reason, (count, example)) in &other.untyped {
            let entry = self.untyped.entry(reason.clone());
            entry.or_insert_with(|| (0, format!("{name}: {example}"))).0 += count;
        }
    }
}
