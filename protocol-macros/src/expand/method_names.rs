//! The names of traits and methods, which are derived from those of messages and channels.

use super::tokens::ident;
use crate::parse::{Content, Field, Message};
use handfast_naming::{segment, snake};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Member, ext::IdentExt};

/// The trait that handles a message.
pub(super) fn handler_trait(message: &Message) -> Ident {
    format_ident!("{}", handfast_naming::handler_trait(segment(&message.name)))
}

/// The method that handles a message.
pub(super) fn of_handler(message: &Message) -> Ident {
    derived(&message.ident)
}

/// The method by which a client sends a message.
pub(super) fn of_client(message: &Message) -> Ident {
    unless_reserved(
        derived(&message.ident),
        &["connect", "connect_with", "over_with"],
    )
}

/// The method by which a server sends a request to a client.
pub(super) fn of_client_handle(message: &Message) -> Ident {
    unless_reserved(derived(&message.ident), &["send"])
}

/// The method of the context, the server handle and the client that leads to a channel.
pub(super) fn of_channel(channel: &Ident) -> Ident {
    unless_reserved(
        derived(channel),
        &[
            "connect",
            "connect_with",
            "over_with",
            "session",
            "send",
            "client",
        ],
    )
}

/// The method that says what the members of a channel learn of each other.
pub(super) fn of_presence(channel: &Ident) -> Ident {
    format_ident!("{}_presence", snake(&channel.unraw().to_string()))
}

/// The parameters of a handler for the content of a message: their declaration, and their names in the dispatch.
pub(super) fn parameters(message: &Message) -> (TokenStream, TokenStream) {
    match (&message.content, message.payload()) {
        (_, Some(ty)) => (quote!(m: #ty,), quote!(m,)),
        (Content::Fields(fields), _) => {
            let names = of_fields(fields);
            let types = fields.iter().map(|field| &field.ty);
            let locals = fields.iter().map(|field| &field.local);
            (quote!(#(#names: #types,)*), quote!(#(#locals,)*))
        }
        _ => (TokenStream::new(), TokenStream::new()),
    }
}

/// The names of the parameters that the fields of a variant are.
pub(super) fn of_fields(fields: &[Field]) -> Vec<Ident> {
    let name = |field| unless_reserved(name_of(field), &["to", "cx", "client"]);
    fields.iter().map(name).collect()
}

fn derived(name: &Ident) -> Ident {
    ident(&snake(&name.unraw().to_string()))
}

fn name_of(field: &Field) -> Ident {
    match &field.member {
        Member::Named(ident) => ident.clone(),
        Member::Unnamed(_) => field.local.clone(),
    }
}

/// A name; with `_` appended if it is one of those that are reserved where it is used.
fn unless_reserved(name: Ident, reserved: &[&str]) -> Ident {
    if reserved.iter().any(|reserved| name == reserved) {
        format_ident!("{name}_")
    } else {
        name
    }
}
