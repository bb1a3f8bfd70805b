//! The meta-schemas of the drafts, made from the table of keywords, so that a schema can refer to them without a file:
//! `{ $ref: 'http://json-schema.org/draft-07/schema#' }` is the type of a value that is a schema. They accept what the
//! published ones accept, and have their definitions under the same names.

use super::Lowering;
use super::draft::{Draft, Named, path_at_json_schema_org};
use super::keywords::{self, Keyword, Value as Kind};
use super::vocabulary::Vocabulary;
use crate::diagnostic::Diagnostic;
use crate::source::MAX_FILES;
use crate::yaml;
use handfast_schema::{Span, Type};
use serde_json::{Map, Value, json};
use std::rc::Rc;

impl Lowering<'_> {
    /// The resource of a meta-schema by its address, added on first use.
    pub(super) fn meta_schema(&mut self, address: &str, at: Span) -> Option<usize> {
        let meta = MetaSchema::at(address)?;
        let address = meta.address();
        if let Some(resource) = self.by_id.get(&address) {
            return Some(*resource);
        }
        if self.docs.len() >= MAX_FILES {
            let message = format!("the spec has more than {MAX_FILES} files");
            self.out.push(Diagnostic::error("Y008", at, message));
            return None;
        }
        let text = format!("{:#}", meta.document());
        let source = self.sources.add(address.clone(), None, text.clone());
        let tree = Rc::new(yaml::read(source, &text, self.out)?);
        let doc = self.add(Rc::clone(&tree), &address, &address);
        self.survey_root(doc, tree.root);
        self.by_id.get(&address).copied()
    }
}

/// The meta-schema of a draft, or of one of its vocabularies.
struct MetaSchema {
    draft: Draft,
    vocabulary: Option<(Vocabulary, &'static str)>,
}

impl MetaSchema {
    fn at(address: &str) -> Option<Self> {
        let path = path_at_json_schema_org(address)?;
        if path.ends_with("/schema")
            && let Some(Named::Draft(draft)) = Draft::named_by(address)
        {
            return Some(Self {
                draft,
                vocabulary: None,
            });
        }
        [Draft::Draft2019, Draft::Draft2020]
            .into_iter()
            .find_map(|draft| {
                let base = path_at_json_schema_org(draft.address())?.strip_suffix("schema")?;
                let name = path.strip_prefix(base)?.strip_prefix("meta/")?;
                let mut all = Vocabulary::all(draft).iter();
                let vocabulary = all.find(|(_, known)| *known == name).copied();
                vocabulary.is_some().then_some(Self { draft, vocabulary })
            })
    }

    fn address(&self) -> String {
        let address = self.draft.address();
        match self.vocabulary {
            None => address.to_owned(),
            Some((_, name)) => {
                let base = address.strip_suffix("schema").unwrap_or(address);
                format!("{base}meta/{name}")
            }
        }
    }

    fn document(&self) -> Value {
        let draft = self.draft;
        let by_vocabulary = draft >= Draft::Draft2019;
        let mut out = Map::new();
        let mut put = |key: &str, value: Value| drop(out.insert(key.to_owned(), value));
        put(
            "$schema",
            format!(
                "{}{}",
                draft.address(),
                if by_vocabulary { "" } else { "#" }
            )
            .into(),
        );
        put(
            draft.id_keyword().unwrap_or("$id"),
            format!("{}{}", self.address(), if by_vocabulary { "" } else { "#" }).into(),
        );
        match draft {
            Draft::Draft2019 => put("$recursiveAnchor", true.into()),
            Draft::Draft2020 => put("$dynamicAnchor", "meta".into()),
            _ => {}
        }
        put(
            "type",
            match draft {
                Draft::Draft04 => json!("object"),
                _ => json!(["object", "boolean"]),
            },
        );
        if by_vocabulary {
            put("$vocabulary", self.vocabularies());
        }
        if by_vocabulary && self.vocabulary.is_none() {
            let parts = Vocabulary::all(draft).iter();
            let parts = parts.filter(|(one, _)| *one != Vocabulary::FormatAssertion);
            let parts = parts.map(|(_, name)| json!({ "$ref": format!("meta/{name}") }));
            put("allOf", parts.collect());
        }
        put("properties", Value::Object(self.properties()));
        if draft == Draft::Draft04 {
            let bounds =
                json!({ "exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"] });
            put("dependencies", bounds);
        }
        put(self.definitions_keyword(), self.definitions());
        Value::Object(out)
    }

    fn vocabularies(&self) -> Value {
        let base = self
            .draft
            .address()
            .strip_suffix("schema")
            .unwrap_or_default();
        let all = Vocabulary::all(self.draft).iter().copied();
        let own = all.filter(|one| match self.vocabulary {
            Some(own) => *one == own,
            None => one.0 != Vocabulary::FormatAssertion,
        });
        // As published, formats are an annotation in draft 2019-09.
        let required = |name: &str| self.vocabulary.is_some() || name != "format";
        own.map(|(_, name)| (format!("{base}vocab/{name}"), required(name).into()))
            .collect::<Map<String, Value>>()
            .into()
    }

    fn properties(&self) -> Map<String, Value> {
        let draft = self.draft;
        let known = keywords::of(draft).filter(|keyword| {
            let of = Vocabulary::of(keyword.name, draft);
            let own = match self.vocabulary {
                None => draft < Draft::Draft2019,
                Some((Vocabulary::FormatAssertion, _)) => of == Some(Vocabulary::FormatAnnotation),
                Some((own, _)) => of == Some(own),
            };
            own && !keywords::HANDFAST.contains(&keyword.name)
        });
        let older = (draft >= Draft::Draft2019 && self.vocabulary.is_none())
            .then(|| keywords::STILL_READ.map(|name| keywords::find_older(name, draft)));
        let older = older.into_iter().flatten().flatten();
        let mut properties: Map<String, Value> = known
            .chain(older)
            // Draft 04 does not mention it.
            .filter(|keyword| draft != Draft::Draft04 || keyword.name != "$ref")
            .map(|keyword| (keyword.name.to_owned(), self.value_of(keyword)))
            .collect();
        if draft == Draft::Draft2020 && self.vocabulary.is_none() {
            let core = |name: &str| json!({ "$ref": format!("meta/core#/$defs/{name}") });
            properties.insert("$recursiveAnchor".to_owned(), core("anchorString"));
            properties.insert("$recursiveRef".to_owned(), core("uriReferenceString"));
        }
        properties
    }

    /// What a keyword's value may be.
    fn value_of(&self, keyword: &Keyword) -> Value {
        let is_04 = self.draft == Draft::Draft04;
        let names = || self.definition("stringArray");
        let text = |format: Option<&str>| match format {
            Some(format) => json!({ "type": "string", "format": format }),
            None => json!({ "type": "string" }),
        };
        match keyword.value {
            Kind::Schema if is_04 && keyword.name.starts_with("additional") => {
                json!({ "anyOf": [{ "type": "boolean" }, self.schema()] })
            }
            Kind::Schema => self.schema(),
            Kind::Schemas => self.definition("schemaArray"),
            Kind::Items => json!({ "anyOf": [self.schema(), self.definition("schemaArray")] }),
            Kind::SchemaMap => {
                let mut map = json!({ "type": "object", "additionalProperties": self.schema() });
                if keyword.name == "patternProperties" && !is_04 {
                    map["propertyNames"] = json!({ "format": "regex" });
                }
                map
            }
            Kind::Text if keyword.name == "$schema" && !is_04 => text(Some("uri")),
            Kind::Text => text(None),
            Kind::Pattern => text(Some("regex")),
            Kind::Reference if is_04 => text(None),
            Kind::Reference => {
                let mut value = text(Some("uri-reference"));
                if keyword.name == "$id" && self.draft >= Draft::Draft2019 {
                    value["pattern"] = json!("^[^#]*#?$");
                }
                value
            }
            Kind::Flag => json!({ "type": "boolean" }),
            Kind::Count => self.definition(self.count()),
            Kind::Number => json!({ "type": "number" }),
            Kind::Positive if is_04 => {
                json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true })
            }
            Kind::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
            Kind::Names => names(),
            Kind::NamesMap => json!({ "type": "object", "additionalProperties": names() }),
            Kind::Types => json!({
                "anyOf": [
                    self.definition("simpleTypes"),
                    {
                        "type": "array",
                        "items": self.definition("simpleTypes"),
                        "minItems": 1,
                        "uniqueItems": true,
                    },
                ],
            }),
            Kind::Values => json!({ "type": "array" }),
            Kind::Anchor => json!({ "type": "string", "pattern": self.anchor() }),
            Kind::Vocabulary => json!({
                "type": "object",
                "propertyNames": text(Some("uri")),
                "additionalProperties": { "type": "boolean" },
            }),
            Kind::Dependencies => {
                let names = match self.draft {
                    Draft::Draft2019 | Draft::Draft2020 => {
                        json!({ "$ref": "meta/validation#/$defs/stringArray" })
                    }
                    _ => names(),
                };
                json!({
                    "type": "object",
                    "additionalProperties": { "anyOf": [self.schema(), names] },
                })
            }
            Kind::Any | Kind::RustName | Kind::TsName | Kind::Discriminator => json!({}),
        }
    }

    /// The schema of a schema.
    fn schema(&self) -> Value {
        match self.draft {
            Draft::Draft2019 => json!({ "$recursiveRef": "#" }),
            Draft::Draft2020 => json!({ "$dynamicRef": "#meta" }),
            _ => json!({ "$ref": "#" }),
        }
    }

    fn definition(&self, name: &str) -> Value {
        json!({ "$ref": format!("#/{}/{name}", self.definitions_keyword()) })
    }

    fn definitions_keyword(&self) -> &'static str {
        if self.draft >= Draft::Draft2019 {
            "$defs"
        } else {
            "definitions"
        }
    }

    /// The definition of a count.
    fn count(&self) -> &'static str {
        match self.draft {
            Draft::Draft04 => "positiveInteger",
            _ => "nonNegativeInteger",
        }
    }

    fn anchor(&self) -> &'static str {
        match self.draft {
            Draft::Draft2019 => "^[A-Za-z][-A-Za-z0-9.:_]*$",
            _ => "^[A-Za-z_][-A-Za-z0-9._]*$",
        }
    }

    fn definitions(&self) -> Value {
        let vocabulary = self.vocabulary.map(|(one, _)| one);
        let older = self.draft < Draft::Draft2019;
        let mut out = Map::new();
        let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
        if older || vocabulary == Some(Vocabulary::Applicator) {
            let array = json!({ "type": "array", "minItems": 1, "items": self.schema() });
            put("schemaArray", array);
        }
        if older || vocabulary == Some(Vocabulary::Validation) {
            let names: Vec<&str> = Type::ALL.iter().map(|ty| ty.name()).collect();
            let mut strings =
                json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
            if self.draft == Draft::Draft04 {
                strings["minItems"] = json!(1);
            }
            put("simpleTypes", json!({ "enum": names }));
            put("stringArray", strings);
            put(self.count(), json!({ "type": "integer", "minimum": 0 }));
            let zero = json!({ "allOf": [self.definition(self.count())], "default": 0 });
            put(&format!("{}Default0", self.count()), zero);
        }
        if vocabulary == Some(Vocabulary::Core) && self.draft == Draft::Draft2020 {
            put(
                "anchorString",
                json!({ "type": "string", "pattern": self.anchor() }),
            );
            put("uriString", json!({ "type": "string", "format": "uri" }));
            let reference = json!({ "type": "string", "format": "uri-reference" });
            put("uriReferenceString", reference);
        }
        Value::Object(out)
    }
}
