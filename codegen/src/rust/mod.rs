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
    /// The messages that cancel a stream.
    cancels: BTreeSet<MessageId>,
    /// The channels that a message joins or leaves, in their order.
    doors: BTreeMap<MessageId, Vec<(&'static str, ChannelId)>>,
    /// The schemas that attributes refer to, which are written once for all of them.
    definitions: RefCell<Writer<'p>>,
}

impl Cx<'_> {
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
            Use::Text if self.shares(decl) => "ByteString".to_owned(),
            Use::List(inner) => format!("Vec<{}>", self.part(decl, inner)),
            Use::Map(inner) => format!("BTreeMap<String, {}>", self.part(decl, inner)),
            Use::Nullable(inner) => format!("Nullable<{}>", self.part(decl, inner)),
            other => self.ty(other),
        }
    }

    /// A type as it is written where it is used.
    fn ty(&self, ty: &Use) -> String {
        match ty {
            Use::Named(id) => self.shapes.decls[id.0].rust.clone(),
            Use::Boxed(id) => format!("Box<{}>", self.shapes.decls[id.0].rust),
            Use::Text => "String".to_owned(),
            Use::TextInteger { signed: true } => "AsText<i64>".to_owned(),
            Use::TextInteger { signed: false } => "AsText<u64>".to_owned(),
            Use::Bytes => "Bytes".to_owned(),
            Use::Integer => "i64".to_owned(),
            Use::Number => "f64".to_owned(),
            Use::Boolean => "bool".to_owned(),
            Use::Null => "()".to_owned(),
            Use::List(inner) => format!("Vec<{}>", self.ty(inner)),
            Use::Map(inner) => format!("BTreeMap<String, {}>", self.ty(inner)),
            Use::Nullable(inner) => format!("Nullable<{}>", self.ty(inner)),
            Use::Checked { .. } => "Checked".to_owned(),
        }
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
    out.push_str(&imports(&cx, &items));
    for item in &items {
        out.push('\n');
        out.push_str(item);
    }
    out
}

/// The `use` lines: only what the items name, in the order `rustfmt` gives them.
fn imports(cx: &Cx<'_>, items: &[String]) -> String {
    let mentions = |name: &str| {
        items.iter().any(|item| {
            item.lines()
                .filter(|line| !line.trim_start().starts_with("///"))
                .any(|line| {
                    line.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .any(|word| word == name)
                })
        })
    };
    let mut names: Vec<&str> = ["AsText", "ByteString", "Bytes", "Checked", "Nullable"]
        .into_iter()
        .filter(|name| mentions(name))
        .collect();
    names.push("protocol");
    let names = match names.as_slice() {
        [one] => (*one).to_owned(),
        all => format!("{{{}}}", all.join(", ")),
    };
    let ours = format!("use {}::{names};\n", cx.options.krate);
    if mentions("BTreeMap") {
        format!("{ours}use std::collections::BTreeMap;\n")
    } else {
        ours
    }
}
