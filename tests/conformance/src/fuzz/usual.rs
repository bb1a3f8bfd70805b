//! Common schemas: objects, lists, enums, unions, annotations.

use super::schemas::{For, KEYS, Maker};
use handfast_schema::format::KNOWN;
use serde_json::{Map, Value, json};

/// Additional keywords of the branch of a tagged union: with them, it is not a plain struct.
pub(super) const BEYOND: [&str; 13] = [
    "required",
    "additionalProperties",
    "unevaluatedProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "not",
    "if",
    "allOf",
    "anyOf",
    "oneOf",
    "minProperties",
];

impl Maker<'_> {
    pub(super) fn usual(&mut self, depth: usize) -> Value {
        match self.rng.below(10) {
            0 | 1 => self.object(depth),
            2 => {
                // Now and then only a type, for a value with children.
                let items = if self.rng.one_in(3) {
                    json!({ "type": self.rng.pick(&["object", "array"]) })
                } else {
                    self.scalar(depth)
                };
                json!({ "type": "array", "items": items, "maxItems": 3 })
            }
            3 => {
                let one = self.schema(depth, 0);
                json!({ "anyOf": [one, { "type": "null" }] })
            }
            4 | 5 => {
                let beyond = self.rng.below(BEYOND.len() * 2);
                self.tagged(depth, beyond)
            }
            6 => self.remark(),
            7 => {
                let mut part = || {
                    let inner = self.object(depth);
                    json!({ "type": "object", "properties": { "a": inner } })
                };
                json!({ "allOf": [part(), part()] })
            }
            8 => {
                let mut branch = |name: &str| {
                    let inner = self.scalar(depth);
                    json!({ "type": "object", "properties": { name: inner } })
                };
                json!({ "oneOf": [branch("a"), branch("b")] })
            }
            _ => {
                let items = self.object(depth);
                json!({ "type": "array", "items": items, "uniqueItems": true })
            }
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut properties = Map::new();
        for _ in 0..=self.rng.below(3) {
            let key = (*self.rng.pick(&KEYS)).to_owned();
            let value = self.scalar(depth);
            properties.insert(key, value);
        }
        if self.rng.one_in(8) {
            for key in ["a", "_a"] {
                let value = self.scalar(depth);
                properties.insert(key.to_owned(), value);
            }
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
            schema["additionalProperties"] = match self.rng.below(3) {
                0 => self.remark(),
                _ => json!(self.rng.one_in(2)),
            };
        }
        schema
    }

    /// Annotations.
    fn remark(&mut self) -> Value {
        // Annotations with the wrong type are ignored, but a foreign schema may have them.
        if self.reader == For::All && self.rng.one_in(8) {
            let strange = [
                json!({ "deprecated": "since 2.0" }),
                json!({ "examples": "a" }),
                json!({ "description": null, "type": "string" }),
            ];
            return self.rng.pick(&strange).clone();
        }
        match self.rng.below(4) {
            0 => json!({}),
            1 => json!({ "description": "Whatever it is." }),
            2 => json!({ "title": "Anything", "default": 1, "examples": [1, "a"] }),
            _ => json!({ "$comment": "Not said.", "deprecated": true, "readOnly": true }),
        }
    }

    /// A tagged union, one branch of which has this keyword of [`BEYOND`], if given.
    pub(super) fn tagged(&mut self, depth: usize, beyond: usize) -> Value {
        let mut branches: Vec<Value> = ["a", "b"]
            .iter()
            .map(|kind| {
                let more = self.scalar(depth);
                json!({
                    "type": "object",
                    "required": ["c"],
                    "properties": { "c": { "const": kind }, "a": more },
                })
            })
            .collect();
        if let Some(keyword) = BEYOND.get(beyond) {
            let at = self.rng.below(2);
            branches[at][keyword] = match *keyword {
                "required" => json!(["c", "undeclared"]),
                "if" => json!({ "required": ["a"] }),
                "not" if self.rng.one_in(2) => json!({ "required": ["b"] }),
                "anyOf" if self.rng.one_in(2) => {
                    json!([{ "required": ["a"] }, { "required": ["b"] }])
                }
                keyword => self.value_of(keyword, depth.max(1), 0),
            };
            if *keyword == "if" {
                branches[at]["then"] = self.schema(depth, 0);
            }
        }
        json!({ (*self.rng.pick(&["anyOf", "oneOf"])): branches })
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

    /// A union without a discriminant, one branch of which contains the union.
    pub(super) fn nested_union(&mut self) -> Value {
        let node = json!({ "$ref": format!("{}#/$defs/node", self.root) });
        let (more, other) = (self.scalar(0), self.scalar(0));
        let branches = json!([
            { "type": "object", "required": ["a", "b"], "properties": { "a": node, "b": more } },
            { "type": "object", "required": ["a"], "properties": { "a": node, "c": other } },
            { "type": ["integer", "null"] },
        ]);
        json!({ (*self.rng.pick(&["anyOf", "oneOf"])): branches })
    }
}
