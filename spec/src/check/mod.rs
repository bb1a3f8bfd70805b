//! Checks a protocol whose parts are all well-formed.

mod branches;
mod channels;
mod defaults;
mod delivery;
mod envelope;
mod filled;
mod foreign;
mod keys;
mod messages;
mod numbering;
mod replies;
mod roles;
mod schemas;
mod session;
mod unused;
mod uses;

use crate::diagnostic::Diagnostics;
use crate::model::{MessageId, Protocol};
use crate::schema::Lowered;
use crate::tree::{Document, Entry, NodeId};
use handfast_schema::{SchemaId, Span};

/// Checks everything.
pub(crate) fn check(
    protocol: &Protocol,
    tree: &Document,
    lowered: &Lowered,
    out: &mut Diagnostics,
) {
    let mut checker = Checker {
        protocol,
        tree,
        lowered,
        out,
    };
    checker.messages();
    checker.channels();
    checker.keys();
    checker.uses();
    checker.envelopes();
    checker.filled();
    checker.session();
    checker.settings();
    checker.schemas();
    checker.branches();
    checker.unused();
    checker.foreign_types();
}

/// Finds circular references.
pub(crate) fn circles(
    protocol: &Protocol,
    tree: &Document,
    lowered: &Lowered,
    out: &mut Diagnostics,
) {
    let mut checker = Checker {
        protocol,
        tree,
        lowered,
        out,
    };
    checker.circles();
}

struct Checker<'a> {
    protocol: &'a Protocol,
    tree: &'a Document,
    lowered: &'a Lowered,
    out: &'a mut Diagnostics,
}

/// A field of an object, as declared by its schema or by one it refers to.
struct DeclaredField {
    name: String,
    required: bool,
    /// The schema whose `properties` declares it.
    owner: SchemaId,
}

impl<'a> Checker<'a> {
    /// The entry at a path of keys from the root.
    fn entry(&self, path: &[&str]) -> Option<&'a Entry> {
        let (last, path) = path.split_last()?;
        let mut node = self.tree.root;
        for key in path {
            node = self.tree.get(node, key)?;
        }
        self.tree.map(node)?.get(last)
    }

    fn section(&self, key: &str) -> &'a [Entry] {
        self.entry(&[key])
            .map(|entry| self.tree.entries(entry.value))
            .unwrap_or_default()
    }

    /// The location of a value, or of its key if the value is long.
    fn place(&self, entry: &Entry) -> Span {
        let node = self.tree.node(entry.value);
        match node.kind {
            crate::tree::Kind::Text(_) | crate::tree::Kind::Number(_) => node.span,
            _ => entry.at,
        }
    }

    /// The node of a message's block.
    fn block(&self, message: MessageId) -> NodeId {
        self.section("messages")
            .get(message.0)
            .map_or(self.tree.root, |entry| entry.value)
    }

    /// The location of a key of a message, or of its name.
    fn of_message(&self, message: MessageId, key: &str) -> Span {
        let entry = self
            .tree
            .map(self.block(message))
            .and_then(|map| map.get(key));
        entry.map_or(self.protocol.messages[message.0].name.span, |entry| {
            self.place(entry)
        })
    }

    /// The entry of a key in the envelope that a message has of its own as one end sends it.
    fn own_envelope(&self, message: MessageId, end: &str, key: &str) -> Option<&'a Entry> {
        let block = self.block(message);
        let blocks = [self.tree.get(block, end), Some(block)];
        let envelopes = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| self.tree.get(block, "envelope"));
        let mut found = envelopes.filter_map(|envelope| self.tree.map(envelope)?.get(key));
        found.next()
    }

    /// The entry of the envelope that a message has of its own as one end sends it.
    fn envelope_entry(&self, message: MessageId, end: &str) -> Option<&'a Entry> {
        let block = self.block(message);
        let blocks = [self.tree.get(block, end), Some(block)];
        let mut blocks = blocks.into_iter().flatten();
        blocks.find_map(|block| self.tree.map(block)?.get("envelope"))
    }

    /// The location of a key in the envelope of a message, or of that envelope.
    fn of_envelope(&self, message: MessageId, end: &str, key: &str) -> Span {
        let entry = self.own_envelope(message, end, key);
        entry.map_or_else(
            || self.of_message(message, "envelope"),
            |entry| self.place(entry),
        )
    }

    /// The entry of a keyword in a schema.
    fn keyword(&self, schema: SchemaId, keyword: &str) -> Option<&'a Entry> {
        self.lowered.keyword(schema, keyword)
    }

    /// The location of a property's name.
    fn property(&self, owner: SchemaId, name: &str) -> Span {
        let tree = self
            .lowered
            .sites
            .get(owner.0 as usize)
            .map(|site| &self.lowered.docs[site.doc]);
        let properties = self.keyword(owner, "properties");
        let found = tree
            .zip(properties)
            .and_then(|(tree, entry)| tree.map(entry.value)?.get(name));
        found.map_or(self.protocol.schemas[owner].span, |entry| entry.at)
    }

    /// Follows `$ref` as long as no sibling keyword changes the shape.
    fn followed(&self, mut schema: SchemaId) -> SchemaId {
        for _ in 0..64 {
            match self.protocol.schemas[schema].reference {
                Some(next) if self.protocol.schemas[schema].types.is_none() => schema = next,
                _ => break,
            }
        }
        schema
    }

    /// Every field that a schema may describe, including those of its branches.
    fn fields(&self, schema: SchemaId) -> Vec<DeclaredField> {
        let mut known = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec![(schema, true)];
        while let Some((id, certain)) = open.pop() {
            if !seen.insert(id.0) {
                continue;
            }
            let schema = &self.protocol.schemas[id];
            let required: std::collections::BTreeSet<&str> =
                schema.required.iter().map(String::as_str).collect();
            for (name, _) in &schema.properties {
                let required = certain && required.contains(name.as_str());
                known.push(DeclaredField {
                    name: name.clone(),
                    required,
                    owner: id,
                });
            }
            open.extend(schema.reference.map(|id| (id, certain)));
            open.extend(schema.all_of.iter().map(|id| (*id, certain)));
            let branches = schema.any_of.iter().chain(&schema.one_of);
            open.extend(branches.map(|id| (*id, false)));
            let branches = [schema.then, schema.otherwise].into_iter().flatten();
            open.extend(branches.map(|id| (id, false)));
        }
        known
    }
}
