//! Structs that are channels: the parameters of a key.

use crate::options::{Ctxt, Options};
use proc_macro2::TokenStream;
use syn::{DeriveInput, Path};

pub(crate) fn expand(
    _: &Ctxt,
    _: &Path,
    _: &mut Options,
    _: &mut DeriveInput,
) -> Option<TokenStream> {
    None
}
