//! The table of a union's messages, and how a tag is found in it.

use crate::messages::{Message, Reply, Tag};
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::Path;

/// An expression of type `UnionDescriptor`.
pub(crate) fn table(krate: &Path, messages: &[Message], envelope: &TokenStream) -> TokenStream {
    let t = quote!(#krate::descriptor);
    let p = quote!(#krate::__private);
    let rows = messages.iter().map(|message| {
        let Message {
            name,
            volatile,
            idempotent,
            ..
        } = message;
        let payload = !message.bare;
        let tag = match &message.tag {
            None => quote!(::core::option::Option::None),
            Some(Tag::Text(text)) => quote!(::core::option::Option::Some(#t::Tag::Text(#text))),
            Some(Tag::Integer(n)) => {
                let n = Literal::i64_suffixed(*n);
                quote!(::core::option::Option::Some(#t::Tag::Integer(#n)))
            }
        };
        let channel = match &message.channel {
            None => quote!(::core::option::Option::None),
            Some(channel) => {
                quote!(::core::option::Option::Some(<#channel as #krate::ChannelKey>::DESCRIPTOR.name))
            }
        };
        let timeout = match message.timeout {
            None => quote!(::core::option::Option::None),
            Some(ms) => {
                quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ms)))
            }
        };
        let reply = match &message.reply {
            Reply::None => quote!(None),
            Reply::One(_) => quote!(One),
            Reply::Stream { .. } => quote!(Stream),
            Reply::Cancel => quote!(Cancel),
        };
        quote! {
            #t::MessageDescriptor {
                name: #name,
                tag: #tag,
                payload: #payload,
                channel: #channel,
                volatile: #volatile,
                idempotent: #idempotent,
                timeout: #timeout,
                reply: #t::ReplyKind::#reply,
            }
        }
    });
    let lookup = lookup(&t, &p, messages);
    quote! {
        {
            const MESSAGES: &[#t::MessageDescriptor] = &[#(#rows),*];
            #t::UnionDescriptor::new(#envelope, MESSAGES, #lookup)
        }
    }
}

/// Up to this many tags the compiler's own `match` is quicker than a hash, and its code is small.
const MATCH_UP_TO: usize = 64;

fn lookup(t: &TokenStream, p: &TokenStream, messages: &[Message]) -> TokenStream {
    if messages.len() <= MATCH_UP_TO {
        let arms = messages.iter().enumerate().filter_map(|(i, message)| {
            let pattern = match message.tag.as_ref()? {
                Tag::Text(text) => quote!(#t::TagRef::Text(#text)),
                Tag::Integer(n) => {
                    let n = Literal::i64_suffixed(*n);
                    quote!(#t::TagRef::Integer(#n))
                }
            };
            Some(quote!(#pattern => ::core::option::Option::Some(#i)))
        });
        return quote!(|tag| match tag { #(#arms,)* _ => ::core::option::Option::None });
    }
    // Twice as many slots as messages, so that a probe ends soon. In each a hash, by which most others are told apart without a look at
    // their tags, and the message's place, from 1; 0 is empty.
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
            #p::probe(SLOTS, TABLE.messages, tag)
        }
    }
}

/// As FxHash, eight bytes at a time; the runtime's `probe` hashes alike.
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
    // Tags differ in few bits, which the last step spreads over all.
    ((hash ^ hash >> 32).wrapping_mul(FACTOR) >> 32) as u32
}
