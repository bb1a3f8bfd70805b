//! Constraints as constants.

use super::untagged_enums::kinds;
use crate::parse::{Rule, SchemaText, is_checked};
use handfast_naming::pascal;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{LitInt, Path};

/// Constraints as tokens: statics to declare, and an expression of type `Rules`.
pub(super) struct RuleTokens {
    pub(super) statics: TokenStream,
    pub(super) expr: TokenStream,
}

impl RuleTokens {
    pub(super) fn none() -> Self {
        Self {
            statics: TokenStream::new(),
            expr: quote!(&[]),
        }
    }
}

/// The constraints; `name` is a prefix of the names of the statics.
pub(super) fn rules(krate: &Path, name: &Ident, rules: &[Rule]) -> RuleTokens {
    let p = quote!(#krate::__private);
    let mut statics = TokenStream::new();
    let exprs: Vec<_> = rules
        .iter()
        .map(|rule| self::rule(krate, &p, name, rule, &mut statics))
        .collect();
    let mut expr = quote!(&[#(#exprs),*]);
    // A reference to a constant is promoted to a static, unless the constant names a static.
    if !statics.is_empty() || rules.iter().any(names_table) {
        statics.extend(quote!(static #name: #p::Rules = #expr;));
        expr = quote!(#name);
    }
    RuleTokens { statics, expr }
}

/// An expression of type `ReadResult<T>` that reads a value with these rules: `read` makes it from the rules that remain. If they are checked,
/// the schema judges the value before.
pub(super) fn with_rules(
    krate: &Path,
    of: &[Rule],
    tokens: &RuleTokens,
    read: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let expr = &tokens.expr;
    if is_checked(of) {
        let read = read(quote!(&#expr[1..]));
        quote!(#p::read_checked(r, cx, #expr, &mut |r, cx| #read))
    } else {
        read(expr.clone())
    }
}

/// Whether a rule names a table of schemas, which is a static.
fn names_table(rule: &Rule) -> bool {
    match rule {
        Rule::Schema { schema, .. } => matches!(schema, SchemaText::Of { .. }),
        Rule::Contains { schemas, .. } => schemas.iter().any(names_table),
        _ => false,
    }
}

fn rule(
    krate: &Path,
    p: &TokenStream,
    name: &Ident,
    rule: &Rule,
    statics: &mut TokenStream,
) -> TokenStream {
    let variant = |key: &str| format_ident!("{}", pascal(key));
    match rule {
        Rule::Limit {
            key,
            limit,
            is_integer,
        } => {
            let (variant, kind) = (variant(key), if *is_integer { "Int" } else { "Float" });
            let kind = format_ident!("{kind}");
            quote!(#p::Rule::#variant(#p::Limit::#kind(#limit)))
        }
        Rule::Count { key, count } => {
            let variant = variant(key);
            quote!(#p::Rule::#variant(#count))
        }
        Rule::Pattern(pattern) => {
            let ident = format_ident!("{name}_PATTERN");
            statics.extend(quote! {
                static #ident: #p::Pattern = #p::Pattern::new(#pattern);
            });
            quote!(#p::Rule::Pattern(&#ident))
        }
        Rule::Text { key, text } => {
            let variant = variant(key);
            quote!(#p::Rule::#variant(#text))
        }
        Rule::Schema { key, schema } => {
            let variant = variant(key);
            let text = schema_text(p, schema);
            quote!(#p::Rule::#variant(#text))
        }
        Rule::Implied(names) => {
            let kinds = kinds(p, names);
            quote!(#p::Rule::Implied(#kinds))
        }
        Rule::Checked => quote!(#p::Rule::Checked),
        Rule::Flag { key } => {
            let variant = variant(key);
            quote!(#p::Rule::#variant)
        }
        Rule::Items(of) => {
            let of = nested(krate, &format_ident!("{name}_ITEMS"), of, statics);
            quote!(#p::Rule::Items(#of))
        }
        Rule::PropertyNames(of) => {
            let of = nested(krate, &format_ident!("{name}_PROPERTYNAMES"), of, statics);
            quote!(#p::Rule::PropertyNames(#of))
        }
        Rule::Contains { schemas, min, max } => {
            let of = schemas
                .iter()
                .map(|schema| self::rule(krate, p, name, schema, statics));
            let of: Vec<_> = of.collect();
            let bound = |n: &Option<LitInt>| match n {
                Some(n) => quote!(#p::Some(#n)),
                None => quote!(#p::None),
            };
            let (min, max) = (bound(min), bound(max));
            quote!(#p::Rule::Contains(&#p::Contains { of: &[#(#of),*], min: #min, max: #max }))
        }
        Rule::DependentRequired { because, names } => {
            quote!(#p::Rule::DependentRequired(#because, &[#(#names),*]))
        }
    }
}

/// An expression of type `SchemaText`.
pub(super) fn schema_text(p: &TokenStream, schema: &SchemaText) -> TokenStream {
    match schema {
        SchemaText::Own(text) => quote!(#p::SchemaText::Own(#text)),
        SchemaText::Of { table, name } => quote!(#p::SchemaText::Of(&#table, #name)),
    }
}

fn nested(krate: &Path, name: &Ident, of: &[Rule], statics: &mut TokenStream) -> TokenStream {
    let of = rules(krate, name, of);
    statics.extend(of.statics);
    of.expr
}
