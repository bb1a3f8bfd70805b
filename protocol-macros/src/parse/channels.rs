//! Structs that are channels: the parameters of a key.

use super::{
    fields::{self, Field, FieldRole},
    options::{Ctxt, Options, docs},
};
use handfast_naming::{
    key::{self, Part},
    snake,
};
use proc_macro2::Ident;
use syn::{Attribute, DataStruct, Expr, Fields, LitStr, Path, ext::IdentExt};

pub(crate) struct Channel {
    pub(crate) ident: Ident,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) name: String,
    /// The pattern of its keys.
    pub(crate) pattern: String,
    pub(crate) key: Vec<KeyPart>,
    pub(crate) fields: Vec<Field>,
    pub(crate) join: Option<Path>,
    pub(crate) leave: Option<Path>,
    /// Whether the messages have more fields than the parameters, so that they cannot be made from those.
    pub(crate) join_more: bool,
    pub(crate) leave_more: bool,
    pub(crate) history: Option<History>,
    pub(crate) presence: Option<Presence>,
}

/// A part of a channel's key.
pub(crate) enum KeyPart {
    Text(String),
    /// The field at this index.
    Field(usize),
}

pub(crate) struct History {
    pub(crate) size: Expr,
    pub(crate) ttl_ms: Option<Expr>,
    pub(crate) bytes: Option<Expr>,
}

/// Its members learn who else is in it.
#[derive(Default)]
pub(crate) struct Presence {
    /// The type of what is said of each.
    pub(crate) info: Option<Path>,
    pub(crate) members: Option<Expr>,
}

pub(crate) fn take(
    cx: &Ctxt,
    options: &mut Options,
    ident: &Ident,
    attrs: &[Attribute],
    data: &mut DataStruct,
) -> Option<Channel> {
    let pattern = options.text(cx, "channel")?;
    let name = options
        .text(cx, "name")
        .map_or_else(|| snake(&ident.unraw().to_string()), |n| n.value());
    let join = options.path(cx, "join");
    let leave = options.path(cx, "leave");
    let join_more = options.flag(cx, "join_more");
    let leave_more = options.flag(cx, "leave_more");
    let history = history(cx, options);
    let presence = presence(cx, options);
    if matches!(data.fields, Fields::Unnamed(_)) {
        cx.error(ident, "the parameters of a channel are named fields");
        return None;
    }
    let fields = fields::take(cx, &mut data.fields);
    for field in &fields {
        if field.role != FieldRole::One {
            cx.error(
                &field.member,
                "a parameter of a channel is in every key: omit `optional` and `rest`",
            );
        }
        fields::no_default(
            cx,
            field,
            "a parameter of a channel is in every key: omit `default`",
        );
    }
    let key = key(cx, &pattern, &fields)?;
    Some(Channel {
        ident: ident.clone(),
        docs: docs(attrs),
        name,
        pattern: pattern.value(),
        key,
        fields,
        join,
        leave,
        join_more,
        leave_more,
        history,
        presence,
    })
}

/// `presence`, or `presence(info = Member, members = 100)`
fn presence(cx: &Ctxt, options: &mut Options) -> Option<Presence> {
    if options.has_flag("presence") {
        options.flag(cx, "presence");
        return Some(Presence::default());
    }
    let mut inner = options.inner(cx, "presence")?;
    let presence = Presence {
        info: inner.path(cx, "info"),
        members: inner.expr(cx, "members"),
    };
    inner.finish(cx);
    Some(presence)
}

/// `history(size = 100, ttl_ms = 60000, bytes = 65536)`
fn history(cx: &Ctxt, options: &mut Options) -> Option<History> {
    let span = options.span("history")?;
    let mut inner = options.inner(cx, "history")?;
    let size = inner.expr(cx, "size");
    let ttl_ms = inner.expr(cx, "ttl_ms");
    let bytes = inner.expr(cx, "bytes");
    inner.finish(cx);
    let Some(size) = size else {
        cx.at(span, "a history needs a size: `history(size = 100)`");
        return None;
    };
    Some(History {
        size,
        ttl_ms,
        bytes,
    })
}

/// The parts of the key. Every parameter is a field, and every field fills a hole.
fn key(cx: &Ctxt, pattern: &LitStr, fields: &[Field]) -> Option<Vec<KeyPart>> {
    let text = pattern.value();
    let mut parts = Vec::new();
    for part in key::parts(&text) {
        match part {
            Ok(Part::Text(text)) => parts.push(KeyPart::Text(text.into_owned())),
            Ok(Part::Param(name)) => {
                let Some(index) = fields.iter().position(|field| field.name == name) else {
                    cx.at(pattern.span(), format_args!("no field is called `{name}`"));
                    return None;
                };
                if let Some(KeyPart::Field(_)) = parts.last() {
                    cx.at(
                        pattern.span(),
                        format_args!("`{{{name}}}` directly follows another parameter: two channels could have the same key"),
                    );
                    return None;
                }
                parts.push(KeyPart::Field(index));
            }
            Err(error) => {
                cx.at(pattern.span(), error);
                return None;
            }
        }
    }
    for (i, field) in fields.iter().enumerate() {
        if !parts
            .iter()
            .any(|part| matches!(part, KeyPart::Field(index) if *index == i))
        {
            cx.error(
                &field.member,
                format_args!(
                    "the key `{text}` has no `{{{}}}`: the field changes nothing",
                    field.name
                ),
            );
        }
    }
    Some(parts)
}
