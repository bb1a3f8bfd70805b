//! What stands in the parentheses of an attribute.

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

/// Errors, collected: every one is told in one run.
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

    /// All of them, as tokens that report them; none where there are none.
    pub(crate) fn finish(self) -> Option<TokenStream> {
        let errors = self.0.into_inner();
        (!errors.is_empty()).then(|| errors.iter().map(syn::Error::to_compile_error).collect())
    }
}

/// Where something stands, for code that is written about it. Names in the code are the macro's own: what came out of a
/// `macro_rules!` would make others of them.
pub(crate) fn at(tokens: &impl syn::spanned::Spanned) -> Span {
    Span::call_site().located_at(tokens.span())
}

/// One option: `name`, `name = value`, `name(options)`, or a literal that stands alone.
pub(crate) struct Opt {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What an option says.
pub(crate) enum Value {
    Flag,
    Expr(Expr),
    List(TokenStream),
}

impl Parse for Opt {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // A literal alone is the wire value: `#[message("chat.send")]`.
        if input.peek(Lit) || input.peek(Token![-]) {
            let value: Expr = input.parse()?;
            return Ok(Self {
                name: Ident::new("wire", syn::spanned::Spanned::span(&value)),
                value: Value::Expr(value),
            });
        }
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Expr(input.parse()?)
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

/// The options of one place. Those that nobody takes are errors.
#[derive(Default)]
pub(crate) struct Options {
    all: Vec<Opt>,
    asked: Vec<&'static str>,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let all = Punctuated::<Opt, Token![,]>::parse_terminated.parse2(tokens)?;
        Ok(Self {
            all: all.into_iter().collect(),
            asked: Vec::new(),
        })
    }

    /// Takes our attributes of one name off an item; its options are all of theirs.
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

    /// Where an option stands.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        let option = self.all.iter().find(|option| option.name == name)?;
        Some(option.name.span())
    }

    pub(crate) fn take(&mut self, name: &'static str) -> Option<Opt> {
        self.asked.push(name);
        let place = self.all.iter().position(|option| option.name == name)?;
        Some(self.all.remove(place))
    }

    /// Takes an option that is just there, or not.
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

    /// Takes `name = "text"`.
    pub(crate) fn text(&mut self, cx: &Ctxt, name: &'static str) -> Option<LitStr> {
        match self.expr(cx, name)? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text),
            other => {
                cx.error(other, format_args!("`{name}` is a string"));
                None
            }
        }
    }

    /// Takes `name = some::Path`.
    pub(crate) fn path(&mut self, cx: &Ctxt, name: &'static str) -> Option<Path> {
        match self.expr(cx, name)? {
            Expr::Path(path) if path.qself.is_none() => Some(path.path),
            other => {
                cx.error(other, format_args!("`{name}` is the name of a type"));
                None
            }
        }
    }

    /// Takes `name(a, b = 1)`.
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

    /// Takes `name(a, b = 1)` as options.
    pub(crate) fn inner(&mut self, cx: &Ctxt, name: &'static str) -> Option<Self> {
        match Self::parse(self.list(cx, name)?) {
            Ok(options) => Some(options),
            Err(error) => {
                cx.push(error);
                None
            }
        }
    }

    /// The path of the runtime.
    pub(crate) fn krate(&mut self, cx: &Ctxt) -> Path {
        self.path(cx, "crate")
            .unwrap_or_else(|| syn::parse_quote!(::handfast))
    }

    /// Reports what nobody took.
    pub(crate) fn finish(self, cx: &Ctxt) {
        for option in &self.all {
            let name = option.name.to_string();
            if self.asked.iter().any(|asked| *asked == name) {
                cx.at(
                    option.name.span(),
                    format_args!("`{name}` stands here twice"),
                );
                continue;
            }
            let nearest = self
                .asked
                .iter()
                .filter(|asked| **asked != "wire" && **asked != "crate")
                .map(|asked| (distance(asked, &name), *asked))
                .filter(|(distance, _)| *distance <= 3)
                .min();
            match nearest {
                _ if name == "wire" => cx.at(option.name.span(), "no value is expected here"),
                Some((_, nearest)) => {
                    cx.at(
                        option.name.span(),
                        format_args!("`{name}` is no option here; did you mean `{nearest}`?"),
                    );
                }
                None => cx.at(
                    option.name.span(),
                    format_args!("`{name}` is no option here"),
                ),
            }
        }
    }
}

/// An option's text, where it is more than a flag.
pub(crate) fn note(cx: &Ctxt, options: &mut Options, name: &'static str) -> Option<Option<String>> {
    let option = options.take(name)?;
    match option.value {
        Value::Flag => Some(None),
        Value::Expr(syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
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

/// How many letters have to change to get from one word to another.
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
