//! Scalars that are values on the wire.

use super::options::Ctxt;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

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
