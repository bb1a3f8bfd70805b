//! The approximate size of a type in memory: large variants are boxed.

use super::RustContext;
use crate::shape::{DeclId, DeclKind, Use, VariantContent};

/// A variant larger than this is boxed. Clippy warns at a difference of 200 bytes between two variants.
const LARGEST_VARIANT: usize = 184;

/// The type of a variant: boxed if it is large.
pub(super) fn boxed_if_large(cx: &RustContext<'_>, decl: Option<DeclId>, name: &str) -> String {
    if decl.is_some_and(|decl| size(cx, decl) > LARGEST_VARIANT) {
        format!("Box<{name}>")
    } else {
        name.to_owned()
    }
}

/// An upper bound of the size of a type in bytes.
fn size(cx: &RustContext<'_>, id: DeclId) -> usize {
    of_decl(cx, id, 32)
}

fn of_decl(cx: &RustContext<'_>, id: DeclId, depth: u32) -> usize {
    let Some(depth) = depth.checked_sub(1) else {
        return LARGEST_VARIANT + 1;
    };
    let decl = &cx.shapes.decls[id.0];
    let part = |ty: &Use| of_use(cx, ty, if cx.shares(decl) { 32 } else { 24 }, depth);
    match &decl.kind {
        DeclKind::Struct { fields, rest, .. } => {
            let fields = fields.iter().filter(|field| !field.discriminant);
            let sizes = fields.map(|field| part(&field.ty) + if field.required { 0 } else { 8 });
            sizes.sum::<usize>() + if rest.is_some() { 24 } else { 0 }
        }
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
        DeclKind::Choice(variants) => {
            let contents = variants.iter().map(|variant| match &variant.content {
                VariantContent::Value(ty, _) => part(ty),
                VariantContent::Constant(_) => 0,
            });
            let sizes = contents.map(|size| if size > LARGEST_VARIANT { 8 } else { size });
            8 + sizes.max().unwrap_or(0)
        }
        DeclKind::Tuple { items, rest, .. } => {
            let items: usize = items.iter().map(|item| part(&item.ty) + 8).sum();
            items + if rest.is_some() { 24 } else { 0 }
        }
        DeclKind::Alias(ty) => of_use(cx, ty, 24, depth),
    }
}

/// `text` is the size of a string.
fn of_use(cx: &RustContext<'_>, ty: &Use, text: usize, depth: u32) -> usize {
    match ty {
        Use::Named(id) => of_decl(cx, *id, depth),
        Use::Text => text,
        Use::Foreign(_) => 48,
        Use::Bytes | Use::List(_) | Use::Map(_) => 24,
        Use::Json(_) => 32,
        Use::AnyInteger => 16,
        Use::Boxed(_) | Use::TextInteger { .. } | Use::Integer(_) | Use::Number => 8,
        Use::Boolean | Use::Null => 1,
        Use::Nullable(inner) => of_use(cx, inner, text, depth) + 8,
        Use::Implied(inner, _) => of_use(cx, inner, text, depth).max(32) + 8,
        Use::Beside(inner, _) => of_use(cx, inner, text, depth),
    }
}
