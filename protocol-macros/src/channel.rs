//! Structs that are channels: the parameters of a key.

use crate::{
    field,
    options::{Ctxt, Options},
    product,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Expr, Fields, LitStr, Path, ext::IdentExt};

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let t = quote!(#krate::descriptor);
    product::plain(cx, input)?;
    let key = options.text(cx, "channel")?;
    let name = options
        .text(cx, "name")
        .map_or_else(|| snake(&input.ident.unraw().to_string()), |n| n.value());
    let join = options.path(cx, "join");
    let leave = options.path(cx, "leave");
    // Whether the messages carry more than the parameters, so that they cannot be made from them alone.
    let join_more = options.flag(cx, "join_more");
    let leave_more = options.flag(cx, "leave_more");
    let history = options.inner(cx, "history").map_or_else(
        || quote!(::core::option::Option::None),
        |mut inner| {
            let size = inner.expr(cx, "size");
            let ttl = match inner.expr(cx, "ttl_ms") {
                Some(ms) => {
                    quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ms)))
                }
                None => quote!(::core::option::Option::None),
            };
            inner.finish(cx);
            quote!(::core::option::Option::Some((#size, #ttl)))
        },
    );
    let Data::Struct(data) = &mut input.data else {
        return None;
    };
    if matches!(data.fields, Fields::Unnamed(_)) {
        cx.error(&input.ident, "the parameters of a channel are named fields");
        return None;
    }
    let fields = field::take(cx, krate, &mut data.fields);
    let parts = parts(cx, &key)?;
    let mut writes = TokenStream::new();
    let mut args = Vec::new();
    for part in &parts {
        match part {
            Part::Text(text) => writes.extend(quote!(key.push_str(#text);)),
            Part::Param(name) => {
                let Some(field) = fields.iter().find(|field| field.name == *name) else {
                    cx.at(key.span(), format_args!("no field is called `{name}`"));
                    return None;
                };
                let member = &field.member;
                writes.extend(quote! {
                    // Writing to a string does not fail.
                    let _ = ::core::fmt::Write::write_fmt(&mut key, ::core::format_args!("{}", from.#member));
                });
                args.push(field);
            }
        }
    }
    for field in &fields {
        if !args.iter().any(|arg| arg.name == field.name) {
            let text = key.value();
            cx.error(
                &field.member,
                format_args!(
                    "the key `{text}` has no `{{{}}}`: the field changes nothing",
                    field.name
                ),
            );
        }
    }
    let ident = &input.ident;
    let method = crate::messages::ident(&snake(&ident.unraw().to_string()));
    let method = crate::handlers::beside(method, &["connect", "session", "send"]);
    let has_join = join.is_some();
    let whole = key.value();
    let make = quote! {
        let mut key = ::std::string::String::new();
        #writes
        key
    };
    let from = join.iter().chain(&leave).map(|message| {
        quote! {
            #[automatically_derived]
            impl #krate::ChannelKeyOf<#ident> for #message {
                fn key(&self) -> ::std::string::String {
                    let from = self;
                    #make
                }
            }
        }
    });
    let declared = fields
        .iter()
        .map(|field::Field { member, ty, .. }| quote!(#member: &#ty));
    let declared: Vec<_> = declared.collect();
    let cloned: Vec<_> = fields
        .iter()
        .map(|field::Field { member, .. }| quote!(#member: ::core::clone::Clone::clone(#member)))
        .collect();
    // What else is handed over is not called as a parameter of the channel.
    let is_member = |name: &str| {
        fields
            .iter()
            .any(|field| matches!(&field.member, syn::Member::Named(member) if member == name))
    };
    let more = format_ident!("{}", if is_member("join") { "join_" } else { "join" });
    let docs: Vec<_> = input
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .collect();
    let left = leave.as_ref().or(join.as_ref());
    // As many as the channel has parameters.
    let many = (fields.len() > 5).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let joining = match (&join, join_more) {
        (Some(message), false) => {
            let leaving = match (&leave, leave_more) {
                (Some(leave), false) => {
                    quote!(::core::option::Option::Some(#leave { #(#cloned),* }))
                }
                (Some(leave), true) => quote!(::core::option::Option::None::<#leave>),
                (None, _) => quote!(::core::option::Option::None::<#message>),
            };
            quote! {
                #(#docs)*
                #many
                pub fn #method(&self #(, #declared)*) -> #krate::client::JoinRequest<__Protocol, #ident, #message, #left> {
                    #krate::client::JoinRequest::new(
                        &self.0,
                        #ident { #(#cloned),* },
                        #message { #(#cloned),* },
                        #leaving,
                    )
                }
            }
        }
        (Some(message), true) => {
            let leave = match (&leave, leave_more) {
                (Some(leave), false) => {
                    quote!(::core::option::Option::Some(#leave { #(#cloned),* }))
                }
                (Some(leave), true) => quote!(::core::option::Option::None::<#leave>),
                (None, _) => quote!(::core::option::Option::None::<#message>),
            };
            quote! {
                #(#docs)*
                #many
                pub fn #method(&self #(, #declared)*, #more: #message) -> #krate::client::JoinRequest<__Protocol, #ident, #message, #left> {
                    #krate::client::JoinRequest::new(&self.0, #ident { #(#cloned),* }, #more, #leave)
                }
            }
        }
        (None, _) => quote! {
            #(#docs)*
            #many
            pub fn #method(&self #(, #declared)*) -> #krate::client::KeyJoinRequest<__Protocol, #ident> {
                #krate::client::KeyJoinRequest::new(&self.0, #ident { #(#cloned),* })
            }
        },
    };
    Some(quote! {
        #[automatically_derived]
        impl #krate::ChannelKey for #ident {
            const DESCRIPTOR: &'static #t::ChannelDescriptor = &#t::ChannelDescriptor {
                name: #name,
                key: #whole,
                has_join: #has_join,
                history: #history,
            };
            fn key(&self) -> ::std::string::String {
                let from = self;
                #make
            }
        }
        #(#from)*
        #krate::__server! {
            #[automatically_derived]
            impl<__S> Context<__S> {
                #(#docs)*
                #many
                pub fn #method(&self #(, #declared)*) -> #krate::server::ConnectionChannel<#ident> {
                    self.core.channel_handle(&#ident { #(#cloned),* })
                }
            }
            #[automatically_derived]
            impl ServerHandle {
                #(#docs)*
                #many
                pub fn #method(&self #(, #declared)*) -> #krate::server::Publisher<#ident> {
                    self.0.publisher(&#ident { #(#cloned),* })
                }
            }
        }
        #krate::__client! {
            #[automatically_derived]
            impl Client {
                #joining
            }
        }
    })
}

enum Part {
    Text(String),
    Param(String),
}

/// The parts of a key: text, `{param}`, and `{{` and `}}` for braces that are meant.
fn parts(cx: &Ctxt, key: &LitStr) -> Option<Vec<Part>> {
    let text = key.value();
    let mut parts = Vec::new();
    let mut run = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                run.push(c);
            }
            '{' => {
                if !run.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut run)));
                }
                let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                parts.push(Part::Param(name));
            }
            '}' => {
                cx.at(
                    key.span(),
                    "a `}` without a `{`; write `}}` where it is meant",
                );
                return None;
            }
            c => run.push(c),
        }
    }
    if !run.is_empty() {
        parts.push(Part::Text(run));
    }
    Some(parts)
}

/// `ChatSend` → `chat_send`
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let begins = c.is_uppercase()
            && before.is_some_and(|b| {
                b != '_'
                    && (!b.is_uppercase() || chars.get(i + 1).is_some_and(|a| a.is_lowercase()))
            });
        if begins {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// An option that takes a number of milliseconds, or `none`.
pub(crate) fn duration(
    cx: &Ctxt,
    options: &mut Options,
    name: &'static str,
) -> Option<TokenStream> {
    match options.expr(cx, name)? {
        Expr::Path(path) if path.path.is_ident("none") => {
            Some(quote!(::core::option::Option::None))
        }
        ms => Some(quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ms)))),
    }
}
