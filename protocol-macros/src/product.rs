//! Structs: with named fields they are objects, with several unnamed ones tuples.

use crate::{
    field::{self, Field},
    options::{Ctxt, Options, at},
    rules::{self, Rules},
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Data, DeriveInput, Fields, LitStr, Path, Token, parse::Parser, punctuated::Punctuated};

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    plain(cx, input)?;
    let closed = match (options.flag(cx, "closed"), options.flag(cx, "open")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
        (true, true) => {
            cx.error(&input.ident, "a type is either `closed` or `open`");
            None
        }
    };
    let Data::Struct(data) = &mut input.data else {
        return None;
    };
    let fields = field::take(cx, krate, &mut data.fields);
    let dependent = match data.fields {
        Fields::Named(_) => dependent(cx, &p, options, &fields),
        _ => Vec::new(),
    };
    let own = rules::take_beside(cx, krate, options, &format_ident!("OWN"), dependent);
    let ident = &input.ident;
    let deserialize = deserialize(cx, krate, options, ident);
    if let Fields::Unnamed(_) = data.fields {
        return Some(tuple(krate, ident, &fields, &own, &deserialize));
    }
    let body = field::pass(krate, &fields, closed, &own);
    let defaults = field::defaults(&fields);
    let defaults = (!defaults.is_empty())
        .then(|| quote!(#[automatically_derived] impl #ident { #(#defaults)* }));
    Some(quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                #body
            }
        }
        #[automatically_derived]
        impl #krate::Fields for #ident {}
        #[automatically_derived]
        impl #p::Serialize for #ident {
            fn serialize<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                #p::serialize_fields(self, serializer)
            }
        }
        #defaults
        #deserialize
    })
}

/// `dependent_required(beside("card", "address", "owner"))`: where the first is, the others have to be.
fn dependent(
    cx: &Ctxt,
    p: &TokenStream,
    options: &mut Options,
    fields: &[Field],
) -> Vec<TokenStream> {
    let mut rules = Vec::new();
    let Some(mut inner) = options.inner(cx, "dependent_required") else {
        return rules;
    };
    while let Some(span) = inner.span("beside") {
        let Some(tokens) = inner.list(cx, "beside") else {
            continue;
        };
        match Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(names) => {
                for name in &names {
                    if !fields.iter().any(|field| field.name == name.value()) {
                        cx.error(name, "no field is called so on the wire");
                    }
                }
                let mut names = names.iter();
                let (because, names) = (names.next(), names.collect::<Vec<_>>());
                if names.is_empty() {
                    cx.at(
                        span,
                        "write `beside(\"a\", \"b\")`: where `a` is, `b` has to be",
                    );
                }
                rules.push(quote!(#p::Rule::DependentRequired(#because, &[#(#names),*])));
            }
            Err(error) => cx.push(error),
        }
    }
    inner.finish(cx);
    rules
}

fn tuple(
    krate: &Path,
    ident: &syn::Ident,
    fields: &[Field],
    own: &Rules,
    deserialize: &Option<TokenStream>,
) -> TokenStream {
    let p = quote!(#krate::__private);
    let statics = fields.iter().map(|field| &field.rules.statics);
    let Rules {
        statics: own_statics,
        expr: own_expr,
        ..
    } = own;
    let width = fields.len();
    let declare = fields.iter().map(|Field { local, ty, .. }| {
        quote!(let mut #local: ::core::option::Option<#ty> = ::core::option::Option::None;)
    });
    let arms = fields.iter().enumerate().map(
        |(
            i,
            Field {
                local,
                ty,
                rules: Rules { expr, .. },
                ..
            },
        )| {
            let pattern = if i + 1 == width {
                quote!(_)
            } else {
                quote!(#i)
            };
            quote_spanned! {at(ty)=> #pattern => <#ty as #krate::Payload>::read_item(&mut tuple, &mut #local, #expr), }
        },
    );
    let locals: Vec<_> = fields.iter().map(|field| &field.local).collect();
    let members = fields.iter().map(|field| &field.member);
    quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn read(r: &mut #p::Reader<'_>, cx: &mut #p::ReadContext, _: #p::Rules) -> #p::ReadResult<Self> {
                #(#statics)*
                #own_statics
                #(#declare)*
                let mut tuple = #p::TupleReader::new(r, cx, #own_expr, #width);
                while let ::core::option::Option::Some(item) = tuple.advance() {
                    match item { #(#arms)* }
                }
                match (tuple.end(), #(#locals),*) {
                    (::core::result::Result::Ok(true), #(::core::option::Option::Some(#locals)),*) => {
                        ::core::result::Result::Ok(::core::option::Option::Some(Self(#(#locals),*)))
                    }
                    (::core::result::Result::Err(syntax), ..) => ::core::result::Result::Err(syntax),
                    _ => ::core::result::Result::Ok(::core::option::Option::None),
                }
            }
        }
        #[automatically_derived]
        impl #p::Serialize for #ident {
            fn serialize<__S: #p::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                #p::Serialize::serialize(&(#(&self.#members,)*), serializer)
            }
        }
        #deserialize
    }
}

/// Refuses what no message can be.
pub(crate) fn plain(cx: &Ctxt, input: &DeriveInput) -> Option<()> {
    if let Some(parameter) = input.generics.params.first() {
        cx.error(
            parameter,
            "a type with `#[protocol]` has no parameters: what lies in a message is one type",
        );
        return None;
    }
    Some(())
}

/// serde's reading as a thin shim, where it is asked for.
pub(crate) fn deserialize(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    ident: &syn::Ident,
) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    options.flag(cx, "deserialize").then(|| {
        quote! {
            #[automatically_derived]
            impl<'de> #p::Deserialize<'de> for #ident {
                fn deserialize<__D: #p::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                    #p::deserialize(deserializer)
                }
            }
        }
    })
}
