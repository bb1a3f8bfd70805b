//! Unions whose branches overlap: whether the types of the branches decide, or the schema.

use super::choice::Overlap;
use super::{Check, DeclId, DeclKind, Shapes, Use, VariantContent};

/// Lets the types of the branches decide where none of them is itself checked by a schema, which would then run once for each.
pub(super) fn settle(shapes: &mut Shapes, all: &[(DeclId, Overlap)], has_foreign_types: bool) {
    for (id, overlap) in all {
        // A foreign type may not take all that its format does, so that a second branch would go unnoticed.
        if *overlap == Overlap::One && has_foreign_types {
            continue;
        }
        let DeclKind::Choice(variants) = &shapes.decls[id.0].kind else {
            continue;
        };
        let is_type = variants.iter().all(|variant| match &variant.content {
            VariantContent::Value(ty, _) => is_type(shapes, ty),
            VariantContent::Constant(_) => true,
        });
        if is_type {
            let exclusive = *overlap == Overlap::One;
            shapes.decls[id.0].check = Check::Branches { exclusive };
        }
    }
}

/// Whether a type needs no schema to decide on a value.
fn is_type(shapes: &Shapes, ty: &Use) -> bool {
    match ty {
        Use::Json(reason) => !reason.says_more(),
        Use::Beside(..) => false,
        Use::Nullable(inner) | Use::Implied(inner, _) => is_type(shapes, inner),
        Use::Named(id) => {
            let decl = &shapes.decls[id.0];
            let stands_for = match &decl.kind {
                DeclKind::Alias(inner) => is_type(shapes, inner),
                _ => true,
            };
            decl.check.is_type() && stands_for
        }
        Use::Boxed(id) => shapes.decls[id.0].check.is_type(),
        _ => true,
    }
}
