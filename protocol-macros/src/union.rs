//! Enums told apart by a property of the object.

use crate::{
    options::{Ctxt, Options},
    product,
    variants::Holds,
};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Path, ext::IdentExt};

pub(crate) fn expand(
    cx: &Ctxt,
    krate: &Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    let p = quote!(#krate::__private);
    product::plain(cx, input)?;
    let tag = options.text(cx, "tag")?;
    let ident = input.ident.clone();
    let Data::Enum(data) = &mut input.data else {
        return None;
    };
    let mut names: Vec<String> = Vec::new();
    let mut reads = Vec::new();
    let mut writes = Vec::new();
    for variant in &mut data.variants {
        let mut options = Options::take_from(cx, &mut variant.attrs, "protocol");
        let name = options.text(cx, "name");
        // The variant's type has the discriminant as a field of its own.
        let tagged = options.flag(cx, "tagged");
        options.finish(cx);
        let text = name
            .as_ref()
            .map_or_else(|| variant.ident.unraw().to_string(), syn::LitStr::value);
        if names.contains(&text) {
            let span = name
                .as_ref()
                .map_or_else(|| variant.ident.span(), syn::LitStr::span);
            cx.at(
                span,
                format_args!("two variants are called `{text}` on the wire"),
            );
        }
        let Some(holds) = Holds::take(cx, krate, variant) else {
            continue;
        };
        let place = names.len();
        let read = holds.read(krate, &variant.ident);
        let (pattern, write) = holds.write(krate, &variant.ident);
        reads.push(quote!(::core::option::Option::Some(#place) => #read));
        if tagged {
            writes.push(quote!(#pattern => { #write }));
        } else {
            writes.push(quote!(#pattern => { fields.field(#tag, &#text); #write }));
        }
        names.push(text);
    }
    if names.is_empty() {
        cx.error(
            &ident,
            "an enum needs at least one variant: nothing else could be read as it",
        );
        return None;
    }
    let deserialize = product::deserialize(cx, krate, options, &ident);
    Some(quote! {
        #[automatically_derived]
        impl #krate::Payload for #ident {
            fn fields(pass: #p::Pass<'_, '_, Self>) -> #p::ReadResult<Self> {
                static BRANCHES: #p::UnionBranches = #p::UnionBranches { tag: #tag, values: &[#(#names),*] };
                match pass {
                    #p::Pass::Read(r, cx) => match #p::union(r, cx, &BRANCHES)? {
                        #(#reads,)*
                        _ => #p::Ok(#p::None),
                    },
                    #p::Pass::Write(this, mut fields) => {
                        let fields = &mut fields;
                        match this { #(#writes)* }
                        #p::Ok(#p::None)
                    }
                }
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
        #deserialize
    })
}
