//! Limits that the connections of one sender (an address or a principal) share: their number and their message rate.

use super::token_bucket::TokenBucket;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// All connections of a sender together may send this many times the rate of one connection.
const SENDER_FACTOR: u64 = 10;

/// How many senders without a connection keep their token bucket.
const MAX_REMEMBERED: usize = 65_536;

/// How often senders without a connection whose bucket is full are removed, if another one connects.
const CLEANUP: Duration = Duration::from_secs(60);

/// The senders that have connections, or had some recently.
#[derive(Debug)]
pub(crate) struct SenderAllowances {
    senders: Mutex<Senders>,
    rate: Option<(u64, Duration)>,
    /// The maximum number of connections per address.
    connections: usize,
}

#[derive(Debug, Default)]
struct Senders {
    by_key: HashMap<SenderKey, Arc<SharedAllowance>>,
    /// How many there may be before unused ones are removed.
    cleanup_at: usize,
    /// When that was done last.
    cleaned: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum SenderKey {
    Address(IpAddr),
    Principal(Box<str>),
    /// All clients that a proxy does not identify.
    BehindProxy(IpAddr),
}

/// What all connections of a sender share.
#[derive(Debug)]
struct SharedAllowance(Mutex<State>);

#[derive(Debug)]
struct State {
    connections: usize,
    rate: Option<TokenBucket>,
}

/// One connection of a sender, counted until it is dropped. The default has no limits.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    shared: Option<Arc<SharedAllowance>>,
    /// Whether there is a rate.
    is_limited: bool,
}

impl SharedAllowance {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Allowance {
    /// Takes a token for a message. Returns false if the sender exceeds its rate.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let Some(allowance) = self.shared.as_ref().filter(|_| self.is_limited) else {
            return true;
        };
        let mut state = allowance.lock();
        state.rate.as_mut().is_none_or(|rate| rate.take(now))
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        if let Some(allowance) = &self.shared {
            allowance.lock().connections -= 1;
        }
    }
}

impl SenderAllowances {
    pub(crate) fn new(rate: Option<(u64, Duration)>, connections: usize) -> Self {
        Self {
            senders: Mutex::default(),
            rate: rate.map(|(count, per)| (count.saturating_mul(SENDER_FACTOR), per)),
            connections,
        }
    }

    /// Counts a connection from an address; `None` if the address has too many.
    pub(crate) fn address(&self, address: IpAddr) -> Option<Allowance> {
        self.admit(SenderKey::Address(network_of(address)), self.connections)
    }

    /// Counts a connection of a client that the proxy at an address does not identify. Those clients are many: together they get ten times
    /// the connections of an address.
    pub(crate) fn behind_proxy(&self, proxy: IpAddr) -> Option<Allowance> {
        let limit = self.connections.saturating_mul(10);
        self.admit(SenderKey::BehindProxy(proxy.to_canonical()), limit)
    }

    /// Counts a connection of a principal, without a limit.
    pub(crate) fn principal(&self, principal: &str) -> Allowance {
        self.admit(SenderKey::Principal(principal.into()), usize::MAX)
            .unwrap_or_default()
    }

    fn admit(&self, sender: SenderKey, limit: usize) -> Option<Allowance> {
        let now = Instant::now();
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |cleaned| now.duration_since(cleaned) >= CLEANUP;
        if senders.cleaned.is_none_or(due) || senders.by_key.len() >= senders.cleanup_at {
            senders.remove_unused(now);
        }
        let allowance = senders.by_key.entry(sender).or_insert_with(|| {
            Arc::new(SharedAllowance(Mutex::new(State {
                connections: 0,
                rate: self.rate.map(|rate| TokenBucket::new(rate, now)),
            })))
        });
        let mut state = allowance.lock();
        if state.connections >= limit {
            return None;
        }
        state.connections += 1;
        drop(state);
        Some(Allowance {
            shared: Some(allowance.clone()),
            is_limited: self.rate.is_some(),
        })
    }
}

/// Returns what stands for an address where addresses are counted: itself, or its /64 prefix, which usually belongs to one client.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

impl Senders {
    /// Removes the senders without a connection whose bucket is full. If there are still too many, removes all senders without a connection.
    fn remove_unused(&mut self, now: Instant) {
        self.by_key.retain(|_, allowance| {
            let mut state = allowance.lock();
            state.connections > 0 || state.rate.as_mut().is_some_and(|rate| !rate.is_full(now))
        });
        if self.by_key.len() > MAX_REMEMBERED {
            self.by_key
                .retain(|_, allowance| allowance.lock().connections > 0);
        }
        // Until the map has doubled, only time is a reason for the next cleanup.
        self.cleanup_at = (self.by_key.len() * 2).max(64);
        self.by_key.shrink_to(self.cleanup_at);
        self.cleaned = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    #[test]
    fn connections_of_an_address_are_counted() {
        let senders = SenderAllowances::new(None, 2);
        let enter = |text| senders.address(ip(text));
        let first = enter("192.0.2.1");
        let _second = enter("192.0.2.1").expect("there is room");
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some());
        drop(first);
        assert!(enter("192.0.2.1").is_some());
        let _third = enter("2001:db8::1").expect("there is room");
        let _fourth = enter("2001:db8::2").expect("there is room");
        assert!(enter("2001:db8::3").is_none(), "they are one network");
        assert!(enter("2001:db8:0:1::3").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reconnect_does_not_begin_the_rate_anew() {
        let senders = SenderAllowances::new(Some((10, Duration::from_secs(60))), 1);
        let ip = ip("192.0.2.1");
        let mut taken = 0;
        for _ in 0..50 {
            let allowance = senders.address(ip).expect("there is room");
            taken += (0..10).filter(|_| allowance.take(Instant::now())).count();
        }
        assert_eq!(taken, 100);
        tokio::time::advance(Duration::from_secs(60)).await;
        let allowance = senders.address(ip).expect("there is room");
        assert!(allowance.take(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let senders = SenderAllowances::new(Some((10, Duration::from_secs(60))), 1);
        for n in 0..300_000_u32 {
            let allowance = senders
                .address(IpAddr::V4(n.into()))
                .expect("there is room");
            assert!(allowance.take(Instant::now()));
        }
        let remembered = || {
            let senders = senders.senders.lock().expect("nobody panicked");
            senders.by_key.len()
        };
        assert!(remembered() <= 4 * MAX_REMEMBERED, "{}", remembered());
        // Once their buckets are full again, nothing is left of them but what the next one causes.
        tokio::time::advance(Duration::from_secs(60)).await;
        let _allowance = senders.address(ip("192.0.2.1")).expect("there is room");
        assert_eq!(remembered(), 1);
    }
}
