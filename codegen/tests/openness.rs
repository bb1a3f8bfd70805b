//! Types and the interpreter agree on unknown fields: the type of a schema does what `openness::unknown_fields` says.

use handfast_codegen::shape::{Decl, DeclKind, Use, shapes};
use handfast_schema::{
    openness::{UnknownFields, unknown_fields},
    union,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

/// How a type treats unknown fields: refused by a server or not, or decided by the schema; `None` if it is not an
/// object.
fn closes(kind: &DeclKind) -> Option<Vec<UnknownFields>> {
    match kind {
        DeclKind::Struct { closed: None, .. } => Some(vec![
            UnknownFields::RefuseAdditional,
            UnknownFields::RefuseUnevaluated,
        ]),
        DeclKind::Struct {
            closed: Some(_), ..
        }
        | DeclKind::Alias(Use::Map(_)) => Some(vec![UnknownFields::AsWritten]),
        DeclKind::Union { .. } => Some(vec![UnknownFields::Delegate]),
        _ => None,
    }
}

#[test]
fn every_type_of_every_protocol() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut looked_at = 0;
    for path in [
        "protocol.yaml",
        "tests/protocols/coinbase.yaml",
        "tests/protocols/slack.yaml",
        "tests/golden/specs/corners.yaml",
    ] {
        let text = fs::read(root.join(path))?;
        let loaded = handfast_spec::load_str("protocol.yaml", &text, &BTreeMap::new());
        let protocol = loaded.protocol.ok_or(path)?;
        let (shapes, _) = shapes(&protocol);
        for decl in &shapes.decls {
            let schema = union::resolve(&protocol.schemas, decl.schema);
            if let Some(expected) = closes(&decl.kind) {
                looked_at += 1;
                let found = unknown_fields(&protocol.schemas, schema);
                assert!(
                    expected.contains(&found),
                    "{path}: {}: {found:?}",
                    decl.rust
                );
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    Ok(())
}

/// The type of a payload.
fn kind_of(schema: &str) -> Result<DeclKind, Box<dyn Error>> {
    Ok(decl_of(schema)?.kind)
}

fn decl_of(schema: &str) -> Result<Decl, Box<dyn Error>> {
    let spec = format!(
        "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\ntypes: {{ Base: {{ properties: {{ a: {{ type: string }} }} }} }}\nmessages:\n  x: {{ from: server, payload: {schema} }}\n  y: {{ from: server, payload: {{ $ref: '#/types/Base' }} }}\n"
    );
    let loaded = handfast_spec::load_str("protocol.yaml", spec.as_bytes(), &BTreeMap::new());
    let protocol = loaded
        .protocol
        .ok_or_else(|| format!("{:?}", loaded.diagnostics))?;
    let (shapes, _) = shapes(&protocol);
    let decl = shapes.decls.into_iter().find(|decl| decl.rust == "X");
    Ok(decl.ok_or("a type")?)
}

#[test]
fn what_describes_no_field_is_any_object() -> Result<(), Box<dyn Error>> {
    for schema in [
        "{ type: object }",
        "{ type: object, minProperties: 1 }",
        "{ type: object, properties: {} }",
        "{ type: object, additionalProperties: true }",
    ] {
        let kind = kind_of(schema)?;
        assert!(
            matches!(kind, DeclKind::Alias(Use::Map(_))),
            "{schema}: {kind:?}"
        );
    }
    let closed = kind_of("{ type: object, additionalProperties: false }")?;
    assert!(
        matches!(
            closed,
            DeclKind::Struct {
                closed: Some(true),
                ..
            }
        ),
        "{closed:?}"
    );
    Ok(())
}

#[test]
fn parts_are_laid_into_one_only_where_that_says_the_same() -> Result<(), Box<dyn Error>> {
    let is_struct = |schema: &str| -> Result<bool, Box<dyn Error>> {
        let decl = decl_of(schema)?;
        Ok(matches!(decl.kind, DeclKind::Struct { .. }) && decl.check.is_type())
    };
    let nested = "{ type: object, allOf: [{ $ref: '#/types/Base' }, { allOf: [{ properties: { b: { type: string } } }] }] }";
    assert!(is_struct(nested)?);
    // Not declared as an object: a string is valid.
    assert!(!is_struct("{ allOf: [{ $ref: '#/types/Base' }] }")?);
    // No fields are described: any object is valid.
    assert!(!is_struct("{ allOf: [{ type: object }] }")?);
    // One part refuses what the other describes.
    assert!(!is_struct(
        "{ type: object, allOf: [{ properties: { b: { type: string } }, additionalProperties: false }, { $ref: '#/types/Base' }] }"
    )?);
    Ok(())
}

/// A long chain of parts, or very many combinations, end in a diagnostic or an output, in bounded time.
#[test]
fn overlaps_of_any_size_end() {
    let chain = |n: usize, from: usize| {
        let types: String = (0..n)
            .map(|i| {
                let more = if i + 1 < n {
                    format!("{{ $ref: '#/types/T{}' }}, ", i + 1)
                } else {
                    String::new()
                };
                let name = if i < from { "links".to_owned() } else { format!("other{i}") };
                format!("  T{i}: {{ allOf: [{more}{{ type: object, properties: {{ {name}: {{ type: object, properties: {{ p{i}: {{ type: string }} }} }} }} }}] }}\n")
            })
            .collect();
        let spec = format!(
            "handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\ntypes:\n{types}messages:\n  x: {{ from: server, payload: {{ $ref: '#/types/T0' }} }}\n"
        );
        let loaded = handfast_spec::load_str("protocol.yaml", spec.as_bytes(), &BTreeMap::new());
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|one| one.code).collect();
        (
            loaded.protocol.map(|protocol| protocol.schemas.len()),
            codes,
        )
    };
    let (few, codes) = chain(10, 10);
    assert!(few.is_some(), "{codes:?}");
    let (none, codes) = chain(1000, 1000);
    assert!(none.is_none() && codes.contains(&"S023"), "{codes:?}");
    // A long chain of parts without shared properties may have any length.
    let (many, codes) = chain(1500, 1);
    assert!(many.is_some(), "{codes:?}");
    // Merging adds as much to a large spec as to a small one.
    let (added, _) = chain(200, 2);
    assert!(added.is_some_and(|len| len < 6 * 200), "{added:?}");
}
