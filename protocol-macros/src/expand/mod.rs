//! The second stage: from plain structs to tokens.

mod channels;
mod client;
mod constant_enums;
mod content;
mod dispatch;
mod envelope;
mod errors;
mod fields;
mod handlers;
mod messages;
mod method_names;
mod newtypes;
mod protocol_struct;
mod rules;
mod serde_impls;
mod server;
mod server_requests;
mod string_enums;
mod structs;
mod stub;
mod tagged_enums;
mod tokens;
mod union_descriptors;
mod untagged_enums;
mod variants;

pub(crate) use stub::stub;

use crate::parse::Item;
use proc_macro2::TokenStream;
use syn::Path;

/// What an item expands to beside itself. `krate` is the path of the runtime.
pub(crate) fn item(krate: &Path, item: &Item) -> TokenStream {
    match item {
        Item::Protocol(protocol) => protocol_struct::expand(krate, protocol),
        Item::Channel(channel) => channels::expand(krate, channel),
        Item::Newtype(newtype) => newtypes::expand(krate, newtype),
        Item::Struct(of) if of.is_tuple => structs::expand_tuple(krate, of),
        Item::Struct(of) => structs::expand(krate, of),
        Item::Messages(union) => messages::expand(krate, union),
        Item::Errors(errors) => errors::expand(krate, errors),
        Item::TaggedEnum(of) => tagged_enums::expand(krate, of),
        Item::UntaggedEnum(of) => untagged_enums::expand(krate, of),
        Item::ConstantEnum(of) => constant_enums::expand(krate, of),
        Item::StringEnum(of) => string_enums::expand(krate, of),
    }
}
