//! Schemas by what they assert.

use super::canonical::{canonical, hex};
use handfast_schema::{Schema, SchemaId, Schemas, Type};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Digests of schemas by their assertions: equal if two schemas assert the same.
///
/// The digest of a schema is made of its own keywords and the digests of its parts. Types may be recursive, so this
/// works by partition refinement: all schemas start alike, and each round distinguishes those whose parts the
/// previous round distinguished, until a round changes nothing. The result does not depend on the starting point, on
/// names, or on inlining.
pub(super) struct Shapes<'a> {
    schemas: &'a Schemas,
    digests: BTreeMap<SchemaId, Digest32>,
}

type Digest32 = [u8; 32];

/// A schema without its parts, and its parts.
struct Skeleton {
    words: Digest32,
    /// Parts whose order matters.
    parts: Vec<SchemaId>,
    /// Parts whose order does not matter: the branches of each of `allOf`, `anyOf` and `oneOf`.
    branches: [Vec<SchemaId>; 3],
}

impl<'a> Shapes<'a> {
    pub(super) fn new(schemas: &'a Schemas, roots: impl IntoIterator<Item = SchemaId>) -> Self {
        let mut this = Self {
            schemas,
            digests: BTreeMap::new(),
        };
        let mut skeletons = BTreeMap::new();
        let mut open: Vec<SchemaId> = roots.into_iter().map(|id| this.target(id)).collect();
        while let Some(id) = open.pop() {
            if skeletons.contains_key(&id) {
                continue;
            }
            let skeleton = this.skeleton(id);
            open.extend(&skeleton.parts);
            open.extend(skeleton.branches.iter().flatten());
            skeletons.insert(id, skeleton);
        }
        this.digests = skeletons
            .iter()
            .map(|(id, skeleton)| (*id, skeleton.words))
            .collect();
        let mut classes = 0;
        loop {
            let distinct: BTreeSet<&Digest32> = this.digests.values().collect();
            if distinct.len() == classes {
                return this;
            }
            classes = distinct.len();
            let next = skeletons
                .iter()
                .map(|(id, skeleton)| (*id, this.round(skeleton)));
            this.digests = next.collect();
        }
    }

    fn round(&self, skeleton: &Skeleton) -> Digest32 {
        let digest = |id: &SchemaId| self.digests.get(id).copied().unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(skeleton.words);
        for part in &skeleton.parts {
            hasher.update(digest(part));
        }
        for branches in &skeleton.branches {
            let mut branches: Vec<_> = branches.iter().map(digest).collect();
            branches.sort_unstable();
            for branch in branches {
                hasher.update(branch);
            }
        }
        hasher.finalize().into()
    }

    /// The target of a schema that is only a reference.
    pub(super) fn target(&self, mut id: SchemaId) -> SchemaId {
        // Circular references were reported as an error; the bound protects callers that hash anyway.
        for _ in 0..self.schemas.len() {
            let schema = &self.schemas[id];
            match schema.reference {
                Some(next) if is_plain_reference(schema) => id = next,
                _ => break,
            }
        }
        id
    }

    pub(super) fn shape(&self, id: SchemaId) -> Value {
        let digest = self
            .digests
            .get(&self.target(id))
            .copied()
            .unwrap_or_default();
        json!(hex(&digest))
    }

    fn skeleton(&self, id: SchemaId) -> Skeleton {
        let schema = &self.schemas[id];
        let mut keywords = Keywords::default();
        keywords.assertions(schema);
        // The keywords say which parts there are; the parts follow in the same order.
        let parts = keywords.parts(schema);
        let branches = [&schema.all_of, &schema.any_of, &schema.one_of];
        keywords.say("branches", Some(json!(branches.map(Vec::len))));
        let followed = |ids: &Vec<SchemaId>| ids.iter().map(|id| self.target(*id)).collect();
        let keywords = canonical(&Value::Object(keywords.0));
        Skeleton {
            words: Sha256::digest(keywords.as_bytes()).into(),
            parts: followed(&parts),
            branches: branches.map(followed),
        }
    }
}

/// The keywords of a schema, without its parts.
#[derive(Default)]
struct Keywords(Map<String, Value>);

impl Keywords {
    fn say(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value);
        }
    }

    fn assertions(&mut self, schema: &Schema) {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            (!names.is_empty()).then(|| json!(names))
        };
        // `true` asserts nothing, so it contributes nothing.
        self.say(
            "boolean",
            schema.boolean.filter(|any| !any).map(Value::from),
        );
        let types = schema
            .types
            .map(|types| types.iter().map(Type::name).collect::<Vec<_>>());
        self.say("type", types.map(|types| json!(types)));
        self.say("const", schema.constant.clone().map(|value| json!([value])));
        self.say(
            "enum",
            schema.enumeration.as_ref().map(|values| {
                let mut values: Vec<_> = values.iter().map(canonical).collect();
                values.sort();
                json!(values)
            }),
        );
        self.say("open", schema.open.then_some(Value::Bool(true)));
        for (key, number) in [
            ("multipleOf", &schema.multiple_of),
            ("maximum", &schema.maximum),
            ("exclusiveMaximum", &schema.exclusive_maximum),
            ("minimum", &schema.minimum),
            ("exclusiveMinimum", &schema.exclusive_minimum),
        ] {
            self.say(key, number.clone().map(Value::Number));
        }
        for (key, count) in [
            ("maxLength", schema.max_length),
            ("minLength", schema.min_length),
            ("minContains", schema.min_contains),
            ("maxContains", schema.max_contains),
            ("maxItems", schema.max_items),
            ("minItems", schema.min_items),
            ("maxProperties", schema.max_properties),
            ("minProperties", schema.min_properties),
        ] {
            self.say(key, count.map(Value::from));
        }
        self.say("pattern", schema.pattern.clone().map(Value::from));
        self.say("format", schema.format.clone().map(Value::from));
        self.say(
            "contentEncoding",
            schema.content_encoding.clone().map(Value::from),
        );
        self.say(
            "uniqueItems",
            schema.unique_items.then_some(Value::Bool(true)),
        );
        self.say("required", sorted(&schema.required));
        let mut dependent = Map::new();
        for (name, names) in &schema.dependent_required {
            dependent.insert(name.clone(), sorted(names).unwrap_or_default());
        }
        self.say(
            "dependentRequired",
            (!dependent.is_empty()).then_some(Value::Object(dependent)),
        );
        self.say(
            "$dynamicAnchor",
            schema.dynamic_anchor.clone().map(Value::from),
        );
    }

    /// The subschemas whose order matters.
    fn parts(&mut self, schema: &Schema) -> Vec<SchemaId> {
        let mut parts = Vec::new();
        let dynamic = schema.dynamic_reference.as_ref();
        for (key, part) in [
            ("items", schema.items),
            ("contains", schema.contains),
            ("unevaluatedItems", schema.unevaluated_items),
            ("additionalProperties", schema.additional_properties),
            ("propertyNames", schema.property_names),
            ("unevaluatedProperties", schema.unevaluated_properties),
            ("not", schema.not),
            ("if", schema.condition),
            ("then", schema.then),
            ("else", schema.otherwise),
            ("$ref", schema.reference),
            ("$dynamicRef", dynamic.map(|dynamic| dynamic.initial)),
        ] {
            self.say(key, part.map(|_| Value::Bool(true)));
            parts.extend(part);
        }
        for (key, all) in [
            ("properties", &schema.properties),
            ("patternProperties", &schema.pattern_properties),
            ("dependentSchemas", &schema.dependent_schemas),
        ] {
            let mut all: Vec<_> = all.iter().collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            let names: Vec<_> = all.iter().map(|(name, _)| name).collect();
            self.say(key, (!names.is_empty()).then(|| json!(names)));
            parts.extend(all.iter().map(|(_, id)| *id));
        }
        self.say("prefixItems", Some(json!(schema.prefix_items.len())));
        parts.extend(&schema.prefix_items);
        parts
    }
}

/// Whether a schema has no assertion beside its `$ref`.
fn is_plain_reference(schema: &Schema) -> bool {
    let bare = Schema {
        span: schema.span,
        annotations: schema.annotations.clone(),
        reference: schema.reference,
        resource: schema.resource,
        ..Schema::default()
    };
    bare == *schema
}
