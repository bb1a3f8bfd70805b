//! Structs: with named fields they are objects, with several unnamed ones tuples.

use super::{
    fields,
    rules::{RuleTokens, rules},
    serde_impls,
    tokens::at,
};
use crate::parse::{Field, Struct};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

/// A struct with named fields.
pub(super) fn expand(krate: &Path, of: &Struct) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &of.ident;
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let body = fields::fields_body(krate, &of.fields, of.closed, &own);
    let defaults = fields::defaults(&of.fields);
    let defaults = (!defaults.is_empty())
        .then(|| quote!(#[automatically_derived] impl #ident { #(#defaults)* }));
    let serialize = serde_impls::serialize_fields(krate, ident);
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                #body
            }
        }
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #serialize
        #defaults
        #deserialize
    }
}

/// A struct with several unnamed fields.
pub(super) fn expand_tuple(krate: &Path, of: &Struct) -> TokenStream {
    let Struct { ident, fields, .. } = of;
    let p = quote!(#krate::__private);
    let of_items: Vec<_> = fields
        .iter()
        .enumerate()
        .map(|(i, field)| rules(krate, &format_ident!("RULES_{i}"), &field.rules))
        .collect();
    let statics = of_items.iter().map(|rules| &rules.statics);
    let RuleTokens {
        statics: own_statics,
        expr: own_expr,
    } = rules(krate, &format_ident!("OWN"), &of.rules);
    let width = fields.len();
    let declare = fields.iter().map(|Field { local, ty, .. }| {
        quote!(let mut #local: ::core::option::Option<#ty> = ::core::option::Option::None;)
    });
    let arms = fields.iter().zip(&of_items).enumerate().map(|(i, (field, rules))| {
        let Field { local, ty, .. } = field;
        let expr = &rules.expr;
        let pattern = if i + 1 == width {
            quote!(_)
        } else {
            quote!(#i)
        };
        quote_spanned! {at(ty)=> #pattern => <#ty as #krate::Payload>::read_item(&mut tuple, &mut #local, #expr), }
    });
    let locals: Vec<_> = fields.iter().map(|field| &field.local).collect();
    let members = fields.iter().map(|field| &field.member);
    let serialize = serde_impls::serialize(
        krate,
        ident,
        &quote!(#p::Serialize::serialize(&(#(#p::AsPayload(&self.#members),)*), serializer)),
    );
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                #(#statics)*
                #own_statics
                #(#declare)*
                let mut tuple = #p::TupleReader::new(r, cx, #own_expr, #width);
                while let ::core::option::Option::Some(item) = tuple.advance() {
                    match item { #(#arms)* }
                }
                match (tuple.end(), #(#locals),*) {
                    (::core::result::Result::Ok(true), #(::core::option::Option::Some(#locals)),*) => {
                        ::core::result::Result::Ok(::core::option::Option::Some(Self(#(#locals),*)))
                    }
                    (::core::result::Result::Err(syntax), ..) => ::core::result::Result::Err(syntax),
                    _ => ::core::result::Result::Ok(::core::option::Option::None),
                }
            }
        }
        #serialize
        #deserialize
    }
}
