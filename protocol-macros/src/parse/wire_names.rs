//! The names of fields and variants on the wire.

use super::options::Ctxt;
use proc_macro2::Ident;
use syn::{LitStr, ext::IdentExt, spanned::Spanned};

/// The names that siblings have on the wire. Two of the same name are an error.
pub(crate) struct WireNames {
    /// What the siblings are, for the error.
    what: &'static str,
    taken: Vec<String>,
}

impl WireNames {
    pub(crate) fn new(what: &'static str) -> Self {
        Self {
            what,
            taken: Vec::new(),
        }
    }

    /// The name of the next sibling: the one that is given, that of the identifier, or its index.
    pub(crate) fn next(
        &mut self,
        cx: &Ctxt,
        given: Option<&LitStr>,
        ident: Option<&Ident>,
    ) -> String {
        let name = match (given, ident) {
            (Some(text), _) => text.value(),
            (None, Some(ident)) => ident.unraw().to_string(),
            (None, None) => self.taken.len().to_string(),
        };
        if self.taken.contains(&name) {
            let span = given.map_or_else(|| ident.span(), Spanned::span);
            let what = self.what;
            cx.at(
                span,
                format_args!("two {what} are called `{name}` on the wire"),
            );
        }
        self.taken.push(name.clone());
        name
    }
}
