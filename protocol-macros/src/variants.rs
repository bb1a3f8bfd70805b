//! The variants of unions: nothing, one value, or fields of their own.

use crate::{
    field::{self, Field},
    options::{Ctxt, at},
    rules::Rules,
};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Fields, Path, Type, Variant};

/// What a variant holds.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each variant of an enum, for a moment"
)]
pub(crate) enum Holds {
    Nothing,
    One(Type),
    Fields(Vec<Field>),
}

impl Holds {
    pub(crate) fn take(cx: &Ctxt, krate: &Path, variant: &mut Variant) -> Option<Self> {
        match &mut variant.fields {
            Fields::Unit => Some(Self::Nothing),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                Some(Self::One(fields.unnamed[0].ty.clone()))
            }
            Fields::Unnamed(fields) => {
                cx.error(
                    fields,
                    "a variant holds one value, named fields, or nothing",
                );
                None
            }
            named @ Fields::Named(_) => Some(Self::Fields(field::take(cx, krate, named))),
        }
    }

    /// An expression of type `ReadResult<Self>` that reads the variant.
    pub(crate) fn read(&self, krate: &Path, variant: &Ident) -> TokenStream {
        match self {
            Self::One(ty) => {
                let make = match boxed(ty) {
                    Some(_) => quote!(|value| Self::#variant(::std::boxed::Box::new(value))),
                    None => quote!(Self::#variant),
                };
                let ty = boxed(ty).unwrap_or(ty);
                quote_spanned! {at(ty)=> <#ty as #krate::Payload>::read_as(r, cx, &[], #make) }
            }
            Self::Nothing => field::read(krate, &[], None, &Rules::none(), &quote!(Self::#variant)),
            Self::Fields(fields) => {
                let construct = field::construct(&quote!(Self::#variant), fields);
                field::read(krate, fields, None, &Rules::none(), &construct)
            }
        }
    }

    /// A pattern that binds what there is, and statements that write it into `fields`.
    pub(crate) fn write(&self, krate: &Path, variant: &Ident) -> (TokenStream, TokenStream) {
        match self {
            Self::Nothing => (quote!(Self::#variant), quote!()),
            Self::One(_) => (
                quote!(Self::#variant(value)),
                quote!(#krate::Fields::write(value, fields);),
            ),
            Self::Fields(of) => {
                let members = of
                    .iter()
                    .map(|Field { member, local, .. }| quote!(#member: #local));
                let write = field::write(krate, of, |field| field.local.to_token_stream());
                (quote!(Self::#variant { #(#members),* }), write)
            }
        }
    }
}

/// What lies in a `Box`.
pub(crate) fn boxed(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Box")?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}
