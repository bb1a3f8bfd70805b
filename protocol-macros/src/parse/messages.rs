//! The union of the messages that one side sends.

use super::{
    envelope::{self, Envelope},
    options::{Ctxt, Options, docs},
    types::box_of,
    variants::Content,
};
use proc_macro2::Ident;
use quote::quote;
use syn::{
    Attribute, DataEnum, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, Type, UnOp, Variant,
    Visibility, ext::IdentExt,
};

pub(crate) struct MessageUnion {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    /// Which side sends the messages.
    pub(crate) side: Side,
    /// `None` is the default envelope.
    pub(crate) envelope: Option<Envelope>,
    pub(crate) messages: Vec<Message>,
    /// Whether each message has a type and a tag of its own.
    pub(crate) is_unique: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// A message: a variant, and what its attribute says about it.
pub(crate) struct Message {
    pub(crate) ident: Ident,
    pub(crate) docs: Vec<Attribute>,
    /// Whether it is deprecated, and why.
    pub(crate) deprecated: Option<Option<String>>,
    pub(crate) name: String,
    pub(crate) tag: Option<Tag>,
    pub(crate) content: Content,
    /// Whether it has no payload on the wire.
    pub(crate) bare: bool,
    pub(crate) reply: Reply,
    pub(crate) errors: Option<Path>,
    pub(crate) channel: Option<Path>,
    pub(crate) join: Option<Path>,
    pub(crate) leave: Option<Path>,
    pub(crate) auth: bool,
    pub(crate) volatile: bool,
    /// The name of a field on the wire.
    pub(crate) volatile_key: Option<LitStr>,
    pub(crate) concurrent: bool,
    pub(crate) idempotent: bool,
    /// In milliseconds.
    pub(crate) timeout: Option<u64>,
    /// `None` is that of the union.
    pub(crate) envelope: Option<Envelope>,
    /// Its request identifies it, so other replies may have the same tag.
    pub(crate) shared: bool,
}

/// The value of a tag.
pub(crate) enum Tag {
    Text(LitStr),
    Integer(i64),
}

/// How a message is answered.
pub(crate) enum Reply {
    None,
    One(Path),
    Stream {
        ack: Option<Path>,
        item: Path,
        end: Option<Path>,
        cancel: Option<Path>,
    },
    /// It is not: it cancels a stream.
    Cancel,
    /// It is not: it answers a request of the server.
    Answer,
}

impl Message {
    /// The type of the payload, if the payload has a type of its own.
    pub(crate) fn payload(&self) -> Option<&Type> {
        match &self.content {
            Content::Value(ty, _) => Some(box_of(ty).unwrap_or(ty)),
            _ => None,
        }
    }

    /// Whether the payload is in a box.
    pub(crate) fn is_boxed(&self) -> bool {
        matches!(&self.content, Content::Value(ty, _) if box_of(ty).is_some())
    }

    /// Whether a handler handles it: it is neither the proof in the hello nor a cancel, and answers nothing.
    pub(crate) fn is_handled(&self) -> bool {
        !self.auth && !matches!(self.reply, Reply::Cancel | Reply::Answer)
    }

    /// Whether it is answered.
    pub(crate) fn is_request(&self) -> bool {
        matches!(self.reply, Reply::One(_) | Reply::Stream { .. })
    }
}

pub(crate) fn take(
    cx: &Ctxt,
    options: &mut Options,
    ident: &Ident,
    vis: &Visibility,
    data: &mut DataEnum,
) -> Option<MessageUnion> {
    let side = match (options.flag(cx, "client"), options.flag(cx, "server")) {
        (true, false) => Side::Client,
        (false, true) => Side::Server,
        _ => {
            cx.error(
                ident,
                "a union of messages is what either the `client` or the `server` sends",
            );
            return None;
        }
    };
    let envelope = envelope::take(cx, options, "envelope");
    let messages: Vec<Message> = data
        .variants
        .iter_mut()
        .filter_map(|variant| message(cx, variant))
        .collect();
    if messages.len() != data.variants.len() {
        return None;
    }
    let is_unique = check_unique(cx, &messages);
    let by_order = envelope.as_ref().is_some_and(|envelope| envelope.by_order);
    for message in &messages {
        check_delivery(cx, message, side, by_order);
    }
    Some(MessageUnion {
        ident: ident.clone(),
        vis: vis.clone(),
        side,
        envelope,
        messages,
        is_unique,
    })
}

fn message(cx: &Ctxt, variant: &mut Variant) -> Option<Message> {
    let is_message = |attr: &Attribute| attr.path().is_ident("message");
    if !variant.attrs.iter().any(is_message) {
        cx.error(
            &variant.ident,
            "the type of this message is missing: write `#[message(\"its.type\")]` above it",
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
    let reply = reply(cx, &mut options, &variant.ident)?;
    let content = Content::take(cx, variant, Vec::new());
    let message = Message {
        ident: variant.ident.clone(),
        docs: docs(&variant.attrs),
        deprecated: options.note(cx, "deprecated"),
        name,
        tag,
        bare: options.flag(cx, "bare") || matches!(content, Some(Content::Empty)),
        content: content?,
        reply,
        errors: options.path(cx, "errors"),
        channel: options.path(cx, "channel"),
        join: options.path(cx, "join"),
        leave: options.path(cx, "leave"),
        auth: options.flag(cx, "auth"),
        volatile: options.flag(cx, "volatile"),
        volatile_key: options.text(cx, "volatile_key"),
        concurrent: options.flag(cx, "concurrent"),
        idempotent: options.flag(cx, "idempotent"),
        timeout: timeout(cx, &mut options),
        envelope: envelope::take(cx, &mut options, "envelope"),
        shared: options.flag(cx, "shared"),
    };
    options.finish(cx);
    Some(message)
}

fn reply(cx: &Ctxt, options: &mut Options, ident: &Ident) -> Option<Reply> {
    let given = ["stream", "reply", "cancels", "answers"];
    let mut given = given.into_iter().filter(|name| options.has(name));
    if let (Some(one), Some(other)) = (given.next(), given.next()) {
        cx.error(
            ident,
            format_args!("a message has one of `{one}` and `{other}`, not both"),
        );
        for name in ["stream", "reply", "cancels", "answers"] {
            while options.take(name).is_some() {}
        }
        return Some(Reply::None);
    }
    if let Some(mut inner) = options.inner(cx, "stream") {
        let ack = inner.path(cx, "ack");
        let item = inner.path(cx, "item");
        let end = inner.path(cx, "end");
        let cancel = inner.path(cx, "cancel");
        inner.finish(cx);
        let Some(item) = item else {
            cx.error(
                ident,
                "the items of the stream are missing: `stream(item = …)`",
            );
            return None;
        };
        return Some(Reply::Stream {
            ack,
            item,
            end,
            cancel,
        });
    }
    Some(if let Some(reply) = options.path(cx, "reply") {
        Reply::One(reply)
    } else if options.flag(cx, "cancels") {
        Reply::Cancel
    } else if options.flag(cx, "answers") {
        Reply::Answer
    } else {
        Reply::None
    })
}

fn timeout(cx: &Ctxt, options: &mut Options) -> Option<u64> {
    match options.expr(cx, "timeout_ms")? {
        Expr::Lit(ExprLit {
            lit: Lit::Int(n), ..
        }) => n.base10_parse().map_err(|error| cx.push(error)).ok(),
        other => {
            cx.error(other, "`timeout_ms` must be a number of milliseconds");
            None
        }
    }
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
            cx.error(expr, "the type of a message must be a string or an integer");
            None
        }
    }
}

/// Whether `volatile_key` and `concurrent` are where they have an effect, and a stream is where it has ids.
fn check_delivery(cx: &Ctxt, message: &Message, side: Side, by_order: bool) {
    if let Some(key) = &message.volatile_key
        && (side == Side::Client || !message.volatile)
    {
        cx.error(
            key,
            "a message with a `volatile_key` is sent by the server and `volatile`",
        );
    }
    if side == Side::Server {
        of_server(cx, message);
    }
    for (verb, channel) in [("joins", &message.join), ("leaves", &message.leave)] {
        let Some(channel) = channel else { continue };
        if side == Side::Client && !matches!(message.reply, Reply::One(_)) {
            cx.error(
                channel,
                format_args!(
                    "a message that {verb} a channel is answered, so that both ends know from when on: add `reply = …`"
                ),
            );
        } else if message.payload().is_none() {
            cx.error(
                channel,
                format_args!(
                    "a message that {verb} a channel contains one value, whose fields name the channel"
                ),
            );
        }
    }
    if by_order && side == Side::Client && matches!(message.reply, Reply::Stream { .. }) {
        cx.error(
            &message.ident,
            "this message cannot be answered with a stream: replies are matched by order",
        );
    }
    if !message.concurrent {
        return;
    }
    let why = if side == Side::Server {
        "a message of the server is not handled by it: `concurrent` has no effect"
    } else if message.auth || !matches!(message.reply, Reply::None | Reply::One(_)) {
        "`concurrent` is for messages without a reply or with one: streams run beside other messages anyway"
    } else if message.join.is_some() || message.leave.is_some() {
        "a message that joins or leaves a channel cannot be concurrent: their order says who is in it"
    } else if by_order && matches!(message.reply, Reply::One(_)) {
        "this message cannot be concurrent: its reply is matched by order"
    } else {
        return;
    };
    cx.error(&message.ident, why);
}

/// Reports what is said of a message of the server and holds for those of a client.
fn of_server(cx: &Ctxt, message: &Message) {
    let said = [
        (
            "idempotent",
            message.idempotent,
            "the server sends a request once",
        ),
        (
            "join",
            message.join.is_some(),
            "a client joins a channel, and not the server",
        ),
        (
            "leave",
            message.leave.is_some(),
            "a client leaves a channel, and not the server",
        ),
        (
            "auth",
            message.auth,
            "a client proves who it is, and not the server",
        ),
        (
            "answers",
            matches!(message.reply, Reply::Answer),
            "what answers a request of the client is named by its `reply`",
        ),
    ];
    for (name, is_said, why) in said {
        if is_said {
            cx.error(
                &message.ident,
                format_args!("`{name}` has no effect on a message of the server: {why}"),
            );
        }
    }
}

/// A type identifies its message, and so does a tag.
fn check_unique(cx: &Ctxt, messages: &[Message]) -> bool {
    let mut is_unique = true;
    let mut types: Vec<String> = Vec::new();
    for message in messages {
        if let Some(ty) = message.payload() {
            let text = quote!(#ty).to_string();
            if types.contains(&text) {
                is_unique = false;
                cx.error(
                    ty,
                    "two messages have this type; give each a type of its own, so that the type identifies the message",
                );
            }
            types.push(text);
        }
    }
    let mut tags: Vec<(String, bool)> = Vec::new();
    for message in messages {
        let text = match &message.tag {
            None => continue,
            Some(Tag::Text(text)) => format!("{:?}", text.value()),
            Some(Tag::Integer(n)) => n.to_string(),
        };
        let mut same = tags.iter().filter(|(tag, _)| *tag == text);
        if same.any(|(_, shared)| !(*shared && message.shared)) {
            is_unique = false;
            cx.error(
                &message.ident,
                format_args!("two messages have the type {text}"),
            );
        }
        tags.push((text, message.shared));
    }
    is_unique
}
