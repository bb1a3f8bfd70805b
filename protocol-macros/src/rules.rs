//! The constraints of a field or a type: keywords of JSON Schema in Rust's spelling.

use crate::options::{Ctxt, Options};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, ExprLit, ExprUnary, Lit, Path, UnOp};

/// Constraints as tokens: statics to declare, and an expression of type `&'static Rules`.
pub(crate) struct Rules {
    pub(crate) statics: TokenStream,
    pub(crate) expr: TokenStream,
    pub(crate) any: bool,
}

const NUMBERS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusive_minimum",
    "exclusive_maximum",
    "multiple_of",
];
const COUNTS: [&str; 6] = [
    "min_length",
    "max_length",
    "min_items",
    "max_items",
    "min_properties",
    "max_properties",
];

/// Takes the constraints out of options; `name` is a stem for the statics.
pub(crate) fn take(cx: &Ctxt, krate: &Path, options: &mut Options, name: &Ident) -> Rules {
    let p = quote!(#krate::__private);
    let mut statics = TokenStream::new();
    let mut calls = TokenStream::new();
    for key in NUMBERS {
        if let Some(limit) = options
            .expr(cx, key)
            .and_then(|expr| limit(cx, &p, key, &expr))
        {
            let method = format_ident!("{key}");
            calls.extend(quote!(.#method(#limit)));
        }
    }
    for key in COUNTS {
        match options.expr(cx, key) {
            None => {}
            Some(Expr::Lit(ExprLit {
                lit: Lit::Int(n), ..
            })) => {
                let method = format_ident!("{key}");
                calls.extend(quote!(.#method(#n)));
            }
            Some(other) => cx.error(other, format_args!("`{key}` is a whole number, 0 or more")),
        }
    }
    if let Some(pattern) = options.text(cx, "pattern") {
        let ident = format_ident!("{name}_PATTERN");
        statics.extend(quote! {
            static #ident: #p::Pattern = #p::Pattern::new(#pattern);
        });
        calls.extend(quote!(.pattern(&#ident)));
    }
    for key in ["format", "content_encoding", "schema"] {
        if let Some(text) = options.text(cx, key) {
            let method = format_ident!("{key}");
            calls.extend(quote!(.#method(#text)));
        }
    }
    for key in ["unique_items", "null_apart"] {
        if options.flag(cx, key) {
            let method = format_ident!("{key}");
            calls.extend(quote!(.#method()));
        }
    }
    for key in ["items", "values"] {
        if let Some(mut inner) = options.inner(cx, key) {
            let rules = take(cx, krate, &mut inner, &format_ident!("{name}_ITEMS"));
            inner.finish(cx);
            statics.extend(rules.statics);
            let expr = rules.expr;
            calls.extend(quote!(.items(#expr)));
        }
    }
    if calls.is_empty() {
        return Rules {
            statics,
            expr: quote!(&#p::Rules::NONE),
            any: false,
        };
    }
    statics.extend(quote! {
        static #name: #p::Rules = #p::Rules::NONE #calls;
    });
    Rules {
        statics,
        expr: quote!(&#name),
        any: true,
    }
}

fn limit(cx: &Ctxt, p: &TokenStream, key: &str, expr: &Expr) -> Option<TokenStream> {
    let number = match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => expr,
        other => other,
    };
    match number {
        Expr::Lit(ExprLit {
            lit: Lit::Int(_), ..
        }) => Some(quote!(#p::Limit::Int(#expr))),
        Expr::Lit(ExprLit {
            lit: Lit::Float(_), ..
        }) => Some(quote!(#p::Limit::Float(#expr))),
        _ => {
            cx.error(expr, format_args!("`{key}` is a number"));
            None
        }
    }
}
