//! Structs: objects, tuples, and structs around one value.

use super::{
    fields::{self, Field},
    options::{Ctxt, Options},
    rules::{self, Rule},
};
use proc_macro2::Ident;
use syn::{DataStruct, Fields, Type, Visibility};

/// A struct with named fields, which is an object, or with several unnamed ones, which is an array.
pub(crate) struct Struct {
    pub(crate) ident: Ident,
    pub(crate) is_tuple: bool,
    /// Whether unknown fields are refused; `None` leaves it to the side that reads.
    pub(crate) closed: Option<bool>,
    pub(crate) fields: Vec<Field>,
    /// The rules of the struct itself.
    pub(crate) rules: Vec<Rule>,
    pub(crate) deserialize: bool,
}

/// A struct around one value.
pub(crate) struct Newtype {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Whether the value can only be set in the module of the struct.
    pub(crate) is_private: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) deserialize: bool,
}

impl Struct {
    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataStruct,
    ) -> Self {
        let closed = match (options.flag(cx, "closed"), options.flag(cx, "open")) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
            (true, true) => {
                cx.error(ident, "a type is either `closed` or `open`");
                None
            }
        };
        let fields = fields::take(cx, &mut data.fields);
        let mut rules = match data.fields {
            Fields::Named(_) => rules::dependent_required(cx, options, |name| {
                fields.iter().any(|field| field.name == name)
            }),
            _ => Vec::new(),
        };
        rules.extend(rules::take(cx, options));
        Self {
            ident: ident.clone(),
            is_tuple: matches!(data.fields, Fields::Unnamed(_)),
            closed,
            fields,
            rules,
            deserialize: options.flag(cx, "deserialize"),
        }
    }
}

impl Newtype {
    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataStruct,
    ) -> Option<Self> {
        let rules = rules::take(cx, options);
        let field = data.fields.iter_mut().next()?;
        let mut more = Options::take_from(cx, &mut field.attrs, "protocol");
        if let Some(option) = more.take("name") {
            cx.at(
                option.name.span(),
                "a struct around one value has no name on the wire",
            );
        }
        more.finish(cx);
        Some(Self {
            ident: ident.clone(),
            ty: field.ty.clone(),
            is_private: matches!(field.vis, Visibility::Inherited),
            rules,
            deserialize: options.flag(cx, "deserialize"),
        })
    }
}
