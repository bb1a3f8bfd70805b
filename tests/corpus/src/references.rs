//! Which documents a schema refers to, and where they are at hand.

use crate::case::Content;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The addresses of the documents that a document refers to, itself aside, with the fragments: absolute, or paths beside it.
pub(crate) fn outside(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let own = identifier(document);
    let mut ids = BTreeSet::new();
    all_ids(document, &own, &mut ids);
    collect(document, "", &mut found);
    found.retain(|address, _| !ids.contains(address));
    found
}

/// A document that says nothing, and has an empty schema wherever these fragments point.
pub(crate) fn stand_in(fragments: &BTreeSet<String>) -> Value {
    let mut document = json!({});
    for pointer in fragments.iter().filter(|one| one.starts_with('/')) {
        let mut at = &mut document;
        for token in pointer.split('/').skip(1) {
            at = &mut at[token.replace("~1", "/").replace("~0", "~")];
            if at.is_null() {
                *at = json!({});
            }
        }
    }
    document
}

/// The `$id`, or in older drafts the `id`, of a document, without its fragment.
fn identifier(document: &Value) -> String {
    let id = document["$id"].as_str().or_else(|| document["id"].as_str());
    without_fragment(id.unwrap_or_default()).to_owned()
}

fn without_fragment(address: &str) -> &str {
    address.split('#').next().unwrap_or_default()
}

fn all_ids(value: &Value, base: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let id = identifier(value);
            let base = resolve(base, &id);
            if !id.is_empty() {
                into.insert(base.clone());
            }
            fields
                .values()
                .for_each(|field| all_ids(field, &base, into));
        }
        Value::Array(items) => items.iter().for_each(|item| all_ids(item, base, into)),
        _ => {}
    }
}

fn collect(value: &Value, base: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(fields) => {
            let base = resolve(base, &identifier(value));
            for (key, field) in fields {
                match field.as_str() {
                    Some(text) if key == "$ref" || key == "$recursiveRef" => {
                        let address = without_fragment(text);
                        if !address.is_empty() {
                            let fragment = text[address.len()..].trim_start_matches('#');
                            let of = found.entry(resolve(&base, address)).or_default();
                            of.insert(fragment.to_owned());
                        }
                    }
                    _ => collect(field, &base, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, base, found)),
        _ => {}
    }
}

/// Resolves an address against another, as far as these schemas need it (RFC 3986 without dot segments in the middle).
fn resolve(base: &str, address: &str) -> String {
    if address.is_empty() {
        return base.to_owned();
    }
    if address.contains("://") || address.starts_with("urn:") {
        return address.to_owned();
    }
    let Some((scheme, rest)) = base.split_once("://") else {
        return address.strip_prefix("./").unwrap_or(address).to_owned();
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    if address.starts_with('/') {
        return format!("{scheme}://{host}{address}");
    }
    let mut folders: Vec<&str> = path.split('/').skip(1).collect();
    folders.pop();
    for part in address.split('/') {
        match part {
            "." => {}
            ".." => {
                folders.pop();
            }
            other => folders.push(other),
        }
    }
    format!("{scheme}://{host}/{}", folders.join("/"))
}

/// Documents that are at hand, by their addresses.
#[derive(Default)]
pub(crate) struct Addresses {
    /// The path in a spec, and the content.
    known: BTreeMap<String, (String, Content)>,
    /// A folder of schemas, and the beginnings of addresses that mean files in it.
    folder: Option<(PathBuf, &'static [&'static str])>,
}

impl Addresses {
    /// The meta-schemas of all drafts.
    pub(crate) fn of_the_drafts() -> Self {
        use referencing::meta;
        let mut addresses = Self::default();
        let documents = [
            &meta::DRAFT4,
            &meta::DRAFT6,
            &meta::DRAFT7,
            &meta::DRAFT201909,
            &meta::DRAFT201909_CORE,
            &meta::DRAFT201909_APPLICATOR,
            &meta::DRAFT201909_VALIDATION,
            &meta::DRAFT201909_META_DATA,
            &meta::DRAFT201909_FORMAT,
            &meta::DRAFT201909_CONTENT,
            &meta::DRAFT202012,
            &meta::DRAFT202012_CORE,
            &meta::DRAFT202012_APPLICATOR,
            &meta::DRAFT202012_UNEVALUATED,
            &meta::DRAFT202012_VALIDATION,
            &meta::DRAFT202012_META_DATA,
            &meta::DRAFT202012_FORMAT_ANNOTATION,
            &meta::DRAFT202012_FORMAT_ASSERTION,
            &meta::DRAFT202012_CONTENT,
        ];
        for (number, document) in documents.into_iter().enumerate() {
            let id = identifier(document);
            let text = document.to_string();
            addresses.add(&id, &format!("meta/{number}.json"), Content::Text(text));
        }
        addresses
    }

    /// Adds a document.
    pub(crate) fn add(&mut self, address: &str, path: &str, content: Content) {
        self.known
            .insert(address.to_owned(), (path.to_owned(), content));
    }

    /// Takes files of a folder for the documents of addresses that begin in one of these ways, and for those beside.
    pub(crate) fn with_folder(mut self, folder: &Path, prefixes: &'static [&'static str]) -> Self {
        self.folder = Some((folder.to_owned(), prefixes));
        self
    }

    /// The document of an address: its path in a spec, and its content.
    pub(crate) fn find(&self, address: &str) -> Option<(String, Content)> {
        if let Some(known) = self.known.get(address) {
            return Some(known.clone());
        }
        let (folder, prefixes) = self.folder.as_ref()?;
        let name = match prefixes.iter().find_map(|one| address.strip_prefix(one)) {
            Some(name) => name,
            None if address.contains(':') => return None,
            None => address,
        };
        [name.to_owned(), format!("{name}.json")]
            .into_iter()
            .find_map(|name| {
                let path = folder.join(&name);
                let is_inside = !name.starts_with('/') && !name.contains("..");
                (is_inside && path.is_file()).then_some((name, Content::Path(path)))
            })
    }
}
