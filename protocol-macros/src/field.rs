//! The fields of structs, of tuples and of variants with fields.

use crate::{
    options::{Ctxt, Options, at},
    rules::{self, Rules},
};
use proc_macro2::{Ident, Literal, TokenStream};
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

/// As many fields as the runtime has a function for.
const ROW: usize = 16;

/// Reads or writes the fields of a struct: the body of `Payload::fields`.
pub(crate) fn pass(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    own: &Rules,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let make = construct(&quote!(Self), fields);
    if fields.len() > ROW {
        let read = read(krate, fields, closed, own, &make);
        let write = write(krate, fields, |Field { member, .. }| quote!(&this.#member));
        return quote! {
            match pass {
                #p::Pass::Read(r, cx) => #read,
                #p::Pass::Write(this, mut fields) => {
                    let fields = &mut fields;
                    #write
                    #p::Ok(#p::None)
                }
            }
        };
    }
    let row = format_ident!("fields{}", fields.len());
    let types = fields.iter().map(|field| &field.ty);
    let (statics, layout) = layout(&p, fields, closed, own);
    let (locals, members) = (
        fields.iter().map(|field| &field.local),
        fields.iter().map(|field| &field.member),
    );
    quote! {
        #statics
        #p::#row::<#(#types,)* Self>(pass, #layout, |#(#locals),*| #make, |this| (#(&this.#members,)*))
    }
}

/// What an object has to keep: statics, and an expression of type `&'static StructFields`.
fn layout(
    p: &TokenStream,
    fields: &[Field],
    closed: Option<bool>,
    own: &Rules,
) -> (TokenStream, TokenStream) {
    let names = fields.iter().map(|field| &field.name);
    let plain = fields.iter().all(|field| {
        let odd = |c| matches!(c, '"' | '\\' | '\0'..' ');
        !field.name.contains(odd)
    });
    let rules = if fields.iter().any(|field| field.rules.any) {
        let rules = fields.iter().map(|field| &field.rules.expr);
        quote!(&[#(#rules),*])
    } else {
        quote!(&[])
    };
    let closed = closed.map_or_else(|| quote!(#p::None), |closed| quote!(#p::Some(#closed)));
    let all = &own.expr;
    let layout = quote!(#p::StructFields { names: &[#(#names),*], plain: #plain, rules: #rules, closed: #closed, own: #all });
    let statics: TokenStream = fields
        .iter()
        .map(|field| &field.rules.statics)
        .chain([&own.statics])
        .cloned()
        .collect();
    // What names a static is not promoted to one by itself.
    if statics.is_empty() {
        (statics, quote!(&#layout))
    } else {
        (
            quote!(#statics static LAYOUT: #p::StructFields = #layout;),
            quote!(&LAYOUT),
        )
    }
}

/// Reads an object field by field and makes a value of it: an expression of type `ReadResult<T>`, which returns from the function
/// where something is wrong. `make` is an expression of type `T` over the locals of the fields.
pub(crate) fn read(
    krate: &Path,
    fields: &[Field],
    closed: Option<bool>,
    own: &Rules,
    make: &TokenStream,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let (statics, layout) = layout(&p, fields, closed, own);
    let mut required = vec![0u64; fields.len().div_ceil(64)];
    for (i, field) in fields.iter().enumerate() {
        if optional(&field.ty).is_none() {
            required[i / 64] |= 1 << (i % 64);
        }
    }
    let required = required.into_iter().map(Literal::u64_unsuffixed);
    let locals: Vec<_> = fields.iter().map(|field| &field.local).collect();
    let places = fields.iter().map(|Field { local, ty, .. }| {
        quote_spanned!(at(ty)=> let mut #local = <#ty as #krate::Payload>::ABSENT;)
    });
    let otherwise = (!fields.is_empty()).then(|| quote!(_ => #p::Ok(#p::None),));
    quote! {{
        #statics
        #(#places)*
        if !#p::fill(r, cx, #layout, &[#(#required),*], &mut [#(&mut #locals),*])? {
            return #p::Ok(#p::None);
        }
        match (#(#locals,)*) {
            (#(#p::Some(#locals),)*) => #p::Ok(#p::Some(#make)),
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
                // `self_` is the field `self`.
                let stem = name.unraw().to_string();
                let accessor = format_ident!("{}_or_default", stem.trim_end_matches('_'));
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
            let (name, value, ty) = (&field.name, value(field), &field.ty);
            quote_spanned!(at(ty)=> <#ty as #krate::Payload>::write_field(#value, fields, #name);)
        })
        .collect()
}
