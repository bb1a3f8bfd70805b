//! What a server saw of a client in one run.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::watch;

/// How many messages are kept; more are only counted.
const KEPT: usize = 3000;

/// One run of a scenario.
pub(crate) struct Run {
    kept: Mutex<Kept>,
    begun: Instant,
    /// What the client's side let happen.
    pub(crate) released: watch::Sender<BTreeSet<String>>,
}

#[derive(Default)]
struct Kept {
    /// When each connection came, in milliseconds.
    connections: Vec<u64>,
    sessions: usize,
    open: usize,
    messages: Vec<Value>,
    counts: BTreeMap<String, u64>,
    /// What the client closed with.
    closes: Vec<u16>,
    /// Messages that were answered later than others came, by tag: how many there are, and were at the most.
    pending: BTreeMap<String, (u64, u64)>,
    /// The rooms that the last connection is in.
    rooms: BTreeSet<String>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            begun: Instant::now(),
            released: watch::channel(BTreeSet::new()).0,
        }
    }
}

impl Run {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// Notes a connection; gives its number.
    pub(crate) fn connected(&self) -> usize {
        let at = self.now();
        let mut kept = self.kept();
        kept.connections.push(at);
        kept.open += 1;
        kept.connections.len() - 1
    }

    /// Lets happen what is held by this name.
    pub(crate) fn release(&self, name: &str) {
        self.released.send_modify(|released| {
            released.insert(name.to_owned());
        });
    }

    pub(crate) fn ended(&self) {
        self.kept().open -= 1;
    }

    pub(crate) fn closed(&self, code: u16) {
        self.kept().closes.push(code);
    }

    /// Notes a message.
    pub(crate) fn received(&self, connection: usize, message: &Value) {
        let at = self.now();
        let mut kept = self.kept();
        let tag = message["type"].as_str().unwrap_or_default().to_owned();
        let room = &message["payload"]["room"];
        match (&*tag, room.as_str()) {
            ("hello", _) => {
                kept.sessions += 1;
                kept.rooms.clear();
            }
            ("room.join", Some(room)) => {
                kept.rooms.insert(room.to_owned());
            }
            ("room.leave", Some(room)) => {
                kept.rooms.remove(room);
            }
            _ => {}
        }
        if kept.messages.len() < KEPT && tag != "ping" && tag != "pong" {
            let n = &message["payload"]["n"];
            let id = &message["id"];
            kept.messages.push(json!({
                "connection": connection, "at": at, "type": tag, "id": id, "n": n, "room": room,
            }));
        }
        *kept.counts.entry(tag).or_default() += 1;
    }

    /// Notes that a message is being answered, or was.
    pub(crate) fn pending(&self, tag: &str, begins: bool) {
        let mut kept = self.kept();
        let (now, most) = kept.pending.entry(tag.to_owned()).or_default();
        match begins {
            true => *now += 1,
            false => *now -= 1,
        }
        *most = (*most).max(*now);
    }

    /// Words for somebody who looks for what went wrong.
    pub(crate) fn in_short(&self) -> String {
        let kept = self.kept();
        format!(
            "connections at {:?} ms, {} of them sessions; {:?}; closed by the client with {:?}",
            kept.connections, kept.sessions, kept.counts, kept.closes
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        let now = self.now();
        let kept = self.kept();
        let pending: BTreeMap<&String, u64> = kept
            .pending
            .iter()
            .map(|(tag, (_, most))| (tag, *most))
            .collect();
        json!({
            "now": now,
            "connections": kept.connections,
            "sessions": kept.sessions,
            "open": kept.open,
            "messages": kept.messages,
            "counts": kept.counts,
            "closes": kept.closes,
            "pending": pending,
            "rooms": kept.rooms,
        })
    }
}
