//! The fields of structs, of tuples and of variants with fields.

use crate::{
    options::{Ctxt, Options},
    rules::{self, Rules},
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, Fields, Lit, Member, Path, Type, ext::IdentExt, spanned::Spanned};

/// A field, with what our attributes say of it.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) rules: Rules,
    /// What is meant where it is absent.
    pub(crate) default: Option<Expr>,
    /// What it is called while it is read.
    pub(crate) local: Ident,
}

/// Takes our attributes off the fields.
pub(crate) fn take(cx: &Ctxt, krate: &Path, fields: &mut Fields) -> Vec<Field> {
    let mut names: Vec<String> = Vec::new();
    fields
        .iter_mut()
        .enumerate()
        .map(|(i, field)| {
            let mut options = Options::take_from(cx, &mut field.attrs, "protocol");
            let rules = rules::take(cx, krate, &mut options, &format_ident!("RULES_{i}"));
            let given = options.text(cx, "name");
            let default = options.expr(cx, "default");
            if default.is_some() && optional(&field.ty).is_none() {
                cx.error(
                    &field.ty,
                    "only a field that may be absent, an `Option`, has a default",
                );
            }
            options.finish(cx);
            let name = match (&given, &field.ident) {
                (Some(text), _) => text.value(),
                (None, Some(ident)) => ident.unraw().to_string(),
                (None, None) => i.to_string(),
            };
            if names.contains(&name) {
                let span = given
                    .as_ref()
                    .map_or_else(|| field.ident.span(), |text| text.span());
                cx.at(
                    span,
                    format_args!("two fields are called `{name}` on the wire"),
                );
            }
            names.push(name.clone());
            Field {
                member: field
                    .ident
                    .clone()
                    .map_or_else(|| Member::from(i), Member::Named),
                name,
                ty: field.ty.clone(),
                rules,
                default,
                local: format_ident!("field_{i}"),
            }
        })
        .collect()
}

/// Statements that read an object into locals, each of which then is a value; the reading returns where it cannot be.
pub(crate) fn read_object(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    object_rules: &TokenStream,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let statics = fields.iter().map(|field| &field.rules.statics);
    let table = fields.iter().map(|Field { name, ty, .. }| {
        let optional = optional(ty).is_some();
        quote!(#p::Field { name: #name, optional: #optional })
    });
    let closed = match closed {
        None => quote!(::core::option::Option::None),
        Some(closed) => quote!(::core::option::Option::Some(#closed)),
    };
    let table = quote! {
        static TABLE: #p::ObjectTable = #p::ObjectTable {
            fields: &[#(#table),*],
            closed: #closed,
            rules: #object_rules,
        };
    };
    if fields.is_empty() {
        return quote! {
            #table
            if !#p::object(r, cx, &TABLE, &mut |_, _, _| ::core::result::Result::Ok(()))? {
                return ::core::result::Result::Ok(::core::option::Option::None);
            }
        };
    }
    let declare = fields.iter().map(|field| {
        let Field { local, ty, .. } = field;
        quote!(let mut #local: ::core::option::Option<#ty> = ::core::option::Option::None;)
    });
    let last = fields.len() - 1;
    let arms = fields.iter().enumerate().map(|(i, field)| {
        let Field {
            local,
            ty,
            rules: Rules { expr, .. },
            ..
        } = field;
        let pattern = if i == last { quote!(_) } else { quote!(#i) };
        quote_spanned! {ty.span()=> #pattern => #local = <#ty as #krate::Payload<'de>>::read(r, cx, #expr)?, }
    });
    // A field that may be absent and is not there is `None`.
    let settle = fields
        .iter()
        .map(|Field { local, ty, .. }| match optional(ty) {
            Some(_) => quote!(let #local = ::core::option::Option::flatten(#local);),
            None => quote! {
                let ::core::option::Option::Some(#local) = #local else {
                    return ::core::result::Result::Ok(::core::option::Option::None);
                };
            },
        });
    quote! {
        #(#statics)*
        #table
        #(#declare)*
        let kept = #p::object(r, cx, &TABLE, &mut |field, r, cx| {
            match field {
                #(#arms)*
            }
            ::core::result::Result::Ok(())
        })?;
        if !kept {
            return ::core::result::Result::Ok(::core::option::Option::None);
        }
        #(#settle)*
    }
}

/// A literal of the struct or variant at `path`, from the locals.
pub(crate) fn construct(path: &TokenStream, fields: &[Field]) -> TokenStream {
    let values = fields
        .iter()
        .map(|Field { member, local, .. }| quote!(#member: #local));
    quote!(#path { #(#values),* })
}

/// What lies in an `Option`.
fn optional(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Option")?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// Accessors of the fields that have a default: the value, or what is meant where there is none.
pub(crate) fn defaults(fields: &[Field]) -> Vec<TokenStream> {
    fields
        .iter()
        .filter_map(
            |Field {
                 member,
                 ty,
                 default,
                 ..
             }| {
                let (default, inner) = (default.as_ref()?, optional(ty)?);
                let Member::Named(name) = member else {
                    return None;
                };
                let accessor = format_ident!("{}_or_default", name.unraw());
                let docs = format!(
                    "The value of `{}`, or what is meant where it is absent.",
                    name.unraw()
                );
                Some(match default {
                    Expr::Lit(ExprLit {
                        lit: Lit::Str(text),
                        ..
                    }) => quote! {
                        #[doc = #docs]
                        pub fn #accessor(&self) -> &str {
                            self.#name.as_deref().unwrap_or(#text)
                        }
                    },
                    literal => quote! {
                        #[doc = #docs]
                        pub fn #accessor(&self) -> #inner {
                            self.#name.unwrap_or(#literal)
                        }
                    },
                })
            },
        )
        .collect()
}

/// An expression of how many fields are written, of these; `value` gives a field by reference. Spanned at the type, as
/// the reading is, and in the same words: a type that cannot be carried is told once.
pub(crate) fn count(
    krate: &Path,
    fields: &[Field],
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    let always = fields
        .iter()
        .filter(|field| optional(&field.ty).is_none())
        .count();
    let sometimes = fields.iter().filter(|field| optional(&field.ty).is_some()).map(|field| {
        let (ty, value) = (&field.ty, value(field));
        quote_spanned!(ty.span()=> + usize::from(!<#ty as #krate::Payload<'de>>::is_absent(#value)))
    });
    quote!(#always #(#sometimes)*)
}

/// Statements that write the fields into `map`.
pub(crate) fn write(
    krate: &Path,
    fields: &[Field],
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    fields
        .iter()
        .map(|field| {
            let (ty, name, value) = (&field.ty, &field.name, value(field));
            quote_spanned!(ty.span()=> <#ty as #krate::Payload<'de>>::write_field(#value, map, #name)?;)
        })
        .collect()
}
