//! `#[protocol]`: the attribute that makes structs and enums readable, writable and dispatchable by Handfast. It is used as
//! `handfast::protocol`.
//!
//! The stages are the modules: `parse` turns an item into plain structs and finds all of its errors, and `expand` turns these into constants
//! and calls. What does not vary with the item is in the runtime.

mod expand;
mod parse;
#[cfg(test)]
mod tests;

use parse::{Ctxt, Options};
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

// Its examples need the runtime, which tests them: as a dependency of this crate, it would be compiled once more, for the host.
#[cfg_attr(not(doctest), doc = include_str!("protocol.md"))]
#[proc_macro_attribute]
pub fn protocol(
    options: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand(options.into(), item.into()).into()
}

/// The item without the attributes of ours that are in it, and its implementations. If it has errors: the item, all of its errors, and a
/// stub that satisfies the uses of the type, so that one mistake is one error.
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
    let is_union = ["client", "server"]
        .iter()
        .any(|side| options.has_flag(side))
        && matches!(input.data, syn::Data::Enum(_));
    let parsed = parse::item(&cx, &mut options, &mut input);
    options.finish_with(&cx, &parse::ELSEWHERE);
    let output = match (parsed, cx.finish()) {
        (Some(item), None) => expand::item(&krate, &item),
        // What the other items of a protocol refer to is there, as far as it was understood.
        (Some(item), errors) if item.is_referred_to() => {
            let expanded = expand::item(&krate, &item);
            quote!(#errors #expanded)
        }
        (_, errors) => {
            let stub = expand::stub(&krate, &input, is_union);
            quote!(#errors #stub)
        }
    };
    quote!(#input #output)
}
