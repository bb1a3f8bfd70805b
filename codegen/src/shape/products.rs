//! Declares structs, tuples and enums of constants.

use super::declare::Declarations;
use super::facts::Place;
use super::form::{Literal, Product, Sequence};
use super::uses::Hint;
use super::{DeclKind, Item, LiteralVariant, RestField, StructField, variant_names};
use crate::names;
use handfast_naming::rust_ident;
use handfast_schema::Span;
use std::collections::{BTreeMap, BTreeSet};

impl Declarations<'_> {
    pub(super) fn product(&mut self, product: Product, hint: &Hint, name: &str) -> DeclKind {
        let mut used: BTreeMap<String, Span> = BTreeMap::new();
        let mut inner: BTreeSet<String> = BTreeSet::new();
        let defaults = self.protocol.schemas.has_defaults();
        let plain: BTreeSet<String> = product
            .fields
            .iter()
            .filter(|field| !field.name.starts_with('_'))
            .map(|field| names::snake(&field.name))
            .collect();
        let mut fields = Vec::with_capacity(product.fields.len());
        for field in product.fields {
            let wire = &field.name;
            let schema = field.place.first();
            let annotations = schema.map(|id| self.schema(id).annotations.clone());
            let span = schema.map(|id| self.schema(id).span).unwrap_or_default();
            let given = annotations.and_then(|annotations| annotations.rust);
            let mut rust = names::snake(given.as_deref().unwrap_or(wire));
            // With `_id` and `id`, the underscore is kept to distinguish them.
            if given.is_none() && wire.starts_with('_') && plain.contains(&rust) {
                rust.insert(0, '_');
            }
            if !defaults {
                rust = names::numbered(&rust, &|name| used.contains_key(name));
            }
            if let Some(first) = used.insert(rust.clone(), span) {
                self.scope.same_field(name, wire, &rust, span, first);
            }
            let step = names::numbered(&names::pascal(wire), &|name| inner.contains(name));
            inner.insert(step.clone());
            let ty = self.at(&field.place, &hint.part(&step));
            fields.push(StructField {
                name: field.name,
                rust: rust_ident(&rust),
                schema,
                ty,
                required: field.required,
                discriminant: false,
            });
        }
        let rest = product.rest.map(|place| RestField {
            rust: rust_ident(&names::numbered("rest", &|name| used.contains_key(name))),
            schema: place.single(),
            ty: self.at(&place, &hint.part("Rest")),
        });
        DeclKind::Struct {
            fields,
            rest,
            closed: product.closed,
        }
    }

    pub(super) fn sequence(&mut self, sequence: Sequence, hint: &Hint) -> DeclKind {
        let items: Vec<Item> = sequence
            .items
            .iter()
            .enumerate()
            .map(|(i, place)| self.item(place, &hint.own_part(&i.to_string())))
            .collect();
        let rest = sequence.rest.map(|place| {
            let place = place.unwrap_or_else(Place::any);
            self.item(&place, &hint.part("Rest"))
        });
        DeclKind::Tuple {
            items,
            required: sequence.required,
            rest,
        }
    }

    fn item(&mut self, place: &Place, hint: &Hint) -> Item {
        Item {
            schema: place.single(),
            ty: self.at(place, hint),
        }
    }

    pub(super) fn literals(&self, values: Vec<Literal>, open: bool) -> DeclKind {
        let mut names = VariantNames::new(open);
        let values = values.into_iter().map(|literal| {
            let text = variant_names::constant_name(&literal.value);
            let said = literal.said_by.map(|id| &self.schema(id).annotations);
            let title = said.and_then(|said| said.rust.as_ref().or(said.title.as_ref()));
            let title = title.filter(|title| title.len() <= 40);
            let stem = names::variant(title.unwrap_or(&text));
            LiteralVariant {
                rust: rust_ident(&names.take(&stem)),
                description: said.and_then(|said| said.description.clone()),
                value: literal.value,
            }
        });
        DeclKind::Literals {
            values: values.collect(),
            open,
        }
    }
}

/// The names of the variants of an enum.
pub(super) struct VariantNames {
    used: BTreeSet<String>,
    next: BTreeMap<String, u32>,
    /// Whether `Other` is for unknown values.
    open: bool,
}

impl VariantNames {
    pub(super) const fn new(open: bool) -> Self {
        Self {
            used: BTreeSet::new(),
            next: BTreeMap::new(),
            open,
        }
    }

    pub(super) fn is_free(&self, stem: &str) -> bool {
        !(self.used.contains(stem) || self.open && stem == "Other")
    }

    /// The stem, or the first of `Stem2`, `Stem3` … that is free.
    pub(super) fn take(&mut self, stem: &str) -> String {
        // Names numbered so far are in use.
        let first = self.next.entry(stem.to_owned()).or_insert(1);
        let (used, open) = (&self.used, self.open);
        let name = (*first..)
            .inspect(|n| *first = *n)
            .map(|n| match n {
                1 => stem.to_owned(),
                n => format!("{stem}{n}"),
            })
            .find(|name| !(used.contains(name) || open && *name == "Other"))
            .unwrap_or_default();
        self.used.insert(name.clone());
        name
    }
}
