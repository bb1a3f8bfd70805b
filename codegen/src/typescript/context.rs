//! What every part of the emitter reads, and what was named so far.

use super::{
    anonymous, brands, bytes, names,
    recursion::{self, Recursion},
    type_tree::{Kinds, Ty},
};
use crate::shape::{DeclId, Shapes, api_names};
use handfast_schema::{Schema, SchemaId, openness::Purpose};
use handfast_spec::model::{MessageId, Protocol, Side};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// A schema and how it is used. Each usage has a validator of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Usage {
    pub(super) id: SchemaId,
    pub(super) purpose: Purpose,
    /// Whether the validator records which properties and items it has evaluated.
    pub(super) tracked: bool,
}

impl Usage {
    /// A schema that stands alone, without others that describe the same value.
    pub(super) fn whole(id: SchemaId) -> Self {
        Self {
            id,
            purpose: Purpose::Whole,
            tracked: false,
        }
    }

    /// The schema of a property or an item of this one.
    pub(super) fn child(&self, id: SchemaId) -> Self {
        Self {
            id,
            purpose: self.purpose.child(),
            tracked: false,
        }
    }
}

/// A constant beside a validator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConstantKind {
    Fields,
    /// For each purpose, as the validators of what is inside differ.
    Members(Purpose),
    Pattern,
    Values,
    /// The arrays and objects among them.
    Nested,
    /// For each purpose, as the rules of what is inside differ.
    Rule(Purpose),
}

/// The protocol, its types and names, and what was written so far.
pub(super) struct Context<'p> {
    pub(super) protocol: &'p Protocol,
    pub(super) shapes: &'p Shapes,
    pub(super) names: names::Names,
    /// The type that was declared for a schema, the first one where there are several.
    pub(super) decl_of: BTreeMap<SchemaId, DeclId>,
    /// The message that a type is the payload of.
    pub(super) payload_of: BTreeMap<DeclId, MessageId>,
    /// The messages that cancel a stream.
    pub(super) cancels: BTreeSet<MessageId>,
    /// The messages with which the server answers requests.
    pub(super) replies: BTreeSet<MessageId>,
    /// The messages with which the client answers requests of the server.
    pub(super) answers: BTreeSet<MessageId>,
    /// Types that are written where they are used.
    pub(super) inlined: Vec<bool>,
    /// Whether a message of the client contains it, by schema.
    pub(super) sent_by_client: Vec<bool>,
    /// Whether a client receives it, by schema.
    pub(super) received_by_client: Vec<bool>,
    /// The functions that have a name.
    pub(super) functions: BTreeMap<Usage, String>,
    /// The guards that have a name.
    pub(super) guards: BTreeMap<Usage, String>,
    /// The constants that have been written.
    pub(super) constants: BTreeMap<(SchemaId, ConstantKind), String>,
    /// The schemas of bytes whose places in payloads are known.
    pub(super) byte_schemas: BTreeSet<SchemaId>,
    /// How schemas contain themselves, by schema.
    pub(super) recursion: Vec<Recursion>,
    /// The objects whose rules are being written, each inside of the one before it.
    pub(super) open_rules: Vec<Usage>,
    /// The names of types that have none in the shapes.
    pub(super) anonymous: BTreeMap<SchemaId, String>,
    /// The types that have brands.
    pub(super) branded: BTreeSet<SchemaId>,
    /// The types of strings with a format, if they have brands.
    pub(super) format_brands: BTreeMap<String, String>,
    /// The types that names stand for, as far as they were asked for.
    pub(super) expanded: RefCell<BTreeMap<SchemaId, Option<Rc<Ty>>>>,
    /// How many of these are being found out, each for the one before.
    pub(super) expanding: Cell<u32>,
    /// The kinds of values of schemas, as far as they were asked for.
    pub(super) kinds: RefCell<BTreeMap<SchemaId, Kinds>>,
}

impl<'p> Context<'p> {
    pub(super) fn new(protocol: &'p Protocol, shapes: &'p Shapes) -> Self {
        let mut decl_of = BTreeMap::new();
        let in_both = shapes
            .decls
            .iter()
            .enumerate()
            .filter(|(_, decl)| !decl.rust_only);
        for (i, decl) in in_both {
            decl_of.entry(decl.schema).or_insert(DeclId(i));
        }
        let mut payload_of = BTreeMap::new();
        for message in &shapes.messages {
            for payload in message.client.iter().chain(&message.server) {
                if let Some(decl) = payload.decl {
                    payload_of.entry(decl).or_insert(message.id);
                }
            }
        }
        // A choice of literals is clearer where it is used, unless the author gave it a name.
        let mut inlined: Vec<bool> = shapes
            .decls
            .iter()
            .map(|decl| decl.rust_only || is_choice(&protocol.schemas[decl.schema]))
            .collect();
        let errors = shapes.errors.iter().flatten();
        let types = protocol
            .types
            .iter()
            .filter_map(|ty| decl_of.get(&ty.schema));
        let infos = shapes.infos.iter().flatten();
        for id in payload_of.keys().chain(errors).chain(infos).chain(types) {
            inlined[id.0] = false;
        }
        let names = names::Names::new(protocol, shapes, &|i| inlined[i]);
        let mut cx = Self {
            protocol,
            shapes,
            names,
            decl_of,
            payload_of,
            cancels: api_names::cancels(protocol, Side::Client),
            replies: api_names::replies(protocol, Side::Client),
            answers: api_names::replies(protocol, Side::Server),
            inlined,
            sent_by_client: sent_by_client(protocol),
            received_by_client: received_by_client(protocol),
            functions: BTreeMap::new(),
            guards: BTreeMap::new(),
            constants: BTreeMap::new(),
            byte_schemas: bytes::byte_schemas(protocol),
            recursion: recursion::of(&protocol.schemas),
            open_rules: Vec::new(),
            anonymous: BTreeMap::new(),
            branded: BTreeSet::new(),
            format_brands: BTreeMap::new(),
            expanded: RefCell::default(),
            expanding: Cell::default(),
            kinds: RefCell::default(),
        };
        cx.name_anonymous();
        cx.branded = brands::branded(&cx);
        for (format, name) in brands::formats(&cx) {
            let name = cx.names.take_free_type(&[name]);
            cx.format_brands.insert(format, name);
        }
        cx
    }

    fn name_anonymous(&mut self) {
        let is_named = |id: SchemaId| {
            let decl = self.decl_of.get(&id);
            decl.is_some_and(|decl| !self.inlined[decl.0])
        };
        for (id, candidates) in anonymous::anonymous(self, &is_named) {
            let name = self.names.take_free_type(&candidates);
            self.anonymous.insert(id, name);
        }
    }

    pub(super) fn is_inlined(&self, id: DeclId) -> bool {
        self.inlined[id.0]
    }
}

/// Whether a schema lists scalars.
fn is_choice(schema: &Schema) -> bool {
    let constant = schema.constant.as_ref().map(std::slice::from_ref);
    let values = constant.or(schema.enumeration.as_deref());
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    let alone = schema.all_of.is_empty() && schema.any_of.is_empty() && schema.one_of.is_empty();
    alone && values.is_some_and(|values| values.iter().all(is_scalar))
}

/// Which schemas are part of messages of the client.
fn sent_by_client(protocol: &Protocol) -> Vec<bool> {
    let messages = protocol.messages.iter();
    reached(
        protocol,
        messages.filter_map(|message| message.client.as_ref()?.payload),
    )
}

/// Which schemas are part of what a client receives: messages, the data of errors, and what is said of members of channels.
fn received_by_client(protocol: &Protocol) -> Vec<bool> {
    let messages = protocol.messages.iter();
    let payloads = messages.filter_map(|message| message.server.as_ref()?.payload);
    let data = protocol.errors.iter().filter_map(|error| error.data);
    let channels = protocol.channels.iter();
    let infos = channels.filter_map(|channel| channel.presence.and_then(|presence| presence.info));
    reached(protocol, payloads.chain(data).chain(infos))
}

/// The schemas that others contain, and those.
fn reached(protocol: &Protocol, from: impl Iterator<Item = SchemaId>) -> Vec<bool> {
    let mut reached = vec![false; protocol.schemas.len()];
    let mut waiting: Vec<SchemaId> = from.collect();
    while let Some(id) = waiting.pop() {
        if !std::mem::replace(&mut reached[id.0 as usize], true) {
            waiting.extend(protocol.schemas[id].subschemas());
        }
    }
    reached
}
