//! A schema as large as that of FHIR, made by a seed: types that refer to each other, most of them to themselves by some way.

use crate::case::{Case, Content};
use crate::references::Addresses;
use crate::{Result, folder};
use serde_json::{Map, Value, json};
use std::fs;

/// How many types it has.
const TYPES: u64 = 800;
/// How many bytes it has, at least.
const BYTES: usize = 3_400_000;

/// What a seed draws.
struct Drawn(u64);

impl Drawn {
    /// A number below another (SplitMix64).
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// The case of the schema of a seed.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn case(seed: u64) -> Result<Case> {
    let text = schema(seed).to_string();
    println!(
        "a schema of {} bytes and {TYPES} types by the seed {seed}",
        text.len()
    );
    let path = folder("large")?.join("schema.json");
    fs::write(&path, text)?;
    Case::of_content(
        "large",
        "schema.json",
        Content::Path(path),
        &Addresses::default(),
    )
}

fn schema(seed: u64) -> Value {
    let mut drawn = Drawn(seed);
    // A property is about 210 bytes long.
    let properties = BYTES as u64 / TYPES / 210;
    let mut definitions = Map::new();
    for number in 0..TYPES {
        let mut fields = Map::new();
        fields.insert(
            "resourceType".to_owned(),
            json!({ "const": format!("Type{number}") }),
        );
        for field in 0..properties {
            let (name, schema) = property(&mut drawn, number, field);
            if drawn.below(3) == 0 {
                // As primitives have there: what is said of the value itself.
                let beside = json!({
                    "description": format!("Extensions for {name}"),
                    "$ref": "#/definitions/Type0",
                });
                fields.insert(format!("_{name}"), beside);
            }
            fields.insert(name, schema);
        }
        let definition = json!({
            "description": format!("The type number {number} of the record of a patient, with everything that others say of it."),
            "type": "object",
            "properties": fields,
            "required": ["resourceType"],
            "additionalProperties": false,
        });
        definitions.insert(format!("Type{number}"), definition);
    }
    let all: Vec<Value> = (0..TYPES)
        .map(|number| json!({ "$ref": format!("#/definitions/Type{number}") }))
        .collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://example.com/large.json",
        "description": "Records of patients.",
        "oneOf": all,
        "definitions": definitions,
    })
}

fn property(drawn: &mut Drawn, number: u64, field: u64) -> (String, Value) {
    let words = [
        "status", "code", "subject", "period", "author", "note", "part", "basedOn", "reason",
        "device",
    ];
    let word = words[usize::try_from(drawn.below(10)).unwrap_or_default()];
    let name = format!("{word}{field}");
    let description = format!(
        "The {word} of type {number}, as it was recorded when the {word} was last changed, and by whom it may be read; see part {field}."
    );
    let reference = json!({ "$ref": format!("#/definitions/Type{}", drawn.below(TYPES)) });
    let mut schema = match drawn.below(10) {
        0..=2 => reference,
        3..=4 => json!({ "items": reference, "type": "array" }),
        5 => json!({ "pattern": "^[A-Za-z0-9\\-\\.]{1,64}$", "type": "string" }),
        6 => json!({ "enum": ["draft", "active", "retired", "unknown"] }),
        7 => json!({ "type": "boolean" }),
        8 => json!({ "pattern": "^-?([0]|([1-9][0-9]*))$", "type": "number" }),
        _ => json!({ "type": "string" }),
    };
    schema["description"] = description.into();
    (name, schema)
}
