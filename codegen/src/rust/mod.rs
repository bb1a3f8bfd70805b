//! The Rust of a protocol: documented types under `#[protocol]`, and nothing that is the same for every spec.
//!
//! The text is formatted here, and not by a formatter: an item is mostly attributes and documentation, which formatters
//! leave alone, and the rest is short enough to be written as `rustfmt` would.

mod addresses;
mod attribute;
mod channels;
mod choices;
mod constraints;
mod derives;
mod docs;
mod errors;
mod messages;
mod protocol;
mod rules;
mod size;
mod summary;
mod type_names;
mod types;

use crate::json_schema::{self, write::Writer};
use crate::shape::{
    Check, Decl, DeclId, DeclKind, IntegerType, Kinds, Shapes, Use, Variant, VariantContent,
    api_names,
};
use addresses::Addresses;
use handfast_schema::SchemaId;
use handfast_spec::model::{ChannelId, GenerateRust, MessageId, Name, Protocol, Side};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What the rendering of an item depends on.
struct RustContext<'p> {
    protocol: &'p Protocol,
    shapes: &'p Shapes,
    options: &'p GenerateRust,
    /// The types to import.
    imported: RefCell<BTreeSet<&'static str>>,
    /// The messages that cancel a stream, of the client and of the server.
    cancels: [BTreeSet<MessageId>; 2],
    /// The messages that answer requests of the server.
    answers: BTreeSet<MessageId>,
    /// The channels that a message joins or leaves, in their order.
    channel_roles: BTreeMap<MessageId, Vec<(&'static str, ChannelId)>>,
    /// The schemas that attributes refer to, written once for all of them.
    definitions: RefCell<Writer<'p>>,
    /// Where schemas stand in the table of definitions.
    addresses: Addresses,
    /// The names of types, channels and the protocol.
    taken: BTreeSet<String>,
    /// The types around an object that are variants of unions of objects.
    objects: BTreeSet<DeclId>,
    /// The schemas of types that refer to parts of them.
    entries: BTreeSet<SchemaId>,
    /// The types of the schemas that have one, by their first.
    type_of: BTreeMap<SchemaId, DeclId>,
}

impl RustContext<'_> {
    /// A type, which is then imported.
    fn import(&self, name: &'static str) -> &'static str {
        self.imported.borrow_mut().insert(name);
        name
    }

    /// `crate = …`, if the runtime has another name.
    fn krate(&self) -> Option<String> {
        (self.options.krate != "handfast").then(|| format!("crate = {}", self.options.krate))
    }

    /// The arguments of an attribute, with the path of the runtime.
    fn arguments(&self, mut arguments: Vec<String>) -> Vec<String> {
        arguments.extend(self.krate());
        arguments
    }

    /// Whether the strings of a type share the buffer they are read from.
    fn shares(&self, decl: &Decl) -> bool {
        decl.message
            .is_some_and(|message| self.options.borrow.contains(&message))
    }

    /// A type as part of a declaration.
    fn part(&self, decl: &Decl, ty: &Use) -> String {
        match ty {
            Use::Text if self.shares(decl) => self.import("ByteString").to_owned(),
            Use::List(inner) => format!("Vec<{}>", self.part(decl, inner)),
            Use::Map(inner) => self.map(&self.part(decl, inner)),
            Use::Nullable(inner) => self.nullable(&self.part(decl, inner)),
            Use::Implied(inner, _) => self.implied(&self.part(decl, inner)),
            Use::Beside(inner, _) => self.part(decl, inner),
            other => self.ty(other),
        }
    }

    /// A type where it is used.
    fn ty(&self, ty: &Use) -> String {
        match ty {
            Use::Named(id) => self.shapes.decls[id.0].rust.clone(),
            Use::Boxed(id) => format!("Box<{}>", self.shapes.decls[id.0].rust),
            Use::Text => "String".to_owned(),
            Use::Foreign(path) => path.clone(),
            Use::TextInteger { signed } => {
                let of = if *signed { "i64" } else { "u64" };
                format!("{}<{of}>", self.import("StringInteger"))
            }
            Use::Bytes => self.import("Bytes").to_owned(),
            Use::Integer(IntegerType::I64) => "i64".to_owned(),
            Use::Integer(IntegerType::U64) => "u64".to_owned(),
            Use::Integer(IntegerType::U32) => "u32".to_owned(),
            Use::Number => "f64".to_owned(),
            Use::Boolean => "bool".to_owned(),
            Use::Null => "()".to_owned(),
            Use::List(inner) => format!("Vec<{}>", self.ty(inner)),
            Use::Map(inner) => self.map(&self.ty(inner)),
            Use::Nullable(inner) => self.nullable(&self.ty(inner)),
            Use::AnyInteger => self.runtime("Integer"),
            Use::Implied(inner, _) => self.implied(&self.ty(inner)),
            Use::Json(_) => self.import("ValidatedJson").to_owned(),
            Use::Beside(inner, _) => self.ty(inner),
        }
    }

    fn map(&self, of: &str) -> String {
        format!("{}<String, {of}>", self.import("BTreeMap"))
    }

    /// A type of the runtime: by its path if a type of the spec has its name.
    fn runtime(&self, name: &'static str) -> String {
        match self.taken.contains(name) {
            true => format!("{}::{name}", self.options.krate),
            false => self.import(name).to_owned(),
        }
    }

    fn implied(&self, of: &str) -> String {
        format!("{}<{of}>", self.runtime("Implied"))
    }

    fn nullable(&self, of: &str) -> String {
        format!("{}<{of}>", self.import("Nullable"))
    }
}

/// The names of the types that the file declares.
fn taken(protocol: &Protocol, shapes: &Shapes) -> BTreeSet<String> {
    let given = |name: &Name, given: &Option<Name>| {
        crate::names::pascal(&given.as_ref().unwrap_or(name).text)
    };
    let decls = shapes.decls.iter().map(|decl| decl.rust.clone());
    let messages = shapes.messages.iter().flat_map(|message| {
        let payloads = message.client.iter().chain(&message.server);
        payloads.map(|payload| payload.rust.clone())
    });
    let channels = protocol.channels.iter();
    let channels = channels.map(|channel| given(&channel.name, &channel.names.rust));
    let own = [given(&protocol.name, &None)];
    decls.chain(messages).chain(channels).chain(own).collect()
}

/// The types that stand for others, among the variants of unions of objects.
fn objects(shapes: &Shapes) -> BTreeSet<DeclId> {
    let mut all = BTreeSet::new();
    for decl in &shapes.decls {
        let contents: Vec<DeclId> = match &decl.kind {
            DeclKind::Union { branches, .. } => branches.iter().map(|one| one.decl).collect(),
            DeclKind::Choice(variants) if variants.iter().all(|one| one.kinds == Kinds::OBJECT) => {
                let named = |variant: &Variant| match &variant.content {
                    VariantContent::Value(ty, _) => named(ty),
                    VariantContent::Constant(_) => None,
                };
                variants.iter().filter_map(named).collect()
            }
            _ => continue,
        };
        for id in contents {
            let mut next = Some(id);
            while let Some(id) = next
                && let DeclKind::Alias(inner) = &shapes.decls[id.0].kind
                && all.insert(id)
            {
                next = named(inner);
            }
        }
    }
    all
}

/// The type with a name that a type is.
fn named(ty: &Use) -> Option<DeclId> {
    match ty.bare() {
        Use::Named(id) | Use::Boxed(id) => Some(*id),
        _ => None,
    }
}

/// Whether the schema of a type is in the table, because it checks the values or says which variant is meant.
fn has_entry(decl: &Decl) -> bool {
    match decl.check {
        Check::Type | Check::Branches { .. } => matches!(decl.kind, DeclKind::Choice(_)),
        Check::Schema(_) => true,
        Check::Outside(_) => false,
    }
}

fn channel_roles(protocol: &Protocol) -> BTreeMap<MessageId, Vec<(&'static str, ChannelId)>> {
    let mut channel_roles: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (i, channel) in protocol.channels.iter().enumerate() {
        for (what, message) in [("join", channel.join), ("leave", channel.leave)] {
            if let Some(message) = message {
                channel_roles
                    .entry(message)
                    .or_default()
                    .push((what, ChannelId(i)));
            }
        }
    }
    channel_roles
}

/// The Rust of a protocol; `source` is the name of the spec in the header.
pub fn generate(
    protocol: &Protocol,
    shapes: &Shapes,
    options: &GenerateRust,
    source: &str,
) -> String {
    let cx = RustContext {
        protocol,
        shapes,
        options,
        imported: RefCell::default(),
        cancels: [Side::Client, Side::Server].map(|end| api_names::cancels(protocol, end)),
        answers: api_names::replies(protocol, Side::Server),
        channel_roles: channel_roles(protocol),
        definitions: RefCell::new(json_schema::documents(protocol, None)),
        addresses: Addresses::of(&protocol.schemas),
        taken: taken(protocol, shapes),
        objects: objects(shapes),
        entries: shapes
            .decls
            .iter()
            .filter(|decl| has_entry(decl))
            .map(|decl| decl.schema)
            .collect(),
        type_of: (shapes.decls.iter().enumerate().rev())
            .map(|(i, decl)| (decl.schema, DeclId(i)))
            .collect(),
    };
    let mut items: Vec<String> = Vec::new();
    types::types(&cx, &mut items);
    messages::messages(&cx, &mut items);
    channels::channels(&cx, &mut items);
    protocol::protocol(&cx, &mut items);
    items.extend(rules::definitions(&cx));
    let mut out = String::new();
    if let Some(description) = &protocol.description {
        docs::inner(&mut out, description);
        out.push_str("//!\n");
    }
    docs::inner(&mut out, &crate::header::header(source));
    out.push_str("//!\n");
    docs::inner(&mut out, &summary::summary(&cx));
    out.push('\n');
    out.push_str(&imports(&cx));
    for item in &items {
        out.push('\n');
        out.push_str(item);
    }
    out
}

/// The `use` lines: only what the items need, in the order of `rustfmt`.
fn imports(cx: &RustContext<'_>) -> String {
    let imported = cx.imported.borrow();
    let mut names: Vec<&str> = imported
        .iter()
        .copied()
        .filter(|name| *name != "BTreeMap")
        .collect();
    names.push("protocol");
    let names = match names.as_slice() {
        [one] => (*one).to_owned(),
        all => format!("{{{}}}", all.join(", ")),
    };
    let ours = format!("use {}::{names};\n", cx.options.krate);
    if imported.contains("BTreeMap") {
        format!("{ours}use std::collections::BTreeMap;\n")
    } else {
        ours
    }
}
