//! Structs around one value. Where the value is constrained and its field private, it is only made by checking it.

use crate::{
    options::{Ctxt, Options, at},
    product, rules,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Data, DeriveInput, Path, Type, Visibility};

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    product::plain(cx, input)?;
    let rules = rules::take(cx, krate, options, &format_ident!("OWN"));
    let Data::Struct(data) = &mut input.data else {
        return None;
    };
    let field = data.fields.iter_mut().next()?;
    let mut more = Options::take_from(cx, &mut field.attrs, "protocol");
    if let Some(option) = more.take("name") {
        cx.at(
            option.name.span(),
            "a struct around one value has no name on the wire",
        );
    }
    more.finish(cx);
    let ty = &field.ty;
    let ident = &input.ident;
    let rules::Rules { statics, expr, any } = rules;
    let text = is(ty, "String");
    let checked = any && matches!(field.vis, Visibility::Inherited);
    let conversions = match (checked, text) {
        (true, true) => checked_text(krate, ident),
        (true, false) => checked_value(krate, ident, ty),
        (false, true) => {
            let conversions = plain(ident, ty);
            let display = display(ident);
            quote!(#conversions #display)
        }
        (false, false) => plain(ident, ty),
    };
    let read = quote_spanned! {at(ty)=> <#ty as #krate::Payload>::read_as(r, cx, #expr, Self) };
    let deserialize = product::deserialize(cx, krate, options, ident);
    // The members of an object that is only checked can lie among other fields: it is a branch of a union then.
    let (fields, are_fields) = if is(ty, "ValidatedJson") {
        (
            quote! {
                fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                    match pass {
                        #p::Pass::Read(r, cx) => <Self as #krate::Payload>::read(r, cx, &[]),
                        #p::Pass::Write(this, fields) => {
                            <#ty as #krate::Payload>::fields(#p::Pass::Write(&this.0, fields))?;
                            #p::Ok(#p::None)
                        }
                    }
                }
            },
            quote!(#[automatically_derived] impl #krate::Fields for #ident {}),
        )
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    Some(quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                #statics
                #read
            }
            #fields
        }
        #are_fields
        #[automatically_derived]
        impl #p::Serialize for #ident {
            fn serialize<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                #p::Serialize::serialize(&self.0, serializer)
            }
        }
        #conversions
        #deserialize
    })
}

fn is(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// A constrained string reads like one and is made with `try_from` or `parse`.
fn checked_text(krate: &Path, ident: &syn::Ident) -> TokenStream {
    let p = quote!(#krate::__private);
    let display = display(ident);
    quote! {
        #[automatically_derived]
        impl #ident {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        #[automatically_derived]
        impl ::core::convert::TryFrom<::std::string::String> for #ident {
            type Error = #krate::ValidationError;
            fn try_from(text: ::std::string::String) -> ::core::result::Result<Self, #krate::ValidationError> {
                #p::checked(Self(text))
            }
        }
        #[automatically_derived]
        impl ::core::convert::TryFrom<&str> for #ident {
            type Error = #krate::ValidationError;
            fn try_from(text: &str) -> ::core::result::Result<Self, #krate::ValidationError> {
                #p::checked(Self(text.into()))
            }
        }
        #[automatically_derived]
        impl ::core::str::FromStr for #ident {
            type Err = #krate::ValidationError;
            fn from_str(text: &str) -> ::core::result::Result<Self, #krate::ValidationError> {
                #p::checked(Self(text.into()))
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#ident> for ::std::string::String {
            fn from(value: #ident) -> Self {
                value.0
            }
        }
        #[automatically_derived]
        impl ::core::ops::Deref for #ident {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        #[automatically_derived]
        impl ::core::convert::AsRef<str> for #ident {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        #display
    }
}

fn checked_value(krate: &Path, ident: &syn::Ident, ty: &Type) -> TokenStream {
    let p = quote!(#krate::__private);
    quote! {
        #[automatically_derived]
        impl #ident {
            /// The value.
            pub fn get(&self) -> &#ty {
                &self.0
            }
        }
        #[automatically_derived]
        impl ::core::convert::TryFrom<#ty> for #ident {
            type Error = #krate::ValidationError;
            fn try_from(value: #ty) -> ::core::result::Result<Self, #krate::ValidationError> {
                #p::checked(Self(value))
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #ty {
            fn from(value: #ident) -> Self {
                value.0
            }
        }
    }
}

/// A value that keeps no rule is made from what it holds, and the other way round.
fn plain(ident: &syn::Ident, ty: &Type) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::convert::From<#ty> for #ident {
            fn from(value: #ty) -> Self {
                Self(value)
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#ident> for #ty {
            fn from(value: #ident) -> Self {
                value.0
            }
        }
    }
}

fn display(ident: &syn::Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(&self.0)
            }
        }
    }
}
