//! The tree: a document as it was written, every key and value with its place. It knows nothing of protocols.

use handfast_schema::Span;
use serde_json::{Number, Value};
use std::collections::HashMap;

/// The place of a node in its [`Document`].
pub(crate) type NodeId = usize;

/// A value.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Something that was already complained about; every later stage is silent on it.
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
    /// Where the key stands.
    pub(crate) at: Span,
    /// The value.
    pub(crate) value: NodeId,
}

/// A mapping, in the order written. No two entries bear the same key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Map {
    entries: Vec<Entry>,
    /// Whether an entry was left out, and complained about: what is missing may have been that.
    pub(crate) partial: bool,
    /// For mappings too long to look through; never iterated, so that no order leaks from it.
    index: HashMap<String, usize>,
}

impl Map {
    /// From this many entries on, keys are looked up in the index.
    const INDEXED: usize = 12;

    /// Adds an entry, or gives back the one that bears its key already.
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

    /// The entry of a key.
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
    /// The value that the file is.
    pub(crate) root: NodeId,
}

impl Document {
    /// A document with nothing in it yet.
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

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node of a place.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The node of a place, to be changed.
    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    /// The mapping at a place.
    pub(crate) fn map(&self, id: NodeId) -> Option<&Map> {
        match &self.nodes[id].kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list at a place.
    pub(crate) fn list(&self, id: NodeId) -> Option<&[NodeId]> {
        match &self.nodes[id].kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    /// The string at a place.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.nodes[id].kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean at a place.
    pub(crate) fn flag(&self, id: NodeId) -> Option<bool> {
        match self.nodes[id].kind {
            Kind::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// The number at a place.
    pub(crate) fn number(&self, id: NodeId) -> Option<&Number> {
        match &self.nodes[id].kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The value of a key of the mapping at a place.
    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.map(id)?.get(key).map(|entry| entry.value)
    }

    /// The entries of the mapping at a place; none where it is no mapping.
    pub(crate) fn entries(&self, id: NodeId) -> &[Entry] {
        self.map(id).map_or(&[], |map| &map.entries)
    }

    /// Whether something at or under a place was complained about already.
    pub(crate) fn is_broken(&self, id: NodeId) -> bool {
        matches!(self.nodes[id].kind, Kind::Broken)
    }

    /// The value at a place as JSON.
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
    /// What it is, with its article.
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
