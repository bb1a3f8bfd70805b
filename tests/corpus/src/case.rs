//! A schema of the world: the small spec around it, the files that this reads, and instances to judge.

use crate::Result;
use crate::references::{self, Addresses};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the only message, where a whole document is its payload.
pub(crate) const MESSAGE: &str = "doc";

/// A draft of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Draft {
    #[serde(rename = "draft-04")]
    Four,
    #[serde(rename = "draft-06")]
    Six,
    #[serde(rename = "draft-07")]
    Seven,
    #[serde(rename = "2019-09")]
    In2019,
    #[serde(rename = "2020-12")]
    In2020,
}

impl Draft {
    /// The draft that the `$schema` of a document names; without one, the newest.
    pub(crate) fn of(schema: &Value) -> Self {
        let named = schema["$schema"].as_str().unwrap_or_default();
        let is = |part: &str| named.contains(part);
        if is("draft-04") {
            Self::Four
        } else if is("draft-06") {
            Self::Six
        } else if is("draft-07") {
            Self::Seven
        } else if is("2019-09") {
            Self::In2019
        } else {
            Self::In2020
        }
    }
}

/// A file of a spec.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Content {
    /// It is on disk.
    Path(PathBuf),
    /// It is this text.
    Text(String),
}

impl Content {
    /// Its text, as it is.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Path(path) => fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?,
            Self::Text(text) => text.clone().into_bytes(),
        })
    }

    /// Its value. A byte order mark is skipped.
    pub(crate) fn value(&self) -> Result<Value> {
        let bytes = self.read()?;
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        Ok(serde_json::from_slice(text)?)
    }
}

/// An instance, and the verdict that its author states.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) path: PathBuf,
    /// The message whose payload it is to be.
    pub(crate) message: String,
    pub(crate) stated: Option<bool>,
}

/// A schema to be tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) draft: Draft,
    /// The file of the schema, a key of `files`.
    pub(crate) root: String,
    /// The messages, each with the fragment of its payload in that file, such as `#/definitions/Task`, or nothing.
    pub(crate) messages: BTreeMap<String, String>,
    /// The files beside the spec, by their paths in it.
    pub(crate) files: BTreeMap<String, Content>,
    /// `remotes`: addresses, and the paths in `files` that they refer to.
    pub(crate) remotes: BTreeMap<String, String>,
    /// Addresses whose document is not at hand: an empty schema is in its place.
    pub(crate) missing: BTreeSet<String>,
    /// `dialect`, without which it is that of JSON Schema.
    pub(crate) dialect: Option<Value>,
    pub(crate) instances: Vec<Instance>,
}

impl Case {
    /// The case of a schema in a file, with all that it refers to.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) fn of_file(path: &Path, addresses: &Addresses) -> Result<Self> {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = file_name.strip_suffix(".json").unwrap_or(&file_name);
        Self::of_content(name, &file_name, Content::Path(path.to_owned()), addresses)
    }

    /// The case of a schema in a document, which is called `root` in the spec.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub(crate) fn of_content(
        name: &str,
        root: &str,
        content: Content,
        addresses: &Addresses,
    ) -> Result<Self> {
        let mut case = Self {
            name: name.to_owned(),
            draft: Draft::In2020,
            root: root.to_owned(),
            messages: BTreeMap::from([(MESSAGE.to_owned(), String::new())]),
            files: BTreeMap::new(),
            remotes: BTreeMap::new(),
            missing: BTreeSet::new(),
            dialect: None,
            instances: Vec::new(),
        };
        let mut pending = vec![(case.root.clone(), content)];
        while let Some((file, content)) = pending.pop() {
            if case.files.contains_key(&file) {
                continue;
            }
            // What is no JSON is for the reader of specs to report.
            let value = content.value().unwrap_or(Value::Null);
            if file == case.root {
                case.draft = Draft::of(&value);
            }
            case.files.insert(file, content);
            for (address, fragments) in references::outside(&value) {
                let Some((file, content)) = addresses.find(&address) else {
                    if address.contains(':') {
                        let stand_in = format!("missing/{}.json", case.missing.len());
                        if !case.remotes.contains_key(&address) {
                            case.remotes.insert(address.clone(), stand_in.clone());
                            case.files.insert(
                                stand_in,
                                Content::Text(references::stand_in(&fragments).to_string()),
                            );
                            case.missing.insert(address);
                        }
                    }
                    continue;
                };
                if address.contains(':') {
                    case.remotes.insert(address, file.clone());
                }
                pending.push((file, content));
            }
        }
        Ok(case)
    }

    /// The spec: messages whose payloads are schemas of the file.
    pub(crate) fn spec(&self, module: &str) -> Value {
        let dialect = self.dialect.clone();
        let message = |(name, fragment): (&String, &String)| {
            let payload = json!({ "$ref": format!("./{}{fragment}", self.root) });
            (
                name.clone(),
                json!({ "from": "server", "payload": payload }),
            )
        };
        let messages: serde_json::Map<String, Value> = self.messages.iter().map(message).collect();
        json!({
            "handfast": 1,
            "protocol": { "name": "corpus", "version": "1.0.0" },
            "dialect": dialect.unwrap_or_else(|| "json-schema".into()),
            "remotes": self.remotes,
            "limits": { "message": "64MiB", "depth": 128 },
            "messages": messages,
            "generate": {
                "rust": { "out": format!("{module}.rs") },
                "typescript": { "out": format!("{module}.ts") },
            },
        })
    }
}
