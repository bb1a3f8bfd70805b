//! Structs: with named fields they are objects, with several unnamed ones tuples.

use super::{
    fields,
    rules::{RuleTokens, rules, with_rules},
    serde_impls,
    tokens::at,
};
use crate::parse::{Field, FieldRole, Struct};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Path;

/// A struct with named fields.
pub(super) fn expand(krate: &Path, of: &Struct) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &of.ident;
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let body = fields::fields_body(krate, &of.fields, of.closed, &own, of.rest.as_ref());
    let defaults = fields::defaults(&of.fields);
    let defaults = (!defaults.is_empty())
        .then(|| quote!(#[automatically_derived] impl #ident { #(#defaults)* }));
    let serialize = serde_impls::serialize_fields(krate, ident);
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    let needs = of.fields.iter().map(|field| fields::need(&p, field));
    let open = of.rest.is_none().then(|| {
        quote! {
            const OPEN: bool = false;
            const FIELDS: #p::Option<&'static [#p::FieldNeed]> = #p::Some(&[#(#needs),*]);
        }
    });
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            #open
            fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                #body
            }
        }
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #serialize
        #defaults
        #deserialize
    }
}

/// A struct with unnamed fields that is an array.
pub(super) fn expand_tuple(krate: &Path, of: &Struct) -> TokenStream {
    let Struct { ident, fields, .. } = of;
    let p = quote!(#krate::__private);
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let own_statics = &own.statics;
    let (statics, items) = read_items(krate, of);
    let read = with_rules(krate, &of.rules, &own, |expr| {
        read_tuple(&p, of, &expr, &items)
    });
    let has_width = of.rest.is_none() && fields.iter().all(|field| field.role == FieldRole::One);
    let serialize = if has_width {
        let members = fields.iter().map(|field| &field.member);
        quote!(#p::Serialize::serialize(&(#(#p::AsPayload(&self.#members),)*), serializer))
    } else {
        let items = fields.iter().map(|Field { member, role, .. }| match role {
            FieldRole::Optional => quote!(.optional(&self.#member)),
            FieldRole::One | FieldRole::Rest => quote!(.item(&self.#member)),
        });
        let rest = (of.rest.iter()).map(|Field { member, .. }| quote!(.rest(&self.#member)));
        quote!(#p::Items::default()#(#items)*#(#rest)*.serialize(serializer))
    };
    let serialize = serde_impls::serialize(krate, ident, &serialize);
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                #statics
                #own_statics
                #read
            }
        }
        #serialize
        #deserialize
    }
}

/// The statics of the items' rules, and the arms of a `match` that read an item by its index.
fn read_items(krate: &Path, of: &Struct) -> (TokenStream, TokenStream) {
    let last = (of.fields.len() + usize::from(of.rest.is_some())).saturating_sub(1);
    let all = of.fields.iter().chain(&of.rest).enumerate();
    let (statics, arms): (Vec<_>, Vec<_>) = all
        .map(|(i, field)| {
            let Field { local, ty, role, .. } = field;
            let RuleTokens { statics, expr } =
                rules(krate, &format_ident!("RULES_{i}"), &field.rules);
            let pattern = if i == last { quote!(_) } else { quote!(#i) };
            let arm = match role {
                FieldRole::Rest => quote_spanned! {at(ty)=> #pattern => tuple.rest(&mut #local, #expr), },
                FieldRole::One | FieldRole::Optional => {
                    quote_spanned! {at(ty)=> #pattern => <#ty as #krate::Payload>::read_item(&mut tuple, &mut #local, #expr), }
                }
            };
            (statics, arm)
        })
        .unzip();
    (statics.into_iter().collect(), arms.into_iter().collect())
}

/// An expression that reads the tuple.
fn read_tuple(
    p: &TokenStream,
    of: &Struct,
    rules: &TokenStream,
    items: &TokenStream,
) -> TokenStream {
    let fields = &of.fields;
    let known = fields.len();
    let required = fields
        .iter()
        .filter(|field| field.role == FieldRole::One)
        .count();
    let has_rest = of.rest.is_some();
    let declare = fields.iter().map(
        |Field {
             local, ty, role, ..
         }| {
            let absent = match role {
                FieldRole::Optional => quote!(#p::Some(#p::None)),
                FieldRole::One | FieldRole::Rest => quote!(#p::None),
            };
            quote!(let mut #local: #p::Option<#ty> = #absent;)
        },
    );
    let declare_rest = (of.rest.iter())
        .map(|Field { local, ty, .. }| quote!(let mut #local: #ty = ::std::vec::Vec::new();));
    let locals: Vec<_> = fields.iter().map(|field| &field.local).collect();
    let rest = of.rest.iter().map(|field| &field.local);
    quote! {{
        #(#declare)*
        #(#declare_rest)*
        let width = #p::TupleWidth { required: #required, known: #known, rest: #has_rest };
        let mut tuple = #p::TupleReader::new(r, cx, #rules, width);
        while let #p::Some(item) = tuple.advance() {
            match item { #items }
        }
        match (tuple.end(), #(#locals),*) {
            (#p::Ok(true), #(#p::Some(#locals)),*) => #p::Ok(#p::Some(Self(#(#locals,)* #(#rest,)*))),
            (#p::Err(syntax), ..) => #p::Err(syntax),
            _ => #p::Ok(#p::None),
        }
    }}
}
