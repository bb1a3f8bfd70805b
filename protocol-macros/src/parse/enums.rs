//! Enums that are payloads: strings, and unions told apart by a property.

use super::{
    options::{Ctxt, Options},
    rules::{self, Rule},
    variants::Content,
    wire_names::WireNames,
};
use proc_macro2::Ident;
use syn::{DataEnum, Fields, LitStr};

/// An enum whose variants are strings on the wire.
pub(crate) struct StringEnum {
    pub(crate) ident: Ident,
    /// The variants, and their values.
    pub(crate) values: Vec<(Ident, String)>,
    /// The variant that takes unknown values.
    pub(crate) other: Option<Ident>,
    /// Whether its schema says `type: string`.
    pub(crate) typed: bool,
    /// Whether its schema is a `const`.
    pub(crate) constant: bool,
    /// The schema that judges the value, if it is checked.
    pub(crate) rules: Vec<Rule>,
    pub(crate) deserialize: bool,
}

/// An enum whose variants are told apart by a property of the object.
pub(crate) struct TaggedEnum {
    pub(crate) ident: Ident,
    /// The property.
    pub(crate) tag: LitStr,
    pub(crate) variants: Vec<TaggedVariant>,
    /// The schema that judges the value, if it is checked.
    pub(crate) rules: Vec<Rule>,
    pub(crate) deserialize: bool,
}

pub(crate) struct TaggedVariant {
    pub(crate) ident: Ident,
    /// The value of the property.
    pub(crate) name: String,
    /// Whether the variant's type has the property as a field of its own.
    pub(crate) has_tag: bool,
    pub(crate) content: Content,
}

impl StringEnum {
    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataEnum,
    ) -> Option<Self> {
        let typed = !options.flag(cx, "untyped");
        let constant = options.flag(cx, "constant");
        let mut names = WireNames::new("variants");
        let mut values = Vec::new();
        let mut other: Option<Ident> = None;
        for variant in &mut data.variants {
            let mut options = Options::take_from(cx, &mut variant.attrs, "protocol");
            let is_other = options.flag(cx, "other");
            let name = options.text(cx, "name");
            options.finish(cx);
            if let Some(name) = name.as_ref().filter(|_| is_other) {
                cx.error(
                    name,
                    "the variant `other` has the values that no other has: omit `name`",
                );
            }
            match (&variant.fields, is_other) {
                (Fields::Unit, false) => {
                    let text = names.next(cx, name.as_ref(), Some(&variant.ident));
                    values.push((variant.ident.clone(), text));
                }
                (Fields::Unnamed(fields), true) if fields.unnamed.len() == 1 && other.is_none() => {
                    other = Some(variant.ident.clone());
                }
                (_, true) => cx.error(
                    &variant.ident,
                    "`other` goes on one variant, which contains the unknown value: `Other(String)`",
                ),
                (_, false) => cx.error(
                    &variant.ident,
                    "an enum whose variants have fields needs a property that tells them apart, `#[protocol(tag = \"kind\")]`, or is `#[protocol(untagged)]`",
                ),
            }
        }
        if values.is_empty() {
            return no_variant(cx, ident);
        }
        Some(Self {
            ident: ident.clone(),
            values,
            other,
            typed,
            constant,
            rules: rules::checked(cx, options),
            deserialize: options.flag(cx, "deserialize"),
        })
    }
}

impl TaggedEnum {
    pub(crate) fn take(
        cx: &Ctxt,
        options: &mut Options,
        ident: &Ident,
        data: &mut DataEnum,
    ) -> Option<Self> {
        let tag = options.text(cx, "tag")?;
        let mut names = WireNames::new("variants");
        let mut variants = Vec::new();
        for variant in &mut data.variants {
            let mut options = Options::take_from(cx, &mut variant.attrs, "protocol");
            let name = options.text(cx, "name");
            let has_tag = options.flag(cx, "tagged");
            let rules = rules::take(cx, &mut options);
            options.finish(cx);
            let name = names.next(cx, name.as_ref(), Some(&variant.ident));
            if let Some(content) = Content::take(cx, variant, rules) {
                check_tag(cx, &tag, &variant.ident, has_tag, &content);
                variants.push(TaggedVariant {
                    ident: variant.ident.clone(),
                    name,
                    has_tag,
                    content,
                });
            }
        }
        if variants.is_empty() {
            return no_variant(cx, ident);
        }
        Some(Self {
            ident: ident.clone(),
            tag,
            variants,
            rules: rules::checked(cx, options),
            deserialize: options.flag(cx, "deserialize"),
        })
    }
}

/// Reports a variant that would be written with two properties of the tag's name, or with none.
fn check_tag(cx: &Ctxt, tag: &LitStr, ident: &Ident, has_tag: bool, content: &Content) {
    let name = tag.value();
    let fields = match content {
        Content::Value(..) => return,
        Content::Empty => &[][..],
        Content::Fields(fields) => fields,
    };
    match fields.iter().find(|field| field.name == name) {
        Some(field) if !has_tag => cx.error(
            &field.member,
            format_args!(
                "`{name}` is the tag of the enum, which is written before the fields: give the field another name, or write `tagged` if its value is always that of the tag"
            ),
        ),
        None if has_tag && matches!(content, Content::Empty) => cx.error(
            ident,
            "a variant without fields has no property of its own: omit `tagged`",
        ),
        None if has_tag => cx.error(
            ident,
            format_args!("no field is called `{name}` on the wire, as `tagged` says: omit it"),
        ),
        _ => {}
    }
}

pub(super) fn no_variant<T>(cx: &Ctxt, ident: &Ident) -> Option<T> {
    cx.error(
        ident,
        "an enum needs at least one variant: no value could be read as it otherwise",
    );
    None
}
