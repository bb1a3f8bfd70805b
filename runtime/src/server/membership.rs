//! The channels that a connection has joined.

use super::presence::PresenceError;
use crate::{UnclearParam, broker::BrokerError, system::MAX_KEY};
use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Why a connection did not join a channel.
#[derive(Debug)]
#[non_exhaustive]
pub enum JoinError {
    /// The broker failed.
    Broker(BrokerError),
    /// The server cannot announce that it has added a client: the session's `join` is off, replies are matched by their order, or the message
    /// exceeds `limits.message`.
    NotAnnounced,
    /// What is said of the connection is not valid.
    Presence(PresenceError),
    /// The connection has ended.
    Ended,
    /// The connection has joined `limits.channels` channels already.
    TooMany,
    /// The channel's key has more than 1,024 bytes.
    LongKey,
    /// The channel's key could be that of another.
    Unclear(UnclearParam),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broker(_) => "the channel cannot be joined now",
            Self::NotAnnounced => "the protocol cannot announce that a client is in a channel",
            Self::Presence(_) => "what is said of the member is not valid",
            Self::Ended => "the session has ended",
            Self::TooMany => "too many channels are joined",
            Self::LongKey => "a channel key must not exceed 1,024 bytes",
            Self::Unclear(_) => "the channel's key could be that of another",
        })
    }
}

impl std::error::Error for JoinError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Broker(error) => Some(error),
            Self::Presence(error) => Some(error),
            Self::Unclear(error) => Some(error),
            Self::NotAnnounced | Self::Ended | Self::TooMany | Self::LongKey => None,
        }
    }
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

    /// Returns the channels that the connection has joined.
    pub(crate) fn joined(&self) -> Vec<Arc<str>> {
        self.lock().iter().flatten().cloned().collect()
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
