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

pub(super) fn no_variant<T>(cx: &Ctxt, ident: &Ident) -> Option<T> {
    cx.error(
        ident,
        "an enum needs at least one variant: no value could be read as it otherwise",
    );
    None
}
