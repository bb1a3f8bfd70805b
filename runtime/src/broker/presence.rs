//! Who is in a channel, as brokers know it.

use super::MemberId;
use serde_json::value::RawValue;
use std::sync::Arc;

/// A member of a channel whose members learn of each other.
#[derive(Clone, Debug)]
pub struct Presence {
    /// The session.
    pub member: MemberId,
    /// The id that other members see.
    pub id: Arc<str>,
    /// The user behind the session, if it is known.
    pub principal: Option<Arc<str>>,
    /// What is said of it, as JSON text.
    pub info: Option<Arc<RawValue>>,
    /// Whether the session has lost its connection.
    pub away: bool,
}

/// A change of who is in a channel.
#[derive(Clone, Debug)]
pub enum PresenceChange {
    /// A member is new, or something about it is.
    Set(Arc<Presence>),
    /// A member is gone.
    Removed(MemberId),
}

/// Who is in a channel at a time.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// The number of changes so far. It never decreases while a server is subscribed to the channel.
    pub revision: u64,
    /// The members, in the order in which they joined.
    pub members: Vec<Arc<Presence>>,
}
