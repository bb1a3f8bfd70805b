//! Enums of the errors that a request may be answered with.

use super::options::{Ctxt, Options};
use proc_macro2::Ident;
use quote::quote;
use syn::{
    DataEnum, Expr, ExprLit, ExprUnary, Fields, Lit, Path, Type, UnOp, Variant, ext::IdentExt,
};

pub(crate) struct ErrorEnum {
    pub(crate) ident: Ident,
    pub(crate) errors: Vec<DeclaredError>,
}

/// A variant: one error.
pub(crate) struct DeclaredError {
    pub(crate) ident: Ident,
    /// The code; by default the variant's name.
    pub(crate) code: Option<Expr>,
    pub(crate) message: String,
    pub(crate) retryable: bool,
    pub(crate) data: Option<Type>,
    /// The type that stands for the error on its own, from which the enum is converted. If the error has data, it is the type of the data,
    /// without a box.
    pub(crate) from: Option<Path>,
}

pub(crate) fn take(
    cx: &Ctxt,
    options: &mut Options,
    ident: &Ident,
    data: &mut DataEnum,
) -> ErrorEnum {
    options.flag(cx, "errors");
    let errors: Vec<DeclaredError> = data
        .variants
        .iter_mut()
        .filter_map(|variant| error(cx, variant))
        .collect();
    for (i, error) in errors.iter().enumerate() {
        let code = spelled(error);
        if errors[..i].iter().any(|other| spelled(other) == code) {
            cx.error(
                &error.ident,
                format_args!("two errors have the code {code}: a client could not tell them apart"),
            );
        }
    }
    ErrorEnum {
        ident: ident.clone(),
        errors,
    }
}

/// The code as text, in which two that are equal are spelled alike.
fn spelled(error: &DeclaredError) -> String {
    match &error.code {
        None => format!("{:?}", error.ident.unraw().to_string()),
        Some(Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        })) => format!("{:?}", text.value()),
        Some(Expr::Lit(ExprLit {
            lit: Lit::Int(n), ..
        })) => n.base10_digits().to_owned(),
        Some(Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        })) => match &**expr {
            Expr::Lit(ExprLit {
                lit: Lit::Int(n), ..
            }) => format!("-{}", n.base10_digits()),
            other => quote!(-#other).to_string(),
        },
        Some(other) => quote!(#other).to_string(),
    }
}

fn error(cx: &Ctxt, variant: &mut Variant) -> Option<DeclaredError> {
    let mut options = Options::take_from(cx, &mut variant.attrs, "error");
    let code = options.expr(cx, "wire");
    let message = options
        .text(cx, "message")
        .map_or_else(String::new, |text| text.value());
    let retryable = options.flag(cx, "retryable");
    let data = variant.fields.iter().next().map(|field| field.ty.clone());
    let from = options.path(cx, "from");
    options.finish(cx);
    match &variant.fields {
        Fields::Unit => {}
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {}
        other => {
            cx.error(other, "an error contains one value, its data, or nothing");
            return None;
        }
    }
    Some(DeclaredError {
        ident: variant.ident.clone(),
        code,
        message,
        retryable,
        data,
        from,
    })
}
