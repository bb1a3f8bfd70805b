//! What lies between servers: a broker numbers the messages of each channel and carries them to every server with
//! somebody in it.
//!
//! [`InMemory`] serves one process, with any number of servers in it. A broker that reaches further is one more
//! implementation of [`Broker`].

use crate::{descriptor::MessageDescriptor, random};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, SystemTime},
};
use tokio::time::Instant;

/// A message on its way to everybody in a channel.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The channel's key.
    pub channel: Arc<str>,
    /// Which message it is. Between processes its name stands for it.
    pub message: &'static MessageDescriptor,
    /// What it carries, as JSON text.
    pub payload: Option<Arc<RawValue>>,
    /// When it was published.
    pub at: SystemTime,
}

/// Where the count of a channel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    /// One life of the count: random, and another when the count begins again.
    pub epoch: Arc<str>,
    /// The number of the last message; 0 where there was none yet.
    pub seq: u64,
}

/// A server, as a broker sees it.
pub trait Deliver: Send + Sync {
    /// Hands a publication to everybody here who is in its channel. `position` is where the count stands with it; a
    /// volatile message does not move the count. It never waits.
    fn deliver(&self, publication: &Publication, position: &StreamPosition);
}

/// A server's name with its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerId(pub u64);

/// A broker could not do what it should.
#[derive(Debug)]
pub struct BrokerError(pub Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the broker failed")
    }
}

impl std::error::Error for BrokerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// Numbers publications and carries them between servers.
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// Adds a server. It is delivered to for as long as it lives.
    fn attach(&self, server: Weak<dyn Deliver>) -> ServerId;

    /// Somebody on a server enters a channel. The answer tells where the count stands: every message after it is delivered,
    /// and none before it is delivered later. Each call is undone by one of [`Broker::unsubscribe`].
    ///
    /// The count of a channel that everybody left is kept for `keep`, and not much longer.
    fn subscribe<'a>(
        &'a self,
        server: ServerId,
        channel: &'a Arc<str>,
        keep: Duration,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>>;

    /// Somebody on a server left a channel.
    fn unsubscribe(&self, server: ServerId, channel: &str);

    /// Numbers a message and delivers it, in the order of the calls. It never waits; what cannot be delivered is a gap in the
    /// numbers, and so does not go unnoticed.
    fn publish(&self, publication: Publication);
}

/// How many channels nobody is in keep their count, whatever their time. Those idle the longest go first, and whoever comes
/// back to one of them learns of a gap.
const IDLE: usize = 10_000;

/// A broker for servers in one process.
#[derive(Debug, Default)]
pub struct InMemory {
    channels: Mutex<Channels>,
    servers: Mutex<Servers>,
}

#[derive(Debug, Default)]
struct Channels {
    counts: HashMap<Arc<str>, Arc<Count>>,
    /// How many counts there may be before those whose time is over are looked for.
    sweep_at: usize,
}

#[derive(Debug)]
struct Count {
    epoch: Arc<str>,
    keep: Duration,
    state: Mutex<CountState>,
}

#[derive(Debug)]
struct CountState {
    seq: u64,
    /// How many are in it, by server.
    members: HashMap<ServerId, usize>,
    idle_since: Instant,
}

#[derive(Default)]
struct Servers {
    all: HashMap<ServerId, Weak<dyn Deliver>>,
    last: u64,
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.all.keys()).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InMemory {
    /// A broker without servers.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// How many channels have a count.
    pub fn channels(&self) -> usize {
        lock(&self.channels).counts.len()
    }

    fn count(&self, channel: &Arc<str>, keep: Duration) -> Arc<Count> {
        let mut channels = lock(&self.channels);
        if let Some(count) = channels.counts.get(channel) {
            return count.clone();
        }
        if channels.counts.len() >= channels.sweep_at {
            channels.sweep(Instant::now());
        }
        let count = Arc::new(Count {
            epoch: random::name().into(),
            keep,
            state: Mutex::new(CountState {
                seq: 0,
                members: HashMap::new(),
                idle_since: Instant::now(),
            }),
        });
        channels.counts.insert(channel.clone(), count.clone());
        count
    }
}

impl Channels {
    /// Drops the counts of channels that nobody is in and whose time is over, and of those that are too many.
    fn sweep(&mut self, now: Instant) {
        let mut idle = Vec::new();
        self.counts.retain(|key, count| {
            // Somebody who is just about to enter holds a second reference.
            if Arc::strong_count(count) > 1 {
                return true;
            }
            let state = lock(&count.state);
            if !state.members.is_empty() {
                return true;
            }
            let keep = now.duration_since(state.idle_since) < count.keep;
            if keep {
                idle.push((state.idle_since, key.clone()));
            }
            keep
        });
        if idle.len() > IDLE {
            idle.sort_unstable();
            for (_, key) in idle.drain(..idle.len() - IDLE) {
                self.counts.remove(&key);
            }
        }
        self.sweep_at = (self.counts.len() * 2).max(64);
    }
}

impl Broker for InMemory {
    fn attach(&self, server: Weak<dyn Deliver>) -> ServerId {
        let mut servers = lock(&self.servers);
        servers.last += 1;
        let id = ServerId(servers.last);
        servers.all.retain(|_, server| server.strong_count() > 0);
        servers.all.insert(id, server);
        id
    }

    fn subscribe<'a>(
        &'a self,
        server: ServerId,
        channel: &'a Arc<str>,
        keep: Duration,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>> {
        let count = self.count(channel, keep);
        let mut state = lock(&count.state);
        *state.members.entry(server).or_default() += 1;
        let position = StreamPosition {
            epoch: count.epoch.clone(),
            seq: state.seq,
        };
        drop(state);
        Box::pin(std::future::ready(Ok(position)))
    }

    fn unsubscribe(&self, server: ServerId, channel: &str) {
        let Some(count) = lock(&self.channels).counts.get(channel).cloned() else {
            return;
        };
        let mut state = lock(&count.state);
        if let Some(members) = state.members.get_mut(&server) {
            *members -= 1;
            if *members == 0 {
                state.members.remove(&server);
            }
        }
        if state.members.is_empty() {
            state.idle_since = Instant::now();
        }
    }

    fn publish(&self, publication: Publication) {
        // Where there is no count, nobody is in the channel, and nobody has a place in it to come back to.
        let Some(count) = lock(&self.channels)
            .counts
            .get(&publication.channel)
            .cloned()
        else {
            return;
        };
        let mut state = lock(&count.state);
        if !publication.message.volatile {
            state.seq += 1;
        }
        let position = StreamPosition {
            epoch: count.epoch.clone(),
            seq: state.seq,
        };
        let servers: Vec<_> = {
            let all = lock(&self.servers);
            state
                .members
                .keys()
                .filter_map(|id| all.all.get(id)?.upgrade())
                .collect()
        };
        // Under the lock of the count, so that every server sees one order.
        for server in servers {
            server.deliver(&publication, &position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(60);

    async fn visit(broker: &InMemory, channel: &str) -> StreamPosition {
        let channel = channel.into();
        let position = broker
            .subscribe(ServerId(1), &channel, KEEP)
            .await
            .expect("it is in memory");
        broker.unsubscribe(ServerId(1), &channel);
        position
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_count_is_kept_for_its_time() {
        let broker = InMemory::new();
        let first = visit(&broker, "a").await;
        assert_eq!(visit(&broker, "a").await, first);
        tokio::time::advance(KEEP * 2).await;
        for i in 0..200 {
            visit(&broker, &format!("other-{i}")).await;
        }
        assert_ne!(visit(&broker, "a").await.epoch, first.epoch);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_counts_are_bounded() {
        let broker = InMemory::new();
        for i in 0..3 * IDLE {
            visit(&broker, &format!("{i}")).await;
        }
        assert!(
            broker.channels() <= 2 * IDLE,
            "{} counts are kept",
            broker.channels()
        );
    }
}
