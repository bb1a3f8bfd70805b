//! Finds the places of a protocol that have no type in Rust.

use super::{DeclId, DeclKind, Reason, Shapes, Use, VariantContent};
use handfast_schema::SchemaId;

/// A property, an item, a value of a map, a place in a tuple or a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The type, and the way from there: `Task.owner`, `Task.tags[]`.
    pub path: String,
    /// Its schema, or that of the type that it is in.
    pub schema: SchemaId,
    /// Why its type contains a JSON value of which the schema says more; `None` if it does not.
    pub untyped: Option<Reason>,
    /// Why its schema checks the value beside its type; `None` if the type says it all.
    pub beside: Option<Reason>,
}

/// Every place of the types of a protocol in Rust.
pub fn places(shapes: &Shapes) -> Vec<Place> {
    let mut out = Places {
        shapes,
        around: SchemaId(0),
        found: Vec::new(),
    };
    for decl in &shapes.decls {
        let name = &decl.rust;
        out.around = decl.schema;
        match &decl.kind {
            DeclKind::Struct { fields, rest, .. } => {
                for field in fields {
                    out.add_at(format!("{name}.{}", field.name), field.schema, &field.ty);
                }
                if let Some(rest) = rest {
                    out.add_at(format!("{name}{{}}"), rest.schema, &rest.ty);
                }
            }
            DeclKind::Tuple { items, rest, .. } => {
                for (i, item) in items.iter().enumerate() {
                    out.add_at(format!("{name}.{i}"), item.schema, &item.ty);
                }
                if let Some(item) = rest {
                    out.add_at(format!("{name}[]"), item.schema, &item.ty);
                }
            }
            DeclKind::Choice(variants) => {
                for variant in variants {
                    let path = format!("{name}::{}", variant.rust);
                    match &variant.content {
                        VariantContent::Value(ty, schema) => out.add_at(path, *schema, ty),
                        VariantContent::Constant(_) => {}
                    }
                }
            }
            DeclKind::Union { branches, .. } => {
                for branch in branches {
                    let path = format!("{name}::{}", branch.rust);
                    let ty = Use::Named(branch.decl);
                    out.add(path, &ty);
                }
            }
            DeclKind::Alias(ty) => out.inside(name, ty),
            DeclKind::Literals { .. } => {}
        }
    }
    out.found
}

/// The places found so far.
struct Places<'s> {
    shapes: &'s Shapes,
    /// The schema of the type that is looked at.
    around: SchemaId,
    found: Vec<Place>,
}

impl Places<'_> {
    /// Adds a place with a schema of its own, if it has one.
    fn add_at(&mut self, path: String, schema: Option<SchemaId>, ty: &Use) {
        let around = self.around;
        self.around = schema.unwrap_or(around);
        self.add(path, ty);
        self.around = around;
    }

    fn add(&mut self, path: String, ty: &Use) {
        let beside = match ty {
            Use::Beside(_, reason) => Some(*reason),
            _ => None,
        };
        self.inside(&path, ty);
        self.found.push(Place {
            schema: self.around,
            untyped: self.json(ty),
            beside,
            path,
        });
    }

    /// Adds the places in a type.
    fn inside(&mut self, path: &str, ty: &Use) {
        match ty {
            Use::List(inner) => self.add(format!("{path}[]"), inner),
            Use::Map(inner) => self.add(format!("{path}{{}}"), inner),
            Use::Nullable(inner) | Use::Implied(inner, _) | Use::Beside(inner, _) => {
                self.inside(path, inner);
            }
            _ => {}
        }
    }

    /// Why a type contains a JSON value of which the schema says more.
    fn json(&self, ty: &Use) -> Option<Reason> {
        match ty {
            Use::Json(reason) => reason.says_more().then_some(*reason),
            Use::Named(id) | Use::Boxed(id) => self.json_of(*id),
            Use::List(inner)
            | Use::Map(inner)
            | Use::Nullable(inner)
            | Use::Implied(inner, _)
            | Use::Beside(inner, _) => self.json(inner),
            _ => None,
        }
    }

    /// The same of a type with a name, which may stand for another type with a name.
    fn json_of(&self, id: DeclId) -> Option<Reason> {
        let mut id = id;
        for _ in 0..self.shapes.decls.len() {
            match &self.shapes.decls[id.0].kind {
                DeclKind::Alias(Use::Json(reason)) => {
                    return reason.says_more().then_some(*reason);
                }
                DeclKind::Alias(Use::Named(other) | Use::Boxed(other)) => id = *other,
                _ => return None,
            }
        }
        None
    }
}
