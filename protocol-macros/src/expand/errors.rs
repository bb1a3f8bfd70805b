//! The errors that a request may be answered with.

use super::tokens::{at, tag_of};
use crate::parse::{DeclaredError, ErrorEnum};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Path, ext::IdentExt};

pub(super) fn expand(krate: &Path, of: &ErrorEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &of.ident;
    let descriptors = of.errors.iter().map(|error| descriptor(krate, error));
    let bare = of.errors.iter().filter(|error| error.data.is_none());
    let bares = bare.enumerate().map(|(i, error)| {
        let variant = &error.ident;
        quote!(#i => #p::Some(Self::#variant))
    });
    let reads: Vec<_> = of
        .errors
        .iter()
        .filter_map(|error| read(krate, error))
        .collect();
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
    let this = if of.errors.is_empty() {
        quote!(*self)
    } else {
        quote!(self)
    };
    let conversions = of
        .errors
        .iter()
        .filter_map(|error| conversion(krate, ident, error));
    quote! {
        #[automatically_derived]
        impl #krate::DeclaredErrors for #ident {
            fn descriptor(&self) -> #p::ErrorDescriptor<'_> {
                match #this { #(#descriptors,)* }
            }
            fn bare(index: usize) -> #p::Option<Self> {
                match index { #(#bares,)* _ => #p::None }
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
    }
}

/// The code of an error as an expression of type `Tag`.
fn code(krate: &Path, error: &DeclaredError) -> TokenStream {
    let t = quote!(#krate::descriptor);
    match &error.code {
        Some(code) => tag_of(&t, code),
        None => {
            let text = error.ident.unraw().to_string();
            quote!(#t::Tag::Text(#text))
        }
    }
}

/// The arm of an error in `DeclaredErrors::descriptor`.
fn descriptor(krate: &Path, error: &DeclaredError) -> TokenStream {
    let p = quote!(#krate::__private);
    let DeclaredError {
        ident,
        message,
        retryable,
        ..
    } = error;
    let code = code(krate, error);
    let (pattern, data) = match &error.data {
        None => (quote!(Self::#ident), quote!(#p::None)),
        Some(_) => (
            quote!(Self::#ident(data)),
            quote!(#p::Some(#p::Box::new(#p::AsPayload(data)))),
        ),
    };
    quote! {
        #pattern => #p::ErrorDescriptor { code: #code, message: #message, retryable: #retryable, data: #data }
    }
}

/// The part of `DeclaredErrors::read` that reads an error with data.
fn read(krate: &Path, error: &DeclaredError) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    let (ident, code) = (&error.ident, code(krate, error));
    let ty = error.data.as_ref()?;
    Some(quote_spanned! {at(ty)=>
        if #code == code.borrow() {
            return match data {
                #p::Some(r) => <#ty as #krate::Payload>::read_as(r, cx, &[], Self::#ident),
                #p::None => #p::Ok(#p::None),
            };
        }
    })
}

/// The conversions of the type that stands for an error on its own, so that a function can return that type and serve the
/// handlers of several requests.
fn conversion(krate: &Path, of: &Ident, error: &DeclaredError) -> Option<TokenStream> {
    let (ty, ident) = (error.from.as_ref()?, &error.ident);
    let (pattern, made) = match &error.data {
        None => (quote!(_), quote!(#of::#ident)),
        // The data may be boxed.
        Some(_) => (
            quote!(error),
            quote!(#of::#ident(::core::convert::Into::into(error))),
        ),
    };
    Some(quote! {
        #[automatically_derived]
        impl ::core::convert::From<#ty> for #of {
            fn from(#pattern: #ty) -> Self {
                #made
            }
        }
        #krate::__server! {
            #[automatically_derived]
            impl ::core::convert::From<#ty> for #krate::HandlerError<#of> {
                fn from(#pattern: #ty) -> Self {
                    #krate::HandlerError::Declared(#made)
                }
            }
        }
    })
}
