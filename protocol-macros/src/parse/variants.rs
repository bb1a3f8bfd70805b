//! The variants of unions.

use super::{
    fields::{self, Field},
    options::Ctxt,
};
use syn::{Fields, Type, Variant};

/// What a variant contains.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each variant of an enum, for a moment"
)]
pub(crate) enum Content {
    Empty,
    Value(Type),
    Fields(Vec<Field>),
}

impl Content {
    /// Parses the fields of a variant, and removes our attributes from them.
    pub(crate) fn take(cx: &Ctxt, variant: &mut Variant) -> Option<Self> {
        match &mut variant.fields {
            Fields::Unit => Some(Self::Empty),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                Some(Self::Value(fields.unnamed[0].ty.clone()))
            }
            Fields::Unnamed(fields) => {
                cx.error(
                    fields,
                    "a variant contains one value, named fields, or nothing",
                );
                None
            }
            named @ Fields::Named(_) => Some(Self::Fields(fields::take(cx, named))),
        }
    }
}
