//! Counts the places of the types in Rust.

use super::Places;
use handfast_codegen::shape::{DeclKind, Reason, Shapes, Use, untyped};
use handfast_schema::Validator;
use handfast_spec::model::Protocol;
use serde_json::json;

/// Counts the places of all types of a protocol.
pub(crate) fn count(protocol: &Protocol, shapes: &Shapes) -> Places {
    let mut places = Places::default();
    for place in untyped::places(shapes) {
        places.beside += u64::from(place.beside.is_some());
        places.add(&place.path, place.untyped.map(|reason| reason.text()));
    }
    audit(&mut places, protocol, shapes);
    places
}

/// Adds the properties that may be anything by the generator's word, and by the interpreter's may not.
fn audit(places: &mut Places, protocol: &Protocol, shapes: &Shapes) {
    let validator = Validator::new(&protocol.schemas);
    let probes = json!([null, true, -1, 0.5, "", "text", [], [1, "a"], {}, { "a": [] }]);
    for decl in &shapes.decls {
        let DeclKind::Struct { fields, .. } = &decl.kind else {
            continue;
        };
        for field in fields {
            let is_any = field.ty == Use::Json(Reason::AnyValue);
            let Some(schema) = field.schema.filter(|_| is_any) else {
                continue;
            };
            let mut probes = probes.as_array().into_iter().flatten();
            if probes.any(|probe| !validator.is_valid(schema, probe, None)) {
                let path = format!("{}.{}", decl.rust, field.name);
                places.add_untyped(&path, "it is called any value, and is not");
            }
        }
    }
}
