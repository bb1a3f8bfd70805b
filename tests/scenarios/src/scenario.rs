//! The format of scenarios: `cases/*.json`.

use crate::proxy::Direction;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path};

/// One file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The name of the file.
    #[serde(skip)]
    pub name: String,
    pub what: String,
    /// What happens, in order: a step's name, and its arguments.
    pub steps: Vec<Vec<Value>>,
    /// What has to come of it, besides what holds in every scenario.
    #[serde(default)]
    pub(crate) expect: Expect,
    /// Runs it once for each byte, at which a connection is lost.
    pub(crate) sweep: Option<Sweep>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// How requests end, by client and number.
    #[serde(default)]
    pub(crate) calls: BTreeMap<String, BTreeMap<String, Choice>>,
    /// What is heard of a channel, by client and key: numbers, ranges (`"3..9"`), and gaps (`"gap"`, `"gap:evicted"`).
    #[serde(default)]
    pub(crate) channels: BTreeMap<String, BTreeMap<String, Vec<Value>>>,
    /// How streams end.
    #[serde(default)]
    pub(crate) streams: BTreeMap<String, BTreeMap<String, Choice>>,
    /// How requests of the server end.
    #[serde(default)]
    pub(crate) asked: BTreeMap<String, BTreeMap<String, Choice>>,
    /// The connections of a client on which a session began: whether it was resumed.
    #[serde(default)]
    pub(crate) resumed: BTreeMap<String, Vec<bool>>,
    /// The states of a client, in order; a final one with its close code (`"closed:4409"`).
    #[serde(default)]
    pub(crate) states: BTreeMap<String, Vec<String>>,
}

/// One of these.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Choice {
    One(String),
    Some(Vec<String>),
}

impl Choice {
    pub(crate) fn contains(&self, outcome: &str) -> bool {
        match self {
            Self::One(one) => one == outcome,
            Self::Some(some) => some.iter().any(|one| one == outcome),
        }
    }
}

/// A loss at every byte.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sweep {
    pub(crate) client: String,
    /// Where the connections before it are lost: after which part of what they carry otherwise.
    #[serde(default)]
    pub(crate) before: Vec<Part>,
    /// If the connection that follows is lost as well, at random within so many bytes.
    pub(crate) after: Option<u64>,
    /// How many bytes the swept connections must carry at least, so that the sweep covers what it is for.
    pub(crate) bytes: u64,
    /// The part of the runs in which a session is resumed, at least.
    pub(crate) resumed: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) direction: Direction,
    /// From 0 to 1.
    pub(crate) part: f64,
}

/// Reads every scenario of the folder, by name.
///
/// # Errors
/// Which file cannot be read, and why.
pub fn all() -> Result<Vec<Scenario>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let files = fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let mut scenarios = Vec::new();
    for file in files {
        let path = file.map_err(|error| error.to_string())?.path();
        let words = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| words(&error))?;
        let mut scenario: Scenario = serde_json::from_str(&text).map_err(|error| words(&error))?;
        let name = path.file_stem().unwrap_or_default();
        scenario.name = name.to_string_lossy().into_owned();
        scenarios.push(scenario);
    }
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scenarios)
}
