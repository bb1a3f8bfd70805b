//! Enums without a tag: unions whose branches are selected by kinds, by guards on their members, or by schemas.

use super::{
    constants::Constant,
    options::{Ctxt, Options},
    rules::{self, Rule, SchemaText},
    variants::Content,
};
use proc_macro2::{Ident, Span};
use syn::{
    DataEnum, Expr, LitStr, Token,
    ext::IdentExt,
    parse::{Parse, ParseStream},
};

/// An enum whose variants are selected without a tag.
pub(crate) struct UntaggedEnum {
    pub(crate) ident: Ident,
    pub(crate) variants: Vec<UntaggedVariant>,
    /// The schema, which words the violations, or judges the value if it is checked.
    pub(crate) rules: Vec<Rule>,
    /// Which values are valid, where the branches are read in turn.
    pub(crate) attempts: Option<Attempts>,
    pub(crate) deserialize: bool,
}

/// Which values a union takes whose branches are read in turn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempts {
    AnyOf,
    OneOf,
}

pub(crate) struct UntaggedVariant {
    pub(crate) ident: Ident,
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) guards: Vec<Guard>,
    /// The schema of the branch.
    pub(crate) schema: Option<SchemaText>,
    pub(crate) content: UntaggedContent,
}

#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each variant of an enum, for a moment"
)]
pub(crate) enum UntaggedContent {
    Constant(Constant),
    Value(Content),
}

/// What the objects of a branch have.
pub(crate) enum Guard {
    Has(String),
    Lacks(String),
    Value(String, Vec<Constant>),
}

/// The names of kinds.
pub(crate) const KINDS: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

impl UntaggedEnum {
    /// Whether every value is an object, so that its members can be written among others.
    pub(crate) fn is_object(&self) -> bool {
        self.variants
            .iter()
            .all(|variant| variant.kinds == ["object"])
    }

    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataEnum,
    ) -> Option<Self> {
        options.flag(cx, "untagged");
        if let Some(tag) = options.take("tag") {
            cx.at(
                tag.name.span(),
                "an enum is either `untagged` or has a `tag`",
            );
        }
        let mut variants: Vec<UntaggedVariant> = Vec::new();
        for variant in &mut data.variants {
            let mut options = Options::take_from(cx, &mut variant.attrs, "protocol");
            let taken = UntaggedVariant::take(cx, &mut options, variant);
            options.finish(cx);
            if let Some(taken) = taken {
                let is_rest = UntaggedVariant::takes_the_rest;
                if is_rest(&taken) && variants.iter().any(is_rest) {
                    cx.error(
                        &variant.ident,
                        "only one variant can take what no other takes: say what selects this one, such as `kinds(object)`",
                    );
                }
                variants.push(taken);
            }
        }
        if variants.is_empty() {
            return super::enums::no_variant(cx, ident);
        }
        let attempts = attempts(cx, options);
        let rules = rules::take_schema(cx, options);
        if let Some((attempts, span)) = attempts {
            check_attempts(cx, (attempts, span), &rules, &variants);
        } else if !rules.is_empty() && !rules::is_checked(&rules) {
            let by_schema = variants.iter().find(|variant| variant.schema.is_some());
            if let Some(variant) = by_schema {
                cx.error(
                    &variant.ident,
                    "`branch` needs a verdict of the schema: write `checked`, `any_of` or `one_of` beside the `schema` of the enum",
                );
            }
        }
        Some(Self {
            ident: ident.clone(),
            variants,
            rules,
            attempts: attempts.map(|(attempts, _)| attempts),
            deserialize: options.flag(cx, "deserialize"),
        })
    }
}

/// `any_of` or `one_of`
fn attempts(cx: &Ctxt, options: &mut Options) -> Option<(Attempts, Span)> {
    let mut found = None;
    for (key, attempts) in [("any_of", Attempts::AnyOf), ("one_of", Attempts::OneOf)] {
        let span = options.span(key);
        if options.flag(cx, key)
            && let Some(span) = span
        {
            if found.is_some() {
                cx.at(span, "a union is either `any_of` or `one_of`");
            }
            found = Some((attempts, span));
        }
    }
    found
}

/// What a union needs whose branches are read in turn.
fn check_attempts(
    cx: &Ctxt,
    (attempts, span): (Attempts, Span),
    rules: &[Rule],
    variants: &[UntaggedVariant],
) {
    let name = match attempts {
        Attempts::AnyOf => "any_of",
        Attempts::OneOf => "one_of",
    };
    if rules.is_empty() {
        let needs = format_args!(
            "`{name}` needs the schema that says why no branch takes a value: `{name}, schema = …`"
        );
        cx.at(span, needs);
    }
    if rules::is_checked(rules) {
        let both = format_args!(
            "the types of the variants say which values are valid (`{name}`), or the schema does (`checked`)"
        );
        cx.at(span, both);
    }
    for variant in variants {
        if variant.schema.is_none() && matches!(variant.content, UntaggedContent::Value(_)) {
            let needs = format_args!("`{name}` needs the schema of each variant: `branch = …`");
            cx.error(&variant.ident, needs);
        }
        if !variant.guards.is_empty() {
            let needs =
                format_args!("a variant that its members select is not tried: omit `{name}`");
            cx.error(&variant.ident, needs);
        }
    }
}

impl UntaggedVariant {
    fn takes_the_rest(&self) -> bool {
        self.kinds.is_empty() && self.guards.is_empty() && self.schema.is_none()
    }

    fn take(cx: &Ctxt, options: &mut Options, variant: &mut syn::Variant) -> Option<Self> {
        let mut kinds = kinds(cx, options, "kinds").unwrap_or_default();
        let is_constant = options.has_expr("value");
        let (guards, constant) = guards(cx, options);
        let schema = options
            .expr(cx, "branch")
            .and_then(|expr| rules::schema_text(cx, "branch", expr));
        let rules = rules::take(cx, options);
        let ident = variant.ident.clone();
        if !guards.is_empty() && !kinds.is_empty() && !kinds.contains(&"object") {
            cx.error(
                &ident,
                "only objects have members to look at: add `object` to `kinds`",
            );
        }
        // Only objects have members.
        if !guards.is_empty() && kinds.is_empty() {
            kinds = vec!["object"];
        }
        let content = match (&variant.fields, constant) {
            (syn::Fields::Unit, Some(constant)) => {
                if !kinds.is_empty() {
                    cx.error(&ident, "`value = …` says the kind; omit `kinds`");
                }
                kinds = vec![constant.kind()];
                UntaggedContent::Constant(constant)
            }
            (syn::Fields::Unnamed(fields), None) if fields.unnamed.len() == 1 => {
                UntaggedContent::Value(Content::take(cx, variant, rules)?)
            }
            (syn::Fields::Unnamed(_), Some(_)) => {
                cx.error(
                    &ident,
                    "`value = …` goes on a variant without fields; a guard on a member is `value(\"name\" = …)`",
                );
                return None;
            }
            // The value has an error.
            (syn::Fields::Unit, None) if is_constant => return None,
            _ => {
                cx.error(
                    &ident,
                    "a variant of an `untagged` enum contains one value, or is a constant: `#[protocol(value = …)]`",
                );
                return None;
            }
        };
        Some(Self {
            ident,
            kinds,
            guards,
            schema,
            content,
        })
    }
}

/// `key(string, object, …)`
pub(crate) fn kinds(
    cx: &Ctxt,
    options: &mut Options,
    key: &'static str,
) -> Option<Vec<&'static str>> {
    let names = options.items::<AnyIdent>(cx, key)?;
    let known = names.into_iter().filter_map(|AnyIdent(name)| {
        let known = KINDS.iter().find(|kind| name == **kind).copied();
        if known.is_none() {
            let all = KINDS.join("`, `");
            cx.error(&name, format_args!("a kind is one of `{all}`"));
        }
        known
    });
    Some(known.collect())
}

/// A name that may be a keyword.
struct AnyIdent(Ident);

impl Parse for AnyIdent {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ident::parse_any(input).map(Self)
    }
}

/// `has("a", "b")`, `lacks("c")`, `value("kind" = "x" | "y")`; and the constant of `value = …`.
fn guards(cx: &Ctxt, options: &mut Options) -> (Vec<Guard>, Option<Constant>) {
    let mut guards = Vec::new();
    let kinds: [(_, fn(_) -> _); 2] = [("has", Guard::Has), ("lacks", Guard::Lacks)];
    for (key, guard) in kinds {
        while options.has(key) {
            let names = options.items::<LitStr>(cx, key).unwrap_or_default();
            guards.extend(names.iter().map(|name| guard(name.value())));
        }
    }
    let mut constant = None;
    while let Some(option) = options.take("value") {
        match option.value {
            super::options::Value::Expr(expr) if constant.is_none() => {
                constant = Constant::of(cx, &expr);
            }
            super::options::Value::List(tokens) => {
                let guard = syn::parse2(tokens).unwrap_or_else(|_| {
                    cx.at(option.name.span(), "write `value(\"name\" = …)`");
                    ValueGuard(LitStr::new("", option.name.span()), Vec::new())
                });
                let values = guard.1.iter().filter_map(|value| Constant::of(cx, value));
                guards.push(Guard::Value(guard.0.value(), values.collect()));
            }
            _ => cx.at(
                option.name.span(),
                "write `value(\"name\" = …)` for the value of a member, or `value = …` once for a constant",
            ),
        }
    }
    (guards, constant)
}

/// `"name" = value | value`
struct ValueGuard(LitStr, Vec<Expr>);

impl Parse for ValueGuard {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        let mut values = Vec::new();
        fn flat(expr: Expr, into: &mut Vec<Expr>) {
            match expr {
                Expr::Binary(binary) if matches!(binary.op, syn::BinOp::BitOr(_)) => {
                    flat(*binary.left, into);
                    flat(*binary.right, into);
                }
                one => into.push(one),
            }
        }
        flat(input.parse()?, &mut values);
        Ok(Self(name, values))
    }
}
