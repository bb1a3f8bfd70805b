//! The struct that stands for a protocol: what the runtime has to know of it, and the typed surface that it brings.

use crate::{
    channel::duration,
    options::{Ctxt, Options},
    surface::surface,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Path, Token, ext::IdentExt, parse::Parser, punctuated::Punctuated};

/// What the struct that stands for the protocol expands to.
pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let t = quote!(#krate::descriptor);
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
    let authorize_joins = options.flag(cx, "authorize_joins");
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
        authorize_joins,
    );
    Some(quote! {
        #[doc(hidden)]
        pub type __Protocol = #ident;
        #[allow(clippy::needless_update, reason = "some protocols say all there is to say")]
        #[automatically_derived]
        #[allow(clippy::needless_update, reason = "a protocol may say all there is to say")]
        impl #krate::Protocol for #ident {
            type Client = #client;
            type Server = #server;
            const DESCRIPTOR: &'static #t::ProtocolDescriptor = &#t::ProtocolDescriptor {
                name: #name,
                version: #version,
                accepts: #accepts,
                hash: #hash,
                client: <#client as #krate::MessageSet>::DESCRIPTOR,
                server: <#server as #krate::MessageSet>::DESCRIPTOR,
                channels: &[#(*<#channels as #krate::ChannelKey>::DESCRIPTOR),*],
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
        if let Some(attempts) = inner.expr(cx, "attempts") {
            changes.extend(quote!(attempts: ::core::option::Option::Some(#attempts),));
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
    quote!(#t::SessionDescriptor { #changes roles: #roles, ..#t::SessionDescriptor::DEFAULT })
}

fn limits(cx: &Ctxt, t: &TokenStream, options: &mut Options) -> TokenStream {
    let mut changes = TokenStream::new();
    if options.has("limits")
        && let Some(mut inner) = options.inner(cx, "limits")
    {
        for name in [
            "message",
            "depth",
            "violations",
            "outbound",
            "inbound",
            "channels",
            "streams",
        ] {
            if let Some(n) = inner.expr(cx, name) {
                let member = format_ident!("{name}");
                changes.extend(quote!(#member: #n,));
            }
        }
        if let Some(timeout) = duration(cx, &mut inner, "handler_timeout_ms") {
            changes.extend(quote! {
                handler_timeout: match #timeout {
                    ::core::option::Option::Some(timeout) => #t::HandlerTimeout::After(timeout),
                    ::core::option::Option::None => #t::HandlerTimeout::Off,
                },
            });
        }
        if inner.flag(cx, "no_rate") {
            changes.extend(quote!(rate: ::core::option::Option::None,));
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
    quote!(#t::Limits { #changes ..#t::Limits::DEFAULT })
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
        ("kicked", "Kicked"),
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
            Some(quote!((#t::CloseReason::#variant, #code)))
        })
        .collect();
    inner.finish(cx);
    closes
}
