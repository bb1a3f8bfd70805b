//! Random schemas: every keyword alone and in pairs, common schemas, references, recursion, resources.

use super::constructs::Pair;
use super::usual::BEYOND;
use handfast_schema::format::KNOWN;
use handfast_testing::random::Rng;
use serde_json::{Map, Value, json};

/// Property names, among them those that JavaScript has on every object, and those that generated code uses.
pub(crate) const KEYS: [&str; 18] = [
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
    "strict",
    "value",
    "_a",
    "Größe",
];

/// Patterns that every validator can run.
const PATTERNS: [&str; 16] = [
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
    "^(?!a).*$",
    "^(?!_|.*x$)(?=.{1,3}$)",
    "^(?:(?!a).|[ab]+)$",
    "^(?!(?:[ab]+)*c)\\w+$",
];

/// Patterns for which a backtracking engine takes more than linear time.
pub(super) const SLOW: [&str; 6] = [
    "^([ab]+)*c$",
    "(?:a|ab|b)*$",
    "a*b*a*$",
    "^(?:a+)+b?$",
    "[ab]+c",
    "\\w+\\d+$",
];

const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

/// The keywords, and how often each is picked. Those after `format` have subschemas.
pub(super) const KEYWORDS: [(&str, usize); 39] = [
    ("type", 4),
    ("const", 1),
    ("enum", 2),
    ("minimum", 1),
    ("maximum", 1),
    ("exclusiveMinimum", 1),
    ("exclusiveMaximum", 1),
    ("multipleOf", 1),
    ("minLength", 1),
    ("maxLength", 1),
    ("pattern", 1),
    ("minItems", 1),
    ("maxItems", 1),
    ("uniqueItems", 1),
    ("required", 1),
    ("minProperties", 1),
    ("maxProperties", 1),
    ("dependentRequired", 1),
    ("minContains", 1),
    ("maxContains", 1),
    ("format", 1),
    ("properties", 4),
    ("patternProperties", 1),
    ("additionalProperties", 1),
    ("propertyNames", 1),
    ("dependentSchemas", 1),
    ("prefixItems", 1),
    ("items", 2),
    ("contains", 1),
    ("allOf", 1),
    ("anyOf", 1),
    ("oneOf", 1),
    ("not", 1),
    ("if", 1),
    ("then", 1),
    ("else", 1),
    ("unevaluatedProperties", 2),
    ("unevaluatedItems", 2),
    ("$ref", 1),
];

/// How many keywords have no subschemas.
const LEAVES: usize = 21;

/// The dialect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum For {
    /// Standard JSON Schema, with annotations for formats.
    All,
    /// Handfast's own dialect, in which contradictions are errors.
    Ours,
}

/// A whole schema that contains each of these pairs of keywords, with `$dynamicRef` if requested. Rare constructs
/// take turns.
pub(crate) fn document(
    rng: &mut Rng,
    reader: For,
    pairs: &[Pair],
    dynamic: bool,
    turn: usize,
) -> Value {
    let refers = pairs.iter().any(|(_, other)| *other == "$ref");
    let count = rng.below(4).max(usize::from(refers));
    let mut maker = Maker {
        rng,
        reader,
        names: (0..count).map(|i| format!("d{i}")).collect(),
        bare: (0..count).map(|i| format!("d{i}")).collect(),
        root: if dynamic { "root" } else { "" },
    };
    let mut defs = Map::new();
    for i in 0..count {
        // In place, it only refers to earlier definitions, so that no reference is circular.
        let mut schema = maker.schema(2, i);
        if let Value::Object(schema) = &mut schema {
            let name = maker.names[i].clone();
            schema.insert("$anchor".to_owned(), json!(format!("anchor-{name}")));
            maker.bare.retain(|bare| *bare != name);
        }
        defs.insert(maker.names[i].clone(), schema);
    }
    let mut root = match pairs {
        [] => maker.schema(3, count),
        pairs => maker.around(pairs, count, turn),
    };
    if maker.rng.one_in(4) {
        defs.insert("node".to_owned(), maker.nested_union());
        let node = json!({ "$ref": format!("{}#/$defs/node", maker.root) });
        root = match maker.rng.below(3) {
            0 => {
                json!({ "type": "object", "required": ["a"], "properties": { "a": node, "b": root } })
            }
            1 => json!({ "allOf": [node, root] }),
            _ => json!({ "anyOf": [root, node] }),
        };
    }
    let mut root = match root {
        Value::Object(root) => root,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    if dynamic {
        // A tree that its users may extend.
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

/// A schema for use inside another: it has no definitions.
pub(crate) fn inner(rng: &mut Rng, reader: For) -> Value {
    let mut maker = Maker {
        rng,
        reader,
        names: Vec::new(),
        bare: Vec::new(),
        root: "",
    };
    maker.schema(2, 0)
}

pub(super) struct Maker<'r> {
    pub(super) rng: &'r mut Rng,
    pub(super) reader: For,
    names: Vec<String>,
    /// The definitions without an anchor: booleans, and those still to be generated.
    bare: Vec<String>,
    /// The address of the root, if it has one.
    pub(super) root: &'static str,
}

impl Maker<'_> {
    /// A schema that refers in place to the first `floor` definitions at most.
    pub(super) fn schema(&mut self, depth: usize, floor: usize) -> Value {
        if self.rng.one_in(14) {
            return json!(self.rng.one_in(2));
        }
        // A common schema now and then: an object or an enum with a type of its own in both languages.
        if depth > 0 && self.rng.one_in(4) {
            return self.usual(depth - 1);
        }
        let mut keywords = Map::new();
        for _ in 0..=self.rng.below(3) {
            let name = self.keyword(depth, floor);
            keywords.insert(name.to_owned(), self.value_of(name, depth, floor));
        }
        if self.reader == For::Ours {
            tidy(self.rng, &mut keywords);
        }
        Value::Object(keywords)
    }

    /// A schema that contains each of these pairs.
    fn around(&mut self, pairs: &[Pair], floor: usize, turn: usize) -> Value {
        let mut schemas = vec![match turn % (BEYOND.len() + 1) {
            0 => json!({ "type": "object", "properties": { "a": { "type": "object" } } }),
            beyond => self.tagged(1, beyond - 1),
        }];
        for (one, other) in pairs {
            let mut keywords = Map::new();
            for name in [one, other] {
                keywords.insert((*name).to_owned(), self.value_of(name, 2, floor));
            }
            if self.reader == For::Ours {
                tidy(self.rng, &mut keywords);
            }
            schemas.push(Value::Object(keywords));
        }
        match self.rng.below(4) {
            0 => json!({ "anyOf": schemas }),
            1 => {
                let first = schemas.remove(0);
                json!({ "allOf": [first], "properties": { "b": { "prefixItems": schemas } } })
            }
            2 => json!({ "type": "array", "prefixItems": schemas }),
            _ => {
                let named: Map<String, Value> = ["a", "b", "c", "ab", "value", "strict"]
                    .iter()
                    .map(|name| (*name).to_owned())
                    .zip(schemas)
                    .collect();
                let required: Vec<&String> = named.keys().filter(|_| self.rng.one_in(2)).collect();
                json!({ "type": "object", "required": required, "properties": named })
            }
        }
    }

    /// A schema for a child: it may refer to anything.
    pub(super) fn inside(&mut self, depth: usize) -> Value {
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

    /// A random keyword.
    fn keyword(&mut self, depth: usize, floor: usize) -> &'static str {
        let known = &KEYWORDS[..if depth == 0 { LEAVES } else { KEYWORDS.len() }];
        let all: usize = known.iter().map(|(_, often)| often).sum();
        let mut at = self.rng.below(all);
        let found = known.iter().find(|(_, often)| {
            let is_here = at < *often;
            at = at.saturating_sub(*often);
            is_here
        });
        match found {
            Some((name, _)) if floor > 0 || *name != "$ref" => name,
            _ => "type",
        }
    }

    /// A value for a keyword.
    pub(super) fn value_of(&mut self, keyword: &str, depth: usize, floor: usize) -> Value {
        let inner = depth.saturating_sub(1);
        let count = self.rng.below(3);
        match keyword {
            "type" => {
                if self.rng.one_in(4) {
                    let (one, other) = (self.rng.below(4), 4 + self.rng.below(3));
                    return json!([TYPES[one], TYPES[other]]);
                }
                json!(self.rng.pick(&TYPES))
            }
            "const" => self.value(2),
            "enum" if self.reader == For::All && self.rng.one_in(30) => json!([]),
            "enum" => {
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
                Value::Array(values)
            }
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => self.number(),
            "multipleOf" => json!(self.rng.pick(&[1.0, 2.0, 0.5, 2.5, 0.1, 0.01, 3.0])),
            "pattern" if self.rng.one_in(3) => json!(self.rng.pick(&SLOW)),
            "pattern" => json!(self.rng.pick(&PATTERNS)),
            "uniqueItems" => json!(true),
            "required" => {
                let (one, other) = (*self.rng.pick(&KEYS), *self.rng.pick(&KEYS));
                let names = if one == other {
                    vec![one]
                } else {
                    vec![one, other]
                };
                json!(names)
            }
            "dependentRequired" => {
                let (because, name) = (*self.rng.pick(&KEYS), *self.rng.pick(&KEYS));
                json!({ because: [name] })
            }
            "format" => json!(self.rng.pick(&KNOWN)),
            "properties" => self.named(&KEYS, depth),
            "patternProperties" => self.named(&PATTERNS, depth),
            "dependentSchemas" => {
                let key = (*self.rng.pick(&KEYS)).to_owned();
                let schema = self.schema(inner, floor);
                Value::Object(Map::from_iter([(key, schema)]))
            }
            "prefixItems" => (0..=self.rng.below(2))
                .map(|_| self.inside(depth))
                .collect(),
            "unevaluatedProperties" | "unevaluatedItems" if self.rng.one_in(2) => json!(false),
            "additionalProperties"
            | "propertyNames"
            | "items"
            | "contains"
            | "unevaluatedProperties"
            | "unevaluatedItems" => self.inside(depth),
            "allOf" | "anyOf" | "oneOf" => self.list(inner, floor),
            "not" | "if" | "then" | "else" => self.schema(inner, floor),
            "$ref" => {
                let name = self.names[self.rng.below(floor)].clone();
                self.reference(name)["$ref"].take()
            }
            // Lengths and counts.
            _ => json!(count),
        }
    }
}

/// Removes contradictions: they are errors in Handfast's own dialect.
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
