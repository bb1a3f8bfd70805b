//! What the forms of `specs/shapes.yaml` are in Rust, and that each value comes back as it was.

use handfast::{Implied, Integer, Nullable, Side, Validate, from_str};
use handfast_golden::shapes::*;
use serde_json::{Value, json};

fn read(fields: &Value) -> Result<Note, String> {
    let mut all = json!({ "oneOrMany": "a" });
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, fields) {
        all.extend(fields.clone());
    }
    let note =
        from_str::<Note>(&all.to_string(), Side::Server).map_err(|error| error.to_string())?;
    let written = serde_json::to_value(&note).expect("it is written");
    assert_eq!(written, all, "what was read is written");
    note.validate().map_err(|error| error.to_string())?;
    Ok(note)
}

fn good(fields: Value) -> Note {
    read(&fields).unwrap_or_else(|error| panic!("{fields}: {error}"))
}

#[test]
fn unions_are_enums() {
    let note = good(json!({ "oneOrMany": ["a", "b"] }));
    assert!(matches!(note.one_or_many, NoteOneOrMany::List(all) if all.len() == 2));
    let note = good(json!({ "shortOrObject": { "x": 1 } }));
    assert!(matches!(
        note.short_or_object,
        Some(NoteShortOrObject::Object(_))
    ));
    let note = good(json!({ "severalTypes": 1.5 }));
    assert!(matches!(
        note.several_types,
        Some(Nullable::Value(NoteSeveralTypes::Number(_)))
    ));
    let note = good(json!({ "severalTypes": null }));
    assert!(matches!(note.several_types, Some(Nullable::Null)));
    let note = good(json!({ "external": { "url": "u" } }));
    assert!(matches!(note.external, Some(NoteExternal::Url(_))));
    let note = good(json!({ "versioned": { "v": 2, "t": "x" } }));
    assert!(matches!(note.versioned, Some(NoteVersioned::Two(_))));
    let note = good(json!({ "overlapping": { "t": "x" } }));
    assert!(matches!(note.overlapping, Some(NoteOverlapping::Object(_))));
    let note = good(json!({ "overlapping": { "v": 1 } }));
    assert!(matches!(note.overlapping, Some(NoteOverlapping::One(_))));
    let note = good(json!({ "nullable": [{ "status": "done" }] }));
    assert!(matches!(
        note.nullable,
        Some(Nullable::Value(NoteNullable::List(_)))
    ));
    good(json!({ "nested": [["a"], [["b"]]] }));
}

#[test]
fn constants_and_numbers_are_values() {
    let note = good(json!({ "constants": null, "unsigned": 7, "described": "b" }));
    assert!(matches!(note.constants, Some(NoteConstants::Null)));
    assert!(matches!(note.described, Some(NoteDescribed::Second)));
    assert_eq!(note.unsigned, Some(7));
    let text = r#"{"oneOrMany":"a","anySize":123456789012345678901234567890}"#;
    let note = from_str::<Note>(text, Side::Server).expect("it is valid");
    let size: Integer = note.any_size.clone().expect("it is there");
    assert_eq!(size.to_string(), "123456789012345678901234567890");
    assert_eq!(serde_json::to_string(&note).expect("it is written"), text);
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let note = good(json!({ "id": id }));
    assert_eq!(note.id, uuid::Uuid::parse_str(id).ok());
}

#[test]
fn objects_and_tuples_keep_the_rest() {
    let note = good(json!({ "typedRest": { "k": "a", "n": 2.5 } }));
    let rest = note.typed_rest.expect("it is there");
    assert_eq!(rest.rest.get("n"), Some(&2.5));
    let note = good(json!({ "tuple": ["a", 2, true, false] }));
    let tuple = note.tuple.expect("it is there");
    assert_eq!((tuple.1, tuple.2), (Some(2.into()), vec![true, false]));
    good(json!({ "tuple": ["a"] }));
    good(json!({ "patterns": { "x-a": "b" } }));
    let note = good(json!({ "openPatterns": { "x-a": "b", "other": 1 } }));
    let all = note.open_patterns.expect("it is there");
    assert!(matches!(all["x-a"], NoteOpenPatternsValue::Value(_)));
    assert!(matches!(all["other"], NoteOpenPatternsValue::Other(_)));
    let note = good(json!({ "noType": "anything" }));
    assert!(matches!(note.no_type, Some(Implied::Other(_))));
    let note = good(json!({ "noType": { "z": true } }));
    assert!(matches!(note.no_type, Some(Implied::Value(_))));
    let note = good(json!({ "extended": { "extra": "a", "status": "open" } }));
    assert_eq!(
        note.extended.and_then(|all| all.extra).as_deref(),
        Some("a")
    );
    let note = good(json!({ "narrowed": { "status": "done" }, "beside": { "status": "open" } }));
    let task: Task = note.beside.expect("it is there");
    assert!(matches!(task.status, Some(TaskStatus::Open)));
}

/// Each is refused with the violations of its schema, at the place that they are about.
#[test]
fn what_the_schema_excludes_is_refused() {
    for (fields, violation) in [
        (json!({ "oneOrMany": 1 }), "/oneOrMany"),
        (json!({ "oneOrMany": ["a", 1] }), "/oneOrMany"),
        (json!({ "shortOrObject": "a" }), "/shortOrObject"),
        (
            json!({ "severalTypes": [] }),
            "/severalTypes must be null, a number or a string",
        ),
        (
            json!({ "objectOrNull": {} }),
            "/objectOrNull must have the property",
        ),
        (
            json!({ "noType": { "z": 1 } }),
            "/noType/z must be a boolean",
        ),
        (json!({ "constants": 3 }), "/constants must be one of"),
        (json!({ "anySize": 1.5 }), "/anySize must be an integer"),
        (
            json!({ "typedRest": { "n": "a" } }),
            "/typedRest/n must be a number",
        ),
        (json!({ "tuple": [] }), "/tuple must have at least 1 item"),
        (
            json!({ "tuple": ["a", 1, 2] }),
            "/tuple/2 must be a boolean",
        ),
        (json!({ "patterns": { "y": "a" } }), "/patterns/y"),
        (
            json!({ "openPatterns": { "x-a": 1 } }),
            "/openPatterns/x-a must be a string",
        ),
        (
            json!({ "narrowed": { "status": "open" } }),
            "/narrowed/status",
        ),
        (json!({ "beside": {} }), "/beside must have the property"),
        (
            json!({ "external": { "url": "u", "file": "f" } }),
            "/external",
        ),
        (json!({ "requiredOnly": {} }), "/requiredOnly"),
        (
            json!({ "conditional": { "kind": "a" } }),
            "/conditional must have the property",
        ),
        (json!({ "versioned": { "v": 3 } }), "/versioned"),
        (json!({ "id": "x" }), "/id"),
        (json!({ "constant": { "a": 2 } }), "/constant"),
    ] {
        let error = read(&fields).expect_err("it is invalid");
        assert!(error.contains(violation), "{fields}: {error}");
    }
}

#[test]
fn the_data_of_an_error_may_be_of_another_crate() {
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let data = from_str::<MovedErrorData>(&json!(id).to_string(), Side::Client).expect("a UUID");
    assert_eq!(data.get(), &uuid::Uuid::parse_str(id).expect("a UUID"));
    assert!(from_str::<MovedErrorData>("\"x\"", Side::Client).is_err());
    let FindError::Moved(data) = FindError::from(data);
    assert_eq!(serde_json::to_value(&data).ok(), Some(json!(id)));
}
