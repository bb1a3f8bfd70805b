//! Reading and writing the variants of unions.

use super::{
    fields,
    rules::{RuleTokens, rules, with_rules},
    tokens::at,
};
use crate::parse::{Content, Field, box_of};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Path;

/// An expression of type `ReadResult<Self>` that reads the variant.
pub(super) fn read(krate: &Path, variant: &Ident, content: &Content) -> TokenStream {
    match content {
        Content::Value(ty, of) => {
            let make = match box_of(ty) {
                Some(_) => quote!(|value| Self::#variant(::std::boxed::Box::new(value))),
                None => quote!(Self::#variant),
            };
            let ty = box_of(ty).unwrap_or(ty);
            let own = rules(krate, &format_ident!("OWN"), of);
            let read = with_rules(krate, of, &own, |rules| {
                quote_spanned! {at(ty)=> <#ty as #krate::Payload>::read_as(r, cx, #rules, #make) }
            });
            if own.statics.is_empty() {
                return read;
            }
            let statics = own.statics;
            quote!({ #statics #read })
        }
        Content::Empty => fields::read(
            krate,
            &[],
            None,
            &RuleTokens::none(),
            &quote!(Self::#variant),
            None,
        ),
        Content::Fields(fields) => {
            let construct = fields::construct(&quote!(Self::#variant), fields, None);
            fields::read(krate, fields, None, &RuleTokens::none(), &construct, None)
        }
    }
}

/// A pattern that binds the content, and statements that write it into `fields`.
pub(super) fn write(
    krate: &Path,
    variant: &Ident,
    content: &Content,
) -> (TokenStream, TokenStream) {
    match content {
        Content::Empty => (quote!(Self::#variant), quote!()),
        Content::Value(..) => (
            quote!(Self::#variant(value)),
            quote!(#krate::Fields::write(value, fields);),
        ),
        Content::Fields(of) => {
            let members = of
                .iter()
                .map(|Field { member, local, .. }| quote!(#member: #local));
            let write = fields::write(krate, of, |field| field.local.to_token_stream());
            (quote!(Self::#variant { #(#members),* }), write)
        }
    }
}
