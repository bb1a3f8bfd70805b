//! Pending requests, found by their ids or by their order.

use super::message::whole;
use handfast_spec::model::{MessageId, RoleKind, Side};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A pending request.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) line: usize,
    pub(super) from: Side,
    pub(super) name: String,
    /// `None` for the session's own, such as `join`.
    pub(super) message: Option<MessageId>,
    pub(super) role: Option<RoleKind>,
    pub(super) id: Option<Value>,
    /// Whether its answer is matched by order.
    pub(super) in_order: bool,
    /// The key of the channel that it joins, if it says so.
    pub(super) joins: Option<String>,
    /// Whether it is a cancelled stream.
    pub(super) cancelled: bool,
}

/// Requests in the order of their lines.
#[derive(Default)]
pub(super) struct Queue {
    all: BTreeMap<usize, Pending>,
    /// The lines of those with an id.
    by_id: BTreeMap<(bool, String), usize>,
    /// The lines of those matched by order.
    in_order: BTreeSet<usize>,
}

impl Queue {
    pub(super) fn push(&mut self, pending: Pending) {
        let line = pending.line;
        if pending.in_order {
            self.in_order.insert(line);
        } else if let Some(id) = &pending.id {
            self.by_id.insert(key(pending.from, id), line);
        }
        self.all.insert(line, pending);
    }

    pub(super) fn remove(&mut self, line: usize) -> Option<Pending> {
        let pending = self.all.remove(&line)?;
        self.in_order.remove(&line);
        if let Some(id) = &pending.id {
            let key = key(pending.from, id);
            if self.by_id.get(&key) == Some(&line) {
                self.by_id.remove(&key);
            }
        }
        Some(pending)
    }

    /// The request of a side with this id.
    pub(super) fn named(&self, from: Side, id: &Value) -> Option<&Pending> {
        self.all.get(self.by_id.get(&key(from, id))?)
    }

    /// The requests matched by order.
    pub(super) fn in_order(&self) -> impl DoubleEndedIterator<Item = &Pending> {
        self.in_order.iter().filter_map(|line| self.all.get(line))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.all.values()
    }

    /// Takes over the requests of another queue.
    pub(super) fn append(&mut self, other: &mut Self) {
        for (_, pending) in std::mem::take(other).all {
            self.push(pending);
        }
    }
}

/// Streams that have ended: the last for each id, and the last of each message matched by order.
#[derive(Default)]
pub(super) struct Ended {
    by_id: BTreeMap<(bool, String), Pending>,
    in_order: BTreeMap<(bool, Option<MessageId>), Pending>,
}

impl Ended {
    pub(super) fn push(&mut self, pending: Pending) {
        if pending.in_order {
            let key = (pending.from == Side::Client, pending.message);
            self.in_order.insert(key, pending);
        } else if let Some(id) = &pending.id {
            self.by_id.insert(key(pending.from, id), pending);
        }
    }

    /// The ended streams that a message with this id may refer to.
    pub(super) fn of(&self, from: Side, id: Option<&Value>) -> impl Iterator<Item = &Pending> {
        let named = id.and_then(|id| self.by_id.get(&key(from, id)));
        let in_order = self.in_order.values();
        named
            .into_iter()
            .chain(in_order.filter(move |one| one.from == from))
    }
}

/// The side and the id. Numbers are equal however they are written.
pub(super) fn key(from: Side, id: &Value) -> (bool, String) {
    let text = match whole(id) {
        Some(n) => n.to_string(),
        None => id.to_string(),
    };
    (from == Side::Client, text)
}
