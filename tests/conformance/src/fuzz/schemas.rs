//! Random schemas: every keyword, references, recursion, resources.

use crate::random::Rng;
use handfast_schema::format::KNOWN;
use serde_json::{Map, Value, json};

/// Names of properties, those among them that JavaScript has on every object.
pub(super) const KEYS: [&str; 14] = [
    "a",
    "b",
    "c",
    "ab",
    "A",
    "",
    "__proto__",
    "constructor",
    "toString",
    "length",
    "x/y",
    "m~n",
    "é",
    "\u{1F600}",
];

/// Patterns that every judge can run.
const PATTERNS: [&str; 12] = [
    "^a",
    "b$",
    "^.$",
    "[ab]{2}",
    "^(?:a|b)*$",
    "^[^a]*$",
    "^\\S+$",
    "\\d",
    "^\u{1F600}$",
    "^\\w+$",
    "^.{2,3}$",
    "^\\p{Lu}",
];

const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

/// Who is to read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum For {
    /// Anybody: JSON Schema, with annotations for formats.
    All,
    /// Our own dialect, in which what nothing fits is an error.
    Ours,
}

/// A whole schema.
pub(super) fn document(rng: &mut Rng, reader: For) -> Value {
    let count = rng.below(4);
    let dynamic = rng.one_in(6);
    let mut maker = Maker {
        rng,
        reader,
        names: (0..count).map(|i| format!("d{i}")).collect(),
        bare: (0..count).map(|i| format!("d{i}")).collect(),
        root: if dynamic { "root" } else { "" },
    };
    let mut defs = Map::new();
    for i in 0..count {
        // What is in place refers to what stands before it alone, so that no reference is endless.
        let mut schema = maker.schema(2, i);
        if let Value::Object(schema) = &mut schema {
            let name = maker.names[i].clone();
            schema.insert("$anchor".to_owned(), json!(format!("anchor-{name}")));
            maker.bare.retain(|bare| *bare != name);
        }
        defs.insert(maker.names[i].clone(), schema);
    }
    let mut root = match maker.schema(3, count) {
        Value::Object(root) => root,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    if dynamic {
        // A tree that whoever refers to it may extend.
        let mut tree = match maker.schema(1, 0) {
            Value::Object(tree) => tree,
            _ => Map::new(),
        };
        tree.insert("$id".to_owned(), json!("tree"));
        tree.insert("$dynamicAnchor".to_owned(), json!("node"));
        let inner = json!({ "$dynamicRef": "#node" });
        if maker.rng.one_in(2) {
            tree.insert("properties".to_owned(), json!({ "a": inner, "b": true }));
        } else {
            tree.insert("items".to_owned(), inner);
        }
        defs.insert("tree".to_owned(), Value::Object(tree));
        root.entry("$ref").or_insert(json!("tree"));
        root.insert("$id".to_owned(), json!("root"));
        if maker.rng.one_in(2) {
            root.insert("$dynamicAnchor".to_owned(), json!("node"));
        }
    }
    if !defs.is_empty() {
        root.insert("$defs".to_owned(), Value::Object(defs));
    }
    Value::Object(root)
}

struct Maker<'r> {
    rng: &'r mut Rng,
    reader: For,
    names: Vec<String>,
    /// Those of definitions that bear no anchor: booleans, and those that are still to be made.
    bare: Vec<String>,
    /// The address of the root, where it has one.
    root: &'static str,
}

impl Maker<'_> {
    /// A schema that refers in place to the first `floor` definitions at the most.
    fn schema(&mut self, depth: usize, floor: usize) -> Value {
        if self.rng.one_in(14) {
            return json!(self.rng.one_in(2));
        }
        // What people write, now and then: an object or a choice with a type of its own in either language.
        if depth > 0 && self.rng.one_in(4) {
            return self.usual(depth - 1);
        }
        let mut keywords = Map::new();
        for _ in 0..=self.rng.below(3) {
            let (name, value) = self.keyword(depth, floor);
            keywords.insert(name.to_owned(), value);
        }
        if self.reader == For::Ours {
            tidy(self.rng, &mut keywords);
        }
        Value::Object(keywords)
    }

    /// Something inside the value: it may refer to anything.
    fn inside(&mut self, depth: usize) -> Value {
        let depth = depth.saturating_sub(1);
        if self.rng.one_in(8) {
            let at = self.rng.below(self.names.len() + 1);
            return match self.names.get(at) {
                Some(name) => self.reference(name.clone()),
                None => json!({ "$ref": format!("{}#", self.root) }),
            };
        }
        self.schema(depth, self.names.len())
    }

    fn reference(&mut self, name: String) -> Value {
        let fragment = match self.rng.below(3) {
            0 if !self.bare.contains(&name) => format!("anchor-{name}"),
            _ => format!("/$defs/{name}"),
        };
        json!({ "$ref": format!("{}#{fragment}", self.root) })
    }

    fn usual(&mut self, depth: usize) -> Value {
        match self.rng.below(4) {
            0 => {
                let mut properties = Map::new();
                for _ in 0..=self.rng.below(3) {
                    let key = (*self.rng.pick(&KEYS)).to_owned();
                    let value = self.scalar(depth);
                    properties.insert(key, value);
                }
                let required: Vec<String> = properties
                    .keys()
                    .filter(|_| self.rng.one_in(2))
                    .cloned()
                    .collect();
                let mut schema = json!({ "type": "object", "properties": properties });
                if !required.is_empty() {
                    schema["required"] = json!(required);
                }
                if self.rng.one_in(3) {
                    schema["additionalProperties"] = json!(self.rng.one_in(2));
                }
                schema
            }
            1 => {
                // A type and no more, now and then, of a value that has others inside it.
                let items = if self.rng.one_in(3) {
                    json!({ "type": self.rng.pick(&["object", "array"]) })
                } else {
                    self.scalar(depth)
                };
                json!({ "type": "array", "items": items, "maxItems": 3 })
            }
            2 => {
                let one = self.schema(depth, 0);
                json!({ "anyOf": [one, { "type": "null" }] })
            }
            _ => {
                let mut branch = |kind: &str| {
                    let more = self.scalar(depth);
                    json!({
                        "type": "object",
                        "required": ["c"],
                        "properties": { "c": { "const": kind }, "a": more },
                    })
                };
                json!({ "oneOf": [branch("a"), branch("b")] })
            }
        }
    }

    fn scalar(&mut self, depth: usize) -> Value {
        match self.rng.below(11) {
            9 => json!({ "type": "string", "format": self.rng.pick(&KNOWN) }),
            0 => json!({ "type": "string", "maxLength": self.rng.below(4) }),
            1 => json!({ "type": "integer", "minimum": -1, "maximum": 5 }),
            2 => json!({ "type": "number", "exclusiveMinimum": 0 }),
            3 => json!({ "type": "boolean" }),
            4 => json!({ "enum": ["a", "b"] }),
            5 => json!({ "type": ["string", "null"], "minLength": 1 }),
            6 => json!({ "type": "integer" }),
            _ => self.inside(depth),
        }
    }

    fn number(&mut self) -> Value {
        const USUAL: [f64; 9] = [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5, 10.0, -0.0];
        if self.reader == For::All && self.rng.one_in(12) {
            return json!(
                self.rng
                    .pick(&[1e300, 9_007_199_254_740_993.0, -1e-9, 1e22])
            );
        }
        let n = *self.rng.pick(&USUAL);
        if n.fract() == 0.0 && !self.rng.one_in(4) {
            #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
            let whole = n as i64;
            json!(whole)
        } else {
            json!(n)
        }
    }

    /// A value, for `const` and `enum`.
    fn value(&mut self, depth: usize) -> Value {
        match self.rng.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.rng.one_in(2)),
            2 | 3 => self.number(),
            4 => json!(self.rng.pick(&["", "a", "b", "ab", "é", "\u{1F600}"])),
            5 => (0..self.rng.below(3))
                .map(|_| self.value(depth - 1))
                .collect(),
            _ => {
                let fields = (0..self.rng.below(3))
                    .map(|_| ((*self.rng.pick(&KEYS)).to_owned(), self.value(depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }

    fn list(&mut self, depth: usize, floor: usize) -> Value {
        (0..=self.rng.below(3))
            .map(|_| self.schema(depth, floor))
            .collect()
    }

    fn named(&mut self, keys: &[&str], depth: usize) -> Value {
        let fields: Map<String, Value> = (0..=self.rng.below(2))
            .map(|_| ((*self.rng.pick(keys)).to_owned(), self.inside(depth)))
            .collect();
        Value::Object(fields)
    }

    fn keyword(&mut self, depth: usize, floor: usize) -> (&'static str, Value) {
        let inner = depth.saturating_sub(1);
        let count = self.rng.below(3);
        match self.rng.below(if depth == 0 { 22 } else { 48 }) {
            0..=2 => ("type", json!(self.rng.pick(&TYPES))),
            3 => {
                let (one, other) = (self.rng.below(4), 4 + self.rng.below(3));
                ("type", json!([TYPES[one], TYPES[other]]))
            }
            4 => ("const", self.value(2)),
            5 | 6 => {
                let mut values: Vec<Value> = Vec::new();
                for _ in 0..=self.rng.below(3) {
                    let value = self.value(1);
                    if !values
                        .iter()
                        .any(|one| handfast_schema::number::equal(one, &value))
                    {
                        values.push(value);
                    }
                }
                ("enum", Value::Array(values))
            }
            7 => ("minimum", self.number()),
            8 => ("maximum", self.number()),
            9 => ("exclusiveMinimum", self.number()),
            10 => ("exclusiveMaximum", self.number()),
            11 => (
                "multipleOf",
                json!(self.rng.pick(&[1.0, 2.0, 0.5, 2.5, 0.1, 0.01, 3.0])),
            ),
            12 => ("minLength", json!(count)),
            13 => ("maxLength", json!(count)),
            14 => ("pattern", json!(self.rng.pick(&PATTERNS))),
            15 => ("minItems", json!(count)),
            16 => ("maxItems", json!(count)),
            17 => ("uniqueItems", json!(true)),
            18 => {
                let (one, other) = (*self.rng.pick(&KEYS), *self.rng.pick(&KEYS));
                let names = if one == other {
                    vec![one]
                } else {
                    vec![one, other]
                };
                ("required", json!(names))
            }
            19 => ("minProperties", json!(count)),
            20 => ("maxProperties", json!(count)),
            21 => ("format", json!(self.rng.pick(&KNOWN))),
            22..=25 => ("properties", self.named(&KEYS, depth)),
            26 => ("patternProperties", self.named(&PATTERNS, depth)),
            27 => ("additionalProperties", self.inside(depth)),
            28 => ("propertyNames", self.inside(depth)),
            29 => {
                let (because, name) = (*self.rng.pick(&KEYS), *self.rng.pick(&KEYS));
                ("dependentRequired", json!({ because: [name] }))
            }
            30 => {
                let key = (*self.rng.pick(&KEYS)).to_owned();
                let schema = self.schema(inner, floor);
                (
                    "dependentSchemas",
                    Value::Object(Map::from_iter([(key, schema)])),
                )
            }
            31 => {
                let items = (0..=self.rng.below(2))
                    .map(|_| self.inside(depth))
                    .collect();
                ("prefixItems", items)
            }
            32 | 33 => ("items", self.inside(depth)),
            34 => ("contains", self.inside(depth)),
            35 => ("minContains", json!(count)),
            36 => ("maxContains", json!(count)),
            37 => ("allOf", self.list(inner, floor)),
            38 => ("anyOf", self.list(inner, floor)),
            39 => ("oneOf", self.list(inner, floor)),
            40 => ("not", self.schema(inner, floor)),
            41 => ("if", self.schema(inner, floor)),
            42 => (*self.rng.pick(&["then", "else"]), self.schema(inner, floor)),
            43 => ("unevaluatedProperties", self.inside(depth)),
            44 => ("unevaluatedItems", self.inside(depth)),
            45 => ("unevaluatedProperties", json!(false)),
            46 => ("unevaluatedItems", json!(false)),
            _ if floor > 0 => {
                let name = self.names[self.rng.below(floor)].clone();
                let mut reference = self.reference(name);
                ("$ref", reference["$ref"].take())
            }
            _ => ("type", json!("object")),
        }
    }
}

/// Takes out what nothing would fit: our own dialect calls that a mistake.
fn tidy(rng: &mut Rng, keywords: &mut Map<String, Value>) {
    let as_number = |keywords: &Map<String, Value>, key: &str| keywords.get(key)?.as_f64();
    for (low, high) in [
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
        ("minProperties", "maxProperties"),
        ("minContains", "maxContains"),
        ("minimum", "maximum"),
        ("minimum", "exclusiveMaximum"),
        ("exclusiveMinimum", "maximum"),
        ("exclusiveMinimum", "exclusiveMaximum"),
    ] {
        let (least, most) = (as_number(keywords, low), as_number(keywords, high));
        if least.zip(most).is_some_and(|(least, most)| least >= most) {
            keywords.remove(high);
        }
    }
    if keywords.contains_key("const") {
        keywords.remove("enum");
    }
    if keywords.contains_key("const") || keywords.contains_key("enum") {
        keywords.remove("type");
        let strings = keywords
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().all(Value::is_string));
        if strings && rng.one_in(2) {
            keywords.insert("type".to_owned(), json!("string"));
        }
    }
}
