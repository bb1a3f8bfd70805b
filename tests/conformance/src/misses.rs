//! The cases of the suite that fail, each with the reason.

use crate::Result;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Cases that fail for the same reason.
#[derive(Deserialize)]
struct Entry {
    /// Why they fail.
    #[serde(rename = "reason")]
    _reason: String,
    /// `file | group | case`, with `*` for all cases of a group.
    cases: BTreeSet<String>,
}

/// The list, and which of its entries were used.
pub(crate) struct Misses {
    cases: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Misses {
    pub(crate) fn read() -> Result<Self> {
        let entries: Vec<Entry> = serde_json::from_str(include_str!("../misses.json"))?;
        Ok(Self {
            cases: entries.into_iter().flat_map(|entry| entry.cases).collect(),
            seen: BTreeSet::new(),
        })
    }

    /// Whether a case is in the list.
    pub(crate) fn is_listed(&mut self, name: &str) -> bool {
        let group = name.rsplit_once(" | ").map_or(name, |(group, _)| group);
        let whole = format!("{group} | *");
        let entry = [name, &whole]
            .into_iter()
            .find(|entry| self.cases.contains(*entry));
        self.seen.extend(entry.map(str::to_owned));
        entry.is_some()
    }

    /// Entries without a failing case.
    pub(crate) fn unused(&self) -> Vec<String> {
        self.cases.difference(&self.seen).cloned().collect()
    }
}
