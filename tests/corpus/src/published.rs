//! Schemas that protocols publish, as payloads: the components of Discord's interface, MCP, CloudEvents and GeoJSON, each from a checkout of its
//! repository, with the examples that are published with it.

use crate::case::{Case, Content, Instance, MESSAGE};
use crate::references::Addresses;
use crate::{Result, folder, oracle, root, store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// As how many other messages an example is judged, which mostly refuse it.
const OTHERS: usize = 10;

/// The cases of checkouts, each known by what it contains. A checkout of Discord's documentation has the examples of its interface.
///
/// # Errors
/// Where a folder is none of them.
pub(crate) fn cases(folders: &[&str]) -> Result<Vec<Case>> {
    let folders: Vec<&Path> = folders.iter().map(Path::new).collect();
    let with = |file: &str| folders.iter().find(|folder| folder.join(file).exists());
    let mut cases = Vec::new();
    let mut used = 0;
    if let Some(folder) = with("specs/openapi.json") {
        let documents = with("developers");
        used += 1 + usize::from(documents.is_some());
        cases.push(discord(folder, documents.copied())?);
    }
    if let Some(folder) = with("schema/2025-11-25/schema.json") {
        used += 1;
        cases.push(mcp(folder)?);
    }
    if let Some(folder) = with("cloudevents/formats/cloudevents.json") {
        used += 1;
        cases.push(cloudevents(folder)?);
    }
    if let Some(folder) = with("src/schema/GeoJSON.js") {
        used += 1;
        cases.push(geojson(folder)?);
    }
    if used != folders.len() {
        return Err(
            "each folder is a checkout of discord/discord-api-spec, discord/discord-api-docs, \
             modelcontextprotocol/modelcontextprotocol, cloudevents/spec or geojson/schema"
                .into(),
        );
    }
    Ok(cases)
}

/// A case of a document whose definitions are the payloads.
fn of_definitions(name: &str, content: Content, place: [&str; 2]) -> Result<Case> {
    let addresses = Addresses::of_the_drafts();
    let value = content.value()?;
    let mut case = Case::of_content(name, &format!("{name}.json"), content, &addresses)?;
    let pointer: String = place
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| format!("/{part}"))
        .collect();
    let definitions = value.pointer(&pointer).and_then(Value::as_object);
    let definitions = definitions.ok_or("a document without definitions")?;
    case.messages = definitions
        .keys()
        .map(|key| (key.clone(), format!("#{pointer}/{key}")))
        .collect();
    Ok(case)
}

fn discord(folder: &Path, documents: Option<&Path>) -> Result<Case> {
    let content = Content::Path(folder.join("specs/openapi.json"));
    let mut case = of_definitions("discord", content, ["components", "schemas"])?;
    let examples = match documents {
        Some(folder) => blocks("discord", &folder.join("developers"))?,
        None => Vec::new(),
    };
    judge_as_many(&mut case, &examples)?;
    Ok(case)
}

/// The newest edition, whose folder has examples by their definitions.
fn mcp(checkout: &Path) -> Result<Case> {
    let mut editions: Vec<PathBuf> = fs::read_dir(checkout.join("schema"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("examples").is_dir() && !path.ends_with("draft"))
        .collect();
    editions.sort();
    let edition = editions.pop().ok_or("no edition of MCP has examples")?;
    let content = Content::Path(edition.join("schema.json"));
    let mut case = of_definitions("mcp", content, ["", "$defs"])?;
    let examples = store::files(&edition.join("examples"))?;
    for path in &examples {
        let of = path.parent().and_then(Path::file_name).unwrap_or_default();
        let message = of.to_string_lossy().into_owned();
        if case.messages.contains_key(&message) {
            case.instances.push(Instance {
                path: path.clone(),
                message,
                stated: Some(true),
            });
        }
    }
    judge_as_many(&mut case, &examples)?;
    Ok(case)
}

fn cloudevents(checkout: &Path) -> Result<Case> {
    let path = checkout.join("cloudevents/formats/cloudevents.json");
    let mut case = Case::of_file(&path, &Addresses::of_the_drafts())?;
    for path in blocks("cloudevents", &checkout.join("cloudevents"))? {
        case.instances.push(Instance {
            path,
            message: MESSAGE.to_owned(),
            stated: None,
        });
    }
    Ok(case)
}

fn geojson(checkout: &Path) -> Result<Case> {
    let done = Command::new("node")
        .arg(root().join("tests/corpus/node/geojson.js"))
        .arg(checkout.canonicalize()?)
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    let content = Content::Text(String::from_utf8(done.stdout)?);
    let addresses = Addresses::of_the_drafts();
    let mut case = Case::of_content("geojson", "geojson.json", content, &addresses)?;
    for (below, stated) in [("valid", true), ("invalid", false)] {
        for path in store::files(&checkout.join("test/fixtures").join(below))? {
            case.instances.push(Instance {
                path,
                message: MESSAGE.to_owned(),
                stated: Some(stated),
            });
        }
    }
    Ok(case)
}

/// Has each example judged as every message that accepts it by the `jsonschema` crate, and as some others.
fn judge_as_many(case: &mut Case, examples: &[PathBuf]) -> Result<()> {
    let mut validators = BTreeMap::new();
    for message in case.messages.keys() {
        if let Ok(validator) = oracle::second(case, message) {
            validators.insert(message.clone(), validator);
        }
    }
    for path in examples {
        let Ok(value) = serde_json::from_slice::<Value>(&fs::read(path)?) else {
            continue;
        };
        let draw = |message: &String| {
            let mut hasher = DefaultHasher::new();
            (path.file_name(), message).hash(&mut hasher);
            hasher.finish()
        };
        let (accepts, mut refuses): (Vec<_>, Vec<_>) = validators
            .iter()
            .partition(|(_, validator)| validator.is_valid(&value));
        refuses.sort_by_key(|(message, _)| draw(message));
        for (message, _) in accepts.into_iter().chain(refuses.into_iter().take(OTHERS)) {
            case.instances.push(Instance {
                path: path.clone(),
                message: message.clone(),
                stated: None,
            });
        }
    }
    Ok(())
}

/// The blocks of JSON in the Markdown of a folder, each as a file.
fn blocks(name: &str, documents: &Path) -> Result<Vec<PathBuf>> {
    let to = folder("examples")?.join(name);
    fs::create_dir_all(&to)?;
    let mut found = Vec::new();
    for path in store::files(documents)? {
        let end = path.extension().unwrap_or_default().to_string_lossy();
        if !["md", "mdx"].contains(&&*end) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if !line.trim().to_lowercase().starts_with("```json") {
                continue;
            }
            let block: Vec<&str> = lines
                .by_ref()
                .take_while(|line| !line.trim().starts_with("```"))
                .collect();
            let Ok(value) = serde_json::from_str::<Value>(&block.join("\n")) else {
                continue;
            };
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let file = to.join(format!("{stem}-{}.json", found.len()));
            fs::write(&file, json!(value).to_string())?;
            found.push(file);
        }
    }
    Ok(found)
}
