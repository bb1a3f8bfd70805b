//! What an item with an error expands to, so that the uses of its type do not add errors of their own.

use super::serde_impls::serialize;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Ident, Path};

/// Implementations that compile and are never run, because the build fails. `is_union` is whether it is a union of messages.
pub(crate) fn stub(krate: &Path, input: &DeriveInput, is_union: bool) -> TokenStream {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let serialize = serialize(krate, ident, &quote!(serializer.serialize_unit()));
    let message_set = is_union.then(|| message_set(krate, ident));
    quote! {
        #message_set
        #[automatically_derived]
        impl #krate::Payload for #ident {}
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #serialize
    }
}

/// The union without a message.
fn message_set(krate: &Path, ident: &Ident) -> TokenStream {
    let (p, t) = (quote!(#krate::__private), quote!(#krate::descriptor));
    quote! {
        const _: () = {
            static DESCRIPTOR: #t::UnionDescriptor =
                #t::UnionDescriptor::new(#t::EnvelopeDescriptor::DEFAULT, &[], |_| #p::None, #p::typed::<#ident>);
            #[automatically_derived]
            impl #krate::MessageSet for #ident {
                const DESCRIPTOR: &'static #t::UnionDescriptor = &DESCRIPTOR;
                fn read(_: usize, _: &mut #p::Reader<'_>, _: &mut #p::ReadContext) -> #p::ReadResult<Self> {
                    #p::Ok(#p::None)
                }
                fn index(&self) -> usize {
                    0
                }
                fn into_payload(self) -> #p::Box<dyn ::core::any::Any> {
                    #p::Box::new(())
                }
                fn serialize_payload<__S: #p::Serializer>(&self, serializer: __S) -> #p::Result<__S::Ok, __S::Error> {
                    serializer.serialize_unit()
                }
            }
        };
    }
}
