//! One schema as JSON, for the receiving side.

use crate::names::numbered;
use handfast_schema::number::MAX_SAFE_INTEGER;
use handfast_schema::openness::{Purpose, UnknownFields, unknown_fields};
use handfast_schema::{Schema, SchemaId, Schemas, Side, Type, format};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

/// A definition: its group, and its name there.
pub(crate) type Place = (&'static str, String);

/// Writes the schemas of one side, and keeps the definitions for their references, each once.
pub(crate) struct Writer<'p> {
    schemas: &'p Schemas,
    /// The side whose defaults are written out; `None` keeps the schema as the author wrote it.
    side: Option<Side>,
    /// The names of the schemas that have one.
    names: BTreeMap<SchemaId, String>,
    taken: BTreeSet<String>,
    /// The definitions written so far, by group and name.
    pub(crate) written: BTreeMap<&'static str, BTreeMap<String, Value>>,
    /// The references of each definition.
    pub(crate) uses: BTreeMap<Place, BTreeSet<Place>>,
    /// The references since this was last reset.
    referred: BTreeSet<Place>,
    waiting: Vec<(SchemaId, Purpose)>,
}

impl<'p> Writer<'p> {
    pub(crate) fn new(
        schemas: &'p Schemas,
        side: Option<Side>,
        names: BTreeMap<SchemaId, String>,
    ) -> Self {
        Self {
            schemas,
            side,
            taken: names.values().cloned().collect(),
            names,
            written: BTreeMap::new(),
            uses: BTreeMap::new(),
            referred: BTreeSet::new(),
            waiting: Vec::new(),
        }
    }

    /// The group of definitions for schemas with a purpose: one type may be needed in several forms. As the author
    /// wrote it there is only one.
    const fn group(&self, purpose: Purpose) -> &'static str {
        match purpose {
            Purpose::Part if self.side.is_some() => "parts",
            Purpose::Test if self.side.is_some() => "tests",
            _ => "types",
        }
    }

    /// A schema without a name is named after its number, which no other schema is.
    fn name(&mut self, id: SchemaId) -> String {
        self.call(id, &format!("schema{}", id.0));
        self.names.get(&id).cloned().unwrap_or_default()
    }

    /// Whether a schema has a name.
    pub(crate) fn has_name(&self, id: SchemaId) -> bool {
        self.names.contains_key(&id)
    }

    /// Names a schema that has no name and is referred to: the first of `name`, `name2` … that is free.
    pub(crate) fn call(&mut self, id: SchemaId, name: &str) {
        if let Entry::Vacant(place) = self.names.entry(id) {
            let name = numbered(name, &|name| self.taken.contains(name));
            self.taken.insert(name.clone());
            place.insert(name);
        }
    }

    /// The definition of a schema, for references.
    pub(crate) fn place(&mut self, id: SchemaId) -> Place {
        (self.group(Purpose::Whole), self.name(id))
    }

    /// A schema in full, with its references.
    pub(crate) fn root(&mut self, id: SchemaId) -> (Value, BTreeSet<Place>) {
        self.referred.clear();
        let value = self.schema(id, Purpose::Whole);
        (value, std::mem::take(&mut self.referred))
    }

    /// Adds a definition to a group and returns a reference to it.
    pub(crate) fn define(&mut self, group: &'static str, name: &str, value: Value) -> Value {
        self.written
            .entry(group)
            .or_default()
            .insert(name.to_owned(), value);
        self.pointer(group, name)
    }

    /// The reference to a definition.
    pub(crate) fn pointer(&self, group: &str, name: &str) -> Value {
        let under = match self.side {
            Some(Side::Server) => format!("server/$defs/{group}/$defs/"),
            Some(Side::Client) => format!("client/$defs/{group}/$defs/"),
            None => String::new(),
        };
        let name = name.replace('~', "~0").replace('/', "~1");
        // In the fragment of a URI only these may be unescaped.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let name: String = name
            .bytes()
            .map(|byte| {
                if plain(byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
        json!({ "$ref": format!("#/$defs/{under}{name}") })
    }

    /// A reference to a schema in the form for a purpose, which is written later.
    pub(crate) fn refer(&mut self, id: SchemaId, purpose: Purpose) -> Value {
        let (group, name) = (self.group(purpose), self.name(id));
        self.referred.insert((group, name.clone()));
        let is_written = |written: &BTreeMap<String, Value>| written.contains_key(&name);
        if !self.written.get(group).is_some_and(is_written) {
            // Reserved first, so that a recursive type is written only once.
            self.define(group, &name, Value::Bool(true));
            self.waiting.push((id, purpose));
        }
        self.pointer(group, &name)
    }

    /// Writes the targets of references, until there are no new ones.
    pub(crate) fn finish(&mut self) {
        while let Some((id, purpose)) = self.waiting.pop() {
            let place = (self.group(purpose), self.name(id));
            self.referred.clear();
            let value = self.schema(id, purpose);
            self.define(place.0, &place.1, value);
            let uses = std::mem::take(&mut self.referred);
            self.uses.insert(place, uses);
        }
    }

    /// A schema in full, with its references by name.
    pub(crate) fn schema(&mut self, id: SchemaId, purpose: Purpose) -> Value {
        let schemas = self.schemas;
        let schema = &schemas[id];
        let mut out = Map::new();
        if self.side.is_some() {
            annotations(schema, &mut out);
        }
        match schema.boolean {
            Some(true) if !out.is_empty() => return Value::Object(out),
            Some(boolean) => return Value::Bool(boolean),
            None => {}
        }
        self.assertions(schema, purpose, &mut out);
        self.children(schema, purpose, &mut out);
        let fields = unknown_fields(schemas, id);
        self.in_place(schema, fields.in_place(purpose), &mut out);
        if self.side == Some(Side::Server) && purpose == Purpose::Whole {
            match fields {
                UnknownFields::RefuseAdditional => {
                    out.insert("additionalProperties".into(), Value::Bool(false));
                }
                UnknownFields::RefuseUnevaluated => {
                    out.insert("unevaluatedProperties".into(), Value::Bool(false));
                }
                UnknownFields::AsWritten | UnknownFields::Delegate => {}
            }
        }
        Value::Object(out)
    }

    fn assertions(&self, schema: &Schema, purpose: Purpose, out: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(name.to_owned(), value);
            }
        };
        let open = schema.open && self.side == Some(Side::Client) && purpose != Purpose::Test;
        let names: Vec<&str> = schema
            .types
            .iter()
            .flat_map(|types| types.iter())
            .map(Type::name)
            .collect();
        put(
            "type",
            match names.as_slice() {
                _ if open => Some("string".into()),
                [] => schema.types.map(|_| json!([])),
                [one] => Some((*one).into()),
                many => Some(json!(many)),
            },
        );
        put("const", schema.constant.clone());
        put(
            "open",
            (schema.open && self.side.is_none()).then_some(Value::Bool(true)),
        );
        // A client treats an open enum as an annotation.
        let values = schema.enumeration.clone().map(Value::Array);
        put(if open { "examples" } else { "enum" }, values);
        let number = |n: &Option<handfast_schema::Number>| n.clone().map(Value::Number);
        put("multipleOf", number(&schema.multiple_of));
        let integer = schema
            .types
            .is_some_and(|types| types.contains(Type::Integer) && !types.contains(Type::Number));
        let default = |bound: i64, written: bool| {
            let applies = integer && self.schemas.safe_integers() && self.side.is_some();
            (applies && purpose != Purpose::Test && !written).then(|| Value::from(bound))
        };
        let low = schema.minimum.is_some() || schema.exclusive_minimum.is_some();
        let high = schema.maximum.is_some() || schema.exclusive_maximum.is_some();
        put(
            "minimum",
            number(&schema.minimum).or(default(-MAX_SAFE_INTEGER, low)),
        );
        put("exclusiveMinimum", number(&schema.exclusive_minimum));
        put(
            "maximum",
            number(&schema.maximum).or(default(MAX_SAFE_INTEGER, high)),
        );
        put("exclusiveMaximum", number(&schema.exclusive_maximum));
        // As the author wrote it, the setting `integers` is beside what it applies to.
        let set = self.schemas.safe_integers() && !self.schemas.has_defaults();
        let set = set && integer && self.side.is_none() && !(low && high);
        put("integers", set.then(|| "safe".into()));
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let count = |n: Option<u64>| n.map(Value::from);
        put("minLength", count(schema.min_length));
        put("maxLength", count(schema.max_length));
        put("pattern", text(&schema.pattern));
        put("format", text(&schema.format));
        put("contentEncoding", text(&schema.content_encoding));
        put("minItems", count(schema.min_items));
        put("maxItems", count(schema.max_items));
        put(
            "uniqueItems",
            schema.unique_items.then_some(Value::Bool(true)),
        );
        put("minContains", count(schema.min_contains));
        put("maxContains", count(schema.max_contains));
        put("minProperties", count(schema.min_properties));
        put("maxProperties", count(schema.max_properties));
        put(
            "required",
            (!schema.required.is_empty()).then(|| json!(schema.required)),
        );
        let dependent: Map<String, Value> = schema
            .dependent_required
            .iter()
            .map(|(key, names)| (key.clone(), json!(names)))
            .collect();
        put(
            "dependentRequired",
            (!dependent.is_empty()).then_some(Value::Object(dependent)),
        );
    }

    fn list(&mut self, ids: &[SchemaId], purpose: Purpose) -> Option<Value> {
        (!ids.is_empty()).then(|| ids.iter().map(|id| self.schema(*id, purpose)).collect())
    }

    fn table(&mut self, of: &[(String, SchemaId)], purpose: Purpose) -> Option<Value> {
        let write = |(name, id): &(String, SchemaId)| (name.clone(), self.schema(*id, purpose));
        (!of.is_empty()).then(|| Value::Object(of.iter().map(write).collect()))
    }

    fn children(&mut self, schema: &Schema, purpose: Purpose, out: &mut Map<String, Value>) {
        let child = purpose.child();
        let written = [
            ("properties", self.table(&schema.properties, child)),
            (
                "patternProperties",
                self.table(&schema.pattern_properties, child),
            ),
            (
                "additionalProperties",
                self.maybe(schema.additional_properties, child),
            ),
            (
                "propertyNames",
                self.maybe(schema.property_names, Purpose::Test),
            ),
            ("prefixItems", self.list(&schema.prefix_items, child)),
            ("items", self.maybe(schema.items, child)),
            ("contains", self.maybe(schema.contains, Purpose::Test)),
            (
                "unevaluatedItems",
                self.maybe(schema.unevaluated_items, child),
            ),
            (
                "unevaluatedProperties",
                self.maybe(schema.unevaluated_properties, child),
            ),
        ];
        for (name, value) in written {
            out.extend(value.map(|value| (name.to_owned(), value)));
        }
    }

    fn maybe(&mut self, id: Option<SchemaId>, purpose: Purpose) -> Option<Value> {
        id.map(|id| self.schema(id, purpose))
    }

    fn in_place(&mut self, schema: &Schema, inner: Purpose, out: &mut Map<String, Value>) {
        let mut all_of = self.list(&schema.all_of, inner);
        let implied = self.side.is_some().then(|| implied_patterns(schema));
        for pattern in implied.into_iter().flatten() {
            let all = all_of.get_or_insert_with(|| json!([]));
            if let Value::Array(all) = all {
                all.push(json!({ "pattern": pattern }));
            }
        }
        let dynamic = schema
            .dynamic_reference
            .as_ref()
            .map(|dynamic| dynamic.initial);
        let reference = schema.reference.map(|id| self.refer(id, inner));
        if let Some(Value::Object(reference)) = reference {
            out.extend(reference);
        }
        // A remaining one is a sibling of `$ref`; to a pointer it is a reference like any other.
        if let Some(Value::Object(mut target)) = dynamic.map(|id| self.refer(id, inner)) {
            out.extend(
                target
                    .remove("$ref")
                    .map(|target| ("$dynamicRef".to_owned(), target)),
            );
        }
        let written = [
            (
                "dependentSchemas",
                self.table(&schema.dependent_schemas, inner),
            ),
            ("allOf", all_of),
            ("anyOf", self.list(&schema.any_of, inner)),
            ("oneOf", self.list(&schema.one_of, inner)),
            ("not", self.maybe(schema.not, Purpose::Test)),
            ("if", self.maybe(schema.condition, Purpose::Test)),
            ("then", self.maybe(schema.then, inner)),
            ("else", self.maybe(schema.otherwise, inner)),
        ];
        for (name, value) in written {
            out.extend(value.map(|value| (name.to_owned(), value)));
        }
    }
}

/// What Handfast asserts and other validators treat as annotations, as patterns.
fn implied_patterns(schema: &Schema) -> impl Iterator<Item = &'static str> {
    let encoding = schema
        .content_encoding
        .as_deref()
        .and_then(format::encoding_pattern);
    let whole = match schema.format.as_deref() {
        Some("int64") => Some("^(?:0|-?[1-9][0-9]{0,18})$"),
        Some("uint64") => Some("^(?:0|[1-9][0-9]{0,19})$"),
        _ => None,
    };
    encoding.into_iter().chain(whole)
}

fn annotations(schema: &Schema, out: &mut Map<String, Value>) {
    let notes = &schema.annotations;
    let texts = [
        ("title", &notes.title),
        ("description", &notes.description),
        ("$comment", &notes.comment),
        ("contentEncoding", &notes.content_encoding),
        ("contentMediaType", &notes.content_media_type),
    ];
    for (name, text) in texts {
        out.extend(
            text.clone()
                .map(|text| (name.to_owned(), Value::String(text))),
        );
    }
    out.extend(
        notes
            .default
            .clone()
            .map(|value| ("default".to_owned(), value)),
    );
    if !notes.examples.is_empty() {
        out.insert("examples".to_owned(), Value::Array(notes.examples.clone()));
    }
    let flags = [
        ("deprecated", notes.deprecated),
        ("readOnly", notes.read_only),
        ("writeOnly", notes.write_only),
    ];
    for (name, flag) in flags {
        out.extend(flag.then(|| (name.to_owned(), Value::Bool(true))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handfast_schema::{Dialect, Validator};
    use handfast_testing::random::{Rng, document, instance};
    use std::error::Error;

    /// The interpreter's verdict on a schema for one side is that of another implementation on the schema as written
    /// for that side.
    #[test]
    fn random_schemas_mean_on_either_side_what_is_written() -> Result<(), Box<dyn Error>> {
        let (mut good, mut bad) = (0, 0);
        for seed in 1..=2000 {
            let rng = &mut Rng::new(seed);
            let original = document(rng);
            let dialect = match seed % 4 {
                0 => Dialect::JsonSchema,
                _ => Dialect::Handfast,
            };
            let (mut schemas, root) = Schemas::from_json_of(dialect, &original)
                .map_err(|error| format!("seed {seed}: {error}"))?;
            if seed % 8 == 0 {
                schemas.bound_integers();
            }
            let validator = Validator::new(&schemas);
            let instances: Vec<Value> = (0..10).map(|_| instance(rng, 3)).collect();
            for (side, name) in [(Side::Server, "server"), (Side::Client, "client")] {
                let mut writer = Writer::new(&schemas, Some(side), BTreeMap::new());
                let written = writer.refer(root, Purpose::Whole);
                writer.finish();
                let groups: Map<String, Value> = std::mem::take(&mut writer.written)
                    .into_iter()
                    .map(|(group, all)| (group.to_owned(), json!({ "$defs": Map::from_iter(all) })))
                    .collect();
                let mut document = written;
                document["$defs"] = json!({ (name): { "$defs": groups } });
                let oracle = jsonschema::draft202012::options()
                    .should_validate_formats(false)
                    .build(&document)?;
                for instance in &instances {
                    let violations = validator.validate(root, instance, Some(side));
                    if violations
                        .iter()
                        .any(|violation| violation.message.contains("without end"))
                    {
                        continue;
                    }
                    let valid = violations.is_empty();
                    assert_eq!(
                        oracle.is_valid(instance),
                        valid,
                        "seed {seed}, {name}: {original}\n{document}\n{instance}\n{violations:?}"
                    );
                    if valid { good += 1 } else { bad += 1 }
                }
            }
        }
        assert!(good > 5000 && bad > 5000, "{good} good and {bad} bad");
        Ok(())
    }
}
