//! The handler traits, the dispatch to them, and the methods by which a client sends.

use crate::{
    channel::snake,
    field::Field,
    messages::{Message, Reply},
    variants::Holds,
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;
use syn::{Path, Type, Visibility, ext::IdentExt};

/// The handler traits, the dispatch to them, and the methods of the client.
pub(crate) fn client_messages(
    krate: &Path,
    vis: &Visibility,
    union: &Ident,
    messages: &[Message],
) -> TokenStream {
    let mut groups: BTreeMap<String, Vec<&Message>> = BTreeMap::new();
    for message in messages.iter().filter(|message| is_handled(message)) {
        let segment = segment(message).to_owned();
        groups.entry(segment).or_default().push(message);
    }
    let traits: Vec<Ident> = groups
        .values()
        .map(|group| handler_trait(group[0]))
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
            let docs = format!("Handles {what}.");
            quote! {
                #[doc = #docs]
                #[allow(clippy::too_many_arguments, reason = "the fields of a variant are parameters")]
                #vis trait #name: SessionHandler {
                    #(#methods)*
                }
            }
        });
    let listed: Vec<String> = groups
        .values()
        .zip(&traits)
        .map(|(messages, name)| {
            let methods: Vec<String> = messages
                .iter()
                .map(|message| format!("`{}`", method(message)))
                .collect();
            format!("`{name}` ({})", methods.join(", "))
        })
        .collect();
    let note = format!(
        "a server needs `SessionHandler`, and every handler trait of the protocol: {}",
        listed.join(", ")
    );
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

            /// An application that handles every message: `SessionHandler`, and one handler trait for each first segment of the messages' names.
            #[diagnostic::on_unimplemented(
                message = "`{Self}` does not handle every message of the client",
                label = "a handler trait is not implemented for this type",
                note = #note
            )]
            #vis trait Handlers: SessionHandler #(+ #traits)* {}
            #[automatically_derived]
            impl<__A: SessionHandler #(+ #traits)*> Handlers for __A {}

            #[automatically_derived]
            impl #union {
                #[doc(hidden)]
                #[allow(clippy::wrong_self_convention, unused_variables, reason = "written alike for every protocol")]
                pub fn __dispatch<__A: Handlers>(
                    self,
                    app: &::std::sync::Arc<__A>,
                    responder: #krate::__private::Responder,
                ) -> #krate::server::Action {
                    let app = ::std::sync::Arc::clone(app);
                    let cx = Context::<<__A as SessionHandler>::Session>::__new(responder.context());
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

/// What the handler traits go by: one for each first segment; names without segments share one.
fn segment(message: &Message) -> &str {
    message.name.split_once('.').map_or("", |(first, _)| first)
}

fn handler_trait(message: &Message) -> Ident {
    format_ident!("{}Handler", pascal(segment(message)))
}

pub(crate) fn pascal(segment: &str) -> String {
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

/// The name of the method by which a client sends a message.
fn method_of_client(message: &Message) -> Ident {
    beside(method(message), &["connect"])
}

/// A name of the user's; with a `_` behind where it is one of those that stand beside it already.
pub(crate) fn beside(name: Ident, own: &[&str]) -> Ident {
    if own.iter().any(|own| name == own) {
        format_ident!("{name}_")
    } else {
        name
    }
}

/// The parameters by which a message is handed over, and what they are called where it is taken apart.
fn parameters(message: &Message) -> (TokenStream, TokenStream) {
    match (&message.holds, message.payload()) {
        (_, Some(ty)) => (quote!(m: #ty,), quote!(m,)),
        (Holds::Fields(fields), _) => {
            let names = fields
                .iter()
                .map(|field| beside(name_of(field), &["to", "cx"]));
            let types = fields.iter().map(|field| &field.ty);
            let locals = fields.iter().map(|field| &field.local);
            (quote!(#(#names: #types,)*), quote!(#(#locals,)*))
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
    let errors = quote!(#krate::HandlerError<#errors>);
    let (extra, output) = match &message.reply {
        Reply::One(reply) => (quote!(), quote!(::core::result::Result<#reply, #errors>)),
        Reply::Stream { ack, item, end, .. } => {
            let to = match ack {
                Some(ack) => quote!(#krate::server::StreamResponder<#ack, #item>),
                None => quote!(#krate::server::StreamSender<#item>),
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
    // As many as the variant has fields.
    let many = matches!(message.holds, Holds::Fields(_))
        .then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        #(#docs)*
        #many
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
            let members = fields
                .iter()
                .map(|Field { member, local, .. }| quote!(#member: #local));
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
    let (name, handler) = (method(message), handler_trait(message));
    let (_, names) = parameters(message);
    let unboxed = message.is_boxed().then(|| quote!(let m = *m;));
    let call = |extra: TokenStream| quote!(<__A as #handler>::#name(&app, #names #extra &cx).await);
    let channel = |channel: &Path| quote!(let channel = #krate::MessageChannel::<#channel>::from_message(&m););
    let plain = call(quote!());
    let p = quote!(#krate::__private);
    let responder = quote!(#p::Responder);
    let server = quote!(<__Protocol as #krate::Protocol>::Server);
    let (kind, before, body) = match (&message.reply, &message.join, &message.leave) {
        (Reply::One(_), Some(to), _) => {
            let channel = channel(to);
            (
                quote!(Run),
                channel,
                quote!(if #responder::may_join(&responder, &channel) { #responder::join::<#server, _, _, _>(&responder, &channel, #plain).await; }),
            )
        }
        (Reply::One(_), _, Some(from)) => {
            let channel = channel(from);
            (
                quote!(Run),
                channel,
                quote!(#responder::leave::<#server, _, _, _>(&responder, &channel, #plain);),
            )
        }
        (Reply::One(_), ..) if message.payload().is_some() => {
            return quote! {
                #pattern => {
                    #unboxed
                    #p::answer::<#server, _, _, _, _, _>(app, responder, cx, m, |app, m, cx| ::std::boxed::Box::pin(<__A as #handler>::#name(app, m, cx)))
                }
            };
        }
        (Reply::One(_), ..) => (
            quote!(Run),
            quote!(),
            quote!(#responder::answer::<#server, _, _>(&responder, #plain);),
        ),
        (Reply::Stream { ack, end, .. }, ..) => {
            let to = if ack.is_some() {
                quote!(#p::stream::<#server, _, _>(&responder))
            } else {
                quote!(#p::stream_items::<#server, _>(&responder))
            };
            let run = call(quote!(to,));
            let finish = if end.is_some() {
                quote!(#responder::end::<#server, _, _>(&responder, #run);)
            } else {
                quote!(#responder::done(&responder, #run);)
            };
            (quote!(Stream), quote!(let to = #to;), finish)
        }
        _ if message.errors.is_some() => (
            quote!(Run),
            quote!(),
            quote!(#responder::done(&responder, #plain);),
        ),
        _ if message.payload().is_some() => {
            return quote! {
                #pattern => {
                    #unboxed
                    #p::run(app, cx, m, |app, m, cx| ::std::boxed::Box::pin(<__A as #handler>::#name(app, m, cx)))
                }
            };
        }
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
    let name = method_of_client(message);
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
                    .map_or_else(|| quote!(#krate::NoMessage), |path| quote!(#path))
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
            pub fn #name(&self, m: #ty) -> #krate::client::Sent {
                self.0.send(&m)
            }
        },
    };
    Some(quote!(#(#docs)* #deprecated #body))
}

/// What answers a message of the client's, as a trait.
pub(crate) fn request(krate: &Path, ty: &Type, message: &Message, reply: &Reply) -> TokenStream {
    let errors = errors(krate, message);
    let nothing = quote!(#krate::NoMessage);
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
