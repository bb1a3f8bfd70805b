//! Counts the places of the types in Rust.

use super::Places;
use handfast_codegen::shape::{DeclKind, Shapes, Use};
use handfast_spec::model::Protocol;

/// The reason of a place of which the schema says nothing.
const NOTHING: &str = "any value is valid";

/// Counts the places of all types of a protocol.
pub(crate) fn count(_protocol: &Protocol, shapes: &Shapes) -> Places {
    let mut places = Places::default();
    for message in &shapes.messages {
        let payload = message.server.as_ref().and_then(|one| one.decl);
        if let Some(decl) = payload {
            let ty = Use::Named(decl);
            places.add("the payload", reason(shapes, &ty));
        }
    }
    for decl in &shapes.decls {
        match &decl.kind {
            DeclKind::Struct { fields, .. } => {
                for field in fields {
                    let place = format!("{}.{}", decl.rust, field.name);
                    of_use(&mut places, shapes, &place, &field.ty);
                }
            }
            DeclKind::Tuple(items) => {
                for (i, item) in items.iter().enumerate() {
                    let place = format!("{}.{i}", decl.rust);
                    of_use(&mut places, shapes, &place, &item.ty);
                }
            }
            DeclKind::Union { branches, .. } => {
                for branch in branches {
                    let ty = Use::Named(branch.decl);
                    let place = format!("{}::{}", decl.rust, branch.rust);
                    places.add(&place, reason(shapes, &ty));
                }
            }
            DeclKind::Alias(ty) => within(&mut places, shapes, &decl.rust, ty),
            DeclKind::Literals { .. } => {}
        }
    }
    places
}

/// Counts a place, and those within its type.
fn of_use(places: &mut Places, shapes: &Shapes, place: &str, ty: &Use) {
    places.add(place, reason(shapes, ty));
    within(places, shapes, place, ty);
}

/// Counts the places within a type that has no name.
fn within(places: &mut Places, shapes: &Shapes, place: &str, ty: &Use) {
    match ty {
        Use::List(inner) => of_use(places, shapes, &format!("{place}[]"), inner),
        Use::Map(inner) => of_use(places, shapes, &format!("{place}{{}}"), inner),
        Use::Nullable(inner) => within(places, shapes, place, inner),
        _ => {}
    }
}

/// Why a type contains a JSON value of which the schema says more than nothing.
fn reason(shapes: &Shapes, ty: &Use) -> Option<&'static str> {
    match ty {
        Use::Checked { reason } => (*reason != NOTHING).then_some(*reason),
        Use::List(inner) | Use::Map(inner) | Use::Nullable(inner) => reason(shapes, inner),
        Use::Named(decl) | Use::Boxed(decl) => match &shapes.decls[decl.0].kind {
            DeclKind::Alias(Use::Checked { reason }) => (*reason != NOTHING).then_some(*reason),
            _ => None,
        },
        _ => None,
    }
}
