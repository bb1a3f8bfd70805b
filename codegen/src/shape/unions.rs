//! Declares unions, with a tag and without.

use super::choice::{Choice, Content};
use super::declare::Declarations;
use super::facts::Place;
use super::products::VariantNames;
use super::uses::Hint;
use super::{Branch, DeclKind, Variant, VariantContent};
use crate::names;
use handfast_naming::rust_ident;
use handfast_schema::{SchemaId, union};
use serde_json::Value;

impl Declarations<'_> {
    pub(super) fn tagged(
        &mut self,
        tag: String,
        branches: Vec<(Value, SchemaId)>,
        hint: &Hint,
    ) -> DeclKind {
        let mut used = VariantNames::new(false);
        let mut variants: Vec<(String, String, SchemaId)> = Vec::new();
        for (value, schema) in branches {
            let Value::String(value) = value else {
                continue;
            };
            let title = self.schema(schema).annotations.title.as_deref();
            let mut variant = names::variant(title.unwrap_or(&value));
            if !used.is_free(&variant) {
                variant = names::variant(&value);
            }
            variants.push((used.take(&variant), value, schema));
        }
        let branches = variants
            .into_iter()
            .map(|(variant, value, schema)| {
                let target = union::resolve(&self.protocol.schemas, schema);
                let decl = match self.named.get(&target) {
                    Some(decl) => *decl,
                    None => {
                        let name = self.scope.free(hint.part(&variant).full());
                        let span = self.schema(schema).span;
                        self.declare(name.clone(), name, target, span, None)
                    }
                };
                Branch {
                    value,
                    rust: rust_ident(&variant),
                    decl,
                    tagged: false,
                }
            })
            .collect();
        DeclKind::Union { tag, branches }
    }

    pub(super) fn choice(&mut self, choice: Choice, hint: &Hint) -> DeclKind {
        let mut used = VariantNames::new(false);
        let mut variants = Vec::with_capacity(choice.variants.len());
        for variant in choice.variants {
            let words = variant.names.iter().map(|name| names::variant(name));
            let words: Vec<String> = words.collect();
            let free = words.iter().find(|word| used.is_free(word));
            let stem = free.or(words.first()).cloned().unwrap_or_default();
            let rust = used.take(&stem);
            let part = hint.own_part(&rust);
            let mut description = None;
            let content = match variant.content {
                Content::Constant(literal) => {
                    let said = literal.said_by.map(|id| &self.schema(id).annotations);
                    description = said.and_then(|said| said.description.clone());
                    VariantContent::Constant(literal.value)
                }
                Content::Plain(what) => VariantContent::Value(self.unnamed(what, &part), None),
                Content::Place(place) => {
                    description = self.description(&place);
                    let ty = self.at(&place, &part);
                    VariantContent::Value(ty, place.single())
                }
            };
            variants.push(Variant {
                rust: rust_ident(&rust),
                description,
                kinds: variant.kinds,
                guards: variant.guards,
                branch: variant.branch,
                content,
            });
        }
        DeclKind::Choice(variants)
    }

    /// What is said of a place that is a schema as a whole.
    fn description(&self, place: &Place) -> Option<String> {
        let annotations = &self.schema(place.whole()?).annotations;
        annotations.description.clone()
    }
}
