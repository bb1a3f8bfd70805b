//! The discriminated union of all that one end sends.

use crate::{
    envelope, handlers,
    options::{self, Ctxt, Options},
    table,
    variants::{self, Holds},
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, Type, UnOp,
    ext::IdentExt,
};

/// Which end sends the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// A message: a variant, and what our attribute says of it.
pub(crate) struct Message {
    pub(crate) ident: Ident,
    pub(crate) docs: Vec<Attribute>,
    /// That it is deprecated, and why.
    pub(crate) deprecated: Option<Option<String>>,
    pub(crate) name: String,
    pub(crate) tag: Option<Tag>,
    pub(crate) holds: Holds,
    pub(crate) bare: bool,
    pub(crate) reply: Reply,
    pub(crate) errors: Option<Path>,
    pub(crate) channel: Option<Path>,
    pub(crate) join: Option<Path>,
    pub(crate) leave: Option<Path>,
    pub(crate) auth: bool,
    pub(crate) volatile: bool,
    pub(crate) idempotent: bool,
    pub(crate) timeout: Option<u64>,
}

/// The value of a tag.
pub(crate) enum Tag {
    Text(LitStr),
    Integer(i64),
}

/// What answers a message.
pub(crate) enum Reply {
    None,
    One(Path),
    Stream {
        ack: Option<Path>,
        item: Path,
        end: Option<Path>,
        cancel: Option<Path>,
    },
    Cancel,
}

impl Message {
    /// The type of the payload, where it is a type of its own.
    pub(crate) fn payload(&self) -> Option<&Type> {
        match &self.holds {
            Holds::One(ty) => Some(variants::boxed(ty).unwrap_or(ty)),
            _ => None,
        }
    }

    /// Whether the variant holds its payload in a box.
    pub(crate) fn is_boxed(&self) -> bool {
        matches!(&self.holds, Holds::One(ty) if variants::boxed(ty).is_some())
    }
}

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    crate::product::plain(cx, input)?;
    let end = match (options.flag(cx, "client"), options.flag(cx, "server")) {
        (true, false) => Side::Client,
        (false, true) => Side::Server,
        _ => {
            cx.error(
                &input.ident,
                "a union of messages is what either the `client` or the `server` sends",
            );
            return None;
        }
    };
    let envelope = envelope::take(cx, krate, options);
    let ident = input.ident.clone();
    let Data::Enum(data) = &mut input.data else {
        return None;
    };
    let messages: Vec<Message> = data
        .variants
        .iter_mut()
        .filter_map(|variant| take(cx, krate, variant))
        .collect();
    if messages.len() != data.variants.len() {
        return None;
    }
    check_unique(cx, &messages);
    let table = table::table(krate, &messages, &envelope);
    let union = union(krate, &ident, &messages, &table, end);
    let each = messages
        .iter()
        .enumerate()
        .map(|(i, message)| one(krate, &ident, i, message, end));
    let shell = match end {
        Side::Client => handlers::client_messages(krate, &input.vis, &ident, &messages),
        Side::Server => TokenStream::new(),
    };
    Some(quote!(#union #(#each)* #shell))
}

fn take(cx: &Ctxt, krate: &Path, variant: &mut syn::Variant) -> Option<Message> {
    if !variant
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("message"))
    {
        cx.error(
            &variant.ident,
            "which message is this? write `#[message(\"its.type\")]` above it",
        );
        return None;
    }
    let mut options = Options::take_from(cx, &mut variant.attrs, "message");
    let tag = match options.expr(cx, "wire") {
        None => None,
        Some(expr) => Some(tag(cx, &expr)?),
    };
    let name = match (options.text(cx, "name"), &tag) {
        (Some(name), _) => name.value(),
        (None, Some(Tag::Text(text))) => text.value(),
        (None, _) => variant.ident.unraw().to_string(),
    };
    let reply = if let Some(mut inner) = options.inner(cx, "stream") {
        let ack = inner.path(cx, "ack");
        let item = inner.path(cx, "item");
        let end = inner.path(cx, "end");
        let cancel = inner.path(cx, "cancel");
        inner.finish(cx);
        let Some(item) = item else {
            cx.error(
                &variant.ident,
                "a stream needs to say what it carries: `stream(item = …)`",
            );
            return None;
        };
        Reply::Stream {
            ack,
            item,
            end,
            cancel,
        }
    } else if let Some(reply) = options.path(cx, "reply") {
        Reply::One(reply)
    } else if options.flag(cx, "cancels") {
        Reply::Cancel
    } else {
        Reply::None
    };
    let holds = Holds::take(cx, krate, variant);
    let message = Message {
        ident: variant.ident.clone(),
        docs: variant
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("doc"))
            .cloned()
            .collect(),
        deprecated: options::note(cx, &mut options, "deprecated"),
        name,
        tag,
        bare: options.flag(cx, "bare") || matches!(holds, Some(Holds::Nothing)),
        holds: holds?,
        reply,
        errors: options.path(cx, "errors"),
        channel: options.path(cx, "channel"),
        join: options.path(cx, "join"),
        leave: options.path(cx, "leave"),
        auth: options.flag(cx, "auth"),
        volatile: options.flag(cx, "volatile"),
        idempotent: options.flag(cx, "idempotent"),
        timeout: match options.expr(cx, "timeout_ms") {
            None => None,
            Some(Expr::Lit(ExprLit {
                lit: Lit::Int(n), ..
            })) => n.base10_parse().map_err(|error| cx.push(error)).ok(),
            Some(other) => {
                cx.error(other, "`timeout_ms` is a number of milliseconds");
                None
            }
        },
    };
    options.finish(cx);
    Some(message)
}

fn tag(cx: &Ctxt, expr: &Expr) -> Option<Tag> {
    let (negative, inner) = match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => (true, &**expr),
        other => (false, other),
    };
    match inner {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) if !negative => Some(Tag::Text(text.clone())),
        Expr::Lit(ExprLit {
            lit: Lit::Int(n), ..
        }) => match n.base10_parse::<i64>() {
            Ok(n) => Some(Tag::Integer(if negative { -n } else { n })),
            Err(error) => {
                cx.push(error);
                None
            }
        },
        _ => {
            cx.error(expr, "the type of a message is a string or an integer");
            None
        }
    }
}

fn check_unique(cx: &Ctxt, messages: &[Message]) {
    let mut types: Vec<String> = Vec::new();
    for message in messages {
        if let Some(ty) = message.payload() {
            let text = quote!(#ty).to_string();
            if types.contains(&text) {
                cx.error(ty, "two messages carry this type; give each a type of its own, so that the type says which it is");
            }
            types.push(text);
        }
    }
    let mut tags: Vec<String> = Vec::new();
    for message in messages {
        let text = match &message.tag {
            None => continue,
            Some(Tag::Text(text)) => format!("{:?}", text.value()),
            Some(Tag::Integer(n)) => n.to_string(),
        };
        if tags.contains(&text) {
            cx.error(
                &message.ident,
                format_args!("two messages have the type {text}"),
            );
        }
        tags.push(text);
    }
}

fn union(
    krate: &Path,
    ident: &Ident,
    messages: &[Message],
    table: &TokenStream,
    end: Side,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let reads = messages.iter().enumerate().map(|(i, message)| {
        let read = message.holds.read(krate, &message.ident);
        quote!(#i => #read)
    });
    let indices = messages.iter().enumerate().map(|(i, message)| {
        let variant = &message.ident;
        quote!(Self::#variant { .. } => #i)
    });
    let writes = messages.iter().map(|message| {
        let variant = &message.ident;
        match &message.holds {
            Holds::One(_) => quote!(Self::#variant(value) => #p::Serialize::serialize(value, serializer)),
            holds => {
                let (pattern, write) = holds.write(krate, variant);
                quote!(#pattern => #p::serialize_entries(serializer, &|fields| { #write let _ = fields; }))
            }
        }
    });
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
    let (index, payload, write) = if messages.is_empty() {
        (
            quote!(match *self {}),
            quote!(match self {}),
            quote!(match *self {}),
        )
    } else {
        let others = messages
            .iter()
            .any(|message| message.payload().is_none())
            .then(|| quote!(bare => #p::Box::new(bare)));
        (
            quote!(match self { #(#indices,)* }),
            quote!(match self { #(#payloads,)* #others }),
            quote!(match self { #(#writes,)* }),
        )
    };
    let tried = quote!(#krate::Envelope);
    let side = match end {
        Side::Client => quote!(Server),
        Side::Server => quote!(Client),
    };
    quote! {
        const _: () = {
            static TABLE: #krate::descriptor::UnionDescriptor = #table;
            #[automatically_derived]
            impl #krate::MessageSet for #ident {
                const DESCRIPTOR: &'static #krate::descriptor::UnionDescriptor = &TABLE;
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
        #[automatically_derived]
        impl #ident {
            /// Reads a message from its text.
            ///
            /// # Errors
            /// What is wrong with it, and all that could be read of it.
            pub fn decode(text: &str) -> ::core::result::Result<#tried<Self>, ::std::boxed::Box<#krate::DecodeError>> {
                #p::decode_text(text, #krate::Side::#side)
            }
            /// Reads a message from its text, whose strings may share the text's bytes.
            ///
            /// # Errors
            /// What is wrong with it, and all that could be read of it.
            pub fn decode_shared(text: &#krate::ByteString) -> ::core::result::Result<#tried<Self>, ::std::boxed::Box<#krate::DecodeError>> {
                #p::decode_text(text, #krate::Side::#side)
            }
            /// Writes a message and the fields around it as text.
            ///
            /// # Errors
            /// Where a number is not finite.
            pub fn encode(envelope: &#tried<Self>) -> ::core::result::Result<::std::string::String, #krate::codec::EncodeError> {
                #p::encode_text(envelope)
            }
        }
    }
}

/// What a single message's type is given.
fn one(krate: &Path, union: &Ident, index: usize, message: &Message, end: Side) -> TokenStream {
    let Some(ty) = message.payload() else {
        return TokenStream::new();
    };
    let published = match (&message.channel, end) {
        (Some(channel), Side::Server) => quote! {
            #[automatically_derived]
            impl #krate::ChannelMessage<#channel> for #ty {
                type Union = #union;
            }
        },
        _ => TokenStream::new(),
    };
    let asked = match (end, &message.reply) {
        (Side::Client, reply) => handlers::request(krate, ty, message, reply),
        _ => TokenStream::new(),
    };
    quote! {
        #[automatically_derived]
        impl #krate::Message<#union> for #ty {
            const INDEX: usize = #index;
        }
        #published
        #asked
    }
}

/// A name as an identifier; a keyword is written raw.
pub(crate) fn ident(name: &str) -> Ident {
    let span = proc_macro2::Span::call_site();
    match name {
        "self" | "super" | "crate" | "Self" | "_" => Ident::new(&format!("{name}_"), span),
        // A keyword since the edition of 2024, which syn takes for none.
        "gen" => Ident::new_raw(name, span),
        _ => syn::parse_str::<Ident>(name).unwrap_or_else(|_| Ident::new_raw(name, span)),
    }
}
