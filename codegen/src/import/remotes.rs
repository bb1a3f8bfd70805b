//! Addresses by which schemas refer to each other, and the files that stand for them.

use super::Input;
use handfast_spec::{MAX_FILES, resolve_address};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Files by the address that others have for them.
pub(super) type Remotes = BTreeMap<String, String>;

/// A file, and the address that it gives itself.
struct File<'a> {
    path: String,
    address: Option<String>,
    root: std::borrow::Cow<'a, Value>,
}

impl<'a> File<'a> {
    fn new(path: &str, root: std::borrow::Cow<'a, Value>) -> Self {
        let id = root.get("$id").or_else(|| root.get("id"));
        let address = id.and_then(Value::as_str).map(without_fragment);
        Self {
            path: path.to_owned(),
            address: address.filter(|id| is_absolute(id)).map(str::to_owned),
            root,
        }
    }
}

fn without_fragment(address: &str) -> &str {
    address
        .split_once('#')
        .map_or(address, |(address, _)| address)
}

fn is_absolute(address: &str) -> bool {
    address.contains("://") || address.starts_with("urn:")
}

/// Finds the files for all absolute addresses that schemas refer to: a file that says that it has the address, or the
/// one that is where it should be beside one that has.
pub(super) fn remotes(folder: &Path, inputs: &[Input]) -> Remotes {
    let mut files: Vec<File<'_>> = inputs
        .iter()
        .map(|input| File::new(&input.path, std::borrow::Cow::Borrowed(&input.root)))
        .collect();
    let mut remotes = Remotes::new();
    let mut at = 0;
    while at < files.len() && files.len() < MAX_FILES {
        let file = &files[at];
        let (mut referred, mut own) = (BTreeSet::new(), BTreeSet::new());
        let base = file.address.clone().unwrap_or_else(|| file.path.clone());
        walk(&file.root, &base, &mut referred, &mut own);
        own.insert(base);
        for address in referred.difference(&own) {
            let known = files
                .iter()
                .find(|file| file.address.as_ref() == Some(address));
            let path = match known {
                Some(file) => Some(file.path.clone()),
                None if is_absolute(address) => {
                    files.iter().find_map(|file| beside(folder, file, address))
                }
                None => exists(folder, address),
            };
            let Some(path) = path else {
                continue;
            };
            if is_absolute(address) {
                remotes.insert(address.clone(), path.clone());
            }
            if !files.iter().any(|file| file.path == path)
                && let Ok(root) = handfast_spec::document(&folder.join(&path))
            {
                files.push(File::new(&path, std::borrow::Cow::Owned(root)));
            }
        }
        at += 1;
    }
    remotes
}

/// The addresses that a schema refers to, and those that it gives to itself or to parts of it.
fn walk(value: &Value, outer: &str, referred: &mut BTreeSet<String>, own: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => {
            for item in items {
                walk(item, outer, referred, own);
            }
        }
        Value::Object(map) => {
            let id = map.get("$id").and_then(Value::as_str).map(without_fragment);
            let base = id.map(|id| resolve_address(outer, id));
            let base = match &base {
                Some(base) => {
                    own.insert(base.clone());
                    base
                }
                None => outer,
            };
            if let Some(to) = map
                .get("$ref")
                .and_then(Value::as_str)
                .map(without_fragment)
                && !to.is_empty()
            {
                referred.insert(resolve_address(base, to));
            }
            for value in map.values() {
                walk(value, base, referred, own);
            }
        }
        _ => {}
    }
}

/// The file for an address that is beside another file as their addresses are beside each other.
fn beside(folder: &Path, file: &File<'_>, address: &str) -> Option<String> {
    let own = file.address.as_ref()?;
    let (above, _) = own.rsplit_once('/')?;
    let rest = address.strip_prefix(above)?.strip_prefix('/')?;
    let at = match file.path.rsplit_once('/') {
        Some((above, _)) => format!("{above}/{rest}"),
        None => rest.to_owned(),
    };
    exists(folder, &at).or_else(|| exists(folder, &format!("{at}.json")))
}

/// A path from the folder, if there is such a file in it.
fn exists(folder: &Path, path: &str) -> Option<String> {
    let real = folder.join(path).canonicalize().ok()?;
    let inside = real.strip_prefix(folder).ok()?;
    let parts: Option<Vec<&str>> = inside.iter().map(|part| part.to_str()).collect();
    real.is_file().then(|| parts.map(|parts| parts.join("/")))?
}
