//! A checkout of SchemaStore: its schemas and their test files.

use crate::Result;
use crate::case::{Case, Content, Instance, MESSAGE};
use crate::references::Addresses;
use std::fs;
use std::path::{Path, PathBuf};

/// How the addresses of its schemas begin.
const PREFIXES: &[&str] = &[
    "https://json.schemastore.org/",
    "http://json.schemastore.org/",
    "https://www.schemastore.org/",
    "https://schemastore.org/",
    "https://raw.githubusercontent.com/SchemaStore/schemastore/master/src/schemas/json/",
    "https://schemastore.azurewebsites.net/schemas/json/",
];

/// Addresses elsewhere whose documents are copied in SchemaStore.
const COPIES: &[(&str, &str)] = &[
    (
        "https://docs.renovatebot.com/renovate-schema.json",
        "renovate-43.json",
    ),
    (
        "https://docs.renovatebot.com/renovate-global-schema.json",
        "renovate-global-schema-43.json",
    ),
    (
        "https://docs.renovatebot.com/renovate-inherited-schema.json",
        "renovate-inherited-schema-43.json",
    ),
];

/// Kinds of files that instances are in.
const INSTANCES: [&str; 4] = ["json", "yaml", "yml", "toml"];

/// Every schema of a checkout, in the order of their names, with its test files.
///
/// # Errors
/// Where the folder is no checkout.
pub(crate) fn cases(folder: &Path) -> Result<Vec<Case>> {
    let schemas = folder.join("src/schemas/json");
    let mut addresses = Addresses::of_the_drafts().with_folder(&schemas, PREFIXES);
    for (address, name) in COPIES {
        let path = schemas.join(name);
        if path.is_file() {
            addresses.add(address, name, Content::Path(path));
        }
    }
    let mut cases = Vec::new();
    for path in files(&schemas)? {
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let mut case = Case::of_file(&path, &addresses)?;
        for (below, stated) in [("src/test", true), ("src/negative_test", false)] {
            let folder = folder.join(below).join(&case.name);
            for path in files(&folder).unwrap_or_default() {
                let end = path.extension().unwrap_or_default().to_string_lossy();
                if INSTANCES.contains(&&*end) {
                    case.instances.push(Instance {
                        path,
                        message: MESSAGE.to_owned(),
                        stated: Some(stated),
                    });
                }
            }
        }
        cases.push(case);
    }
    Ok(cases)
}

/// The files of a folder and of those in it, sorted.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
