//! Enums whose variants are strings on the wire, with or without room for strings that are not known yet.

use crate::{
    options::{Ctxt, Options},
    product,
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Fields, Path, ext::IdentExt};

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    product::plain(cx, input)?;
    let typed = !options.flag(cx, "untyped");
    let constant = options.flag(cx, "constant");
    let ident = input.ident.clone();
    let Data::Enum(data) = &mut input.data else {
        return None;
    };
    let mut names: Vec<String> = Vec::new();
    let mut known: Vec<Ident> = Vec::new();
    let mut other: Option<Ident> = None;
    for variant in &mut data.variants {
        let mut options = Options::take_from(cx, &mut variant.attrs, "protocol");
        let is_other = options.flag(cx, "other");
        let name = options.text(cx, "name");
        options.finish(cx);
        match (&variant.fields, is_other) {
            (Fields::Unit, false) => {
                let text = name
                    .as_ref()
                    .map_or_else(|| variant.ident.unraw().to_string(), syn::LitStr::value);
                if names.contains(&text) {
                    let span = name
                        .as_ref()
                        .map_or_else(|| variant.ident.span(), syn::LitStr::span);
                    cx.at(
                        span,
                        format_args!("two variants are called `{text}` on the wire"),
                    );
                }
                names.push(text);
                known.push(variant.ident.clone());
            }
            (Fields::Unnamed(fields), true) if fields.unnamed.len() == 1 && other.is_none() => {
                other = Some(variant.ident.clone());
            }
            (Fields::Unit, true) | (_, true) => cx.error(
                &variant.ident,
                "`other` goes on one variant, which holds the unknown value: `Other(String)`",
            ),
            (_, false) => cx.error(
                &variant.ident,
                "an enum whose variants have fields needs to say how they are told apart: `#[protocol(tag = \"kind\")]`",
            ),
        }
    }
    if known.is_empty() {
        cx.error(
            &ident,
            "an enum needs at least one variant: nothing else could be read as it",
        );
        return None;
    }
    let arms = known
        .iter()
        .zip(&names)
        .map(|(variant, name)| quote!(Self::#variant => #name));
    let other_arm = other
        .as_ref()
        .map(|other| quote!(Self::#other(text) => text,));
    let last = known.len() - 1;
    let made: Vec<_> = known
        .iter()
        .enumerate()
        .map(|(i, variant)| {
            let pattern = if i == last { quote!(_) } else { quote!(#i) };
            quote!(#pattern => Self::#variant)
        })
        .collect();
    let read = match &other {
        None => quote!(#p::literal(r, cx, &LITERALS)?.map(|place| match place { #(#made),* })),
        Some(other) => quote! {
            #p::open_literal(r, cx, &LITERALS)?.map(|value| match value {
                ::core::result::Result::Ok(place) => match place { #(#made),* },
                ::core::result::Result::Err(text) => Self::#other(text),
            })
        },
    };
    let deserialize = product::deserialize(cx, krate, options, &ident);
    Some(quote! {
        #[automatically_derived]
        impl #ident {
            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                match self { #(#arms,)* #other_arm }
            }
        }
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                static LITERALS: #p::Literals =
                    #p::Literals { values: &[#(#names),*], typed: #typed, constant: #constant };
                ::core::result::Result::Ok(#read)
            }
        }
        #[automatically_derived]
        impl #p::Serialize for #ident {
            fn serialize<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        #deserialize
    })
}
