//! Random schemas and random instances, small enough to meet each other.

use serde_json::{Map, Value, json};

/// A small random number generator (xorshift64*), so that a failure can be repeated by its seed.
#[derive(Debug)]
pub struct Rng(u64);

impl Rng {
    /// The generator with a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `n`, or 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(bits).unwrap_or(0) % n.max(1)
    }

    /// True with a probability of one in `n`.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

const KEYS: [&str; 4] = ["a", "b", "ab", "c"];
const PATTERNS: [&str; 5] = ["^a", "b$", "^.$", "[ab]{2}", "^(?:a|b)*$"];
const NUMBERS: [f64; 9] = [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, 2.5, 10.0, -0.0];

fn number(rng: &mut Rng) -> Value {
    let n = *rng.pick(&NUMBERS);
    if n.fract() == 0.0 && !rng.one_in(4) {
        json!(n as i64)
    } else {
        json!(n)
    }
}

/// A random value, at most `depth` levels deep.
pub fn instance(rng: &mut Rng, depth: u32) -> Value {
    let kinds = if depth == 0 { 5 } else { 9 };
    match rng.below(kinds) {
        0 => Value::Null,
        1 => json!(rng.one_in(2)),
        2 | 3 => number(rng),
        4 => json!(rng.pick(&["", "a", "b", "ab", "ba", "abc", "\u{1F600}"])),
        5 | 6 => (0..rng.below(4))
            .map(|_| instance(rng, depth - 1))
            .collect(),
        _ => {
            let fields = (0..rng.below(4))
                .map(|_| ((*rng.pick(&KEYS)).to_owned(), instance(rng, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}

fn schemas(rng: &mut Rng, depth: u32) -> Value {
    (0..=rng.below(3)).map(|_| schema(rng, depth)).collect()
}

fn named(rng: &mut Rng, keys: &[&str], depth: u32) -> Value {
    let fields = (0..=rng.below(2))
        .map(|_| ((*rng.pick(keys)).to_owned(), schema(rng, depth)))
        .collect();
    Value::Object(fields)
}

fn schema(rng: &mut Rng, depth: u32) -> Value {
    if rng.one_in(12) {
        return json!(rng.one_in(2));
    }
    let mut keywords = Map::new();
    for _ in 0..=rng.below(3) {
        let (name, value) = keyword(rng, depth);
        keywords.insert(name.to_owned(), value);
    }
    Value::Object(keywords)
}

fn keyword(rng: &mut Rng, depth: u32) -> (&'static str, Value) {
    const TYPES: [&str; 7] = [
        "null", "boolean", "integer", "number", "string", "array", "object",
    ];
    let inner = depth.saturating_sub(1);
    let count = rng.below(3);
    match rng.below(if depth == 0 { 20 } else { 44 }) {
        0..=2 => ("type", json!(rng.pick(&TYPES))),
        3 => (
            "type",
            json!([TYPES[rng.below(4)], TYPES[4 + rng.below(3)]]),
        ),
        4 => ("const", instance(rng, 1)),
        5 => (
            "enum",
            (0..=rng.below(3)).map(|_| instance(rng, 1)).collect(),
        ),
        6 => ("minimum", number(rng)),
        7 => ("maximum", number(rng)),
        8 => ("exclusiveMinimum", number(rng)),
        9 => ("exclusiveMaximum", number(rng)),
        10 => ("multipleOf", json!(rng.pick(&[1.0, 2.0, 0.5, 2.5]))),
        11 => ("minLength", json!(count)),
        12 => ("maxLength", json!(count)),
        13 => ("pattern", json!(rng.pick(&PATTERNS))),
        14 => ("minItems", json!(count)),
        15 => ("maxItems", json!(count)),
        16 => ("uniqueItems", json!(true)),
        17 => ("required", json!([rng.pick(&KEYS)])),
        18 => ("minProperties", json!(count)),
        19 => ("maxProperties", json!(count)),
        20..=23 => ("properties", named(rng, &KEYS, inner)),
        24 => ("patternProperties", named(rng, &PATTERNS, inner)),
        25 => ("additionalProperties", schema(rng, inner)),
        26 => ("propertyNames", schema(rng, inner)),
        27 => (
            "dependentRequired",
            json!({ *rng.pick(&KEYS): [rng.pick(&KEYS)] }),
        ),
        28 => ("dependentSchemas", named(rng, &KEYS, inner)),
        29 => ("prefixItems", schemas(rng, inner)),
        30 | 31 => ("items", schema(rng, inner)),
        32 => ("contains", schema(rng, inner)),
        33 => ("minContains", json!(count)),
        34 => ("maxContains", json!(count)),
        35 => ("allOf", schemas(rng, inner)),
        36 => ("anyOf", schemas(rng, inner)),
        37 => ("oneOf", schemas(rng, inner)),
        38 => ("not", schema(rng, inner)),
        39 => ("if", schema(rng, inner)),
        40 => (*rng.pick(&["then", "else"]), schema(rng, inner)),
        41 => ("unevaluatedProperties", schema(rng, inner)),
        42 => ("unevaluatedItems", schema(rng, inner)),
        _ => (
            "$ref",
            json!(rng.pick(&["#/$defs/0", "#/$defs/1", "#/$defs/U"])),
        ),
    }
}

/// A random schema with definitions, as a document.
pub fn document(rng: &mut Rng) -> Value {
    // Definitions refer only to earlier or nested ones, so that none is infinite.
    let first = schema(rng, 0);
    let second = json!({
        "properties": { "a": { "$ref": "#" }, "b": { "$ref": "#/$defs/0" } },
        "items": { "$ref": "#/$defs/1" },
    });
    let told = |kind: &str, more: Value| {
        json!({
            "type": "object",
            "required": ["c"],
            "properties": { "c": { "const": kind }, "a": more },
        })
    };
    let union = json!({
        "oneOf": [told("a", schema(rng, 0)), told("b", schema(rng, 0)), { "type": "null" }],
    });
    let mut root = schema(rng, 3);
    if let Some(keywords) = root.as_object_mut() {
        keywords.insert(
            "$defs".to_owned(),
            json!({ "0": first, "1": second, "U": union }),
        );
        return root;
    }
    json!({ "not": { "not": root }, "$defs": { "0": first, "1": second, "U": union } })
}
