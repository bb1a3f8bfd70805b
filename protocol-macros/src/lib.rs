//! `#[protocol]`: the attribute that makes structs and enums readable, writable and dispatchable by Handfast.
//!
//! This crate only parses what stands on an item and writes down constants and a loop for it; everything that does not
//! vary with the item is in the runtime. Use it through the `handfast` crate, whose documentation has every option.

mod channel;
mod envelope;
mod errors;
mod fallback;
mod field;
mod handlers;
mod literals;
mod marker;
mod messages;
mod newtype;
mod options;
mod product;
mod rules;
mod surface;
mod table;
mod union;
mod variants;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use options::{Ctxt, Options};

/// Makes a struct or an enum part of a protocol. See the `handfast` crate for what it can say.
#[proc_macro_attribute]
pub fn protocol(
    options: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand(options.into(), item.into()).into()
}

/// What the attribute turns an item into: the item without our inner attributes, and its implementations; or, where
/// something is wrong, the item, every error, and a stub, so that one mistake is one error.
fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut input: DeriveInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(_) => {
            let error = syn::Error::new_spanned(&item, "`#[protocol]` goes on a struct or an enum");
            let error = error.to_compile_error();
            return quote!(#item #error);
        }
    };
    let cx = Ctxt::default();
    let mut options = match Options::parse(options) {
        Ok(options) => options,
        Err(error) => {
            cx.push(error);
            Options::default()
        }
    };
    let krate = options.krate(&cx);
    let body = implement(&cx, &krate, &mut options, &mut input);
    options.finish(&cx);
    let output = match (body, cx.finish()) {
        (Some(body), None) => body,
        (_, errors) => {
            let stub = fallback::stub(&krate, &input);
            quote!(#errors #stub)
        }
    };
    quote!(#input #output)
}

fn implement(
    cx: &Ctxt,
    krate: &syn::Path,
    options: &mut Options,
    input: &mut DeriveInput,
) -> Option<TokenStream> {
    match &input.data {
        Data::Union(data) => {
            cx.error(
                data.union_token,
                "`#[protocol]` goes on a struct or an enum, not on a union",
            );
            None
        }
        Data::Struct(data) => match &data.fields {
            Fields::Unit if options.has("version") => marker::expand(cx, krate, options, input),
            _ if options.has("channel") => channel::expand(cx, krate, options, input),
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                newtype::expand(cx, krate, options, input)
            }
            _ => product::expand(cx, krate, options, input),
        },
        Data::Enum(_) if options.has("client") || options.has("server") => {
            messages::expand(cx, krate, options, input)
        }
        Data::Enum(_) if options.has("errors") => errors::expand(cx, krate, options, input),
        Data::Enum(_) if options.has("tag") => union::expand(cx, krate, options, input),
        Data::Enum(_) => literals::expand(cx, krate, options, input),
    }
}
