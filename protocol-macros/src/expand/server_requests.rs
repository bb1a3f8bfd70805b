//! The requests of the server: the methods that send them, and the trait by which a client answers them.

use super::{client, handlers, method_names};
use crate::parse::{Content, Field, Message, MessageUnion, Reply};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

/// What the messages of a server add to the server and to the client.
pub(super) fn expand(krate: &Path, union: &MessageUnion) -> TokenStream {
    let requests: Vec<&Message> = union
        .messages
        .iter()
        .filter(|message| message.is_request())
        .collect();
    if requests.is_empty() {
        return without(krate, &union.ident);
    }
    let methods = requests.iter().filter_map(|message| {
        let name = method_names::of_client_handle(message);
        client::method(
            krate,
            union,
            message,
            &name,
            &quote!(server),
            &quote!(Client),
        )
    });
    let handler = handler(krate, union, &requests);
    let handle = handle(krate, union, &requests);
    let connect = connect(krate, &union.ident);
    quote! {
        #krate::__server! {
            #[automatically_derived]
            impl ClientHandle {
                #(#methods)*
            }
        }
        #krate::__client! {
            #handler
            #handle
            #connect
        }
    }
}

/// A server without requests.
fn without(krate: &Path, ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl #krate::NoRequests for #ident {}
    }
}

/// How a client connects that has to answer requests.
fn connect(krate: &Path, ident: &Ident) -> TokenStream {
    quote! {
        #[automatically_derived]
        impl Client {
            /// Connects to the server at a URL that begins with `ws://`: set options on the builder, and await it. `handlers` answers the
            /// requests of the server.
            pub fn connect_with<__A: ServerRequestHandler>(
                url: impl ::core::convert::Into<::std::string::String>,
                handlers: __A,
            ) -> #krate::client::ClientBuilder<__Protocol, Self> {
                #krate::client::ClientBuilder::to_with(url, #krate::client::Handlers::new(handlers, #ident::__handle::<__A>))
            }
            /// Connects over a transport of the application: `dial` is called for each connection. `handlers` answers the requests of the
            /// server.
            pub fn over_with<__A, __T, __F, __E>(
                dial: impl ::core::ops::Fn() -> __F + ::core::marker::Send + ::core::marker::Sync + 'static,
                handlers: __A,
            ) -> #krate::client::ClientBuilder<__Protocol, Self>
            where
                __A: ServerRequestHandler,
                __T: #krate::transport::Transport,
                __F: ::core::future::Future<Output = ::core::result::Result<__T, __E>> + ::core::marker::Send + 'static,
                __E: ::core::convert::Into<::std::boxed::Box<dyn ::std::error::Error + ::core::marker::Send + ::core::marker::Sync>>,
            {
                #krate::client::ClientBuilder::over_with(dial, #krate::client::Handlers::new(handlers, #ident::__handle::<__A>))
            }
        }
    }
}

/// The trait that an application implements to answer the requests.
fn handler(krate: &Path, union: &MessageUnion, requests: &[&Message]) -> TokenStream {
    let vis = &union.vis;
    let methods = requests.iter().map(|message| {
        let docs = &message.docs;
        let name = method_names::of_handler(message);
        let (parameters, _) = method_names::parameters(message);
        let errors = handlers::errors(krate, message);
        let errors = quote!(#krate::HandlerError<#errors>);
        let (extra, output) = handlers::extra_and_output(krate, message, &errors, &quote!(client));
        quote! {
            #(#docs)*
            fn #name(
                &self,
                #parameters
                #extra
                client: &Client,
            ) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
        }
    });
    let names: Vec<String> = requests
        .iter()
        .map(|message| format!("`{}`", method_names::of_handler(message)))
        .collect();
    let note = format!(
        "a client has to answer every request of the server: {}",
        names.join(", ")
    );
    quote! {
        /// Answers the requests of the server. Handlers run beside each other, and may use the client; they end with the session.
        #[diagnostic::on_unimplemented(
            message = "`{Self}` does not answer the requests of the server",
            note = #note
        )]
        #[allow(clippy::too_many_arguments, reason = "the fields of a variant are parameters")]
        #vis trait ServerRequestHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#methods)*
        }
    }
}

/// The method of the union that calls the handler of a request.
fn handle(krate: &Path, union: &MessageUnion, requests: &[&Message]) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &union.ident;
    let arms = requests.iter().map(|message| arm(krate, message));
    let others =
        (requests.len() < union.messages.len()).then(|| quote!(_ => ::core::option::Option::None,));
    quote! {
        #[automatically_derived]
        impl #ident {
            #[doc(hidden)]
            #[allow(clippy::wrong_self_convention, unused_variables, reason = "the same for every protocol")]
            pub fn __handle<__A: ServerRequestHandler>(
                self,
                app: &::std::sync::Arc<__A>,
                responder: #p::ClientResponder,
            ) -> ::core::option::Option<#p::BoxFuture<'static, ()>> {
                let app = ::std::sync::Arc::clone(app);
                let client = Client(responder.client::<__Protocol>()?);
                match self { #(#arms,)* #others }
            }
        }
    }
}

fn arm(krate: &Path, message: &Message) -> TokenStream {
    let p = quote!(#krate::__private);
    let (variant, name) = (&message.ident, method_names::of_handler(message));
    let pattern = match &message.content {
        Content::Empty => quote!(Self::#variant),
        Content::Value(..) => quote!(Self::#variant(m)),
        Content::Fields(fields) => {
            let members = fields
                .iter()
                .map(|Field { member, local, .. }| quote!(#member: #local));
            quote!(Self::#variant { #(#members),* })
        }
    };
    let unboxed = message.is_boxed().then(|| quote!(let m = *m;));
    let replies = quote!(<__Protocol as #krate::Protocol>::Client);
    let (_, arguments) = method_names::parameters(message);
    let call = |extra: TokenStream| quote!(<__A as ServerRequestHandler>::#name(&app, #arguments #extra &client).await);
    let work = match &message.reply {
        Reply::Stream { ack, end, .. } => {
            let to = match ack {
                Some(_) => quote!(#p::stream_to_server::<#replies, _, _>(&responder)),
                None => quote!(#p::stream_items_to_server::<#replies, _>(&responder)),
            };
            let run = call(quote!(to,));
            let finish = match end {
                Some(_) => quote!(#p::Replier::end::<#replies, _, _>(&responder, #run);),
                None => quote!(#p::Replier::done(&responder, #run);),
            };
            quote!({
                let to = #to;
                ::std::boxed::Box::pin(async move { #finish })
            })
        }
        _ if message.payload().is_some() => quote! {
            #p::answer_server::<#replies, _, _, _, _, _>(
                app,
                responder,
                client,
                m,
                |app, m, client| ::std::boxed::Box::pin(<__A as ServerRequestHandler>::#name(app, m, client)),
            )
        },
        _ => {
            let run = call(TokenStream::new());
            quote!(::std::boxed::Box::pin(async move { #p::Replier::answer::<#replies, _, _>(&responder, #run); }))
        }
    };
    let body = format_ident!("Some");
    quote! {
        #pattern => {
            #unboxed
            ::core::option::Option::#body(#work)
        }
    }
}
