//! How large a type is in memory, roughly: large variants are boxed.

use crate::shape::{DeclId, DeclKind, Shapes, Use};

/// A variant larger than this is boxed. Clippy complains of 200 bytes between two variants, so none is left to it.
pub(super) const LARGEST_VARIANT: usize = 184;

/// The size of a type in bytes, from above.
pub(super) fn size(shapes: &Shapes, id: DeclId) -> usize {
    of_decl(shapes, id, 32)
}

fn of_decl(shapes: &Shapes, id: DeclId, depth: u32) -> usize {
    let Some(depth) = depth.checked_sub(1) else {
        return LARGEST_VARIANT + 1;
    };
    match &shapes.decls[id.0].kind {
        DeclKind::Struct { fields, .. } => fields
            .iter()
            .filter(|field| !field.discriminant)
            .map(|field| of_use(shapes, &field.ty, depth) + if field.required { 0 } else { 8 })
            .sum(),
        DeclKind::Literals { open, .. } => {
            if *open {
                24
            } else {
                1
            }
        }
        DeclKind::Union { branches, .. } => {
            8 + branches
                .iter()
                .map(|branch| of_decl(shapes, branch.decl, depth))
                .map(|size| if size > LARGEST_VARIANT { 8 } else { size })
                .max()
                .unwrap_or(0)
        }
        DeclKind::Tuple(items) => items
            .iter()
            .map(|item| of_use(shapes, &item.ty, depth))
            .sum(),
        DeclKind::Alias(ty) => of_use(shapes, ty, depth),
    }
}

fn of_use(shapes: &Shapes, ty: &Use, depth: u32) -> usize {
    match ty {
        Use::Named(id) => of_decl(shapes, *id, depth),
        Use::Text | Use::Bytes | Use::List(_) | Use::Map(_) => 24,
        Use::Checked { .. } => 32,
        Use::Boxed(_) | Use::TextInteger { .. } | Use::Integer | Use::Number => 8,
        Use::Boolean | Use::Null => 1,
        Use::Nullable(inner) => of_use(shapes, inner, depth) + 8,
    }
}
