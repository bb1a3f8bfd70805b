//! The typed surface over the runtime's untyped core: `SessionHandler`, `Server`, `ServerHandle`, `Context`, `Client`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Path, Visibility};

/// `SessionHandler`, `Server`, `ServerHandle`, `Context` and `Client`.
pub(crate) fn surface(
    krate: &Path,
    vis: &Visibility,
    ident: &Ident,
    client: &Path,
    auth: Option<&Path>,
    auth_errors: &Path,
    authorize_joins: bool,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let (enter, open) = match auth {
        Some(auth) => (
            quote! {
                /// Called when a client connects: returns the state kept for its connection, or the declared error that refuses it.
                fn authenticate(
                    &self,
                    m: #auth,
                    connection: &#krate::server::ConnectionInfo,
                ) -> impl ::core::future::Future<
                    Output = ::core::result::Result<Self::Session, #krate::HandlerError<#auth_errors>>,
                > + ::core::marker::Send;
            },
            quote! {
                let auth: #auth = request.auth()?;
                let session = SessionHandler::authenticate(&*self.0, auth, &request.connection).await?;
                ::core::result::Result::Ok(::std::sync::Arc::new(session) as #krate::server::SessionState)
            },
        ),
        None => (
            quote! {
                /// Called when a client connects: returns the state kept for its connection, or why it is not let in.
                fn connected(
                    &self,
                    connection: &#krate::server::ConnectionInfo,
                ) -> impl ::core::future::Future<
                    Output = ::core::result::Result<Self::Session, #krate::server::Rejection>,
                > + ::core::marker::Send;
            },
            quote! {
                let session = SessionHandler::connected(&*self.0, &request.connection).await?;
                ::core::result::Result::Ok(::std::sync::Arc::new(session) as #krate::server::SessionState)
            },
        ),
    };
    let (admit, admitting) = if authorize_joins {
        (
            quote! {
                /// Whether a client may join a channel that no message of the protocol joins; `key` is the key that it asked for.
                fn authorize_join(
                    &self,
                    key: &str,
                    cx: &Context<Self::Session>,
                ) -> impl ::core::future::Future<Output = ::core::result::Result<(), #krate::server::Rejection>> + ::core::marker::Send;
            },
            quote! {
                fn authorize_join<'a>(
                    &'a self,
                    key: &'a str,
                    cx: #krate::server::Context,
                ) -> #p::BoxFuture<'a, ::core::result::Result<(), #krate::server::Rejection>> {
                    ::std::boxed::Box::pin(async move { SessionHandler::authorize_join(&*self.0, key, &Context::__new(cx)).await })
                }
            },
        )
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    quote! {
        #krate::__server! {
            /// Decides who may connect, and what state is kept for a connection.
            #vis trait SessionHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
                /// The state that is kept for a connection, from its hello to its end.
                type Session: ::core::marker::Send + ::core::marker::Sync + 'static;
                #enter
                #admit
                /// The user behind a connection, if it has one. Rate limits then count all connections of that user together, instead of all
                /// connections of its address.
                fn principal<'a>(&self, session: &'a Self::Session) -> ::core::option::Option<::std::borrow::Cow<'a, str>> {
                    let _ = session;
                    ::core::option::Option::None
                }
                /// Called when a connection has ended: no handler of it runs any more.
                fn disconnected(&self, session: &Self::Session) {
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
                pub fn send<__M: #krate::Message<<#ident as #krate::Protocol>::Server>>(&self, message: &__M) {
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

            /// A server of the protocol, to be merged into a router or served over a transport.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct Server(#krate::server::Server);
            #[automatically_derived]
            impl Server {
                /// A server of an application that handles every message, with the default settings.
                pub fn new<__A: Handlers>(app: __A) -> Self {
                    Self::builder(app).build()
                }
                /// Builds a server with other settings than the defaults: its path, its limits, the origins it allows.
                pub fn builder<__A: Handlers>(app: __A) -> #krate::server::Builder<Self> {
                    #krate::server::Builder::new(::std::sync::Arc::new(__Service(::std::sync::Arc::new(app))))
                }
                /// A handle that publishes from anywhere, and shuts the server down.
                pub fn handle(&self) -> ServerHandle {
                    ServerHandle(self.0.handle())
                }
            }
            #[automatically_derived]
            impl ::core::convert::From<#krate::server::Server> for Server {
                fn from(server: #krate::server::Server) -> Self {
                    Self(server)
                }
            }
            #[automatically_derived]
            impl ::core::ops::Deref for Server {
                type Target = #krate::server::Server;
                fn deref(&self) -> &#krate::server::Server {
                    &self.0
                }
            }

            /// Publishes to channels from anywhere, and shuts the server down.
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct ServerHandle(#krate::server::ServerHandle);
            #[automatically_derived]
            impl ::core::ops::Deref for ServerHandle {
                type Target = #krate::server::ServerHandle;
                fn deref(&self) -> &#krate::server::ServerHandle {
                    &self.0
                }
            }

            struct __Service<__A>(::std::sync::Arc<__A>);
            #[automatically_derived]
            impl<__A: Handlers> #krate::server::Service for __Service<__A> {
                fn protocol(&self) -> &'static #krate::descriptor::ProtocolDescriptor {
                    <#ident as #krate::Protocol>::DESCRIPTOR
                }
                fn connect<'a>(
                    &'a self,
                    request: #krate::server::ConnectRequest,
                ) -> #p::BoxFuture<'a, ::core::result::Result<#krate::server::SessionState, #krate::server::Rejection>> {
                    ::std::boxed::Box::pin(async move { #open })
                }
                fn receive(
                    &self,
                    source: #p::Source<'_>,
                    cx: #krate::server::Context,
                ) -> ::core::result::Result<#krate::server::Received, ::std::boxed::Box<#krate::DecodeError>> {
                    let app = &self.0;
                    #p::receive::<#client>(source, cx, |message, responder| message.__dispatch(app, responder))
                }
                #admitting
                fn principal<'a>(&self, session: &'a #krate::server::SessionState) -> ::core::option::Option<::std::borrow::Cow<'a, str>> {
                    SessionHandler::principal(&*self.0, session.downcast_ref()?)
                }
                fn disconnected(&self, session: &#krate::server::SessionState) {
                    if let ::core::option::Option::Some(session) = session.downcast_ref() {
                        SessionHandler::disconnected(&*self.0, session);
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
}
