//! Aliases: each is a copy of what its anchor names, and all together are bounded.

use super::{MAX_DEPTH, Reader};
use crate::diagnostic::Diagnostic;
use crate::tree::{Entry, Kind, Map, NodeId};
use handfast_schema::Span;

/// The maximum number of values from aliases: an alias is copied, and a few lines can ask for millions.
pub const MAX_ALIASED_NODES: usize = 100_000;

/// The maximum size of text from aliases, keys and strings, in bytes: that of a file itself.
pub const MAX_ALIASED_BYTES: usize = 8 * 1024 * 1024;

/// The size of a value, including nested values.
#[derive(Clone, Copy, Default)]
pub(super) struct Weight {
    nodes: usize,
    /// The bytes of its strings and keys.
    bytes: usize,
}

impl Weight {
    const fn plus(self, other: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(other.nodes),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl Reader<'_> {
    /// The size of a value.
    pub(super) fn weigh(&self, id: NodeId) -> Weight {
        let own = |bytes| Weight { nodes: 1, bytes };
        match &self.document.node(id).kind {
            Kind::List(items) => items
                .iter()
                .fold(own(0), |sum, item| sum.plus(self.weigh(*item))),
            Kind::Map(map) => map.iter().fold(own(0), |sum, entry| {
                let value = self.weigh(entry.value);
                sum.plus(value).plus(Weight {
                    nodes: 0,
                    bytes: entry.key.len(),
                })
            }),
            Kind::Text(text) => own(text.len()),
            _ => own(0),
        }
    }

    /// Copies what an anchor names to where its alias is.
    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Option<()> {
        match self.anchors.get(&anchor).copied() {
            Some(Some((target, size))) => {
                self.aliased = self.aliased.plus(size);
                let too_much = if self.aliased.nodes > MAX_ALIASED_NODES {
                    Some(format!("{MAX_ALIASED_NODES} values"))
                } else {
                    (self.aliased.bytes > MAX_ALIASED_BYTES)
                        .then(|| format!("{MAX_ALIASED_BYTES} bytes of text"))
                };
                if let Some(bound) = too_much {
                    let message = format!("the aliases of this file expand to more than {bound}");
                    let help = "put repeated parts under `types`, and use `$ref`";
                    self.out
                        .push(Diagnostic::error("Y008", span, message).help(help));
                    return None;
                }
                let depth = self.open.len();
                let copy = self.copy(target, depth);
                let Some(copy) = copy else {
                    let message = format!("this alias nests deeper than {MAX_DEPTH} levels");
                    self.out.push(Diagnostic::error("Y008", span, message));
                    return None;
                };
                // The copy is in the tree already; an alias can also be a key.
                let is_key = self.expects_key();
                if is_key {
                    let kind = self.document.node(copy).kind.clone();
                    self.key(kind, span);
                } else {
                    self.place(copy);
                }
                Some(())
            }
            _ => {
                let message = "an alias cannot be inside its own anchor";
                let help =
                    "a copy of what contains it would have no end: write out what is meant here";
                self.out
                    .push(Diagnostic::error("Y010", span, message).help(help));
                self.leaf(Kind::Broken, span, 0)
            }
        }
    }

    /// Copies a value, so that each node of the tree has only one use.
    fn copy(&mut self, id: NodeId, depth: usize) -> Option<NodeId> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut node = self.document.node(id).clone();
        match &mut node.kind {
            Kind::List(items) => {
                for item in items {
                    *item = self.copy(*item, depth + 1)?;
                }
            }
            Kind::Map(map) => {
                let mut copied = Map::default();
                copied.partial = map.partial;
                for entry in map.iter() {
                    let value = self.copy(entry.value, depth + 1)?;
                    let _ = copied.insert(Entry {
                        value,
                        ..entry.clone()
                    });
                }
                *map = copied;
            }
            _ => {}
        }
        Some(self.document.push(node.span, node.kind))
    }
}
