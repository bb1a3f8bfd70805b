//! Declarations of types, with what documents them.

use super::{
    brands::has_brands,
    context::{Context, Usage},
    tags::{message_tags, tags},
    text,
    type_tree::{Kinds, Object, Ty},
};
use crate::shape::{Decl, DeclId, DeclKind};
use handfast_schema::{Annotations, SchemaId, Validator};
use handfast_templates::typescript::{Alias, Constant, Field, Interface, lay_out};
use serde_json::Value;
use std::collections::BTreeSet;

/// What is in front of a declaration, and its name.
struct Head<'n> {
    doc: String,
    exported: bool,
    name: &'n str,
}

impl Context<'_> {
    /// The type of a schema where it is used, on one line.
    pub(super) fn ty(&self, id: SchemaId) -> String {
        self.tree(id).one_line()
    }

    /// The declaration of a type.
    pub(super) fn declaration(&self, id: DeclId) -> String {
        let decl = &self.shapes.decls[id.0];
        let name = self.names.types[id.0].as_str();
        let head = Head {
            doc: text::doc("", &self.words(decl), &self.tags_of(id, decl)),
            exported: self.names.is_exported(name),
            name,
        };
        match self.decl_of.get(&decl.schema).filter(|first| **first != id) {
            Some(first) => head.alias(format!(" {}", self.names.types[first.0])),
            None => self.declared(head, decl.schema),
        }
    }

    /// The types that have a name only in TypeScript.
    pub(super) fn anonymous_declarations(&self) -> Vec<String> {
        let declared = |(id, name): (&SchemaId, &String)| {
            let schema = &self.protocol.schemas[*id];
            let head = Head {
                doc: text::doc("", words_of(&schema.annotations, name), &tags(schema)),
                exported: self.names.is_exported(name),
                name,
            };
            self.declared(head, *id)
        };
        self.anonymous.iter().map(declared).collect()
    }

    fn declared(&self, head: Head<'_>, id: SchemaId) -> String {
        match self.structure(id) {
            // What declares no property is any object, or a map.
            Ty::Object(object) if !object.members.is_empty() => {
                head.interface(object, String::new())
            }
            Ty::Both(parts) => match self.extended(&parts) {
                Some((names, object)) => {
                    head.interface(object, format!(" extends {}", names.join(", ")))
                }
                None => head.type_of(Ty::Both(parts)),
            },
            ty if self.is_branded(id) => {
                let name = head.name.to_owned();
                head.type_of(self.with_brand(ty, &name))
            }
            ty => head.type_of(ty),
        }
    }

    /// What an interface extends, and what it adds: where no property is in two of them.
    fn extended(&self, parts: &[Ty]) -> Option<(Vec<String>, Object)> {
        let mut names = Vec::new();
        let mut own = Object::default();
        let mut members = BTreeSet::new();
        let mut count = 0;
        for part in parts {
            let part = match part {
                Ty::Name(name) => {
                    names.push(name.text.clone());
                    self.extendable(name.schema)?
                }
                Ty::Object(object) if own == Object::default() => {
                    own = object.clone();
                    own.members
                        .iter()
                        .map(|member| member.name.clone())
                        .collect()
                }
                _ => return None,
            };
            let is_open = own
                .indexes
                .iter()
                .all(|index| matches!(index.ty, Ty::Unknown(_)));
            count += part.len();
            members.extend(part);
            if members.len() < count || !is_open {
                return None;
            }
        }
        (!own.members.is_empty()).then_some((names, own))
    }

    fn words(&self, decl: &Decl) -> String {
        let mut words = decl.description.clone().unwrap_or_default();
        let annotations = &self.protocol.schemas[decl.schema].annotations;
        if annotations.title.as_ref() == Some(&words) && words_of(annotations, &decl.ts).is_empty()
        {
            words.clear();
        }
        if self.protocol.schemas[decl.schema].open {
            words = format!("{words} Other values may be added later.");
        }
        let open = self.protocol.errors.iter().zip(&self.shapes.errors);
        for (i, (_, data)) in open.enumerate() {
            let is_data = data.is_some_and(|data| std::ptr::eq(&self.shapes.decls[data.0], decl));
            if is_data && words.is_empty() {
                words = format!("The data of {{@link {}}}.", self.names.errors[i].0);
            }
        }
        for (channel, info) in self.protocol.channels.iter().zip(&self.shapes.infos) {
            let is_info = info.is_some_and(|info| std::ptr::eq(&self.shapes.decls[info.0], decl));
            if is_info && words.is_empty() {
                words = format!(
                    "What the members of `{}` learn of each other.",
                    channel.name.text
                );
            }
        }
        words.trim().to_owned()
    }

    fn tags_of(&self, id: DeclId, decl: &Decl) -> Vec<String> {
        let schema = &self.protocol.schemas[decl.schema];
        // The type of a tuple says how many items it has.
        let mut all = match schema.prefix_items.is_empty() {
            true => tags(schema),
            false => Vec::new(),
        };
        if let Some(message) = self.payload_of.get(&id) {
            let of_message = message_tags(&self.protocol.messages[message.0]);
            all.retain(|tag| {
                !of_message
                    .iter()
                    .any(|other| other.starts_with(tag.as_str()))
            });
            all.extend(of_message);
        }
        all
    }

    /// The defaults of the properties of a type.
    pub(super) fn defaults(&mut self, id: DeclId, items: &mut Vec<String>) {
        let DeclKind::Struct { fields, .. } = &self.shapes.decls[id.0].kind else {
            return;
        };
        let first = self.decl_of.get(&self.shapes.decls[id.0].schema) == Some(&id);
        let fields: Vec<_> = fields
            .iter()
            .filter(|field| !field.required && first)
            .filter_map(|field| Some((field, field.schema?)))
            .collect();
        for (field, schema) in fields {
            let Some(default) = &self.protocol.schemas[schema].annotations.default else {
                continue;
            };
            let is_flat = match default {
                Value::Object(_) => false,
                Value::Array(items) => {
                    !items.iter().any(|item| item.is_array() || item.is_object())
                }
                _ => true,
            };
            // No literal is bytes.
            let valid = is_flat
                && !self.is_byte_array(self.resolved(Usage::whole(schema)).id)
                && Validator::new(&self.protocol.schemas).is_valid(
                    schema,
                    default,
                    Some(handfast_schema::Side::Server),
                );
            if !valid {
                continue;
            }
            let owner = self.names.types[id.0].clone();
            let stem = format!(
                "{}{}Default",
                super::names::lower_first(&owner),
                text::identifier(&crate::names::pascal(&field.name))
            );
            let name = self.names.take_value(&stem);
            let member = text::member(&field.name);
            let words = if member.starts_with('.') {
                format!("The default of {{@link {owner}{member}}}.")
            } else {
                format!("The default of a property of {{@link {owner}}}.")
            };
            let ty = self.ty(schema);
            let value = text::value(default);
            // A literal has no brand, and a list of literals is not comparable to one of brands.
            let value = match (has_brands(self.protocol), default) {
                (true, Value::Array(_)) => format!("{value} as unknown as {ty}"),
                (true, _) => format!("{value} as {ty}"),
                (false, _) => value,
            };
            items.push(lay_out(&Constant {
                doc: text::doc("", &words, &[]),
                exported: true,
                name: &name,
                ty: &ty,
                value,
            }));
        }
    }
}

impl Head<'_> {
    fn alias(self, ty: String) -> String {
        lay_out(&Alias {
            doc: self.doc,
            exported: self.exported,
            name: self.name,
            ty,
        })
    }

    fn type_of(self, ty: Ty) -> String {
        let before = "export type  =".len() + self.name.chars().count();
        self.alias(ty.laid_out(0, before))
    }

    fn interface(self, object: Object, extends: String) -> String {
        let members = object.members.into_iter().map(|member| {
            let before = "readonly ?:;".len() + member.name.chars().count();
            Field {
                doc: text::doc("  ", &member.words, &member.tags),
                optional: member.optional,
                ty: member.ty.laid_out(2, before),
                name: member.name,
            }
        });
        let indexes = object.indexes.into_iter().map(|index| {
            let name = index.name();
            Field {
                doc: String::new(),
                optional: false,
                ty: index
                    .ty
                    .laid_out(2, "readonly :;".len() + name.chars().count()),
                name,
            }
        });
        lay_out(&Interface {
            doc: self.doc,
            exported: self.exported,
            name: self.name,
            extends,
            fields: members.chain(indexes).collect(),
        })
    }
}

/// The documentation of a schema. A title that repeats the name is omitted.
pub(super) fn words_of<'s>(annotations: &'s Annotations, name: &str) -> &'s str {
    let title = annotations.title.as_deref().unwrap_or_default();
    let is_name = crate::names::pascal(name).ends_with(&crate::names::pascal(title));
    match &annotations.description {
        Some(description) => description,
        None if is_name => "",
        None => title,
    }
}

/// A union with a name, of types that have names.
pub(super) fn named_union(doc: String, name: &str, members: Vec<String>) -> String {
    let head = Head {
        doc,
        exported: true,
        name,
    };
    let members = members
        .into_iter()
        .map(|member| Ty::Atom(member, Kinds::ALL));
    head.type_of(Ty::Union(members.collect()))
}
