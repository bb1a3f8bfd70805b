//! `SessionHandler`, `Context`, `Server` and `ServerHandle`: the typed server of a protocol, over the runtime's untyped one.

use super::method_names;
use crate::parse::{ProtocolStruct, RolePlayer};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Path;

/// The items of the server.
pub(super) fn server(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let session_handler = session_handler(krate, protocol);
    let context = context(krate, protocol);
    let server = server_struct(krate, protocol);
    let handle = server_handle(krate, protocol);
    let client = client_handle(krate, protocol);
    let service = service(krate, protocol);
    quote!(#session_handler #context #server #handle #client #service)
}

fn session_handler(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let vis = &protocol.vis;
    let connect = connect_method(krate, protocol);
    // With credentials, the new state is that of the new ones; without, there is nothing new.
    let refreshed = if protocol.auth.is_some() {
        quote!({
            let _ = current;
            new
        })
    } else {
        quote!({
            let _ = new;
            ::core::clone::Clone::clone(current)
        })
    };
    // Who authenticates is somebody.
    let principal = if protocol.auth.is_some() {
        quote!(;)
    } else {
        quote!({
            let _ = session;
            ::core::option::Option::None
        })
    };
    let authorize_join = protocol.authorize_joins.then(|| {
        quote! {
            /// Whether a client may join a channel that no message of the protocol joins. `key` is the key that it sent.
            fn authorize_join(
                &self,
                key: &str,
                cx: &Context<Self::Session>,
            ) -> impl ::core::future::Future<Output = ::core::result::Result<(), #krate::server::Rejection>> + ::core::marker::Send;
        }
    });
    let greeting = built(protocol, "greeting").map(|payload| {
        quote! {
            /// The message with which the server speaks first. Fields that the protocol maps to the role are filled by the session.
            fn greeting(&self, connection: &#krate::server::ConnectionInfo) -> #payload;
        }
    });
    let welcome = built(protocol, "ready").map(|payload| {
        quote! {
            /// The message that says that the session is ready. Fields that the protocol maps to the role are filled by the session.
            fn welcome(&self, session: &Self::Session) -> #payload;
        }
    });
    let presences = informed(protocol).map(|(channel, method)| {
        quote! {
            /// What the members of the channel learn of a client that joins. `key` is the key of the channel. Called when the join is allowed; later,
            /// `set_presence` of the channel replaces it. Must not block.
            fn #method(
                &self,
                key: &str,
                cx: &Context<Self::Session>,
            ) -> <#channel as #krate::ChannelKey>::Presence;
        }
    });
    quote! {
        /// Decides who may connect, and what state is kept for a connection.
        #vis trait SessionHandler: ::core::marker::Send + ::core::marker::Sync + 'static {
            /// The state that is kept for a connection, from its hello to its end.
            type Session: ::core::marker::Send + ::core::marker::Sync + 'static;
            #greeting
            #connect
            #welcome
            #authorize_join
            #(#presences)*
            /// Called when a client that has a session connects again, after it lost its connection, or authenticates again: `current` is the
            /// state of the session, `new` what the method above returned. Returns the state for later messages: by default, `new` where
            /// clients authenticate, and otherwise `current`.
            fn refreshed(
                &self,
                current: &::std::sync::Arc<Self::Session>,
                new: ::std::sync::Arc<Self::Session>,
            ) -> ::std::sync::Arc<Self::Session> #refreshed
            /// The user behind a session, if it has one. A session is resumed, and authenticated again, by its own user alone. Rate limits count
            /// all connections of a user together, instead of all connections of its address.
            fn principal<'a>(&self, session: &'a Self::Session) -> ::core::option::Option<::std::borrow::Cow<'a, str>> #principal
            /// When the authentication of a session expires; `None`, the default, if it does not. The client learns how long that is, and the
            /// session ends then with the close code for `unauthorized`, unless the client has authenticated again.
            fn expires(&self, session: &Self::Session) -> ::core::option::Option<::std::time::SystemTime> {
                let _ = session;
                ::core::option::Option::None
            }
            /// Called when a client is connected and may be sent messages: the first thing that `cx.send` sends follows the handshake.
            ///
            /// This method and the next ones must not block: the connection waits for them.
            fn ready(&self, cx: &Context<Self::Session>) {
                let _ = cx;
            }
            /// Called when a session has lost its connection. Its handlers go on, and what it is sent waits for another connection.
            fn detached(&self, session: &Self::Session) {
                let _ = session;
            }
            /// Called when a session goes on over another connection.
            fn resumed(&self, cx: &Context<Self::Session>) {
                let _ = cx;
            }
            /// Called when a session has ended and none of its handlers runs any more. `close` is the close frame that the client or the server
            /// sent; `None` if the connection was lost and the session not resumed.
            fn disconnected(&self, session: &Self::Session, close: ::core::option::Option<&#krate::transport::CloseFrame>) {
                let _ = (session, close);
            }
        }
    }
}

/// The type of the payload that the application builds for a role.
fn built<'a>(protocol: &'a ProtocolStruct, role: &str) -> Option<&'a Path> {
    let mut roles = protocol.roles.iter();
    match roles.find(|(name, _)| *name == role) {
        Some((_, RolePlayer::Mapped(mapped))) => mapped.payload.as_ref(),
        _ => None,
    }
}

/// The channels whose presence has an info, each with its method of `SessionHandler`.
fn informed(protocol: &ProtocolStruct) -> impl Iterator<Item = (&Path, Ident)> {
    protocol.presence.iter().filter_map(|channel| {
        let last = channel.segments.last()?;
        Some((channel, method_names::of_presence(&last.ident)))
    })
}

/// The method of `SessionHandler` for a client that connects.
fn connect_method(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let Some(auth) = &protocol.auth else {
        return quote! {
            /// Called when a client connects: returns the state kept for its session, or why it is rejected, which may be a declared error
            /// (`Rejection::from_error`).
            fn connected(
                &self,
                connection: &#krate::server::ConnectionInfo,
            ) -> impl ::core::future::Future<
                Output = ::core::result::Result<Self::Session, #krate::server::Rejection>,
            > + ::core::marker::Send;
        };
    };
    let errors = match &protocol.auth_errors {
        Some(errors) => quote!(#errors),
        None => quote!(#krate::NoError),
    };
    quote! {
        /// Called when a client connects, and when it authenticates again: returns the state kept for its session, or the declared error that
        /// rejects it.
        fn authenticate(
            &self,
            m: #auth,
            connection: &#krate::server::ConnectionInfo,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<Self::Session, #krate::HandlerError<#errors>>,
        > + ::core::marker::Send;
    }
}

fn context(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ProtocolStruct { ident, vis, .. } = protocol;
    quote! {
        /// What a handler knows about its message: the connection that sent it, and its session.
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
            /// Sends a message to this connection alone, outside any request. It has no sequence number, and is lost if the session is.
            ///
            /// Publish a message that belongs to a channel there instead: sent like this it names no channel, and clients refuse it.
            pub fn send<__M: #krate::Message<<#ident as #krate::Protocol>::Server>>(&self, message: &__M) {
                #krate::server::Context::send(&self.core, message);
            }
            /// The handle of the client that sent the message: it sends requests to it, and may be kept.
            pub fn client(&self) -> ClientHandle {
                ClientHandle(self.core.client::<#ident>())
            }
        }
        #[automatically_derived]
        impl<__S: ::core::marker::Send + ::core::marker::Sync + 'static> Context<__S> {
            /// The state that `SessionHandler` returned for this connection.
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
        impl<__S> ::core::convert::From<Context<__S>> for #krate::server::Context {
            fn from(cx: Context<__S>) -> Self {
                cx.core
            }
        }
        #[automatically_derived]
        impl<__S> ::core::ops::Deref for Context<__S> {
            type Target = #krate::server::Context;
            fn deref(&self) -> &#krate::server::Context {
                &self.core
            }
        }
    }
}

fn server_struct(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ProtocolStruct { ident, vis, .. } = protocol;
    quote! {
        /// A server of the protocol. Merge its router into that of an application, or serve it over a transport.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct Server(#krate::server::Server);
        #[automatically_derived]
        impl Server {
            /// A server with the default settings.
            pub fn new<__A: Handlers>(app: __A) -> Self {
                Self::builder(app).build()
            }
            /// Builds a server with other settings: its path, its limits, the origins it allows.
            pub fn builder<__A: Handlers>(app: __A) -> #krate::server::Builder<Self> {
                #krate::server::Builder::new(::std::sync::Arc::new(__Service(::std::sync::Arc::new(app))))
            }
            /// A handle that publishes from outside handlers, and shuts the server down.
            pub fn handle(&self) -> ServerHandle {
                ServerHandle(self.0.handle())
            }
        }
        #[automatically_derived]
        impl #krate::server::TypedServer for Server {
            type Protocol = #ident;
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
    }
}

fn client_handle(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ProtocolStruct { ident, vis, .. } = protocol;
    quote! {
        /// A client of the server: sends messages and requests to it, and closes it. It may be kept, and used outside of handlers.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct ClientHandle(#krate::server::ClientHandle<#ident>);
        #[automatically_derived]
        impl ::core::ops::Deref for ClientHandle {
            type Target = #krate::server::ClientHandle<#ident>;
            fn deref(&self) -> &#krate::server::ClientHandle<#ident> {
                &self.0
            }
        }
    }
}

fn server_handle(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ProtocolStruct { ident, vis, .. } = protocol;
    quote! {
        /// Publishes to channels from outside handlers, and shuts the server down.
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct ServerHandle(#krate::server::ServerHandle);
        #[automatically_derived]
        impl ServerHandle {
            /// The handle of the client whose session has an id (`connection_id` of a `Context`), until the session has ended.
            pub fn client(&self, id: u64) -> ::core::option::Option<ClientHandle> {
                self.0.client::<#ident>(id).map(ClientHandle)
            }
            /// Sends a message to sessions on all servers with the same broker. It has no sequence number.
            pub fn send<__M: #krate::Message<<#ident as #krate::Protocol>::Server>>(&self, to: #krate::broker::Recipients, message: &__M) {
                self.0.send(to, message);
            }
        }
        #[automatically_derived]
        impl ::core::ops::Deref for ServerHandle {
            type Target = #krate::server::ServerHandle;
            fn deref(&self) -> &#krate::server::ServerHandle {
                &self.0
            }
        }
    }
}

/// The application as the untyped `Service` that the runtime calls.
fn service(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let p = quote!(#krate::__private);
    let ProtocolStruct { ident, client, .. } = protocol;
    let state = match &protocol.auth {
        Some(auth) => quote! {
            let auth: #auth = request.auth()?;
            let session = SessionHandler::authenticate(&*self.0, auth, &request.connection).await?;
        },
        None => quote! {
            let session = SessionHandler::connected(&*self.0, &request.connection).await?;
        },
    };
    let connect = quote! {
        #state
        ::core::result::Result::Ok(::std::sync::Arc::new(session) as #krate::server::SessionState)
    };
    let authorize_join = protocol.authorize_joins.then(|| {
        quote! {
            fn authorize_join<'a>(
                &'a self,
                key: &'a str,
                cx: #krate::server::Context,
            ) -> #p::BoxFuture<'a, ::core::result::Result<(), #krate::server::Rejection>> {
                ::std::boxed::Box::pin(async move { SessionHandler::authorize_join(&*self.0, key, &Context::__new(cx)).await })
            }
        }
    });
    let raw = quote!(::core::option::Option<::std::boxed::Box<#p::RawValue>>);
    let greeting = built(protocol, "greeting").map(|_| {
        quote! {
            fn greeting(&self, connection: &#krate::server::ConnectionInfo) -> #raw {
                #p::built(&SessionHandler::greeting(&*self.0, connection))
            }
        }
    });
    let welcome = built(protocol, "ready").map(|_| {
        quote! {
            fn welcome(&self, session: &#krate::server::SessionState) -> #raw {
                #p::built(&SessionHandler::welcome(&*self.0, session.downcast_ref()?))
            }
        }
    });
    let presences = informed(protocol).map(|(channel, method)| {
        quote! {
            if channel == <#channel as #krate::ChannelKey>::DESCRIPTOR.name {
                return #p::presence(&SessionHandler::#method(&*self.0, key, &Context::__new(cx)));
            }
        }
    });
    let presence = (!protocol.presence.is_empty()).then(|| {
        quote! {
            fn presence(&self, channel: &str, key: &str, cx: #krate::server::Context) -> #p::Info {
                #(#presences)*
                ::core::option::Option::None
            }
        }
    });
    quote! {
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
                ::std::boxed::Box::pin(async move { #connect })
            }
            fn receive(
                &self,
                source: #p::Source<'_>,
                cx: #krate::server::Context,
            ) -> ::core::result::Result<#krate::server::Received, ::std::boxed::Box<#krate::DecodeError>> {
                let app = ::std::sync::Arc::clone(&self.0);
                #p::receive::<#client>(source, cx, move |message, responder| message.__dispatch(app, responder))
            }
            #greeting
            #welcome
            #authorize_join
            #presence
            fn principal<'a>(&self, session: &'a #krate::server::SessionState) -> ::core::option::Option<::std::borrow::Cow<'a, str>> {
                SessionHandler::principal(&*self.0, session.downcast_ref()?)
            }
            fn expires(&self, session: &#krate::server::SessionState) -> ::core::option::Option<::std::time::SystemTime> {
                SessionHandler::expires(&*self.0, session.downcast_ref()?)
            }
            fn refreshed(
                &self,
                current: &#krate::server::SessionState,
                new: #krate::server::SessionState,
            ) -> #krate::server::SessionState {
                let clone = ::core::clone::Clone::clone(current);
                match (clone.downcast(), ::core::clone::Clone::clone(&new).downcast()) {
                    (::core::result::Result::Ok(current), ::core::result::Result::Ok(new)) => {
                        SessionHandler::refreshed(&*self.0, &current, new)
                    }
                    _ => new,
                }
            }
            fn ready(&self, cx: #krate::server::Context) {
                SessionHandler::ready(&*self.0, &Context::__new(cx));
            }
            fn resumed(&self, cx: #krate::server::Context) {
                SessionHandler::resumed(&*self.0, &Context::__new(cx));
            }
            fn detached(&self, session: &#krate::server::SessionState) {
                if let ::core::option::Option::Some(session) = session.downcast_ref() {
                    SessionHandler::detached(&*self.0, session);
                }
            }
            fn disconnected(
                &self,
                session: &#krate::server::SessionState,
                close: ::core::option::Option<&#krate::transport::CloseFrame>,
            ) {
                if let ::core::option::Option::Some(session) = session.downcast_ref() {
                    SessionHandler::disconnected(&*self.0, session, close);
                }
            }
        }
    }
}
