//! The traits that an application implements to handle messages.

use super::method_names;
use crate::parse::{Content, Message, MessageUnion, Reply};
use handfast_naming::segment;
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeMap;
use syn::Path;

/// A trait for each first segment of the messages' names (names without a dot share one), and `Handlers`, which is all of them.
pub(super) fn traits(krate: &Path, union: &MessageUnion) -> TokenStream {
    let vis = &union.vis;
    let mut groups: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
    for message in union.messages.iter().filter(|message| message.is_handled()) {
        groups
            .entry(segment(&message.name))
            .or_default()
            .push(message);
    }
    let traits: Vec<Ident> = groups
        .values()
        .map(|group| method_names::handler_trait(group[0]))
        .collect();
    let declared = groups
        .iter()
        .zip(&traits)
        .map(|((segment, messages), name)| {
            let methods = messages.iter().map(|message| self::method(krate, message));
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
                .map(|message| format!("`{}`", method_names::of_handler(message)))
                .collect();
            format!("`{name}` ({})", methods.join(", "))
        })
        .collect();
    let note = format!(
        "a server needs `SessionHandler`, and every handler trait of the protocol: {}",
        listed.join(", ")
    );
    quote! {
        #(#declared)*

        /// An application that handles every message: it implements `SessionHandler`, and one handler trait for each first segment of the
        /// messages' names.
        #[diagnostic::on_unimplemented(
            message = "`{Self}` does not handle every message of the client",
            label = "a handler trait is not implemented for this type",
            note = #note
        )]
        #vis trait Handlers: SessionHandler #(+ #traits)* {}
        #[automatically_derived]
        impl<__A: SessionHandler #(+ #traits)*> Handlers for __A {}
    }
}

/// The method of a handler trait for a message.
fn method(krate: &Path, message: &Message) -> TokenStream {
    let docs = &message.docs;
    let name = method_names::of_handler(message);
    let (parameters, _) = method_names::parameters(message);
    let errors = errors(krate, message);
    let errors = quote!(#krate::HandlerError<#errors>);
    let (extra, output) = extra_and_output(krate, message, &errors, &quote!(server));
    // There is a parameter for each field of the variant.
    let lint = matches!(message.content, Content::Fields(_))
        .then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        #(#docs)*
        #lint
        fn #name(
            &self,
            #parameters
            #extra
            cx: &Context<Self::Session>,
        ) -> impl ::core::future::Future<Output = #output> + ::core::marker::Send;
    }
}

/// The parameter of a handler beside those of its message, and what it returns. `module` is that of the end that handles.
pub(super) fn extra_and_output(
    krate: &Path,
    message: &Message,
    errors: &TokenStream,
    module: &TokenStream,
) -> (TokenStream, TokenStream) {
    match &message.reply {
        Reply::One(reply) => (quote!(), quote!(::core::result::Result<#reply, #errors>)),
        Reply::Stream { ack, item, end, .. } => {
            let to = match ack {
                Some(ack) => quote!(#krate::#module::StreamResponder<#ack, #item>),
                None => quote!(#krate::#module::StreamSender<#item>),
            };
            let end = end.as_ref().map_or_else(|| quote!(()), |end| quote!(#end));
            (
                quote!(to: #to,),
                quote!(::core::result::Result<#end, #errors>),
            )
        }
        _ if message.errors.is_some() => (quote!(), quote!(::core::result::Result<(), #errors>)),
        _ => (quote!(), quote!(())),
    }
}

/// The type of the errors that a message may be answered with.
pub(super) fn errors(krate: &Path, message: &Message) -> TokenStream {
    message
        .errors
        .as_ref()
        .map_or_else(|| quote!(#krate::NoError), |errors| quote!(#errors))
}
