//! Tokens that every kind of item needs.

use crate::parse::{Constant, Tag};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprLit, Lit, spanned::Spanned};

/// The span of tokens, for code that is generated about them. Names in the code are resolved as the macro's own: inside a
/// `macro_rules!` those of the caller's hygiene would be others.
pub(super) fn at(tokens: &impl Spanned) -> Span {
    Span::call_site().located_at(tokens.span())
}

/// A name as an identifier; a keyword is written raw.
pub(super) fn ident(name: &str) -> Ident {
    let name = handfast_naming::rust_ident(name);
    match name.strip_prefix("r#") {
        Some(keyword) => Ident::new_raw(keyword, Span::call_site()),
        None => Ident::new(&name, Span::call_site()),
    }
}

/// `Some(tokens)` or `None`.
pub(super) fn option(value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// A duration of a number of milliseconds.
pub(super) fn millis(ms: impl ToTokens) -> TokenStream {
    quote!(::core::time::Duration::from_millis(#ms))
}

/// The value of a tag. `t` is the path of `descriptor`, and `ty` `Tag` or `TagRef`.
pub(super) fn tag(t: &TokenStream, ty: &str, tag: &Tag) -> TokenStream {
    let ty = Ident::new(ty, Span::call_site());
    match tag {
        Tag::Text(text) => quote!(#t::#ty::Text(#text)),
        Tag::Integer(n) => {
            let n = Literal::i64_suffixed(*n);
            quote!(#t::#ty::Integer(#n))
        }
    }
}

/// An expression of type `Constant`.
pub(super) fn constant(p: &TokenStream, value: &Constant) -> TokenStream {
    match value {
        Constant::Null => quote!(#p::Constant::Null),
        Constant::Boolean(b) => quote!(#p::Constant::Boolean(#b)),
        Constant::Integer(n) => quote!(#p::Constant::Integer(#n)),
        Constant::Float(x) => quote!(#p::Constant::Float(#x)),
        Constant::Text(text) => quote!(#p::Constant::Text(#text)),
    }
}

/// The value of a tag that is given as an expression: text if it is a string, otherwise an integer.
pub(super) fn tag_of(t: &TokenStream, value: &Expr) -> TokenStream {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => quote!(#t::Tag::Text(#text)),
        number => quote!(#t::Tag::Integer(#number)),
    }
}
