//! What connections of one sender have in common, an address or a principal: how many there are, and what they may send together.

use super::token_bucket::TokenBucket;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How many times what a connection may send all connections of a sender may send together.
const SHARE: u64 = 10;

/// How many senders without a connection are remembered, for what they sent.
const REMEMBERED: usize = 65_536;

/// All who have connections, or had some lately.
#[derive(Debug)]
pub(crate) struct SenderAllowances {
    known: Mutex<HashMap<SenderKey, Arc<SharedAllowance>>>,
    rate: Option<(u64, Duration)>,
    /// How many connections an address may have.
    connections: usize,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum SenderKey {
    Address(IpAddr),
    Principal(Box<str>),
    /// All whom a proxy does not name.
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

/// An allowance among the connections of a sender, until it is dropped. Some have no bounds.
#[derive(Debug, Default)]
pub(crate) struct Allowance(Option<Arc<SharedAllowance>>);

impl SharedAllowance {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Allowance {
    /// Counts a message. False where its sender sent too many.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let Some(allowance) = &self.0 else {
            return true;
        };
        let mut state = allowance.lock();
        state.rate.as_mut().is_none_or(|rate| rate.take(now))
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        if let Some(allowance) = &self.0 {
            allowance.lock().connections -= 1;
        }
    }
}

impl SenderAllowances {
    pub(crate) fn new(rate: Option<(u64, Duration)>, connections: usize) -> Self {
        Self {
            known: Mutex::default(),
            rate: rate.map(|(count, per)| (count.saturating_mul(SHARE), per)),
            connections,
        }
    }

    /// Takes an allowance for a connection of an address; none where it has too many. Whoever has an address of IPv6 has 2⁶⁴ of them: they count
    /// as one.
    pub(crate) fn address(&self, address: IpAddr) -> Option<Allowance> {
        let address = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        };
        self.enter(SenderKey::Address(address), self.connections)
    }

    /// Takes an allowance for a connection of somebody whom the proxy at an address does not name. They are many, and share what an address
    /// has ten times over.
    pub(crate) fn behind(&self, proxy: IpAddr) -> Option<Allowance> {
        let most = self.connections.saturating_mul(10);
        self.enter(SenderKey::BehindProxy(proxy.to_canonical()), most)
    }

    /// Takes an allowance for a connection of a principal.
    pub(crate) fn principal(&self, principal: &str) -> Allowance {
        self.enter(SenderKey::Principal(principal.into()), usize::MAX)
            .unwrap_or_default()
    }

    fn enter(&self, sender: SenderKey, most: usize) -> Option<Allowance> {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= known.capacity() && !known.contains_key(&sender) {
            forget(&mut known, now);
            // Looked through again only after as many more came.
            let more = known.len();
            known.reserve(more);
        }
        let allowance = known.entry(sender).or_insert_with(|| {
            Arc::new(SharedAllowance(Mutex::new(State {
                connections: 0,
                rate: self.rate.map(|rate| TokenBucket::new(rate, now)),
            })))
        });
        let mut state = allowance.lock();
        if state.connections >= most {
            return None;
        }
        state.connections += 1;
        drop(state);
        Some(Allowance(Some(allowance.clone())))
    }
}

/// Forgets those that have no connection and nothing to be remembered for; when there are too many, all without a connection.
fn forget(known: &mut HashMap<SenderKey, Arc<SharedAllowance>>, now: Instant) {
    known.retain(|_, allowance| {
        let mut state = allowance.lock();
        state.connections > 0 || state.rate.as_mut().is_some_and(|rate| !rate.is_full(now))
    });
    if known.len() > REMEMBERED {
        known.retain(|_, allowance| allowance.lock().connections > 0);
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
        let known = senders.known.lock().expect("nobody panicked");
        assert!(known.len() <= 4 * REMEMBERED, "{}", known.len());
    }
}
