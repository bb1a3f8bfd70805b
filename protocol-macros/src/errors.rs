//! Enums of the errors that a request may be answered with.

use crate::options::{Ctxt, Options};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Expr, ExprLit, Fields, Lit, Path, ext::IdentExt, spanned::Spanned};

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    crate::product::plain(cx, input)?;
    options.flag(cx, "errors");
    let ident = input.ident.clone();
    let Data::Enum(data) = &mut input.data else {
        return None;
    };
    let (mut abouts, mut reads) = (Vec::new(), Vec::new());
    for variant in &mut data.variants {
        let mut options = Options::take_from(cx, &mut variant.attrs, "error");
        let wire = options.expr(cx, "wire");
        let message = options
            .text(cx, "message")
            .map_or_else(String::new, |text| text.value());
        let retryable = options.flag(cx, "retryable");
        options.finish(cx);
        let name = &variant.ident;
        let tag = match &wire {
            None => {
                let text = name.unraw().to_string();
                quote!(#krate::table::Tag::Text(#text))
            }
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => quote!(#krate::table::Tag::Text(#text)),
            Some(number) => quote!(#krate::table::Tag::Integer(#number)),
        };
        let (pattern, data) = match &variant.fields {
            Fields::Unit => (quote!(Self::#name), quote!(::core::option::Option::None)),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => (
                quote!(Self::#name(data)),
                quote!(::core::option::Option::Some(data)),
            ),
            other => {
                cx.error(other, "an error holds one value, its data, or nothing");
                continue;
            }
        };
        abouts.push(quote! {
            #pattern => #p::About { code: #tag, message: #message, retryable: #retryable, data: #data }
        });
        reads.push(match variant.fields.iter().next() {
            None => quote!(if #tag == code.borrow() { return ::core::result::Result::Ok(::core::option::Option::Some(Self::#name)); }),
            Some(field) => {
                let ty = &field.ty;
                quote_spanned! {ty.span()=>
                    if #tag == code.borrow() {
                        return match data {
                            ::core::option::Option::Some(r) => <#ty as #krate::Payload>::read_as(r, cx, &[], Self::#name),
                            ::core::option::Option::None => ::core::result::Result::Ok(::core::option::Option::None),
                        };
                    }
                }
            }
        });
    }
    let empty = data.variants.is_empty();
    let this = if empty { quote!(*self) } else { quote!(self) };
    Some(quote! {
        #[automatically_derived]
        impl #krate::ErrorCodes for #ident {
            fn about(&self) -> #p::About<'_> {
                match #this { #(#abouts,)* }
            }
            fn read(
                code: &#krate::TagBuf,
                data: ::core::option::Option<&mut #p::Reader<'_>>,
                cx: &mut #p::Cx,
            ) -> #p::Step<Self> {
                #(#reads)*
                let _ = (code, data, cx);
                ::core::result::Result::Ok(::core::option::Option::None)
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#krate::ErrorCodes::message(self))
            }
        }
        #[automatically_derived]
        impl ::core::error::Error for #ident {}
    })
}
