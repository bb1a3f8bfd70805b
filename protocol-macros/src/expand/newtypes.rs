//! Structs around one value. If the struct has rules and its field is private, every value of it is valid: it can only be made by a
//! conversion that validates.

use super::{
    rules::{rules, with_rules},
    serde_impls,
    tokens::at,
};
use crate::parse::{Newtype, is};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Path, Type};

pub(super) fn expand(krate: &Path, of: &Newtype) -> TokenStream {
    let p = quote!(#krate::__private);
    let Newtype { ident, ty, .. } = of;
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let text = is(ty, "String");
    let checked = !of.rules.is_empty() && of.is_private;
    let conversions = match (checked, text) {
        (true, true) => checked_text(krate, ident),
        (true, false) => checked_value(krate, ident, ty),
        (false, _) => plain(ident, ty),
    };
    let display = (text || is_scalar(ty)).then(|| display(ident));
    let read = with_rules(krate, &of.rules, &own, |expr| {
        quote_spanned! {at(ty)=> <#ty as #krate::Payload>::read_as(r, cx, #expr, Self) }
    });
    let needs = of.object.then(|| {
        quote_spanned! {at(ty)=>
            const FIELDS: #p::Option<&'static [#p::FieldNeed]> = <#ty as #krate::Payload>::FIELDS;
        }
    });
    let statics = &own.statics;
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    let serialize = serde_impls::serialize(
        krate,
        ident,
        &quote!(#krate::Payload::write_value(&self.0, serializer)),
    );
    // A map, an object that is only validated, and what says that it is one, can be variants of a tagged enum: their members are written
    // among other fields.
    let is_object = of.object || is(ty, "ValidatedJson") || is(ty, "BTreeMap");
    let (fields, are_fields) = if is_object {
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
    // What is not absent, whatever it contains.
    let write_field = (is_scalar(ty) || is(ty, "String")).then(|| {
        quote! {
            fn write_field(&self, fields: &mut #p::FieldWriter<'_>, name: &'static str) {
                #krate::Payload::write_field(&self.0, fields, name);
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            #needs
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                #statics
                #read
            }
            #write_field
            #fields
        }
        #are_fields
        #serialize
        #conversions
        #display
        #deserialize
    }
}

/// Whether a type is a number or a boolean, which is copied, and whose text is that of JSON.
fn is_scalar(ty: &Type) -> bool {
    let scalars = [
        "i8",
        "i16",
        "i32",
        "i64",
        "u8",
        "u16",
        "u32",
        "u64",
        "f64",
        "bool",
        "StringInteger",
    ];
    scalars.iter().any(|scalar| is(ty, scalar))
}

/// The conversions of a valid string: `try_from` and `parse` make one, and it dereferences to `str`.
fn checked_text(krate: &Path, ident: &Ident) -> TokenStream {
    let p = quote!(#krate::__private);
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
    }
}

/// The conversions of any other valid value.
fn checked_value(krate: &Path, ident: &Ident, ty: &Type) -> TokenStream {
    let p = quote!(#krate::__private);
    let get = if is_scalar(ty) {
        quote!(pub const fn get(&self) -> #ty { self.0 })
    } else {
        quote!(pub fn get(&self) -> &#ty { &self.0 })
    };
    quote! {
        #[automatically_derived]
        impl #ident {
            /// The value.
            #get
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

/// The conversions of a value without rules.
fn plain(ident: &Ident, ty: &Type) -> TokenStream {
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

fn display(ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl ::core::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }
    }
}
