//! Reads JSON Schema from JSON values. The files of the language are read by `spec`, which has spans and gives better
//! diagnostics; this is for schemas already in memory, and for tests.

use crate::{Dialect, DynamicRef, Number, Schema, SchemaId, Schemas, Type, TypeSet};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The deepest nesting of a schema.
const MAX_DEPTH: usize = 128;

/// Why a JSON value is not a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FromJsonError {
    /// The JSON Pointer to the invalid schema.
    pub path: String,
    /// The keyword; empty if the schema itself is invalid.
    pub keyword: String,
    /// What is wrong with it.
    pub message: &'static str,
}

impl fmt::Display for FromJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            keyword,
            message,
        } = self;
        write!(f, "`{keyword}` at `#{path}` {message}")
    }
}

impl std::error::Error for FromJsonError {}

impl Schemas {
    /// Reads one JSON Schema of draft 2020-12 and everything it refers to, and returns the root. `$ref` and `$dynamicRef`
    /// reach pointers (`#/$defs/…`) and anchors in the same document; `$id` inside it is not supported. `integers: safe`
    /// beside any keyword bounds all integers ([`Schemas::safe_integers`]). Properties are in the order of the JSON map, which is the order written only with serde_json's `preserve_order`.
    ///
    /// # Errors
    /// For an unknown keyword, a keyword of the wrong form, and a reference that leads nowhere.
    pub fn from_json(document: &Value) -> Result<(Self, SchemaId), FromJsonError> {
        Self::from_json_of(Dialect::Handfast, document)
    }

    /// Like [`Schemas::from_json`], for schemas of a dialect.
    ///
    /// # Errors
    /// Those of [`Schemas::from_json`].
    pub fn from_json_of(
        dialect: Dialect,
        document: &Value,
    ) -> Result<(Self, SchemaId), FromJsonError> {
        let mut reader = Reader::new(dialect, document);
        let root = reader.schema(String::new(), document)?;
        reader.resolve_all()?;
        for i in 0..reader.schemas.len() {
            let id = SchemaId(u32::try_from(i).unwrap_or(u32::MAX));
            reader.schemas[id].resource = Some(root);
        }
        Ok((reader.schemas, root))
    }

    /// Reads the definitions below the `$defs` of a document, and returns the id of each by its name, and that of each schema in a definition
    /// by the name, followed by a JSON Pointer: `Task/properties/owner/anyOf/1`. A `$ref` among them works as in [`Schemas::from_json`]; the
    /// rest of the document is ignored. A name that contains a `/` cannot be told from such an address, and hides it.
    ///
    /// # Errors
    /// Those of [`Schemas::from_json`].
    pub fn definitions_of(
        dialect: Dialect,
        document: &Value,
    ) -> Result<(Self, BTreeMap<String, SchemaId>), FromJsonError> {
        let mut reader = Reader::new(dialect, document);
        let definitions = Keyword {
            path: String::new(),
            name: "$defs",
            value: &document["$defs"],
        };
        let named = reader.named(&definitions)?;
        reader.resolve_all()?;
        let places = reader.places.into_iter().filter_map(|(path, id)| {
            let address = path.strip_prefix("/$defs/")?;
            Some((address.to_owned(), id))
        });
        let mut ids: BTreeMap<String, SchemaId> = places.collect();
        ids.extend(named);
        Ok((reader.schemas, ids))
    }
}

struct Reference {
    from: SchemaId,
    path: String,
    target: String,
    dynamic: bool,
}

struct Reader<'j> {
    document: &'j Value,
    schemas: Schemas,
    places: BTreeMap<String, SchemaId>,
    anchors: BTreeMap<String, SchemaId>,
    dynamic: BTreeMap<String, SchemaId>,
    references: Vec<Reference>,
    depth: usize,
}

/// One keyword of one schema.
struct Keyword<'j> {
    path: String,
    name: &'j str,
    value: &'j Value,
}

impl Keyword<'_> {
    fn error(&self, message: &'static str) -> FromJsonError {
        FromJsonError {
            path: self.path.clone(),
            keyword: self.name.to_owned(),
            message,
        }
    }

    fn text(&self) -> Result<Option<String>, FromJsonError> {
        let text = self
            .value
            .as_str()
            .ok_or_else(|| self.error("must be a string"))?;
        Ok(Some(text.to_owned()))
    }

    fn flag(&self) -> Result<bool, FromJsonError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.error("must be true or false"))
    }

    fn number(&self) -> Result<Option<Number>, FromJsonError> {
        match self.value {
            Value::Number(n) => Ok(Some(n.clone())),
            _ => Err(self.error("must be a number")),
        }
    }

    /// A count; `2.0` is one as well.
    fn count(&self) -> Result<Option<u64>, FromJsonError> {
        let whole = self
            .value
            .as_f64()
            .filter(|n| n.fract() == 0.0 && *n >= 0.0);
        match (self.value.as_u64(), whole) {
            (Some(n), _) => Ok(Some(n)),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and not negative; `as` stops at the bound"
            )]
            (None, Some(n)) => Ok(Some(n as u64)),
            (None, None) => Err(self.error("must be a whole number, zero or more")),
        }
    }

    fn list(&self) -> Result<&Vec<Value>, FromJsonError> {
        self.value
            .as_array()
            .ok_or_else(|| self.error("must be an array"))
    }

    fn map(&self) -> Result<&Map<String, Value>, FromJsonError> {
        self.value
            .as_object()
            .ok_or_else(|| self.error("must be an object"))
    }

    fn names(&self, value: &Value) -> Result<Vec<String>, FromJsonError> {
        let name = |name: &Value| name.as_str().map(str::to_owned);
        value
            .as_array()
            .and_then(|names| names.iter().map(name).collect())
            .ok_or_else(|| self.error("must be an array of strings"))
    }

    fn types(&self) -> Result<Option<TypeSet>, FromJsonError> {
        let error = || self.error("must name types");
        let names = match self.value {
            Value::Array(names) => names.iter().collect(),
            one => vec![one],
        };
        names
            .into_iter()
            .try_fold(TypeSet::NONE, |set, name| {
                Some(set.with(Type::from_name(name.as_str()?)?))
            })
            .map(Some)
            .ok_or_else(error)
    }
}

impl<'j> Reader<'j> {
    const fn new(dialect: Dialect, document: &'j Value) -> Self {
        Self {
            document,
            schemas: Schemas::new(dialect),
            places: BTreeMap::new(),
            anchors: BTreeMap::new(),
            dynamic: BTreeMap::new(),
            references: Vec::new(),
            depth: 0,
        }
    }

    fn resolve_all(&mut self) -> Result<(), FromJsonError> {
        while let Some(reference) = self.references.pop() {
            self.resolve(&reference)?;
        }
        for i in 0..self.schemas.len() {
            self.schemas[SchemaId(u32::try_from(i).unwrap_or(u32::MAX))].simplify();
        }
        Ok(())
    }

    fn schema(&mut self, path: String, value: &'j Value) -> Result<SchemaId, FromJsonError> {
        if let Some(id) = self.places.get(&path) {
            return Ok(*id);
        }
        let fail = |path, message| {
            Err(FromJsonError {
                path,
                keyword: String::new(),
                message,
            })
        };
        if self.depth >= MAX_DEPTH {
            return fail(path, "is nested too deeply");
        }
        let id = self.schemas.push(Schema::default());
        self.places.insert(path.clone(), id);
        self.depth += 1;
        match value {
            Value::Bool(boolean) => self.schemas[id].boolean = Some(*boolean),
            Value::Object(keywords) => {
                let mut schema = Schema::default();
                for (name, value) in keywords {
                    let keyword = Keyword {
                        path: path.clone(),
                        name,
                        value,
                    };
                    self.keyword(&keyword, &mut schema, id)?;
                }
                self.schemas[id] = schema;
            }
            _ => return fail(path, "must be an object or a boolean"),
        }
        self.depth -= 1;
        Ok(id)
    }

    fn one(&mut self, keyword: &Keyword<'j>) -> Result<Option<SchemaId>, FromJsonError> {
        self.schema(format!("{}/{}", keyword.path, keyword.name), keyword.value)
            .map(Some)
    }

    fn many(&mut self, keyword: &Keyword<'j>) -> Result<Vec<SchemaId>, FromJsonError> {
        let Value::Array(list) = keyword.value else {
            return Err(keyword.error("must be an array"));
        };
        let at = |i| format!("{}/{}/{i}", keyword.path, keyword.name);
        list.iter()
            .enumerate()
            .map(|(i, value)| self.schema(at(i), value))
            .collect()
    }

    fn named(&mut self, keyword: &Keyword<'j>) -> Result<Vec<(String, SchemaId)>, FromJsonError> {
        let Value::Object(map) = keyword.value else {
            return Err(keyword.error("must be an object"));
        };
        let at = |key: &str| format!("{}/{}/{}", keyword.path, keyword.name, escape(key));
        map.iter()
            .map(|(key, value)| Ok((key.clone(), self.schema(at(key), value)?)))
            .collect()
    }

    fn keyword(
        &mut self,
        keyword: &Keyword<'j>,
        schema: &mut Schema,
        id: SchemaId,
    ) -> Result<(), FromJsonError> {
        let notes = &mut schema.annotations;
        match keyword.name {
            "$schema" | "$vocabulary" => {}
            "$defs" | "definitions" => drop(self.named(keyword)?),
            "$anchor" => {
                self.anchors
                    .extend(keyword.text()?.map(|anchor| (anchor, id)));
            }
            "$dynamicAnchor" => {
                schema.dynamic_anchor = keyword.text()?;
                self.dynamic
                    .extend(keyword.text()?.map(|anchor| (anchor, id)));
            }
            "$ref" | "$dynamicRef" => self.references.push(Reference {
                from: id,
                path: keyword.path.clone(),
                target: keyword.text()?.unwrap_or_default(),
                dynamic: keyword.name == "$dynamicRef",
            }),
            "title" => notes.title = keyword.text()?,
            "description" => notes.description = keyword.text()?,
            "$comment" => notes.comment = keyword.text()?,
            "default" => notes.default = Some(keyword.value.clone()),
            "examples" => notes.examples.clone_from(keyword.list()?),
            "deprecated" => notes.deprecated = keyword.flag()?,
            "readOnly" => notes.read_only = keyword.flag()?,
            "writeOnly" => notes.write_only = keyword.flag()?,
            "contentMediaType" => notes.content_media_type = keyword.text()?,
            "contentSchema" => {
                let content = self.one(keyword)?;
                schema.annotations.content_schema = content;
            }
            "rust" => notes.rust = keyword.text()?,
            "ts" => notes.ts = keyword.text()?,
            "type" => schema.types = keyword.types()?,
            "const" => schema.constant = Some(keyword.value.clone()),
            "enum" => schema.enumeration = Some(keyword.list()?.clone()),
            "open" => schema.open = keyword.flag()?,
            "integers" => match keyword.value.as_str() {
                Some("safe") => self.schemas.bound_integers(),
                _ => return Err(keyword.error("must be \"safe\"")),
            },
            "multipleOf" => schema.multiple_of = keyword.number()?,
            "maximum" => schema.maximum = keyword.number()?,
            "exclusiveMaximum" => schema.exclusive_maximum = keyword.number()?,
            "minimum" => schema.minimum = keyword.number()?,
            "exclusiveMinimum" => schema.exclusive_minimum = keyword.number()?,
            "maxLength" => schema.max_length = keyword.count()?,
            "minLength" => schema.min_length = keyword.count()?,
            "pattern" => schema.pattern = keyword.text()?,
            "format" => schema.format = keyword.text()?,
            "contentEncoding" => schema.content_encoding = keyword.text()?,
            "prefixItems" => schema.prefix_items = self.many(keyword)?,
            "items" => schema.items = self.one(keyword)?,
            "contains" => schema.contains = self.one(keyword)?,
            "minContains" => schema.min_contains = keyword.count()?,
            "maxContains" => schema.max_contains = keyword.count()?,
            "maxItems" => schema.max_items = keyword.count()?,
            "minItems" => schema.min_items = keyword.count()?,
            "uniqueItems" => schema.unique_items = keyword.flag()?,
            "unevaluatedItems" => schema.unevaluated_items = self.one(keyword)?,
            "properties" => schema.properties = self.named(keyword)?,
            "patternProperties" => schema.pattern_properties = self.named(keyword)?,
            "additionalProperties" => schema.additional_properties = self.one(keyword)?,
            "propertyNames" => schema.property_names = self.one(keyword)?,
            "maxProperties" => schema.max_properties = keyword.count()?,
            "minProperties" => schema.min_properties = keyword.count()?,
            "required" => schema.required = keyword.names(keyword.value)?,
            "dependentRequired" => {
                let lists = keyword.map()?.iter();
                schema.dependent_required = lists
                    .map(|(key, names)| Ok((key.clone(), keyword.names(names)?)))
                    .collect::<Result<_, FromJsonError>>()?;
            }
            "dependentSchemas" => schema.dependent_schemas = self.named(keyword)?,
            "unevaluatedProperties" => schema.unevaluated_properties = self.one(keyword)?,
            "allOf" => schema.all_of = self.many(keyword)?,
            "anyOf" => schema.any_of = self.many(keyword)?,
            "oneOf" => schema.one_of = self.many(keyword)?,
            "not" => schema.not = self.one(keyword)?,
            "if" => schema.condition = self.one(keyword)?,
            "then" => schema.then = self.one(keyword)?,
            "else" => schema.otherwise = self.one(keyword)?,
            _ => return Err(keyword.error("is not a known keyword")),
        }
        Ok(())
    }

    fn resolve(&mut self, reference: &Reference) -> Result<(), FromJsonError> {
        let Reference {
            from,
            path,
            target,
            dynamic,
        } = reference;
        let nowhere = || FromJsonError {
            path: path.clone(),
            keyword: if *dynamic { "$dynamicRef" } else { "$ref" }.to_owned(),
            message: "leads nowhere",
        };
        let fragment = target
            .strip_prefix('#')
            .and_then(unescaped)
            .ok_or_else(nowhere)?;
        let fragment = &*fragment;
        let id = if fragment.is_empty() || fragment.starts_with('/') {
            let value = self.document.pointer(fragment).ok_or_else(nowhere)?;
            self.schema(fragment.to_owned(), value)?
        } else {
            let anchor = self
                .anchors
                .get(fragment)
                .or_else(|| self.dynamic.get(fragment));
            *anchor.ok_or_else(nowhere)?
        };
        if *dynamic {
            let anchor = self.schemas[id].dynamic_anchor.clone();
            let anchor = anchor.filter(|anchor| anchor == fragment);
            self.schemas[*from].dynamic_reference = Some(DynamicRef {
                initial: id,
                anchor,
            });
        } else {
            self.schemas[*from].reference = Some(id);
        }
        Ok(())
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A fragment with its percent-encoding decoded (RFC 6901, section 6); `None` if the result is not UTF-8.
fn unescaped(fragment: &str) -> Option<Cow<'_, str>> {
    if !fragment.contains('%') {
        return Some(Cow::Borrowed(fragment));
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = &after[2..];
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8(bytes).ok().map(Cow::Owned)
}
