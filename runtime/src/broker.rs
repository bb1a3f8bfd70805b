//! The broker (backplane) between servers: it numbers the messages of each channel and delivers them to every server with a
//! subscriber.
//!
//! [`InMemory`] connects any number of servers in one process. To connect several processes, implement [`Broker`].

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

/// A message to all subscribers of a channel.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The channel's key.
    pub channel: Arc<str>,
    /// Which message it is. Between processes, send its name.
    pub message: &'static MessageDescriptor,
    /// The payload as JSON text.
    pub payload: Option<Arc<RawValue>>,
    /// When it was published.
    pub at: SystemTime,
}

/// A position in the message stream of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    /// The epoch of the stream: random, and different if the numbering starts again.
    pub epoch: Arc<str>,
    /// The sequence number of the last message; 0 if there was none.
    pub seq: u64,
}

/// A server as the broker sees it.
pub trait Deliver: Send + Sync {
    /// Delivers a publication to the subscribers on this server. `position` is the position of the publication; a volatile message
    /// does not advance it. Never blocks.
    fn deliver(&self, publication: &Publication, position: &StreamPosition);
}

/// The id of a server at its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServerId(pub u64);

/// An error of a broker.
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

/// Numbers publications and delivers them to servers.
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// Adds a server. It receives publications until it is dropped.
    fn attach(&self, server: Weak<dyn Deliver>) -> ServerId;

    /// Adds a subscription of a server to a channel, and returns the current position: every message after it is delivered, and none
    /// up to it. Each call is undone by one call of [`Broker::unsubscribe`].
    ///
    /// The position of a channel without subscriptions is kept for `keep`, and not much longer.
    ///
    /// # Errors
    /// If the broker cannot subscribe, for example because it is unreachable.
    fn subscribe<'a>(
        &'a self,
        server: ServerId,
        channel: &'a Arc<str>,
        keep: Duration,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>>;

    /// Removes a subscription of a server to a channel.
    fn unsubscribe(&self, server: ServerId, channel: &str);

    /// Numbers a message and delivers it, in the order of the calls. Never blocks. A message that cannot be delivered leaves a gap in
    /// the sequence numbers, so that clients notice it.
    fn publish(&self, publication: Publication);
}

/// How many channels without subscriptions keep their position, regardless of `keep`. The longest idle are dropped first; a client
/// that returns to one of them receives a gap.
const MAX_IDLE: usize = 10_000;

/// A broker for servers in one process.
#[derive(Debug, Default)]
pub struct InMemory {
    channels: Mutex<Channels>,
    servers: Mutex<Servers>,
}

#[derive(Debug, Default)]
struct Channels {
    counters: HashMap<Arc<str>, Arc<Counter>>,
    /// How many counters there may be before expired ones are removed.
    sweep_at: usize,
}

#[derive(Debug)]
struct Counter {
    epoch: Arc<str>,
    keep: Duration,
    state: Mutex<CounterState>,
}

#[derive(Debug)]
struct CounterState {
    seq: u64,
    /// The number of subscriptions by server.
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
    /// Creates a broker without servers.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Returns how many channels have a position.
    pub fn channels(&self) -> usize {
        lock(&self.channels).counters.len()
    }

    fn counter(&self, channel: &Arc<str>, keep: Duration) -> Arc<Counter> {
        let mut channels = lock(&self.channels);
        if let Some(counter) = channels.counters.get(channel) {
            return counter.clone();
        }
        if channels.counters.len() >= channels.sweep_at {
            channels.sweep(Instant::now());
        }
        let counter = Arc::new(Counter {
            epoch: random::name().into(),
            keep,
            state: Mutex::new(CounterState {
                seq: 0,
                members: HashMap::new(),
                idle_since: Instant::now(),
            }),
        });
        channels.counters.insert(channel.clone(), counter.clone());
        counter
    }
}

impl Channels {
    /// Removes the counters of channels without subscriptions that have expired or exceed [`MAX_IDLE`].
    fn sweep(&mut self, now: Instant) {
        let mut idle = Vec::new();
        self.counters.retain(|key, counter| {
            // A subscription in progress holds a second reference.
            if Arc::strong_count(counter) > 1 {
                return true;
            }
            let state = lock(&counter.state);
            if !state.members.is_empty() {
                return true;
            }
            let keep = now.duration_since(state.idle_since) < counter.keep;
            if keep {
                idle.push((state.idle_since, key.clone()));
            }
            keep
        });
        if idle.len() > MAX_IDLE {
            idle.sort_unstable();
            for (_, key) in idle.drain(..idle.len() - MAX_IDLE) {
                self.counters.remove(&key);
            }
        }
        self.sweep_at = (self.counters.len() * 2).max(64);
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
        let counter = self.counter(channel, keep);
        let mut state = lock(&counter.state);
        *state.members.entry(server).or_default() += 1;
        let position = StreamPosition {
            epoch: counter.epoch.clone(),
            seq: state.seq,
        };
        drop(state);
        Box::pin(std::future::ready(Ok(position)))
    }

    fn unsubscribe(&self, server: ServerId, channel: &str) {
        let Some(counter) = lock(&self.channels).counters.get(channel).cloned() else {
            return;
        };
        let mut state = lock(&counter.state);
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
        // Without a counter there is no subscription, and no client has a position to resume from.
        let Some(counter) = lock(&self.channels)
            .counters
            .get(&publication.channel)
            .cloned()
        else {
            return;
        };
        let mut state = lock(&counter.state);
        if !publication.message.volatile {
            state.seq += 1;
        }
        let position = StreamPosition {
            epoch: counter.epoch.clone(),
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
        // Under the lock of the counter, so that all servers see the same order.
        for server in servers {
            server.deliver(&publication, &position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(60);

    async fn subscribe_once(broker: &InMemory, channel: &str) -> StreamPosition {
        let channel = channel.into();
        let position = broker
            .subscribe(ServerId(1), &channel, KEEP)
            .await
            .expect("the broker is in memory");
        broker.unsubscribe(ServerId(1), &channel);
        position
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_position_is_kept_for_its_time() {
        let broker = InMemory::new();
        let first = subscribe_once(&broker, "a").await;
        assert_eq!(subscribe_once(&broker, "a").await, first);
        tokio::time::advance(KEEP * 2).await;
        for i in 0..200 {
            subscribe_once(&broker, &format!("other-{i}")).await;
        }
        assert_ne!(subscribe_once(&broker, "a").await.epoch, first.epoch);
    }

    #[tokio::test(start_paused = true)]
    async fn idle_positions_are_bounded() {
        let broker = InMemory::new();
        for i in 0..3 * MAX_IDLE {
            subscribe_once(&broker, &format!("{i}")).await;
        }
        assert!(
            broker.channels() <= 2 * MAX_IDLE,
            "{} positions are kept",
            broker.channels()
        );
    }
}
