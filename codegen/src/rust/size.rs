//! How large a type is in memory, roughly: large variants are boxed.

use super::Cx;
use crate::shape::{DeclId, DeclKind, Use};

/// A variant larger than this is boxed. Clippy complains of 200 bytes between two variants, so none is left to it.
pub(super) const LARGEST_VARIANT: usize = 184;

/// The size of a type in bytes, from above.
pub(super) fn size(cx: &Cx<'_>, id: DeclId) -> usize {
    of_decl(cx, id, 32)
}

fn of_decl(cx: &Cx<'_>, id: DeclId, depth: u32) -> usize {
    let Some(depth) = depth.checked_sub(1) else {
        return LARGEST_VARIANT + 1;
    };
    let decl = &cx.shapes.decls[id.0];
    let part = |ty: &Use| of_use(cx, ty, if cx.shares(decl) { 32 } else { 24 }, depth);
    match &decl.kind {
        DeclKind::Struct { fields, .. } => fields
            .iter()
            .filter(|field| !field.discriminant)
            .map(|field| part(&field.ty) + if field.required { 0 } else { 8 })
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
                .map(|branch| of_decl(cx, branch.decl, depth))
                .map(|size| if size > LARGEST_VARIANT { 8 } else { size })
                .max()
                .unwrap_or(0)
        }
        DeclKind::Tuple(items) => items.iter().map(|item| part(&item.ty)).sum(),
        DeclKind::Alias(ty) => of_use(cx, ty, 24, depth),
    }
}

/// `text` is the size of a string.
fn of_use(cx: &Cx<'_>, ty: &Use, text: usize, depth: u32) -> usize {
    match ty {
        Use::Named(id) => of_decl(cx, *id, depth),
        Use::Text => text,
        Use::Bytes | Use::List(_) | Use::Map(_) => 24,
        Use::Checked { .. } => 32,
        Use::Boxed(_) | Use::TextInteger { .. } | Use::Integer | Use::Number => 8,
        Use::Boolean | Use::Null => 1,
        Use::Nullable(inner) => of_use(cx, inner, text, depth) + 8,
    }
}
