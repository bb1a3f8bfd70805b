//! `nullable` and `discriminator` of OpenAPI 3.0, written with the keywords of draft 2020-12.

use super::address::split_fragment;
use super::modifiers::is_set;
use super::{Lowering, Site};
use crate::diagnostic::Diagnostic;
use crate::tree::{Document, NodeId};
use handfast_schema::{Schema, SchemaId, Type, TypeSet, union};
use serde_json::{Value, json};

/// A union whose branches have to be narrowed, once all schemas are lowered.
pub(super) struct Discriminated {
    property: String,
    /// The branches, and the values that name each.
    branches: Vec<(SchemaId, Vec<String>)>,
}

impl Lowering<'_> {
    pub(super) fn openapi(
        &mut self,
        site: Site,
        tree: &Document,
        id: SchemaId,
        schema: &mut Schema,
    ) {
        if let Some(discriminator) = tree.get(site.node, "discriminator") {
            for keyword in ["oneOf", "anyOf"] {
                let branches = tree.get(site.node, keyword).and_then(|at| tree.list(at));
                if let Some(branches) = branches {
                    self.discriminated(site, tree, discriminator, branches);
                }
            }
        }
        if is_set(tree, site, "nullable") {
            self.nullable(site, tree, id, schema);
        }
    }

    /// Allows null: beside a `type` as one more, beside a composition as one more branch.
    fn nullable(&mut self, site: Site, tree: &Document, id: SchemaId, schema: &mut Schema) {
        let lists_null = |values: &Vec<Value>| values.iter().any(Value::is_null);
        let is_composed =
            !schema.all_of.is_empty() || !schema.any_of.is_empty() || !schema.one_of.is_empty();
        if let Some(types) = schema.types {
            schema.types = Some(types.with(Type::Null));
            if schema
                .enumeration
                .as_ref()
                .is_some_and(|values| !lists_null(values))
                && let Some(entry) = tree.map(site.node).and_then(|map| map.get("nullable"))
            {
                let message = "`nullable` has no effect: the `enum` does not list null";
                let help = "add null to the `enum`";
                self.out
                    .push(Diagnostic::warning("S020", entry.at, message).help(help));
            }
            return;
        }
        if !is_composed {
            return;
        }
        let null = Schema {
            types: Some(TypeSet::NONE.with(Type::Null)),
            ..Schema::default()
        };
        let null = self.part_of(id, null);
        // No keyword of the schema is one of null's.
        if let Some(at) = tree.get(site.node, "nullable") {
            self.sites[null.0 as usize].node = at;
        }
        let mut inner = std::mem::take(schema);
        schema.span = inner.span;
        schema.resource = inner.resource;
        schema.annotations = std::mem::take(&mut inner.annotations);
        let alone =
            [&inner.all_of, &inner.any_of, &inner.one_of].map(|list| match list.as_slice() {
                [one] => Some(*one),
                _ => None,
            });
        let only = alone.into_iter().flatten().next().filter(|one| {
            let bare = |all_of: bool, any_of: bool| Schema {
                span: inner.span,
                resource: inner.resource,
                all_of: if all_of { vec![*one] } else { Vec::new() },
                any_of: if any_of { vec![*one] } else { Vec::new() },
                one_of: if all_of || any_of {
                    Vec::new()
                } else {
                    vec![*one]
                },
                ..Schema::default()
            };
            [(true, false), (false, true), (false, false)]
                .into_iter()
                .any(|(all_of, any_of)| inner == bare(all_of, any_of))
        });
        let inner = only.unwrap_or_else(|| self.part_of(id, inner));
        schema.any_of = vec![inner, null];
    }

    /// Notes the branches of a union that are references, and the values that name them: those of `mapping`, or else the
    /// name of the schema.
    fn discriminated(
        &mut self,
        site: Site,
        tree: &Document,
        discriminator: NodeId,
        branches: &[NodeId],
    ) {
        let property = tree.get(discriminator, "propertyName");
        let Some(property) = property.and_then(|at| tree.text(at)) else {
            return;
        };
        let mut named: Vec<(Site, String)> = Vec::new();
        let named_under = match tree.get(tree.root, "components") {
            Some(_) => "components/schemas",
            None => "types",
        };
        let mapping = tree.get(discriminator, "mapping");
        for entry in mapping.map(|at| tree.entries(at)).unwrap_or_default() {
            let Some(to) = tree.text(entry.value) else {
                continue;
            };
            let to = match to.contains(['/', '#', '.']) {
                true => to.to_owned(),
                false => format!("#/{named_under}/{to}"),
            };
            let at = tree.node(entry.value).span;
            if let Some((_, target)) = self.refer(site, &to, at) {
                named.push((target, entry.key.clone()));
            }
        }
        let mut found = Vec::new();
        for node in branches {
            let reference = tree.get(*node, "$ref");
            let Some((at, text)) =
                reference.and_then(|at| Some((tree.node(at).span, tree.text(at)?)))
            else {
                continue;
            };
            let Some((_, target)) = self.refer(site, text, at) else {
                continue;
            };
            let mapped = named.iter().filter(|(to, _)| *to == target);
            let mut values: Vec<String> = mapped.map(|(_, value)| value.clone()).collect();
            if values.is_empty() {
                values.extend(name_of(text));
            }
            let branch = self.lower(Site {
                node: *node,
                ..site
            });
            found.push((branch, values));
        }
        if found.len() == branches.len() {
            self.discriminated.push(Discriminated {
                property: property.to_owned(),
                branches: found,
            });
        }
    }

    /// Narrows the branches of unions to the values that name them.
    pub(super) fn discriminate(&mut self) {
        for union in std::mem::take(&mut self.discriminated) {
            for (branch, values) in union.branches {
                if !values.is_empty() {
                    self.narrow(branch, &union.property, &values);
                }
            }
        }
    }

    fn narrow(&mut self, branch: SchemaId, property: &str, values: &[String]) {
        let target = union::resolve(&self.schemas, branch);
        let schema = &self.schemas[target];
        let declared = schema.properties.iter().find(|(name, _)| name == property);
        let declared = declared.map(|(_, id)| *id);
        let value = match values {
            [one] => Schema {
                constant: Some(json!(one)),
                ..Schema::default()
            },
            many => Schema {
                enumeration: Some(many.iter().map(|one| json!(one)).collect()),
                ..Schema::default()
            },
        };
        let value = match declared {
            Some(declared) if !self.is_any_string(declared) => Schema {
                all_of: vec![declared],
                ..value
            },
            _ => value,
        };
        let notes = self.schemas[branch].annotations.clone();
        let mut narrowed = match declared {
            // The same object, with a narrower property.
            Some(_) => self.schemas[target].clone(),
            None => Schema {
                types: Some(TypeSet::NONE.with(Type::Object)),
                all_of: vec![target],
                ..Schema::default()
            },
        };
        if declared.is_none() {
            narrowed.annotations = notes;
        }
        narrowed.span = self.schemas[branch].span;
        narrowed.resource = self.schemas[branch].resource;
        let annotations = declared.map(|id| self.schemas[id].annotations.clone());
        let value = self.part_of(
            branch,
            Schema {
                annotations: annotations.unwrap_or_default(),
                ..value
            },
        );
        match narrowed
            .properties
            .iter_mut()
            .find(|(name, _)| name == property)
        {
            Some((_, id)) => *id = value,
            None => narrowed.properties.push((property.to_owned(), value)),
        }
        if !narrowed.required.iter().any(|name| name == property) {
            narrowed.required.push(property.to_owned());
        }
        self.schemas[branch] = narrowed;
    }

    /// Whether a schema is any string, or an enum of strings that a narrower one replaces.
    fn is_any_string(&self, id: SchemaId) -> bool {
        let schema = &self.schemas[union::resolve(&self.schemas, id)];
        let string = Schema {
            span: schema.span,
            resource: schema.resource,
            annotations: schema.annotations.clone(),
            types: Some(TypeSet::NONE.with(Type::String)),
            ..Schema::default()
        };
        *schema == string
    }
}

/// The name by which a reference names its schema: the last part of its pointer, or that of the file.
fn name_of(reference: &str) -> Option<String> {
    let (file, pointer) = split_fragment(reference);
    let name = match pointer.rsplit('/').next() {
        Some(last) if !last.is_empty() => last,
        _ => file.rsplit('/').next()?.split('.').next()?,
    };
    (!name.is_empty()).then(|| name.replace("~1", "/").replace("~0", "~"))
}
