//! The fields of structs, of tuples and of variants with fields.

use crate::{
    options::{Ctxt, Options},
    rules::{self, Rules},
};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, Fields, Index, Lit, Member, Path, Type, ext::IdentExt, spanned::Spanned};

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

impl Field {
    /// The type of its value where it is there.
    pub(crate) fn value(&self) -> &Type {
        optional(&self.ty).unwrap_or(&self.ty)
    }
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

/// Reads an object field by field and makes a value of it: an expression of type `Step<T>`, which returns from the function
/// where something is wrong. `make` is an expression of type `T` over the locals of the fields.
pub(crate) fn read_object(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    object_rules: &Rules,
    make: &TokenStream,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let statics = fields.iter().map(|field| &field.rules.statics);
    let names = fields.iter().map(|field| &field.name);
    let mut required = vec![0u64; fields.len().div_ceil(64)];
    for (i, field) in fields.iter().enumerate() {
        if optional(&field.ty).is_none() {
            required[i / 64] |= 1 << (i % 64);
        }
    }
    let required = required.into_iter().map(Literal::u64_unsuffixed);
    let closed = closed.map(|closed| quote!(object.closed(#closed);));
    let rules = object_rules.any.then(|| {
        let expr = &object_rules.expr;
        quote!(object.rules(#expr);)
    });
    let none = fields.iter().map(|_| quote!(#p::None,));
    let last = fields.len().saturating_sub(1);
    let arms = fields.iter().enumerate().map(|(i, field)| {
        let (slot, ty, rules) = (Index::from(i), field.value(), &field.rules.expr);
        let pattern = if i == last { quote!(_) } else { quote!(#i) };
        let read = if field.rules.any {
            quote!(read_ruled(&mut object, &mut slots.#slot, #rules))
        } else {
            quote!(read_field(&mut object, &mut slots.#slot))
        };
        quote_spanned! {field.ty.span()=> #pattern => <#ty as #krate::Payload<'_>>::#read, }
    });
    let fill = if fields.is_empty() {
        quote!(while object.advance().is_some() {})
    } else {
        quote! {
            while let #p::Some(field) = object.advance() {
                match field { #(#arms)* }
            }
        }
    };
    // A field that may be absent and is not there is `None`.
    let patterns = fields.iter().map(|field| {
        let local = &field.local;
        match optional(&field.ty) {
            Some(_) => quote!(#local,),
            None => quote!(#p::Some(#local),),
        }
    });
    let otherwise = fields
        .iter()
        .any(|field| optional(&field.ty).is_none())
        .then(|| quote!(_ => #p::Ok(#p::None),));
    quote! {{
        #(#statics)*
        let mut slots = (#(#none)*);
        let mut object = #p::ObjectReader::new(r, cx, &[#(#names),*], &[#(#required),*]);
        #closed
        #rules
        #fill
        match object.end() {
            #p::Ok(true) => {}
            #p::Ok(false) => return #p::Ok(#p::None),
            #p::Err(syntax) => return #p::Err(syntax),
        }
        match slots {
            (#(#patterns)*) => #p::Ok(#p::Some(#make)),
            #otherwise
        }
    }}
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

/// Statements that write the fields into `fields`; `value` gives a field by reference. Spanned at the type, as the
/// reading is, and in the same words: a type that cannot be carried is told once.
pub(crate) fn write(
    krate: &Path,
    fields: &[Field],
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    fields
        .iter()
        .map(|field| {
            let (name, value, ty) = (&field.name, value(field), field.value());
            let method = match optional(&field.ty) {
                Some(_) => quote!(write_optional),
                None => quote!(write_field),
            };
            quote_spanned!(field.ty.span()=> <#ty as #krate::Payload<'_>>::#method(#value, fields, #name);)
        })
        .collect()
}
