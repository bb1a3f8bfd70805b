//! A broker for servers in one process.

mod members;

use super::{
    Broker, BrokerError, Command, Deliver, History, HistoryLimits, PresenceChange, Publication,
    Receipt, Recipients, Retention, Roster, ServerId, SessionList, StreamPosition,
    stored::{Removed, Stored},
};
use crate::{GapReason, random};
use futures_util::future::BoxFuture;
use members::Members;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::Instant;

/// How many channels without subscriptions keep their position and history, regardless of `keep`. The longest idle are dropped first;
/// a client that returns to one of them receives a gap.
const MAX_IDLE: usize = 10_000;

/// How often channels that have expired are removed, if any is joined or published to.
const SWEEP: Duration = Duration::from_secs(60);

/// A broker for servers in one process. It stores histories in memory.
// The locks are taken in this order: `channels`, the state of one channel, `servers` or `all_stored`.
#[derive(Debug, Default)]
pub struct InMemory {
    channels: Mutex<Channels>,
    servers: Mutex<Servers>,
    all_stored: Mutex<AllStored>,
}

#[derive(Debug, Default)]
struct Channels {
    by_key: HashMap<Arc<str>, Arc<Channel>>,
    /// How many channels there may be before expired ones are removed.
    sweep_at: usize,
    /// When that was done last.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Channel {
    epoch: Arc<str>,
    state: Mutex<ChannelState>,
}

#[derive(Debug)]
struct ChannelState {
    seq: u64,
    /// The number of subscriptions by server.
    subscriptions: HashMap<ServerId, usize>,
    /// Who is in the channel, if its members learn of each other.
    members: Members,
    /// How long the position is kept without subscriptions.
    keep: Duration,
    idle_since: Instant,
    stored: Stored,
    limits: Option<HistoryLimits>,
}

/// What all channels store.
#[derive(Debug, Default)]
struct AllStored {
    count: usize,
    bytes: usize,
    /// In the order of publication. Some may be removed already.
    order: VecDeque<Ordered>,
}

/// A stored message of any channel.
#[derive(Debug)]
struct Ordered {
    channel: Weak<Channel>,
    seq: u64,
    expires: Option<Instant>,
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

impl Channel {
    fn position(&self, state: &ChannelState) -> StreamPosition {
        StreamPosition {
            epoch: self.epoch.clone(),
            seq: state.seq,
        }
    }
}

impl InMemory {
    /// Creates a broker without servers.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Returns how many channels have a position.
    pub fn channels(&self) -> usize {
        lock(&self.channels).by_key.len()
    }

    /// Returns how many messages are stored in the histories of all channels, and their size in bytes.
    pub fn stored(&self) -> (usize, usize) {
        let all = lock(&self.all_stored);
        (all.count, all.bytes)
    }

    fn find(&self, channel: &str) -> Option<Arc<Channel>> {
        lock(&self.channels).by_key.get(channel).cloned()
    }

    fn find_or_add(&self, key: &Arc<str>) -> Arc<Channel> {
        let mut channels = lock(&self.channels);
        let now = Instant::now();
        let due = |swept| now.duration_since(swept) >= SWEEP;
        if channels.swept.is_none_or(due) || channels.by_key.len() >= channels.sweep_at {
            self.sweep(&mut channels, now);
        }
        if let Some(channel) = channels.by_key.get(key) {
            return channel.clone();
        }
        let channel = Arc::new(Channel {
            epoch: random::name().into(),
            state: Mutex::new(ChannelState {
                seq: 0,
                subscriptions: HashMap::new(),
                members: Members::default(),
                keep: Duration::ZERO,
                idle_since: Instant::now(),
                stored: Stored::default(),
                limits: None,
            }),
        });
        channels.by_key.insert(key.clone(), channel.clone());
        channel
    }

    /// Removes the channels without subscriptions that have expired or exceed [`MAX_IDLE`].
    fn sweep(&self, channels: &mut Channels, now: Instant) {
        let mut idle = Vec::new();
        channels.by_key.retain(|key, channel| {
            // A subscription or publication in progress holds a second reference.
            if Arc::strong_count(channel) > 1 {
                return true;
            }
            let state = lock(&channel.state);
            if !state.subscriptions.is_empty() {
                return true;
            }
            let keep = now.duration_since(state.idle_since) < state.keep;
            if keep {
                idle.push((state.idle_since, key.clone()));
            } else {
                drop(state);
                self.discard(channel);
            }
            keep
        });
        if idle.len() > MAX_IDLE {
            idle.sort_unstable();
            for (_, key) in idle.drain(..idle.len() - MAX_IDLE) {
                if let Some(channel) = channels.by_key.remove(&key) {
                    self.discard(&channel);
                }
            }
        }
        channels.sweep_at = (channels.by_key.len() * 2).max(64);
        channels.by_key.shrink_to(channels.sweep_at);
        channels.swept = Some(now);
    }

    /// Removes what a channel stores.
    fn discard(&self, channel: &Channel) {
        let removed = lock(&channel.state)
            .stored
            .remove_through(u64::MAX, GapReason::Evicted);
        lock(&self.all_stored).remove(removed);
    }

    /// Removes what has expired, and what exceeds the bound of all channels.
    fn evict(&self, total: usize, now: Instant) {
        loop {
            let mut all = lock(&self.all_stored);
            let is_full = all.bytes > total;
            let is_due = |first: &Ordered| first.expires.is_some_and(|expires| expires <= now);
            if !is_full && !all.order.front().is_some_and(is_due) {
                break;
            }
            let Some(first) = all.order.pop_front() else {
                break;
            };
            drop(all);
            let Some(channel) = first.channel.upgrade() else {
                continue;
            };
            let reason = match is_due(&first) {
                true => GapReason::Expired,
                false => GapReason::Evicted,
            };
            let removed = lock(&channel.state)
                .stored
                .remove_through(first.seq, reason);
            lock(&self.all_stored).remove(removed);
        }
        self.compact();
    }

    /// Forgets the order of messages that are removed already, if most are.
    fn compact(&self) {
        let mut all = lock(&self.all_stored);
        if all.order.len() <= 2 * all.count + 64 {
            let length = all.order.len();
            if all.order.capacity() > 4 * length + 64 {
                // Release the memory of a burst.
                all.order.shrink_to(2 * length);
            }
            return;
        }
        let mut order = std::mem::take(&mut all.order);
        drop(all);
        order.retain(|one| {
            let channel = one.channel.upgrade();
            channel.is_some_and(|channel| lock(&channel.state).stored.holds(one.seq))
        });
        let mut all = lock(&self.all_stored);
        order.append(&mut all.order);
        all.order = order;
    }

    /// Returns the servers that are subscribed to a channel. Drop them without a lock: the last reference to a server detaches it.
    fn subscribers(&self, state: &ChannelState) -> Vec<Arc<dyn Deliver>> {
        let all = lock(&self.servers);
        let ids = state.subscriptions.keys();
        ids.filter_map(|id| all.all.get(id)?.upgrade()).collect()
    }

    /// Returns all servers.
    fn all_servers(&self) -> Vec<Arc<dyn Deliver>> {
        let servers = lock(&self.servers);
        servers.all.values().filter_map(Weak::upgrade).collect()
    }

    /// Changes who is in a channel. Returns the servers that it was delivered to, to be dropped without a lock.
    fn change(
        &self,
        key: &Arc<str>,
        state: &mut ChannelState,
        change: &PresenceChange,
    ) -> Vec<Arc<dyn Deliver>> {
        if !state.members.apply(change) {
            return Vec::new();
        }
        let servers = self.subscribers(state);
        // Under the lock of the channel, so that all servers see the same order.
        for server in &servers {
            server.presence(key, change, state.members.revision());
        }
        servers
    }

    /// Stores a message.
    fn store(
        &self,
        channel: &Arc<Channel>,
        state: &mut ChannelState,
        publication: &Publication,
        limits: &HistoryLimits,
        now: Instant,
    ) {
        state.limits = Some(*limits);
        let (bytes, removed) =
            state
                .stored
                .push(state.seq, Arc::new(publication.clone()), limits, now);
        let mut all = lock(&self.all_stored);
        all.count += 1;
        all.bytes += bytes;
        all.remove(removed);
        all.order.push_back(Ordered {
            channel: Arc::downgrade(channel),
            seq: state.seq,
            expires: limits.ttl.and_then(|ttl| now.checked_add(ttl)),
        });
    }
}

impl AllStored {
    fn remove(&mut self, removed: Removed) {
        self.count -= removed.count;
        self.bytes -= removed.bytes;
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

    fn detach(&self, server: ServerId) {
        lock(&self.servers).all.remove(&server);
        let channels: Vec<_> = {
            let channels = lock(&self.channels);
            let all = channels.by_key.iter();
            all.map(|(key, channel)| (key.clone(), channel.clone()))
                .collect()
        };
        for (key, channel) in channels {
            let mut state = lock(&channel.state);
            if state.subscriptions.remove(&server).is_some() {
                state.idle_since = Instant::now();
            }
            let mut servers = Vec::new();
            for member in state.members.of_server(server) {
                servers.push(self.change(&key, &mut state, &PresenceChange::Removed(member)));
            }
            drop(state);
        }
    }

    fn set_presence(&self, key: &Arc<str>, change: PresenceChange) {
        if let Some(channel) = self.find(key) {
            let mut state = lock(&channel.state);
            let servers = self.change(key, &mut state, &change);
            drop(state);
            drop(servers);
        }
    }

    fn presence<'a>(
        &'a self,
        channel: &'a Arc<str>,
        known: Option<u64>,
    ) -> BoxFuture<'a, Result<Option<Roster>, BrokerError>> {
        let channel = self.find(channel);
        let roster = match channel {
            Some(channel) => {
                let state = lock(&channel.state);
                (known != Some(state.members.revision())).then(|| state.members.roster())
            }
            None => Some(Roster::default()),
        };
        Box::pin(ready(Ok(roster)))
    }

    fn command(&self, to: Recipients, command: Command) {
        for server in self.all_servers() {
            server.command(&to, &command);
        }
    }

    fn sessions<'a>(
        &'a self,
        of: &'a Recipients,
        limit: usize,
    ) -> BoxFuture<'a, Result<SessionList, BrokerError>> {
        let mut all = SessionList::default();
        for server in self.all_servers() {
            let some = server.sessions(of, limit - all.sessions.len());
            all.count += some.count;
            all.sessions.extend(some.sessions);
        }
        Box::pin(ready(Ok(all)))
    }

    fn subscribe<'a>(
        &'a self,
        server: ServerId,
        channel: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>> {
        let channel = self.find_or_add(channel);
        let mut state = lock(&channel.state);
        *state.subscriptions.entry(server).or_default() += 1;
        Box::pin(ready(Ok(channel.position(&state))))
    }

    fn unsubscribe(&self, server: ServerId, key: &str, keep: Duration) {
        let mut channels = lock(&self.channels);
        let Some(channel) = channels.by_key.get(key).cloned() else {
            return;
        };
        let mut state = lock(&channel.state);
        state.keep = state.keep.max(keep);
        if let Some(subscriptions) = state.subscriptions.get_mut(&server) {
            *subscriptions -= 1;
            if *subscriptions == 0 {
                state.subscriptions.remove(&server);
            }
        }
        if state.subscriptions.is_empty() {
            state.idle_since = Instant::now();
            // No client has a position in it: a request that is refused leaves nothing behind. A subscription or publication in progress
            // holds another reference.
            if state.keep.is_zero() && Arc::strong_count(&channel) == 2 {
                channels.by_key.remove(key);
            }
        }
    }

    fn publish(&self, publication: Publication, retention: &Retention) -> Receipt {
        let stores = !publication.message.volatile && retention.history.is_some();
        let channel = match stores {
            true => Some(self.find_or_add(&publication.channel)),
            // Without a channel there is no subscription, and no client has a position to resume from.
            false => self.find(&publication.channel),
        };
        let Some(channel) = channel else {
            return Receipt::done(Ok(None));
        };
        let now = Instant::now();
        let mut state = lock(&channel.state);
        if !publication.message.volatile {
            state.seq += 1;
        }
        if let Some(limits) = retention.history.as_ref().filter(|_| stores) {
            state.keep = state.keep.max(retention.keep);
            state.idle_since = now;
            self.store(&channel, &mut state, &publication, limits, now);
        }
        let position = channel.position(&state);
        // Under the lock of the channel, so that all servers see the same order.
        let servers = self.subscribers(&state);
        for server in &servers {
            server.deliver(&publication, &position);
        }
        drop(state);
        drop(servers);
        if let Some(limits) = retention.history.as_ref().filter(|_| stores) {
            self.evict(limits.total, now);
        }
        Receipt::done(Ok(Some(position)))
    }

    fn history<'a>(
        &'a self,
        channel: &'a Arc<str>,
        since: &'a StreamPosition,
        limit: usize,
    ) -> BoxFuture<'a, Result<History, BrokerError>> {
        let channel = self.find_or_add(channel);
        let mut state = lock(&channel.state);
        if let Some(limits) = state.limits {
            let removed = state.stored.expire(&limits, Instant::now());
            lock(&self.all_stored).remove(removed);
        }
        let is_same = since.epoch == channel.epoch;
        let history = History {
            position: channel.position(&state),
            publications: match is_same {
                true => state.stored.after(since.seq, limit),
                false => Vec::new(),
            },
            lost: state.stored.lost().filter(|_| is_same),
        };
        Box::pin(ready(Ok(history)))
    }
}

#[cfg(test)]
mod tests;
