//! The dispatch of a message to its handler.

use super::method_names;
use crate::parse::{Content, Field, Message, MessageUnion, Reply};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Path;

/// The method of the union that calls the handler of a message.
pub(super) fn dispatch(krate: &Path, union: &MessageUnion) -> TokenStream {
    let ident = &union.ident;
    let arms = union.messages.iter().map(|message| arm(krate, message));
    let dispatch = if union.messages.is_empty() {
        quote!(match self {})
    } else {
        quote!(match self { #(#arms,)* })
    };
    quote! {
        #[automatically_derived]
        impl #ident {
            #[doc(hidden)]
            #[allow(clippy::wrong_self_convention, unused_variables, reason = "the same for every protocol")]
            pub fn __dispatch<__A: Handlers>(
                self,
                app: ::std::sync::Arc<__A>,
                responder: #krate::__private::Responder,
            ) -> #krate::server::Action {
                #dispatch
            }
        }
    }
}

/// The arm of a message.
fn arm(krate: &Path, message: &Message) -> TokenStream {
    let variant = &message.ident;
    let action = quote!(#krate::server::Action);
    if !message.is_handled() {
        // The proof is in the hello; a later one changes nothing.
        let action = if message.auth && matches!(message.reply, Reply::None | Reply::One(_)) {
            quote!(#action::Run(::std::boxed::Box::pin(async {})))
        } else {
            quote!(#action::Cancel)
        };
        return quote!(Self::#variant { .. } => #action);
    }
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
    let context = quote!(Context::<<__A as SessionHandler>::Session>::__new);
    let run = match by_function(krate, message) {
        Some(call) => quote! {
            let cx = #context(responder.into_context());
            #call
        },
        None => {
            let Run { kind, before, body } = run(krate, message);
            quote! {
                let cx = #context(responder.context());
                #before
                #action::#kind(::std::boxed::Box::pin(async move { #body }))
            }
        }
    };
    quote! {
        #pattern => {
            #unboxed
            #run
        }
    }
}

/// A handler that one of two functions of the runtime can call: it takes one value, and neither joins nor leaves. A coroutine for
/// each handler would take twice as long to compile.
fn by_function(krate: &Path, message: &Message) -> Option<TokenStream> {
    message.payload()?;
    let p = quote!(#krate::__private);
    let call = {
        let (name, handler) = names(message);
        quote!(<__A as #handler>::#name)
    };
    match (&message.reply, &message.join, &message.leave) {
        (Reply::One(_), None, None) => {
            let server = server_union(krate);
            Some(quote!(#p::answer::<#server, _, _, _, _, _>(app, cx, m, #call)))
        }
        (Reply::One(_) | Reply::Stream { .. }, ..) => None,
        _ if message.errors.is_some() => None,
        _ => Some(quote!(#p::run(app, cx, m, #call))),
    }
}

/// A variant of `Action` whose future is written out.
struct Run {
    kind: Ident,
    /// Statements before the future.
    before: TokenStream,
    /// The body of the future.
    body: TokenStream,
}

fn run(krate: &Path, message: &Message) -> Run {
    let p = quote!(#krate::__private);
    let (replier, responder) = (quote!(#p::Replier), quote!(#p::Responder));
    let server = server_union(krate);
    let plain = call(message, &quote!());
    let channel = |channel: &Path| quote!(let channel = #krate::MessageChannel::<#channel>::from_message(&m););
    let (before, body) = match (&message.reply, &message.join, &message.leave) {
        (Reply::One(_), Some(to), _) => (
            channel(to),
            quote!(if let #p::Some(joining) = #responder::begin_join(&responder, &channel).await { #responder::join::<#server, _, _>(&responder, joining, #plain); }),
        ),
        (Reply::One(_), _, Some(from)) => (
            channel(from),
            quote!(if #responder::is_clear(&responder, &channel) { #responder::leave::<#server, _, _, _>(&responder, &channel, #plain); }),
        ),
        (Reply::One(_), ..) => (
            quote!(),
            quote!(#replier::answer::<#server, _, _>(&responder, #plain);),
        ),
        (Reply::Stream { ack, end, .. }, ..) => {
            return stream(krate, message, ack.is_some(), end.is_some());
        }
        _ if message.errors.is_some() => (quote!(), quote!(#replier::done(&responder, #plain);)),
        _ => (quote!(), quote!(#plain;)),
    };
    Run {
        kind: format_ident!("Run"),
        before,
        body,
    }
}

fn stream(krate: &Path, message: &Message, has_ack: bool, has_end: bool) -> Run {
    let p = quote!(#krate::__private);
    let replier = quote!(#p::Replier);
    let server = server_union(krate);
    let to = if has_ack {
        quote!(#p::stream::<#server, _, _>(&responder))
    } else {
        quote!(#p::stream_items::<#server, _>(&responder))
    };
    let run = call(message, &quote!(to,));
    let finish = if has_end {
        quote!(#replier::end::<#server, _, _>(&responder, #run);)
    } else {
        quote!(#replier::done(&responder, #run);)
    };
    Run {
        kind: format_ident!("Stream"),
        before: quote!(let to = #to;),
        body: finish,
    }
}

/// The call of the handler with the locals of the arm; `extra` are arguments behind those of the message.
fn call(message: &Message, extra: &TokenStream) -> TokenStream {
    let (name, handler) = names(message);
    let (_, arguments) = method_names::parameters(message);
    quote!(<__A as #handler>::#name(&app, #arguments #extra &cx).await)
}

fn names(message: &Message) -> (Ident, Ident) {
    (
        method_names::of_handler(message),
        method_names::handler_trait(message),
    )
}

/// The union of what the server sends.
fn server_union(krate: &Path) -> TokenStream {
    quote!(<__Protocol as #krate::Protocol>::Server)
}
