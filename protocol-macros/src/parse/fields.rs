//! The fields of structs, of tuples and of variants with fields.

use super::{
    options::{Ctxt, Options},
    rules::{self, Rule},
    types::{argument_of, option_of},
    wire_names::WireNames,
};
use proc_macro2::Ident;
use quote::format_ident;
use syn::{Expr, Fields, Member, Type, ext::IdentExt};

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

/// Parses the fields of a variant: each takes a member.
pub(crate) fn take_plain(cx: &Ctxt, fields: &mut Fields) -> Vec<Field> {
    let fields = take(cx, fields);
    for field in &fields {
        if field.role != FieldRole::One {
            cx.error(
                &field.member,
                "`optional` and `rest` go on fields of a struct",
            );
        }
        no_default(
            cx,
            field,
            "a variant has no methods of its own: `default` goes on a field of a struct",
        );
    }
    fields
}

/// Reports a default of a field that gets no method which returns it.
pub(crate) fn no_default(cx: &Ctxt, field: &Field, why: &str) {
    if let Some(default) = &field.default {
        cx.error(default, why);
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
            rules::check_type(cx, &field.ty, &rules);
            if let Some(given) = given.as_ref().filter(|_| field.ident.is_none()) {
                cx.error(
                    given,
                    "an item of an array has no name on the wire: omit `name`",
                );
            } else if let Some(given) = given.as_ref().filter(|_| role == FieldRole::Rest) {
                cx.error(
                    given,
                    "the `rest` has no name on the wire, its members have: omit `name`",
                );
            }
            let name = match role {
                FieldRole::Rest => {
                    let ident = field.ident.as_ref();
                    ident.map_or_else(String::new, |ident| ident.unraw().to_string())
                }
                FieldRole::One | FieldRole::Optional => {
                    names.next(cx, given.as_ref(), field.ident.as_ref())
                }
            };
            Field {
                member: field
                    .ident
                    .clone()
                    .map_or_else(|| Member::from(i), Member::Named),
                name,
                ty: field.ty.clone(),
                rules,
                default,
                local: format_ident!("field_{i}"),
                role,
            }
        })
        .collect()
}
