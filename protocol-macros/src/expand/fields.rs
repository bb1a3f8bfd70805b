//! Reading and writing the fields of an object.

use super::{
    rules::{RuleTokens, rules},
    tokens::at,
};
use crate::parse::{Field, has_known_name, is_checked, option_of};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprLit, Lit, Member, Path, ext::IdentExt};

/// The runtime has a function for each number of fields up to this one.
const MAX_FIELDS: usize = 16;

/// The body of `Payload::fields` of a struct.
pub(super) fn fields_body(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    own: &RuleTokens,
    rest: Option<&Field>,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let make = construct(&quote!(Self), fields, rest);
    if fields.len() > MAX_FIELDS || rest.is_some() {
        let read = read(krate, fields, closed, own, &make, rest);
        let write = write(krate, fields, |Field { member, .. }| quote!(&this.#member));
        let write_rest = rest.map(|Field { member, .. }| {
            let names = fields.iter().map(|field| &field.name);
            quote!(fields.rest(&[#(#names),*], &this.#member);)
        });
        return quote! {
            match pass {
                #p::Pass::Read(r, cx) => #read,
                #p::Pass::Write(this, mut fields) => {
                    let fields = &mut fields;
                    #write
                    #write_rest
                    #p::Ok(#p::None)
                }
            }
        };
    }
    let function = format_ident!("fields{}", fields.len());
    let types = fields.iter().map(|field| &field.ty);
    let (statics, table) = struct_fields(krate, fields, closed, own);
    let (locals, members) = (
        fields.iter().map(|field| &field.local),
        fields.iter().map(|field| &field.member),
    );
    quote! {
        #statics
        #p::#function::<#(#types,)* Self>(pass, #table, |#(#locals),*| #make, |this| (#(&this.#members,)*))
    }
}

/// The names and rules of an object's fields: statics, and an expression of type `&'static StructFields`.
fn struct_fields(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    own: &RuleTokens,
) -> (TokenStream, TokenStream) {
    let p = quote!(#krate::__private);
    let names = fields.iter().map(|field| &field.name);
    let quick = fields.iter().all(|field| {
        let needs_escape = |c| matches!(c, '"' | '\\' | '\0'..' ');
        !field.name.contains(needs_escape) && !is_checked(&field.rules)
    });
    let of_fields: Vec<RuleTokens> = fields
        .iter()
        .enumerate()
        .map(|(i, field)| rules(krate, &format_ident!("RULES_{i}"), &field.rules))
        .collect();
    let rules = if fields.iter().any(|field| !field.rules.is_empty()) {
        let rules = of_fields.iter().map(|rules| &rules.expr);
        quote!(&[#(#rules),*])
    } else {
        quote!(&[])
    };
    let closed = closed.map_or_else(|| quote!(#p::None), |closed| quote!(#p::Some(#closed)));
    let all = &own.expr;
    let table = quote!(#p::StructFields { names: &[#(#names),*], quick: #quick, rules: #rules, closed: #closed, own: #all });
    let statics: TokenStream = of_fields
        .iter()
        .chain([own])
        .map(|rules| rules.statics.clone())
        .collect();
    // A reference to a constant is promoted to a static, unless the constant names a static.
    if statics.is_empty() {
        (statics, quote!(&#table))
    } else {
        (
            quote!(#statics static FIELDS: #p::StructFields = #table;),
            quote!(&FIELDS),
        )
    }
}

/// Reads an object and makes a value of its fields: an expression of type `ReadResult<T>`, which returns from the function
/// if the object is invalid. `make` is an expression of type `T` over the locals of the fields.
pub(super) fn read(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    own: &RuleTokens,
    make: &TokenStream,
    rest: Option<&Field>,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let (statics, table) = struct_fields(krate, fields, closed, own);
    // Whether a field may be absent is its type's: `Option` may have another name.
    let required = fields.chunks(64).map(|fields| {
        let bits = fields.iter().enumerate().map(|(i, Field { ty, .. })| {
            let bit = Literal::usize_unsuffixed(i);
            quote_spanned!(at(ty)=> | (!<#ty as #krate::Payload>::OPTIONAL as u64) << #bit)
        });
        quote!(0 #(#bits)*)
    });
    let locals: Vec<_> = fields.iter().map(|field| &field.local).collect();
    let declarations = fields.iter().map(|Field { local, ty, .. }| {
        quote_spanned!(at(ty)=> let mut #local = <#ty as #krate::Payload>::ABSENT;)
    });
    let slots = quote!(#table, const { &[#(#required),*] }, &mut [#(&mut #locals),*]);
    let (rest, fill) = match rest {
        None => (None, quote!(#p::fill(r, cx, #slots))),
        Some(Field {
            local, rules: of, ..
        }) => {
            let RuleTokens { statics, expr } = rules(krate, &format_ident!("REST"), of);
            (
                Some(quote!(#statics let mut #local = #p::RestMembers::new(#expr);)),
                quote!(#p::fill_with_rest(r, cx, #slots, &mut #local)),
            )
        }
    };
    let otherwise = (!fields.is_empty()).then(|| quote!(_ => #p::Ok(#p::None),));
    quote! {{
        #statics
        #(#declarations)*
        #rest
        if !#fill? {
            return #p::Ok(#p::None);
        }
        match (#(#locals,)*) {
            (#(#p::Some(#locals),)*) => #p::Ok(#p::Some(#make)),
            #otherwise
        }
    }}
}

/// The name of a field, and whether it may be absent, as far as its type says so by its name. To ask the type would report one that is no
/// `Payload` again.
pub(super) fn need(p: &TokenStream, Field { name, ty, .. }: &Field) -> TokenStream {
    let may_be_absent = if option_of(ty).is_some() {
        quote!(#p::Some(true))
    } else if has_known_name(ty) {
        quote!(#p::Some(false))
    } else {
        quote!(#p::None)
    };
    quote!((#name, #may_be_absent))
}

/// A literal of the struct or variant at `path`, made of the locals.
pub(super) fn construct(path: &TokenStream, fields: &[Field], rest: Option<&Field>) -> TokenStream {
    let values = fields
        .iter()
        .map(|Field { member, local, .. }| quote!(#member: #local));
    let rest = rest.map(|Field { member, local, .. }| quote!(#member: #local.into_map(),));
    quote!(#path { #(#values,)* #rest })
}

/// The accessors of the fields that have a default.
pub(super) fn defaults(fields: &[Field]) -> Vec<TokenStream> {
    fields
        .iter()
        .filter_map(
            |Field {
                 member,
                 ty,
                 default,
                 ..
             }| {
                let (default, inner) = (default.as_ref()?, option_of(ty)?);
                let Member::Named(name) = member else {
                    return None;
                };
                // `self_` is the field `self`.
                let stem = name.unraw().to_string();
                let accessor = format_ident!("{}_or_default", stem.trim_end_matches('_'));
                let docs = format!(
                    "The value of `{}`, or its default if it is absent.",
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

/// Statements that write the fields into `fields`; `value` is a field by reference. They have the span of the type, as the
/// reading has, so that a type that is not a `Payload` is reported once.
pub(super) fn write(
    krate: &Path,
    fields: &[Field],
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    fields
        .iter()
        .map(|field| {
            let (name, value, ty) = (&field.name, value(field), &field.ty);
            quote_spanned!(at(ty)=> <#ty as #krate::Payload>::write_field(#value, fields, #name);)
        })
        .collect()
}
