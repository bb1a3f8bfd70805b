//! A type for what a method sends, where a variant has fields of its own, or none.

use super::{fields, messages, method_names, rules::RuleTokens, serde_impls};
use crate::parse::{Content, Field, Message, MessageUnion};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Path, Type, parse_quote};

/// What a method sends.
pub(super) struct Sent {
    /// Items that the body of the method begins with.
    pub(super) items: TokenStream,
    pub(super) parameters: TokenStream,
    pub(super) ty: Type,
    /// The value of the type, made of the parameters.
    pub(super) value: TokenStream,
}

/// What a method sends for a variant that contains no value.
pub(super) fn sent(krate: &Path, union: &MessageUnion, message: &Message) -> Sent {
    let p = quote!(#krate::__private);
    let of: &[Field] = match &message.content {
        Content::Fields(fields) => fields,
        Content::Empty | Content::Value(..) => &[],
    };
    let ident = Ident::new("__Content", Span::call_site());
    let ty: Type = parse_quote!(#ident);
    let declared = of
        .iter()
        .map(|Field { member, ty, .. }| quote!(#member: #ty));
    let body = fields::fields_body(krate, of, None, &RuleTokens::none(), None);
    let serialize = serde_impls::serialize_fields(krate, &ident);
    let index = union
        .messages
        .iter()
        .position(|other| other.ident == message.ident)
        .unwrap_or_default();
    let request = messages::request(krate, &union.ident, &ty, message);
    let of_union = &union.ident;
    let items = quote! {
        struct #ident { #(#declared),* }
        impl #krate::Payload for #ident {
            const OPEN: bool = false;
            fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                #body
            }
        }
        impl #krate::Fields for #ident {}
        #serialize
        impl #krate::Message<#of_union> for #ident {
            const INDEX: usize = #index;
        }
        #request
    };
    let names = method_names::of_fields(of);
    let types = of.iter().map(|field| &field.ty);
    let members = of.iter().map(|field| &field.member);
    Sent {
        items,
        parameters: quote!(#(#names: #types,)*),
        value: quote!(#ident { #(#members: #names),* }),
        ty,
    }
}
