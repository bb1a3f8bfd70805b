//! The sessions that can be resumed, by token, and the limits of those that have no connection.

use super::{allowances::network_of, connection_handle::ConnectionHandle, shrink::shrink};
use crate::{
    descriptor::{CloseReason, DetachedLimits},
    metrics,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

/// The approximate memory of a session without its messages.
const OVERHEAD: usize = 2 * 1024;

/// The sessions that can be resumed.
pub(crate) struct Sessions {
    state: Mutex<State>,
    limits: DetachedLimits,
}

#[derive(Default)]
struct State {
    by_token: HashMap<Arc<str>, Arc<ConnectionHandle>>,
    /// The tokens of each session: the one that its client has, and the one that it was sent last.
    tokens: HashMap<u64, Vec<Arc<str>>>,
    /// The sessions without a connection, in the order in which they lost it.
    detached: BTreeMap<u64, Detached>,
    owners: HashMap<Owner, Owned>,
    bytes: usize,
    /// The last place in `detached`.
    last: u64,
    /// The sessions without a name of which it is not known that their client counts in them.
    doubts: HashMap<u64, Doubt>,
}

/// Why the client of a session without a name may still count in the one before, and so mean that with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It was not heard in this session: what it says first may have been lost, which is to resume the one before.
    Unheard,
    /// It asked for what comes after this number of the one before, and may not know that it was refused.
    Refused(u64),
}

struct Detached {
    handle: Arc<ConnectionHandle>,
    owner: Option<Owner>,
    bytes: usize,
    /// How many of them are messages that were received and are not handled yet.
    inbound: usize,
}

/// The sessions without a connection of one owner.
#[derive(Default)]
struct Owned {
    places: BTreeSet<u64>,
    bytes: usize,
}

/// Who has a session: the sessions of each are limited together.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Owner {
    Principal(Arc<str>),
    Address(IpAddr),
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tokens are never shown.
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    pub(crate) fn new(limits: DetachedLimits) -> Self {
        Self {
            state: Mutex::default(),
            limits,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the session with a token.
    pub(crate) fn find(&self, token: &str) -> Option<Arc<ConnectionHandle>> {
        self.lock().by_token.get(token).cloned()
    }

    /// Whether a session of a principal has no connection.
    pub(crate) fn is_any_detached(&self, principal: &str) -> bool {
        let owner = Owner::Principal(principal.into());
        self.lock().owners.contains_key(&owner)
    }

    /// Returns the session of a principal that has no connection, if a client that has received so many messages can mean no other.
    pub(crate) fn only_of(&self, principal: &str, received: u64) -> Option<Arc<ConnectionHandle>> {
        let state = self.lock();
        let owned = state.owners.get(&Owner::Principal(principal.into()))?;
        let detached = state.detached.get(owned.places.last()?)?;
        let is_certain = owned.places.len() == 1
            && match state.doubts.get(&detached.handle.id) {
                None => true,
                Some(Doubt::Unheard) => false,
                // With another number, it has heard the refusal.
                Some(Doubt::Refused(after)) => *after != received,
            };
        is_certain.then(|| detached.handle.clone())
    }

    /// Says that the client of a session may not know that it has begun.
    pub(crate) fn doubt(&self, session: u64, doubt: Doubt) {
        self.lock().doubts.insert(session, doubt);
    }

    /// A client of a principal has heard that its session does not resume: those without a connection end. It counts in none of them any more, and
    /// a number would not say which is meant.
    pub(crate) fn give_up(&self, principal: &str) {
        let mut state = self.lock();
        let owner = Owner::Principal(principal.into());
        while let Some(owned) = state.owners.get(&owner)
            && let Some(&oldest) = owned.places.first()
        {
            state.end(oldest, "its client has begun another session");
        }
    }

    /// Whether there is a session that a client could resume.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().by_token.is_empty()
    }

    /// Gives a session its token. The one that its client used, if it resumed, stays valid until [`Self::confirm`].
    pub(crate) fn set_token(&self, handle: &Arc<ConnectionHandle>, used: Option<&str>, next: &str) {
        let mut state = self.lock();
        let tokens = state.tokens.remove(&handle.id).unwrap_or_default();
        let (mut kept, dropped): (Vec<_>, Vec<_>) =
            tokens.into_iter().partition(|token| used == Some(token));
        for token in dropped {
            state.by_token.remove(&token);
        }
        let next: Arc<str> = next.into();
        state.by_token.insert(next.clone(), handle.clone());
        kept.push(next);
        state.tokens.insert(handle.id, kept);
    }

    /// The client was heard on its new connection, so it has the new token, and counts in this session.
    pub(crate) fn confirm(&self, session: u64) {
        let mut state = self.lock();
        if state.doubts.get(&session) == Some(&Doubt::Unheard) {
            state.doubts.remove(&session);
        }
        let Some(tokens) = state.tokens.get_mut(&session) else {
            return;
        };
        let last = tokens.len().saturating_sub(1);
        let old: Vec<_> = tokens.drain(..last).collect();
        for token in old {
            state.by_token.remove(&token);
        }
    }

    /// A session has lost its connection, and holds so many bytes. Sessions beyond the limits end, the oldest first; that may be this one.
    /// `address` is that of its client, if the sessions of that address are to be limited.
    pub(crate) fn detach(
        &self,
        handle: &Arc<ConnectionHandle>,
        address: Option<IpAddr>,
        inbound: usize,
    ) {
        let mut state = self.lock();
        state.last += 1;
        let at = state.last;
        let principal = handle.principal.clone().map(Owner::Principal);
        let owner = principal.or_else(|| address.map(network_of).map(Owner::Address));
        let bytes = handle.outbound.held() + inbound + OVERHEAD;
        state.bytes += bytes;
        if let Some(owner) = &owner {
            let owned = state.owners.entry(owner.clone()).or_default();
            owned.places.insert(at);
            owned.bytes += bytes;
        }
        let handle = handle.clone();
        handle.detached.store(at, Ordering::Relaxed);
        state.detached.insert(
            at,
            Detached {
                handle,
                owner,
                bytes,
                inbound,
            },
        );
        metrics::detached(1);
        state.enforce(&self.limits, at);
    }

    /// A session without a connection has so many bytes in its queue now, and of messages that it has received, if that is known.
    pub(crate) fn grown(&self, at: u64, queued: usize, inbound: Option<usize>) {
        let mut state = self.lock();
        let Some(detached) = state.detached.get_mut(&at) else {
            return;
        };
        detached.inbound = inbound.unwrap_or(detached.inbound);
        let bytes = queued + detached.inbound + OVERHEAD;
        let before = std::mem::replace(&mut detached.bytes, bytes);
        let owner = detached.owner.clone();
        state.bytes = state.bytes + bytes - before;
        if let Some(owned) = owner.and_then(|owner| state.owners.get_mut(&owner)) {
            owned.bytes = owned.bytes + bytes - before;
        }
        state.enforce(&self.limits, at);
    }

    /// A session has a connection again.
    pub(crate) fn attached(&self, handle: &ConnectionHandle) {
        let mut state = self.lock();
        state.forget(handle);
        // It was asked for by a number of its own.
        state.doubts.remove(&handle.id);
    }

    /// A session has ended.
    pub(crate) fn remove(&self, session: u64) {
        let mut state = self.lock();
        let mut handle = None;
        state.doubts.remove(&session);
        for token in state.tokens.remove(&session).unwrap_or_default() {
            handle = state.by_token.remove(&token).or(handle);
        }
        if let Some(handle) = handle {
            state.forget(&handle);
        }
        let State {
            by_token,
            tokens,
            doubts,
            ..
        } = &mut *state;
        shrink(by_token);
        shrink(tokens);
        shrink(doubts);
    }

    /// Returns how many sessions have no connection, and how many bytes they hold.
    pub(crate) fn detached(&self) -> (usize, usize) {
        let state = self.lock();
        (state.detached.len(), state.bytes)
    }
}

impl State {
    /// Removes a session from those without a connection.
    fn forget(&mut self, handle: &ConnectionHandle) {
        let at = handle.detached.swap(0, Ordering::Relaxed);
        let Some(detached) = self.detached.remove(&at) else {
            return;
        };
        metrics::detached(-1);
        self.bytes -= detached.bytes;
        let Some(owner) = detached.owner else { return };
        if let Some(owned) = self.owners.get_mut(&owner) {
            owned.places.remove(&at);
            owned.bytes -= detached.bytes;
            if owned.places.is_empty() {
                self.owners.remove(&owner);
                shrink(&mut self.owners);
            }
        }
    }

    /// Ends sessions until the limits hold for all, and for the owner of the session at a place.
    fn enforce(&mut self, limits: &DetachedLimits, at: u64) {
        let owner = self.detached.get(&at).and_then(|one| one.owner.clone());
        if let Some(owner) = owner {
            while let Some(owned) = self.owners.get(&owner)
                && (owned.places.len() > limits.sessions_each || owned.bytes > limits.bytes_each)
                && let Some(&oldest) = owned.places.first()
            {
                self.expire(oldest);
            }
        }
        while self.detached.len() > limits.sessions || self.bytes > limits.bytes {
            let Some((&oldest, _)) = self.detached.first_key_value() else {
                return;
            };
            self.expire(oldest);
        }
    }

    fn expire(&mut self, at: u64) {
        self.end(at, "too many sessions wait to be resumed");
    }

    /// Ends a session without a connection.
    fn end(&mut self, at: u64, reason: &'static str) {
        let Some(handle) = self.detached.get(&at).map(|one| one.handle.clone()) else {
            return;
        };
        self.forget(&handle);
        tracing::debug!(
            connection = handle.id,
            reason,
            "a session without a connection ends"
        );
        handle.close(CloseReason::GoingAway, reason, false);
    }
}
