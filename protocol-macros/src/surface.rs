//! The typed surface over the runtime's untyped core: `Sessions`, `Server`, `Handle`, `Context`, `Client`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Path, Visibility};

/// `Sessions`, `Server`, `Handle`, `Context` and `Client`.
pub(crate) fn surface(
    krate: &Path,
    vis: &Visibility,
    ident: &Ident,
    client: &Path,
    auth: Option<&Path>,
    auth_errors: &Path,
    admits: bool,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let (enter, open) = match auth {
        Some(auth) => (
            quote! {
                /// Lets somebody in, or not: what the client says of itself becomes its session.
                fn auth(
                    &self,
                    m: #auth,
                ) -> impl ::core::future::Future<Output = ::core::result::Result<Self::Session, #auth_errors>> + ::core::marker::Send;
            },
            quote! {
                let auth: #auth = opening.auth()?;
                match Sessions::auth(&*self.0, auth).await {
                    ::core::result::Result::Ok(session) => ::core::result::Result::Ok(::std::sync::Arc::new(session) as #krate::server::Session),
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(#krate::server::Refusal::from_error(&error)),
                }
            },
        ),
        None => (
            quote! {
                /// Somebody came: what is remembered of them while they are connected.
                fn open(
                    &self,
                    peer: &#krate::server::Peer,
                ) -> impl ::core::future::Future<Output = Self::Session> + ::core::marker::Send;
            },
            quote! {
                let session = Sessions::open(&*self.0, &opening.peer).await;
                ::core::result::Result::Ok(::std::sync::Arc::new(session) as #krate::server::Session)
            },
        ),
    };
    let (admit, admitting) = if admits {
        (
            quote! {
                /// Whether somebody may join a channel that no message of the protocol joins; `key` is what they ask for.
                fn admit(
                    &self,
                    key: &str,
                    cx: &Context<Self::Session>,
                ) -> impl ::core::future::Future<Output = ::core::result::Result<(), #krate::server::Refusal>> + ::core::marker::Send;
            },
            quote! {
                fn admit<'a>(
                    &'a self,
                    key: &'a str,
                    cx: #krate::server::Context,
                ) -> #p::BoxFuture<'a, ::core::result::Result<(), #krate::server::Refusal>> {
                    ::std::boxed::Box::pin(async move { Sessions::admit(&*self.0, key, &Context::__new(cx)).await })
                }
            },
        )
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    quote! {
        #krate::__server! {
            /// Who may connect, and what is remembered of them.
            #[diagnostic::on_unimplemented(
                message = "`{Self}` does not say who may connect",
                note = "implement `Sessions` for it: it says what a session is, and who gets one"
            )]
            #vis trait Sessions: ::core::marker::Send + ::core::marker::Sync + 'static {
                /// What is remembered of somebody while they are connected.
                type Session: ::core::marker::Send + ::core::marker::Sync + 'static;
                #enter
                #admit
                /// Who it is, whatever connection they come by: what all their connections send counts together, in the place of what
                /// comes from their address.
                fn principal<'a>(&self, session: &'a Self::Session) -> ::core::option::Option<::std::borrow::Cow<'a, str>> {
                    let _ = session;
                    ::core::option::Option::None
                }
                /// A connection is over, and nothing of it runs any more.
                fn closed(&self, session: &Self::Session) {
                    let _ = session;
                }
            }

            /// The message that is handled, and who sent it.
            #vis struct Context<__S> {
                core: #krate::server::Context,
                session: ::core::marker::PhantomData<fn() -> __S>,
            }
            #[automatically_derived]
            impl<__S> Context<__S> {
                #[doc(hidden)]
                pub fn __new(core: #krate::server::Context) -> Self {
                    Self { core, session: ::core::marker::PhantomData }
                }
                /// Sends a message that nobody asked for to this connection alone: without a number, lost on disconnect.
                ///
                /// A message that belongs to a channel is published there instead: sent like this it names no channel, and clients
                /// refuse it.
                pub fn send<__M: #krate::MessageOf<<#ident as #krate::Protocol>::Server>>(&self, message: &__M) {
                    #krate::server::Context::send(&self.core, message);
                }
            }
            #[automatically_derived]
            impl<__S: ::core::marker::Send + ::core::marker::Sync + 'static> Context<__S> {
                /// What is remembered of the sender.
                pub fn session(&self) -> &__S {
                    self.core.session::<__S>()
                }
            }
            #[automatically_derived]
            impl<__S> ::core::clone::Clone for Context<__S> {
                fn clone(&self) -> Self {
                    Self::__new(::core::clone::Clone::clone(&self.core))
                }
            }
            #[automatically_derived]
            impl<__S> ::core::fmt::Debug for Context<__S> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(&self.core, f)
                }
            }
            #[automatically_derived]
            impl<__S> ::core::ops::Deref for Context<__S> {
                type Target = #krate::server::Context;
                fn deref(&self) -> &#krate::server::Context {
                    &self.core
                }
            }

            /// A server of the protocol, to be mounted on a router or served over a transport.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct Server(#krate::server::Server);
            #[automatically_derived]
            impl Server {
                /// A server of an application that handles every message.
                pub fn new<__A: Handlers>(app: __A) -> Self {
                    Self::with(app, |builder| builder)
                }
                /// A server that is set up otherwise than by default: its path, its limits, the origins it takes.
                pub fn with<__A: Handlers>(
                    app: __A,
                    set_up: impl ::core::ops::FnOnce(#krate::server::Builder) -> #krate::server::Builder,
                ) -> Self {
                    let service = ::std::sync::Arc::new(__Service(::std::sync::Arc::new(app)));
                    Self(set_up(#krate::server::Server::builder(service)).build())
                }
                /// A handle by which to publish from anywhere.
                pub fn handle(&self) -> Handle {
                    Handle(self.0.handle())
                }
            }
            #[automatically_derived]
            impl ::core::ops::Deref for Server {
                type Target = #krate::server::Server;
                fn deref(&self) -> &#krate::server::Server {
                    &self.0
                }
            }

            /// Publishes from anywhere, and shuts the server down.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct Handle(#krate::server::Handle);
            #[automatically_derived]
            impl ::core::ops::Deref for Handle {
                type Target = #krate::server::Handle;
                fn deref(&self) -> &#krate::server::Handle {
                    &self.0
                }
            }

            struct __Service<__A>(::std::sync::Arc<__A>);
            #[automatically_derived]
            impl<__A: Handlers> #krate::server::Service for __Service<__A> {
                fn table(&self) -> &'static #krate::table::ProtocolTable {
                    <#ident as #krate::Protocol>::TABLE
                }
                fn open<'a>(
                    &'a self,
                    opening: #krate::server::Opening,
                ) -> #p::BoxFuture<'a, ::core::result::Result<#krate::server::Session, #krate::server::Refusal>> {
                    ::std::boxed::Box::pin(async move { #open })
                }
                fn receive(
                    &self,
                    source: #p::Source<'_>,
                    cx: #krate::server::Context,
                ) -> ::core::result::Result<#krate::server::Received, ::std::boxed::Box<#krate::Rejected>> {
                    let app = &self.0;
                    cx.receive::<#client>(source, |message, cx| message.__dispatch(app, cx))
                }
                #admitting
                fn principal<'a>(&self, session: &'a #krate::server::Session) -> ::core::option::Option<::std::borrow::Cow<'a, str>> {
                    Sessions::principal(&*self.0, session.downcast_ref()?)
                }
                fn closed(&self, session: &#krate::server::Session) {
                    if let ::core::option::Option::Some(session) = session.downcast_ref() {
                        Sessions::closed(&*self.0, session);
                    }
                }
            }
        }
        #krate::__client! {
            /// A client of the protocol. A clone is a counted reference.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct Client(#krate::client::Client<#ident>);
            #[automatically_derived]
            impl Client {
                /// A client of the server at a URL that begins with `ws://`. Await what this gives.
                pub fn connect(url: impl ::core::convert::Into<::std::string::String>) -> #krate::client::Connect<#ident, Self> {
                    #krate::client::Connect::to(url)
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
}
