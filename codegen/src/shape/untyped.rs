//! Counts the places of a protocol that have no type in Rust.

use super::{DeclKind, Reason, Shapes, Use, VariantContent};

/// A property, an item, a value of a map, a place in a tuple or a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The type, and the way from there: `Task.owner`, `Task.tags[]`.
    pub path: String,
    /// Why its type contains a JSON value of which the schema says more; `None` if it does not.
    pub untyped: Option<Reason>,
    /// Why its schema checks the value beside its type; `None` if the type says it all.
    pub beside: Option<Reason>,
}

/// Every place of the types of a protocol in Rust.
pub fn places(shapes: &Shapes) -> Vec<Place> {
    let mut out = Vec::new();
    for decl in &shapes.decls {
        let name = &decl.rust;
        match &decl.kind {
            DeclKind::Struct { fields, rest, .. } => {
                for field in fields {
                    add(format!("{name}.{}", field.name), &field.ty, &mut out);
                }
                if let Some(rest) = rest {
                    add(format!("{name}{{}}"), &rest.ty, &mut out);
                }
            }
            DeclKind::Tuple { items, rest, .. } => {
                for (i, item) in items.iter().enumerate() {
                    add(format!("{name}.{i}"), &item.ty, &mut out);
                }
                if let Some(item) = rest {
                    add(format!("{name}[]"), &item.ty, &mut out);
                }
            }
            DeclKind::Choice(variants) => {
                for variant in variants {
                    let path = format!("{name}::{}", variant.rust);
                    match &variant.content {
                        VariantContent::Value(ty, _) => add(path, ty, &mut out),
                        VariantContent::Constant(_) => {}
                    }
                }
            }
            DeclKind::Union { branches, .. } => {
                for branch in branches {
                    let path = format!("{name}::{}", branch.rust);
                    let ty = Use::Named(branch.decl);
                    add(path, &ty, &mut out);
                }
            }
            DeclKind::Alias(ty) => inside(name, ty, &mut out),
            DeclKind::Literals { .. } => {}
        }
    }
    out
}

fn add(path: String, ty: &Use, out: &mut Vec<Place>) {
    let beside = match ty {
        Use::Beside(_, reason) => Some(*reason),
        _ => None,
    };
    inside(&path, ty, out);
    out.push(Place {
        untyped: json(ty),
        beside,
        path,
    });
}

/// The places in a type.
fn inside(path: &str, ty: &Use, out: &mut Vec<Place>) {
    match ty {
        Use::List(inner) => add(format!("{path}[]"), inner, out),
        Use::Map(inner) => add(format!("{path}{{}}"), inner, out),
        Use::Nullable(inner) | Use::Implied(inner, _) | Use::Beside(inner, _) => {
            inside(path, inner, out);
        }
        _ => {}
    }
}

/// Why a type contains a JSON value of which the schema says more.
fn json(ty: &Use) -> Option<Reason> {
    match ty {
        Use::Json(reason) => reason.says_more().then_some(*reason),
        Use::List(inner)
        | Use::Map(inner)
        | Use::Nullable(inner)
        | Use::Implied(inner, _)
        | Use::Beside(inner, _) => json(inner),
        _ => None,
    }
}
