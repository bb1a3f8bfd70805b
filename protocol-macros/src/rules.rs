//! The constraints of a field or a type: keywords of JSON Schema in Rust's spelling.

use crate::{
    handlers::pascal,
    options::{Ctxt, Options},
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, ExprLit, ExprUnary, Lit, Path, UnOp};

/// Constraints as tokens: statics to declare, and an expression of type `Rules`.
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
    let mut rules = Vec::new();
    for key in NUMBERS {
        if let Some(limit) = options
            .expr(cx, key)
            .and_then(|expr| limit(cx, &p, key, &expr))
        {
            let rule = format_ident!("{}", pascal(key));
            rules.push(quote!(#p::Rule::#rule(#limit)));
        }
    }
    for key in COUNTS {
        match options.expr(cx, key) {
            None => {}
            Some(Expr::Lit(ExprLit {
                lit: Lit::Int(n), ..
            })) => {
                let rule = format_ident!("{}", pascal(key));
                rules.push(quote!(#p::Rule::#rule(#n)));
            }
            Some(other) => cx.error(other, format_args!("`{key}` is a whole number, 0 or more")),
        }
    }
    if let Some(pattern) = options.text(cx, "pattern") {
        let ident = format_ident!("{name}_PATTERN");
        statics.extend(quote! {
            static #ident: #p::Pattern = #p::Pattern::new(#pattern);
        });
        rules.push(quote!(#p::Rule::Pattern(&#ident)));
    }
    for key in ["format", "content_encoding", "schema", "json_schema"] {
        if let Some(text) = options.text(cx, key) {
            let rule = format_ident!("{}", pascal(key));
            rules.push(quote!(#p::Rule::#rule(#text)));
        }
    }
    for key in ["unique_items", "null_apart"] {
        if options.flag(cx, key) {
            let rule = format_ident!("{}", pascal(key));
            rules.push(quote!(#p::Rule::#rule));
        }
    }
    for key in ["items", "values"] {
        if let Some(mut inner) = options.inner(cx, key) {
            let of = take(cx, krate, &mut inner, &format_ident!("{name}_ITEMS"));
            inner.finish(cx);
            statics.extend(of.statics);
            let expr = of.expr;
            rules.push(quote!(#p::Rule::Items(#expr)));
        }
    }
    let any = !rules.is_empty();
    let mut expr = quote!(&[#(#rules),*]);
    // What names a static is not promoted to one by itself.
    if !statics.is_empty() {
        statics.extend(quote!(static #name: #p::Rules = #expr;));
        expr = quote!(#name);
    }
    Rules { statics, expr, any }
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
