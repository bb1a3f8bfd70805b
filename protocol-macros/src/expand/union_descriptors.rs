//! The descriptor of a union of messages, and the lookup of a message by its tag.

use super::{
    envelope,
    fields::need,
    tokens::{self, millis, option},
};
use crate::parse::{Content, Message, MessageUnion, Reply, Tag};
use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;

/// An expression of type `UnionDescriptor`.
pub(super) fn descriptor(krate: &Path, union: &MessageUnion) -> TokenStream {
    let t = quote!(#krate::descriptor);
    let p = quote!(#krate::__private);
    let messages = union
        .messages
        .iter()
        .map(|of| message(krate, &t, union, of));
    let lookup = lookup(&t, &p, &union.messages);
    let envelope = envelope::descriptor(krate, union.envelope.as_ref());
    let ident = &union.ident;
    quote! {
        {
            const MESSAGES: &[#t::MessageDescriptor] = &[#(#messages),*];
            #t::UnionDescriptor::new(#envelope, MESSAGES, #lookup, #p::typed::<#ident>)
        }
    }
}

/// An expression of type `MessageDescriptor`.
fn message(krate: &Path, t: &TokenStream, union: &MessageUnion, message: &Message) -> TokenStream {
    let Message {
        name,
        volatile,
        concurrent,
        idempotent,
        ..
    } = message;
    let payload = !message.bare;
    let fields = fields(krate, union, message);
    let tag = option(message.tag.as_ref().map(|tag| tokens::tag(t, "Tag", tag)));
    let channel = option(
        message
            .channel
            .as_ref()
            .map(|channel| quote!(<#channel as #krate::ChannelKey>::DESCRIPTOR.name)),
    );
    let volatile_key = option(message.volatile_key.as_ref().map(|field| quote!(#field)));
    let timeout = option(message.timeout.map(millis));
    let envelope = envelope::own(krate, message.envelope.as_ref());
    let reply = match &message.reply {
        Reply::None => quote!(None),
        Reply::One(_) => quote!(One),
        Reply::Stream { .. } => quote!(Stream),
        Reply::Cancel => quote!(Cancel),
        Reply::Answer => quote!(Answer),
    };
    quote! {
        #t::MessageDescriptor {
            name: #name,
            tag: #tag,
            payload: #payload,
            fields: #fields,
            channel: #channel,
            volatile: #volatile,
            volatile_key: #volatile_key,
            concurrent: #concurrent,
            idempotent: #idempotent,
            timeout: #timeout,
            reply: #t::ReplyKind::#reply,
            envelope: #envelope,
        }
    }
}

/// The fields of a message, or `None` where the check of the protocol does not look at them: they cost the compiler time, for each message.
fn fields(krate: &Path, union: &MessageUnion, message: &Message) -> TokenStream {
    let are_checked = message.bare
        || message.volatile_key.is_some()
        || union.envelope.is_some()
        || message.envelope.is_some();
    match (message.payload(), &message.content) {
        (Some(ty), _) if are_checked => {
            quote_spanned!(tokens::at(ty)=> <#ty as #krate::Payload>::FIELDS)
        }
        (None, Content::Fields(fields)) if are_checked => {
            let p = quote!(#krate::__private);
            let needs = fields.iter().map(|field| need(&p, field));
            quote!(::core::option::Option::Some(&[#(#needs),*]))
        }
        _ => quote!(::core::option::Option::None),
    }
}

/// For up to this many tags, a `match` is faster than a hash table, and its code is small.
const MATCH_UP_TO: usize = 64;

/// A function from a tag to the index of its message.
fn lookup(t: &TokenStream, p: &TokenStream, messages: &[Message]) -> TokenStream {
    // Of replies that share a tag, the first stands for all.
    let is_first = |i: usize| {
        let text = |message: &Message| message.tag.as_ref().map(tag_text);
        let tag = text(&messages[i]);
        !messages[i].shared || messages[..i].iter().all(|other| text(other) != tag)
    };
    if messages.len() <= MATCH_UP_TO {
        let arms = messages.iter().enumerate().filter_map(|(i, message)| {
            let tag = message.tag.as_ref().filter(|_| is_first(i))?;
            let pattern = tokens::tag(t, "TagRef", tag);
            Some(quote!(#pattern => ::core::option::Option::Some(#i)))
        });
        return quote!(|tag| match tag { #(#arms,)* _ => ::core::option::Option::None });
    }
    // An open-addressing table with at least twice as many slots as messages, so that probes are short. A slot has a hash, so that most
    // mismatches need no comparison of tags, and the message's index from 1; 0 is empty.
    let size = (messages.len() * 2).next_power_of_two();
    let mut slots = vec![0u64; size];
    for (i, message) in messages.iter().enumerate() {
        let hash = match &message.tag {
            None => continue,
            Some(Tag::Text(text)) => hash(text.value().as_bytes()),
            Some(Tag::Integer(n)) => hash(&n.to_le_bytes()),
        };
        let mut slot = hash as usize & (size - 1);
        while slots[slot] != 0 {
            slot = (slot + 1) & (size - 1);
        }
        slots[slot] = u64::from(hash) << 32 | (i as u64 + 1);
    }
    let slots = slots.into_iter().map(Literal::u64_unsuffixed);
    quote! {
        |tag| {
            static SLOTS: &[u64] = &[#(#slots),*];
            #p::probe(SLOTS, DESCRIPTOR.messages, tag)
        }
    }
}

fn tag_text(tag: &Tag) -> String {
    match tag {
        Tag::Text(text) => format!("{:?}", text.value()),
        Tag::Integer(n) => n.to_string(),
    }
}

/// FxHash, eight bytes at a time. The runtime's `probe` must compute the same.
fn hash(bytes: &[u8]) -> u32 {
    const FACTOR: u64 = 0x517c_c1b7_2722_0a95;
    let mix = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let (eights, rest) = bytes.as_chunks();
    let hash = eights.iter().fold(bytes.len() as u64, |hash, eight| {
        mix(hash, u64::from_le_bytes(*eight))
    });
    let hash = match (rest, bytes.last_chunk()) {
        ([], _) => hash,
        (_, Some(last)) => mix(hash, u64::from_le_bytes(*last)),
        (rest, None) => mix(
            hash,
            rest.iter().fold(0, |word, b| word << 8 | u64::from(*b)),
        ),
    };
    // Tags differ in few bits; the last step spreads these over the word.
    ((hash ^ hash >> 32).wrapping_mul(FACTOR) >> 32) as u32
}
