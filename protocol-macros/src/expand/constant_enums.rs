//! Enums whose variants are scalars on the wire, not all of them strings.

use super::{
    rules::{rules, with_rules},
    serde_impls,
    tokens::constant,
};
use crate::parse::{Constant, ConstantEnum};
use handfast_naming::pascal;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Path;

pub(super) fn expand(krate: &Path, of: &ConstantEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let ConstantEnum {
        ident,
        values,
        constant: is_constant,
        ..
    } = of;
    let all: Vec<_> = values
        .iter()
        .map(|(_, value)| constant(&p, value))
        .collect();
    let variants: Vec<_> = values.iter().map(|(variant, _)| variant).collect();
    let indices = 0..values.len();
    let types = of.types.iter().map(|name| {
        let name = format_ident!("{}", pascal(name));
        quote!(.with(#p::Type::#name))
    });
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let statics = &own.statics;
    let read = with_rules(krate, &of.rules, &own, |_| {
        quote! {
            #p::constant(r, cx, &CONSTANTS).map(|found| match found? {
                #(#indices => #p::Some(Self::#variants),)*
                _ => #p::None,
            })
        }
    });
    let integer = integers(of);
    let serialize = serde_impls::serialize(
        krate,
        ident,
        &quote!(#p::Serialize::serialize(&match self { #(Self::#variants => #all,)* }, serializer)),
    );
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #integer
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                static CONSTANTS: #p::Constants = #p::Constants {
                    values: &[#(#all),*],
                    types: #p::TypeSet::NONE #(#types)*,
                    constant: #is_constant,
                };
                #statics
                #read
            }
        }
        #serialize
        #deserialize
    }
}

/// The method that returns the value, if all are integers.
fn integers(of: &ConstantEnum) -> Option<TokenStream> {
    let arms = of.values.iter().map(|(variant, value)| match value {
        Constant::Integer(n) => Some(quote!(Self::#variant => #n,)),
        _ => None,
    });
    let arms = arms.collect::<Option<Vec<_>>>()?;
    let ident = &of.ident;
    Some(quote! {
        #[automatically_derived]
        impl #ident {
            /// The value on the wire.
            pub const fn as_i64(&self) -> i64 {
                match self { #(#arms)* }
            }
        }
    })
}
