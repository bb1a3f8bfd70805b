//! What all connections of a server share.

use super::{Peer, Service, hub::Hub, link::Link};
use crate::{
    broker::{Broker, Publication},
    codec::{Codec, Outgoing},
    table::{ChannelTable, CloseCondition, LimitsTable, MessageTable, ProtocolTable, Tag},
};
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::watch;

/// How long the count of a channel without history lives on where nobody is in it, unless sessions are resumed for longer.
const KEEP: Duration = Duration::from_secs(60);

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) service: Arc<dyn Service>,
    pub(crate) table: &'static ProtocolTable,
    pub(crate) limits: LimitsTable,
    /// The encodings that are spoken, the preferred first, with their subprotocols.
    pub(crate) codecs: Arc<[(Arc<dyn Codec>, &'static str)]>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) hub: Arc<Hub>,
    /// The major version.
    pub(crate) major: i64,
    links: Mutex<HashMap<u64, Arc<Link>>>,
    last: AtomicU64,
    going: AtomicBool,
    /// How many connections there are, those included that have not said hello.
    pub(crate) alive: watch::Sender<usize>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("protocol", &self.table.name)
            .field("connections", &*self.alive.borrow())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        service: Arc<dyn Service>,
        limits: LimitsTable,
        codecs: Arc<[(Arc<dyn Codec>, &'static str)]>,
        broker: Arc<dyn Broker>,
    ) -> Arc<Self> {
        let table = service.table();
        let major = semver::Version::parse(table.version)
            .ok()
            .and_then(|version| i64::try_from(version.major).ok())
            .unwrap_or_default();
        let hub = Hub::attach(table.server, major, codecs.clone(), broker.clone());
        Arc::new(Self {
            service,
            table,
            limits,
            codecs,
            broker,
            hub,
            major,
            links: Mutex::default(),
            last: AtomicU64::new(0),
            going: AtomicBool::new(false),
            alive: watch::Sender::new(0),
        })
    }

    pub(crate) fn codec(&self, encoding: usize) -> &dyn Codec {
        &*self.codecs[encoding].0
    }

    /// A message of this server's.
    pub(crate) fn outgoing(&self, tag: Option<Tag>) -> Outgoing<'static> {
        super::link::outgoing(&self.table.server.envelope, tag, self.major)
    }

    /// Publishes a message to a channel.
    pub(crate) fn publish(
        &self,
        channel: Arc<str>,
        message: &'static MessageTable,
        payload: &dyn erased_serde::Serialize,
    ) {
        let payload = match message
            .payload
            .then(|| serde_json::value::to_raw_value(payload))
        {
            Some(Ok(payload)) => Some(payload.into()),
            Some(Err(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    message = message.name,
                    "a message cannot be written"
                );
                return;
            }
            None => None,
        };
        self.broker.publish(Publication {
            channel,
            message,
            payload,
            at: SystemTime::now(),
        });
    }

    /// How long the count of a channel is kept when nobody is in it.
    pub(crate) fn keep(&self, channel: Option<&ChannelTable>) -> Duration {
        let history = channel.and_then(|channel| channel.history?.1);
        let resume = self.table.session.resume.unwrap_or_default();
        history.unwrap_or(KEEP).max(resume)
    }

    /// The channel that a key belongs to.
    pub(crate) fn channel_of(&self, key: &str) -> Option<&'static ChannelTable> {
        self.table
            .channels
            .iter()
            .find(|channel| fits(channel.key, key))
    }

    fn links(&self) -> MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection.
    pub(crate) fn connect(
        self: &Arc<Self>,
        session: super::Session,
        peer: Arc<Peer>,
        encoding: usize,
    ) -> Arc<Link> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let link = Arc::new(Link::new(id, self.clone(), session, peer, encoding));
        self.links().insert(id, link.clone());
        if self.is_going() {
            go_away(&link);
        }
        link
    }

    pub(crate) fn disconnect(&self, link: &Link) {
        link.end();
        self.links().remove(&link.id);
    }

    pub(crate) fn is_going(&self) -> bool {
        self.going.load(Ordering::SeqCst)
    }

    /// Asks every connection to finish what it does and to close.
    pub(crate) fn go(&self) {
        self.going.store(true, Ordering::SeqCst);
        let links: Vec<_> = self.links().values().cloned().collect();
        links.iter().for_each(|link| go_away(link));
    }
}

fn go_away(link: &Link) {
    link.close(CloseCondition::GoingAway, "the server goes away", true);
}

/// Whether a key fits a pattern with `{param}` holes, and `{{` and `}}` for braces that are meant. A hole takes at least one
/// character. Each literal is looked for once, so that a long key costs no more than its length.
fn fits(pattern: &str, key: &str) -> bool {
    let (literal, mut pattern) = literal(pattern);
    let Some(mut rest) = key.strip_prefix(&*literal) else {
        return false;
    };
    while let Some(after) = pattern {
        let Some(hole) = rest.chars().next() else {
            return false;
        };
        rest = &rest[hole.len_utf8()..];
        let (text, next) = self::literal(after);
        pattern = next;
        if pattern.is_none() {
            return rest.ends_with(&*text);
        }
        let Some(at) = rest.find(&*text) else {
            return false;
        };
        rest = &rest[at + text.len()..];
    }
    rest.is_empty()
}

/// What a pattern begins with, and what follows the hole after it.
fn literal(pattern: &str) -> (String, Option<&str>) {
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.as_str().starts_with(c) => {
                chars.next();
                text.push(c);
            }
            '{' => {
                let rest = chars.as_str().split_once('}').map_or("", |(_, rest)| rest);
                return (text, Some(rest));
            }
            c => text.push(c),
        }
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_fit_their_channel() {
        let fits = |pattern, key| super::fits(pattern, key);
        assert!(fits("lobby", "lobby"));
        assert!(fits("room:{id}", "room:a:b"));
        assert!(fits("{a}:{b}", "x:y"));
        assert!(fits("a:{b}:c", "a:ü:c"));
        assert!(fits("a:{b}:c", "a::c:c"));
        assert!(fits("{a}{b}", "xy"));
        assert!(fits("{{lobby}}", "{lobby}"));
        assert!(fits("{{{id}}}:x", "{7}:x"));
        assert!(!fits("{{lobby}}", "{{lobby}}"));
        assert!(!fits("{a}{b}", "x"));
        assert!(!fits("a:{b}:c", "a:c"));
        assert!(!fits("lobby", "lobby2"));
        assert!(!fits("room:{id}", "room:"));
        assert!(!fits("room:{id}", "rooms:a"));
        assert!(!fits("a:{b}:c", "a:b:d"));
    }
}
