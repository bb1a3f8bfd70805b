//! Enums told apart by a property of the object.

use super::{
    rules::{rules, with_rules},
    serde_impls, variants,
};
use crate::parse::{Content, TaggedEnum};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Path;

pub(super) fn expand(krate: &Path, of: &TaggedEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let TaggedEnum { ident, tag, .. } = of;
    let names = of.variants.iter().map(|variant| &variant.name);
    let reads = of.variants.iter().enumerate().map(|(i, variant)| {
        let read = variants::read(krate, &variant.ident, &variant.content);
        quote!(::core::option::Option::Some(#i) => #read)
    });
    let writes = of.variants.iter().map(|variant| {
        let (pattern, write) = variants::write(krate, &variant.ident, &variant.content);
        let name = &variant.name;
        match variant.content {
            _ if variant.has_tag => quote!(#pattern => { #write }),
            // A value may have members of any name.
            Content::Value(..) => {
                quote!(#pattern => fields.union(#tag, #name, |fields| { #write }),)
            }
            // Those that are declared have other names; but a union around this one may have the same tag.
            Content::Empty | Content::Fields(_) => {
                quote!(#pattern => fields.union(#tag, #name, |fields| { #write let _ = fields; }),)
            }
        }
    });
    let tagged =
        (of.variants.iter().enumerate()).filter_map(|(i, variant)| variant.has_tag.then_some(i));
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let statics = &own.statics;
    let read = with_rules(krate, &of.rules, &own, |_| {
        quote! {
            match #p::union(r, cx, &BRANCHES)? {
                #(#reads,)*
                _ => #p::Ok(#p::None),
            }
        }
    });
    let serialize = serde_impls::serialize_fields(krate, ident);
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                #statics
                static BRANCHES: #p::UnionBranches = #p::UnionBranches { tag: #tag, values: &[#(#names),*], tagged: &[#(#tagged),*] };
                match pass {
                    #p::Pass::Read(r, cx) => #read,
                    #p::Pass::Write(this, mut fields) => {
                        let fields = &mut fields;
                        match this { #(#writes)* }
                        #p::Ok(#p::None)
                    }
                }
            }
        }
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #serialize
        #deserialize
    }
}
