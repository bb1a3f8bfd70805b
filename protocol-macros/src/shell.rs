//! The typed surface over the runtime's untyped core: handler traits, server, client.

use crate::{
    channel::{duration, snake},
    field::Field,
    messages::{Message, Reply},
    options::{Ctxt, Options, Value},
    variants::Holds,
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;
use syn::{
    DeriveInput, Path, Token, Type, Visibility, ext::IdentExt, parse::Parser,
    punctuated::Punctuated,
};

/// What the struct that stands for the protocol expands to.
pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let t = quote!(#krate::table);
    let ident = &input.ident;
    let name = options
        .text(cx, "name")
        .map_or_else(|| ident.unraw().to_string(), |name| name.value());
    let version = options.text(cx, "version")?;
    let accepts = options
        .text(cx, "accepts")
        .map_or_else(|| format!("^{}", version.value()), |text| text.value());
    let hash = options
        .text(cx, "hash")
        .map_or_else(String::new, |text| text.value());
    let client = options.path(cx, "client");
    let server = options.path(cx, "server");
    let (Some(client), Some(server)) = (client, server) else {
        cx.error(
            ident,
            "a protocol names both unions: `client = ClientMessage, server = ServerMessage`",
        );
        return None;
    };
    let channels = match options
        .has("channels")
        .then(|| options.list(cx, "channels"))
        .flatten()
    {
        None => Vec::new(),
        Some(tokens) => match Punctuated::<Path, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(paths) => paths.into_iter().collect(),
            Err(error) => {
                cx.push(error);
                return None;
            }
        },
    };
    let auth = options.path(cx, "auth");
    let auth_errors = options
        .path(cx, "auth_errors")
        .unwrap_or_else(|| syn::parse_quote!(#krate::NoError));
    let admits = options.flag(cx, "admits");
    let session = session(cx, &t, options, auth.is_some());
    let limits = limits(cx, &t, options);
    let encodings = pairs(cx, options, "encodings");
    let closes = closes(cx, &t, options);
    let surface = surface(
        krate,
        &input.vis,
        ident,
        &client,
        auth.as_ref(),
        &auth_errors,
        admits,
    );
    Some(quote! {
        #[doc(hidden)]
        pub type __Protocol = #ident;
        #[automatically_derived]
        #[allow(clippy::needless_update, reason = "a protocol may say all there is to say")]
        impl #krate::Protocol for #ident {
            type Client = #client;
            type Server = #server;
            const TABLE: &'static #t::ProtocolTable = &#t::ProtocolTable {
                name: #name,
                version: #version,
                accepts: #accepts,
                hash: #hash,
                client: <#client as #krate::Messages>::TABLE,
                server: <#server as #krate::Messages>::TABLE,
                channels: &[#(*<#channels as #krate::ChannelKey>::TABLE),*],
                session: #session,
                limits: #limits,
                encodings: &[#(#encodings),*],
                closes: &[#(#closes),*],
            };
        }
        #surface
    })
}

fn session(cx: &Ctxt, t: &TokenStream, options: &mut Options, auth: bool) -> TokenStream {
    let mut changes = quote!(auth: #auth,);
    if options.has("session")
        && let Some(mut inner) = options.inner(cx, "session")
    {
        if let Some(heartbeat) = duration(cx, &mut inner, "heartbeat_ms") {
            changes.extend(quote!(heartbeat: #heartbeat,));
        }
        if let Some(timeout) = inner.expr(cx, "timeout_ms") {
            changes.extend(quote!(timeout: ::core::time::Duration::from_millis(#timeout),));
        }
        if let Some(resume) = duration(cx, &mut inner, "resume_ms") {
            changes.extend(quote!(resume: #resume,));
        }
        if inner.has("backoff_ms")
            && let Some(tokens) = inner.list(cx, "backoff_ms")
        {
            match Punctuated::<syn::LitInt, Token![,]>::parse_terminated.parse2(tokens) {
                Ok(bounds) if bounds.len() == 2 => {
                    let bounds = bounds
                        .iter()
                        .map(|ms| quote!(::core::time::Duration::from_millis(#ms)));
                    changes.extend(quote!(backoff: (#(#bounds),*),));
                }
                Ok(bounds) => cx.error(
                    bounds,
                    "a backoff is a first and a last bound: `backoff_ms(500, 30000)`",
                ),
                Err(error) => cx.push(error),
            }
        }
        inner.finish(cx);
    }
    let mut roles = TokenStream::new();
    if options.has("roles")
        && let Some(mut inner) = options.inner(cx, "roles")
    {
        for role in [
            "hello", "ready", "refuse", "gap", "join", "leave", "ping", "pong", "error",
        ] {
            let Some(expr) = inner.expr(cx, role) else {
                continue;
            };
            let member = format_ident!("{role}");
            let tag = match &expr {
                syn::Expr::Path(path) if path.path.is_ident("none") => {
                    quote!(::core::option::Option::None)
                }
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => {
                    quote!(::core::option::Option::Some(#t::Tag::Text(#text)))
                }
                number => quote!(::core::option::Option::Some(#t::Tag::Integer(#number))),
            };
            roles.extend(quote!(#member: #tag,));
        }
        inner.finish(cx);
    }
    let roles = quote!(#t::Roles { #roles ..#t::Roles::DEFAULT });
    quote!(#t::SessionTable { #changes roles: #roles, ..#t::SessionTable::DEFAULT })
}

fn limits(cx: &Ctxt, t: &TokenStream, options: &mut Options) -> TokenStream {
    let mut changes = TokenStream::new();
    if options.has("limits")
        && let Some(mut inner) = options.inner(cx, "limits")
    {
        for name in ["message", "depth", "violations", "outbound"] {
            if let Some(n) = inner.expr(cx, name) {
                let member = format_ident!("{name}");
                changes.extend(quote!(#member: #n,));
            }
        }
        if inner.has("rate")
            && let Some(tokens) = inner.list(cx, "rate")
        {
            match Punctuated::<syn::LitInt, Token![,]>::parse_terminated.parse2(tokens) {
                Ok(rate) if rate.len() == 2 => {
                    let (count, per) = (&rate[0], &rate[1]);
                    changes.extend(quote! {
                        rate: ::core::option::Option::Some((#count, ::core::time::Duration::from_millis(#per))),
                    });
                }
                Ok(rate) => cx.error(
                    rate,
                    "a rate is a count and milliseconds: `rate(100, 60000)`",
                ),
                Err(error) => cx.push(error),
            }
        }
        inner.finish(cx);
    }
    quote!(#t::LimitsTable { #changes ..#t::LimitsTable::DEFAULT })
}

/// `encodings(json = "chat.v1+json")`
fn pairs(cx: &Ctxt, options: &mut Options, name: &'static str) -> Vec<TokenStream> {
    let Some(mut inner) = options.has(name).then(|| options.inner(cx, name)).flatten() else {
        return Vec::new();
    };
    let pairs = ["json", "msgpack", "cbor"]
        .into_iter()
        .filter_map(|key| inner.text(cx, key).map(|text| quote!((#key, #text))))
        .collect();
    inner.finish(cx);
    pairs
}

fn closes(cx: &Ctxt, t: &TokenStream, options: &mut Options) -> Vec<TokenStream> {
    let Some(mut inner) = options
        .has("closes")
        .then(|| options.inner(cx, "closes"))
        .flatten()
    else {
        return Vec::new();
    };
    let conditions = [
        ("going_away", "GoingAway"),
        ("unauthorized", "Unauthorized"),
        ("version", "Version"),
        ("hello_timeout", "HelloTimeout"),
        ("taken_over", "TakenOver"),
        ("violations", "Violations"),
        ("too_large", "TooLarge"),
        ("rate_limited", "RateLimited"),
        ("slow", "Slow"),
        ("silent", "Silent"),
        ("internal", "Internal"),
    ];
    let closes = conditions
        .into_iter()
        .filter_map(|(name, variant)| {
            let code = inner.expr(cx, name)?;
            let variant = format_ident!("{variant}");
            Some(quote!((#t::CloseCondition::#variant, #code)))
        })
        .collect();
    inner.finish(cx);
    closes
}

/// `Sessions`, `Server`, `Handle`, `Context` and `Client`.
fn surface(
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
                match self.0.auth(auth).await {
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
                let session = self.0.open(&opening.peer).await;
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
                    ::std::boxed::Box::pin(async move { self.0.admit(key, &Context::__new(cx)).await })
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
                /// A connection is over, and nothing of it runs any more.
                fn closed(&self, session: &Self::Session) {
                    let _ = session;
                }
            }

            /// The message that is handled, and who sent it.
            #vis struct Context<S> {
                core: #krate::server::Context,
                session: ::core::marker::PhantomData<fn() -> S>,
            }
            #[automatically_derived]
            impl<S> Context<S> {
                #[doc(hidden)]
                pub fn __new(core: #krate::server::Context) -> Self {
                    Self { core, session: ::core::marker::PhantomData }
                }
            }
            #[automatically_derived]
            impl<S: ::core::marker::Send + ::core::marker::Sync + 'static> Context<S> {
                /// What is remembered of the sender.
                pub fn session(&self) -> &S {
                    self.core.session::<S>()
                }
            }
            #[automatically_derived]
            impl<S> ::core::clone::Clone for Context<S> {
                fn clone(&self) -> Self {
                    Self::__new(::core::clone::Clone::clone(&self.core))
                }
            }
            #[automatically_derived]
            impl<S> ::core::fmt::Debug for Context<S> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(&self.core, f)
                }
            }
            #[automatically_derived]
            impl<S> ::core::ops::Deref for Context<S> {
                type Target = #krate::server::Context;
                fn deref(&self) -> &#krate::server::Context {
                    &self.core
                }
            }

            /// A server of the protocol, to be mounted on a router or served over a transport.
            #[derive(Clone, Debug)]
            #vis struct Server(#krate::server::Server);
            #[automatically_derived]
            impl Server {
                /// A server of an application that handles every message.
                pub fn new<A: Handlers>(app: A) -> Self {
                    Self::with(app, |builder| builder)
                }
                /// A server that is set up otherwise than by default: its path, its limits, the origins it takes.
                pub fn with<A: Handlers>(
                    app: A,
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
            #[derive(Clone, Debug)]
            #vis struct Handle(#krate::server::Handle);
            #[automatically_derived]
            impl ::core::ops::Deref for Handle {
                type Target = #krate::server::Handle;
                fn deref(&self) -> &#krate::server::Handle {
                    &self.0
                }
            }

            struct __Service<A>(::std::sync::Arc<A>);
            #[automatically_derived]
            impl<A: Handlers> #krate::server::Service for __Service<A> {
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
                fn closed(&self, session: &#krate::server::Session) {
                    if let ::core::option::Option::Some(session) = session.downcast_ref() {
                        Sessions::closed(&*self.0, session);
                    }
                }
            }
        }
        #krate::__client! {
            /// A client of the protocol. A clone is a counted reference.
            #[derive(Clone, Debug)]
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

/// The handler traits, the dispatch to them, and the methods of the client.
pub(crate) fn client_messages(
    krate: &Path,
    vis: &Visibility,
    union: &Ident,
    messages: &[Message],
) -> TokenStream {
    let mut groups: BTreeMap<String, Vec<&Message>> = BTreeMap::new();
    for message in messages.iter().filter(|message| is_handled(message)) {
        // One trait for each first segment; names without segments share one.
        let segment = message.name.split_once('.').map_or("", |(first, _)| first);
        groups.entry(segment.to_owned()).or_default().push(message);
    }
    let traits: Vec<Ident> = groups
        .keys()
        .map(|segment| format_ident!("{}Handler", pascal(segment)))
        .collect();
    let declared = groups
        .iter()
        .zip(&traits)
        .map(|((segment, messages), name)| {
            let methods = messages.iter().map(|message| handler(krate, message));
            let what = if segment.is_empty() {
                "the messages"
            } else {
                &format!("the `{segment}.…` messages")
            };
            let missing = format!("`{{Self}}` does not handle {what}");
            let note = format!("implement `{name}` for it");
            let docs = format!("Handles {what}.");
            quote! {
                #[doc = #docs]
                #[diagnostic::on_unimplemented(message = #missing, note = #note)]
                #vis trait #name: Sessions {
                    #(#methods)*
                }
            }
        });
    let arms = messages.iter().map(|message| arm(krate, message));
    let dispatch = if messages.is_empty() {
        quote!(match self {})
    } else {
        quote!(match self { #(#arms,)* })
    };
    let methods = messages
        .iter()
        .filter_map(|message| client_method(krate, message));
    quote! {
        #krate::__server! {
            #(#declared)*

            /// An application that handles every message: `Sessions`, and a trait for each first segment of a name.
            #vis trait Handlers: Sessions #(+ #traits)* {}
            #[automatically_derived]
            impl<A: Sessions #(+ #traits)*> Handlers for A {}

            #[automatically_derived]
            impl #union {
                #[doc(hidden)]
                #[allow(clippy::wrong_self_convention, unused_variables, reason = "written alike for every protocol")]
                pub fn __dispatch<A: Handlers>(
                    self,
                    app: &::std::sync::Arc<A>,
                    cx: #krate::server::Context,
                ) -> #krate::server::Action {
                    let app = ::std::sync::Arc::clone(app);
                    #dispatch
                }
            }
        }
        #krate::__client! {
            #[automatically_derived]
            impl Client {
                #(#methods)*
            }
        }
    }
}

fn is_handled(message: &Message) -> bool {
    !message.auth && !matches!(message.reply, Reply::Cancel)
}

fn pascal(segment: &str) -> String {
    let mut out = String::new();
    let mut up = true;
    for c in segment.chars() {
        if !c.is_alphanumeric() {
            up = true;
        } else if std::mem::take(&mut up) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// The name of a message's method.
fn method(message: &Message) -> Ident {
    crate::messages::ident(&snake(&message.ident.unraw().to_string()))
}

/// The parameters by which a message is handed over, and the names in them.
fn parameters(message: &Message) -> (TokenStream, TokenStream) {
    match (&message.holds, message.payload()) {
        (_, Some(ty)) => (quote!(m: #ty,), quote!(m,)),
        (Holds::Fields(fields), _) => {
            let names: Vec<Ident> = fields.iter().map(name_of).collect();
            let types = fields.iter().map(|field| &field.ty);
            (quote!(#(#names: #types,)*), quote!(#(#names,)*))
        }
        _ => (TokenStream::new(), TokenStream::new()),
    }
}

fn name_of(field: &Field) -> Ident {
    match &field.member {
        syn::Member::Named(ident) => ident.clone(),
        syn::Member::Unnamed(_) => field.local.clone(),
    }
}

fn errors(krate: &Path, message: &Message) -> TokenStream {
    message
        .errors
        .as_ref()
        .map_or_else(|| quote!(#krate::NoError), |errors| quote!(#errors))
}

fn handler(krate: &Path, message: &Message) -> TokenStream {
    let docs = &message.docs;
    let name = method(message);
    let (parameters, _) = parameters(message);
    let errors = errors(krate, message);
    let (extra, output) = match &message.reply {
        Reply::One(reply) => (quote!(), quote!(::core::result::Result<#reply, #errors>)),
        Reply::Stream { ack, item, end, .. } => {
            let to = match ack {
                Some(ack) => quote!(#krate::server::Stream<#ack, #item>),
                None => quote!(#krate::server::Sender<#item>),
            };
            let end = end.as_ref().map_or_else(|| quote!(()), |end| quote!(#end));
            (
                quote!(to: #to,),
                quote!(::core::result::Result<#end, #errors>),
            )
        }
        _ if message.errors.is_some() => (quote!(), quote!(::core::result::Result<(), #errors>)),
        _ => (quote!(), quote!(())),
    };
    quote! {
        #(#docs)*
        fn #name(
            &self,
            #parameters
            #extra
            cx: &Context<Self::Session>,
        ) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
    }
}

/// One arm of the dispatch.
fn arm(krate: &Path, message: &Message) -> TokenStream {
    let variant = &message.ident;
    let action = quote!(#krate::server::Action);
    let pattern = match &message.holds {
        Holds::Nothing => quote!(Self::#variant),
        Holds::One(_) => quote!(Self::#variant(m)),
        Holds::Fields(fields) => {
            let members = fields.iter().map(|Field { member, .. }| member);
            quote!(Self::#variant { #(#members),* })
        }
    };
    if matches!(message.reply, Reply::Cancel) {
        return quote!(Self::#variant { .. } => #action::Cancel);
    }
    if message.auth {
        // The proof travels in the hello; a later one changes nothing.
        return quote!(Self::#variant { .. } => #action::Run(::std::boxed::Box::pin(async {})));
    }
    let name = method(message);
    let (_, names) = parameters(message);
    let unboxed = if message.is_boxed() {
        quote!(let m = *m;)
    } else {
        quote!()
    };
    let call = |extra: TokenStream| quote!(app.#name(#names #extra &Context::__new(::core::clone::Clone::clone(&cx))).await);
    let channel =
        |channel: &Path| quote!(let channel = #krate::Keyed::<#channel>::from_message(&m););
    let plain = call(quote!());
    let server = quote!(<__Protocol as #krate::Protocol>::Server);
    let (kind, before, body) = match (&message.reply, &message.join, &message.leave) {
        (Reply::One(_), Some(to), _) => {
            let channel = channel(to);
            (
                quote!(Run),
                channel,
                quote!(let result = #plain; cx.join::<#server, _, _, _>(&channel, &result).await;),
            )
        }
        (Reply::One(_), _, Some(from)) => {
            let channel = channel(from);
            (
                quote!(Run),
                channel,
                quote!(let result = #plain; cx.part::<#server, _, _, _>(&channel, &result);),
            )
        }
        (Reply::One(_), ..) => (
            quote!(Run),
            quote!(),
            quote!(let result = #plain; cx.answer::<#server, _, _>(&result);),
        ),
        (Reply::Stream { ack, end, .. }, ..) => {
            let to = if ack.is_some() {
                quote!(cx.stream::<#server, _, _>())
            } else {
                quote!(cx.sender::<#server, _>())
            };
            let run = call(quote!(to,));
            let finish = if end.is_some() {
                quote!(cx.end::<#server, _, _>(&result);)
            } else {
                quote!(cx.done(&result);)
            };
            (
                quote!(Stream),
                quote!(let to = #to;),
                quote!(let result = #run; #finish),
            )
        }
        _ if message.errors.is_some() => (
            quote!(Run),
            quote!(),
            quote!(let result = #plain; cx.done(&result);),
        ),
        _ => (quote!(Run), quote!(), quote!(#plain;)),
    };
    quote! {
        #pattern => {
            #unboxed
            #before
            #action::#kind(::std::boxed::Box::pin(async move { #body }))
        }
    }
}

fn client_method(krate: &Path, message: &Message) -> Option<TokenStream> {
    let ty = message.payload()?;
    if !is_handled(message) || message.join.is_some() || message.leave.is_some() {
        return None;
    }
    let docs = &message.docs;
    let name = method(message);
    let deprecated = message.deprecated.as_ref().map(|note| match note {
        Some(note) => quote!(#[deprecated(note = #note)]),
        None => quote!(#[deprecated]),
    });
    let errors = errors(krate, message);
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
                    .map_or_else(|| quote!(#krate::Nothing), |path| quote!(#path))
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
            pub async fn #name(&self, m: #ty) -> ::core::result::Result<(), #krate::client::CallError<#krate::NoError>> {
                self.0.send(&m).await
            }
        },
    };
    Some(quote!(#(#docs)* #deprecated #body))
}

/// What answers a message of the client's, as a trait.
pub(crate) fn request(krate: &Path, ty: &Type, message: &Message, reply: &Reply) -> TokenStream {
    let errors = errors(krate, message);
    let nothing = quote!(#krate::Nothing);
    let (reply, item, end) = match reply {
        Reply::One(reply) => (quote!(#reply), nothing.clone(), nothing),
        Reply::Stream { ack, item, end, .. } => (
            ack.as_ref()
                .map_or_else(|| nothing.clone(), |ack| quote!(#ack)),
            quote!(#item),
            end.as_ref()
                .map_or_else(|| nothing.clone(), |end| quote!(#end)),
        ),
        Reply::None | Reply::Cancel => return TokenStream::new(),
    };
    quote! {
        #[automatically_derived]
        impl #krate::Request for #ty {
            type Reply = #reply;
            type Item = #item;
            type End = #end;
            type Error = #errors;
        }
    }
}

/// An option's text, where it is more than a flag.
pub(crate) fn note(cx: &Ctxt, options: &mut Options, name: &'static str) -> Option<Option<String>> {
    let option = options.take(name)?;
    match option.value {
        Value::Flag => Some(None),
        Value::Expr(syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        })) => Some(Some(text.value())),
        _ => {
            cx.at(
                option.name.span(),
                format_args!("write `{name}` or `{name} = \"why\"`"),
            );
            None
        }
    }
}
