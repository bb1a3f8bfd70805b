//! The typed surface over the runtime's untyped core.

use crate::{
    messages::{Message, Reply},
    options::{Ctxt, Options},
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{DeriveInput, Path, Type, Visibility};

pub(crate) fn expand(
    _: &Ctxt,
    _: &Path,
    _: &mut Options,
    _: &mut DeriveInput,
) -> Option<TokenStream> {
    None
}
pub(crate) fn client_messages(_: &Path, _: &Visibility, _: &Ident, _: &[Message]) -> TokenStream {
    TokenStream::new()
}
pub(crate) fn request(_: &Path, _: &Type, _: &Message, _: &Reply) -> TokenStream {
    TokenStream::new()
}
