//! The Rust of a protocol: documented types under `#[protocol]`, and nothing that does not vary with the spec.
//!
//! The text is laid out here, and not by a formatter: an item is mostly attribute and documentation, which formatters
//! leave alone, and what remains is short enough to be written as `rustfmt` would.

mod attribute;
mod constraints;
mod docs;
mod messages;
mod protocol;
mod rules;
mod size;
mod types;

use crate::json_schema::{self, write::Writer};
use crate::shape::{Decl, Shapes, Use, surface};
use handfast_spec::model::{ChannelId, GenerateRust, MessageId, Protocol};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that an item may ask for.
struct Cx<'p> {
    protocol: &'p Protocol,
    shapes: &'p Shapes,
    options: &'p GenerateRust,
    /// The types that were written which have to be imported.
    imported: RefCell<BTreeSet<&'static str>>,
    /// The messages that cancel a stream.
    cancels: BTreeSet<MessageId>,
    /// The channels that a message joins or leaves, in their order.
    doors: BTreeMap<MessageId, Vec<(&'static str, ChannelId)>>,
    /// The schemas that attributes refer to, which are written once for all of them.
    definitions: RefCell<Writer<'p>>,
}

impl Cx<'_> {
    /// A type that has to be imported.
    fn import(&self, name: &'static str) -> &'static str {
        self.imported.borrow_mut().insert(name);
        name
    }

    /// `crate = …`, where the runtime goes by another name.
    fn krate(&self) -> Option<String> {
        (self.options.krate != "handfast").then(|| format!("crate = {}", self.options.krate))
    }

    /// Whether the strings of a type share the text they are read from.
    fn shares(&self, decl: &Decl) -> bool {
        decl.message
            .is_some_and(|message| self.options.borrow.contains(&message))
    }

    /// A type as it is written in a type of the spec.
    fn part(&self, decl: &Decl, ty: &Use) -> String {
        match ty {
            Use::Text if self.shares(decl) => self.import("ByteString").to_owned(),
            Use::List(inner) => format!("Vec<{}>", self.part(decl, inner)),
            Use::Map(inner) => self.map(&self.part(decl, inner)),
            Use::Nullable(inner) => self.nullable(&self.part(decl, inner)),
            other => self.ty(other),
        }
    }

    /// A type as it is written where it is used.
    fn ty(&self, ty: &Use) -> String {
        match ty {
            Use::Named(id) => self.shapes.decls[id.0].rust.clone(),
            Use::Boxed(id) => format!("Box<{}>", self.shapes.decls[id.0].rust),
            Use::Text => "String".to_owned(),
            Use::TextInteger { signed } => {
                let of = if *signed { "i64" } else { "u64" };
                format!("{}<{of}>", self.import("StringInteger"))
            }
            Use::Bytes => self.import("Bytes").to_owned(),
            Use::Integer => "i64".to_owned(),
            Use::Number => "f64".to_owned(),
            Use::Boolean => "bool".to_owned(),
            Use::Null => "()".to_owned(),
            Use::List(inner) => format!("Vec<{}>", self.ty(inner)),
            Use::Map(inner) => self.map(&self.ty(inner)),
            Use::Nullable(inner) => self.nullable(&self.ty(inner)),
            Use::Checked { .. } => self.import("ValidatedJson").to_owned(),
        }
    }

    fn map(&self, of: &str) -> String {
        format!("{}<String, {of}>", self.import("BTreeMap"))
    }

    fn nullable(&self, of: &str) -> String {
        format!("{}<{of}>", self.import("Nullable"))
    }
}

fn doors(protocol: &Protocol) -> BTreeMap<MessageId, Vec<(&'static str, ChannelId)>> {
    let mut doors: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (i, channel) in protocol.channels.iter().enumerate() {
        for (what, message) in [("join", channel.join), ("leave", channel.leave)] {
            if let Some(message) = message {
                doors.entry(message).or_default().push((what, ChannelId(i)));
            }
        }
    }
    doors
}

/// Writes the Rust of a protocol; `source` is the file it is made from, as the header names it.
pub fn generate(
    protocol: &Protocol,
    shapes: &Shapes,
    options: &GenerateRust,
    source: &str,
) -> String {
    let cx = Cx {
        protocol,
        shapes,
        options,
        imported: RefCell::default(),
        cancels: surface::cancels(protocol),
        doors: doors(protocol),
        definitions: RefCell::new(json_schema::documents(protocol, None)),
    };
    let mut items: Vec<String> = Vec::new();
    types::types(&cx, &mut items);
    messages::messages(&cx, &mut items);
    protocol::channels(&cx, &mut items);
    protocol::marker(&cx, &mut items);
    items.extend(rules::definitions(&cx));
    let mut out = String::new();
    if let Some(description) = &protocol.description {
        docs::inner(&mut out, description);
        out.push_str("//!\n");
    }
    docs::inner(&mut out, &crate::header(source));
    out.push('\n');
    out.push_str(&imports(&cx));
    for item in &items {
        out.push('\n');
        out.push_str(item);
    }
    out
}

/// The `use` lines: only what the items name, in the order `rustfmt` gives them.
fn imports(cx: &Cx<'_>) -> String {
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
