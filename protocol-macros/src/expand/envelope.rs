//! The envelope of a union of messages.

use super::tokens::option;
use crate::parse::{Envelope, EnvelopeField};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Path;

/// An expression of type `EnvelopeDescriptor`.
pub(super) fn descriptor(krate: &Path, envelope: Option<&Envelope>) -> TokenStream {
    let t = quote!(#krate::descriptor);
    let Some(envelope) = envelope else {
        return quote!(#t::EnvelopeDescriptor::DEFAULT);
    };
    let mut changes = TokenStream::new();
    if let Some(tag) = &envelope.tag {
        changes.extend(quote!(tag: #tag,));
    }
    if let Some(content) = &envelope.content {
        let content = option(content.as_ref());
        changes.extend(quote!(content: #content,));
    }
    for (name, given) in &envelope.fields {
        let name = format_ident!("{name}");
        let given = option(given.as_ref().map(|given| field(&t, given)));
        changes.extend(quote!(#name: #given,));
    }
    if let Some(timestamp) = &envelope.timestamp {
        let timestamp = option(timestamp.as_ref().map(|timestamp| {
            let (field, form) = (
                field(&t, &timestamp.field),
                format_ident!("{}", timestamp.form),
            );
            quote!((#field, #t::TimestampForm::#form))
        }));
        changes.extend(quote!(timestamp: #timestamp,));
    }
    if let Some(outcome) = &envelope.outcome {
        let (field, success, failure) = (&outcome.field, &outcome.success, &outcome.failure);
        changes
            .extend(quote!(outcome: ::core::option::Option::Some((#field, #success, #failure)),));
    }
    if envelope.by_order {
        changes.extend(quote!(by_order: true,));
    }
    quote!(#t::EnvelopeDescriptor { #changes ..#t::EnvelopeDescriptor::DEFAULT })
}

/// An expression of type `Option<&'static OwnEnvelope>`.
pub(super) fn own(krate: &Path, envelope: Option<&Envelope>) -> TokenStream {
    let own = envelope.map(|envelope| {
        let fields = descriptor(krate, Some(envelope));
        quote!(const { &#krate::descriptor::OwnEnvelope::new(#fields) })
    });
    option(own)
}

fn field(t: &TokenStream, field: &EnvelopeField) -> TokenStream {
    match field {
        EnvelopeField::Optional { name, kind } => {
            let kind = format_ident!("{kind}");
            quote!(#t::FieldDescriptor::optional(#name, #t::FieldKind::#kind))
        }
        EnvelopeField::Full {
            name,
            kind,
            presence,
        } => {
            let (kind, presence) = (format_ident!("{kind}"), format_ident!("{presence}"));
            quote!(#t::FieldDescriptor { name: #name, kind: #t::FieldKind::#kind, presence: #t::Presence::#presence })
        }
    }
}
