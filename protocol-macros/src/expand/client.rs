//! `Client`: the typed client of a protocol, over the runtime's untyped one.

use super::{handlers, method_names};
use crate::parse::{Message, MessageUnion, ProtocolStruct, Reply};
use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

/// The struct, and how it is made.
pub(super) fn client(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ProtocolStruct { ident, vis, .. } = protocol;
    quote! {
        /// A client of the protocol. A clone is a counted reference.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct Client(#krate::client::Client<#ident>);
        #[automatically_derived]
        impl Client {
            /// Connects to the server at a URL that begins with `ws://`: set options on the builder, and await it.
            pub fn connect(url: impl ::core::convert::Into<::std::string::String>) -> #krate::client::ClientBuilder<#ident, Self> {
                #krate::client::ClientBuilder::to(url)
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<#krate::client::Client<#ident>> for Client {
            fn from(client: #krate::client::Client<#ident>) -> Self {
                Self(client)
            }
        }
        #[automatically_derived]
        impl ::core::ops::Deref for Client {
            type Target = #krate::client::Client<#ident>;
            fn deref(&self) -> &#krate::client::Client<#ident> {
                &self.0
            }
        }
    }
}

/// The methods that send messages.
pub(super) fn methods(krate: &Path, union: &MessageUnion) -> TokenStream {
    let methods = union
        .messages
        .iter()
        .filter_map(|message| method(krate, message));
    quote! {
        #[automatically_derived]
        impl Client {
            #(#methods)*
        }
    }
}

/// The method that sends a message. Messages that join or leave are sent by the methods of their channel.
fn method(krate: &Path, message: &Message) -> Option<TokenStream> {
    let ty = message.payload()?;
    if !message.is_handled() || message.join.is_some() || message.leave.is_some() {
        return None;
    }
    let docs = &message.docs;
    let name = method_names::of_client(message);
    let deprecated = message.deprecated.as_ref().map(|note| match note {
        Some(note) => quote!(#[deprecated(note = #note)]),
        None => quote!(#[deprecated]),
    });
    let errors = handlers::errors(krate, message);
    let server = quote!(<__Protocol as #krate::Protocol>::Server);
    let body = match &message.reply {
        Reply::One(reply) => quote! {
            pub fn #name(&self, m: #ty) -> #krate::client::Call<#server, #reply, #errors> {
                self.0.call(&m)
            }
        },
        Reply::Stream {
            ack,
            item,
            end,
            cancel,
        } => {
            let of = |path: &Option<Path>| {
                path.as_ref()
                    .map_or_else(|| quote!(#krate::NoMessage), |path| quote!(#path))
            };
            let (ack, end, cancel) = (of(ack), of(end), of(cancel));
            quote! {
                pub async fn #name(
                    &self,
                    m: #ty,
                ) -> ::core::result::Result<
                    #krate::client::Streaming<#server, #ack, #item, #end, #errors>,
                    #krate::client::CallError<#errors>,
                > {
                    self.0.stream::<#ty, #cancel>(&m).await
                }
            }
        }
        _ => quote! {
            pub fn #name(&self, m: #ty) -> #krate::client::Sent {
                self.0.send(&m)
            }
        },
    };
    Some(quote!(#(#docs)* #deprecated #body))
}
