//! The struct that stands for a protocol: its descriptor, and the typed server and client.

use super::{
    client, envelope, server,
    tokens::{millis, option, tag_of},
};
use crate::parse::{Limits, MappedRole, ProtocolStruct, RolePlayer, Session};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Expr, Path};

pub(super) fn expand(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let ident = &protocol.ident;
    let implementation = implementation(krate, protocol);
    let server = server::server(krate, protocol);
    let client = client::client(krate, protocol);
    quote! {
        #[doc(hidden)]
        pub type __Protocol = #ident;
        #implementation
        #krate::__server! {
            #server
        }
        #krate::__client! {
            #client
        }
    }
}

fn implementation(krate: &Path, protocol: &ProtocolStruct) -> TokenStream {
    let t = quote!(#krate::descriptor);
    let ProtocolStruct {
        ident,
        name,
        version,
        accepts,
        hash,
        client,
        server,
        channels,
        ..
    } = protocol;
    let session = session(krate, &t, protocol);
    let limits = limits(&t, &protocol.limits);
    let encodings = protocol.encodings.iter().map(|(name, text)| {
        let text = text.as_ref().map(syn::LitStr::value).unwrap_or_default();
        quote!((#name, #text))
    });
    let closes = protocol.closes.iter().map(|(reason, code)| {
        let reason = format_ident!("{reason}");
        quote!((#t::CloseReason::#reason, #code))
    });
    let informed = protocol.presence.len();
    quote! {
        const _: () = {
            ::core::assert!(
                #t::informed(<#ident as #krate::Protocol>::DESCRIPTOR.channels) == #informed,
                "a protocol names the channels whose presence has an info: `presence(Room)`"
            );
            #t::check(<#ident as #krate::Protocol>::DESCRIPTOR);
        };
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
    }
}

/// An expression of type `SessionDescriptor`.
fn session(krate: &Path, t: &TokenStream, protocol: &ProtocolStruct) -> TokenStream {
    let auth = protocol.auth.is_some();
    let mut changes = quote!(auth: #auth,);
    let Session {
        heartbeat,
        timeout,
        resume,
        numbered,
        attempts,
        backoff,
    } = &protocol.session;
    if let Some(heartbeat) = heartbeat {
        let heartbeat = duration(heartbeat);
        changes.extend(quote!(heartbeat: #heartbeat,));
    }
    if let Some(timeout) = timeout {
        let timeout = millis(timeout);
        changes.extend(quote!(timeout: #timeout,));
    }
    if let Some(resume) = resume {
        let resume = duration(resume);
        changes.extend(quote!(resume: #resume,));
    }
    if *numbered {
        changes.extend(quote!(numbered: true,));
    }
    if let Some(attempts) = attempts {
        changes.extend(quote!(attempts: ::core::option::Option::Some(#attempts),));
    }
    if let Some(bounds) = backoff {
        let bounds = bounds.iter().map(millis);
        changes.extend(quote!(backoff: (#(#bounds),*),));
    }
    let named = protocol.roles.iter().any(|(role, _)| *role == "auth");
    let own_auth = (auth && !named).then(|| {
        let tag = option(Some(quote!(#t::Tag::Text("auth"))));
        quote!(auth: #tag,)
    });
    let known = |&&(role, _): &&(&'static str, _)| auth || role != "auth";
    let roles = protocol.roles.iter().filter(known).map(|(role, player)| {
        let tag = match player {
            RolePlayer::Off => None,
            RolePlayer::Own(tag) => Some(tag),
            RolePlayer::Mapped(mapped) => mapped.tag.as_ref(),
        };
        let (role, tag) = (
            format_ident!("{role}"),
            option(tag.map(|tag| tag_of(t, tag))),
        );
        quote!(#role: #tag,)
    });
    let mapped: Vec<TokenStream> = protocol
        .roles
        .iter()
        .filter_map(|(role, player)| {
            let RolePlayer::Mapped(mapped) = player else {
                return None;
            };
            let (role, mapped) = (format_ident!("{role}"), self::mapped(krate, t, mapped));
            Some(quote!(#role: ::core::option::Option::Some(const { &#mapped }),))
        })
        .collect();
    if !mapped.is_empty() {
        changes.extend(quote!(mapped: #t::MappedRoles { #(#mapped)* ..#t::MappedRoles::NONE },));
    }
    let before_ready = &protocol.before_ready;
    if !before_ready.is_empty() {
        changes.extend(quote!(before_ready: &[#(#before_ready),*],));
    }
    let roles = quote!(#t::Roles { #(#roles)* #own_auth ..#t::Roles::DEFAULT });
    quote!(#t::SessionDescriptor { #changes roles: #roles, ..#t::SessionDescriptor::DEFAULT })
}

/// An expression of type `MappedRole`.
fn mapped(krate: &Path, t: &TokenStream, mapped: &MappedRole) -> TokenStream {
    let MappedRole {
        name,
        client,
        server,
        ..
    } = mapped;
    let tag = option(mapped.tag.as_ref().map(|tag| tag_of(t, tag)));
    let by_client = envelope::own(krate, mapped.client_envelope.as_ref());
    let by_server = envelope::own(krate, mapped.server_envelope.as_ref());
    let fields = mapped
        .fields
        .iter()
        .map(|(field, pointer)| quote!((#field, #pointer)));
    quote! {
        #t::MappedRole {
            name: #name,
            tag: #tag,
            sent_by: (#client, #server),
            envelopes: (#by_client, #by_server),
            fields: &[#(#fields),*],
        }
    }
}

/// An expression of type `Limits`.
fn limits(t: &TokenStream, limits: &Limits) -> TokenStream {
    let mut changes = TokenStream::new();
    for (name, n) in &limits.numbers {
        let name = format_ident!("{name}");
        changes.extend(quote!(#name: #n,));
    }
    if let Some(timeout) = &limits.handler_timeout {
        let timeout = duration(timeout);
        changes.extend(quote! {
            handler_timeout: match #timeout {
                ::core::option::Option::Some(timeout) => #t::HandlerTimeout::After(timeout),
                ::core::option::Option::None => #t::HandlerTimeout::Off,
            },
        });
    }
    if !limits.detached.is_empty() {
        let numbers = limits.detached.iter().map(|(name, n)| {
            let name = format_ident!("{name}");
            quote!(#name: #n,)
        });
        changes.extend(quote! {
            detached: #t::DetachedLimits { #(#numbers)* ..#t::DetachedLimits::DEFAULT },
        });
    }
    if limits.no_rate {
        changes.extend(quote!(rate: ::core::option::Option::None,));
    }
    if let Some([count, per]) = &limits.rate {
        let per = millis(per);
        changes.extend(quote!(rate: ::core::option::Option::Some((#count, #per)),));
    }
    quote!(#t::Limits { #changes ..#t::Limits::DEFAULT })
}

/// A number of milliseconds, or none, as an `Option<Duration>`.
fn duration(ms: &Option<Expr>) -> TokenStream {
    option(ms.as_ref().map(millis))
}
