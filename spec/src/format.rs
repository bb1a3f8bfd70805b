//! The JSON Schema of the spec format, for editors, generated from the table of the language.

use crate::language::{ROOT, Section, Shape};
use crate::parse::grammar;
use crate::schema::draft::Draft;
use crate::schema::keywords;
use handfast_schema::Type;
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of the spec format. It refuses unknown keys wherever the language does, inside
/// payloads too.
pub fn format_schema() -> Value {
    let mut defs = Map::new();
    defs.insert("schema".into(), payload_schema());
    let root = shape(&ROOT, &mut defs);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Handfast protocol",
        "$ref": root["$ref"],
        "$defs": defs,
    })
}

fn shape(of: &Shape, defs: &mut Map<String, Value>) -> Value {
    match of {
        Shape::Text => json!({ "type": "string" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count(min, max) if min == max => json!({ "const": min }),
        Shape::Count(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Duration => json!({
            "type": "string",
            "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
            "minLength": 2,
        }),
        Shape::Size => json!({
            "anyOf": [
                { "type": "string", "pattern": "^[0-9]+(B|kB|KB|MB|GB|KiB|MiB|GiB)?$" },
                { "type": "integer", "minimum": 1 },
            ],
        }),
        Shape::Rate => json!({ "type": "string", "pattern": "^[0-9]+/[0-9]*[a-z][0-9a-z]*$" }),
        Shape::Version => json!({ "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+" }),
        Shape::Requirement => json!({ "type": "string", "minLength": 1 }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Name => json!({ "type": "string", "pattern": grammar::NAME }),
        Shape::Field => json!({ "type": "string", "minLength": 1, "maxLength": 128 }),
        Shape::RustName => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }),
        Shape::TsName => json!({ "type": "string", "pattern": grammar::IDENTIFIER }),
        Shape::RustPath | Shape::Out => json!({ "type": "string", "minLength": 1 }),
        Shape::Off => json!({ "const": "off" }),
        Shape::Null => json!({ "type": "null" }),
        Shape::Integer => json!({ "type": "integer" }),
        Shape::Any => json!({}),
        Shape::Schema => json!({ "$ref": "#/$defs/schema" }),
        Shape::Section(section) => named(section, defs),
        Shape::Table(inner) => json!({
            "type": "object",
            "propertyNames": { "pattern": if matches!(inner, Shape::Schema) { grammar::TYPE_NAME } else { grammar::NAME } },
            "additionalProperties": shape(inner, defs),
        }),
        Shape::Free(inner) => {
            json!({ "type": "object", "additionalProperties": shape(inner, defs) })
        }
        Shape::List(inner) => json!({ "type": "array", "items": shape(inner, defs) }),
        Shape::Either(shapes) => {
            let shapes: Vec<Value> = shapes.iter().map(|inner| shape(inner, defs)).collect();
            json!({ "anyOf": shapes })
        }
    }
}

/// A section, written once among the definitions.
fn named(section: &Section, defs: &mut Map<String, Value>) -> Value {
    let name = section.name.replace(' ', "-");
    let reference = json!({ "$ref": format!("#/$defs/{name}") });
    if defs.contains_key(&name) {
        return reference;
    }
    // Reserved before its keys are visited, in case one of them refers back to it.
    defs.insert(name.clone(), Value::Null);
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in section.keys {
        let mut value = shape(&key.shape, defs);
        value["description"] = json!(key.doc);
        properties.insert(key.name.into(), value);
        if key.required {
            required.push(key.name);
        }
    }
    let schema = json!({
        "description": section.doc,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    defs.insert(name, schema);
    reference
}

/// The keywords of JSON Schema, spelled out so that an editor reports an unknown one.
fn payload_schema() -> Value {
    let schema = || json!({ "$ref": "#/$defs/schema" });
    let types: Vec<&str> = Type::ALL.iter().map(|ty| ty.name()).collect();
    let names = || json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
    let mut properties = Map::new();
    for keyword in keywords::of(Draft::default()) {
        let mut value = match keyword.value {
            keywords::Value::Schema => schema(),
            keywords::Value::Items => json!({
                "anyOf": [schema(), { "type": "array", "items": schema() }],
            }),
            keywords::Value::Schemas => {
                json!({ "type": "array", "items": schema(), "minItems": 1 })
            }
            keywords::Value::SchemaMap => {
                json!({ "type": "object", "additionalProperties": schema() })
            }
            keywords::Value::Text | keywords::Value::Reference => json!({ "type": "string" }),
            keywords::Value::Pattern => json!({ "type": "string", "format": "regex" }),
            keywords::Value::Flag => json!({ "type": "boolean" }),
            keywords::Value::Count => json!({ "type": "integer", "minimum": 0 }),
            keywords::Value::Number => json!({ "type": "number" }),
            keywords::Value::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
            keywords::Value::Names => names(),
            keywords::Value::NamesMap => {
                json!({ "type": "object", "additionalProperties": names() })
            }
            keywords::Value::Types => json!({
                "anyOf": [
                    { "enum": types },
                    { "type": "array", "items": { "enum": types }, "minItems": 1, "uniqueItems": true },
                ],
            }),
            keywords::Value::Values => json!({ "type": "array" }),
            keywords::Value::Any => json!({}),
            keywords::Value::Anchor => {
                json!({ "type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$" })
            }
            keywords::Value::RustName => {
                json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" })
            }
            keywords::Value::TsName => json!({ "type": "string", "pattern": grammar::IDENTIFIER }),
            keywords::Value::Vocabulary
            | keywords::Value::Dependencies
            | keywords::Value::Discriminator => {
                json!({ "type": "object" })
            }
        };
        value["description"] = json!(keyword.doc);
        properties.insert(keyword.name.into(), value);
    }
    json!({
        "description": "A JSON Schema of draft 2020-12.",
        "type": ["object", "boolean"],
        "properties": properties,
        "additionalProperties": false,
    })
}
