//! The tree: a document as written, every key and value with its location. It knows nothing of protocols.

use handfast_schema::Span;
use serde_json::{Number, Value};
use std::collections::HashMap;

/// The index of a node in its [`Document`].
pub(crate) type NodeId = usize;

/// A value.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its location.
    pub(crate) span: Span,
    /// Its kind.
    pub(crate) kind: Kind,
}

/// The kind of a value.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// A value that was already reported; later stages ignore it.
    Broken,
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// A sequence.
    List(Vec<NodeId>),
    /// A mapping.
    Map(Map),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// The location of the key.
    pub(crate) at: Span,
    /// The value.
    pub(crate) value: NodeId,
}

/// A mapping, in the order written. Its keys are unique.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    entries: Vec<Entry>,
    /// Whether an entry was dropped after being reported: a missing key may be that one.
    pub(crate) partial: bool,
    /// An index for long mappings; never iterated, so that its order has no influence.
    index: HashMap<String, usize>,
}

impl Map {
    /// The length from which keys are looked up in the index.
    const INDEXED: usize = 12;

    /// Adds an entry, or returns the existing one with its key.
    pub(crate) fn insert(&mut self, entry: Entry) -> Result<(), &Entry> {
        if let Some(at) = self.position(&entry.key) {
            return Err(&self.entries[at]);
        }
        if self.entries.len() + 1 == Self::INDEXED {
            let known = self.entries.iter().enumerate();
            self.index = known.map(|(at, entry)| (entry.key.clone(), at)).collect();
        }
        if self.entries.len() + 1 >= Self::INDEXED {
            self.index.insert(entry.key.clone(), self.entries.len());
        }
        self.entries.push(entry);
        Ok(())
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() < Self::INDEXED {
            self.entries.iter().position(|entry| entry.key == key)
        } else {
            self.index.get(key).copied()
        }
    }

    /// The entry with a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.position(key).map(|at| &self.entries[at])
    }

    /// Every entry, in the order written.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }
}

/// A file as a tree.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    nodes: Vec<Node>,
    /// The root of the file.
    pub(crate) root: NodeId,
}

impl Document {
    /// An empty document.
    pub(crate) const fn new() -> Self {
        Self {
            nodes: Vec::new(),
            root: 0,
        }
    }

    /// Adds a node.
    pub(crate) fn push(&mut self, span: Span, kind: Kind) -> NodeId {
        self.nodes.push(Node { span, kind });
        self.nodes.len() - 1
    }

    /// The number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node with an id.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The node with an id, mutable.
    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    /// The node's mapping, if it is one.
    pub(crate) fn map(&self, id: NodeId) -> Option<&Map> {
        match &self.nodes[id].kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The node's list, if it is one.
    pub(crate) fn list(&self, id: NodeId) -> Option<&[NodeId]> {
        match &self.nodes[id].kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    /// The node's string, if it is one.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.nodes[id].kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The node's boolean, if it is one.
    pub(crate) fn flag(&self, id: NodeId) -> Option<bool> {
        match self.nodes[id].kind {
            Kind::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// The node's number, if it is one.
    pub(crate) fn number(&self, id: NodeId) -> Option<&Number> {
        match &self.nodes[id].kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The value of a key of the node's mapping.
    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.map(id)?.get(key).map(|entry| entry.value)
    }

    /// The entries of the node's mapping; empty if it is not a mapping.
    pub(crate) fn entries(&self, id: NodeId) -> &[Entry] {
        self.map(id).map_or(&[], |map| &map.entries)
    }

    /// Whether a problem in the node or below it was already reported.
    pub(crate) fn is_broken(&self, id: NodeId) -> bool {
        matches!(self.nodes[id].kind, Kind::Broken)
    }

    /// The node as JSON.
    pub(crate) fn json(&self, id: NodeId) -> Value {
        match &self.nodes[id].kind {
            Kind::Broken | Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(list) => list.iter().map(|item| self.json(*item)).collect(),
            Kind::Map(map) => {
                let entries = map.iter();
                entries
                    .map(|entry| (entry.key.clone(), self.json(entry.value)))
                    .collect()
            }
        }
    }
}

impl Kind {
    /// The kind with its article, for messages.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::Broken => "something broken",
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}
