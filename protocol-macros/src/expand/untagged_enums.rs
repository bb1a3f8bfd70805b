//! Enums without a tag.

use super::{
    rules::{rules, schema_text, with_rules},
    serde_impls,
    tokens::constant,
    variants,
};
use crate::parse::{
    Attempts, Constant, Content, Guard, UntaggedContent, UntaggedEnum, UntaggedVariant,
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Path;

pub(super) fn expand(krate: &Path, of: &UntaggedEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let ident = &of.ident;
    let own = rules(krate, &format_ident!("OWN"), &of.rules);
    let (statics, rules) = (&own.statics, &own.expr);
    let members = Members::of(&of.variants);
    let names = &members.0.iter().map(|(name, _)| name).collect::<Vec<_>>();
    let values = members.0.iter().map(|(_, values)| {
        let values = values.iter().map(|value| constant(&p, value));
        quote!(&[#(#values),*])
    });
    let branches = of
        .variants
        .iter()
        .map(|variant| branch(&p, variant, &members));
    let reads = of.variants.iter().enumerate().map(|(i, variant)| {
        let name = &variant.ident;
        let read = match &variant.content {
            UntaggedContent::Constant(_) => quote!({ r.skip()?; #p::Ok(#p::Some(Self::#name)) }),
            UntaggedContent::Value(content) => variants::read(krate, name, content),
        };
        quote!(#i => #read)
    });
    let read = with_rules(krate, &of.rules, &own, |_| {
        quote! {
            #p::untagged(r, cx, &UNION, &mut |branch, r, cx| match branch {
                #(#reads,)*
                _ => #p::Ok(#p::None),
            })
        }
    });
    let attempts = match of.attempts {
        None => quote!(#p::None),
        Some(Attempts::AnyOf) => quote!(#p::Some(#p::Attempts::Any)),
        Some(Attempts::OneOf) => quote!(#p::Some(#p::Attempts::One)),
    };
    let fields = of.is_object().then(|| fields(krate, of));
    let are_fields = of
        .is_object()
        .then(|| quote!(#[automatically_derived] impl #krate::Fields for #ident {}));
    let serialize = serialize(krate, of);
    let deserialize = serde_impls::deserialize(krate, ident, of.deserialize);
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                #statics
                static UNION: #p::Untagged = #p::Untagged {
                    rules: #rules,
                    names: &[#(#names),*],
                    values: &[#(#values),*],
                    branches: &[#(#branches),*],
                    attempts: #attempts,
                };
                #read
            }
            #fields
        }
        #are_fields
        #serialize
        #deserialize
    }
}

/// The members that the guards look at, each with the values that they name.
struct Members(Vec<(String, Vec<Constant>)>);

impl Members {
    fn of(variants: &[UntaggedVariant]) -> Self {
        let mut all: Vec<(String, Vec<Constant>)> = Vec::new();
        for guard in variants.iter().flat_map(|variant| &variant.guards) {
            let (name, values) = match guard {
                Guard::Has(name) | Guard::Lacks(name) => (name, &[][..]),
                Guard::Value(name, values) => (name, &**values),
            };
            let index = all.iter().position(|(known, _)| known == name);
            let index = index.unwrap_or_else(|| {
                all.push((name.clone(), Vec::new()));
                all.len() - 1
            });
            for value in values {
                if !all[index].1.contains(value) {
                    all[index].1.push(value.clone());
                }
            }
        }
        Self(all)
    }

    fn guard(&self, p: &TokenStream, guard: &Guard) -> TokenStream {
        let index = |name: &String| self.0.iter().position(|(known, _)| known == name);
        match guard {
            Guard::Has(name) => {
                let index = index(name);
                quote!(#p::Guard::Has(#index))
            }
            Guard::Lacks(name) => {
                let index = index(name);
                quote!(#p::Guard::Lacks(#index))
            }
            Guard::Value(name, values) => {
                let index = index(name).unwrap_or_default();
                let all = &self.0[index].1;
                let values = values
                    .iter()
                    .filter_map(|value| all.iter().position(|known| known == value));
                quote!(#p::Guard::Value(#index, &[#(#values),*]))
            }
        }
    }
}

/// An expression of type `UntaggedBranch`.
fn branch(p: &TokenStream, variant: &UntaggedVariant, members: &Members) -> TokenStream {
    let kinds = kinds(p, &variant.kinds);
    let only = match &variant.content {
        UntaggedContent::Constant(value) => {
            let value = constant(p, value);
            quote!(#p::Some(#value))
        }
        UntaggedContent::Value(_) => quote!(#p::None),
    };
    let guards = variant.guards.iter().map(|guard| members.guard(p, guard));
    let schema = match &variant.schema {
        Some(schema) => {
            let schema = schema_text(p, schema);
            quote!(#p::Some(#schema))
        }
        None => quote!(#p::None),
    };
    quote! {
        #p::UntaggedBranch { kinds: #kinds, constant: #only, guards: &[#(#guards),*], schema: #schema }
    }
}

/// A set of kinds.
pub(super) fn kinds(p: &TokenStream, names: &[&str]) -> TokenStream {
    let kinds = names.iter().map(|name| match *name {
        "number" => quote!(#p::kinds::INTEGER | #p::kinds::FRACTION),
        name => {
            let name = format_ident!("{}", name.to_uppercase());
            quote!(#p::kinds::#name)
        }
    });
    quote!(0 #(| #kinds)*)
}

/// The method that writes the members of an object among others.
fn fields(krate: &Path, of: &UntaggedEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let writes = of.variants.iter().map(|variant| {
        let name = &variant.ident;
        quote!(Self::#name(value) => #krate::Fields::write(value, &mut fields),)
    });
    quote! {
        fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
            match pass {
                #p::Pass::Read(r, cx) => <Self as #krate::Payload>::read(r, cx, &[]),
                #p::Pass::Write(this, mut fields) => {
                    match this { #(#writes)* }
                    #p::Ok(#p::None)
                }
            }
        }
    }
}

fn serialize(krate: &Path, of: &UntaggedEnum) -> TokenStream {
    let p = quote!(#krate::__private);
    let arms = of.variants.iter().map(|variant| {
        let name = &variant.ident;
        match &variant.content {
            UntaggedContent::Constant(value) => {
                let value = constant(&p, value);
                quote!(Self::#name => #p::Serialize::serialize(&#value, serializer),)
            }
            UntaggedContent::Value(Content::Value(..)) => {
                quote!(Self::#name(value) => #krate::Payload::write_value(value, serializer),)
            }
            UntaggedContent::Value(_) => quote!(),
        }
    });
    serde_impls::serialize(krate, &of.ident, &quote!(match self { #(#arms)* }))
}
