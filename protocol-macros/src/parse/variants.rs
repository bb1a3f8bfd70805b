//! The variants of unions.

use super::{
    fields::{self, Field},
    options::Ctxt,
    rules::{self, Rule},
};
use syn::{Fields, Type, Variant};

/// What a variant contains.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each variant of an enum, for a moment"
)]
pub(crate) enum Content {
    Empty,
    /// One value, and its rules.
    Value(Type, Vec<Rule>),
    Fields(Vec<Field>),
}

impl Content {
    /// Parses the fields of a variant, and removes our attributes from them. `rules` are those that the attributes of the variant give its
    /// value.
    pub(crate) fn take(cx: &Ctxt, variant: &mut Variant, rules: Vec<Rule>) -> Option<Self> {
        if !rules.is_empty() && !matches!(&variant.fields, Fields::Unnamed(_)) {
            cx.error(
                &variant.ident,
                "rules go on a variant that contains one value",
            );
        }
        match &mut variant.fields {
            Fields::Unit => Some(Self::Empty),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let ty = &fields.unnamed[0].ty;
                rules::check_type(cx, ty, &rules);
                Some(Self::Value(ty.clone(), rules))
            }
            Fields::Unnamed(fields) => {
                cx.error(
                    fields,
                    "a variant contains one value, named fields, or nothing",
                );
                None
            }
            named @ Fields::Named(_) => Some(Self::Fields(fields::take_plain(cx, named))),
        }
    }
}
