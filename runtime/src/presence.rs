//! Who is in a channel: what its members learn of each other.

use crate::{Payload, Side, ValidationError, from_str};
#[cfg(feature = "net")]
use std::sync::Arc;

/// What the members of a channel learn of each other, beside their ids: a payload, or [`NoInfo`] if there is no more.
pub trait PresenceInfo: Sized {
    /// Validates a JSON text, as a client receives it.
    ///
    /// # Errors
    /// The violations.
    fn validate(json: &str) -> Result<(), ValidationError>;

    /// Reads a value; `None` if it is missing or invalid.
    fn read(json: Option<&str>) -> Option<Self>;
}

impl<T: Payload> PresenceInfo for T {
    fn validate(json: &str) -> Result<(), ValidationError> {
        from_str::<T>(json, Side::Client).map(drop)
    }

    fn read(json: Option<&str>) -> Option<Self> {
        from_str(json?, Side::Client).ok()
    }
}

/// The [`ChannelKey::Presence`](crate::ChannelKey::Presence) of a channel whose members learn each other's ids and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoInfo;

impl PresenceInfo for NoInfo {
    fn validate(_: &str) -> Result<(), ValidationError> {
        Ok(())
    }

    fn read(_: Option<&str>) -> Option<Self> {
        Some(Self)
    }
}

/// The [`ChannelKey::Presence`](crate::ChannelKey::Presence) of a channel whose members do not learn of each other. It has no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPresence {}

impl PresenceInfo for NoPresence {
    fn validate(_: &str) -> Result<(), ValidationError> {
        Ok(())
    }

    fn read(_: Option<&str>) -> Option<Self> {
        None
    }
}

/// A member of a channel: one session of a client.
#[cfg(feature = "net")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<I> {
    /// Its id, which distinguishes two sessions of one user. A session has the same id in all channels, and in no other session.
    pub id: Arc<str>,
    /// The user behind the session, if the server knows it.
    pub principal: Option<Arc<str>>,
    /// Whether the session has lost its connection, and may come back.
    pub away: bool,
    /// What the server says of it.
    pub info: I,
}
