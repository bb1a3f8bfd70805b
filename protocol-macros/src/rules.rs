//! The constraints of a field or a type: keywords of JSON Schema in Rust's spelling.

use crate::{
    handlers::pascal,
    options::{Ctxt, Options},
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Expr, ExprIndex, ExprLit, ExprUnary, Lit, LitInt, Path, UnOp};

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
    rules.extend(texts(cx, &p, options, &["format", "content_encoding"]));
    let schemas = schemas(cx, &p, options);
    let mut names_static = schemas.names_static;
    rules.extend(schemas.rules);
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
    let (contains, of_static) = contains(cx, &p, options);
    rules.extend(contains);
    names_static |= of_static || !statics.is_empty();
    let any = !rules.is_empty();
    let mut expr = quote!(&[#(#rules),*]);
    // What names a static is not promoted to one by itself.
    if names_static {
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

/// Schemas that are kept as JSON.
struct SchemaRules {
    rules: Vec<TokenStream>,
    /// Whether any is one of a table.
    names_static: bool,
}

/// `schema = "…"`, `schema = DEFINITIONS["Name"]`
fn schemas(cx: &Ctxt, p: &TokenStream, options: &mut Options) -> SchemaRules {
    let mut all = SchemaRules {
        rules: Vec::new(),
        names_static: false,
    };
    for key in ["schema", "json_schema"] {
        let Some(expr) = options.expr(cx, key) else {
            continue;
        };
        let text = match &expr {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => quote!(#p::SchemaText::Own(#text)),
            Expr::Index(ExprIndex { expr, index, .. })
                if matches!((&**expr, &**index), (Expr::Path(_), Expr::Lit(_))) =>
            {
                all.names_static = true;
                quote!(#p::SchemaText::Of(&#expr, #index))
            }
            other => {
                cx.error(
                    other,
                    format_args!(
                        "`{key}` is a string, or one of a table of schemas: `DEFINITIONS[\"Name\"]`"
                    ),
                );
                continue;
            }
        };
        let rule = format_ident!("{}", pascal(key));
        all.rules.push(quote!(#p::Rule::#rule(#text)));
    }
    all
}

/// `contains(schema = "…", min = 1, max = 3)`, and whether it names a static.
fn contains(cx: &Ctxt, p: &TokenStream, options: &mut Options) -> (Option<TokenStream>, bool) {
    let span = options.span("contains");
    let Some(mut inner) = options.inner(cx, "contains") else {
        return (None, false);
    };
    let [min, max] = ["min", "max"].map(|key| match count(cx, &mut inner, key) {
        Some(n) => quote!(#p::Some(#n)),
        None => quote!(#p::None),
    });
    let SchemaRules {
        rules: of,
        names_static,
    } = schemas(cx, p, &mut inner);
    inner.finish(cx);
    if let ([], Some(span)) = (of.as_slice(), span) {
        cx.at(
            span,
            "`contains` says of what: write `contains(schema = \"…\")`",
        );
    }
    let rule = quote!(#p::Rule::Contains(&#p::Contains { of: &[#(#of),*], min: #min, max: #max }));
    (Some(rule), names_static)
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
