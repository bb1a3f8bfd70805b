//! The options in the parentheses of an attribute, and the errors that parsing collects.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::cell::RefCell;
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Path, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    token,
};

/// Collects errors, so that one run reports all of them.
#[derive(Default)]
pub(crate) struct Ctxt(RefCell<Vec<syn::Error>>);

impl Ctxt {
    pub(crate) fn push(&self, error: syn::Error) {
        self.0.borrow_mut().push(error);
    }

    pub(crate) fn error(&self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn at(&self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// The errors as tokens that report them; `None` if there are none.
    pub(crate) fn finish(self) -> Option<TokenStream> {
        let errors = self.0.into_inner();
        (!errors.is_empty()).then(|| errors.iter().map(syn::Error::to_compile_error).collect())
    }
}

/// One option: `name`, `name = value`, `name(options)`, or a literal without a name.
pub(crate) struct Opt {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What follows the name of an option.
pub(crate) enum Value {
    /// Nothing.
    Flag,
    /// `= value`
    Expr(Expr),
    /// `(…)`
    List(TokenStream),
}

/// The expression without the invisible groups that a `macro_rules` macro puts around what it substitutes.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        Expr::Index(mut index) => {
            *index.expr = ungrouped(*index.expr);
            *index.index = ungrouped(*index.index);
            Expr::Index(index)
        }
        Expr::Unary(mut unary) => {
            *unary.expr = ungrouped(*unary.expr);
            Expr::Unary(unary)
        }
        other => other,
    }
}

impl Parse for Opt {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // A literal without a name is the value on the wire: `#[message("chat.send")]`.
        if input.peek(Lit) || input.peek(Token![-]) {
            let value = ungrouped(input.parse()?);
            return Ok(Self {
                name: Ident::new("wire", syn::spanned::Spanned::span(&value)),
                value: Value::Expr(value),
            });
        }
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Expr(ungrouped(input.parse()?))
        } else if input.peek(token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            Value::List(content.parse()?)
        } else {
            Value::Flag
        };
        Ok(Self { name, value })
    }
}

/// The options of one item, field or variant. Parsing takes those that it knows; the rest are errors.
#[derive(Default)]
pub(crate) struct Options {
    all: Vec<Opt>,
    /// The names that parsing has looked for.
    known: Vec<&'static str>,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let all = Punctuated::<Opt, Token![,]>::parse_terminated.parse2(tokens)?;
        Ok(Self {
            all: all.into_iter().collect(),
            known: Vec::new(),
        })
    }

    /// Removes the attributes of one name from an item and returns the options of all of them.
    pub(crate) fn take_from(cx: &Ctxt, attrs: &mut Vec<Attribute>, name: &str) -> Self {
        let mut options = Self::default();
        attrs.retain(|attr| {
            if !attr.path().is_ident(name) {
                return true;
            }
            match attr
                .meta
                .require_list()
                .and_then(|list| Self::parse(list.tokens.clone()))
            {
                Ok(more) => options.all.extend(more.all),
                Err(error) => cx.push(error),
            }
            false
        });
        options
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|option| option.name == name)
    }

    /// Whether there is an option of this name without a value.
    pub(crate) fn has_flag(&self, name: &str) -> bool {
        let mut all = self.all.iter();
        all.any(|option| option.name == name && matches!(option.value, Value::Flag))
    }

    /// Whether there is an option of this name with a value behind `=`.
    pub(crate) fn has_expr(&self, name: &str) -> bool {
        let mut all = self.all.iter();
        all.any(|option| option.name == name && matches!(option.value, Value::Expr(_)))
    }

    /// The span of an option's name.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        let option = self.all.iter().find(|option| option.name == name)?;
        Some(option.name.span())
    }

    /// Takes the first option of a name.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Opt> {
        self.known.push(name);
        let index = self.all.iter().position(|option| option.name == name)?;
        Some(self.all.remove(index))
    }

    /// Takes an option without a value.
    pub(crate) fn flag(&mut self, cx: &Ctxt, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Opt {
                value: Value::Flag, ..
            }) => true,
            Some(option) => {
                cx.at(option.name.span(), format_args!("`{name}` takes no value"));
                true
            }
        }
    }

    /// Takes `name = value`.
    pub(crate) fn expr(&mut self, cx: &Ctxt, name: &'static str) -> Option<Expr> {
        let option = self.take(name)?;
        match option.value {
            Value::Expr(expr) => Some(expr),
            _ => {
                cx.at(option.name.span(), format_args!("write `{name} = …`"));
                None
            }
        }
    }

    /// Takes `name = value`, where the value may be `none`: that is `Some(None)`.
    pub(crate) fn expr_or_none(&mut self, cx: &Ctxt, name: &'static str) -> Option<Option<Expr>> {
        let value = self.expr(cx, name)?;
        Some((!is_none(&value)).then_some(value))
    }

    /// Takes `name = "text"`.
    pub(crate) fn text(&mut self, cx: &Ctxt, name: &'static str) -> Option<LitStr> {
        let value = self.expr(cx, name)?;
        Self::string(cx, name, value)
    }

    /// Takes `name = "text"` or `name = none`, which is empty.
    pub(crate) fn text_or_none(&mut self, cx: &Ctxt, name: &'static str) -> Option<Option<LitStr>> {
        match self.expr_or_none(cx, name)? {
            Some(value) => Some(Some(Self::string(cx, name, value)?)),
            None => Some(None),
        }
    }

    /// The position of an option among those that are left.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|option| option.name == name)
    }

    fn string(cx: &Ctxt, name: &str, value: Expr) -> Option<LitStr> {
        match value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text),
            other => {
                cx.error(other, format_args!("`{name}` must be a string"));
                None
            }
        }
    }

    /// Takes `name = some::Path`.
    pub(crate) fn path(&mut self, cx: &Ctxt, name: &'static str) -> Option<Path> {
        match self.expr(cx, name)? {
            Expr::Path(path) if path.qself.is_none() => Some(path.path),
            other => {
                cx.error(other, format_args!("`{name}` must be the name of a type"));
                None
            }
        }
    }

    /// Takes `name(…)`.
    pub(crate) fn list(&mut self, cx: &Ctxt, name: &'static str) -> Option<TokenStream> {
        let option = self.take(name)?;
        match option.value {
            Value::List(tokens) => Some(tokens),
            _ => {
                cx.at(option.name.span(), format_args!("write `{name}(…)`"));
                None
            }
        }
    }

    /// Takes `name(a, b = 1)`, where the list is options again.
    pub(crate) fn inner(&mut self, cx: &Ctxt, name: &'static str) -> Option<Self> {
        match Self::parse(self.list(cx, name)?) {
            Ok(options) => Some(options),
            Err(error) => {
                cx.push(error);
                None
            }
        }
    }

    /// Takes `name(a, b)`, where each of the list is a `T`.
    pub(crate) fn items<T: Parse>(&mut self, cx: &Ctxt, name: &'static str) -> Option<Vec<T>> {
        match Punctuated::<T, Token![,]>::parse_terminated.parse2(self.list(cx, name)?) {
            Ok(items) => Some(items.into_iter().collect()),
            Err(error) => {
                cx.push(error);
                None
            }
        }
    }

    /// Takes `name` or `name = "text"`; the former is `Some(None)`.
    pub(crate) fn note(&mut self, cx: &Ctxt, name: &'static str) -> Option<Option<String>> {
        let option = self.take(name)?;
        match option.value {
            Value::Flag => Some(None),
            Value::Expr(Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            })) => Some(Some(text.value())),
            _ => {
                cx.at(
                    option.name.span(),
                    format_args!("write `{name}` or `{name} = \"why\"`"),
                );
                None
            }
        }
    }

    /// The path of the runtime: `crate = path`, or `::handfast`.
    pub(crate) fn krate(&mut self, cx: &Ctxt) -> Path {
        self.path(cx, "crate")
            .unwrap_or_else(|| syn::parse_quote!(::handfast))
    }

    /// Reports the options that were not taken. `elsewhere` says where an option goes that is known, but not here.
    pub(crate) fn finish_with(mut self, cx: &Ctxt, elsewhere: &[(&str, &str)]) {
        self.all.retain(|option| {
            let is = |(name, _): &&(&str, &str)| option.name == *name;
            let known = |known: &&str| option.name == **known;
            match elsewhere.iter().find(is) {
                Some((name, place)) if !self.known.iter().any(known) => {
                    cx.at(option.name.span(), format_args!("`{name}` goes on {place}"));
                    false
                }
                _ => true,
            }
        });
        self.finish(cx);
    }

    /// Reports the options that were not taken.
    pub(crate) fn finish(self, cx: &Ctxt) {
        for option in &self.all {
            let name = option.name.to_string();
            if self.known.iter().any(|known| *known == name) {
                cx.at(
                    option.name.span(),
                    format_args!("the option `{name}` is given twice"),
                );
                continue;
            }
            let nearest = self
                .known
                .iter()
                .filter(|known| **known != "wire" && **known != "crate")
                .map(|known| (distance(known, &name), *known))
                // Of a short word, less may be wrong: `rate` does not mean `names`.
                .filter(|(distance, _)| *distance <= (name.len() / 3).clamp(1, 3))
                .min();
            match nearest {
                _ if name == "wire" => cx.at(option.name.span(), "no value is expected here"),
                Some((_, nearest)) => {
                    cx.at(
                        option.name.span(),
                        format_args!("unknown option `{name}`; did you mean `{nearest}`?"),
                    );
                }
                None => cx.at(option.name.span(), format_args!("unknown option `{name}`")),
            }
        }
    }
}

/// Whether a value is the word `none`.
pub(crate) fn is_none(value: &Expr) -> bool {
    matches!(value, Expr::Path(path) if path.path.is_ident("none"))
}

/// The documentation among attributes.
pub(crate) fn docs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .cloned()
        .collect()
}

/// The edit distance of two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
