//! The channels that a connection has joined.

use crate::broker::BrokerError;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The maximum length of a channel key, in bytes. The server stores the keys of all channels that have members.
pub(crate) const MAX_KEY: usize = 1024;

/// Why a connection did not join a channel.
#[derive(Debug)]
pub(crate) enum JoinError {
    Broker(BrokerError),
    /// The connection has ended.
    Ended,
    /// The connection has joined `limits.channels` channels already.
    TooMany,
    /// The channel's key is longer than [`MAX_KEY`].
    LongKey,
}

/// The channels of one connection.
#[derive(Debug)]
pub(crate) struct Membership {
    /// `limits.channels`
    limit: usize,
    /// `None` once the connection has ended.
    joined: Mutex<Option<HashSet<Arc<str>>>>,
}

impl Membership {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            joined: Mutex::new(Some(HashSet::new())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashSet<Arc<str>>>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the connection has joined a channel.
    pub(crate) fn contains(&self, channel: &str) -> bool {
        self.lock()
            .as_ref()
            .is_some_and(|joined| joined.contains(channel))
    }

    /// Whether the limits allow the connection to join a channel.
    pub(crate) fn may_join(&self, channel: &str) -> Result<(), JoinError> {
        self.check(self.lock().as_ref(), channel)
    }

    fn check(&self, joined: Option<&HashSet<Arc<str>>>, channel: &str) -> Result<(), JoinError> {
        let joined = joined.ok_or(JoinError::Ended)?;
        if channel.len() > MAX_KEY {
            Err(JoinError::LongKey)
        } else if joined.len() >= self.limit && !joined.contains(channel) {
            Err(JoinError::TooMany)
        } else {
            Ok(())
        }
    }

    pub(crate) fn insert(&self, channel: &Arc<str>) -> Result<(), JoinError> {
        let mut joined = self.lock();
        self.check(joined.as_ref(), channel)?;
        if let Some(joined) = joined.as_mut() {
            joined.insert(channel.clone());
        }
        Ok(())
    }

    pub(crate) fn remove(&self, channel: &str) {
        if let Some(joined) = self.lock().as_mut() {
            joined.remove(channel);
        }
    }

    /// Removes and returns all channels when the connection ends. None can be added afterwards.
    pub(crate) fn end(&self) -> HashSet<Arc<str>> {
        self.lock().take().unwrap_or_default()
    }
}
