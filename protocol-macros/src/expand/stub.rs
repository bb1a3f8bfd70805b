//! What an item with an error expands to, so that the uses of its type do not add errors of their own.

use super::serde_impls::serialize;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path};

/// Implementations that compile and are never run, because the build fails.
pub(crate) fn stub(krate: &Path, input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let serialize = serialize(krate, ident, &quote!(serializer.serialize_unit()));
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {}
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #serialize
    }
}
