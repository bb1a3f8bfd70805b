//! serde's traits, as shims over the runtime's reading and writing.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

/// `Deserialize`, for a type that asks for it.
pub(super) fn deserialize(krate: &Path, ident: &Ident, is_asked_for: bool) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    is_asked_for.then(|| {
        quote! {
            #[automatically_derived]
            impl<'de> #p::Deserialize<'de> for #ident {
                fn deserialize<__D: #p::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                    #p::deserialize(deserializer)
                }
            }
        }
    })
}

/// `Serialize`, with the body of its method.
pub(super) fn serialize(krate: &Path, ident: &Ident, body: &TokenStream) -> TokenStream {
    let p = quote!(#krate::__private);
    quote! {
        #[automatically_derived]
        impl #p::Serialize for #ident {
            fn serialize<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                #body
            }
        }
    }
}

/// `Serialize` for a type whose fields are those of an object.
pub(super) fn serialize_fields(krate: &Path, ident: &Ident) -> TokenStream {
    serialize(
        krate,
        ident,
        &quote!(#krate::__private::serialize_fields(self, serializer)),
    )
}
