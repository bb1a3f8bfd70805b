//! Instances for a schema: some that are meant to be valid, and mutations of them.

use super::schemas::KEYS;
use handfast_testing::random::Rng;
use serde_json::{Map, Value, json};

/// Strings that distinguish patterns, lengths and formats.
const TEXTS: [&str; 24] = [
    "",
    "a",
    "b",
    "ab",
    "ba",
    "abc",
    "aba",
    "A",
    "É",
    "é",
    "e\u{301}",
    "\u{1F600}",
    "a\u{1F600}",
    "1",
    "a b",
    "\u{0}",
    "\u{2028}",
    "__proto__",
    "2024-02-29",
    "2023-02-29",
    "12:00:00Z",
    "1.2.3.4",
    "a@b.example",
    "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
];

const NUMBERS: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    2.0,
    3.0,
    -1.0,
    0.5,
    2.5,
    10.0,
    0.3,
    0.07,
    1e300,
    -1e-9,
    9_007_199_254_740_991.0,
    9_007_199_254_740_992.0,
    5.0,
];

/// Valid texts of each format, as a starting point.
fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "date" => &["2024-02-29", "1999-12-31"],
        "time" => &[
            "12:00:00Z",
            "23:59:60Z",
            "01:29:60.5+01:30",
            "00:00:00-23:59",
        ],
        "date-time" => &["2024-02-29T12:00:00Z", "1998-12-31t23:59:60.123z"],
        "duration" => &["P1Y2M3DT4H5M6S", "P4W", "PT36H"],
        "email" | "idn-email" => &[
            "a.b@example.com",
            "\"a b\"@x.org",
            "a@[127.0.0.1]",
            "ü@bücher.example",
        ],
        "hostname" | "idn-hostname" => &[
            "www.example.com",
            "xn--bcher-kva.example",
            "bücher.example",
            "ab・ア",
            "a·l·l",
            "א׳ב",
        ],
        "ipv4" => &["127.0.0.1", "255.255.255.255"],
        "ipv6" => &["::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "fe80::a:b"],
        "uri" | "uri-reference" | "iri" | "iri-reference" => &[
            "https://user:p%20w@example.com:8080/a/b?c=d#e",
            "urn:isbn:0451450523",
            "//[::1]/x",
            "../a;b?c",
            "http://ƒøø.ßår/?q=∂",
            "http://[v1.a:b]/",
        ],
        "uri-template" => &["/a/{b}/{+c,d*}{?e:3}", "{#x}{/y}{;z}{&w}", "a{b%20c}"],
        "uuid" => &["2eb8aa08-aa98-11ea-b4aa-73b441d16380"],
        "json-pointer" => &["/a~0b/~1/", ""],
        "relative-json-pointer" => &["0#", "1/a~1b", "2-1/x"],
        "regex" => &[
            "^(?:a|b)+[^c-f]{2,3}$",
            "(?<n>a)\\k<n>",
            "\\p{L}\\u{1F600}(?=x)",
        ],
        _ => &[
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "0",
        ],
    }
}

/// A text that is valid for a format, or nearly.
pub(super) fn nearly(rng: &mut Rng, format: &str) -> String {
    let samples = samples(format);
    let sample = samples[rng.below(samples.len())];
    match rng.below(3) {
        0 => sample.to_owned(),
        _ => mistyped(rng, sample),
    }
}

/// A text with a character changed, added or removed, or a part repeated.
fn mistyped(rng: &mut Rng, text: &str) -> String {
    const CHARACTERS: [char; 32] = [
        'a',
        'Z',
        '0',
        '9',
        '-',
        '.',
        ':',
        '/',
        '%',
        '@',
        '[',
        ']',
        '{',
        '}',
        '"',
        '~',
        '+',
        '#',
        '?',
        ' ',
        '\\',
        '^',
        '*',
        '(',
        ')',
        'é',
        'ß',
        '·',
        '\u{200d}',
        '\u{3002}',
        '\u{1F600}',
        '\u{0}',
    ];
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=rng.below(2) {
        let at = rng.below(characters.len() + 1);
        match rng.below(4) {
            0 => characters.insert(at, *rng.pick(&CHARACTERS)),
            1 if at < characters.len() => characters[at] = *rng.pick(&CHARACTERS),
            2 if at < characters.len() => drop(characters.remove(at)),
            _ => {
                let piece: Vec<char> = characters.iter().skip(at).take(3).copied().collect();
                characters.splice(at..at, piece);
            }
        }
    }
    characters.into_iter().collect()
}

/// An instance for a schema.
pub(super) fn instance(rng: &mut Rng, document: &Value) -> Value {
    if rng.one_in(10) {
        return anything(rng, 3);
    }
    let mut maker = Maker { rng, document };
    let mut value = maker.fitting(document, 5);
    for _ in 0..maker.rng.below(3) {
        value = mutated(maker.rng, value);
    }
    value
}

fn number(rng: &mut Rng) -> Value {
    let n = *rng.pick(&NUMBERS);
    // Half of the whole numbers are written without a fraction.
    if n.fract() == 0.0 && n.abs() < 1e15 && rng.one_in(2) {
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
        let whole = n as i64;
        json!(whole)
    } else {
        json!(n)
    }
}

fn anything(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => json!(rng.one_in(2)),
        2 => number(rng),
        3 | 4 => json!(rng.pick(&TEXTS)),
        5 => (0..rng.below(4))
            .map(|_| anything(rng, depth - 1))
            .collect(),
        _ => {
            let fields = (0..rng.below(4))
                .map(|_| ((*rng.pick(&KEYS)).to_owned(), anything(rng, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}

/// The value with a mutation somewhere in it.
fn mutated(rng: &mut Rng, value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            match rng.below(5) {
                0 => items.push(anything(rng, 1)),
                1 if !items.is_empty() => drop(items.remove(rng.below(items.len()))),
                2 if !items.is_empty() => items.push(items[rng.below(items.len())].clone()),
                _ if !items.is_empty() => {
                    let at = rng.below(items.len());
                    items[at] = mutated(rng, items[at].take());
                }
                _ => return anything(rng, 1),
            }
            Value::Array(items)
        }
        Value::Object(mut fields) => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            match rng.below(5) {
                0 => drop(fields.insert((*rng.pick(&KEYS)).to_owned(), anything(rng, 1))),
                1 if !keys.is_empty() => drop(fields.shift_remove(rng.pick(&keys))),
                _ if !keys.is_empty() => {
                    let key = rng.pick(&keys);
                    let inner = fields[key].take();
                    fields[key] = mutated(rng, inner);
                }
                _ => return anything(rng, 1),
            }
            Value::Object(fields)
        }
        Value::Number(n) if rng.one_in(2) => {
            let n = n.as_f64().unwrap_or_default();
            json!(n + *rng.pick(&[1.0, -1.0, 0.5]))
        }
        _ => anything(rng, 1),
    }
}

struct Maker<'a> {
    rng: &'a mut Rng,
    document: &'a Value,
}

impl Maker<'_> {
    /// A value that is probably valid for the schema.
    fn fitting(&mut self, schema: &Value, depth: usize) -> Value {
        let Some(keywords) = schema.as_object() else {
            return anything(self.rng, 1);
        };
        if depth == 0 {
            return anything(self.rng, 0);
        }
        if let Some(value) = keywords.get("const") {
            return value.clone();
        }
        let values = keywords.get("enum").and_then(Value::as_array);
        if let Some(values) = values.filter(|values| !values.is_empty()) {
            return self.rng.pick(values).clone();
        }
        let mut found = Value::Null;
        let others: Vec<&Value> = ["allOf", "anyOf", "oneOf"]
            .iter()
            .filter_map(|name| keywords.get(*name)?.as_array())
            .flatten()
            .collect();
        if let Some(target) = keywords.get("$ref").and_then(|to| self.target(to)) {
            found = self.fitting(&target, depth - 1);
        } else if !others.is_empty() {
            let branch = others[self.rng.below(others.len())];
            found = self.fitting(branch, depth - 1);
        }
        let named = keywords.get("type").map(|ty| match ty {
            Value::Array(types) => self.rng.pick(types).clone(),
            one => one.clone(),
        });
        let has = |names: &[&str]| names.iter().any(|name| keywords.contains_key(*name));
        let kind = match named.as_ref().and_then(Value::as_str) {
            Some(kind) => kind,
            None if has(&[
                "properties",
                "required",
                "minProperties",
                "patternProperties",
            ]) || has(&["additionalProperties", "propertyNames", "dependentRequired"]) =>
            {
                "object"
            }
            None if has(&[
                "items",
                "prefixItems",
                "contains",
                "minItems",
                "uniqueItems",
            ]) =>
            {
                "array"
            }
            None if has(&["pattern", "minLength", "maxLength", "format"]) => "string",
            None if has(&["minimum", "maximum", "multipleOf", "exclusiveMinimum"]) => "number",
            None if found.is_null() => return anything(self.rng, 2),
            None => return found,
        };
        match kind {
            "null" => Value::Null,
            "boolean" => json!(self.rng.one_in(2)),
            "integer" | "number" => {
                let bound = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
                    .iter()
                    .find_map(|name| keywords.get(*name)?.as_f64());
                match bound.filter(|_| self.rng.one_in(2)) {
                    Some(bound) => json!(bound + *self.rng.pick(&[0.0, 1.0, -1.0])),
                    None => number(self.rng),
                }
            }
            "string" => match keywords.get("format").and_then(Value::as_str) {
                Some(format) if !self.rng.one_in(8) => json!(nearly(self.rng, format)),
                _ => json!(self.rng.pick(&TEXTS)),
            },
            "array" => self.array(keywords, found, depth - 1),
            _ => self.object(keywords, found, depth - 1),
        }
    }

    /// The target of a reference, if it is simple to find.
    fn target(&self, to: &Value) -> Option<Value> {
        let (_, fragment) = to.as_str()?.split_once('#')?;
        let fragment = match fragment.strip_prefix("anchor-") {
            Some(name) => format!("/$defs/{name}"),
            None => fragment.to_owned(),
        };
        self.document.pointer(&fragment).cloned()
    }

    fn array(&mut self, keywords: &Map<String, Value>, found: Value, depth: usize) -> Value {
        let mut items = match found {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        let prefix = keywords.get("prefixItems").and_then(Value::as_array);
        for schema in prefix.into_iter().flatten().skip(items.len()) {
            items.push(self.fitting(schema, depth));
        }
        if let Some(schema) = keywords.get("items") {
            for _ in 0..self.rng.below(3) {
                items.push(self.fitting(schema, depth));
            }
        }
        if let Some(schema) = keywords.get("contains") {
            items.push(self.fitting(schema, depth));
        }
        let least = keywords
            .get("minItems")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        while (items.len() as u64) < least {
            items.push(anything(self.rng, 1));
        }
        Value::Array(items)
    }

    fn object(&mut self, keywords: &Map<String, Value>, found: Value, depth: usize) -> Value {
        let mut fields = match found {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let required = keywords.get("required").and_then(Value::as_array);
        let required: Vec<&str> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = keywords.get("properties").and_then(Value::as_object);
        for (key, schema) in properties.into_iter().flatten() {
            if required.contains(&key.as_str()) || !self.rng.one_in(3) {
                let value = self.fitting(schema, depth);
                fields.insert(key.clone(), value);
            }
        }
        for key in required {
            if !fields.contains_key(key) {
                fields.insert(key.to_owned(), anything(self.rng, 1));
            }
        }
        if let Some(schema) = keywords
            .get("additionalProperties")
            .filter(|_| self.rng.one_in(2))
        {
            let key = (*self.rng.pick(&KEYS)).to_owned();
            let value = self.fitting(schema, depth);
            fields.insert(key, value);
        }
        Value::Object(fields)
    }
}
