//! The constraints of a field or a type: keywords of JSON Schema in Rust's spelling.

use crate::{
    handlers::pascal,
    options::{Ctxt, Options},
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, ExprLit, ExprUnary, Lit, LitInt, Path, UnOp};

/// Constraints as tokens: statics to declare, and an expression of type `Rules`.
pub(crate) struct Rules {
    pub(crate) statics: TokenStream,
    pub(crate) expr: TokenStream,
    pub(crate) any: bool,
}

impl Rules {
    pub(crate) fn none() -> Self {
        Self {
            statics: TokenStream::new(),
            expr: quote!(&[]),
            any: false,
        }
    }
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
    take_beside(cx, krate, options, name, Vec::new())
}

/// The same, with rules that were taken already.
pub(crate) fn take_beside(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    name: &Ident,
    mut rules: Vec<TokenStream>,
) -> Rules {
    let p = quote!(#krate::__private);
    let mut statics = TokenStream::new();
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
        if let Some(n) = count(cx, options, key) {
            let rule = format_ident!("{}", pascal(key));
            rules.push(quote!(#p::Rule::#rule(#n)));
        }
    }
    if let Some(pattern) = options.text(cx, "pattern") {
        let ident = format_ident!("{name}_PATTERN");
        statics.extend(quote! {
            static #ident: #p::Pattern = #p::Pattern::new(#pattern);
        });
        rules.push(quote!(#p::Rule::Pattern(&#ident)));
    }
    rules.extend(texts(
        cx,
        &p,
        options,
        &["format", "content_encoding", "schema", "json_schema"],
    ));
    for key in ["unique_items", "null_apart"] {
        if options.flag(cx, key) {
            let rule = format_ident!("{}", pascal(key));
            rules.push(quote!(#p::Rule::#rule));
        }
    }
    for (key, rule) in [
        ("items", "Items"),
        ("values", "Items"),
        ("names", "PropertyNames"),
    ] {
        if let Some(mut inner) = options.inner(cx, key) {
            let stem = format_ident!("{name}_{rule}").to_string().to_uppercase();
            let of = take(cx, krate, &mut inner, &format_ident!("{stem}"));
            inner.finish(cx);
            statics.extend(of.statics);
            let (rule, expr) = (format_ident!("{rule}"), of.expr);
            rules.push(quote!(#p::Rule::#rule(#expr)));
        }
    }
    rules.extend(contains(cx, &p, options));
    let any = !rules.is_empty();
    let mut expr = quote!(&[#(#rules),*]);
    // What names a static is not promoted to one by itself.
    if !statics.is_empty() {
        statics.extend(quote!(static #name: #p::Rules = #expr;));
        expr = quote!(#name);
    }
    Rules { statics, expr, any }
}

fn texts(
    cx: &Ctxt,
    p: &TokenStream,
    options: &mut Options,
    keys: &[&'static str],
) -> Vec<TokenStream> {
    let rule = |key: &&'static str| {
        let text = options.text(cx, key)?;
        let rule = format_ident!("{}", pascal(key));
        Some(quote!(#p::Rule::#rule(#text)))
    };
    keys.iter().filter_map(rule).collect()
}

/// `contains(schema = "…", min = 1, max = 3)`
fn contains(cx: &Ctxt, p: &TokenStream, options: &mut Options) -> Option<TokenStream> {
    let span = options.span("contains");
    let mut inner = options.inner(cx, "contains")?;
    let [min, max] = ["min", "max"].map(|key| match count(cx, &mut inner, key) {
        Some(n) => quote!(#p::Some(#n)),
        None => quote!(#p::None),
    });
    let of = texts(cx, p, &mut inner, &["schema", "json_schema"]);
    inner.finish(cx);
    if let ([], Some(span)) = (of.as_slice(), span) {
        cx.at(
            span,
            "`contains` says of what: write `contains(schema = \"…\")`",
        );
    }
    Some(quote!(#p::Rule::Contains(&#p::Contains { of: &[#(#of),*], min: #min, max: #max })))
}

fn count(cx: &Ctxt, options: &mut Options, key: &'static str) -> Option<LitInt> {
    match options.expr(cx, key)? {
        Expr::Lit(ExprLit {
            lit: Lit::Int(n), ..
        }) => Some(n),
        other => {
            cx.error(other, format_args!("`{key}` is a whole number, 0 or more"));
            None
        }
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
