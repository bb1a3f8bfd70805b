//! Declares the types of all schemas.

use super::choice::Overlap;
use super::facts::{Known, Place};
use super::form::{self, Form, What};
use super::uses::Hint;
use super::{
    Check, Decl, DeclId, DeclKind, MessageShape, PayloadShape, Received, Section, Shapes, Use,
    api_names, name_scope::NameScope, order, overlap,
};
use crate::names;
use handfast_schema::{Schema, SchemaId, Schemas, Span, union};
use handfast_spec::{
    Diagnostic,
    model::{GivenNames, Message, MessageId, Name, Protocol, Sent},
};
use std::collections::{BTreeMap, BTreeSet};

/// Types that extend others deeper than this have names of their own for what they share.
const MAX_EXTENSIONS: u32 = 64;

pub(super) fn declare(protocol: &Protocol) -> (Shapes, Vec<Diagnostic>) {
    let mut maker = Declarations {
        protocol,
        known: Known::new(protocol),
        shapes: Shapes::default(),
        named: BTreeMap::new(),
        made: BTreeMap::new(),
        scope: NameScope::new(protocol),
        section: Section::Types,
        message: None,
        overlapping: Vec::new(),
        doors: (protocol.channels.iter())
            .flat_map(|channel| [channel.join, channel.leave])
            .flatten()
            .collect(),
    };
    let payloads = named_payloads(protocol);
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
            let is_payload = payloads.contains(&(ty.schema, rust.clone(), ts.clone()))
                && !maker.scope.is_in_use(&rust, &ts);
            let free = |name: String| match is_payload {
                true => name,
                false => maker.scope.free(name),
            };
            let id = maker.reserve(
                free(rust),
                free(ts),
                ty.schema,
                ty.name.span,
                annotations.description.clone(),
            );
            maker.named.insert(ty.schema, id);
            (id, ty.schema)
        })
        .collect();
    maker.shapes.named = named.len();
    // What a type shares with those that extend it is named after it.
    let mut in_order = named;
    let mut known = BTreeMap::new();
    let mut depth = |schema| extensions(&protocol.schemas, schema, MAX_EXTENSIONS, &mut known);
    in_order.sort_by_cached_key(|(_, schema)| depth(*schema));
    for (id, schema) in in_order {
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
                // Two spellings of one value are two channels, so it stays a string.
                match maker.at(&Place::of(param.schema), &Hint::new(hint)) {
                    Use::Foreign(_) => Use::Text,
                    other => other,
                }
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
        overlapping,
        ..
    } = maker;
    api_names::check(protocol, &mut scope);
    order::box_cycles(&mut shapes);
    order::find_receivers(&mut shapes);
    order::settle_discriminants(&mut shapes);
    let has_foreign_types =
        (protocol.generate.rust.as_ref()).is_some_and(|rust| !rust.types.is_empty());
    overlap::settle(&mut shapes, &overlapping, has_foreign_types);
    (shapes, scope.finish())
}

/// How many types deep a type extends others, by `allOf`.
fn extensions(
    schemas: &Schemas,
    id: SchemaId,
    deepest: u32,
    known: &mut BTreeMap<SchemaId, u32>,
) -> u32 {
    let id = union::resolve(schemas, id);
    if let Some(depth) = known.get(&id) {
        return *depth;
    }
    let Some(deeper) = deepest.checked_sub(1) else {
        return 0;
    };
    let parts = schemas[id].all_of.iter();
    let depths = parts.map(|part| 1 + extensions(schemas, *part, deeper, known));
    let depth = depths.max().unwrap_or_default();
    known.insert(id, depth);
    depth
}

/// The types that are the payloads of messages, each with the names of the message in Rust and TypeScript.
fn named_payloads(protocol: &Protocol) -> BTreeSet<(SchemaId, String, String)> {
    let messages = protocol.messages.iter().filter_map(|message| {
        let sent = message.client.iter().chain(&message.server);
        let mut targets = sent.map(|sent| {
            let target = |id| union::resolve(&protocol.schemas, id);
            sent.payload.map(target)
        });
        let first = targets.next()??;
        let given = |name: &Option<Name>| {
            names::pascal(name.as_ref().map_or(&message.name.text, |name| &name.text))
        };
        let GivenNames { rust, ts } = &message.names;
        targets
            .all(|target| target == Some(first))
            .then(|| (first, given(rust), given(ts)))
    });
    messages.collect()
}

pub(super) struct Declarations<'p> {
    pub(super) protocol: &'p Protocol,
    pub(super) known: Known<'p>,
    pub(super) shapes: Shapes,
    pub(super) named: BTreeMap<SchemaId, DeclId>,
    /// The places without a name from the spec that were declared or are being declared; `None` for one without a name.
    pub(super) made: BTreeMap<Place, Option<DeclId>>,
    pub(super) scope: NameScope,
    pub(super) section: Section,
    /// The message whose payload is being declared.
    pub(super) message: Option<MessageId>,
    /// The unions whose variants are the branches of their schemas, and may overlap.
    pub(super) overlapping: Vec<(DeclId, Overlap)>,
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
        // A message with nothing but a reference to a type of its name has that type.
        let target = schema.map(|schema| union::resolve(&self.protocol.schemas, schema));
        let named = target.and_then(|target| self.named.get(&target)).copied();
        if let Some(id) = named.filter(|id| {
            let decl = &self.shapes.decls[id.0];
            decl.rust == rust && decl.ts == ts
        }) {
            let decl = Some(id);
            return PayloadShape { rust, ts, decl };
        }
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
            rust_only: false,
            check: Check::Type,
            description,
            section: self.section,
            message: self.message,
            received: Received::default(),
            kind: DeclKind::Alias(Use::Null),
        });
        id
    }

    /// Declares a type for a schema.
    pub(super) fn declare(
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
        let place = Place::of(schema);
        let hint = Hint::new(name.clone());
        let Form { what, beside } = form::form(&self.known, &place);
        self.set_check(id, &place, (&what, beside));
        let kind = match what {
            // The type it stands for cannot have its name as well.
            What::Same(_) | What::Nullable(_) | What::Implied(_) => {
                DeclKind::Alias(self.unnamed(what, &hint.with("Value")))
            }
            what => self.named_kind(what, &hint, &name),
        };
        self.shapes.decls[id.0].kind = kind;
    }
}
