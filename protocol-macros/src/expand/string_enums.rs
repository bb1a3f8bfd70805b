//! Enums whose variants are strings on the wire, with or without a variant for unknown strings.

use super::{
    rules::{rules, with_rules},
    serde_impls,
};
use crate::parse::StringEnum;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Path;

pub(super) fn expand(krate: &Path, of: &StringEnum) -> TokenStream {
    let StringEnum { ident, values, .. } = of;
    let arms = values
        .iter()
        .map(|(variant, value)| quote!(Self::#variant => #value));
    let other = of
        .other
        .as_ref()
        .map(|other| quote!(Self::#other(text) => text,));
    let payload = payload(krate, of);
    let serialize = serde_impls::serialize(
        krate,
        ident,
        &quote!(serializer.serialize_str(self.as_str())),
    );
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #[automatically_derived]
        impl #ident {
            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                match self { #(#arms,)* #other }
            }
        }
        #payload
        #serialize
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        #deserialize
    }
}

fn payload(krate: &Path, of: &StringEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let StringEnum {
        ident,
        values,
        typed,
        constant,
        ..
    } = of;
    let names = values.iter().map(|(_, value)| value);
    let last = values.len() - 1;
    let made: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(i, (variant, _))| {
            let pattern = if i == last { quote!(_) } else { quote!(#i) };
            quote!(#pattern => Self::#variant)
        })
        .collect();
    let read = match &of.other {
        None => quote!(#p::literal(r, cx, &LITERALS)?.map(|index| match index { #(#made),* })),
        Some(other) => quote! {
            #p::open_literal(r, cx, &LITERALS)?.map(|value| match value {
                ::core::result::Result::Ok(index) => match index { #(#made),* },
                ::core::result::Result::Err(text) => Self::#other(text),
            })
        },
    };
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let statics = &own.statics;
    let read = with_rules(
        krate,
        &of.rules,
        &own,
        |_| quote!(::core::result::Result::Ok(#read)),
    );
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                static LITERALS: #p::Literals =
                    #p::Literals { values: &[#(#names),*], typed: #typed, constant: #constant };
                #statics
                #read
            }
        }
    }
}
