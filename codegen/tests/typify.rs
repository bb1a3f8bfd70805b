//! Compares our shapes with those of typify, another analyser of schemas: where both have a type for a schema, it is
//! the same one. What typify does not support (openness, constants beside a discriminant, checked values) is tested
//! elsewhere.

use handfast_codegen::shape::{Decl, DeclKind, Shapes, Use, shapes};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use typify::{TypeDetails, TypeEnumVariant, TypeId, TypeSpace, TypeSpaceSettings};

/// Schemas that both understand, in the keywords of both drafts.
fn definitions() -> Value {
    json!({
        "Plain": {
            "type": "object",
            "required": ["text", "count"],
            "properties": {
                "text": { "type": "string" },
                "count": { "type": "integer" },
                "ratio": { "type": "number" },
                "flag": { "type": "boolean" }
            }
        },
        "Names": { "type": "array", "items": { "type": "string" } },
        "Side": { "type": "string", "enum": ["buy", "sell-short", "hold_on"] },
        "Nested": {
            "type": "object",
            "required": ["plain", "sides", "note"],
            "properties": {
                "plain": { "$ref": "#/definitions/Plain" },
                "sides": { "type": "array", "items": { "$ref": "#/definitions/Side" } },
                "note": { "type": ["string", "null"] },
                "maybe": { "$ref": "#/definitions/Nested" },
                "deep": { "type": "array", "items": { "type": "array", "items": { "type": "integer" } } }
            }
        },
        "Prices": { "type": "object", "additionalProperties": { "type": "number" } },
        "Tree": {
            "type": "object",
            "required": ["value", "children"],
            "properties": {
                "value": { "type": "string" },
                "children": { "type": "array", "items": { "$ref": "#/definitions/Tree" } }
            }
        },
        "Shape": {
            "oneOf": [
                {
                    "title": "Circle",
                    "type": "object",
                    "required": ["kind", "radius"],
                    "properties": { "kind": { "type": "string", "enum": ["circle"] }, "radius": { "type": "number" } }
                },
                {
                    "title": "Square",
                    "type": "object",
                    "required": ["kind", "side"],
                    "properties": { "kind": { "type": "string", "enum": ["square"] }, "side": { "type": "number" } }
                }
            ]
        }
    })
}

/// A type in a notation for both: fields, variants, or what an alias stands for.
type Described = BTreeMap<String, String>;

fn ours() -> Described {
    let text = definitions()
        .to_string()
        .replace("#/definitions/", "#/types/");
    let spec = format!(
        r##"{{"handfast":1,"protocol":{{"name":"oracle","version":"1.0.0"}},"types":{text},"messages":{{"a":{{"from":"client"}}}}}}"##
    );
    let loaded = handfast_spec::load_str("oracle.json", spec.as_bytes(), &BTreeMap::new());
    let protocol = loaded.protocol.expect("it is a protocol");
    let (shapes, diagnostics) = shapes(&protocol);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let named = protocol.types.len();
    shapes.decls[..named]
        .iter()
        .map(|decl| (decl.rust.clone(), our_kind(&shapes, decl)))
        .collect()
}

fn our_kind(shapes: &Shapes, decl: &Decl) -> String {
    match &decl.kind {
        DeclKind::Struct { fields, .. } => object(fields.iter().map(|field| {
            (
                field.name.clone(),
                field.required,
                our_use(shapes, &field.ty),
            )
        })),
        DeclKind::Literals { values, .. } => {
            literals(values.iter().map(|literal| literal.rust.clone()))
        }
        DeclKind::Union { branches, .. } => union(branches.iter().map(|branch| {
            let DeclKind::Struct { fields, .. } = &shapes.decls[branch.decl.0].kind else {
                return (branch.rust.clone(), String::new());
            };
            let fields = fields.iter().filter(|field| !field.discriminant);
            let fields = fields.map(|field| (field.name.clone(), true, our_use(shapes, &field.ty)));
            (branch.rust.clone(), object(fields))
        })),
        DeclKind::Choice(variants) => format!("{variants:?}"),
        DeclKind::Tuple { items, .. } => {
            let items: Vec<String> = items.iter().map(|item| our_use(shapes, &item.ty)).collect();
            format!("({})", items.join(", "))
        }
        DeclKind::Alias(ty) => our_use(shapes, ty),
    }
}

fn our_use(shapes: &Shapes, ty: &Use) -> String {
    match ty {
        Use::Named(id) | Use::Boxed(id) => shapes.decls[id.0].rust.clone(),
        Use::Text => "string".to_owned(),
        Use::Integer(_) => "integer".to_owned(),
        Use::Number => "number".to_owned(),
        Use::Boolean => "boolean".to_owned(),
        Use::List(inner) => format!("[{}]", our_use(shapes, inner)),
        Use::Map(inner) => format!("{{{}}}", our_use(shapes, inner)),
        Use::Nullable(inner) => format!("{}?", our_use(shapes, inner)),
        other => format!("{other:?}"),
    }
}

fn theirs() -> Described {
    let root = serde_json::from_value::<schemars_08::schema::RootSchema>(
        json!({ "definitions": definitions() }),
    )
    .expect("a schema of draft 7");
    let mut space = TypeSpace::new(&TypeSpaceSettings::default());
    space.add_root_schema(root).expect("typify takes it");
    let names: Vec<String> = definitions()
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    space
        .iter_types()
        .filter(|ty| names.contains(&ty.name()))
        .map(|ty| {
            let described = match ty.details() {
                TypeDetails::Struct(details) => object(details.properties_info().map(|field| {
                    (
                        field.name.to_owned(),
                        field.required,
                        their_use(&space, &field.type_id, !field.required),
                    )
                })),
                TypeDetails::Newtype(details) => their_use(&space, &details.inner(), false),
                TypeDetails::Enum(details) => {
                    let variants: Vec<_> = details.variants().collect();
                    if variants
                        .iter()
                        .all(|(_, variant)| matches!(variant, TypeEnumVariant::Simple))
                    {
                        literals(variants.iter().map(|(name, _)| (*name).to_owned()))
                    } else {
                        union(variants.iter().map(|(name, variant)| {
                            let TypeEnumVariant::Struct(fields) = variant else {
                                return ((*name).to_owned(), String::new());
                            };
                            let fields = fields.iter().map(|(field, id)| {
                                ((*field).to_owned(), true, their_use(&space, id, false))
                            });
                            ((*name).to_owned(), object(fields))
                        }))
                    }
                }
                _ => String::new(),
            };
            (ty.name(), described)
        })
        .collect()
}

/// `optional`: the type of a field that may be absent is an `Option` already.
fn their_use(space: &TypeSpace, id: &TypeId, optional: bool) -> String {
    let ty = space.get_type(id).expect("it is of this space");
    match ty.details() {
        TypeDetails::Option(inner) if optional => their_use(space, &inner, false),
        // An optional list is an empty one to typify.
        TypeDetails::Option(inner) => format!("{}?", their_use(space, &inner, false)),
        TypeDetails::Box(inner) => their_use(space, &inner, false),
        TypeDetails::Vec(inner) => format!("[{}]", their_use(space, &inner, false)),
        TypeDetails::Map(_, value) => format!("{{{}}}", their_use(space, &value, false)),
        TypeDetails::String => "string".to_owned(),
        TypeDetails::Builtin("i64") => "integer".to_owned(),
        TypeDetails::Builtin("f64") => "number".to_owned(),
        TypeDetails::Builtin("bool") => "boolean".to_owned(),
        _ => ty.name(),
    }
}

fn object(fields: impl Iterator<Item = (String, bool, String)>) -> String {
    let mut fields: Vec<String> = fields
        .map(|(name, required, ty)| format!("{name}{} {ty}", if required { "" } else { "?" }))
        .collect();
    // typify sorts them.
    fields.sort();
    format!("struct {}", fields.join(", "))
}

fn literals(variants: impl Iterator<Item = String>) -> String {
    format!("enum {}", variants.collect::<Vec<_>>().join(", "))
}

fn union(variants: impl Iterator<Item = (String, String)>) -> String {
    format!(
        "union {}",
        variants
            .map(|(name, fields)| format!("{name}: {fields}"))
            .collect::<Vec<_>>()
            .join("; ")
    )
}

#[test]
fn both_find_the_same_types() {
    let (ours, theirs) = (ours(), theirs());
    assert!(ours.len() >= 7, "{ours:?}");
    assert_eq!(ours, theirs);
}
