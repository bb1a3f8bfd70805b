//! The option `envelope` of a union of messages.

use super::{
    json,
    options::{Ctxt, Options, Value, is_none},
};
use proc_macro2::Span;
use syn::{Expr, LitStr};

/// What the option changes about the default envelope.
#[derive(Default)]
pub(crate) struct Envelope {
    pub(crate) tag: Option<LitStr>,
    /// The field of the payload; `Some(None)` if the payload's fields are beside the tag.
    pub(crate) content: Option<Option<Expr>>,
    /// The fields that are given, by their names in `EnvelopeDescriptor`; `None` if there is no such field.
    pub(crate) fields: Vec<(&'static str, Option<EnvelopeField>)>,
    pub(crate) timestamp: Option<Option<Timestamp>>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) by_order: bool,
}

/// A field of the envelope. `kind` and `presence` are variants of `FieldKind` and `Presence`.
pub(crate) enum EnvelopeField {
    /// `id = "id"`
    Optional { name: Expr, kind: &'static str },
    /// `id(name = "id", integer, required)`
    Full {
        name: LitStr,
        kind: &'static str,
        presence: &'static str,
    },
}

pub(crate) struct Timestamp {
    pub(crate) field: EnvelopeField,
    /// A variant of `TimestampForm`.
    pub(crate) form: &'static str,
}

/// The field that says whether a request succeeded, and its values as JSON.
pub(crate) struct Outcome {
    pub(crate) field: LitStr,
    pub(crate) success: LitStr,
    pub(crate) failure: LitStr,
}

/// The fields beside tag, content and timestamp, and the kind that each has by default.
const FIELDS: [(&str, &str); 6] = [
    ("id", "Text"),
    ("reply_to", "Text"),
    ("version", "Integer"),
    ("channel", "Text"),
    ("seq", "Integer"),
    ("epoch", "Text"),
];

/// Takes `envelope(…)`, or an option of another name; `None` if there is none.
pub(crate) fn take(cx: &Ctxt, options: &mut Options, name: &'static str) -> Option<Envelope> {
    let mut options = options.inner(cx, name)?;
    let tag = options.text(cx, "tag");
    let content = options.expr_or_none(cx, "content");
    let mut fields = Vec::new();
    for (name, kind) in FIELDS {
        let given = field(cx, &mut options, name, kind);
        fields.extend(given.map(|field| (name, field)));
    }
    let timestamp = timestamp(cx, &mut options);
    let outcome = outcome(cx, &mut options);
    let by_order = options.flag(cx, "by_order");
    options.finish(cx);
    Some(Envelope {
        tag,
        content,
        fields,
        timestamp,
        outcome,
        by_order,
    })
}

/// `id = "id"`, `id = none`, or `id(name = "id", integer, required)`.
fn field(
    cx: &Ctxt,
    options: &mut Options,
    name: &'static str,
    kind: &'static str,
) -> Option<Option<EnvelopeField>> {
    let option = options.take(name)?;
    match option.value {
        Value::Expr(value) if is_none(&value) => Some(None),
        Value::Expr(name) => Some(Some(EnvelopeField::Optional { name, kind })),
        Value::List(tokens) => {
            let mut inner = Options::parse(tokens)
                .map_err(|error| cx.push(error))
                .ok()?;
            let field = full_field(cx, &mut inner, option.name.span(), kind);
            inner.finish(cx);
            field.map(Some)
        }
        Value::Flag => {
            cx.at(
                option.name.span(),
                format_args!("write `{name} = \"…\"`, `{name} = none` or `{name}(…)`"),
            );
            None
        }
    }
}

fn full_field(
    cx: &Ctxt,
    inner: &mut Options,
    span: Span,
    kind: &'static str,
) -> Option<EnvelopeField> {
    let name = required(cx, inner, span, "name");
    let kind = match (inner.flag(cx, "integer"), inner.flag(cx, "text")) {
        (true, _) => "Integer",
        (_, true) => "Text",
        _ => kind,
    };
    let presence = match (inner.flag(cx, "required"), inner.flag(cx, "nullable")) {
        (true, _) => "Required",
        (_, true) => "Nullable",
        _ => "Optional",
    };
    Some(EnvelopeField::Full {
        name: name?,
        kind,
        presence,
    })
}

/// `timestamp = none` or `timestamp(name = "ts", unix_ms)`.
fn timestamp(cx: &Ctxt, options: &mut Options) -> Option<Option<Timestamp>> {
    let option = options.take("timestamp")?;
    match option.value {
        Value::Expr(value) if is_none(&value) => Some(None),
        Value::List(tokens) => {
            let mut inner = Options::parse(tokens)
                .map_err(|error| cx.push(error))
                .ok()?;
            inner.flag(cx, "rfc3339");
            let (form, kind) = match (inner.flag(cx, "unix_ms"), inner.flag(cx, "unix_s")) {
                (true, _) => ("UnixMs", "Integer"),
                (_, true) => ("UnixS", "Integer"),
                _ => ("Rfc3339", "Text"),
            };
            let field = full_field(cx, &mut inner, option.name.span(), kind);
            inner.finish(cx);
            Some(Some(Timestamp {
                field: field?,
                form,
            }))
        }
        _ => {
            cx.at(
                option.name.span(),
                "write `timestamp = none` or `timestamp(name = \"…\", rfc3339)`",
            );
            None
        }
    }
}

/// `outcome(field = "ok", success = "true", failure = "false")`
fn outcome(cx: &Ctxt, options: &mut Options) -> Option<Outcome> {
    let span = options.span("outcome")?;
    let mut inner = options.inner(cx, "outcome")?;
    let [field, success, failure] =
        ["field", "success", "failure"].map(|name| required(cx, &mut inner, span, name));
    inner.finish(cx);
    let known = success.iter().chain(&failure);
    let mut is_json = true;
    for value in known.filter(|value| !json::is_scalar(&value.value())) {
        is_json = false;
        cx.error(
            value,
            "not a value in JSON: write `\"true\"`, `\"1\"`, or a text in quotes, `\"\\\"yes\\\"\"`",
        );
    }
    if let (true, Some(success), Some(failure)) = (is_json, &success, &failure)
        && success.value() == failure.value()
    {
        cx.error(failure, "the values for success and failure differ");
    }
    Some(Outcome {
        field: field?,
        success: success?,
        failure: failure?,
    })
}

/// Takes a text that may not be missing from the options of the option at `span`.
fn required(cx: &Ctxt, inner: &mut Options, span: Span, name: &'static str) -> Option<LitStr> {
    if !inner.has(name) {
        cx.at(span, format_args!("`{name} = \"…\"` is missing"));
    }
    inner.text(cx, name)
}
