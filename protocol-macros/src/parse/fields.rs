//! The fields of structs, of tuples and of variants with fields.

use super::{
    options::{Ctxt, Options},
    rules::{self, Rule},
    types::option_of,
    wire_names::WireNames,
};
use proc_macro2::Ident;
use quote::format_ident;
use syn::{Expr, Fields, Member, Type};

/// A field, with what its attributes say about it.
pub(crate) struct Field {
    pub(crate) member: Member,
    /// Its name on the wire.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) rules: Vec<Rule>,
    /// The value that is meant if it is absent.
    pub(crate) default: Option<Expr>,
    /// The variable that holds it while it is read.
    pub(crate) local: Ident,
}

impl Field {
    /// Whether it must be present.
    pub(crate) fn is_required(&self) -> bool {
        option_of(&self.ty).is_none()
    }
}

/// Parses fields, and removes the attributes of ours.
pub(crate) fn take(cx: &Ctxt, fields: &mut Fields) -> Vec<Field> {
    let mut names = WireNames::new("fields");
    fields
        .iter_mut()
        .enumerate()
        .map(|(i, field)| {
            let mut options = Options::take_from(cx, &mut field.attrs, "protocol");
            let rules = rules::take(cx, &mut options);
            let given = options.text(cx, "name");
            let default = options.expr(cx, "default");
            if default.is_some() && option_of(&field.ty).is_none() {
                cx.error(
                    &field.ty,
                    "only a field that may be absent, an `Option`, has a default",
                );
            }
            options.finish(cx);
            Field {
                member: field
                    .ident
                    .clone()
                    .map_or_else(|| Member::from(i), Member::Named),
                name: names.next(cx, given.as_ref(), field.ident.as_ref()),
                ty: field.ty.clone(),
                rules,
                default,
                local: format_ident!("field_{i}"),
            }
        })
        .collect()
}
