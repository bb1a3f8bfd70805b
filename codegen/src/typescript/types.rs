//! Types: the values that a schema allows, in TypeScript.

use super::{
    context::{Context, Usage},
    tags::{message_tags, tags},
    text,
    type_text::{Level, Ty, both, either},
};
use crate::shape::{Decl, DeclId, DeclKind};
use handfast_schema::{Annotations, Schema, SchemaId, Type, Validator};
use handfast_templates::typescript::{Alias, Constant, Field, Interface, Union, lay_out};
use serde_json::Value;
use std::collections::BTreeSet;

/// How deep types without names are written out; what lies deeper is `unknown`.
const MAX_DEPTH: u32 = 32;

fn is_of(value: &Value, ty: Type) -> bool {
    match value {
        Value::Null => ty == Type::Null,
        Value::Bool(_) => ty == Type::Boolean,
        Value::Number(_) => matches!(ty, Type::Number | Type::Integer),
        Value::String(_) => ty == Type::String,
        Value::Array(_) => ty == Type::Array,
        Value::Object(_) => ty == Type::Object,
    }
}

impl Context<'_> {
    /// The type of a schema where it is used.
    pub(super) fn ty(&self, id: SchemaId) -> String {
        self.at(id, MAX_DEPTH).text
    }

    fn at(&self, id: SchemaId, depth: u32) -> Ty {
        let named = self.decl_of.get(&id);
        match named.filter(|decl| !self.is_inlined(**decl)) {
            Some(decl) => Ty::atom(self.names.types[decl.0].clone()),
            None => self.structure(id, depth),
        }
    }

    /// The type of a schema, without its own name.
    fn structure(&self, id: SchemaId, depth: u32) -> Ty {
        let Some(depth) = depth.checked_sub(1) else {
            return Ty::atom("unknown");
        };
        // A recursive type has no end.
        if self.open_types.borrow().contains(&id) {
            return Ty::atom("unknown");
        }
        self.open_types.borrow_mut().push(id);
        let ty = self.written_out(id, depth);
        self.open_types.borrow_mut().pop();
        ty
    }

    fn written_out(&self, id: SchemaId, depth: u32) -> Ty {
        let schema = &self.protocol.schemas[id];
        match schema.boolean {
            Some(true) => return Ty::atom("unknown"),
            Some(false) => return Ty::atom("never"),
            None => {}
        }
        let mut parts = vec![self.own(id, depth)];
        let dynamic = schema.dynamic_reference.as_ref();
        let references = schema
            .reference
            .into_iter()
            .chain(dynamic.map(|dynamic| dynamic.initial));
        for id in references.chain(schema.all_of.iter().copied()) {
            parts.push(self.at(id, depth));
        }
        for branches in [&schema.any_of, &schema.one_of] {
            if !branches.is_empty() {
                parts.push(either(
                    branches.iter().map(|id| self.at(*id, depth)).collect(),
                ));
            }
        }
        // What a union of objects says of itself, that they are objects, its branches say as well.
        if parts.len() > 1 && parts[0].text == ANY_OBJECT {
            parts.remove(0);
        }
        both(parts)
    }

    /// What `type`, `const`, `enum` and the keywords of arrays and objects say.
    fn own(&self, id: SchemaId, depth: u32) -> Ty {
        let schema = &self.protocol.schemas[id];
        let fits = |value: &Value| {
            schema
                .types
                .is_none_or(|types| types.iter().any(|ty| is_of(value, ty)))
        };
        let values = schema
            .constant
            .as_ref()
            .map(std::slice::from_ref)
            .or(schema.enumeration.as_deref());
        if let Some(values) = values {
            let mut members: Vec<Ty> = values
                .iter()
                .filter(|value| fits(value))
                .map(|value| match value {
                    Value::Array(_) => Ty::atom("unknown").list(),
                    Value::Object(_) => Ty::atom(ANY_OBJECT),
                    scalar => Ty::atom(text::value(scalar)),
                })
                .collect();
            if schema.open {
                members.push(Ty::atom("(string & {})"));
            }
            return either(members);
        }
        let Some(types) = schema.types else {
            return Ty::atom("unknown");
        };
        either(
            types
                .iter()
                .map(|ty| match ty {
                    Type::Null => Ty::atom("null"),
                    Type::Boolean => Ty::atom("boolean"),
                    Type::Integer | Type::Number => Ty::atom("number"),
                    Type::String if self.is_byte_array(id) => Ty::atom("Uint8Array"),
                    Type::String => Ty::atom("string"),
                    Type::Array => self.array(schema, depth),
                    Type::Object => self.object(schema, depth),
                })
                .collect(),
        )
    }

    fn array(&self, schema: &Schema, depth: u32) -> Ty {
        let rest = schema.items.map(|items| self.at(items, depth));
        if schema.prefix_items.is_empty() {
            return match rest {
                Some(rest) if rest.text == "never" => Ty::operator("readonly []"),
                Some(rest) => rest.list(),
                None => Ty::atom("unknown").list(),
            };
        }
        let required = usize::try_from(schema.min_items.unwrap_or(0)).unwrap_or(usize::MAX);
        let mut places: Vec<String> = schema
            .prefix_items
            .iter()
            .enumerate()
            .map(|(i, item)| {
                let item = self.at(*item, depth);
                if i < required {
                    item.text
                } else {
                    format!("{}?", item.within(Level::Atom))
                }
            })
            .collect();
        match rest {
            Some(rest) if rest.text == "never" => {}
            Some(rest) => places.push(format!("...{}[]", rest.within(Level::Atom))),
            None => places.push("...unknown[]".to_owned()),
        }
        Ty::operator(format!("readonly [{}]", places.join(", ")))
    }

    fn object(&self, schema: &Schema, depth: u32) -> Ty {
        let more = schema.additional_properties;
        let declared: BTreeSet<&String> = schema.properties.iter().map(|(name, _)| name).collect();
        let required: BTreeSet<&String> = schema.required.iter().collect();
        let undeclared = schema
            .required
            .iter()
            .filter(|name| !declared.contains(name));
        let mut fields: Vec<String> = schema
            .properties
            .iter()
            .map(|(name, id)| {
                let optional = if required.contains(name) { "" } else { "?" };
                let ty = self.at(*id, depth).text;
                format!("readonly {}{optional}: {ty}", text::property(name))
            })
            .chain(undeclared.map(|name| format!("readonly {}: unknown", text::property(name))))
            .collect();
        let patterns = &schema.pattern_properties;
        match more {
            Some(more) if fields.is_empty() => {
                let patterns = patterns.iter().map(|(_, id)| self.at(*id, depth));
                let values = patterns.chain([self.at(more, depth)]).collect();
                let value = either(values).text;
                return Ty::atom(format!("{{ readonly [key: string]: {value} }}"));
            }
            None if fields.is_empty() => return Ty::atom(ANY_OBJECT),
            // The type of every property has to fit the index, so it says nothing.
            _ if !patterns.is_empty() => {
                fields.push("readonly [key: string]: unknown".to_owned());
            }
            Some(more) if self.protocol.schemas[more].boolean != Some(false) => {
                fields.push("readonly [key: string]: unknown".to_owned());
            }
            _ => {}
        }
        Ty::atom(format!("{{ {} }}", fields.join("; ")))
    }

    /// The declaration of a type.
    pub(super) fn declaration(&self, id: DeclId) -> String {
        let decl = &self.shapes.decls[id.0];
        let name = self.names.types[id.0].as_str();
        let doc = text::doc("", &self.words(decl), &self.tags_of(id, decl));
        let exported = self.names.is_exported(name);
        if let Some(first) = self.decl_of.get(&decl.schema).filter(|first| **first != id) {
            let ty = self.names.types[first.0].clone();
            return lay_out(&Alias {
                doc,
                exported,
                name,
                ty,
            });
        }
        match &decl.kind {
            // What declares no property is any object, or the empty one.
            DeclKind::Struct { fields, closed, .. }
                if !fields.is_empty() && decl.check.is_type() =>
            {
                let mut members: Vec<Field> = fields
                    .iter()
                    .filter_map(|field| Some((field, field.schema?)))
                    .map(|(field, id)| {
                        let schema = &self.protocol.schemas[id];
                        let words = words_of(&schema.annotations, &field.name);
                        Field {
                            doc: text::doc("  ", words, &tags(schema)),
                            name: text::property(&field.name),
                            optional: !field.required,
                            ty: self.ty(id),
                        }
                    })
                    .collect();
                if *closed == Some(false) {
                    members.push(Field {
                        doc: String::new(),
                        name: "[key: string]".to_owned(),
                        optional: false,
                        ty: "unknown".to_owned(),
                    });
                }
                let fields = members;
                lay_out(&Interface {
                    doc,
                    exported,
                    name,
                    fields,
                })
            }
            DeclKind::Union { branches, .. } => {
                let members = branches
                    .iter()
                    .map(|branch| Ty::atom(self.names.types[branch.decl.0].clone()))
                    .collect();
                alias(doc, exported, name, either(members))
            }
            _ => alias(doc, exported, name, self.structure(decl.schema, MAX_DEPTH)),
        }
    }

    fn words(&self, decl: &Decl) -> String {
        let mut words = decl.description.clone().unwrap_or_default();
        let annotations = &self.protocol.schemas[decl.schema].annotations;
        if annotations.title.as_ref() == Some(&words) && words_of(annotations, &decl.ts).is_empty()
        {
            words.clear();
        }
        if matches!(decl.kind, DeclKind::Literals { open: true, .. }) {
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
        let mut all = match decl.kind {
            DeclKind::Tuple { .. } => Vec::new(),
            _ => tags(schema),
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
        for (field, id_of_field) in fields {
            let Some(default) = &self.protocol.schemas[id_of_field].annotations.default else {
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
                && !self.is_byte_array(self.resolved(Usage::whole(id_of_field)).id)
                && Validator::new(&self.protocol.schemas).is_valid(
                    id_of_field,
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
            items.push(lay_out(&Constant {
                doc: text::doc("", &words, &[]),
                exported: true,
                name: &name,
                ty: &self.ty(id_of_field),
                value: text::value(default),
            }));
        }
    }
}

const ANY_OBJECT: &str = "{ readonly [key: string]: unknown }";

/// The documentation of a schema. A title that repeats the name is omitted.
fn words_of<'s>(annotations: &'s Annotations, name: &str) -> &'s str {
    let title = annotations.title.as_deref().unwrap_or_default();
    let is_name = crate::names::pascal(name).ends_with(&crate::names::pascal(title));
    match &annotations.description {
        Some(description) => description,
        None if is_name => "",
        None => title,
    }
}

/// A type with a name: on one line where there is room.
pub(super) fn named_union(doc: String, name: &str, members: Vec<String>) -> String {
    alias(doc, true, name, Ty::union(members))
}

fn alias(doc: String, exported: bool, name: &str, ty: Ty) -> String {
    let room = text::WIDTH.saturating_sub("export type  = ;".len() + name.chars().count());
    if ty.text.chars().count() <= room || ty.level != Level::Union {
        let ty = ty.text;
        return lay_out(&Alias {
            doc,
            exported,
            name,
            ty,
        });
    }
    let members = ty.into_members();
    lay_out(&Union {
        doc,
        exported,
        name,
        members,
    })
}
