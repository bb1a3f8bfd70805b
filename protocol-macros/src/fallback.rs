//! What a type that has a mistake in it expands to, so that its uses do not add errors of their own.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path};

/// Implementations that compile and are never run, because the build fails.
pub(crate) fn stub(krate: &Path, input: &DeriveInput) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {}
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #[automatically_derived]
        impl #p::Serialize for #ident {
            fn serialize<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                serializer.serialize_unit()
            }
        }
    }
}
