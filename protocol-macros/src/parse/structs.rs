//! Structs: objects, tuples, and structs around one value.

use super::{
    fields::{self, Field, FieldRole},
    options::{Ctxt, Options},
    rules::{self, Rule},
    types::{is, option_of},
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
    /// The field that takes what no other does.
    pub(crate) rest: Option<Field>,
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
    /// Whether the value is an object, whose members can be written among others.
    pub(crate) object: bool,
    pub(crate) deserialize: bool,
}

impl Struct {
    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataStruct,
    ) -> Self {
        let openness = options.span("closed").or(options.span("open"));
        let closed = match (options.flag(cx, "closed"), options.flag(cx, "open")) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
            (true, true) => {
                cx.error(ident, "a type is either `closed` or `open`");
                None
            }
        };
        let is_tuple = matches!(data.fields, Fields::Unnamed(_));
        if options.flag(cx, "tuple") && !is_tuple {
            cx.error(ident, "`tuple` goes on a struct with unnamed fields");
        }
        if is_tuple && data.fields.is_empty() {
            cx.error(
                ident,
                "a struct of no values is no tuple: an object without fields is `struct Name {}`",
            );
        }
        let mut fields = fields::take(cx, &mut data.fields);
        check_order(cx, is_tuple, &fields);
        for field in fields.iter().filter(|_| is_tuple) {
            fields::no_default(
                cx,
                field,
                "an item of an array has no method of its own: `default` goes on a named field",
            );
        }
        let rest = fields
            .iter()
            .position(|field| field.role == FieldRole::Rest);
        let rest = rest.map(|index| fields.remove(index));
        if let Some(rest) = &rest {
            rules::check_rest(cx, &rest.ty, &rest.rules);
        }
        match (openness, closed) {
            (Some(span), Some(_)) if is_tuple => cx.at(
                span,
                "`closed` and `open` go on a struct with named fields: an array has the items that it has",
            ),
            (Some(span), Some(true)) if rest.is_some() => cx.at(
                span,
                "`closed` has no effect beside `rest`, which takes every unknown field",
            ),
            _ => {}
        }
        let mut rules = match data.fields {
            Fields::Named(_) => rules::dependent_required(cx, options, |name| {
                fields.iter().any(|field| field.name == name)
            }),
            _ => Vec::new(),
        };
        rules.extend(rules::take(cx, options));
        rules::check_struct(cx, ident, is_tuple, &rules);
        Self {
            ident: ident.clone(),
            is_tuple,
            closed,
            fields,
            rest,
            rules,
            deserialize: options.flag(cx, "deserialize"),
        }
    }
}

/// Reports fields whose roles do not fit the struct.
fn check_order(cx: &Ctxt, is_tuple: bool, fields: &[Field]) {
    let mut ended = false;
    for (i, field) in fields.iter().enumerate() {
        let (is_optional, is_rest) = (
            field.role == FieldRole::Optional,
            field.role == FieldRole::Rest,
        );
        let rest_type = if is_tuple { "Vec" } else { "BTreeMap" };
        if is_optional && !is_tuple {
            cx.error(
                &field.ty,
                "`optional` goes on an item of a tuple; a field may be absent if its type is an `Option`",
            );
        } else if is_optional && option_of(&field.ty).is_none() {
            cx.error(&field.ty, "an `optional` item is an `Option`");
        } else if is_rest && !is(&field.ty, rest_type) {
            cx.error(
                &field.ty,
                "the `rest` of a tuple is a `Vec`, that of an object a `BTreeMap`",
            );
        } else if is_rest && is_tuple && i + 1 < fields.len() {
            cx.error(&field.ty, "the `rest` of a tuple is its last field");
        } else if is_rest
            && fields[..i]
                .iter()
                .any(|field| field.role == FieldRole::Rest)
        {
            cx.error(&field.ty, "a struct has one `rest`");
        } else if ended && is_tuple && !is_optional && !is_rest {
            cx.error(
                &field.ty,
                "only `optional` items and the `rest` follow an `optional` item",
            );
        }
        ended |= is_optional;
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
        rules::check_type(cx, &field.ty, &rules);
        Some(Self {
            ident: ident.clone(),
            ty: field.ty.clone(),
            is_private: matches!(field.vis, Visibility::Inherited),
            rules,
            object: options.flag(cx, "object"),
            deserialize: options.flag(cx, "deserialize"),
        })
    }
}
