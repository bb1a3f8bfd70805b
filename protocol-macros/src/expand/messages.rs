//! The union of the messages that one side sends.

use super::{client, dispatch, handlers, server_requests, union_descriptors, variants};
use crate::parse::{Content, Message, MessageUnion, Reply, Side};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Path, Type};

pub(super) fn expand(krate: &Path, union: &MessageUnion) -> TokenStream {
    let message_set = message_set(krate, union);
    let codec = codec(krate, union);
    let each = union
        .messages
        .iter()
        .enumerate()
        .map(|(i, message)| message_impls(krate, union, i, message));
    let api = match union.side {
        Side::Client => api(krate, union),
        Side::Server => server_requests::expand(krate, union),
    };
    quote!(#message_set #codec #(#each)* #api)
}

/// What the messages of a client add to the server and to the client: handlers, and the methods that send.
fn api(krate: &Path, union: &MessageUnion) -> TokenStream {
    let handlers = handlers::traits(krate, union);
    let dispatch = dispatch::dispatch(krate, union);
    let methods = client::methods(krate, union);
    quote! {
        #krate::__server! {
            #handlers
            #dispatch
        }
        #krate::__client! {
            #methods
        }
    }
}

/// `MessageSet`: the descriptor, reading and writing.
fn message_set(krate: &Path, union: &MessageUnion) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &union.ident;
    let descriptor = union_descriptors::descriptor(krate, union);
    let reads = union.messages.iter().enumerate().map(|(i, message)| {
        let read = variants::read(krate, &message.ident, &message.content);
        quote!(#i => #read)
    });
    let indices = union.messages.iter().enumerate().map(|(i, message)| {
        let variant = &message.ident;
        quote!(Self::#variant { .. } => #i)
    });
    let writes = union.messages.iter().map(|message| write(krate, message));
    let (index, payload, write) = if union.messages.is_empty() {
        (
            quote!(match *self {}),
            quote!(match self {}),
            quote!(match *self {}),
        )
    } else {
        let payloads = payloads(&p, &union.messages);
        (
            quote!(match self { #(#indices,)* }),
            quote!(match self { #payloads }),
            quote!(match self { #(#writes,)* }),
        )
    };
    quote! {
        const _: () = {
            static DESCRIPTOR: #krate::descriptor::UnionDescriptor = #descriptor;
            #[automatically_derived]
            impl #krate::MessageSet for #ident {
                const DESCRIPTOR: &'static #krate::descriptor::UnionDescriptor = &DESCRIPTOR;
                fn read(index: usize, r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext) -> #p::ReadResult<Self> {
                    match index {
                        #(#reads,)*
                        _ => { let _ = (r, cx); ::core::result::Result::Ok(::core::option::Option::None) }
                    }
                }
                fn index(&self) -> usize {
                    #index
                }
                fn into_payload(self) -> #p::Box<dyn ::core::any::Any> {
                    #payload
                }
                fn serialize_payload<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                    #write
                }
            }
        };
    }
}

/// The arm that serializes a message's payload.
fn write(krate: &Path, message: &Message) -> TokenStream {
    let p = quote!(#krate::__private);
    let variant = &message.ident;
    match &message.content {
        Content::Value(..) => {
            quote!(Self::#variant(value) => #krate::Payload::write_value(value, serializer))
        }
        content => {
            let (pattern, write) = variants::write(krate, variant, content);
            quote!(#pattern => #p::serialize_entries(serializer, &|fields| { #write let _ = fields; }))
        }
    }
}

/// The arms that take payloads out of the union, in a box. A variant without a payload type stays as it is.
fn payloads(p: &TokenStream, messages: &[Message]) -> TokenStream {
    let payloads = messages
        .iter()
        .filter(|message| message.payload().is_some())
        .map(|message| {
            let variant = &message.ident;
            if message.is_boxed() {
                quote!(Self::#variant(value) => value)
            } else {
                quote!(Self::#variant(value) => #p::Box::new(value))
            }
        });
    let others = messages
        .iter()
        .any(|message| message.payload().is_none())
        .then(|| quote!(bare => #p::Box::new(bare)));
    quote!(#(#payloads,)* #others)
}

/// `decode` and `encode` of the union.
fn codec(krate: &Path, union: &MessageUnion) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &union.ident;
    let envelope = quote!(#krate::Envelope);
    // The side that reads.
    let side = match union.side {
        Side::Client => quote!(Server),
        Side::Server => quote!(Client),
    };
    quote! {
        #[automatically_derived]
        impl #ident {
            /// Reads a message from its text.
            ///
            /// # Errors
            /// If it is not a valid message: the reason, and the parts of it that could be read.
            pub fn decode(text: &str) -> ::core::result::Result<#envelope<Self>, ::std::boxed::Box<#krate::DecodeError>> {
                #p::decode_text(text, #krate::Side::#side)
            }
            /// Reads a message from its text. Its strings may share the bytes of the text.
            ///
            /// # Errors
            /// If it is not a valid message: the reason, and the parts of it that could be read.
            pub fn decode_shared(text: &#krate::ByteString) -> ::core::result::Result<#envelope<Self>, ::std::boxed::Box<#krate::DecodeError>> {
                #p::decode_text(text, #krate::Side::#side)
            }
            /// Writes a message and its envelope as text.
            ///
            /// # Errors
            /// If a number is not finite.
            pub fn encode(envelope: &#envelope<Self>) -> ::core::result::Result<::std::string::String, #krate::codec::EncodeError> {
                #p::encode_text(envelope)
            }
        }
    }
}

/// The traits of the type of a message's payload.
fn message_impls(
    krate: &Path,
    union: &MessageUnion,
    index: usize,
    message: &Message,
) -> TokenStream {
    let Some(ty) = message.payload() else {
        return TokenStream::new();
    };
    let ident = &union.ident;
    let published = match (&message.channel, union.side) {
        (Some(channel), Side::Server) => quote! {
            #[automatically_derived]
            impl #krate::ChannelMessage<#channel> for #ty {
                type Union = #ident;
            }
        },
        _ => TokenStream::new(),
    };
    let request = request(krate, ident, ty, message);
    quote! {
        #[automatically_derived]
        impl #krate::Message<#ident> for #ty {
            const INDEX: usize = #index;
        }
        #published
        #request
    }
}

/// `Request`: what answers a message.
pub(super) fn request(krate: &Path, ident: &Ident, ty: &Type, message: &Message) -> TokenStream {
    let errors = handlers::errors(krate, message);
    let or_none = |path: Option<&Path>| match path {
        Some(path) => quote!(#path),
        None => quote!(#krate::NoMessage),
    };
    let (reply, item, end) = match &message.reply {
        Reply::One(reply) => (Some(reply), None, None),
        Reply::Stream { ack, item, end, .. } => (ack.as_ref(), Some(item), end.as_ref()),
        Reply::None | Reply::Cancel | Reply::Answer => return TokenStream::new(),
    };
    let (reply, item, end) = (or_none(reply), or_none(item), or_none(end));
    quote! {
        #[automatically_derived]
        impl #krate::Request<#ident> for #ty {
            type Reply = #reply;
            type Item = #item;
            type End = #end;
            type Error = #errors;
        }
    }
}
