//! The fields of structs, of tuples and of variants with fields.

use super::{
    options::{Ctxt, Options},
    rules::{self, Rule},
    types::{argument_of, option_of},
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
    pub(crate) role: FieldRole,
}

/// What a field takes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum FieldRole {
    /// A member, or an item.
    One,
    /// An item that may be absent.
    Optional,
    /// What no other field takes.
    Rest,
}

impl Field {
    /// Whether it must be present.
    pub(crate) fn is_required(&self) -> bool {
        option_of(&self.ty).is_none()
    }
}

/// Parses the fields of a variant: each takes a member.
pub(crate) fn take_plain(cx: &Ctxt, fields: &mut Fields) -> Vec<Field> {
    let fields = take(cx, fields);
    for field in fields.iter().filter(|field| field.role != FieldRole::One) {
        cx.error(
            &field.member,
            "`optional` and `rest` go on fields of a struct",
        );
    }
    fields
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
            let role = match (options.flag(cx, "optional"), options.flag(cx, "rest")) {
                (false, false) => FieldRole::One,
                (true, _) => FieldRole::Optional,
                (false, true) => FieldRole::Rest,
            };
            let implied = rules.iter().any(|rule| matches!(rule, Rule::Implied(_)));
            if argument_of(option_of(&field.ty).unwrap_or(&field.ty), "Implied").is_some()
                && !implied
            {
                cx.error(
                    &field.ty,
                    "`Implied` needs the kinds that its schema speaks of: `#[protocol(implied(object))]`",
                );
            }
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
                role,
            }
        })
        .collect()
}
