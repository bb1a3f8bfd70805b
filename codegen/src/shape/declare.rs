//! Declares the types of all schemas.

use super::{
    Branch, Decl, DeclId, DeclKind, Item, MessageShape, PayloadShape, Received, Section, Shapes,
    StructField, Use, api_names, combine, name_scope::NameScope, order,
};
use crate::names;
use handfast_naming::rust_ident;
use handfast_schema::{
    Schema, SchemaId, Span, Type,
    union::{self, Distinction},
};
use handfast_spec::{
    Diagnostic,
    model::{GivenNames, Message, MessageId, Name, Protocol, Sent},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn declare(protocol: &Protocol) -> (Shapes, Vec<Diagnostic>) {
    let mut maker = Declarations {
        protocol,
        shapes: Shapes::default(),
        named: BTreeMap::new(),
        open: BTreeMap::new(),
        scope: NameScope::new(protocol),
        section: Section::Types,
        message: None,
        doors: (protocol.channels.iter())
            .flat_map(|channel| [channel.join, channel.leave])
            .flatten()
            .collect(),
    };
    // Named types first, all of them, so that they may refer to each other in any order.
    let named: Vec<(DeclId, SchemaId)> = protocol
        .types
        .iter()
        .map(|ty| {
            let annotations = &protocol.schemas[ty.schema].annotations;
            let base = annotations.rust.as_deref().unwrap_or(&ty.name.text);
            let rust = names::pascal(base);
            let ts = annotations
                .ts
                .clone()
                .unwrap_or_else(|| names::pascal(&ty.name.text));
            let id = maker.reserve(
                maker.scope.free(rust),
                maker.scope.free(ts),
                ty.schema,
                ty.name.span,
                annotations.description.clone(),
            );
            maker.named.insert(ty.schema, id);
            (id, ty.schema)
        })
        .collect();
    maker.shapes.named = named.len();
    for (id, schema) in named {
        maker.fill(id, schema);
    }
    maker.section = Section::Errors;
    for error in &protocol.errors {
        let decl = error.data.map(|schema| {
            let base = format!("{}ErrorData", names::pascal(&error.name.text));
            maker.declare(base.clone(), base, schema, error.name.span, None)
        });
        maker.shapes.errors.push(decl);
    }
    maker.section = Section::Payloads;
    for (i, message) in protocol.messages.iter().enumerate() {
        maker.message = Some(MessageId(i));
        let shape = maker.message(MessageId(i), message);
        maker.shapes.messages.push(shape);
    }
    maker.message = None;
    for channel in &protocol.channels {
        let params = channel
            .params
            .iter()
            .map(|param| {
                let hint = format!(
                    "{}{}",
                    names::pascal(&channel.name.text),
                    names::pascal(&param.name.text)
                );
                maker.at(param.schema, &hint)
            })
            .collect();
        maker.shapes.channels.push(params);
    }
    maker.section = Section::Channels;
    for channel in &protocol.channels {
        let info = channel.presence.and_then(|presence| presence.info);
        let decl = info.map(|schema| {
            let base = |given: &Option<Name>| {
                let given = given.as_ref().unwrap_or(&channel.name);
                format!("{}Presence", names::pascal(&given.text))
            };
            let (rust, ts) = (base(&channel.names.rust), base(&channel.names.ts));
            maker.declare(rust, ts, schema, channel.name.span, None)
        });
        maker.shapes.infos.push(decl);
    }
    let Declarations {
        mut shapes,
        mut scope,
        ..
    } = maker;
    api_names::check(protocol, &mut scope);
    order::box_cycles(&mut shapes);
    order::find_receivers(&mut shapes);
    order::settle_discriminants(&mut shapes);
    (shapes, scope.finish())
}

pub(super) struct Declarations<'p> {
    pub(super) protocol: &'p Protocol,
    pub(super) shapes: Shapes,
    pub(super) named: BTreeMap<SchemaId, DeclId>,
    /// What is being declared.
    pub(super) open: BTreeMap<SchemaId, DeclId>,
    pub(super) scope: NameScope,
    pub(super) section: Section,
    /// The message whose payload is being declared.
    pub(super) message: Option<MessageId>,
    /// The messages that join or leave a channel.
    doors: BTreeSet<MessageId>,
}

impl Declarations<'_> {
    pub(super) fn schema(&self, id: SchemaId) -> &Schema {
        &self.protocol.schemas[id]
    }

    fn message(&mut self, id: MessageId, message: &Message) -> MessageShape {
        let GivenNames { rust, ts } = &message.names;
        let given = |name: &Option<Name>| {
            name.as_ref()
                .map_or(&message.name.text, |name| &name.text)
                .clone()
        };
        let (rust, ts) = (names::pascal(&given(rust)), names::pascal(&given(ts)));
        let payload = |sent: &Option<Sent>| sent.as_ref().and_then(|sent| sent.payload);
        let both = message.client.is_some() && message.server.is_some();
        if both && payload(&message.client) != payload(&message.server) {
            let side = |maker: &mut Self, sent: &Option<Sent>, end: &str, words: &str| {
                let description = message
                    .description
                    .as_ref()
                    .map(|text| format!("{text} {words}"));
                let (rust, ts) = (format!("{rust}{end}"), format!("{ts}{end}"));
                sent.as_ref()
                    .map(|_| maker.payload(rust, ts, payload(sent), (id, message), description))
            };
            let client = side(self, &message.client, "Client", "As the client sends it.");
            let server = side(self, &message.server, "Server", "As the server sends it.");
            return MessageShape { id, client, server };
        }
        let schema = payload(&message.client).or_else(|| payload(&message.server));
        let shape = self.payload(rust, ts, schema, (id, message), message.description.clone());
        MessageShape {
            id,
            client: message.client.as_ref().map(|_| shape.clone()),
            server: message.server.as_ref().map(|_| shape),
        }
    }

    fn payload(
        &mut self,
        rust: String,
        ts: String,
        schema: Option<SchemaId>,
        (id, message): (MessageId, &Message),
        description: Option<String>,
    ) -> PayloadShape {
        // A message that joins or leaves a channel has the parameters as its own fields, even if it only refers to a
        // type with them.
        let is_door = self.doors.contains(&id);
        let schema = match schema {
            Some(schema) if is_door => Some(union::resolve(&self.protocol.schemas, schema)),
            schema => schema,
        };
        let decl = match schema {
            Some(schema) => Some(self.declare(
                rust.clone(),
                ts.clone(),
                schema,
                message.name.span,
                description,
            )),
            None => {
                // In Rust even a message without a payload has a type.
                self.scope.take(&rust, &ts, message.name.span);
                None
            }
        };
        PayloadShape { rust, ts, decl }
    }

    /// Reserves a name for a type that is filled in later.
    fn reserve(
        &mut self,
        rust: String,
        ts: String,
        schema: SchemaId,
        span: Span,
        description: Option<String>,
    ) -> DeclId {
        self.scope.take(&rust, &ts, span);
        let id = DeclId(self.shapes.decls.len());
        self.shapes.decls.push(Decl {
            rust,
            ts,
            schema,
            description,
            section: self.section,
            message: self.message,
            received: Received::default(),
            kind: DeclKind::Alias(Use::Null),
        });
        id
    }

    /// Declares a type for a schema.
    fn declare(
        &mut self,
        rust: String,
        ts: String,
        schema: SchemaId,
        span: Span,
        description: Option<String>,
    ) -> DeclId {
        let description = description.or_else(|| {
            let annotations = &self.schema(schema).annotations;
            annotations
                .description
                .clone()
                .or_else(|| annotations.title.clone())
        });
        let id = self.reserve(rust, ts, schema, span, description);
        self.fill(id, schema);
        id
    }

    fn fill(&mut self, id: DeclId, schema: SchemaId) {
        let name = self.shapes.decls[id.0].rust.clone();
        let kind = self.kind(schema, &name).unwrap_or_else(|| {
            // The type it stands for cannot have its name as well.
            let found = self.schema(schema);
            let stands =
                found.reference.is_some() || !found.any_of.is_empty() || !found.one_of.is_empty();
            let inner = if stands { format!("{name}Value") } else { name };
            DeclKind::Alias(self.simple(schema, &inner))
        });
        self.shapes.decls[id.0].kind = kind;
    }

    /// What a schema is, if it needs a named type.
    pub(super) fn kind(&mut self, id: SchemaId, name: &str) -> Option<DeclKind> {
        let schema = self.schema(id);
        if schema.reference.is_some()
            || schema.boolean.is_some()
            || combine::beyond(&self.protocol.schemas, schema).is_some()
        {
            return None;
        }
        if let Some(kind) = self.literals(schema) {
            return Some(kind);
        }
        if schema.constant.is_some() || schema.enumeration.is_some() {
            return None;
        }
        if !schema.one_of.is_empty() || !schema.any_of.is_empty() {
            return self.union(id, name);
        }
        if !schema.all_of.is_empty() {
            let merged = combine::merge(&self.protocol.schemas, id)?;
            return Some(self.product(&merged, name));
        }
        match schema.types?.single()? {
            Type::Object => {
                // A schema that describes no field is any object: unknown fields are allowed.
                let is_map = schema.properties.is_empty()
                    && schema.required.is_empty()
                    && schema
                        .additional_properties
                        .is_none_or(|more| self.schema(more).boolean != Some(false));
                let is_mixed = !schema.properties.is_empty()
                    && schema
                        .additional_properties
                        .is_some_and(|more| self.schema(more).boolean.is_none());
                let declared: BTreeSet<&String> =
                    schema.properties.iter().map(|(name, _)| name).collect();
                let unlisted = schema.required.iter().any(|name| !declared.contains(name));
                if is_map || is_mixed || unlisted {
                    return None;
                }
                let merged = combine::Merged::of(schema, &self.protocol.schemas);
                Some(self.product(&merged, name))
            }
            Type::Array if self.is_tuple(schema) => {
                let items = schema.prefix_items.clone();
                let items = items
                    .into_iter()
                    .enumerate()
                    .map(|(i, schema)| Item {
                        schema,
                        ty: self.at(schema, &format!("{name}{i}")),
                    })
                    .collect();
                Some(DeclKind::Tuple(items))
            }
            _ => None,
        }
    }

    /// A tuple has two or more items, all of them required, and no others.
    fn is_tuple(&self, schema: &Schema) -> bool {
        let width = schema.prefix_items.len();
        width >= 2
            && schema
                .items
                .is_some_and(|items| self.schema(items).boolean == Some(false))
            && schema.min_items == Some(width as u64)
            && !schema.unique_items
            && schema.max_items.is_none_or(|max| max >= width as u64)
    }

    fn literals(&self, schema: &Schema) -> Option<DeclKind> {
        let only_strings = schema
            .types
            .is_none_or(|types| types.single() == Some(Type::String));
        let says_more = Type::ALL
            .into_iter()
            .any(|ty| combine::speaks_of(schema, ty));
        let combines =
            !schema.all_of.is_empty() || !schema.any_of.is_empty() || !schema.one_of.is_empty();
        if !only_strings || says_more || combines {
            return None;
        }
        let constant = schema.constant.as_ref().map(std::slice::from_ref);
        let values = match (constant, schema.enumeration.as_deref()) {
            (Some(one), None) => one,
            // An enum without variants would have no values.
            (None, Some(all)) if !all.is_empty() => all,
            _ => return None,
        };
        let texts: Vec<String> = values
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect::<Option<_>>()?;
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut next: BTreeMap<String, u32> = BTreeMap::new();
        let values = texts
            .into_iter()
            .map(|text| {
                let stem = names::variant(&text);
                // `Other` is for the unknown values of an open enum.
                let reserved = schema.open && stem == "Other";
                // Names numbered so far are in use.
                let first = next.entry(stem.clone()).or_insert(1);
                let name = (*first..)
                    .inspect(|n| *first = *n)
                    .map(|n| {
                        if n == 1 {
                            stem.clone()
                        } else {
                            format!("{stem}{n}")
                        }
                    })
                    .find(|name| !(used.contains(name) || reserved && *name == stem))
                    .unwrap_or_default();
                used.insert(name.clone());
                (text, rust_ident(&name))
            })
            .collect();
        Some(DeclKind::Literals {
            values,
            open: schema.open,
        })
    }

    fn union(&mut self, id: SchemaId, name: &str) -> Option<DeclKind> {
        let schema = self.schema(id);
        let branches = if schema.one_of.is_empty() {
            &schema.any_of
        } else {
            &schema.one_of
        };
        if !combine::is_union_alone(schema) {
            return None;
        }
        let union = union::union(&self.protocol.schemas, branches)?;
        let Distinction::Property(discriminant) = union.distinction else {
            return None;
        };
        if union.nullable {
            return None;
        }
        // Every name is settled before the first branch is declared, so that nothing is left over if one of them
        // fails.
        let mut variants: Vec<(String, String, SchemaId)> = Vec::new();
        let mut used = BTreeSet::new();
        for (value, schema) in discriminant.branches {
            let Value::String(value) = value else {
                return None;
            };
            let title = self
                .schema(schema)
                .annotations
                .title
                .as_deref()
                .unwrap_or(&value);
            let is_used = |name: &str| used.contains(name);
            let mut variant = names::variant(title);
            if is_used(&variant) {
                variant = names::variant(&value);
            }
            if is_used(&variant) {
                return None;
            }
            used.insert(variant.clone());
            variants.push((variant, value, schema));
        }
        let branches = variants
            .into_iter()
            .map(|(variant, value, schema)| {
                let target = union::resolve(&self.protocol.schemas, schema);
                let decl = match self.named.get(&target) {
                    Some(decl) => *decl,
                    None => {
                        let name = self.scope.free(format!("{name}{variant}"));
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
        Some(DeclKind::Union {
            tag: discriminant.property,
            branches,
        })
    }

    fn product(&mut self, merged: &combine::Merged, name: &str) -> DeclKind {
        let mut used: BTreeMap<String, Span> = BTreeMap::new();
        let mut inner: BTreeSet<String> = BTreeSet::new();
        let defaults = self.protocol.schemas.has_defaults();
        let required: BTreeSet<&String> = merged.required.iter().collect();
        let plain: BTreeSet<String> = merged
            .properties
            .iter()
            .filter(|(wire, _)| !wire.starts_with('_'))
            .map(|(wire, _)| names::snake(wire))
            .collect();
        let fields = merged
            .properties
            .iter()
            .map(|(wire, schema)| {
                let annotations = self.schema(*schema).annotations.clone();
                let span = self.schema(*schema).span;
                let given = annotations.rust.as_deref();
                let mut rust = names::snake(given.unwrap_or(wire));
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
                let ty = format!("{name}{}", names::pascal(wire));
                let ty = names::numbered(&ty, &|name| inner.contains(name));
                inner.insert(ty.clone());
                let ty = self.at(*schema, &ty);
                StructField {
                    name: wire.clone(),
                    rust: rust_ident(&rust),
                    schema: *schema,
                    ty,
                    required: required.contains(wire),
                    discriminant: false,
                }
            })
            .collect();
        DeclKind::Struct {
            fields,
            closed: merged.closed.or((!defaults).then_some(false)),
        }
    }
}
