//! Scalars that are values on the wire.

use super::{
    enums::no_variant,
    options::{Ctxt, Options},
    rules::{self, Rule},
    untagged::kinds,
};
use proc_macro2::Ident;
use syn::{DataEnum, Expr, ExprLit, ExprUnary, Fields, Lit, UnOp, ext::IdentExt};

/// An enum whose variants are scalars on the wire, not all of them strings.
pub(crate) struct ConstantEnum {
    pub(crate) ident: Ident,
    /// The variants, and their values.
    pub(crate) values: Vec<(Ident, Constant)>,
    /// The types that its schema names.
    pub(crate) types: Vec<&'static str>,
    /// Whether its schema is a `const`.
    pub(crate) constant: bool,
    /// The schema that judges the value, if it is checked.
    pub(crate) rules: Vec<Rule>,
    pub(crate) deserialize: bool,
}

/// Whether a variant of an enum says that it is a value other than a string.
pub(crate) fn names_values(data: &DataEnum) -> bool {
    let mut attrs = data.variants.iter().flat_map(|variant| &variant.attrs);
    attrs.any(|attr| {
        let options = || Options::parse(attr.meta.require_list().ok()?.tokens.clone()).ok();
        attr.path().is_ident("protocol") && options().is_some_and(|options| options.has("value"))
    })
}

impl ConstantEnum {
    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataEnum,
    ) -> Option<Self> {
        let types = kinds(cx, options, "types").unwrap_or_default();
        let constant = options.flag(cx, "constant");
        let mut values: Vec<(Ident, Constant)> = Vec::new();
        for variant in &mut data.variants {
            let mut options = Options::take_from(cx, &mut variant.attrs, "protocol");
            let value = options.expr(cx, "value");
            let name = options.text(cx, "name");
            options.finish(cx);
            if let (Some(_), Some(name)) = (&value, &name) {
                cx.error(
                    name,
                    "the value of this variant is `value = …`: omit `name`",
                );
            }
            if !matches!(variant.fields, Fields::Unit) {
                cx.error(&variant.ident, "a variant that is a constant has no fields");
                continue;
            }
            let value = match (value, name) {
                (Some(value), _) => Constant::of(cx, &value),
                (None, Some(name)) => Some(Constant::Text(name.value())),
                (None, None) => Some(Constant::Text(variant.ident.unraw().to_string())),
            };
            let Some(value) = value else { continue };
            if values.iter().any(|(_, known)| known.equals(&value)) {
                cx.error(&variant.ident, "two variants have this value on the wire");
            }
            values.push((variant.ident.clone(), value));
        }
        if values.is_empty() {
            return no_variant(cx, ident);
        }
        Some(Self {
            ident: ident.clone(),
            values,
            types,
            constant,
            rules: rules::checked(cx, options),
            deserialize: options.flag(cx, "deserialize"),
        })
    }
}

/// A scalar that is a value on the wire.
#[derive(Clone, PartialEq)]
pub(crate) enum Constant {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Constant {
    /// `null`, `true`, `-3`, `1.5`, `"text"`
    pub(crate) fn of(cx: &Ctxt, expr: &Expr) -> Option<Self> {
        let constant = Self::parse(expr);
        if constant.is_none() {
            cx.error(
                expr,
                "a value is a string, a number, `true`, `false` or `null`; an integer has at most 64 bits",
            );
        }
        constant
    }

    fn parse(expr: &Expr) -> Option<Self> {
        let (negative, expr) = match expr {
            Expr::Unary(ExprUnary {
                op: UnOp::Neg(_),
                expr,
                ..
            }) => (true, &**expr),
            other => (false, other),
        };
        if let Expr::Path(path) = expr {
            return (!negative && path.path.is_ident("null")).then_some(Self::Null);
        }
        let Expr::Lit(ExprLit { lit, .. }) = expr else {
            return None;
        };
        match lit {
            Lit::Int(n) => {
                let sign = if negative { "-" } else { "" };
                let text = format!("{sign}{}", n.base10_digits());
                text.parse().ok().map(Self::Integer)
            }
            Lit::Float(x) => {
                let x: f64 = x.base10_parse().ok()?;
                Some(Self::Float(if negative { -x } else { x }))
            }
            Lit::Str(text) if !negative => Some(Self::Text(text.value())),
            Lit::Bool(b) if !negative => Some(Self::Boolean(b.value)),
            _ => None,
        }
    }

    /// Whether two constants are one value of JSON.
    fn equals(&self, other: &Self) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "numbers compare as doubles")]
        let number = |constant: &Self| match constant {
            Self::Integer(n) => Some(*n as f64),
            Self::Float(x) => Some(*x),
            _ => None,
        };
        match (number(self), number(other)) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }

    /// The name of its kind.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) | Self::Float(_) => "number",
            Self::Text(_) => "string",
        }
    }
}
