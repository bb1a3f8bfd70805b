//! What a union says of its envelope.

use crate::options::{Ctxt, Options, Value};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, Path};

/// An expression of type `EnvelopeDescriptor`.
pub(crate) fn take(cx: &Ctxt, krate: &Path, options: &mut Options) -> TokenStream {
    let t = quote!(#krate::descriptor);
    let Some(mut options) = options
        .has("envelope")
        .then(|| options.inner(cx, "envelope"))
        .flatten()
    else {
        // Asked for, so that a misspelt one is recognised.
        let _ = options.take("envelope");
        return quote!(#t::EnvelopeDescriptor::DEFAULT);
    };
    let mut changes = TokenStream::new();
    if let Some(tag) = options.text(cx, "tag") {
        changes.extend(quote!(tag: #tag,));
    }
    match options.expr(cx, "content") {
        None => {}
        Some(Expr::Path(path)) if path.path.is_ident("none") => {
            changes.extend(quote!(content: ::core::option::Option::None,));
        }
        Some(name) => changes.extend(quote!(content: ::core::option::Option::Some(#name),)),
    }
    for (name, kind) in [
        ("id", "Text"),
        ("reply_to", "Text"),
        ("version", "Integer"),
        ("channel", "Text"),
        ("seq", "Integer"),
        ("epoch", "Text"),
    ] {
        if let Some(field) = field(cx, &t, &mut options, name, kind) {
            let member = quote::format_ident!("{name}");
            changes.extend(quote!(#member: #field,));
        }
    }
    if let Some(timestamp) = timestamp(cx, &t, &mut options) {
        changes.extend(quote!(timestamp: #timestamp,));
    }
    if let Some(mut outcome) = options.inner(cx, "outcome") {
        let field = outcome.text(cx, "field");
        let success = outcome.text(cx, "success");
        let failure = outcome.text(cx, "failure");
        outcome.finish(cx);
        changes
            .extend(quote!(outcome: ::core::option::Option::Some((#field, #success, #failure)),));
    }
    if options.flag(cx, "by_order") {
        changes.extend(quote!(by_order: true,));
    }
    options.finish(cx);
    quote!(#t::EnvelopeDescriptor { #changes ..#t::EnvelopeDescriptor::DEFAULT })
}

/// `id = "id"`, `id = none`, or `id(name = "id", integer, required)`.
fn field(
    cx: &Ctxt,
    t: &TokenStream,
    options: &mut Options,
    name: &'static str,
    kind: &str,
) -> Option<TokenStream> {
    let option = options.take(name)?;
    let kind = quote::format_ident!("{kind}");
    match option.value {
        Value::Expr(Expr::Path(path)) if path.path.is_ident("none") => {
            Some(quote!(::core::option::Option::None))
        }
        Value::Expr(text) => Some(quote! {
            ::core::option::Option::Some(#t::FieldDescriptor::optional(#text, #t::FieldKind::#kind))
        }),
        Value::List(tokens) => {
            let mut inner = match Options::parse(tokens) {
                Ok(inner) => inner,
                Err(error) => {
                    cx.push(error);
                    return None;
                }
            };
            let field = full_field(cx, t, &mut inner, kind);
            inner.finish(cx);
            Some(quote!(::core::option::Option::Some(#field)))
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

fn full_field(cx: &Ctxt, t: &TokenStream, inner: &mut Options, kind: syn::Ident) -> TokenStream {
    let name = inner.text(cx, "name");
    let kind = match (inner.flag(cx, "integer"), inner.flag(cx, "text")) {
        (true, _) => quote!(Integer),
        (_, true) => quote!(Text),
        _ => quote!(#kind),
    };
    let presence = match (inner.flag(cx, "required"), inner.flag(cx, "nullable")) {
        (true, _) => quote!(Required),
        (_, true) => quote!(Nullable),
        _ => quote!(Optional),
    };
    quote!(#t::FieldDescriptor { name: #name, kind: #t::FieldKind::#kind, presence: #t::Presence::#presence })
}

/// `timestamp = none` or `timestamp(name = "ts", unix_ms)`.
fn timestamp(cx: &Ctxt, t: &TokenStream, options: &mut Options) -> Option<TokenStream> {
    let option = options.take("timestamp")?;
    match option.value {
        Value::Expr(Expr::Path(path)) if path.path.is_ident("none") => {
            Some(quote!(::core::option::Option::None))
        }
        Value::List(tokens) => {
            let mut inner = match Options::parse(tokens) {
                Ok(inner) => inner,
                Err(error) => {
                    cx.push(error);
                    return None;
                }
            };
            inner.flag(cx, "rfc3339");
            let (form, kind) = match (inner.flag(cx, "unix_ms"), inner.flag(cx, "unix_s")) {
                (true, _) => (quote!(UnixMs), "Integer"),
                (_, true) => (quote!(UnixS), "Integer"),
                _ => (quote!(Rfc3339), "Text"),
            };
            let field = full_field(cx, t, &mut inner, quote::format_ident!("{kind}"));
            inner.finish(cx);
            Some(quote!(::core::option::Option::Some((#field, #t::TimestampForm::#form))))
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
