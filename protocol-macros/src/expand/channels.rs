//! Channels: their keys, and the methods that lead to them.

use super::{
    method_names,
    rules::{rules, with_rules},
    tokens::{at, millis, option},
};
use crate::parse::{Channel, Field, KeyPart};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Member, Path};

pub(super) fn expand(krate: &Path, channel: &Channel) -> TokenStream {
    let keys = keys(krate, channel);
    let method = Method::new(channel);
    let server = server_methods(krate, channel, &method);
    let client = client_method(krate, channel, &method);
    quote! {
        #keys
        #krate::__server! {
            #server
        }
        #krate::__client! {
            #[automatically_derived]
            impl Client {
                #client
            }
        }
    }
}

/// The descriptor, and the key of the channel and of the messages that name it.
fn keys(krate: &Path, channel: &Channel) -> TokenStream {
    let t = quote!(#krate::descriptor);
    let Channel {
        ident,
        name,
        pattern,
        ..
    } = channel;
    let has_join = channel.join.is_some();
    let history = option(channel.history.as_ref().map(|history| {
        let (size, ttl) = (&history.size, option(history.ttl_ms.as_ref().map(millis)));
        let bytes = history.bytes.as_ref().map_or_else(
            || quote!(#t::HistoryDescriptor::BYTES),
            |bytes| quote!(#bytes),
        );
        quote!(#t::HistoryDescriptor { size: #size, ttl: #ttl, bytes: #bytes })
    }));
    let presence = option(channel.presence.as_ref().map(|presence| {
        let read = option(
            presence
                .info
                .as_ref()
                .map(|info| quote!(<#info as #krate::PresenceInfo>::validate)),
        );
        let members = presence.members.as_ref().map_or_else(
            || quote!(#t::PresenceDescriptor::MEMBERS),
            |members| quote!(#members),
        );
        quote!(#t::PresenceDescriptor { info: #read, members: #members })
    }));
    let info = match &channel.presence {
        None => quote!(#krate::NoPresence),
        Some(presence) => presence
            .info
            .as_ref()
            .map_or_else(|| quote!(#krate::NoInfo), |info| quote!(#info)),
    };
    let writes: TokenStream = channel
        .key
        .iter()
        .map(|part| match part {
            KeyPart::Text(text) => quote!(key.push_str(#text);),
            KeyPart::Field(index) => {
                let member = &channel.fields[*index].member;
                quote! {
                    // Writing to a string does not fail.
                    let _ = ::core::fmt::Write::write_fmt(&mut key, ::core::format_args!("{}", from.#member));
                }
            }
        })
        .collect();
    let body = quote! {
        let from = self;
        let mut key = ::std::string::String::new();
        #writes
        key
    };
    let unclear = unclear(krate, channel);
    let from_key = from_key(krate, channel);
    let of_messages = channel.join.iter().chain(&channel.leave).map(|message| {
        quote! {
            #[automatically_derived]
            impl #krate::ChannelKeyOf<#ident> for #message {
                fn key(&self) -> ::std::string::String {
                    #body
                }
                #unclear
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #krate::ChannelKey for #ident {
            const DESCRIPTOR: &'static #t::ChannelDescriptor = &#t::ChannelDescriptor {
                name: #name,
                key: #pattern,
                has_join: #has_join,
                history: #history,
                presence: #presence,
            };
            type Presence = #info;
            fn key(&self) -> ::std::string::String {
                #body
            }
            #from_key
            #unclear
        }
        #(#of_messages)*
    }
}

/// The function that reads the parameters from a key.
fn from_key(krate: &Path, channel: &Channel) -> TokenStream {
    let p = quote!(#krate::__private);
    let Channel {
        pattern,
        key,
        fields,
        ..
    } = channel;
    let holes: Vec<usize> = key
        .iter()
        .filter_map(|part| match part {
            KeyPart::Field(index) => Some(*index),
            KeyPart::Text(_) => None,
        })
        .collect();
    let texts = (0..holes.len()).map(|hole| format_ident!("__param{hole}"));
    let values = fields.iter().enumerate().map(|(i, field)| {
        let Field {
            member,
            ty,
            rules: of,
            ..
        } = field;
        let hole = holes.iter().position(|index| *index == i);
        let text = format_ident!("__param{}", hole.unwrap_or_default());
        let own = rules(krate, &format_ident!("PARAM"), of);
        let statics = &own.statics;
        let read = with_rules(
            krate,
            of,
            &own,
            |expr| quote_spanned!(at(ty)=> <#ty as #krate::Payload>::read(r, cx, #expr)),
        );
        quote! {
            #member: #p::read_param(#text, &mut |r, cx| {
                #statics
                #read
            })?
        }
    });
    quote! {
        fn from_key(key: &str) -> #p::Option<Self> {
            let [#(#texts),*] = #p::key_params(#pattern, key)?;
            // A parameter may have been written otherwise, or differently in two holes.
            #p::Some(Self { #(#values),* }).filter(|from| #krate::ChannelKey::key(from) == key)
        }
    }
}

/// The method that finds parameters of which the key does not say where they end: those that others follow, by the text between them.
fn unclear(krate: &Path, channel: &Channel) -> Option<TokenStream> {
    let last = channel
        .key
        .iter()
        .rposition(|part| matches!(part, KeyPart::Field(_)))?;
    let checked = channel.key[..last]
        .windows(2)
        .filter_map(|pair| match pair {
            [KeyPart::Field(index), KeyPart::Text(text)] => {
                let Field { member, name, .. } = &channel.fields[*index];
                Some(quote!((#name, &self.#member, #text)))
            }
            _ => None,
        });
    let checked: Vec<_> = checked.collect();
    (!checked.is_empty()).then(|| {
        quote! {
            fn unclear(&self) -> ::core::option::Option<#krate::UnclearParam> {
                #krate::UnclearParam::find(&[#(#checked),*])
            }
        }
    })
}

/// What the methods that lead to a channel have in common.
struct Method {
    name: Ident,
    /// Documentation, and the lint that a channel of many parameters breaks.
    attributes: TokenStream,
    /// The parameters of the channel, by reference.
    parameters: TokenStream,
    /// Fields with the parameters' values.
    values: TokenStream,
}

impl Method {
    fn new(channel: &Channel) -> Self {
        let docs = &channel.docs;
        let lint = (channel.fields.len() > 5).then(|| quote!(#[allow(clippy::too_many_arguments)]));
        let parameters = channel
            .fields
            .iter()
            .map(|Field { member, ty, .. }| quote!(, #member: &#ty));
        let values = channel
            .fields
            .iter()
            .map(|Field { member, .. }| quote!(#member: ::core::clone::Clone::clone(#member)));
        Self {
            name: method_names::of_channel(&channel.ident),
            attributes: quote!(#(#docs)* #lint),
            parameters: quote!(#(#parameters)*),
            values: quote!(#(#values),*),
        }
    }
}

fn server_methods(krate: &Path, channel: &Channel, method: &Method) -> TokenStream {
    let ident = &channel.ident;
    let Method {
        name,
        attributes,
        parameters,
        values,
    } = method;
    quote! {
        #[automatically_derived]
        impl<__S> Context<__S> {
            #attributes
            pub fn #name(&self #parameters) -> #krate::server::ConnectionChannel<#ident> {
                self.core.channel_handle(&#ident { #values })
            }
        }
        #[automatically_derived]
        impl ServerHandle {
            #attributes
            pub fn #name(&self #parameters) -> #krate::server::Publisher<#ident> {
                self.0.publisher(&#ident { #values })
            }
        }
    }
}

/// The method by which a client joins.
fn client_method(krate: &Path, channel: &Channel, method: &Method) -> TokenStream {
    let ident = &channel.ident;
    let Method {
        name,
        attributes,
        parameters,
        values,
    } = method;
    let Some(join) = &channel.join else {
        return quote! {
            #attributes
            pub fn #name(&self #parameters) -> #krate::client::KeyJoinRequest<__Protocol, #ident> {
                #krate::client::KeyJoinRequest::new(&self.0, #ident { #values })
            }
        };
    };
    let leave = channel.leave.as_ref().unwrap_or(join);
    // `None` if there is no message that leaves, or if it cannot be made from the parameters.
    let leaving = match &channel.leave {
        Some(leave) if !channel.leave_more => {
            quote!(::core::option::Option::Some(#leave { #values }))
        }
        _ => quote!(::core::option::Option::None::<#leave>),
    };
    let (parameter, joining) = if channel.join_more {
        let message = join_parameter(&channel.fields);
        (quote!(, #message: #join), quote!(#message))
    } else {
        (TokenStream::new(), quote!(#join { #values }))
    };
    quote! {
        #attributes
        pub fn #name(&self #parameters #parameter) -> #krate::client::JoinRequest<__Protocol, #ident, #join, #leave> {
            #krate::client::JoinRequest::new(&self.0, #ident { #values }, #joining, #leaving)
        }
    }
}

/// The name of the parameter for the message that joins, which is not that of a parameter of the channel.
fn join_parameter(fields: &[Field]) -> Ident {
    let is_taken = fields
        .iter()
        .any(|field| matches!(&field.member, Member::Named(member) if member == "join"));
    format_ident!("{}", if is_taken { "join_" } else { "join" })
}
