//! Enums of the errors that a request may be answered with.

use crate::options::{Ctxt, Options, at};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Expr, ExprLit, Fields, Ident, Lit, Path, Variant, ext::IdentExt};

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
    let (mut abouts, mut bares, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let mut conversions = Vec::new();
    for variant in &mut data.variants {
        let mut options = Options::take_from(cx, &mut variant.attrs, "error");
        let wire = options.expr(cx, "wire");
        let message = options
            .text(cx, "message")
            .map_or_else(String::new, |text| text.value());
        let retryable = options.flag(cx, "retryable");
        conversions.extend(conversion(cx, krate, &ident, variant, &mut options));
        options.finish(cx);
        let name = &variant.ident;
        let tag = match &wire {
            None => {
                let text = name.unraw().to_string();
                quote!(#krate::descriptor::Tag::Text(#text))
            }
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => quote!(#krate::descriptor::Tag::Text(#text)),
            Some(number) => quote!(#krate::descriptor::Tag::Integer(#number)),
        };
        let (pattern, data) = match &variant.fields {
            Fields::Unit => (quote!(Self::#name), quote!(#p::None)),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                (quote!(Self::#name(data)), quote!(#p::Some(data)))
            }
            other => {
                cx.error(other, "an error holds one value, its data, or nothing");
                continue;
            }
        };
        abouts.push(quote! {
            #pattern => #p::ErrorDescriptor { code: #tag, message: #message, retryable: #retryable, data: #data }
        });
        match variant.fields.iter().next() {
            None => {
                let place = bares.len();
                bares.push(quote!(#place => #p::Some(Self::#name)));
            }
            Some(field) => {
                let ty = &field.ty;
                reads.push(quote_spanned! {at(ty)=>
                    if #tag == code.borrow() {
                        return match data {
                            #p::Some(r) => <#ty as #krate::Payload>::read_as(r, cx, &[], Self::#name),
                            #p::None => #p::Ok(#p::None),
                        };
                    }
                });
            }
        }
    }
    let read = (!reads.is_empty()).then(|| {
        quote! {
            fn read(
                code: &#krate::TagBuf,
                data: #p::Option<&mut #p::Reader<'_>>,
                cx: &mut #p::ReadContext,
            ) -> #p::ReadResult<Self> {
                #(#reads)*
                #p::Ok(#p::bare(code))
            }
        }
    });
    let empty = data.variants.is_empty();
    let this = if empty { quote!(*self) } else { quote!(self) };
    Some(quote! {
        #[automatically_derived]
        impl #krate::DeclaredErrors for #ident {
            fn descriptor(&self) -> #p::ErrorDescriptor<'_> {
                match #this { #(#abouts,)* }
            }
            fn bare(place: usize) -> #p::Option<Self> {
                match place { #(#bares,)* _ => #p::None }
            }
            #read
        }
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(#krate::DeclaredErrors::message(self))
            }
        }
        #[automatically_derived]
        impl ::core::error::Error for #ident {}
        #(#conversions)*
    })
}

/// `from` on a variant: the conversion of the type that stands for the error on its own, so that a function can return that type and serve the
/// handlers of several requests.
fn conversion(
    cx: &Ctxt,
    krate: &Path,
    ident: &Ident,
    variant: &Variant,
    options: &mut Options,
) -> Option<TokenStream> {
    let name = &variant.ident;
    let ty = options.path(cx, "from")?;
    let (pattern, made) = if variant.fields.is_empty() {
        (quote!(_), quote!(#ident::#name))
    } else {
        // The data may be boxed.
        (
            quote!(error),
            quote!(#ident::#name(::core::convert::Into::into(error))),
        )
    };
    Some(quote! {
        #[automatically_derived]
        impl ::core::convert::From<#ty> for #ident {
            fn from(#pattern: #ty) -> Self {
                #made
            }
        }
        #krate::__server! {
            #[automatically_derived]
            impl ::core::convert::From<#ty> for #krate::HandlerError<#ident> {
                fn from(#pattern: #ty) -> Self {
                    #krate::HandlerError::Declared(#made)
                }
            }
        }
    })
}
