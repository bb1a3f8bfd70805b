//! `Client`: the typed client of a protocol, over the runtime's untyped one.

use super::{
    content::{self, Sent},
    handlers, method_names,
};
use crate::parse::{Content, Message, MessageUnion, ProtocolStruct, Reply};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

/// The struct, and how it is made.
pub(super) fn client(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ProtocolStruct {
        ident, vis, server, ..
    } = protocol;
    quote! {
        /// A client of the protocol. A clone is a counted reference.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct Client(#krate::client::Client<#ident>);
        #[automatically_derived]
        impl Client {
            /// Connects to the server at a URL that begins with `ws://`: set options on the builder, and await it. If the server sends requests,
            /// use `connect_with`, which takes what answers them.
            pub fn connect(url: impl ::core::convert::Into<::std::string::String>) -> #krate::client::ClientBuilder<#ident, Self>
            where
                // Without the lifetime, the bound would be an error here, where it does not hold, and not where this is called.
                for<'__a> #server: #krate::NoRequests,
            {
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

/// The methods that send the messages of the client.
pub(super) fn methods(krate: &Path, union: &MessageUnion) -> TokenStream {
    let methods = union
        .messages
        .iter()
        .filter(|message| message.join.is_none() && message.leave.is_none())
        .filter_map(|message| {
            let name = method_names::of_client(message);
            method(
                krate,
                union,
                message,
                &name,
                &quote!(client),
                &quote!(Server),
            )
        });
    quote! {
        #[automatically_derived]
        impl Client {
            #(#methods)*
        }
    }
}

/// The method that sends a message. `module` is that of the end that sends, and `replies` the messages of the other. Messages that join or
/// leave are sent by the methods of their channel.
pub(super) fn method(
    krate: &Path,
    union: &MessageUnion,
    message: &Message,
    name: &Ident,
    module: &TokenStream,
    replies: &TokenStream,
) -> Option<TokenStream> {
    if !message.is_handled() {
        return None;
    }
    let content = match message.payload() {
        Some(ty) => Sent {
            items: TokenStream::new(),
            parameters: quote!(m: #ty,),
            ty: ty.clone(),
            value: quote!(m),
        },
        None => content::sent(krate, union, message),
    };
    let Sent {
        items,
        parameters,
        ty,
        value,
    } = content;
    let lint = matches!(message.content, Content::Fields(_)).then(
        || quote!(#[allow(clippy::too_many_arguments, reason = "the fields of a variant are parameters")]),
    );
    let docs = &message.docs;
    let deprecated = message.deprecated.as_ref().map(|note| match note {
        Some(note) => quote!(#[deprecated(note = #note)]),
        None => quote!(#[deprecated]),
    });
    let errors = handlers::errors(krate, message);
    let replies = quote!(<__Protocol as #krate::Protocol>::#replies);
    let body = match &message.reply {
        Reply::One(reply) => quote! {
            pub fn #name(&self, #parameters) -> #krate::#module::Call<#replies, #reply, #errors> {
                #items
                self.0.call(&#value)
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
                    #parameters
                ) -> ::core::result::Result<
                    #krate::#module::Streaming<#replies, #ack, #item, #end, #errors>,
                    #krate::#module::CallError<#errors>,
                > {
                    #items
                    self.0.stream::<#ty, #cancel>(&#value).await
                }
            }
        }
        _ => quote! {
            pub fn #name(&self, #parameters) -> #krate::client::Sent {
                #items
                self.0.send(&#value)
            }
        },
    };
    Some(quote!(#(#docs)* #deprecated #lint #body))
}
